"""Label: one picture large, the rule beside it, and keys. static/label.js does the rest in the browser."""

from __future__ import annotations

import gradio as gr

from concepts.definition.document import Definition
from concepts.workbench import ENOUGH_LABELS, Workbench
from web.http.answers import opening
from web.live import author_of, concept_of, guarded, live, on_load
from web.markup import empty, escape, icon, link, url

# (value, words, key, style): what a person can say of a picture.
ANSWERS = (
    ("yes", "Counts", "Y", "yes"),
    ("no", "Doesn't", "N", "no"),
    ("unsure", "Unsure", "U", ""),
    ("skip", "Skip", "S", ""),
)
KEYS = (
    ("Y", "It counts"),
    ("N", "It doesn't"),
    ("U", "Unsure: it could be either"),
    ("S", "Skip: not now, ask no more"),
    ("Z", "Take back the last answer, or the last batch"),
    ("C", "Write a comment on the picture"),
    ("←", "Back to what you answered; answering there changes it"),
    ("→", "Forward again"),
    ("G", "Grid: many pictures at once, and back"),
    ("?", "This list"),
)
GRID_KEYS = (
    ("← → ↑ ↓", "Move; with Shift, mark a range"),
    ("Y N U", "Answer the tile, or everything marked"),
    ("Space", "Flip: counts, doesn't, nothing"),
    ("Shift Y", "Everything without an answer counts"),
    ("Shift N", "Everything without an answer doesn't"),
    ("Enter", "Save them all at once"),
    ("Z", "Take the last batch back"),
)
TAGS = {"necessary": ("must", "must"), "supporting": ("helps", "helps"), "excluding": ("not", "not")}


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    area = live("label-area")
    on_load(blocks, lambda request: guarded(lambda: _render(workbench, request)), area)


def _render(workbench: Workbench, request: gr.Request) -> str:
    concept = concept_of(request)
    if concept is None:
        return empty(
            "Label what?",
            "Answers belong to a concept. Choose one, or begin one.",
            link("Go to Start", url("/"), kind="primary"),
        )
    view = workbench.definitions.concept(concept)
    if not workbench.pictures.library_info().pictures:
        return empty(
            "There are no pictures to label yet",
            "Add some to the library first; your concept is kept.",
            link("Add pictures", url("/library", view.name), kind="primary"),
        )
    state = opening(workbench, view.name, author_of(request)).model_dump_json()
    definition = view.revision.definition
    return (
        f'<div id="labeller" data-concept="{escape(view.name)}" data-enough="{ENOUGH_LABELS}" '
        f'data-state="{escape(state)}">'
        f"{_head(view.name)}{_trouble()}{_single(definition)}{_grid(definition)}{_help()}"
        '<div class="visually-hidden" aria-live="polite" data-part="said"></div></div>'
    )


def _head(name: str) -> str:
    return (
        f'<div class="head"><h1>{escape(name)}</h1>'
        '<span class="chip" data-part="count"></span>'
        '<span class="balance"><span class="bar" role="img" data-part="bar"></span>'
        '<small data-part="balance"></small></span>'
        '<span class="chip yes" data-part="saved" role="status">saved</span>'
        '<span class="grow"></span>'
        f"{_do('grid', 'Grid', 'G', icon_name='grid-3x3')}"
        f"{_do('help', 'Keys', '?')}"
        f'<a class="btn" data-part="onward" href="{url("/review", name)}">Go on: Review</a></div>'
    )


def _trouble() -> str:
    return (
        '<div class="notice bad" role="alert" data-part="trouble" hidden>'
        '<span data-part="trouble-words"></span> '
        '<button type="button" class="btn small" data-do="retry">Try again now</button></div>'
    )


