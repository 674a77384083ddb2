"""Calls of AWS's API that are made again where AWS asks for patience."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from iamdsl.deploy._terms import Client, Data

_BUSY = frozenset(
    "Throttling ThrottlingException ThrottledException RequestThrottled RequestThrottledException"
    " RequestLimitExceeded TooManyRequestsException TooManyRequests PriorRequestNotComplete"
    " SlowDown BandwidthLimitExceeded ServiceUnavailable ServiceUnavailableException"
    " InternalFailure InternalError InternalServerError InternalServerException ServiceFailure"
    " ServiceFailureException RequestTimeout RequestTimeoutException".split()
)
"""AWS has too much to do, or lost its thread."""

_UNSETTLED = frozenset(
    "ConcurrentModification ConcurrentModificationException ConcurrentModificationExceptionException"
    " EntityTemporarilyUnmodifiable DeleteConflict ConflictException OperationAborted"
    " PolicyInUseException PolicyChangesInProgressException".split()
)
"""What was done a moment ago has not come through everywhere."""

_UNKNOWN = frozenset("NoSuchEntity ResourceNotFoundException PolicyNotFoundException".split())
_UNREADABLE = ("Malformed", "Invalid")
_BUSY_ATTEMPTS, _UNSETTLED_ATTEMPTS = 10, 7
_LONGEST = 16.0  # seconds
_AT_ONCE = 8
"""Calls that wait for AWS together; with more it would ask for patience."""

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


def code(error: BaseException) -> str:
    """Return what AWS calls an error; empty for an error of another kind."""
    answer = getattr(error, "response", None)
    return str(answer.get("Error", {}).get("Code", "")) if isinstance(answer, dict) else ""


def call(
    client: Client,
    service: str,
    operation: str,
    request: Data,
    sleep: Callable[[float], None],
    *,
    patient: bool = False,
) -> Data:
    """Make a call, and make it again while AWS is busy; raises what AWS says at last.

    Args:
        operation: the name of the client's method.
        patient: whether what the call needs may have been made a moment ago: what AWS does not
            know yet is asked for again, for half a minute.
    """
    attempt = 0
    while True:
        try:
            answer: Data = getattr(client(service), operation)(**request)
        except Exception as error:
            attempt += 1
            if attempt >= _attempts(error, patient=patient):
                raise
            sleep(delay(attempt))
        else:
            return answer


def pages(
    client: Client,
    service: str,
    operation: str,
    request: Data,
    sleep: Callable[[float], None],
) -> Iterator[Data]:
    """Yield all pages of an answer, by the markers of IAM or the tokens of the other services."""
    marker: Data = {}
    while True:
        page = call(client, service, operation, {**request, **marker}, sleep)
        yield page
        if page.get("IsTruncated") and page.get("Marker"):
            marker = {"Marker": page["Marker"]}
        elif page.get("NextToken"):
            marker = {"NextToken": page["NextToken"]}
        else:
            return


def listed_by(
    client: Client,
    service: str,
    operation: str,
    request: Data,
    member: str,
    sleep: Callable[[float], None],
) -> list[Any]:
    """Return what a member has on all pages of an answer."""
    found = pages(client, service, operation, request, sleep)
    return [item for page in found for item in page.get(member, ())]


def together(ask: Callable[[_Asked], _Answer], about: Iterable[_Asked]) -> list[_Answer]:
    """Return what is answered of each thing, in their order, asked some at a time."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(ask, about))


def delay(attempt: int) -> float:
    """Return how many seconds to wait after an attempt: twice as long each time, not in step."""
    whole = min(_LONGEST, 0.25 * 2.0**attempt)
    return whole * (0.75 + (attempt * 37 % 100) / 400)


def _attempts(error: Exception, *, patient: bool) -> int:
    """Return how many attempts there are for a call that ends like this."""
    name = code(error)
    if name in _BUSY:
        return _BUSY_ATTEMPTS
    if name in _UNSETTLED:
        return _UNSETTLED_ATTEMPTS
    # A principal, or what a call is about, was made a moment ago.
    if patient and (name in _UNKNOWN or _names_principal(name, error)):
        return _UNSETTLED_ATTEMPTS
    return 1


def _names_principal(name: str, error: Exception) -> bool:
    return name.startswith(_UNREADABLE) and "principal" in str(error).lower()
