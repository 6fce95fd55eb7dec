"""A concept's story as HTML: the part that a screen shows, and a document that stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from concepts import __version__
from concepts.deliberation.story import StoryView
from concepts.export.figures import SHARE, Axis, Dot, Figure, Line, Mark
from concepts.export.svg import drawing

Point = tuple[str, float, float, float, int]  # what it is of, share, low, high, n


def story_body(story: StoryView, pictures: Mapping[str, str]) -> str:
    """`pictures`: id → the address of a small copy; those that have none are told by their names."""
    return _render("story_body.html.jinja", story, pictures)


def story_document(story: StoryView, pictures: Mapping[str, str]) -> str:
    """A page without a script or anything to load, that ends with lines to sign on."""
    return _render("story.html.jinja", story, pictures)


def over_time(name: str, title: str, label: str, points: Sequence[Point]) -> Figure:
    """Shares one after the other, at least one, each with its 95 % range."""
    step = 1 / len(points)
    placed = [(step * (place + 0.5), *point) for place, point in enumerate(points)]
    marks: list[Mark] = [Line(((x, low), (x, high)), "range") for x, _, _, low, high, _ in placed]
    marks += [Dot((x, value), "yes") for x, _, value, *_ in placed]
    every = max(len(points) // 8, 1)  # of many only some are named
    return Figure(
        name=name,
        title=title,
        said=f"{title}: " + ", ".join(f"{of} {100 * value:.0f} %" for of, value, *_ in points),
        caption="Lines are 95 % ranges.",
        x=Axis("", tuple((x, of) for x, of, *_ in placed[::every])),
        y=Axis(label, SHARE),
        marks=tuple(marks),
        columns=("", label, "95 %", "pictures"),
        rows=tuple((of, f"{v:.2f}", f"{low:.2f}–{high:.2f}", f"{n:,}") for of, v, low, high, n in points),
    )


def _figures(story: StoryView) -> list[Figure]:
    found = []
    if story.agreement:
        points = [
            (f"definition {one.definition}", one.agree / one.n, one.low, one.high, one.n)
            for one in story.agreement
        ]
        found.append(over_time("agreement", "Machine and people agree", "share that agrees", points))
    for name, title, label in (
        ("precision", "Of what it flags, right", "right, of the flagged"),
        ("recall", "Of what counts, found", "found, of what counts"),
    ):
        measured = [
            (f"version {one.version}", metric.value, metric.low, metric.high, metric.n)
            for one in story.quality
            if (metric := getattr(one, name)) and None not in (metric.value, metric.low, metric.high)
        ]
        if measured:
            found.append(over_time(name, title, label, measured))
    return found


def _render(template: str, story: StoryView, pictures: Mapping[str, str]) -> str:
    values: dict[str, Any] = {
        "story": story,
        "pictures": pictures,
        "figures": _figures(story),
        "version": __version__,
        "today": datetime.now(UTC),
    }
    return TEMPLATES.get_template(template).render(values)


TEMPLATES = Environment(
    loader=PackageLoader(__package__, "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
TEMPLATES.globals["drawing"] = drawing
TEMPLATES.filters["day"] = lambda when: f"{when.day} {when:%B %Y}"
