"""Requests as JSON Lines: a line in, a line out.

A request's line has the members `id, principal, action, resource, resource_account, context,
identity_policies, resource_policy, boundaries, session_policies, scps, rcps, endpoint_policies`; an
answer's `id, decision, matched, missing_keys, reason`, or `id, error`.

Most of a line is policies, and lines that follow one another often have the same ones. So where the
last line had a member of policies, the text there is compared with what was read before; if it is
known, the line is parsed with a word in its place that JSON does not have. Where that word turns
up in any other place than as the value of that member, the guess was wrong, and the line is read
as a whole.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, TypeAlias

from iamdsl.aws.principals import KNOWN, service_principal
from iamdsl.iam import PolicyError, from_json
from iamdsl.simulate._callers import caller_of
from iamdsl.simulate._decide import decide
from iamdsl.simulate._request import Named, Policies, Request
from iamdsl.simulate._shapes import shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from iamdsl.iam import Policy
    from iamdsl.simulate._request import Context, Decision, Matched
    from iamdsl.simulate._shapes import Shape

_Read: TypeAlias = Any
"""What a member of policies comes to: as `Policies` has it."""

_NESTING: Final = {
    "identity_policies": 1,
    "resource_policy": 0,
    "boundaries": 1,
    "session_policies": 1,
    "scps": 2,
    "rcps": 2,
    "endpoint_policies": 1,
}
"""How many lists stand around a document."""
_LISTS: Final = frozenset(name for name, nesting in _NESTING.items() if nesting)
_FIELDS: Final = dict(zip(_NESTING, Policies._fields, strict=True))
"""The members by what `Policies` calls them."""
_WITH_PRINCIPAL = {"resource_policy", "rcps", "endpoint_policies"}
_MEMBERS: Final = (
    *("id", "principal", "action", "resource", "resource_account", "context"),
    *_NESTING,
)

_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_SPACE = re.compile(r"[ \t\r\n]*")
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9_-]+", re.ASCII)
_PRINCIPAL_ARN = re.compile(
    r"arn:[^:]+:(?:iam|sts)::[^:]+:"
    r"(?:root|(?:user|role|assumed-role|federated-user|saml-provider|oidc-provider)/.+)",
    re.DOTALL,
)
_EMPTY = ("[]", "null")
_START = 160
"""Characters by which a member's text is looked up; of those with one start, all are compared."""
_MOST_KEPT = 8_000_000
"""Characters of policies that are remembered; then all are forgotten, so that memory is bounded."""
_STAND_IN = "NaN"


class LineError(ValueError):
    """A line is no request; the text says where and why."""


class _Known:
    """What a stand-in becomes while a line is parsed: a value that JSON cannot say."""


_KNOWN: Final = _Known()


class _Cut(NamedTuple):
    """A member of a line whose text is known."""

    name: str
    start: int
    end: int
    policies: _Read


