"""The panels of Define as HTML. Every change they ask for names the revision it was made on: `5:2` is
item 2 of definition 5."""

from __future__ import annotations

from collections.abc import Sequence

from concepts.candidates.queries import QueryView
from concepts.definition.document import CriterionKind, Definition
from concepts.errors import DiscernError
from concepts.library.browsing import PictureView
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView, CriterionView, RevisionView
from web.markup import button, chip, dialog, escape, file_name, icon, icon_button, notice, thumbnail
from web.progress import is_going, job_failure, job_progress
from web.words import ago

WAITED_FOR = ("expand", "mine")
TITLES = {"expand": "Proposing what counts", "mine": "Finding pictures"}
TAGS: dict[CriterionKind, tuple[str, str, str]] = {
    "necessary": ("must", "must", "Every picture that counts shows this"),
    "supporting": ("helps", "helps", "Makes it more likely, but isn’t needed"),
    "excluding": ("not", "not", "A picture that shows this doesn’t count"),
}


def proposals(workbench: Workbench, view: ConceptView) -> str:
    """The work that is under way, or the two things that Discern can do here."""
    job = workbench.installation.latest_job(WAITED_FOR, view.name)
    if job and is_going(job):
        return job_progress(job, TITLES[job.kind])
    failed = job_failure(job, TITLES[job.kind]) if job and job.state == "failed" else ""
    settings = workbench.context.settings
    by = settings.llm_model if settings.has_endpoint and settings.llm_model else "the built-in vocabulary"
    first = not view.revision.definition.queries
    return (
        f'{failed}<div class="row helpers">'
        + button("Propose", "propose", icon_name="sparkles", kind="primary" if first else "")
        + f'<span class="soft">criteria and searches, by {escape(str(by))}; yours stay</span>'
        '<span class="grow"></span>' + button("Find pictures", "mine", icon_name="scan-search") + "</div>"
    )


# What counts


def criteria_panel(description: str, criteria: Sequence[CriterionView], revision: int) -> str:
    groups = "".join(_group(kind, [c for c in criteria if c.kind == kind], revision) for kind in TAGS)
    if not criteria:
        groups = '<p class="soft nothing">No criteria yet. Propose some, or add your own.</p>'
    return (
        '<section class="panel" aria-label="What counts"><h2>What counts</h2>'
        f"{_sentence(description, revision)}"
        f"{groups}{_add_criterion(revision)}</section>"
    )


def _sentence(description: str, revision: int) -> str:
    return (
        f'<details class="editor sentence"><summary><span>{escape(description)}</span>'
        f'<span class="btn quiet" title="Edit the sentence">{icon("pencil")}'
        '<span class="visually-hidden">Edit the sentence</span></span></summary>'
        f'<form data-action="sentence" data-value="{revision}:">'
        '<label for="sentence-text">The sentence</label>'
        f'<textarea id="sentence-text" name="text" rows="3" data-enter required maxlength="2000">'
        f'{escape(description)}</textarea><div class="row">'
        '<button class="btn primary small" type="submit">Save</button></div></form></details>'
    )


def _group(kind: CriterionKind, criteria: Sequence[CriterionView], revision: int) -> str:
    if not criteria:
        return ""
    word, style, meaning = TAGS[kind]
    rows = "".join(_criterion(criterion, revision) for criterion in criteria)
    return (
        f'<h3 class="group"><span class="tag {style}">{word}</span> <span class="soft">{meaning}</span></h3>'
        f'<ul class="criteria">{rows}</ul>'
    )


def _criterion(criterion: CriterionView, revision: int) -> str:
    value, text = f"{revision}:{criterion.index}", escape(criterion.text)
    place = f"criterion-{criterion.index}"
    keep = (
        icon_button("keep-criterion", value, "pin", f"Keep “{criterion.text}”") if criterion.proposed else ""
    )
    return (
        f'<li class="{"proposed" if criterion.proposed else ""}"><details class="editor"><summary>'
        f"<span>{text}<small>{escape(criterion.origin)}</small></span>"
        f'<span class="btn quiet" title="Edit">{icon("pencil")}<span class="visually-hidden">Edit “{text}”'
        f'</span></span></summary><form data-action="edit-criterion" data-value="{value}">'
        f'<label for="{place}">Words</label><input id="{place}" name="text" value="{text}" required '
        f'maxlength="300" autocomplete="off">{_kinds(place, criterion.kind)}<div class="row">'
        '<button class="btn primary small" type="submit">Save</button></div></form></details>'
        f"{keep}{icon_button('drop-criterion', value, 'trash-2', f'Delete “{criterion.text}”')}</li>"
    )


