"""iamdsl: a small language for AWS IAM, and its compiler.

From Python, without files:

    result = iamdsl.compile('policy p { allow s3:GetObject on "arn:aws:s3:::b/*" }')
    result.files["policies/p.json"]

Importing this package costs nothing; the compiler is imported when `compile` is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from iamdsl.api import Result, compile  # noqa: A004  # the verb

__version__ = "0.1.0"

__all__ = ["Result", "__version__", "compile"]


def __getattr__(name: str) -> Any:
    if name in {"Result", "compile"}:
        from iamdsl import api  # noqa: PLC0415  # see above

        return getattr(api, name)
    raise AttributeError(f"module `iamdsl` has no attribute `{name}`")
