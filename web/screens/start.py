"""Start: what do you want to recognise? And the concepts that exist, with where they are in the journey."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from concepts.errors import DiscernError
from concepts.library.collection import LibraryInfo
from concepts.workbench import JOURNEY, Workbench
from concepts.workbench.concept_views import ConceptSummary
from web.live import Action, author_of, live, on_action, on_event, on_load
from web.markup import button, chip, escape, icon, link, notice, thumbnail, url
from web.progress import is_going, job_failure, job_progress
from web.words import ago, count

SAMPLE = "Getting the sample pictures"
ADDING = ("add pictures", "add sample")


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    hero = live("start")
    progress = live("start-progress")
    concepts = live("start-concepts")
    timer = gr.Timer(1, active=False)
    everything = [hero, progress, concepts, timer]
    on_load(blocks, lambda request: _everything(workbench), everything)
    on_action(
        hero,
        lambda action, request: _answer(workbench, action, author_of(request)),
        outputs=everything,
    )
    on_action(progress, lambda action, request: _job(workbench, action), outputs=everything)
    on_action(concepts, lambda action, request: _put_away(workbench, action), outputs=concepts)
    on_event(timer.tick, lambda request: _tick(workbench), outputs=everything)


def _everything(
    workbench: Workbench, said: str = "", fields: dict[str, str] | None = None
) -> tuple[Any, ...]:
    going = is_going(workbench.installation.latest_job(ADDING))
    return (
        _hero(workbench, said, fields or {}),
        _progress(workbench),
        _concepts(workbench),
        gr.Timer(active=going),
    )


def _tick(workbench: Workbench) -> tuple[Any, ...]:
    """While pictures come in only the progress changes: what is being typed stays."""
    if is_going(workbench.installation.latest_job(ADDING)):
        return gr.skip(), _progress(workbench), gr.skip(), gr.skip()
    return _everything(workbench)


def _answer(workbench: Workbench, action: Action, author: str) -> tuple[Any, ...]:
    if action.name == "sample":
        workbench.pictures.submit_sample()
        return _everything(workbench)
    fields = action.fields
    try:
        view = workbench.definitions.create_concept(
            fields.get("name", ""), fields.get("sentence", ""), author=author
        )
    except DiscernError as error:
        return _everything(workbench, notice(f"{error} Nothing was begun yet.", "bad"), fields)
    address = url("/define", view.name)
    said = notice(f"“{view.name}” is begun.", "good") + f'<a data-go href="{address}">Go on: what counts</a>'
    return _everything(workbench, said)


def _job(workbench: Workbench, action: Action) -> tuple[Any, ...]:
    try:
        if action.name == "cancel":
            workbench.jobs.store.cancel(int(action.value))
        elif action.name == "retry":
            workbench.jobs.store.retry(int(action.value))
            workbench.jobs.wake()
    except DiscernError as error:
        return _everything(workbench, notice(str(error), "bad"))
    return _everything(workbench)


def _put_away(workbench: Workbench, action: Action) -> str:
    try:
        if action.name == "delete":
            gone = workbench.definitions.delete_concept(action.value)
            said = f"“{gone.name}” is put away, with its definition, answers and versions."
            return _concepts(workbench, _undo(said, gone.id))
        if action.name == "undelete":
            name = workbench.definitions.undelete_concept(int(action.value))
            return _concepts(workbench, notice(f"“{name}” is back.", "good"))
    except DiscernError as error:
        return _concepts(workbench, notice(str(error), "bad"))
    return _concepts(workbench)


def _undo(said: str, concept_id: int) -> str:
    return (
        f'<div class="notice good" role="status"><div class="row">{escape(said)}'
        f"{button('Undo', 'undelete', str(concept_id), icon_name='undo-2', kind='small')}</div></div>"
    )


# The form


def _hero(workbench: Workbench, said: str, fields: dict[str, str]) -> str:
    info = workbench.pictures.library_info()
    return (
        '<h1 class="ask">What do you want to recognise?</h1>'
        f"{'' if info.pictures else _first_visit(workbench)}"
        f'<div class="panel">{_form(info, fields)}{said}</div>'
    )


def _form(info: LibraryInfo, fields: dict[str, str]) -> str:
    name, sentence = escape(fields.get("name", "")), escape(fields.get("sentence", ""))
    where = (
        f"Looks in the {count(info.pictures, 'picture')} of your library."
        if info.pictures
        else "There are no pictures yet; you can begin and add them later."
    )
    return (
        '<form data-action="begin" class="begin">'
        '<div class="fields"><div><label for="begin-name">Its name</label>'
        f'<input id="begin-name" name="name" value="{name}" placeholder="Messy room" required '
        'maxlength="120" '
        'autocomplete="off"></div><div>'
        '<label for="begin-sentence">In one sentence: what counts, and what doesn’t?</label>'
        '<textarea id="begin-sentence" name="sentence" rows="2" data-enter required maxlength="2000" '
        'placeholder="A room where things lie about; not one that is only old or dark.">'
        f"{sentence}</textarea></div></div>"
        f'<div class="row where">{icon("images")}<span class="soft">{escape(where)}</span>'
        f'<a class="quiet" href="{url("/library")}">{"Change it" if info.pictures else "Add pictures"}</a>'
        '<span class="grow"></span>'
        '<button class="btn primary" id="begin" type="submit">Begin <kbd>Enter</kbd></button></div></form>'
    )


def _first_visit(workbench: Workbench) -> str:
    busy = is_going(workbench.installation.latest_job(ADDING))
    sample = "" if busy else button("Try the sample pictures", "sample", icon_name="download")
    stays = "" if workbench.context.settings.has_endpoint else ", and nothing leaves this computer"
    return (
        f'<div class="panel first"><div>{icon("images")}</div><div><h2>First, some pictures</h2>'
        f"<p>Discern looks in pictures of your own. They stay where they are{stays}. "
        "Or try it with 962 free photos and drawings.</p>"
        '<div class="row">'
        f"{link('Add my pictures', url('/library'), icon_name='folder-open', kind='primary')}"
        f"{sample}</div></div></div>"
    )


def _what_runs(workbench: Workbench) -> str:
    """What does the work here, where it runs, and what would improve it: no more than is true."""
    settings, info = workbench.context.settings, workbench.pictures.library_info()
    host = urlsplit(settings.openai_base_url or "https://api.openai.com").hostname or "the endpoint"
    words = settings.llm_model if settings.has_endpoint else None
    eyes = settings.vlm_model if settings.has_endpoint else None
    rows = [
        (
            "Looks at pictures",
            "the built-in encoder" if info.encoder in (None, "embedded") else str(info.encoder),
            "here",
            info.encoder_note,
        ),
        (
            "Proposes what counts",
            words or "the built-in vocabulary",
            host if words else "here",
            ""
            if words
            else "It knows 12,000 nouns, not your reasons. A language model proposes criteria as well.",
        ),
        (
            "Answers beside you",
            eyes or "comparing pictures with your words",
            host if eyes else "here",
            ""
            if eyes
            else "A rough guess, weighed by how often it agrees with you. A vision model also says why.",
        ),
    ]
    items = "".join(
        f"<div><dt>{escape(what)}</dt><dd><b>{escape(who)}</b> "
        f"{chip('on this computer', 'yes') if where == 'here' else chip(f'sends to {where}', 'maybe')}"
        f'<p class="soft">{escape(note)}</p></dd></div>'
        for what, who, where, note in rows
    )
    more = (
        ""
        if words and eyes
        else '<p class="soft">Optional, one setting away: <code>OPENAI_BASE_URL</code> or '
        "<code>OPENAI_API_KEY</code>, with <code>DISCERN_LLM_MODEL</code> and <code>"
        "DISCERN_VLM_MODEL</code>.</p>"
    )
    return (
        '<aside class="runs" aria-label="What does the work"><h2>What does the work here, and what would '
        f"do it better</h2><dl>{items}</dl>{more}</aside>"
    )


def _progress(workbench: Workbench) -> str:
    job = workbench.installation.latest_job(ADDING)
    if job is None:
        return ""
    title = SAMPLE if job.kind == "add sample" else "Adding pictures"
    if is_going(job):
        return job_progress(job, title)
    return (
        job_failure(job, title)
        if job.state == "failed" and not workbench.pictures.library_info().pictures
        else ""
    )


# The concepts


def _concepts(workbench: Workbench, said: str = "") -> str:
    found = sorted(workbench.definitions.concepts(), key=lambda concept: concept.changed, reverse=True)
    cards = f"<ul class='cards'>{''.join(map(_card, found))}</ul>" if found else ""
    title = "<h2>Your concepts</h2>" if found else ""
    below = _put_away_ones(workbench) + _what_runs(workbench)
    return f'{title}<div aria-live="polite">{said}</div>{cards}{below}'


def _card(concept: ConceptSummary) -> str:
    covers = "".join(f"<div>{thumbnail(i, '')}</div>" for i in concept.cover)
    covers += "<div></div>" * (3 - len(concept.cover))
    address = url(concept.next_screen, concept.name)
    quality = concept.quality or "Not measured yet"
    return (
        f'<li class="panel card"><div class="cover" aria-hidden="true">{covers}</div><div class="body">'
        f'<h3><a href="{address}">{escape(concept.name)}</a></h3>'
        f'<p class="soft clamp">{escape(concept.description)}</p>{_journey(concept)}'
        f'<p class="facts"><b>{count(concept.labels_by_people, "answer")}</b> {_by_whom(concept)}. '
        f"{escape(quality)}.</p>"
        f'<div class="row foot"><span class="soft">Changed {ago(concept.changed)}</span><span class="grow">'
        "</span>"
        f'<button type="button" class="btn quiet" data-action="delete" data-value="{escape(concept.name)}" '
        f'aria-label="Delete {escape(concept.name)}" title="Delete">{icon("trash-2")}</button></div></div>'
        "</li>"
    )


def _journey(concept: ConceptSummary) -> str:
    marks = "".join(
        "<i "
        f'class="{"done" if step in concept.steps_done else "here" if step == concept.next_step else ""}">'
        "</i>"
        for step, _ in JOURNEY
    )
    behind = len(concept.steps_done)
    where = "all steps done" if behind == len(JOURNEY) else f"next: {concept.next_step}"
    said = f"{behind} of {len(JOURNEY)} steps done, {where}"
    return (
        f'<div class="journey" title="{said}"><span class="marks" aria-hidden="true">{marks}</span>'
        f'<span class="soft">{where.capitalize()}</span></div>'
    )


def _put_away_ones(workbench: Workbench) -> str:
    gone = workbench.definitions.deleted_concepts()
    if not gone:
        return ""
    rows = "".join(
        f'<li class="row"><span>{escape(item.name)}</span><span class="soft">{ago(item.deleted)}</span>'
        f"{button('Bring back', 'undelete', str(item.id), icon_name='undo-2', kind='small')}</li>"
        for item in gone
    )
    return f'<details class="put-away"><summary>Deleted ({len(gone)})</summary><ul>{rows}</ul></details>'


def _by_whom(concept: ConceptSummary) -> str:
    """A demo's or a study's answers are nobody's: say so here too."""
    if not concept.simulated:
        return "by you"
    if concept.simulated == concept.labels_by_people:
        return "by a simulated person"
    return f"by you, {concept.simulated:,} of them simulated"