class Lines:
    """Answers lines; the policies of earlier ones are remembered."""

    def __init__(self) -> None:
        self._layout: tuple[tuple[str, str], ...] = ()
        self._shape: Shape | None = None
        self._members: dict[tuple[str, str], list[tuple[str, _Read]]] = {}
        self._documents: dict[str, Policy] = {}
        self._kept = 0

    @staticmethod
    def refusal(why: str) -> str:
        """Return the answer to a line that is not even read."""
        return _error(None, why)

    def answer(self, written: bytes) -> tuple[str, bool]:
        """Return the answer to a line in UTF-8, without a line break; and whether it is one.

        What is wrong with a line is an answer too, with `error` in the place of `decision`.
        """
        given: Any = None
        try:
            line = written.decode("utf-8")
        except UnicodeDecodeError as error:
            return _error(None, f"no UTF-8 text: byte {error.start + 1}"), False
        try:
            alike = self._alike(line)
            if alike is not None:
                return alike, True
            members, policies = self._read(line)
            given = members.get("id")
            return _answer(json.dumps(given), decide(_request(members), policies)), True
        except LineError as error:
            return _error(given if given is not None else _id(line), str(error)), False

    def _alike(self, line: str) -> str | None:
        """Return the answer to a line that looks like the last one; None when it does not."""
        known = self._shape
        if known is None or (head := known.head.match(line)) is None:
            return None
        cut = self._cut(line, head.end(), known.policies)
        if cut is None or (tail := known.tail.fullmatch(line, cut.end)) is None:
            return None
        texts = (*head.groups(), *tail.groups(), None)
        given, principal, action, resource, account, context = [texts[i] for i in known.places]
        if principal is None or action is None or resource is None:
            return None
        try:
            _check(principal, action)
            keys = _context_of(context) if context else _NO_KEYS
        except (ValueError, RecursionError):
            return None
        request = Request(principal, action, resource, keys, account)
        policies = Policies()._replace(**{_FIELDS[known.policies]: cut.policies})
        return _answer(given or "null", decide(request, policies))

    def _read(self, line: str) -> tuple[dict[str, Any], Policies]:
        """Return the members of a line, and its policies."""
        cuts = self._cuts(line)
        found = _parsed_around(line, cuts) if cuts else None
        if found is not None:
            known = {cut.name: cut.policies for cut in cuts}
        else:
            found, known = _parsed(line), {}
        for name, nesting in _NESTING.items():
            value = found.get(name)
            if value is None or value is _KNOWN or (nesting and value == []):
                continue
            known[name] = _documents(value, name, nesting, name)
            # The next line may have such policies as well.
            having = [n for n in found if n in _NESTING and found[n]]
            self._layout = tuple((n, f'"{n}"') for n in having)
            self._shape = shape(tuple(found), having[-1], _LISTS) if having[:-1] == [] else None
        return found, Policies(**{_FIELDS[name]: policies for name, policies in known.items()})

    def _cuts(self, line: str) -> list[_Cut]:
        """Return members where earlier lines had policies, if theirs are known or can be read."""
        cuts = []
        at = 0
        for name, quoted in self._layout:
            found = line.find(quoted, at)
            if found < 0:
                continue
            at = found + len(quoted)
            colon = _COLON.match(line, at)
            if colon is None:
                continue
            at = colon.end()
            if not line.startswith(_EMPTY, at) and (cut := self._cut(line, at, name)) is not None:
                cuts.append(cut)
                at = cut.end
        return cuts

    def _cut(self, line: str, at: int, name: str) -> _Cut | None:
        """Return the member that begins at a place; None when it is none by itself."""
        start = name, line[at : at + _START]
        for text, policies in self._members.get(start, ()):
            # A text that is a whole value cannot be the beginning of another one.
            if line.startswith(text, at):
                return _Cut(name, at, at + len(text), policies)
        try:
            policies, end = self._value(line, at, name, _NESTING[name], name)
        except (ValueError, RecursionError):
            return None  # the line as a whole tells what is wrong, and where
        if end - at >= _START:  # else its start would be part of what follows
            self._keep(end - at)
            self._members.setdefault(start, []).append((line[at:end], policies))
        return _Cut(name, at, end, policies)

    def _keep(self, size: int) -> None:
        self._kept += size
        if self._kept > _MOST_KEPT:
            self._members.clear()
            self._documents.clear()
            self._kept = size

    def _value(self, text: str, at: int, name: str, nesting: int, path: str) -> tuple[_Read, int]:
        """Return the policies that stand at a place of a line, and where they end."""
        if nesting == 0:
            value, end = _DECODER.raw_decode(text, at)
            written = text[at:end]
            policy = self._documents.get(written)
            if policy is None:
                policy = _policy(value, path)
                self._keep(end - at)
                self._documents[written] = policy
            _check_principals(policy, name, path)
            return Named(path, policy), end
        if not text.startswith("[", at):
            raise ValueError
        made: list[_Read] = []
        at = _after_space(text, at + 1)
        if text.startswith("]", at):
            return (), at + 1
        while True:
            inner, at = self._value(text, at, name, nesting - 1, f"{path}[{len(made)}]")
            made.append(inner)
            at = _after_space(text, at)
            if text.startswith("]", at):
                return tuple(made), at + 1
            if not text.startswith(",", at):
                raise ValueError
            at = _after_space(text, at + 1)


# Parsing


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise LineError(f"member `{double}` is written twice")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise LineError(f"`{name}` is no number of JSON's")


class _StandIns:
    """Counts the stand-ins that a text has as values."""

    def __init__(self) -> None:
        self.seen = 0
        self.decoder = json.JSONDecoder(object_pairs_hook=_object, parse_constant=self._see)

    def _see(self, name: str) -> _Known:
        if name != _STAND_IN:
            raise LineError(name)
        self.seen += 1
        return _KNOWN


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_refuse_constant)
_STAND_INS: Final = _StandIns()


def _parsed_around(line: str, cuts: list[_Cut]) -> dict[str, Any] | None:
    """Return the members of a line, `_KNOWN` for what was cut; None if that was something else."""
    pieces: list[str] = []
    at = 0
    for cut in cuts:
        pieces += (line[at : cut.start], _STAND_IN)
        at = cut.end
    text = "".join((*pieces, line[at:]))
    _STAND_INS.seen = 0
    try:
        found = _STAND_INS.decoder.decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or _STAND_INS.seen != len(cuts):
        return None
    return found if all(found.get(cut.name) is _KNOWN for cut in cuts) else None


