"""What the Quality screen shows: figures in words, the threshold, comparisons, and pictures it gets wrong."""

from __future__ import annotations

import json
from collections.abc import Sequence

from concepts.classifier.quality import (
    CurvePoint,
    Mistake,
    QualityView,
    ThresholdRow,
)
from concepts.learning.report import EvaluationReport, Metric
from concepts.workbench.concept_views import ConceptView
from web import charts
from web.markup import button, chip, empty, escape, file_name, head, icon, link, notice, thumbnail, url
from web.words import count

PAGE = 24
TARGETS = (
    ("f1", "Balance both kinds of mistake"),
    ("precision=0.9", "Few false alarms: 90 of 100 flagged are right"),
    ("precision=0.95", "Very few false alarms: 95 of 100 flagged are right"),
    ("recall=0.9", "Miss little: find 90 of 100 that count"),
    ("recall=0.95", "Miss very little: find 95 of 100 that count"),
)
BASELINES = {
    "the machine alone": "the machine’s labels alone",
    "the answers of people alone": "the answers of people alone",
    "answers shuffled": "answers shuffled, as a check",
}
WHO = {"person": "by people", "simulated": "simulated", "annotator": "by the machine"}


def no_concept() -> str:
    go = link("Begin or choose a concept", url("/"), icon_name="home", kind="primary")
    return head("Quality") + empty("Which concept?", "Quality belongs to a concept. Choose one on Start.", go)


def header(view: ConceptView) -> str:
    if not view.heads:
        return head(view.name, chip("nothing trained yet"))
    newest = view.heads[-1]
    learned = ", ".join(
        f"{c['yes'] + c['no']:,} {WHO[c['author_kind']]}" for c in newest.details.get("labels", [])
    )
    chips = [
        chip(f"version {newest.number}"),
        chip(f"from labels: {learned}" if learned else "from words alone"),
    ]
    use = link("Use it", url("/use", view.name), icon_name="package", kind="primary")
    return head(view.name, *chips, right=use)


def training_panel(view: ConceptView, new_answers: int, target: str) -> str:
    """The form that trains the next version, with what matters most."""
    labels = view.labels.train
    usable = labels["yes"] + labels["no"]
    if view.heads:
        state = f"{count(new_answers, 'new answer')} since version {view.heads[-1].number}."
    else:
        state = f"So far: {labels['yes']:,} count, {labels['no']:,} don’t."
    if not labels["yes"] or not labels["no"]:
        missing = "one that counts" if not labels["yes"] else "one that doesn’t"
        state += f" It takes at least {missing} to learn; until then a version is a search for the words."
    options = "".join(
        f'<option value="{value}"{" selected" if value == target else ""}>{escape(words)}</option>'
        for value, words in TARGETS
    )
    kind = "primary" if new_answers or not view.heads else ""
    return (
        '<form class="panel train" data-action="train"><div><label for="target">What matters most'
        f'</label><select id="target" name="target">{options}</select></div>'
        f'<button class="btn {kind}" id="train">{icon("play")}Train version {len(view.heads) + 1}</button>'
        f'<p class="soft">{escape(state)} {"" if usable >= 100 else more_labels(view.name, usable)}'
        " The threshold is chosen on answers it trains with, never on those that measure.</p></form>"
    )


def untrained(view: ConceptView) -> str:
    """What comes first: answers, then a training."""
    labels = view.labels.train
    if labels["yes"] and labels["no"]:
        return empty(
            "Ready to learn",
            "Train the first version. Then this page says how often it is right, shows where it is wrong, "
            "and lets you move the threshold.",
        )
    return empty(
        "First some answers",
        "A classifier learns from pictures you say yes and no to. Twenty make a start, a hundred are good.",
        link("Answer pictures", url("/label", view.name), icon_name="tags", kind="primary"),
    )


def more_labels(name: str, usable: int) -> str:
    return f'About {100 - usable} more help; <a href="{url("/label", name)}">go on labelling</a>.'


