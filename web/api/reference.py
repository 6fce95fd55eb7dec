"""The OpenAPI document as a page: no scripts, nothing from elsewhere, in the look of the app."""

from __future__ import annotations

from typing import Any

from web.http.policy import STRICT_POLICY
from web.http.problems import kinds
from web.render import render

STYLE_HEADERS = {"Content-Security-Policy": STRICT_POLICY}


def reference_page(document: dict[str, Any], prefix: str) -> str:
    """HTML of an OpenAPI document whose paths begin at `prefix`."""
    return render("reference.html", document=document, prefix=prefix, problems=list(kinds()))