def _parsed(line: str) -> dict[str, Any]:
    """Return the members of a line; raises `LineError` for what is none."""
    try:
        found = _DECODER.decode(line)
    except json.JSONDecodeError as error:
        raise LineError(f"no JSON: {_said(error)} at character {error.pos + 1}") from None
    except RecursionError:
        raise LineError("no request: lists and objects stand too deep in one another") from None
    except LineError:
        raise
    except ValueError as error:  # Python's bound on digits
        raise LineError(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise LineError("no request: an object is expected")
    return found


def _said(error: json.JSONDecodeError) -> str:
    return error.msg[0].lower() + error.msg[1:]


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return at if found is None else found.end()


def _id(line: str) -> Any:
    """Return the `id` of a line that is no request, as far as it can be told."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    given = found.get("id") if isinstance(found, dict) else None
    return given if isinstance(given, (str, int)) else None


# From members to a request


def _documents(value: Any, name: str, nesting: int, path: str) -> _Read:
    if nesting == 0:
        policy = _policy(value, path)
        _check_principals(policy, name, path)
        return Named(path, policy)
    if not isinstance(value, list):
        what = "policies" if nesting == 1 else "levels, each a list of policies,"
        raise LineError(f"{path}: a list of {what} is expected")
    return tuple(
        _documents(inner, name, nesting - 1, f"{path}[{number}]")
        for number, inner in enumerate(value)
    )


def _policy(value: Any, path: str) -> Policy:
    try:
        return from_json(value)
    except PolicyError as error:
        raise LineError(f"{path}: {error}") from None


def _check_principals(policy: Policy, name: str, path: str) -> None:
    """Refuse a policy that AWS would not take in this place, lest it be taken for what it is not."""
    for number, statement in enumerate(policy.statements):
        if (statement.principals is not None) != (name in _WITH_PRINCIPAL):
            said = (
                "has no principal, which policies have there"
                if name in _WITH_PRINCIPAL
                else "names a principal, which no policy has there"
            )
            raise LineError(f"{path}: Statement[{number}] {said}")


def _request(members: dict[str, Any]) -> Request:
    if not members.keys() <= _ALL:
        odd = next(name for name in members if name not in _ALL)
        raise LineError(f"unknown member `{odd}`; there are {', '.join(_MEMBERS)}")
    given = members.get("id")
    if given is not None and not isinstance(given, (str, int, float)):
        raise LineError("id: a text or a number is expected")
    principal, action, resource = (
        _text(members, "principal"),
        _text(members, "action"),
        _text(members, "resource"),
    )
    _check(principal, action)
    account = members.get("resource_account")
    if account is not None and not (isinstance(account, str) and _is_account(account)):
        raise LineError("resource_account: twelve digits, or null, are expected")
    return Request(principal, action, resource, _context(members.get("context")), account)


_ALL: Final = frozenset(_MEMBERS)


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if isinstance(value, str) and value:
        return value
    raise LineError(
        f"member `{name}` is missing" if value is None else f"{name}: a text is expected"
    )


@lru_cache(maxsize=4096)
def _is_account(text: str) -> bool:
    return re.fullmatch(r"\d{12}", text, re.ASCII) is not None


@lru_cache(maxsize=4096)
def _check(principal: str, action: str) -> None:
    """Refuse a caller, or an action, that no request has."""
    if not is_principal(principal):
        raise LineError(
            f"principal: `{principal}` is no ARN of a user, role, session, federated user, root or "
            "identity provider, and neither `anonymous` nor of the form `service:NAME`"
        )
    kind, _, name = principal.partition(":")
    if kind == "service" and ("." not in name or name.lower() in KNOWN):
        # Policies name services in full: asked for by a short name, none would ever be met.
        raise LineError(
            f"principal: `{principal}` is no service principal in full: "
            f"`service:{service_principal(name)}`"
        )
    if not _ACTION.fullmatch(action):
        raise LineError(f"action: `{action}` is not of the form `service:Name`")


def is_principal(text: str) -> bool:
    """Tell whether a text is of a form that `Request.principal` has."""
    caller = caller_of(text)
    if caller.kind in {"service", "federated", "canonical"} and not text.startswith("arn:"):
        return bool(caller.text)
    return caller.kind in {"anonymous", "root"} or _PRINCIPAL_ARN.fullmatch(text) is not None


_NO_KEYS: Final[Context] = {}


@lru_cache(maxsize=4096)
def _context_of(text: str) -> Context:
    """Return the context of a text; raises `ValueError` or `RecursionError` for what is none."""
    return _context(_DECODER.decode(text))


def _context(value: Any) -> Context:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise LineError("context: an object of keys and their values is expected")
    made = {
        key.lower(): (values,) if isinstance(values, str) else _values(key, values)
        for key, values in value.items()
    }
    if len(made) != len(value):
        raise LineError("context: a key is written twice in different case")
    return made


def _values(key: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, list):
        return tuple(_value(key, value) for value in values)
    return (_value(key, values),)


def _value(key: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    raise LineError(f"context: `{key}`: a text, or a list of texts, is expected")


# Writing

_quoted: Callable[[str], str] = encode_basestring_ascii


def _answer(given: str, decision: Decision) -> str:
    """Return an answer's line; written by hand, because that takes a fifth of the time.

    Args:
        given: the `id`, as JSON.
    """
    verdict, matched, missing, reason, _ = decision
    return (
        f'{{"id": {given}, "decision": "{verdict}", '
        f'"matched": [{", ".join(map(_matched, matched))}], '
        f'"missing_keys": [{", ".join(map(_quoted, missing))}], "reason": {_quoted(reason)}}}'
    )


def _matched(matched: Matched) -> str:
    _, policy, number, statement = matched
    return f'{{"policy": {_quoted(policy)}, "statement": {number}, "effect": "{statement.effect}"}}'


def _error(given: Any, why: str) -> str:
    return json.dumps({"id": given, "error": why})
