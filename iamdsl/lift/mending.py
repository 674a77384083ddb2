"""What is wrong with a policy document, all of it, and what can be read of it all the same.

`iam.from_json` stops at the first mistake, which is right for whoever wants the whole document.
For the review each mistake is told where it stands. What was surely meant is read on as if it had
been written (`allow`, `Actions`); a statement that says nothing certain is set aside.

Grammar: AWS "reference_policies_grammar"; what is refused in which words, AWS
"access-analyzer-reference-policy-checks".
"""

from __future__ import annotations

import json
from math import inf
from typing import TYPE_CHECKING, Any, Final

from iamdsl import iam
from iamdsl.diagnostics import Diagnostic, Fix, Severity, codes
from iamdsl.diagnostics.nearest import nearest
from iamdsl.lift.reading import control, no_policy, policy_of, statement_path, with_places

if TYPE_CHECKING:
    from iamdsl.datafile.places import Path
    from iamdsl.diagnostics import Code, Report
    from iamdsl.lift.reading import Tree

_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_MEMBERS: Final = ("Version", "Id", "Statement")
_PAIRS: Final = ("Action", "Resource", "Principal")
_ELEMENTS: Final = (
    "Sid", "Effect", *_PAIRS, *(f"Not{name}" for name in _PAIRS), "Condition",
)  # fmt: skip
_PRINCIPAL_TYPES: Final = ("AWS", "CanonicalUser", "Federated", "Service")
_REFUSED: Final = "AWS refuses this"
_ASIDE: Final = "the statement is left out of the review"


def read_soundly(tree: Tree, report: Report) -> iam.Policy | None:
    """Return what can be read of a document; what cannot be was reported."""
    try:
        policy = policy_of(tree)
    except iam.PolicyError as error:
        return _sound_part(tree, error, report)
    remark(tree, report)
    return policy


def _sound_part(tree: Tree, error: iam.PolicyError, report: Report) -> iam.Policy | None:
    """Return the sound statements of a document that has a mistake, with their places."""
    before = len(report.diagnostics)
    found = mended(tree, report)
    if (place := control(tree)) is not None:
        no_policy(tree, iam.PolicyError(place, "a control character, which AWS refuses"), report)
        return None
    if len(report.diagnostics) == before:
        no_policy(tree, error, report)
    if found is None:
        return None
    document, paths = found
    try:
        return with_places(iam.from_json(document), paths, tree)
    except iam.PolicyError:  # a mistake that only the strict reader knows, told above
        no_policy(tree, error, report)
        return None


def mended(tree: Tree, report: Report) -> tuple[dict[str, Any], list[Path]] | None:
    """Report each mistake of a document; return what is left of it, and where its statements stand.

    None when that is no statement at all. What is returned is sound: `iam.from_json` reads it.
    """
    return _Mender(tree, report).document()


