"""A version as one page for whoever has never seen Discern: by a link, and as a file."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from concepts.export.account import Account
from concepts.export.story import TEMPLATES

STYLE = (Path(__file__).parent / "templates" / "account.css").read_text(encoding="utf-8")
Shown = Sequence[tuple[str, str]]  # role, and the address of a small copy


def hashed(text: str) -> str:
    """A script or style as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def linked_page(account: Account, pictures: Shown, expires: datetime, script: str) -> str:
    """A page for whoever has a link; `script` is the address of what sends pictures of theirs."""
    values = {"account": account, "pictures": pictures, "expires": expires, "script": script}
    return TEMPLATES.get_template("shared_link.html.jinja").render(style=STYLE, **values)


def page_of_a_link_that_is_over() -> str:
    """The same for one that expired, was ended, or never was one."""
    return TEMPLATES.get_template("shared_gone.html.jinja").render(style=STYLE)


def shared_document(account: Account, pictures: Shown) -> str:
    """A file without a script or anything to load; `pictures` are in their addresses."""
    only = f"img-src data:; style-src {hashed(STYLE)}; base-uri 'none'; form-action 'none'"
    return TEMPLATES.get_template("shared.html.jinja").render(
        account=account,
        pictures=pictures,
        policy=f"default-src 'none'; {only}",
        style=STYLE,
        today=datetime.now(UTC),
    )
