"""What an address consists of, also where its password has characters that end a host."""

from __future__ import annotations

import re

ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*://)(.*)", re.IGNORECASE | re.DOTALL)
HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(:\d+)?")  # perhaps with a port


def parts_of(address: str) -> tuple[str, str, str] | None:
    """Scheme, name and password, and the rest; None for what is no address. Where a password has characters
    that end a host, such as # or /, all up to the last @ counts as part of it."""
    if (match := ADDRESS.fullmatch(address)) is None:
        return None
    scheme, rest = match.groups()
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    login, _, _ = authority.rpartition("@")
    if not login and HOST.fullmatch(authority) is None:
        login = rest.rpartition("@")[0]
    return scheme, login, rest[len(login) :].removeprefix("@")