class _Mender:
    """Goes through a document, complains, and keeps what is sound."""

    def __init__(self, tree: Tree, report: Report) -> None:
        self._tree = tree
        self._report = report

    def _say(
        self,
        path: Path,
        message: str,
        hint: str,
        *,
        key: bool = False,
        label: str = _REFUSED,
        write: object = None,
        safe: bool = False,
        severity: Severity = Severity.ERROR,
        code: Code = codes.NOT_A_POLICY,
    ) -> None:
        """Report a mistake; `write` is the value, or the name, that is to stand there instead."""
        place = self._tree.place(path, key=key)
        fix = None
        if write is not None:
            old = path[-1] if key else self._tree.at(*path).value
            if place.text == json.dumps(old):
                fix = Fix.writing(json.dumps(write), place, safe=safe)
            elif place.text == old and isinstance(write, str):  # YAML has it without quotes
                fix = Fix.writing(write, place, safe=safe)
        found = Diagnostic(code, severity, message, place, label, (), hint, fix)
        self._report.extend([found])

    # The document

    def document(self) -> tuple[dict[str, Any], list[Path]] | None:
        value = self._tree.value
        if not isinstance(value, dict):
            self._say((), "a policy is a JSON object", 'write `{"Version": …, "Statement": […]}`')
            return None
        members = self._members(value, (), _MEMBERS, "a policy has no element")
        spelt = _spelt(value, members, _MEMBERS)
        version = members.get("Version", "")
        if "Version" in members and version not in _VERSIONS:
            shown = f"`{version}`" if isinstance(version, str) else "this"
            self._say(
                (spelt["Version"],),
                f"{shown} is no version of the policy language",
                'write `"2012-10-17"`',
                write=_VERSIONS[0],
            )
            version = _VERSIONS[0]
        if "Statement" not in members:
            self._say((), "a policy without `Statement` says nothing", "add its statements")
            return None
        name = spelt["Statement"]
        listed = isinstance(members["Statement"], list)
        statements = members["Statement"] if listed else [members["Statement"]]
        if not statements:
            self._say((name,), "a policy has one statement at least", "add one")
        made: list[dict[str, Any]] = []
        places: list[Path] = []
        for index, statement in enumerate(statements):
            path = (name, *statement_path(index, listed=listed)[1:])
            sound = self._statement(statement, path)
            if sound is not None:
                made.append(sound)
                places.append(path)
        if not made:
            return None
        document: dict[str, Any] = {"Version": version} if version else {}
        if isinstance(members.get("Id"), str):
            document["Id"] = members["Id"]
        elif "Id" in members:
            self._say((spelt["Id"],), "the `Id` of a policy is a text", "write it in quotes")
        return {**document, "Statement": made}, places

    def _members(
        self, value: dict[str, Any], path: Path, known: tuple[str, ...], what: str
    ) -> dict[str, Any]:
        """Return the members of an object by their right names; report those that it cannot have."""
        made = {name: inner for name, inner in value.items() if name in known}
        for name, inner in value.items():
            if name in known:
                continue
            meant = _meant(name, known)
            free = meant is not None and meant not in value
            self._say(
                (*path, name),
                f"{what} `{name}`",
                f"write `{meant}`"
                if meant
                else "write one of " + ", ".join(f"`{k}`" for k in known),
                key=True,
                write=meant if free else None,
                safe=meant is not None and meant.lower() == name.lower(),
            )
            if meant is not None and free:
                made.setdefault(meant, inner)
        return made

    # Statements

    def _statement(self, value: object, path: Path) -> dict[str, Any] | None:
        """Return a sound statement, None where it is set aside."""
        if not isinstance(value, dict):
            self._say(path, "a statement is a JSON object", 'write `{"Effect": …, "Action": …}`')
            return None
        members = self._members(value, path, _ELEMENTS, "a statement has no element")
        where = {n: (*path, s) for n, s in _spelt(value, members, _ELEMENTS).items()}
        fine = self._sid(members, where) & self._effect(members, where, path)
        for name in _PAIRS:
            fine &= self._pair(members, name, where, path)
        if "Condition" in members:
            condition = self._condition(members["Condition"], where["Condition"])
            fine &= condition is not None
            members["Condition"] = condition
        return members if fine else None

    def _sid(self, members: dict[str, Any], where: dict[str, Path]) -> bool:
        sid = members.get("Sid", "")
        if not isinstance(sid, str):
            text = json.dumps(sid) if isinstance(sid, (int, float)) else None
            self._say(where["Sid"], "a `Sid` is a text", "write it in quotes", write=text)
            del members["Sid"]
        return True

    def _effect(self, members: dict[str, Any], where: dict[str, Path], path: Path) -> bool:
        if "Effect" not in members:
            hint = 'add `"Effect": "Allow"`, or `"Deny"`'
            self._say(path, "a statement has no `Effect`", hint)
            return False
        effect = members["Effect"]
        if isinstance(effect, str) and effect in {"Allow", "Deny"}:
            return True
        meant = nearest(effect, ("Allow", "Deny"), 1) if isinstance(effect, str) else ()
        exact = bool(meant) and effect.lower() == meant[0].lower()
        shown = f"`{effect}`" if isinstance(effect, str) else "this"
        self._say(
            where["Effect"],
            f"{shown} is no effect",
            f"write `{meant[0]}`" if meant else "write `Allow` or `Deny`",
            write=meant[0] if meant else None,
            safe=exact,
        )
        if exact:
            members["Effect"] = meant[0]
        return exact

    def _pair(self, members: dict[str, Any], name: str, where: dict[str, Path], path: Path) -> bool:
        """Tell whether an element and its negated form are sound together."""
        negated = f"Not{name}"
        if name in members and negated in members:
            message = f"a statement has `{name}` or `{negated}`, not both"
            self._say(where[negated], message, "keep one of them", key=True)
            return False
        if name == "Action" and name not in members and negated not in members:
            self._say(path, "a statement has no `Action`", "add what it allows or denies")
            return False
        for element in (name, negated):
            if element not in members:
                continue
            if name != "Principal":
                return self._texts(members[element], where[element], element) is not None
            made = self._principal(members[element], where[element], element)
            members[element] = made
            return made is not None
        return True

    def _texts(self, value: object, path: Path, name: str) -> list[str] | None:
        """Return the texts of an element; None for anything else, which was reported."""
        if isinstance(value, str):
            return [value]
        if not isinstance(value, list):
            self._say(path, f"`{name}` is a text, or a list of texts", "write it in quotes")
            return None
        if not value:
            label = f"it names nothing: {_ASIDE}"
            self._say(path, f"`{name}` is an empty list", "name what is meant", label=label)
            return None
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self._say((*path, index), f"`{name}` is a list of texts", "write it in quotes")
                return None
        return value

    # Principals

    def _principal(self, value: object, path: Path, name: str) -> Any:
        """Return a sound principal, None where nothing of it is."""
        if value == "*":
            return value
        if not isinstance(value, dict):
            return self._bare_principal(value, path, name)
        if not value:
            hint = 'write `{"AWS": "…"}`, `{"Service": "…"}` or `"*"`'
            self._say(path, f"`{name}` is an empty object", hint, label=f"nobody: {_ASIDE}")
            return None
        members = self._members(value, path, _PRINCIPAL_TYPES, f"`{name}` has no type")
        spelt = _spelt(value, members, _PRINCIPAL_TYPES)
        made: dict[str, str | list[str]] = {}
        for kind, who in members.items():
            inside = (*path, spelt[kind])
            if isinstance(who, int) and not isinstance(who, bool):
                message, text = "an account id is a text here", f"{who:012}"
                self._say(inside, message, f'write `"{text}"`', write=text, safe=True)
                made[kind] = text
            elif (texts := self._texts(who, inside, kind)) is not None:
                made[kind] = texts
        return made or None

    def _bare_principal(self, value: object, path: Path, name: str) -> Any:
        """Return the principal that was meant by a text or a list where an object belongs."""
        texts = value if isinstance(value, list) else [value]
        services = [isinstance(t, str) and t.endswith(".amazonaws.com") for t in texts]
        kind = "Service" if services and all(services) else "AWS"
        sound = len(set(services)) == 1 and all(isinstance(t, str) for t in texts)
        made = {kind: value} if sound else None
        shown = json.dumps(made) if made is not None else '{"AWS": "…"}'
        self._say(
            path,
            f"`{name}` is an object of types, or `*`",
            f"write `{shown}`" if len(shown) < 80 else 'write `{"AWS": […]}`',
            write=made,
        )
        return made

    # Conditions

    def _condition(self, value: object, path: Path) -> dict[str, Any] | None:
        """Return a sound condition, None where a part of it says nothing certain."""
        if not isinstance(value, dict):
            hint = 'write `{"StringEquals": {"KEY": "VALUE"}}`'
            self._say(path, "`Condition` is an object of operators", hint)
            return None
        made: dict[str, Any] = {}
        fine = True
        seen: dict[str, str] = {}
        for operator, keys in value.items():
            inside = (*path, operator)
            name = iam.canonical_operator(operator)
            if name is None:
                self._operator(operator, inside)
                fine = False
            elif seen.setdefault(name, operator) != operator:
                message = f"`{operator}` is `{seen[name]}` once more"
                self._say(inside, message, "write its keys under one of them", key=True)
                fine = False
            elif keys == {}:
                label = "it tests nothing"
                self._say(inside, f"`{operator}` has no keys", "remove it, or name what it tests",
                          key=True, label=label, severity=Severity.WARNING)  # fmt: skip
            elif not isinstance(keys, dict):
                hint = 'write `{"KEY": "VALUE"}`'
                self._say(inside, f"`{operator}` is an object of keys", hint)
                fine = False
            else:
                fine &= self._keys(keys, inside)
                made[operator] = keys
        return made if fine else None

    def _operator(self, operator: str, path: Path) -> None:
        prefix, colon, rest = operator.rpartition(":")
        if rest.lower().removesuffix("ifexists") == "null":
            if rest.lower() == "null" and prefix.lower() in {"forallvalues", "foranyvalue"}:
                self._say(
                    path, f"`Null` under `{prefix}` asks for the key all the same",
                    "write `Null`", key=True, write="Null", label=_ASIDE,
                    severity=Severity.NOTE, code=codes.QUANTIFIER_MISMATCH,
                )  # fmt: skip
                return
            message = "`Null` takes no `IfExists`: it asks just that"
            self._say(path, message, "write `Null`", key=True, write="Null")
            return
        before = ("ForAllValues:", "ForAnyValue:") if colon else ("",)
        named = {f"{b}{name}{end}" for name in iam.OPERATORS - {"Null"} for b in before
                 for end in ("", "IfExists")}  # fmt: skip
        near = nearest(operator, sorted(named), 1)
        self._say(
            path,
            f"`{operator}` is no operator",
            f"did you mean `{near[0]}`?" if near else "operators are `StringEquals`, `Bool`, …",
            key=True,
            write=near[0] if near else None,
        )

    def _keys(self, keys: dict[str, Any], path: Path) -> bool:
        fine = True
        seen: dict[str, str] = {}
        for key, values in keys.items():
            inside = (*path, key)
            first = seen.setdefault(key.lower(), key)
            if first != key:
                message = f"`{key}` is the key `{first}` once more"
                self._say(inside, message, "write its values under one of them", key=True)
                fine = False
            elif values == []:
                label = f"it has no values: {_ASIDE}"
                self._say(inside, f"nothing can be compared with an empty list for `{key}`",
                          "name values, or remove it", key=True, label=label,
                          severity=Severity.WARNING)  # fmt: skip
                fine = False
            else:
                fine &= self._values(values, inside)
        return fine

    def _values(self, values: object, path: Path) -> bool:
        items = values if isinstance(values, list) else [values]
        for index, item in enumerate(items):
            if not isinstance(item, (str, int, float)) or item in {inf, -inf}:
                inside = (*path, index) if isinstance(values, list) else path
                message = "a value of a condition is a text, a number, `true` or `false`"
                self._say(inside, message, "write it as a text in quotes")
                return False
        return True


