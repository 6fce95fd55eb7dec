"""Borderline: what the definition leaves open, five pictures at a time, and other words for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.collaborator.rounds import (
    AmbiguityView,
    RewordingView,
    RoundView,
    accept_wording,
    ambiguities_of,
    begin_round,
    find_ambiguities,
    last_round,
    reword,
    rewordings,
)
from concepts.collaborator.trials import WordingView
from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.jobs import newest_jobs
from concepts.library.protection import protection_on_page
from concepts.results.review import begin_review
from concepts.use_cases import App, Concept
from web.advice import in_words
from web.beside import Beside, one_of
from web.components.view import DataView
from web.handlers import EACH, PLAIN, author_of, calls, concept_of, may
from web.jobs import is_going
from web.label_tabs import label_tabs
from web.parts import Notice, Progress, data_view
from web.tiles import labelled_grid, tiles
from web.words import count

HERE = Path(__file__).parent
PATH = "/label/borderline"
WORK = ("find ambiguities", "reword")
GRID = "borderline-pictures"
VERDICTS = {
    "better": ("Agrees with you more often", "chip yes"),
    "harmless": ("No worse", "chip"),
    "not better": ("Not shown to be better", "chip maybe"),
}
KINDS = {
    "necessary": "Must",
    "included": "Counts",
    "supporting": "Helps",
    "excluding": "Not",
    "undecided": "Open",
}
BLACK, WHITE = "btn primary", "btn"


def build(app: App, opened: Any) -> None:
    Borderline(app, opened)


class Borderline:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "borderline-head")
        self.said = Notice("borderline-said").view
        self.stopped = Notice("borderline-stopped").view
        self.progress = Progress(app, "borderline-progress", WORK, of_concept=True)
        self.news = gr.Textbox(visible=False, value="")  # what changed while one looked
        with gr.Row(visible=False) as self.round:
            with gr.Column(scale=3, min_width=320):
                self.about = data_view(HERE / "round.html", "borderline-round")
                self.grid = labelled_grid("Borderline pictures", GRID, "wraps")
            with gr.Column(scale=1, min_width=260):
                self.beside = Beside(app, "borderline-beside")
        with gr.Accordion(
            "Other wordings", open=False, visible=False, elem_id="borderline-others"
        ) as self.fold:
            self.wordings = DataView(
                HERE / "wordings.html",
                script="/web/screens/borderline/wordings.js",
                elem_id="borderline-wordings",
                events=("edited",),
            )
        self.groups = data_view(HERE / "groups.html", "borderline-groups")

        work = [self.said, *self.progress.parts]
        shown = [*work, self.head, self.stopped, self.round, self.about, self.grid, self.groups]
        shown += [self.fold, self.wordings, self.beside.view]
        opened(self.open, None, shown, **PLAIN)
        self.progress.look_again(self.tick, [*self.progress.parts, self.news])
        self.news.change(self.renewed, self.said, shown[:-1], **PLAIN)
        self.beside.view.labelled(self.open_again, [self.said, self.beside.view], shown, **PLAIN)
        self.progress.when_pressed(self.look, work)
        self.grid.select(self.selected, None, self.beside.view, **EACH)
        self.groups.find(self.find, None, work, **PLAIN)
        self.groups.begin(self.begin, None, shown, **PLAIN)
        self.wordings.reword(self.try_wordings, None, work, **PLAIN)
        self.wordings.settle(self.settle, None, shown, **EACH)
        self.wordings.accept(self.accept, None, shown, **EACH)
        self.wordings.edited(self.accept, None, shown, **EACH)
        self.wordings.reject(self.reject, None, shown, **EACH)

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return self._shown(request)

    @calls()
    def renewed(self, said: Any, request: gr.Request) -> list[Any]:
        """All but the selected picture, once work has ended."""
        return self._shown(request, said)[:-1]

    @calls()
    def open_again(self, said: Any, beside: Any, request: gr.Request) -> list[Any]:
        """What was said stays, and the picture that is selected: by now it may say more."""
        picture = str(beside.get("id") or "") if isinstance(beside, dict) else ""
        return self._shown(request, said, picture)

    def _shown(self, request: gr.Request, said: dict[str, str] | None = None, picture: str = "") -> list[Any]:
        name = concept_of(request)
        try:
            if name is None:
                raise DiscernError("Choose a concept first.")
            jobs = self._jobs(name)
            concept = self._app.concept(name)
            last, tried = last_round(concept), rewordings(concept)
            groups, looked, reworded = (
                ambiguities_of(concept),
                concept.newest(find_ambiguities),
                concept.newest(reword),
            )
            beside = self._beside(concept, last, picture, request) if picture else None
        except DiscernError as error:
            top = [Notice.bad(in_words(error)), None, gr.Timer(active=False), None, None]
            return [*top, gr.Row(visible=False), None, None, None, gr.Accordion(visible=False), None, None]
        query = protection_on_page(self._app, author_of(request), name).query
        there = looked is not None or bool(tried)
        pending = bool(tried) and tried[0].deed is None
        answered = last is not None and not last.open
        step = _black(looked is not None, answered, tried[0] if pending else None, last)
        free = not any(map(is_going, jobs))
        asks = free and may(request, find_ambiguities)
        stopped = str((jobs[0].result or {}).get("stopped") or "") if jobs and not is_going(jobs[0]) else ""
        return [
            said,
            *self._progress(jobs),
            {"concept": concept.name, "tabs": label_tabs(concept.name, PATH)},
            {"text": stopped, "style": "notice warn", "role": "status"} if stopped else None,
            gr.Row(visible=last is not None),
            _about(last) if last else None,
            tiles(self._app, _pictures(last), query) if last else None,
            _groups(groups, looked is not None, query, step, asks, may(request, begin_round)),
            gr.Accordion(visible=there, open=True)
            if step in ("settle", "use", "try")
            else gr.Accordion(visible=there),
            {
                "about": _inspired(reworded),
                "try": asks and not pending,
                "try_style": BLACK if step == "try" else WHITE,
                **(_tried(tried[0], query, step, may(request, accept_wording)) if tried else {}),
            },
            beside,
        ]

    def _beside(self, concept: Concept, last: RoundView | None, picture: str, request: gr.Request) -> Any:
        open_ones = {one.id for one in last.pictures if one.answer is None} if last else set()
        return self.beside.of(concept, picture, GRID, request, blind=picture in open_ones)

    def _jobs(self, name: str) -> list[JobView]:
        return newest_jobs(self._app, WORK, name)

    def _progress(self, jobs: Sequence[JobView]) -> list[Any]:
        job = next((one for one in jobs if is_going(one) or one.state == "failed"), None)
        return [self.progress.shown_of(job), gr.Timer(active=any(map(is_going, jobs)))]

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        """Only the progress while work goes on; what it came to follows."""
        name = concept_of(request)
        jobs = self._jobs(name) if name else []
        news = " ".join(f"{job.id} {job.state}" for job in jobs)
        return [*self._progress(jobs), gr.skip() if any(map(is_going, jobs)) else news]

    @calls()
    def selected(self, chosen: gr.EventData, request: gr.Request) -> Any:
        picture, name = one_of(chosen), concept_of(request)
        if not picture or name is None:
            return None
        concept = self._app.concept(name)
        return self._beside(concept, last_round(concept), picture, request)

    # What is done

    def _begun(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        name = concept_of(request)
        return [said, *self._progress(self._jobs(name) if name else [])]

    def _of(self, request: gr.Request) -> Concept:
        return self._app.concept(concept_of(request) or "")

    @calls()
    def look(self, request: gr.Request) -> list[Any]:
        return self._begun(request)

    @calls(find_ambiguities)
    def find(self, request: gr.Request) -> list[Any]:
        try:
            self._of(request).begin(find_ambiguities)
        except DiscernError as error:
            return self._begun(request, _refused(error))
        return self._begun(request)

    @calls(reword)
    def try_wordings(self, request: gr.Request) -> list[Any]:
        try:
            self._of(request).begin(reword)
        except DiscernError as error:
            return self._begun(request, _refused(error))
        return self._begun(request)

    @calls(begin_round)
    def begin(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            begin_round(self._of(request), str(chosen.value), author=author_of(request))
        except DiscernError as error:
            return self._shown(request, _refused(error))
        return self._shown(request)

    @calls(begin_round)
    def settle(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            begin_round(self._of(request), rewording=_number(chosen.value), author=author_of(request))
        except DiscernError as error:
            return self._shown(request, _refused(error))
        return self._shown(request)

    @calls(accept_wording)
    def accept(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        """A wording as it is, or as the person edited it: then the event has its `criteria`."""
        edited = getattr(chosen, "criteria", None)
        number, _, at = str(getattr(chosen, "wording", None) or getattr(chosen, "value", "")).partition(":")
        try:
            tried, which, concept = _number(number), _number(at), self._of(request)
            own = _edited(rewordings(concept), tried, which, edited) if edited else None
            revision = accept_wording(concept, tried, which, author=author_of(request), definition=own)
            begin_review(self._app.concept(concept_of(request) or ""))
        except DiscernError as error:
            return self._shown(request, _refused(error))
        said = f"Saved as description {revision.number}. Labels that may not fit are on Review."
        return self._shown(request, Notice.good(said))

    @calls(accept_wording)
    def reject(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            accept_wording(self._of(request), _number(chosen.value), author=author_of(request))
        except DiscernError as error:
            return self._shown(request, _refused(error))
        return self._shown(request, Notice.good("Your description stays. The wordings are kept."))


def _refused(error: DiscernError) -> dict[str, str]:
    return Notice.bad(f"{in_words(error)} Nothing was changed.")


def _black(looked: bool, answered: bool, pending: RewordingView | None, last: RoundView | None) -> str:
    """What the one black button does: find, begin, settle, use or try; empty while a round is labelled."""
    if pending is not None:
        if any(one.verdict == "better" for one in pending.wordings):
            return "use"
        return "settle" if any(one.undecided for one in pending.wordings) else ""
    if not looked:
        return "find"
    if last is None:
        return "begin"
    return "try" if answered else ""


def _about(last: RoundView) -> dict[str, str]:
    if last.open:
        said = f"Label first; then you see the suggestion. {last.open} left."
    else:
        both = [one for one in last.pictures if one.machine]
        agreed = sum(one.matches is True for one in both)
        told = (
            f" {agreed} of {len(both)} suggestions agree. Select a picture to see why; comments help to find "
            "better wordings."
        )
        said = f"All labelled.{told if both else ''}"
    return {"title": last.ambiguity, "said": said}


def _pictures(last: RoundView) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            one.id,
            {
                "caption": (f"You: {one.answer}" if one.answer else "Unlabelled")
                + (f", suggestion: {one.machine}" if one.machine else ""),
                "blind": one.answer is None,
            },
        )
        for one in last.pictures
    ]


def _groups(
    groups: Sequence[AmbiguityView], looked: bool, query: str, step: str, asks: bool, labels: bool
) -> dict[str, Any]:
    if not looked:
        return {
            "title": "What does your description leave open?",
            "said": "Label a few borderline pictures, then see where the suggestions differ.",
            "find": "Find borderline pictures" if asks else "",
            "find_style": BLACK,
        }
    said = "Each group may or may not count. Label up to five of one, then compare with the suggestions."
    return {
        "title": "Borderline groups" if groups else "Nothing borderline found",
        "said": said if groups else "",
        "find": "Search again" if asks else "",
        "find_style": "btn small",
        "groups": [
            {
                "name": one.name,
                "met": f"{one.met} labelled" if one.met else "",
                "label": f"Label pictures of: {one.name}" if labels else "",
                "style": "btn small primary" if step == "begin" and one is groups[0] else "btn small",
                "pictures": [f"/media/thumbnail/{i}{query}" for i in one.pictures[:6]],
            }
            for one in groups
        ],
    }


def _inspired(last: Any) -> str:
    said = "Half of your labels inspire them, the other half judges them. Nothing changes unless you use one."
    if last and not last.rewording and not last.stopped:
        wrong = count(last.mistakes, "suggestion was", "suggestions were")
        said += (
            f" Last time none of {count(last.sifted, 'wording')} was worth judging. They were tried on "
            f"{count(last.read, 'label')}; {wrong} wrong."
        )
    return said


def _tried(tried: RewordingView, query: str, step: str, allowed: bool) -> dict[str, Any]:
    open_ = tried.deed is None
    outcome = ""
    if not open_:
        outcome = f"used: description {tried.became}" if tried.deed == "accepted" else "none used"
    asks = next((one for one in tried.wordings if one.undecided), None) if open_ else None
    early = ""
    if asks and not any(one.verdict == "better" for one in tried.wordings):
        given = f"; {len(asks.answered)} given" if asks.answered else ""
        more = count(len(asks.undecided), "more label")
        early = f"Too early to say which is better. {more} at most would tell{given}."
    first = next((i for i, one in enumerate(tried.wordings) if one.verdict == "better"), None)
    return {
        "outcome": outcome,
        "early": early,
        "settle": str(tried.number) if early else "",
        "settle_style": BLACK if step == "settle" else WHITE,
        "keep": str(tried.number) if open_ and allowed else "",
        "wordings": [
            _wording(f"{tried.number}:{i}", one, query, open_ and allowed, BLACK if i == first else WHITE)
            for i, one in enumerate(tried.wordings)
        ],
    }


def _wording(key: str, one: WordingView, query: str, offered: bool, style: str) -> dict[str, Any]:
    verdict, chip = VERDICTS[one.verdict]
    changed = any(change != "same" for change, _ in one.difference)
    return {
        "verdict": verdict,
        "style": chip,
        "runs": [_run(change, text) for change, text in one.difference] if changed else [],
        "effect": _effect(one),
        "why": one.why,
        "turned_title": f"{count(len(one.turned), 'suggestion')} would change",
        "turned": [
            {"id": i, "src": f"/media/thumbnail/{i}{query}", "words": f"Would be {value}"}
            for i, value in one.turned.items()
        ],
        "use": key if offered and one.may_be_accepted else "",
        "use_style": style,
        "edit": key if offered else "",
        "criteria": [{"kind": KINDS[c.kind], "text": c.text} for c in one.definition.criteria],
    }


def _run(change: str, run: str) -> dict[str, str]:
    """Words, and before them what parts them from others: a sign before a new line would stand at the end of
    the last one."""
    text = run.lstrip()
    return {"lead": run[: len(run) - len(text)], change: text}


def _effect(one: WordingView) -> str:
    judging = count(one.judging, "label")
    if one.fixed or one.broken:
        said = (
            f"Right on {one.after} instead of {one.before} of {judging} it has not seen: {one.fixed} fixed, "
            f"{one.broken} broken ({100 * one.low:+.0f} to {100 * one.high:+.0f} points)."
        )
    else:
        said = f"Changes none of {judging} it has not seen."
    spoke, of = one.spoke
    if of and not one.undecided:
        said += f" {spoke} of {count(of, 'deciding label')} speak for it."
    return said


def _edited(tried: Sequence[RewordingView], number: int, which: int, typed: object) -> Definition | None:
    """The wording with what the person typed over it."""
    found = next((one for one in tried if one.number == number), None)
    if found is None or which >= len(found.wordings) or not isinstance(typed, list):
        return None
    definition, criteria = found.wordings[which].definition, []
    for i, criterion in enumerate(definition.criteria):
        text = " ".join(str(typed[i]).split()) if i < len(typed) else criterion.text
        if text == criterion.text:
            criteria.append(criterion)
        elif text:
            criteria.append(criterion.model_copy(update={"text": text, "origin": "person"}))
    return definition.model_copy(update={"criteria": tuple(criteria)})


def _number(said: object) -> int:
    text = str(said)
    return int(text) if text.isdecimal() and len(text) < 9 else 0
