"""A version as one page for whoever has never seen Discern."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from concepts.bundle.account import Account

STYLE = (Path(__file__).parent / "templates" / "account.css").read_text(encoding="utf-8")
Shown = Sequence[tuple[str, str]]  # role, and the address of a small copy
TEMPLATES = Environment(
    loader=PackageLoader(__package__ or "", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def document_of(account: Account, pictures: Shown) -> str:
    """A file without a script or anything to load; `pictures` are in their addresses."""
    style = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    only = f"img-src data:; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'"
    today = datetime.now(UTC)
    return TEMPLATES.get_template("version_page.html.jinja").render(
        account=account,
        pictures=pictures,
        policy=f"default-src 'none'; {only}",
        style=STYLE,
        today=f"{today.day} {today:%B %Y}",
    )