def main_panel(view: QualityView, name: str) -> str:
    """The figures in words and the threshold that moves them; or what is missing."""
    if not view.n:
        return empty(
            "Not measured yet",
            f"{count(view.waiting, 'picture')} of your library are kept apart for measuring. Answer some of "
            "them, five that count at the least, and this page says how good the version is.",
            link("Answer them", url("/label", name), icon_name="tags", kind="primary"),
        )
    who = "answered by you" if not view.simulated else "answers simulated, not a person’s"
    if 0 < view.simulated < view.n:
        who = f"{view.simulated} answers simulated, not a person’s"
    at = view.at
    lines = _line(
        "precision", "Of 100 pictures it flags, about ", " are right ", at.precision if at else None
    )
    lines += "<br>" + _line("recall", "It finds about ", " of every 100 ", at.recall if at else None)
    return (
        f'<div class="panel quality-main" data-threshold="{view.version.threshold!r}" '
        f'data-version="{view.version.number}" data-pictures="{view.pictures}" '
        f'data-own-flagged="{view.flagged if view.flagged is not None else ""}" '
        f"data-rows='{escape(json.dumps([_numbers(row) for row in view.rows]))}' "
        f"data-flagged='{json.dumps(view.flagged_at)}'>"
        f"<h2>On {view.n:,} pictures it never learned from: {view.positives} count, "
        f"{view.n - view.positives} "
        f"don’t ({escape(who)})</h2>"
        f'<p class="say">{lines}</p><p class="soft">{escape(_certainty(view))}</p>'
        f"{_missing(at, name)}{_stale(view)}{_threshold(view)}</div>"
    )


def _numbers(row: ThresholdRow) -> list[float | int | None]:
    """A row as `quality.js` reads it."""
    shares = [x for s in (row.precision, row.recall) for x in (s.value, s.low, s.high)]
    return [row.threshold, row.flagged, row.right, *(x if x is None else round(x, 4) for x in shares)]


def _line(name: str, before: str, after: str, share: Metric | None) -> str:
    known = share is not None and share.value is not None
    assert share is None or share.value is None or (share.low is not None and share.high is not None)
    value, span = (
        (f"{100 * share.value:.0f}", f"({100 * share.low:.0f}–{100 * share.high:.0f})")  # type: ignore[operator]
        if share is not None and known
        else ("", "")
    )
    unknown = "How many of those it flags are right" if name == "precision" else "How many it finds"
    return (
        f'<span data-line="{name}"><span data-known{"" if known else " hidden"}>{before}<em '
        f"data-value>{value}</em>"
        f"{after}<small data-range>{span}</small></span>"
        f"<span data-unknown{' hidden' if known else ''}>{unknown}: too few checked to say.</span></span>"
    )


def _certainty(view: QualityView) -> str:
    words = "In brackets: 95 % ranges."
    if view.waiting:
        narrower = 1 - (view.n / (view.n + view.waiting)) ** 0.5
        words += (
            f" Answering the {view.waiting} pictures still kept apart would make them about "
            f"{100 * narrower:.0f} % narrower."
        )
    return words


def _missing(at: ThresholdRow | None, name: str) -> str:
    if at is None:
        return notice(
            "At its threshold it flags none of the checked pictures. Move the threshold down.", "warn"
        )
    notes = dict.fromkeys(share.note for share in (at.precision, at.recall) if share.value is None)
    if not notes:
        return ""
    words = " ".join(f"{note.replace('the head calls yes', 'it flags')}" for note in notes)
    return notice(words, "warn") + link("Answer more", url("/label", name), icon_name="tags")


def _stale(view: QualityView) -> str:
    if not view.stale:
        return ""
    again = button("Measure again", "measure", str(view.version.number), icon_name="rotate-ccw", kind="small")
    return (
        '<div class="notice warn" role="status"><div class="row">Answers have changed since this was '
        "measured. The "
        f"figures here count them already, the comparison not yet. {again}</div></div>"
    )


