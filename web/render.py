"""Pages without Gradio: templates and plain values → HTML. Everything a template prints is escaped."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import Any, Literal
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from storage.pictures.videos import clock, split
from web import words

THEME: ContextVar[str] = ContextVar("theme", default="")  # "light" or "dark"; empty if the system decides
FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Notice:
    """One sentence about what was done or what went wrong."""

    text: str
    kind: Literal["", "good", "bad", "warn"] = ""


def render(template: str, **values: Any) -> str:
    """HTML of a file in `templates/`. A name that the template asks for and nobody gave is an error."""
    return _environment().get_template(template).render(values).strip()


def url(path: str, concept: str | None = None, /, **query: object) -> str:
    """Address of a screen, of a concept where one is given."""
    values = ({"concept": concept} if concept else {}) | query
    return path + (f"?{urlencode(values)}" if values else "")


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
    environment.globals |= {"theme": THEME.get, "url": url}
    environment.filters |= {
        "as_json": json.dumps,
        "count": words.count,
        "thousands": "{:,}".format,
        "duration": words.duration,
        "size": words.size,
    }
    return environment
