"""What the Use screen shows: the bundle and code for it, the library as a version sees it, all versions."""

from __future__ import annotations

from collections.abc import Sequence

from concepts.classifier.quality import HeadView
from concepts.classifier.versions import Comparison, ScoredPage
from concepts.jobs.runner import StoredJob
from concepts.learning.report import Metric
from concepts.workbench.concept_views import ConceptView
from web.markup import button, chip, empty, escape, file_name, head, icon, link, notice, thumbnail, url
from web.words import ago, count

PAGE = 24
ORDERS = (("top", "Surest"), ("borderline", "Borderline"), ("bottom", "Least likely"))
SAID = {"yes": "checked: counts", "no": "checked: doesn’t", "unsure": "unsure", "conflict": "people disagree"}
FIGURES = {
    "average_precision": "average precision",
    "precision": "flagged that are right",
    "recall": "counting that are found",
    "f1": "both together (F1)",
}


def no_concept() -> str:
    go = link("Begin or choose a concept", url("/"), icon_name="home", kind="primary")
    return head("Use") + empty(
        "Which concept?", "A classifier belongs to a concept. Choose one on Start.", go
    )


def no_version(name: str) -> str:
    go = link("Train the first version", url("/quality", name), icon_name="play", kind="primary")
    text = "Once a version is trained you can take it with you, and see what it makes of your library."
    return head(name) + empty("Nothing to use yet", text, go)


def header(view: ConceptView) -> str:
    newest = view.heads[-1]
    get = link("Download", bundle_address(view.name, newest.number), icon_name="download", kind="primary")
    return head(
        view.name, chip(f"version {newest.number} in use", "yes"), chip(quality_words(newest)), right=get
    )


def bundle_address(name: str, version: int) -> str:
    return url(f"/app/bundles/{version}.zip", name)


def quality_words(head: HeadView) -> str:
    precision = metric(head, "precision")
    if precision is None or precision.value is None:
        return "not measured yet"
    low, high = 100 * precision.low, 100 * precision.high
    return f"{100 * precision['value']:.0f} of 100 flagged are right ({low:.0f}–{high:.0f})"


def metric(head: HeadView, name: str) -> Metric | None:
    found = head.report.metrics if head.report else ()
    return next((m for m in found if m.name == name), None)


def take_panel(name: str, newest: HeadView, snippets: Sequence[tuple[str, str, str]]) -> str:
    """The bundle, and code that uses it: (title, what it needs, code)."""
    codes = "".join(_code(i, *snippet) for i, snippet in enumerate(snippets))
    get = link(f"Download version {newest.number}", bundle_address(name, newest.number), icon_name="download")
    return (
        '<div class="panel"><h2>Take it with you</h2><p>One folder of a few hundred kilobytes: weights, '
        "ONNX, a "
        "scorer in plain Python, its figures and its card. It holds none of your pictures.</p>"
        f'<div class="row">{get}{button("Read its card", "card", icon_name="info")}</div>'
        f"<h3>Code to copy</h3>{codes}</div>"
    )


def _code(index: int, title: str, needs: str, code: str) -> str:
    opened = " open" if index == 0 else ""
    return (
        f'<details class="code" name="use-code"{opened}><summary>{icon("arrow-right")}{escape(title)}'
        f'<span class="soft">{escape(needs)}</span></summary><div class="copyable">'
        f'<button type="button" class="btn small" data-copy="code-{index}">{icon("copy")}<span>Copy'
        f"</span></button>"
        f'<pre tabindex="0" aria-label="{escape(title)}"><code id="code-{index}">{escape(code)}</code>'
        f"</pre></div></details>"
    )


