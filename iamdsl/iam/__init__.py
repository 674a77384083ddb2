"""What AWS reads: policies, statements, conditions; their sizes and their JSON.

Invariant: this room knows nothing of `model` or `tree`; a statement keeps the spans it came
from as `origin`, and that is all it knows about a source.
"""

from __future__ import annotations

from iamdsl.iam._artifacts import (
    Account,
    Attachment,
    Build,
    Document,
    DocumentKind,
    Extern,
    Identity,
    IdentityKind,
    Place,
    Tags,
    Target,
    TargetKind,
)
from iamdsl.iam._json import (
    VERSION,
    minified,
    pretty,
    statement_to_json,
    to_json,
)
from iamdsl.iam._operators import (
    NEGATED,
    OPERATORS,
    canonical_operator,
    split_operator,
    values_are_alternatives,
)
from iamdsl.iam._pattern import (
    action_covers,
    fixed_ends,
    glob_covers,
    globs_meet,
    resource_covers,
    resources_meet,
    variables,
)
from iamdsl.iam._policy import (
    ANYONE,
    Condition,
    Elements,
    Entry,
    Policy,
    Principals,
    Statement,
)
from iamdsl.iam._reading import PolicyError, from_json, from_text, shown
from iamdsl.iam._size import (
    PLACEHOLDER,
    PLACEHOLDER_CLOSE,
    PLACEHOLDER_OPEN,
    PSEUDO_LENGTHS,
    document_size,
    placeholder,
    placeholders,
    size,
    statement_size,
    text_size,
    value_size,
)

__all__ = [
    "ANYONE",
    "NEGATED",
    "OPERATORS",
    "PLACEHOLDER",
    "PLACEHOLDER_CLOSE",
    "PLACEHOLDER_OPEN",
    "PSEUDO_LENGTHS",
    "VERSION",
    "Account",
    "Attachment",
    "Build",
    "Condition",
    "Document",
    "DocumentKind",
    "Elements",
    "Entry",
    "Extern",
    "Identity",
    "IdentityKind",
    "Place",
    "Policy",
    "PolicyError",
    "Principals",
    "Statement",
    "Tags",
    "Target",
    "TargetKind",
    "action_covers",
    "canonical_operator",
    "document_size",
    "fixed_ends",
    "from_json",
    "from_text",
    "glob_covers",
    "globs_meet",
    "minified",
    "placeholder",
    "placeholders",
    "pretty",
    "resource_covers",
    "resources_meet",
    "shown",
    "size",
    "split_operator",
    "statement_size",
    "statement_to_json",
    "text_size",
    "to_json",
    "value_size",
    "values_are_alternatives",
    "variables",
]
