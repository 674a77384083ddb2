"""Policy documents as data: filled in, compared, taken apart, narrowed."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from iamdsl.deploy._terms import Data

_MARK = re.compile("\ue000([^\ue001]*)\ue001")  # as `iamdsl.iam.placeholder` makes them
_ROOT = re.compile(r"arn:[a-z-]+:iam::(\d{12}):root")
_MOST_ATOMS = 4096
_NOBODY = {"Effect": "Deny", "Action": "sts:AssumeRole"}


def refused(externs: Sequence[Data], values: Mapping[str, str]) -> list[str]:
    """Return in words which values are missing, not asked for, or not what they have to be."""
    known = {extern["name"]: extern for extern in externs}
    found = [f"there is no extern `{name}`" for name in sorted(values.keys() - known.keys())]
    for name, extern in known.items():
        value = values.get(name)
        if value is None:
            doc = f": {extern['doc']}" if extern["doc"] else ""
            found.append(f"`{name}` ({extern['type']}) needs a value{doc}")
        elif extern["options"] and value not in extern["options"]:
            found.append(f"`{name}` is one of {', '.join(extern['options'])}, not {value!r}")
        elif re.fullmatch(extern["pattern"], value) is None:
            found.append(f"`{name}` has to match {extern['pattern']}, which {value!r} does not")
        elif len(value) > extern["longest"]:
            found.append(f"`{name}` has at most {extern['longest']} characters, not {len(value)}")
    return found


def filled(data: Any, values: Mapping[str, str]) -> Any:
    """Return data with values in place of its marks; checked ones (`refused`)."""
    if isinstance(data, str):
        return _MARK.sub(lambda mark: values[mark[1]], data)
    if isinstance(data, dict):
        return {filled(name, values): filled(member, values) for name, member in data.items()}
    if isinstance(data, list):
        return [filled(item, values) for item in data]
    return data


def marks(data: Any) -> frozenset[str]:
    """Return the names of what is left open in data."""
    return frozenset(_MARK.findall(json.dumps(data, ensure_ascii=False)))


def canonical(document: Data | None) -> str:
    """Return what two documents have in common that say the same, as far as their text tells.

    The order of statements and of lists does not count, nor does a list of one for the value
    itself, nor how the root of an account is written.
    """
    if document is None:
        return ""
    rest = {name: value for name, value in document.items() if name != "Statement"}
    statements = sorted(_dumped(_statement(s)) for s in listed(document.get("Statement", [])))
    return _dumped({**rest, "Statement": statements})


def atoms(document: Data | None) -> frozenset[str]:
    """Return the least parts that a document is made of: one action on one resource each.

    Two documents with an atom in common both allow, or deny, what it says. `Sid`s do not count.
    """
    found: set[str] = set()
    for statement in listed((document or {}).get("Statement", [])):
        said = {name: value for name, value in _statement(statement).items() if name != "Sid"}
        lists = {n: v for n, v in said.items() if n in {"Action", "Resource"}}
        size = 1
        for values in lists.values():
            size *= len(values)
        if size > _MOST_ATOMS:
            found.add(_dumped(said))
            continue
        for chosen in itertools.product(*lists.values()):
            found.add(_dumped({**said, **dict(zip(lists, chosen, strict=True))}))
    return frozenset(found)


def denies(document: Data | None) -> bool:
    """Tell whether a document takes something away."""
    return any(s.get("Effect") == "Deny" for s in listed((document or {}).get("Statement", [])))


def principals(document: Data) -> Iterator[str]:
    """Yield what a document names as principals of AWS: ARNs, accounts, `*`."""
    for statement in listed(document.get("Statement", [])):
        for member in ("Principal", "NotPrincipal"):
            named = statement.get(member)
            if isinstance(named, dict):
                yield from listed(named.get("AWS", []))


def narrowed(trust: Data, missing: Collection[str], account: str) -> Data:
    """Return a trust policy without principals that are not there yet; it lets in nobody else.

    A statement that names nobody else goes. Where one that denies would lose a principal, nobody
    is let in at all until the whole trust policy can be set.
    """
    kept = []
    for statement in listed(trust["Statement"]):
        named = statement.get("Principal")
        gone = [p for p in _of_aws(named) if p in missing]
        if not gone and not any(p in missing for p in _of_aws(statement.get("NotPrincipal"))):
            kept.append(statement)
        elif statement["Effect"] != "Allow" or not gone:
            kept = []
            break
        else:
            rest = {
                kind: [p for p in listed(values) if kind != "AWS" or p not in missing]
                for kind, values in named.items()
            }
            rest = {kind: values for kind, values in rest.items() if values}
            if rest:
                kept.append({**statement, "Principal": rest})
    if not kept:
        kept = [{**_NOBODY, "Principal": {"AWS": account}}]
    return {**trust, "Statement": kept}


def same_text(one: str | None, other: str | None) -> bool:
    """Tell whether two texts are the same, none and an empty one too.

    IAM answers in XML, on whose way all ends of lines become one.
    """
    return _lines(one) == _lines(other)


def text(document: Data) -> str:
    """Return a document as it is sent: ASCII, without white space between its tokens."""
    return json.dumps(document, separators=(",", ":"))


def data(document: Any) -> Data:
    """Return a document that the SDK gives as data, or as text where it was no JSON to it."""
    found = json.loads(document) if isinstance(document, str) else document
    return found if isinstance(found, dict) else {}


def listed(value: Any) -> list[Any]:
    """Return a list; what stands alone is a list of one."""
    return value if isinstance(value, list) else [value]


def _lines(found: str | None) -> str:
    return (found or "").replace("\r\n", "\n").replace("\r", "\n")


def _of_aws(named: Any) -> list[str]:
    return listed(named.get("AWS", [])) if isinstance(named, dict) else []


def _statement(statement: Data) -> Data:
    made: Data = {}
    for name, value in statement.items():
        if name in {"Principal", "NotPrincipal"} and isinstance(value, dict):
            made[name] = {kind: _set(map(_principal, listed(v))) for kind, v in value.items()}
        elif name == "Condition":
            made[name] = {
                operator: {key: _set(listed(v)) for key, v in entries.items()}
                for operator, entries in value.items()
            }
        elif name in {"Sid", "Effect", "Principal", "NotPrincipal"}:
            made[name] = value
        else:
            made[name] = _set(listed(value))
    return made


def _principal(named: Any) -> str:
    root = _ROOT.fullmatch(str(named))
    return root[1] if root else str(named)


def _set(values: Iterable[Any]) -> list[str]:
    return sorted({str(v).lower() if isinstance(v, bool) else str(v) for v in values})


def _dumped(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