def _threshold(view: QualityView) -> str:
    """The histogram with the slider over it."""
    curves = view.curves
    if curves is None:
        return ""
    own = min(max(round(1000 * view.version.threshold), 1), 999)
    edges, yes, no = (curves.histogram_edges, curves.histogram_yes, curves.histogram_no)
    rows = "".join(
        f"<tr>{''.join(f'<td class=num>{cell}</td>' for cell in row)}</tr>"
        for row in charts.histogram_rows(edges, yes, no)
    )
    flags = (
        ""
        if view.flagged is None
        else f"flags {view.flagged:,} of {view.pictures:,} pictures of your library"
    )
    score = (
        button("Count in the whole library", "score", str(view.version.number), kind="small")
        if view.flagged is None
        else ""
    )
    return f"""<div class="threshold">
<div class="row"><output class="flags" data-flags>{flags}</output>{score}<span class="grow"></span>
<span class="soft">yes from <b data-at>{view.version.threshold:.3f}</b> on</span></div>
<div class="plot" style="--at:{100 * view.version.threshold:.2f}%"><i class="flagged" aria-hidden="true"></i>
{charts.histogram(edges, yes, no)}
<input type="range" id="threshold" min="1" max="999" step="1" value="{own}" data-own="{own}"
 aria-label="Threshold: from how sure on it says yes"
 aria-valuetext="from {view.version.threshold:.3f} on"></div>
<div class="row ends soft"><span>surely not</span><span class="up">{icon("arrow-up")}counts</span>
<span class="down">{icon("arrow-down")}doesn’t</span><span>surely yes</span></div>
<details class="chart"><summary>As a table</summary><div class="scroll"><table class="figures"><tr>
<th class="num">how sure</th>
<th class="num">count</th><th class="num">don’t</th></tr>{rows}</table></div></details>
<div class="moved" data-moved hidden><div class="row">
<button type="button" class="btn primary" id="use-threshold"
 data-action="threshold">{icon("check")}Use this threshold</button>
<button type="button" class="btn" data-reset>{icon("undo-2")}Back to version {view.version.number}’s</button>
</div>
<p class="soft">It becomes a version of its own; this one stays. Choosing by these figures makes them slightly
optimistic, and that is written down with it. To avoid that, choose what matters most above and train.</p>
</div></div>"""


def comparison_panel(report: EvaluationReport | None, number: int) -> str:
    """This version beside the simpler ways, by average precision."""
    if report is None:
        return ""
    own = next(metric for metric in report.metrics if metric.name == "average_precision")
    rows = [(f"<b>version {number}</b>", own)]
    rows += [
        (escape(BASELINES.get(b.name, b.name)), metric) for b in report.baselines for metric in b.metrics
    ]
    body = "".join(f"<tr><td>{name}</td>{_cells(metric)}</tr>" for name, metric in rows)
    return (
        f'<div class="panel"><h2>Compared with, on the same {own.n:,}</h2><div class="scroll"><table '
        f'class="figures">'
        '<tr><th scope="col">way</th><th scope="col" class="num">average precision</th>'
        f'<th scope="col" class="num">95 %</th></tr>{body}</table></div>'
        '<p class="soft">How well the pictures that count come first: 1 is perfect.</p></div>'
    )


def _cells(metric: Metric) -> str:
    if metric.value is None:
        return f'<td class="num" colspan="2">{escape(metric.note)}</td>'
    return f'<td class="num">{metric.value:.2f}</td><td class="num">{metric.low:.2f}–{metric.high:.2f}</td>'


def curve_panel(points: Sequence[CurvePoint], going: bool) -> str:
    if going:
        return (
            '<div class="panel"><h2>What each answer helped</h2><p class="soft">Being worked out …</p></div>'
        )
    if not points:
        return ""
    first, last = points[0], points[-1]
    helps = "still help" if len(points) > 2 and last.value - points[-3].value > 0.02 else "help little by now"
    words = (
        f"From {first.value:.2f} after {first.labels} answers to {last.value:.2f} after {last.labels}: "
        f"more answers "
        f"{helps}."
    )
    chart = charts.learning_curve([(p.labels, p.value, p.low, p.high) for p in points])
    return f'<div class="panel"><h2>What each answer helped</h2><p>{words}</p>{chart}</div>'


def plots_panel(view: QualityView) -> str:
    curves = view.curves
    if curves is None:
        return ""
    at = (view.at.right / view.positives, view.at.right / view.at.flagged) if view.at else None
    return (
        '<div class="columns"><div class="panel"><h2>Right against found, at every threshold</h2>'
        f"{charts.precision_recall(curves.precision, curves.recall, at)}</div>"
        '<div class="panel"><h2>When it says how sure it is</h2>'
        f"{charts.reliability(curves.reliability)}</div></div>"
    )