def library_panel(page: ScoredPage | None, order: str, version: int) -> str:
    """The library as the version ranks it, one page at a time."""
    if page is None:
        score = button(
            "Look at the whole library", "score-library", str(version), icon_name="play", kind="primary"
        )
        text = "The library is large, so the version looks at it in the background."
        return (
            '<div class="panel"><h2>In your library</h2>' + empty("Not looked at yet", text, score) + "</div>"
        )
    tabs = "".join(
        f'<button type="button" class="tab" id="order-{key}" data-action="order" data-value="{key}:0"'
        f"{' aria-current=true' if key == order else ''}>{words}</button>"
        for key, words in ORDERS
    )
    tiles = "".join(
        f"<li>{thumbnail(p.id, file_name(p.path))}<span class='name'>"
        f"{'<b class=yes>flagged</b>' if p.probability >= page.threshold else 'not flagged'}, "
        f"{percent(p.probability)}{f'; {SAID[p.said]}' if p.said in SAID else ''}</span></li>"
        for p in page.pictures
    )
    words = f"Version {page.version} flags {page.flagged:,} of {page.total:,}, from {page.threshold:.3f} on."
    return (
        f'<div class="panel"><div class="row"><h2>In your library</h2><span class="grow"></span>'
        f'<div class="tabs" role="group" aria-label="Which pictures">{tabs}</div></div><p>{words}</p>'
        f'<ul class="pictures">{tiles}</ul>{_pager(order, page)}</div>'
    )


def percent(probability: float) -> str:
    if probability >= 0.995:
        return "over 99 %"
    return "under 1 %" if probability < 0.005 else f"{100 * probability:.0f} %"


def _pager(order: str, page: ScoredPage) -> str:
    last = min(page.start + PAGE, page.total)
    back = (
        button("Back", "order", f"{order}:{page.start - PAGE}", icon_name="arrow-left") if page.start else ""
    )
    on = button("More", "order", f"{order}:{last}", icon_name="arrow-right") if last < page.total else ""
    place = f'<span class="soft">{page.start + 1:,}–{last:,} of {page.total:,}</span>'
    return f'<div class="row pager">{back}{place}{on}</div>'


def score_panel(version: int, jobs: Sequence[StoredJob]) -> str:
    """Pictures elsewhere: a folder of the computer → a file, and the files so far."""
    done = [job for job in jobs if job.state == "done" and job.result]
    rows = "".join(_file(job) for job in done[:5])
    files = f'<h3>Scored so far</h3><ul class="files">{rows}</ul>' if rows else ""
    return (
        '<div class="panel"><h2>Score other pictures</h2><form data-action="score-files" '
        f'data-value="{version}"><label for="score-folder">Folder on this computer; empty for your '
        f"library</label>"
        '<input id="score-folder" name="folder" type="text" placeholder="/home/ana/New pictures" '
        'autocomplete="off">'
        '<div class="row"><label for="score-suffix">as</label><select id="score-suffix" name="suffix">'
        '<option value="csv">CSV</option><option value="parquet">Parquet</option></select>'
        f'<button class="btn primary" id="score-files">{icon("play")}Score</button></div></form>{files}</div>'
    )


def _file(job: StoredJob) -> str:
    label = f"Download {job.arguments['suffix'].upper()}"
    get = link(label, url(f"/app/scores/{job.id}"), icon_name="download", kind="small")
    return (
        f"<li><span>{escape(_what(job))}<br><span class='soft'>{_counts(job)}</span></span>"
        f"<span class='grow'></span>{get}</li>"
    )


def _what(job: StoredJob) -> str:
    paths = job.arguments["paths"]
    return f"{paths[0] if paths else 'Your library'}, by version {job.arguments['version']}"


def _counts(job: StoredJob) -> str:
    result = job.result or {}
    skipped = f", {count(result['skipped'], 'bad file')} skipped" if result.get("skipped") else ""
    when = f", {ago(job.finished)}" if job.finished else ""
    return f"{count(result['rows'], 'picture')}, {result['yes']:,} flagged{skipped}{when}"


def versions_panel(view: ConceptView, one: int, other: int, origin: dict[int, str]) -> str:
    """Every version with its numbers, newest first; going back; and the two to compare."""
    newest = view.heads[-1].number
    rows = "".join(_version_row(view.name, h, newest, origin[h.number]) for h in reversed(view.heads))
    table = (
        '<div class="scroll"><table class="figures"><tr><th scope="col">version</th><th scope="col">from</th>'
        '<th scope="col" class="num">right of 100 flagged</th><th scope="col" class="num">found of 100</th>'
        '<th scope="col" class="num">average precision</th><th scope="col" class="num">yes from</th><th>'
        "</th></tr>"
        f"{rows}</table></div>"
    )
    compare = ""
    if len(view.heads) > 1:
        compare = (
            '<form class="row compare" data-action="compare"><label for="compare-one">Compare</label>'
            f'{_choice("compare-one", "one", view.heads, one)}<label for="compare-other">with</label>'
            f"{_choice('compare-other', 'other', view.heads, other)}"
            f'<button class="btn" id="compare">{icon("arrow-left-right")}Compare</button></form>'
        )
    return f'<div class="panel versions"><h2>Every version</h2>{table}{compare}</div>'


