"""The OpenAPI document as a page: no scripts, nothing from elsewhere, in the look of the app."""

from __future__ import annotations

from typing import Any

from web.http.policy import STRICT_POLICY
from web.http.problems import kind_of, kinds
from web.render import render

STYLE_HEADERS = {"Content-Security-Policy": STRICT_POLICY}


def reference_page(document: dict[str, Any], prefix: str) -> str:
    """HTML of an OpenAPI document whose paths begin at `prefix`."""
    problems = [
        (kind_of(error), error.http_status, (error.__doc__ or "").split("\n\n")[0]) for error in kinds()
    ]
    return render("reference.html", document=document, prefix=prefix, problems=problems)
