"""What axe finds serious on a page, in one theme or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")


def serious(page: Any) -> list[tuple[str, str]]:
    """Rule and element, on the page as it is."""
    violations = Axe().run(page).response["violations"]
    return [
        (v["id"], node["html"][:200]) for v in violations if v["impact"] in SERIOUS for node in v["nodes"]
    ]


def serious_in_both_themes(page: Any, reload: Callable[[], None] | None = None) -> list[tuple[str, str, str]]:
    """Theme, rule and element. `reload` brings the page back in each theme; else only colours change."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        if reload:
            reload()
        found += [(scheme, *one) for one in serious(page)]
    page.emulate_media(color_scheme="light")
    return found
