"""Templates and plain values → HTML. Everything a template prints is escaped: names come from people."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from concepts.bundle import figures
from concepts.classifier.verdict import verdict
from concepts.errors import WrongUsageError
from concepts.learning.report import of_hundred
from concepts.learning.target import Target
from storage.pictures.formats import NAMES, PICTURE_SUFFIXES
from storage.pictures.videos import PLAYED, SUFFIXES, clock, is_there, split
from web import jobs, words

# Whether whoever asks may press a button, by its action. Buttons that they may not press are left out.
ALLOWED: ContextVar[Callable[[str], bool]] = ContextVar("allowed", default=lambda action: True)
# The query that protects pictures for whoever asks.
PROTECTED: ContextVar[Callable[[], str]] = ContextVar("protected", default=lambda: "")
THEME: ContextVar[str] = ContextVar("theme", default="")  # "light" or "dark"; empty if the system decides

FOLDER = Path(__file__).parent
ICONS = FOLDER / "static" / "icons"


@dataclass(frozen=True)
class Button:
    """A press reaches the screen's `on_action` as (action, value)."""

    label: str
    action: str
    value: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Notice:
    """One sentence about what was done or what went wrong, perhaps with the way back."""

    text: str
    kind: Literal["", "good", "bad", "warn"] = ""
    button: Button | None = None


def render(template: str, **values: Any) -> str:
    """HTML of a file in `templates/`. A name that the template asks for and nobody gave is an error."""
    return _environment().get_template(template).render(values).strip()


def say(text: str, kind: Literal["", "good", "bad", "warn"] = "", button: Button | None = None) -> str:
    """HTML of a notice alone."""
    return render("notice.html", said=Notice(text, kind, button))


def url(path: str, concept: str | None = None, /, **query: object) -> str:
    """Address of a screen, of a concept where one is given."""
    values = ({"concept": concept} if concept else {}) | query
    return path + (f"?{urlencode(values)}" if values else "")


def picture_address(picture_id: str, kind: Literal["thumbnail", "picture", "video"] = "thumbnail") -> str:
    """Where a picture is, protected as this person wants it or as the concept says."""
    return f"/media/{kind}/{picture_id}{PROTECTED.get()()}"


def file_name(path: str) -> str:
    """The last part of a path, of one inside of an archive too; of a frame its video and moment."""
    if frame := split(path):
        return f"{PurePath(frame[0]).name}, {clock(frame[1])}"
    return PurePath(path.rpartition("!/")[2]).name


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {
        "allowed": lambda action: ALLOWED.get()(action),
        "bare_drawing": figures.bare_drawing,
        "drawing": figures.drawing,
        "icon_svg": _icon,
        # What an answer is committed under, so that a second press of the same button changes nothing.
        "new_key": lambda: uuid.uuid4().hex,
        "picture_address": picture_address,
        "now": time.monotonic_ns,
        "picture_files": "image/*," + ",".join(sorted(PICTURE_SUFFIXES)),  # for `accept`
        "video_files": "".join(f",{one}" for one in SUFFIXES) if is_there() else "",
        "picture_formats": NAMES,
        "theme": THEME.get,
        "url": url,
    }
    environment.filters |= {
        "ago": words.ago,
        "aimed_at": _aimed_at,
        "as_json": json.dumps,
        "as_pair": lambda text: (text, text),
        "clock": words.clock,
        "count": words.count,
        "dollars": words.dollars,
        "duration": words.duration,
        "facts": jobs.facts,
        "file_name": file_name,
        "how_far": jobs.how_far,
        "in_short": lambda report: verdict(report).short,
        "job_title": jobs.job_title,
        "markdown": _markdown,
        "moment": clock,
        "number": "{:,}".format,
        "of_hundred": of_hundred,
        "outcome": jobs.outcome,
        "percent": words.percent,
        "reached": jobs.reached,
        "size": words.size,
        "sure": words.sure,
    }
    environment.tests["going"] = jobs.is_going
    environment.tests |= {"frame": split, "played": lambda video: video.lower().endswith(tuple(PLAYED))}
    return environment


def _markdown(text: str) -> str:
    """HTML of a text with marks; what is HTML in it is shown as it is written."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("js-default").render(text))


def _aimed_at(target: str) -> str:
    """What a version's threshold is for; one that was moved by hand says so itself."""
    try:
        return Target.parse(target).plainly
    except WrongUsageError:
        return target


@cache
def _icon(name: str) -> str:
    """A Lucide icon as it lies in `static/icons`, decorative: the text beside it says what it means."""
    svg = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    svg = re.sub(r'class="[^"]*"', 'class="icon" aria-hidden="true"', svg[svg.index("<svg") :], count=1)
    return re.sub(r"\s+", " ", svg)