def _single(definition: Definition) -> str:
    answers = "".join(_do(value, words, key, style) for value, words, key, style in ANSWERS)
    return (
        '<div class="label-one" data-part="one"><div class="label-main">'
        '<div class="stage" data-part="stage" aria-busy="true"></div>'
        f'<div class="keys">{answers}{_do("undo", "Undo", "Z", icon_name="undo-2")}'
        f"{_do('comment', 'Comment', 'C', icon_name='message-square')}</div>"
        f"{_comment()}"
        '<div class="row steps-back">'
        f"{_do('back', 'Back', '←', 'quiet small')}{_do('forward', 'Forward', '→', 'quiet small')}"
        '<small data-part="place"></small></div></div>'
        '<aside class="stack label-side">'
        '<section class="panel"><h2>Why this picture</h2><div data-part="why"></div></section>'
        '<section class="panel" data-part="last" hidden><h2>Your last answer</h2>'
        '<div data-part="last-body"></div></section>'
        f'<section class="panel"><h2>The rule</h2>{_rule(definition)}</section></aside></div>'
    )


def _rule(definition: Definition) -> str:
    """What counts, short enough to read between two pictures."""
    criteria = "".join(
        f'<li><span class="tag {TAGS[c.kind][0]}">{TAGS[c.kind][1]}</span><span>{escape(c.text)}</span></li>'
        for c in definition.criteria
    )
    return f'<p>{escape(definition.description)}</p><ul class="rule">{criteria}</ul>'


def _comment() -> str:
    return (
        '<form class="panel comment" data-part="comment" hidden><label for="comment-text">'
        '<span data-part="comment-about">Comment on this picture</span></label>'
        '<textarea id="comment-text" rows="2" maxlength="2000"></textarea><div class="row">'
        '<button class="btn primary small">Keep it <kbd>⏎</kbd></button>'
        '<button type="button" class="btn small" data-do="close-comment">Cancel <kbd>Esc</kbd></button>'
        "</div></form>"
    )


def _grid(definition: Definition) -> str:
    queries = "".join(
        f'<option value="query:{escape(query.text)}">Found by “{escape(query.text)}”</option>'
        for query in definition.queries
    )
    return (
        '<div class="label-grid" data-part="grid" hidden><div class="panel row grid-bar">'
        '<label>Show <select data-part="order"><option value="likely">what most likely counts</option>'
        '<option value="borderline">what it is least sure of</option>'
        f'<option value="unlikely">what most likely doesn\'t</option>{queries}</select></label>'
        '<label>Tiles <select data-part="size"><option>24</option><option selected>36</option>'
        "<option>60</option></select></label>"
        '<span class="grow"></span>'
        f"{_do('rest-no', 'The rest are no', '⇧N', 'no')}{_do('rest-yes', 'The rest are yes', '⇧Y', 'yes')}"
        f"{_do('clear', 'Clear', '', '')}{_do('save', 'Save', '⏎', 'primary')}</div>"
        '<p class="soft" data-part="grid-words" role="status"></p>'
        '<div class="tiles" data-part="tiles" role="group" aria-label="Pictures to answer together"></div>'
        "</div>"
    )


def _help() -> str:
    def table(keys: tuple[tuple[str, str], ...]) -> str:
        return "".join(f"<dt><kbd>{escape(key)}</kbd></dt><dd>{escape(words)}</dd>" for key, words in keys)

    return (
        '<dialog data-part="help" class="panel" aria-labelledby="help-title">'
        '<div class="head"><h2 id="help-title">Keys</h2><span class="grow"></span>'
        f'<button type="button" class="btn small" data-do="close-help">Close <kbd>Esc</kbd></button></div>'
        f'<div class="columns"><dl class="keys-list">{table(KEYS)}</dl>'
        f'<div><h2>In the grid</h2><dl class="keys-list">{table(GRID_KEYS)}</dl></div></div></dialog>'
    )


def _do(action: str, words: str, key: str, style: str = "", *, icon_name: str = "") -> str:
    """A button that label.js answers, with the key that presses it."""
    shown = f" <kbd>{escape(key)}</kbd>" if key else ""
    image = icon(icon_name) if icon_name else ""
    return (
        f'<button type="button" class="btn {style}" data-do="{action}">{image}{escape(words)}{shown}</button>'
    )
