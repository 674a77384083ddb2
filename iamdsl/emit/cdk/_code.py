"""What a construct of CDK does, said once for all languages: expressions and steps.

Names are written as TypeScript writes them (`managedPolicyName`); each language says them its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from iamdsl.emit._marks import Mark, parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from iamdsl.iam import Extern
    from iamdsl.source import Span

Expr: TypeAlias = (
    "str | int | Mapping[str, Expr] | Sequence[Expr] | Member | Call | Create | New | Struct"
)
"""A text, which can hold marks; a number; JSON data; or code."""

Options: TypeAlias = "tuple[tuple[str, Expr], ...]"


class Member(NamedTuple):
    """A member of the construct itself: `this.workerRole`; or itself, without a name."""

    name: str


THIS = Member("")


class Call(NamedTuple):
    """A function that is called with arguments in order.

    Attributes:
        function: `iam.ManagedPolicy.fromAwsManagedPolicyName`; the first word is the module of
            CDK, `cdk` its core, `stack`, or nothing where it is a function of the file itself.
        then: a method of what comes out, which takes nothing.
    """

    function: str
    arguments: tuple[Expr, ...]
    then: str = ""


class Create(NamedTuple):
    """A new thing that is no construct, and takes nothing."""

    type: str


class New(NamedTuple):
    """A new construct.

    Attributes:
        type: `iam.Role`.
        scope: what it is made in.
    """

    type: str
    scope: Member
    id: str
    options: Options


class Struct(NamedTuple):
    """Options within options: their type has to be said in Python, and not in TypeScript."""

    type: str
    options: Options


class Tag(NamedTuple):
    """A tag that a member is given."""

    of: Member
    key: str
    value: str


class Make(NamedTuple):
    """A step: a construct is made, and kept as a member.

    Attributes:
        doc: what the member is, for its reader.
    """

    member: Member
    new: New
    doc: str
    origin: tuple[Span, ...] = ()


class Do(NamedTuple):
    """A step: a function of the file itself is called, or a tag is given."""

    what: Call | Tag
    origin: tuple[Span, ...] = ()


class Construct(NamedTuple):
    """All of a place.

    Attributes:
        words: of its name.
        title: what it holds, as a sentence without its stop.
        account: the id of the account that it is for, and what that is called; None if any.
        props: what has to be said when it is made.
    """

    words: tuple[str, ...]
    title: str
    account: tuple[str, str] | None
    props: tuple[Extern, ...]
    steps: tuple[Make | Do, ...]


def texts(value: object) -> Iterator[str]:
    """Yield every text in an expression or a step, names of members of JSON data among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Create, Member)):
        return
    elif isinstance(value, Call):
        yield from texts(value.arguments)
    elif isinstance(value, (New, Struct)):
        yield from (text for _, option in value.options for text in texts(option))
    elif isinstance(value, Make):
        yield from texts(value.new)
    elif isinstance(value, Do):
        yield from texts(value.what)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


class Uses(NamedTuple):
    """What the code of steps hangs on.

    Attributes:
        modules: of CDK: `iam`, `s3`, and `cdk` for its core.
        functions: those of the file itself that are called.
        stack: whether something is asked of the stack.
    """

    modules: frozenset[str]
    functions: frozenset[str]
    stack: bool


def uses(steps: Sequence[Make | Do]) -> Uses:
    """Return what the code of steps hangs on."""
    names = frozenset(_names(list(steps)))
    pseudo = any(name.startswith("aws.") for text in texts(list(steps)) for name in _open(text))
    return Uses(
        frozenset(name.partition(".")[0] for name in names if "." in name) - {"stack"},
        frozenset(name for name in names if "." not in name),
        pseudo or any(name.startswith("stack.") for name in names),
    )


def _open(text: str) -> Iterator[str]:
    return (part.name for part in parts(text) if isinstance(part, Mark))


def _names(value: object) -> Iterator[str]:
    """Yield the names of functions and types in steps."""
    if isinstance(value, Tag):
        yield "cdk.Tags"
        return
    if isinstance(value, Make):
        value = value.new
    if isinstance(value, (Create, New, Struct)):
        yield value.type
    if isinstance(value, Call):
        yield value.function
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _names(item)