def _choice(elem_id: str, name: str, heads: Sequence[HeadView], chosen: int) -> str:
    options = "".join(
        f'<option value="{h.number}"{" selected" if h.number == chosen else ""}>version {h.number}</option>'
        for h in reversed(heads)
    )
    return f'<select id="{elem_id}" name="{name}">{options}</select>'


def _version_row(name: str, version: HeadView, newest: int, origin: str) -> str:
    labels = ", ".join(
        f"{c['yes'] + c['no']:,} {_WHO[c['author_kind']]}" for c in version.details.get("labels", [])
    )
    target = str(version.details.get("target", ""))
    detail = origin or (f"threshold for {target}" if target else "")
    here = " <span class='chip yes'>in use</span>" if version.number == newest else ""
    again = (
        ""
        if version.number == newest
        else button("Go back to it", "again", str(version.number), icon_name="history", kind="small")
    )
    get = (
        f'<a class="btn small quiet" href="{bundle_address(name, version.number)}" '
        f'aria-label="Download version {version.number}">{icon("download")}</a>'
    )
    return (
        f"<tr><td><b>{version.number}</b>{here}<br><span class='soft'>{ago(version.created)}</span></td>"
        f"<td>{escape(labels or 'words alone')}<br><span class='soft'>{escape(detail)}</span></td>"
        f"{_figure(version, 'precision', 100)}{_figure(version, 'recall', 100)}"
        f'{_figure(version, "average_precision", 1)}<td class="num">{version.threshold:.3f}</td>'
        f'<td class="num">{again}{get}</td></tr>'
    )


_WHO = {"person": "answers of people", "simulated": "simulated answers", "annotator": "by the machine"}


def _figure(version: HeadView, name: str, unit: int) -> str:
    found = metric(version, name)
    if found is None or found.value is None:
        return '<td class="num soft">not measured</td>'
    digits = 0 if unit == 100 else 2
    value, low, high = (f"{unit * (part or 0):.{digits}f}" for part in (found.value, found.low, found.high))
    return f"<td class='num'>{value}<br><span class='soft'>{low}–{high}</span></td>"


def comparison(found: Comparison) -> str:
    """Two versions side by side, and whether they surely differ."""
    if not found.n:
        return notice(
            "Nothing is measured yet, so there is nothing to compare. Answer pictures on Label first."
        )
    rows = "".join(
        f'<tr><td>{FIGURES[f.name]}</td><td class="num">{_value(f.one)}</td><td '
        f'class="num">{_value(f.other)}</td>'
        f'<td class="num">{_difference(f.difference)}</td><td>{_verdict(f.difference, found)}</td></tr>'
        for f in found.figures
    )
    return (
        f'<div class="panel"><h2>Version {found.one} beside version {found.other}, on the same {found.n:,} '
        f"pictures</h2><p>They say different things of {count(found.differently, 'picture')}.</p><div "
        f'class="scroll">'
        f'<table class="figures"><tr><th></th><th class="num">version {found.one}</th><th '
        f'class="num">version '
        f'{found.other}</th><th class="num">difference</th><th></th></tr>{rows}</table></div>'
        '<p class="soft">In brackets: 95 % ranges. A range of a difference that holds 0 may be chance.'
        "</p></div>"
    )


def _value(share: Metric) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "too few to say"
    return f"{share.value:.2f} <span class='soft'>({share.low:.2f}–{share.high:.2f})</span>"


def _difference(share: Metric) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "–"
    return f"{share.value:+.2f} <span class='soft'>({share.low:+.2f} to {share.high:+.2f})</span>"


def _verdict(share: Metric, found: Comparison) -> str:
    if share.value is None or share.low is None or share.high is None:
        return escape(share.note)
    if share.low > 0 or share.high < 0:
        return f"version {found.other if share.value > 0 else found.one} is better"
    return "the same" if share.low == share.high == 0 else "no sure difference"
