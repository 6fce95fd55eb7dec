"""Pieces of HTML that the screens share. Everything that comes from people or files is escaped here."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from functools import cache
from html import escape
from pathlib import Path, PurePath
from urllib.parse import urlencode

STATIC = Path(__file__).parent / "static"


@cache
def icon(name: str) -> str:
    """A Lucide icon, decorative: the text beside it says what it means."""
    svg = (STATIC / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    svg = re.sub(r'class="[^"]*"', 'class="icon" aria-hidden="true"', svg[svg.index("<svg") :], count=1)
    return re.sub(r"\s+", " ", svg)


def url(path: str, concept: str | None = None, **query: str) -> str:
    """Address of a screen, of a concept where one is given."""
    values = ({"concept": concept} if concept else {}) | query
    return escape(path + (f"?{urlencode(values)}" if values else ""))


def button(
    label: str, action: str, value: str = "", *, icon_name: str = "", kind: str = "", key: str = ""
) -> str:
    """A button whose press reaches the screen's `on_action` as (action, value)."""
    image = icon(icon_name) if icon_name else ""
    shown_key = f" <kbd>{escape(key)}</kbd>" if key else ""
    return (
        f'<button type="button" class="btn {kind}" data-action="{escape(action)}" '
        f'data-value="{escape(value)}">{image}{escape(label)}{shown_key}</button>'
    )


def link(label: str, address: str, *, icon_name: str = "", kind: str = "") -> str:
    """A link that looks like a button. `address` comes from `url`."""
    return f'<a class="btn {kind}" href="{address}">{icon(icon_name) if icon_name else ""}{escape(label)}</a>'


def thumbnail(picture_id: str, alt: str, *, lazy: bool = True) -> str:
    loading = ' loading="lazy"' if lazy else ""
    return f'<img src="/media/thumbnail/{escape(picture_id)}" alt="{escape(alt)}" decoding="async"{loading}>'


def pictures(tiles: Iterable[tuple[str, str, str]], *, action: str = "") -> str:
    """A grid of (id, file name, caption). With an action every tile is a button."""
    items = []
    for picture_id, name, caption in tiles:
        inside = f'{thumbnail(picture_id, name)}<span class="name">{escape(caption or name)}</span>'
        if action:
            inside = (
                f'<button type="button" class="tile" data-action="{escape(action)}" '
                f'data-value="{escape(picture_id)}">{inside}</button>'
            )
        items.append(f"<li>{inside}</li>")
    return f'<ul class="pictures">{"".join(items)}</ul>'


def head(title: str, *chips: str, right: str = "") -> str:
    """The line every screen begins with: where am I, in what state, what next."""
    return (
        f'<div class="head"><h1>{escape(title)}</h1>{"".join(chips)}<span class="grow"></span>{right}</div>'
    )


def chip(text: str, kind: str = "") -> str:
    return f'<span class="chip {kind}">{escape(text)}</span>'


def notice(text: str, kind: str = "") -> str:
    """kind: good, bad or warn. Announced by screen readers."""
    role = "alert" if kind == "bad" else "status"
    return f'<div class="notice {kind}" role="{role}">{escape(text)}</div>'


def empty(title: str, text: str, action: str = "") -> str:
    """What a screen without content says: what this is for and what to do next."""
    return f'<div class="panel empty"><h2>{escape(title)}</h2><p>{escape(text)}</p>{action}</div>'


def file_name(path: str) -> str:
    return PurePath(path.rpartition("!/")[2]).name


def icon_button(action: str, value: str, icon_name: str, label: str) -> str:
    """A button that shows only its icon; the label is what screen readers say and the tooltip shows."""
    return (
        f'<button type="button" class="btn quiet" data-action="{escape(action)}" '
        f'data-value="{escape(value)}" '
        f'aria-label="{escape(label)}" title="{escape(label)}">{icon(icon_name)}</button>'
    )


def dialog(title: str, body: str) -> str:
    """A modal dialog that the page opens at once. Every one is new, so that it can be opened twice."""
    return (
        f'<dialog data-open="{time.monotonic_ns()}" aria-label="{escape(title)}"><div class="row">'
        f'<h2>{escape(title)}</h2><span class="grow"></span>'
        '<button type="button" class="btn quiet" data-close '
        f'aria-label="Close">{icon("x")}</button></div>{body}</dialog>'
    )
