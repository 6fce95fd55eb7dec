"""A version as one page for whoever has never seen Discern: a part that a page by link shows, and a file."""

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


def account_body(account: Account, pictures: Shown) -> str:
    return TEMPLATES.get_template("account.html.jinja").render(account=account, pictures=pictures)


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
