"""What a concept may be called: what can be said on screen, in an address and in a shell, and found again."""

from __future__ import annotations

import re

from concepts.errors import DiscernError

LONGEST = 120
_UNUSABLE = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BY_ID = re.compile(r"id:([1-9][0-9]{0,9})")


def checked_name(name: str) -> str:
    """The name without spaces around it. Raises `DiscernError` for one that a concept can't have."""
    name = name.strip()
    if not any(c.isprintable() and not c.isspace() for c in name):
        raise DiscernError("A concept needs a name that can be seen.")
    if len(name) > LONGEST or len(name.casefold()) > LONGEST:
        raise DiscernError(f"The name is too long: a concept's has at most {LONGEST} characters.")
    if _UNUSABLE.search(name):
        raise DiscernError("The name can't be used: it has a slash, a line break or a control character.")
    if name in (".", "..") or id_in(name) is not None:
        raise DiscernError(f"A concept can't be called “{name}”: in an address that means something else.")
    return name


def id_in(name: str) -> int | None:
    """7 of `id:7`, by which every concept can be named."""
    found = _BY_ID.fullmatch(name)
    return int(found[1]) if found else None