def _add_criterion(revision: int) -> str:
    return (
        f'<details class="editor adder"><summary><span class="btn">{icon("plus")}Add a criterion</span>'
        "</summary>"
        f'<form data-action="add-criterion" data-value="{revision}:">'
        '<label for="new-criterion">What is there to see?</label>'
        '<input id="new-criterion" name="text" required maxlength="300" autocomplete="off" '
        f'placeholder="Things lie on the floor">{_kinds("new", "necessary")}<div class="row">'
        '<button class="btn primary small" type="submit">Add</button></div></form></details>'
    )


def _kinds(place: str, chosen: CriterionKind) -> str:
    options = "".join(
        f'<label class="choice"><input type="radio" name="kind" value="{kind}"'
        f'{" checked" if kind == chosen else ""}><span class="tag {style}">{word}</span>'
        f'<span class="soft">{meaning}</span></label>'
        for kind, (word, style, meaning) in TAGS.items()
    )
    return (
        f'<fieldset class="choices" id="{place}-kind"><legend>What does it mean?</legend>{options}</fieldset>'
    )


# Where it looks


def queries_panel(queries: Sequence[QueryView], revision: int) -> str:
    counts = [query for query in queries if query.counts]
    others = [query for query in queries if not query.counts]
    similar = (
        '<h3 class="group"><span class="tag not">similar</span> '
        '<span class="soft">Looks alike but doesn’t count: good to learn the border from</span></h3>'
        + "".join(_query(query, revision) for query in others)
        if others
        else ""
    )
    return (
        '<section class="panel" aria-label="Where it looks"><h2>Where it looks</h2>'
        '<h3 class="group"><span class="tag must">counts</span> '
        '<span class="soft">Searches for what you want</span></h3>'
        f"{''.join(_query(query, revision) for query in counts)}{similar}{_add_query(revision)}</section>"
    )


def _query(query: QueryView, revision: int) -> str:
    value = f"{revision}:{query.index}"
    brought = chip(f"brought {query.brought:,}") if query.brought else ""
    actions = ""
    if query.index is not None:
        turn = "Doesn’t count: only looks similar" if query.counts else "Counts after all"
        keep = icon_button("keep-query", value, "pin", f"Keep “{query.text}”") if query.proposed else ""
        actions = (
            keep
            + icon_button("flip-query", value, "arrow-left-right", f"{turn}: “{query.text}”")
            + icon_button("drop-query", value, "trash-2", f"Drop “{query.text}”")
        )
    return (
        f'<div class="query {"proposed" if query.proposed else ""}"><div class="row"><span class="words">'
        f"{escape(query.text)}<small>{escape(query.origin)}</small></span>{brought}"
        f'<span class="grow"></span>{actions}</div>{_strip(query.found, query.text)}</div>'
    )


def _strip(found: Sequence[PictureView], words: str) -> str:
    if not found:
        return '<p class="soft nothing">Nothing to show: the library has no pictures yet.</p>'
    tiles = "".join(thumbnail(picture.id, file_name(picture.path)) for picture in found)
    return f'<div class="strip" tabindex="0" role="group" aria-label="Found by {escape(words)}">{tiles}</div>'


def _add_query(revision: int) -> str:
    return (
        f'<form class="add-query" data-action="add-query" data-value="{revision}:">'
        '<label for="new-query">Search for something else</label>'
        '<input id="new-query" name="text" required maxlength="300" autocomplete="off" '
        'placeholder="clothes on the floor"><div class="row">'
        '<button class="btn" type="submit" name="counts" value="yes">It counts</button>'
        '<button class="btn" type="submit" name="counts" value="no">Only looks similar</button></div></form>'
    )


# Examples


