"""iamdsl: a small language for AWS IAM, and its compiler."""

__version__ = "0.1.0"
