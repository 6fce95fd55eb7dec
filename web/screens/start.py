"""Start: what do you want to recognise? And the concepts that exist, with where they are in the journey."""

from __future__ import annotations

import gradio as gr

from concepts.errors import DiscernError
from concepts.views import ConceptSummary
from concepts.workbench import Workbench
from web.live import author_of, guarded, live, on_action, on_event, on_load
from web.markup import button, chip, empty, escape, head, link, notice, thumbnail, url


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    intro = live("start-intro")
    with gr.Column(elem_classes="panel", elem_id="new-concept"):
        name = gr.Textbox(label="What do you want to recognise?", placeholder="Messy room", max_length=120)
        sentence = gr.Textbox(
            label="Say in one sentence what counts, and what doesn't",
            placeholder="A room where things lie about; not one that is only old or dark.",
            lines=2,
            max_length=2000,
        )
        begin = gr.Button("Begin", variant="primary", elem_id="begin", elem_classes="btn primary")
        outcome = gr.HTML(elem_id="begin-outcome")
    concepts = live("start-concepts")
    on_load(blocks, lambda request: _intro(workbench, request), intro)
    on_load(blocks, lambda request: _concepts(workbench, request), concepts)
    on_action(intro, lambda action, request: _fetch_sample(workbench), outputs=intro)
    on_event(
        begin.click,
        lambda request, name, sentence: _begin(workbench, name, sentence, request),
        [name, sentence],
        outcome,
    )


def _intro(workbench: Workbench, request: gr.Request) -> str:
    info = workbench.library_info()
    title = head("What do you want to recognise?")
    if info.pictures:
        return title + f"<p class='soft'>{escape(info.encoder_note)}</p>"
    return title + empty(
        "First, some pictures",
        "Discern looks in pictures of your own. Nothing leaves this computer.",
        '<div class="row" style="justify-content:center">'
        + link("Add my pictures", url("/library"), icon_name="folder-open", kind="primary")
        + button("Try the sample pictures", "sample", icon_name="download")
        + "</div>",
    )


def _fetch_sample(workbench: Workbench) -> str:
    def work() -> str:
        workbench.submit_sample()
        return notice("The sample pictures are on their way. Library shows how far they are.", "good") + link(
            "See the progress", url("/library")
        )

    return guarded(work)


def _begin(workbench: Workbench, name: str, sentence: str, request: gr.Request) -> str:
    try:
        view = workbench.create_concept(name, sentence, author=author_of(request))
    except DiscernError as error:
        return notice(str(error), "bad")
    address = url("/define", view.name)
    return (
        notice(f"“{view.name}” is begun.", "good")
        + link("Go on: what counts", address, kind="primary")
        + f'<meta http-equiv="refresh" content="0;url={address}">'
    )


def _concepts(workbench: Workbench, request: gr.Request) -> str:
    found = workbench.concepts()
    if not found:
        return ""
    return "<h2>Your concepts</h2><ul class='cards'>" + "".join(map(_card, found)) + "</ul>"


def _card(concept: ConceptSummary) -> str:
    covers = "".join(thumbnail(i, "") for i in concept.cover) or ""
    return (
        f'<li><a class="panel card" href="{url(concept.next_screen, concept.name)}">'
        f'<div class="cover">{covers}</div><div class="body"><b>{escape(concept.name)}</b>'
        f'<p class="soft">{escape(concept.description[:120])}</p><div class="row">'
        f"{chip(f'{concept.labels_by_people} answers by you')}"
        f"{chip(concept.quality or 'not measured yet', 'yes' if concept.quality else '')}"
        "</div></div></a></li>"
    )