def examples_panel(definition: Definition, revision: int) -> str:
    tiles = "".join(
        f"<li>{thumbnail(picture_id, f'Example {number}')}<div class='row'>{chip(word, style)}"
        "<span class='grow'></span>"
        f"{icon_button('drop-example', f'{revision}:{picture_id}', 'x', 'Remove this example')}</div></li>"
        for ids, word, style in (
            (definition.examples, "counts", "yes"),
            (definition.counterexamples, "doesn’t", "no"),
        )
        for number, picture_id in enumerate(ids, start=1)
    )
    shown = (
        f'<ul class="pictures">{tiles}</ul>'
        if tiles
        else '<p class="soft">Optional. A picture says what words can’t: similar ones are looked for too.</p>'
    )
    return (
        '<section class="panel" aria-label="Example pictures"><div class="row"><h2>Example pictures</h2>'
        f'<span class="grow"></span>{button("Choose examples", "pick", icon_name="image-plus")}</div>'
        f"{shown}</section>"
    )


def picker(workbench: Workbench, words: str, revision: RevisionView, n: int) -> str:
    """Search results, each with two buttons."""
    try:
        tiles = "".join(
            f"<li>{thumbnail(picture.id, file_name(picture.path))}<div class='row'>"
            f"{button('Counts', 'example', f'{revision.number}:yes:{picture.id}', kind='yes small')}"
            f"{button('Doesn’t', 'example', f'{revision.number}:no:{picture.id}', kind='no small')}</div>"
            "</li>"
            for picture in workbench.definitions.possible_examples(revision.definition.name, words, n)
        )
        body = f'<ul class="pictures">{tiles}</ul>'
    except DiscernError as error:
        body = notice(str(error), "bad")
    return dialog(
        "Choose examples",
        '<form data-action="pick" class="row search"><label class="visually-hidden" for="pick-words">'
        "Search</label>"
        f'<input id="pick-words" name="words" value="{escape(words)}" maxlength="300" autocomplete="off">'
        f'<button class="btn" type="submit">{icon("search")}Search</button></form>{body}',
    )


# History


def history_panel(revisions: Sequence[RevisionView]) -> str:
    newest = revisions[-1].number
    rows = "".join(_revision(revision, newest) for revision in reversed(revisions))
    return (
        '<section class="panel" aria-label="History"><h2>History: nothing is ever lost</h2>'
        f'<ol class="history" reversed>{rows}</ol></section>'
    )


def _revision(revision: RevisionView, newest: int) -> str:
    by = "you" if revision.author == "me" else revision.author
    changed = button("What changed", "revision", str(revision.number), kind="small") if newest > 1 else ""
    back = (
        chip("this one", "yes")
        if revision.number == newest
        else button(
            "Go back to this", "restore", f"{newest}:{revision.number}", icon_name="rotate-ccw", kind="small"
        )
    )
    return (
        f'<li class="row"><b>{revision.number}</b><span class="words">{escape(revision.note)}'
        f"<small>{escape(by)}, {ago(revision.created)}</small></span>"
        f'<span class="grow"></span>{changed}{back}</li>'
    )


def revision_dialog(workbench: Workbench, name: str, number: int) -> str:
    """What a revision changed, and how it differs from the newest."""
    newest = workbench.definitions.concept(name).revision.number
    changed = (
        _diff(workbench, name, number - 1, number)
        if number > 1
        else "<p>The first one: nothing before it.</p>"
    )
    since = (
        f"<h3>From definition {number} to the newest ({newest})</h3>{_diff(workbench, name, number, newest)}"
        if number != newest
        else ""
    )
    back = (
        button(f"Go back to definition {number}", "restore", f"{newest}:{number}", icon_name="rotate-ccw")
        if number != newest
        else ""
    )
    return dialog(f"Definition {number}", f"<h3>What it changed</h3>{changed}{since}{back}")


def _diff(workbench: Workbench, name: str, before: int, after: int) -> str:
    """Added words are underlined with +, removed ones struck through with −: never colour alone."""
    runs = workbench.definitions.diff(name, before, after)
    if all(change == "same" for change, _ in runs):
        return "<p class='soft'>The words are the same: examples, or what is kept as yours, may differ.</p>"
    marks = {"added": "ins", "removed": "del"}
    said = {"added": "added: ", "removed": "removed: "}
    html = "".join(
        escape(text)
        if change == "same"
        else f'<{marks[change]}><span class="visually-hidden">{said[change]}</span>'
        f"{escape(text)}</{marks[change]}>"
        for change, text in runs
    )
    return f'<div class="diff">{html}</div>'
