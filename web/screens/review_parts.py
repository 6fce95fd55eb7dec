"""The pieces of the Review screen, as HTML."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from concepts.annotators.review import (
    KINDS,
    AnnotateEstimate,
    Evidence,
    ReviewItem,
    ReviewPage,
)
from web.markup import button, chip, empty, escape, file_name, head, icon, link, thumbnail, url
from web.words import count

WORDS = {
    "yes": "counts",
    "no": "doesn't count",
    "unsure": "unsure",
    "skip": "skipped",
    "conflict": "you differ",
}
RATINGS = {
    5: "surely counts",
    4: "probably counts",
    3: "can't tell",
    2: "probably doesn't count",
    1: "surely doesn't count",
}
KIND_NAMES = {
    "": "Everything",
    "disagreement": "You see it differently",
    "unsure": "It can't tell",
    "sample": "Not checked",
    "checked": "Checked by you",
}
KIND_STYLES = {"disagreement": "no", "unsure": "maybe", "sample": "", "checked": "yes"}
# Verdict → mark, words, style. An excluding criterion that is met speaks against the picture.
MARKS = {
    "met": ("✓", "holds", "yes"),
    "not met": ("✗", "doesn't hold", "no"),
    "unclear": ("?", "unclear", "maybe"),
}
EXCLUDING_MARKS = {
    "met": ("✗", "rules it out", "no"),
    "not met": ("✓", "doesn't rule it out", "yes"),
    "unclear": ("?", "unclear", "maybe"),
}
LONGEST = 40  # characters of a query that are shown


def header(concept: str) -> str:
    onward = link("Go on: Quality", url("/quality", concept))
    return head(concept, chip("what the machine said"), right=onward)


def ask_machine(estimate: AnnotateEstimate, *, first: bool) -> str:
    """The button that starts it, with what it will take."""
    pictures = count(estimate.pictures, "picture")
    if not estimate.model:
        how = "by the built-in comparison of pictures and words, on this computer, free of charge"
    elif estimate.usd is None:
        how = f"by {escape(estimate.model)}; what it costs is unknown, because no price is set"
    else:
        how = f"by {escape(estimate.model)}, for about ${estimate.usd:.2f}"
    budget = (
        '<label>Stop at (dollars) <input name="budget" inputmode="decimal" size="6"></label>'
        if estimate.model
        else ""
    )
    label = "Let the machine look" if first else "Let it look at the rest"
    kind = "primary" if first else ""
    start = f'<button class="btn {kind}">{label}</button>'
    form = f'<form class="row ask" data-action="annotate">{budget}{start}</form>'
    text = f"About {pictures} would be looked at, {how}."
    if first:
        return empty(
            "The machine has not looked at any picture yet",
            f"It labels what its searches found and says why; you correct the few that matter. {text}",
            form,
        )
    words = f'<span class="soft">Not looked at yet: {pictures}, {how}.</span><span class="grow"></span>'
    return f'<div class="panel row rest">{words}{form}</div>'


def machine_note(page: ReviewPage) -> str:
    weight = f"In training, a hundred of its labels weigh as much as {100 * page.weight:.0f} of yours. "
    return (
        f'<div class="panel"><p class="say">{escape(page.agreement)}</p>'
        f'<p class="soft">{weight if page.weight else ""}It has looked at '
        f"{count(page.annotated, 'picture')}; those kept for measuring are not shown, so that its reasons "
        "can't sway what you measure with.</p></div>"
    )


def cards(concept: str, page: ReviewPage, place: dict[str, str], keys: dict[str, str]) -> str:
    address = url("/review", concept, **place)
    body = (
        f'<ul class="review">{"".join(_card(item, keys) for item in page.items)}</ul>'
        if page.items
        else empty(
            "Nothing here",
            "No picture passes these filters.",
            button("Show everything", "show", "", kind="primary"),
        )
    )
    choose = _kinds(page, place) + _filters(page, place)
    return f'<div data-address="{address}">{choose}{body}{_pager(page, place)}</div>'


def _kinds(page: ReviewPage, place: dict[str, str]) -> str:
    chosen = place.get("kind", "")
    tabs = []
    for kind in ("", *KINDS):
        n = sum(page.counts.values()) if not kind else page.counts.get(kind, 0)
        value = urlencode({**place, "kind": kind, "page": ""})
        pressed = "true" if kind == chosen else "false"
        tabs.append(
            f'<button type="button" id="kind-{kind or "all"}" class="btn small tab" data-action="show" '
            f'data-value="{escape(value)}" aria-pressed="{pressed}">{KIND_NAMES[kind]} <b>{n:,}</b></button>'
        )
    return f'<div class="row tabs" role="group" aria-label="Which labels">{"".join(tabs)}</div>'


def _filters(page: ReviewPage, place: dict[str, str]) -> str:
    ratings = {str(r): f"{RATINGS[r]} ({n:,})" for r, n in sorted(page.ratings.items(), reverse=True)}
    queries = {q: f"{_found_by(q)} ({n:,})" for q, n in page.queries.items()}
    criteria = {c: f"{c} ({n:,})" for c, n in page.criteria.items()}
    verdicts = {"met": "holds", "not met": "doesn't hold"}
    parts = [
        _select("rating", "The machine says", ratings, place),
        _select("query", "Found by", queries, place),
        _select("criterion", "Decided on", criteria, place),
    ]
    if place.get("criterion"):
        parts.append(_select("verdict", "and it", verdicts, place))
    kind = f'<input type="hidden" name="kind" value="{escape(place.get("kind", ""))}">'
    return (
        f'<form class="filters row" data-action="filter">{kind}{"".join(parts)}'
        '<button class="btn small visually-hidden">Show</button></form>'
    )


def _select(name: str, label: str, options: dict[str, str], place: dict[str, str]) -> str:
    chosen = {place.get(name): " selected"}
    items = "".join(
        f'<option value="{escape(value)}"{chosen.get(value, "")}>{escape(text)}</option>'
        for value, text in options.items()
    )
    return (
        f'<label>{label}<select id="filter-{name}" name="{name}" data-submit>'
        f'<option value="">anything</option>{items}</select></label>'
    )


def _card(item: ReviewItem, keys: dict[str, str]) -> str:
    name = file_name(item.path)
    said = item.opinion
    you = (
        f'<span>You: <b class="{escape(item.answer)}">{WORDS[item.answer]}</b></span>' if item.answer else ""
    )
    evidence = "".join(_evidence(e) for e in said.evidence)
    found = ", ".join(_found_by(query) for query in item.brought_by[:2])
    comments = "".join(f"<p class='remark'>{escape(text)}</p>" for text in item.comments)
    return (
        f'<li class="panel review-card" data-kind="{item.kind}" data-picture="{item.id}" tabindex="-1">'
        f'<a class="look" href="/media/picture/{item.id}" target="_blank" rel="noopener">'
        f"{thumbnail(item.id, f'Picture {name}')}</a>"
        f'<div class="body"><div class="row">{chip(KIND_NAMES[item.kind], KIND_STYLES[item.kind])}</div>'
        f'<p class="verdict"><span>Machine: <b class="{said.value}">{RATINGS[said.rating]}</b></span>'
        f"{you}</p>"
        f'<p class="why {said.value}">{escape(said.rationale)}</p>'
        f'<ul class="evidence">{evidence}</ul>'
        f'<p class="soft">{escape(f"{name}, {found}" if found else name)}</p>{comments}'
        f"{_actions(item, item.id in keys)}</div></li>"
    )


def _evidence(evidence: Evidence) -> str:
    excluding = evidence.kind == "excluding"
    mark, words, style = (EXCLUDING_MARKS if excluding else MARKS)[evidence.verdict]
    return (
        f'<li><b class="{style}" aria-hidden="true">{mark}</b>{"Not: " if excluding else ""}'
        f'{escape(evidence.criterion)}<span class="visually-hidden">: {words}</span></li>'
    )


def _actions(item: ReviewItem, can_undo: bool) -> str:
    """Accepting and overriding are answers of the person; the key makes a second press harmless."""
    value = f"{item.id}|{uuid.uuid4().hex}"
    said = item.opinion.value
    labels = {
        "yes": "It's right: counts" if said == "yes" else "Counts",
        "no": "It's right: doesn't count" if said == "no" else "Doesn't count",
        "unsure": "Unsure",
    }
    order = ("no", "yes", "unsure") if said == "no" else ("yes", "no", "unsure")
    buttons = "".join(
        f'<button type="button" id="{answer}-{item.id[:12]}" class="btn small {answer}" '
        f'data-action="{answer}" data-value="{value}" '
        f'aria-pressed="{"true" if item.answer == answer else "false"}">{labels[answer]}</button>'
        for answer in order
    )
    undo = button("Take back", "undo", item.id, icon_name="undo-2", kind="small") if can_undo else ""
    field = f"comment-{item.id[:12]}"
    return (
        f'<div class="row answers">{buttons}{undo}</div>'
        f"<details><summary>{icon('message-square')} Comment</summary>"
        f'<form class="row" data-action="comment" data-value="{value}">'
        f'<label class="visually-hidden" for="{field}">Comment on {escape(file_name(item.path))}</label>'
        f'<textarea id="{field}" name="text" rows="2" maxlength="2000" data-enter '
        'placeholder="Why do you see it so?"></textarea><button class="btn small">Keep it</button>'
        "</form></details>"
    )


def _pager(page: ReviewPage, place: dict[str, str]) -> str:
    if page.pages == 1:
        return ""

    def go(label: str, to: int, there: bool) -> str:
        value = escape(urlencode({**place, "page": str(to)}))
        off = "" if there else " disabled"
        return (
            '<button type="button" class="btn small" data-action="show" '
            f'data-value="{value}"{off}>{label}</button>'
        )

    return (
        f'<nav class="row pager" aria-label="Pages">{go("← Before", page.page - 1, page.page > 1)}'
        f"<span>Page {page.page} of {page.pages}</span>"
        f"{go('Next →', page.page + 1, page.page < page.pages)}</nav>"
    )


def _found_by(query: str) -> str:
    words = f"found by “{query if len(query) <= LONGEST else query[:LONGEST].rstrip() + '…'}”"
    return {"random": "drawn at random", "example": "like your example"}.get(query, words)