def remark(tree: Tree, report: Report) -> None:
    """Report what a sound document says in vain, or in a way that AWS's validator refuses."""
    value = tree.value["Statement"]
    listed = isinstance(value, list)
    unnamed: list[Path] = []
    for index, statement in enumerate(value if listed else [value]):
        if statement.get("Sid") == "":
            unnamed.append((*statement_path(index, listed=listed), "Sid"))
        for operator, keys in statement.get("Condition", _NOTHING).items():
            for key, values in keys.items():
                if isinstance(values, list) and len({type(v) for v in values}) > 1:
                    path = (*statement_path(index, listed=listed), "Condition", operator, key)
                    kinds = "texts and others" if any(isinstance(v, str) for v in values) else ""
                    report.add(
                        codes.NOT_A_POLICY,
                        tree.place(path, key=True),
                        f"the values of `{key}` are {kinds or 'numbers and truth values'}",
                        label="AWS's validator refuses this",
                        hint="write all of them as texts, in quotes",
                    )
    if unnamed:
        count = f"{len(unnamed)} statements have" if len(unnamed) > 1 else "a statement has"
        message, place = f"{count} an empty `Sid`", tree.place(unnamed[0])
        hint = "leave it out, or write a name"
        found = Diagnostic(
            codes.BAD_SID, Severity.NOTE, message, place, "it says nothing", (), hint
        )
        report.extend([found])


_NOTHING: Final[dict[str, Any]] = {}


def _spelt(
    value: dict[str, Any], members: dict[str, Any], known: tuple[str, ...]
) -> dict[str, str]:
    """Return how the members of an object are written, by their right names."""
    meant = {_meant(name, known) or name: name for name in reversed(value)}
    return {name: name if name in value else meant[name] for name in members}


def _meant(name: str, known: tuple[str, ...]) -> str | None:
    """Return the one name that somebody surely meant by another, None where there is none."""
    folded = name.lower().replace("_", "").replace("-", "")
    for candidate in known:
        if folded in {candidate.lower(), f"{candidate.lower()}s"}:
            return candidate
    near = nearest(name, known, 1)
    return near[0] if near else None
