"""What an address consists of, also where its password has characters that end a host."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

HARMLESS = "api-version"  # in the query of an address of Azure's kind, whose other values may be keys
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


def secrets_in(address: str) -> list[str]:
    """Values in the query that may be keys, as they are written and as they are meant."""
    query = address.partition("#")[0].partition("?")[2]
    pairs = (pair.partition("=") for pair in query.split("&"))
    values = [value or name for name, _, value in pairs if name and name != HARMLESS]
    return [text for value in values for text in (value, unquote_plus(value))]
