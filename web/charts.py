"""Small charts as inline SVG. Each is a figure with a text alternative and the same numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from concepts.learning.report import ReliabilityBin
from web.markup import escape

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 38, 12, 12, 36  # around the plot, for the axes
TABLE_ROWS = 12
HALF = 100  # height of the upper and of the lower half of the histogram, in units of its view box

Point = tuple[float, float]
Cells = Sequence[Sequence[str]]


def figure(drawing: str, caption: str, columns: Sequence[str], rows: Cells) -> str:
    """A drawing with its caption, and its numbers behind “As a table”."""
    head = "".join(f'<th scope="col" class="num">{escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>" + "".join(f'<td class="num">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return (
        f'<figure class="chart">{drawing}<figcaption class="soft">{escape(caption)}</figcaption>'
        f"<details><summary>As a table</summary><div class='scroll'><table class='figures'><tr>{head}"
        f"</tr>{body}"
        "</table></div></details></figure>"
    )


def precision_recall(precision: Sequence[float], recall: Sequence[float], at: Point | None) -> str:
    """Both (k,) by falling threshold; `at` is (recall, precision) of the threshold in use."""
    points = list(zip(recall, precision, strict=True))
    steps = [points[0]] if points else []
    for before, after in pairwise(points):
        steps += [(after[0], before[1]), after]  # what is right of the flagged changes at each picture
    x, y = at or (0.0, 0.0)
    hidden = "" if at else " hidden"
    dot = f'<circle data-dot cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="6" class="dot"{hidden}></circle>'
    said = (
        "Curve of how many of 100 flagged pictures are right, against how many of 100 that count are found."
    )
    if at:
        said += f" At the threshold: {100 * y:.0f} right, {100 * x:.0f} found."
    drawing = _plot(
        f'<path d="{_path(steps)}" class="line yes"></path>{dot}',
        said,
        "found, of 100 that count",
        "right, of 100 flagged",
    )
    kept = _thinned(points)
    rows = [(f"{100 * found:.0f}", f"{100 * right:.0f}") for found, right in kept]
    return figure(drawing, "Up and to the right is better.", ("found of 100", "right of 100"), rows)


def reliability(bins: Sequence[ReliabilityBin]) -> str:
    """How sure it was against how often it was right, per bin: {predicted, observed, low, high, n}."""
    diagonal = f'<path d="{_path([(0, 0), (1, 1)])}" class="guide"></path>'
    marks = "".join(
        f'<path d="M{_x(b.predicted):.1f} {_y(b.low):.1f}V{_y(b.high):.1f}" class="range"></path>'
        f'<circle cx="{_x(b.predicted):.1f}" cy="{_y(b.observed):.1f}" r="4.5" class="dot yes">'
        f"</circle>"
        for b in bins
    )
    said = "How often pictures count, by how sure the version is: " + ", ".join(
        f"{100 * b.predicted:.0f} % sure, {100 * b.observed:.0f} % count" for b in bins
    )
    rows = [
        (
            f"{100 * b.predicted:.0f} %",
            f"{100 * b.observed:.0f} % ({100 * b.low:.0f}–{100 * b.high:.0f})",
            f"{b.n:,.0f}",
        )
        for b in bins
    ]
    drawing = _plot(diagonal + marks, said, "how sure it was, %", "how many count, %")
    return figure(
        drawing,
        "On the dotted line, “80 % sure” is right 80 times of 100. Lines are 95 % ranges.",
        ("how sure", "really count", "pictures"),
        rows,
    )


def histogram(edges: Sequence[float], yes: Sequence[int], no: Sequence[int]) -> str:
    """Bars for the slider to lie over: pictures that count upwards, the others downwards.

    Heights are square roots, or a hundred easy pictures would hide the few that matter.
    """
    most = sqrt(max([*yes, *no, 1]))
    bars = []
    for left, right, up, down in zip(edges, edges[1:], yes, no, strict=False):
        x, width = 1000 * left + 4, 1000 * (right - left) - 8
        tall, deep = HALF * sqrt(up) / most, HALF * sqrt(down) / most
        if up:
            bars.append(
                f'<rect x="{x:.0f}" y="{HALF - tall:.1f}" width="{width:.0f}" height="{tall:.1f}" '
                f'class="yes"></rect>'
            )
        if down:
            bars.append(
                f'<rect x="{x:.0f}" y="{HALF + 2}" width="{width:.0f}" height="{deep:.1f}" class="no"></rect>'
            )
    counted = f"{sum(yes)} checked pictures that count and {sum(no)} that don't"
    said = f"How sure the version is of {counted}, from 0 to 1."
    return (
        f'<svg viewBox="0 0 1000 {2 * HALF + 2}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said)}">'
        f'{"".join(bars)}<path d="M0 {HALF + 1}H1000" class="axis" vector-effect="non-scaling-stroke">'
        f"</path></svg>"
    )


def histogram_rows(
    edges: Sequence[float], yes: Sequence[int], no: Sequence[int]
) -> list[tuple[str, str, str]]:
    """The bins that hold a picture, as cells of a table."""
    spans = zip(edges, edges[1:], yes, no, strict=False)
    return [(f"{a:.2f}–{b:.2f}", str(up), str(down)) for a, b, up, down in spans if up or down]


def learning_curve(points: Sequence[tuple[int, float, float, float]]) -> str:
    """(answers, average precision, low, high), rising. The horizontal axis is in square roots."""
    last = max(points[-1][0], 1)
    placed = [(sqrt(n / last), value, low, high) for n, value, low, high in points]
    band = [(x, low) for x, _, low, _ in placed] + [(x, high) for x, _, _, high in reversed(placed)]
    line = [(x, value) for x, value, _, _ in placed]
    dots = "".join(
        f'<circle cx="{_x(x):.1f}" cy="{_y(v):.1f}" r="3.5" class="dot yes"></circle>' for x, v in line
    )
    ticks = [(sqrt(n / last), f"{n:,}") for n, *_ in points]
    said = "Average precision after so many answers: " + ", ".join(
        f"{n} answers {value:.2f}" for n, value, _, _ in points
    )
    drawing = _plot(
        f'<path d="{_path(band)}Z" class="band"></path><path d="{_path(line)}" class="line yes">'
        f"</path>{dots}",
        said,
        "answers",
        "average precision",
        ticks=_apart(ticks),
        unit=1,
    )
    rows = [(f"{n:,}", f"{value:.2f}", f"{low:.2f}–{high:.2f}") for n, value, low, high in points]
    return figure(
        drawing,
        "From the first answers of people alone; shaded: 95 % ranges.",
        ("answers", "average precision", "95 %"),
        rows,
    )


def _plot(
    inside: str,
    said: str,
    x_label: str,
    y_label: str,
    *,
    ticks: Sequence[tuple[float, str]] = (),
    unit: int = 100,
) -> str:
    """Axes from 0 to 1 around `inside`; `unit` is what 1 is called."""
    shown = ticks or [(share, f"{unit * share:g}") for share in (0, 0.5, 1)]
    across = "".join(
        f'<text x="{_x(x):.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{escape(text)}</text>'
        for x, text in shown
    )
    up = "".join(
        f'<path d="M{LEFT} {_y(share):.1f}H{WIDTH - RIGHT}" class="grid"></path>'
        f'<text x="{LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{unit * share:g}</text>'
        for share in (0, 0.5, 1)
    )
    names = (
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(x_label)}</text>'
        f'<text x="10" y="{HEIGHT - BOTTOM}" transform="rotate(-90 10 '
        f'{HEIGHT - BOTTOM})">{escape(y_label)}</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}">'
        f"{up}{across}{names}{inside}</svg>"
    )


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in points) if points else ""


def _thinned(points: Sequence[Point]) -> list[Point]:
    step = max(1, -(-len(points) // TABLE_ROWS))
    return [*points[::step], *([points[-1]] if points and (len(points) - 1) % step else [])]


def _apart(ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Of ticks from left to right those whose words don't run into each other, the last one among them."""
    kept: list[tuple[float, str]] = []
    for tick in reversed(ticks):
        if not kept or kept[-1][0] - tick[0] > 0.1:
            kept.append(tick)
    return kept[::-1]