def mistakes_panel(found: Sequence[Mistake], alarms_from: int, missed_from: int, checked: int) -> str:
    if not checked:
        return ""
    if not found:
        words = f"Nowhere, on the {checked:,} pictures people checked."
        return f'<div class="panel"><h2>Where it is wrong</h2><p>{words}</p></div>'
    alarms = [m for m in found if m.said == "no"]
    missed = [m for m in found if m.said == "yes"]
    return (
        '<div class="panel mistakes"><h2>Where it is wrong: open a picture to look again</h2>'
        + _mistakes("Flagged, though the answer is that it doesn’t count", "alarms", alarms, alarms_from)
        + _mistakes("Missed, though the answer is that it counts", "missed", missed, missed_from)
        + "</div>"
    )


def _mistakes(title: str, kind: str, found: Sequence[Mistake], start: int) -> str:
    if not found:
        return f"<h3>{title}</h3><p class='soft'>None.</p>"
    tiles = "".join(_tile(m) for m in found[start : start + PAGE])
    return (
        f"<h3>{title}: {len(found):,}</h3><ul class='pictures'>{tiles}</ul>{_pager(kind, start, len(found))}"
    )


def _tile(m: Mistake) -> str:
    learned = "" if m.purpose == "evaluation" else ", learned from"
    return (
        f'<li><button type="button" class="tile" id="open-{m.id[:12]}" data-action="open" '
        f'data-value="{m.id}">'
        f"{thumbnail(m.id, file_name(m.path))}"
        f'<span class="name">{_sure(m.probability)}{learned}</span></button></li>'
    )


def _sure(probability: float) -> str:
    return (
        f"{100 * probability:.0f} % sure"
        if 0.01 <= probability <= 0.99
        else ("hardly 1 % sure" if probability < 0.5 else "over 99 % sure")
    )


def _pager(kind: str, start: int, total: int) -> str:
    if total <= PAGE:
        return ""
    back = button("Back", f"page-{kind}", str(start - PAGE), icon_name="arrow-left") if start else ""
    on = (
        button("More", f"page-{kind}", str(start + PAGE), icon_name="arrow-right")
        if start + PAGE < total
        else ""
    )
    place = f'<span class="soft">{start + 1}–{min(start + PAGE, total)} of {total}</span>'
    return f'<div class="row pager">{back}{place}{on}</div>'


def correction(m: Mistake, view: ConceptView, key: str) -> str:
    """The dialog over one picture: what was answered, what the version thinks, and the answer again."""
    said = "It counts" if m.said == "yes" else "It doesn’t count"
    whose = "a simulated person" if m.simulated else "you"
    note = (
        "This picture measures: another answer corrects the figures, and trains nothing."
        if m.purpose == "evaluation"
        else "This picture was learned from: the next training takes another answer in."
    )
    keep, change = ("yes", "no") if m.said == "yes" else ("no", "yes")
    labels = {"yes": "It counts", "no": "It doesn’t count"}
    return (
        f'<dialog data-open aria-labelledby="correct-title"><div class="row"><h2 id="correct-title">'
        f"{escape(file_name(m.path))}</h2><span class='grow'></span>"
        f'<button type="button" class="btn quiet" data-close aria-label="Close">{icon("x")}</button></div>'
        f'<div class="detail"><div class="large"><img src="/media/picture/{m.id}" '
        f'alt="{escape(file_name(m.path))}"></div>'
        f'<form data-action="answer" data-value="{escape(json.dumps([m.id, key]))}">'
        f"<p>Answer so far, by {whose}: <b>{said}</b>.<br>Version {view.heads[-1].number} is "
        f"{_sure(m.probability)} "
        "that it counts.</p>"
        f'<p class="soft">{escape(view.revision.definition.description)}</p>'
        '<label for="correct-comment">Why (optional)</label>'
        '<textarea id="correct-comment" name="comment" rows="2" maxlength="2000"></textarea>'
        '<div class="row">'
        f'<button class="btn {change}" name="value" '
        f'value="{change}">{icon("check" if change == "yes" else "x")}{labels[change]}</button>'
        f'<button class="btn" name="value" value="unsure">{icon("circle-help")}Unsure</button>'
        f'<button class="btn quiet" name="value" value="{keep}">The answer was right</button></div>'
        f'<p class="soft">{note}</p></form></div></dialog>'
    )


def corrected(value: str, key: str) -> str:
    words = {"yes": "it counts", "no": "it doesn’t count", "unsure": "unsure"}[value]
    undo = button("Undo", "undo", key, icon_name="undo-2", kind="small")
    return f'<div class="notice good" role="status"><div class="row">Saved: {words}. {undo}</div></div>'
