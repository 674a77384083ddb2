"""The words of the language, by where they may stand; the tests hold them to the grammar."""

from __future__ import annotations

RESERVED = frozenset(
    "allow deny on to when unless except as for in if else use attach trust and or not let param"
    " extern import template".split()
)
"""Words that are never names; the other keywords are keywords only where one may stand."""

VERBS = frozenset(
    "allow deny trust attach use let param extern import template allows denies never".split()
)
"""Words that begin a member wherever they stand."""

NOUNS = frozenset(
    "policy boundary scp rcp session role user group permission_set organization ou account test"
    " guard for if always path max_session description tags id place instance_profile groups".split()
)
"""Words that begin a member when they are the first of a line."""

MEMBERS = VERBS | NOUNS

HEADS = frozenset("policy boundary scp rcp session role user group permission_set".split())
"""Words whose declarations have a name and a body."""

TOP = frozenset("import param extern template policy scp rcp role user group guard test".split())
"""Words that begin a declaration when they stand in the first column, whatever is open."""

JOINING = frozenset("on to when unless except as in and or not given else".split())
"""Words that go on with a sentence, even from the first column."""

IN_EXPRESSIONS = frozenset("service account oidc canonical anyone any all true false".split())
"""Words that mean something where a value is expected, so that no value can have them as name."""
