"""The systems behind the product: where each lives and what it is worth. `python -m study.systems` writes
`docs/methods.md`."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

from study.all_methods import FILE, KEPT, LIBRARY, LISTS
from study.report import TEMPLATES

SYSTEMS = Path(__file__).with_name("systems.toml")
PAGE = Path(__file__).parents[1] / "docs" / "methods.md"


def systems() -> list[dict[str, Any]]:
    """Parts, each with its systems, as the TOML file has them."""
    parts: list[dict[str, Any]] = tomllib.loads(SYSTEMS.read_text(encoding="utf-8"))["part"]
    empty = {"lives": [], "methods": [], "found": ""}
    return [part | {"system": [empty | one for one in part["system"]]} for part in parts]


def page() -> str:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    lists = [one for one in LISTS if one.name in kept]
    measured = {name: of["measure"] for one in lists for name, of in kept[one.name]["methods"].items()}
    rows = {
        words: [", ".join(f"{value:.3f}" for value in _by_budget(kept[one.name][measure])) for one in lists]
        for measure, words in ((FILE, "*the app, exported file*"), (LIBRARY, "*the app, library* ≡"))
    }
    for name, measure in measured.items():
        words = f"`{name}`{' ≡' if measure == LIBRARY else ''}"
        rows[words] = [_differences(kept[one.name]["methods"].get(name)) for one in lists]
    return TEMPLATES.get_template("methods.md.jinja").render(
        parts=systems(),
        where=_where,
        found=lambda system: _found(system, measured),
        titles=[f"{one.name}, after {', '.join(map(str, one.budgets))}" for one in lists],
        rows=rows,
    )


def _found(system: Mapping[str, Any], measured: Container[str]) -> str:
    below = [f"`{name}`" for name in system["methods"] if name in measured]
    return " ".join(filter(None, [system["found"], f"Below: {', '.join(below)}." if below else ""]))


def _where(system: Mapping[str, Any]) -> str:
    places: dict[str, list[str]] = {}
    for file in system["lives"]:
        place = "laboratory" if file.startswith("study/") else "app"
        places.setdefault(place, []).append(f"[{Path(file.removesuffix('/__init__.py')).stem}](../{file})")
    return "; ".join(f"{place}: {', '.join(links)}" for place, links in places.items()) or "–"


def _by_budget(of: Mapping[str, Any]) -> list[Any]:
    return [of[budget] for budget in sorted(of, key=int)]


def _differences(found: Mapping[str, Any] | None) -> str:
    cells = []
    for mean, low, high in _by_budget(found["differences"]) if found else []:
        mark = "**" if low > 0 else "*" if high < 0 else ""
        cells.append(f"{mark}{mean:+.3f}{mark} ({low:+.3f} to {high:+.3f})")
    return "<br>".join(cells) or "–"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
