"""Borderline: what the definition leaves open, five pictures at a time, and other words for it."""

from __future__ import annotations

from fastapi import Request

from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.deliberations import RewordingView, RoundView
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import TIMER, Action, Shown, WebPage, concept_of, number_of
from web.render import Notice, render, say
from web.screens.review_picture import LABELS, labelled, opened
from web.work import press

FIND, REWORD = "find ambiguities", "reword"
EVERY = 1.5  # seconds from one look at work to the next


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = screen.show
    page.on_action(screen.act, *screen.parts, screen.said, screen.dialog)
    page.ticks = screen.tick


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("borderline-top")
        self.said = page.area("borderline-said")
        self.round = page.area("borderline-round")
        self.main = page.area("borderline-main")
        self.parts = [self.top, self.round, self.main]
        self.dialog = page.area("borderline-dialog")

    def show(self, request: Request, said: str = "") -> Shown:
        concept = concept_of(request)
        nothing: Shown = dict.fromkeys([*self.parts, self.said], "") | {TIMER: 0}
        if concept is None:
            return nothing | {
                self.main: render("which_concept.html", screen="Borderline", what="A borderline picture")
            }
        try:
            jobs = self._bench.installation.newest_jobs((FIND, REWORD), concept)
            going = any(map(is_going, jobs))
            deliberations = self._bench.concept(concept).deliberations
            last, tried = deliberations.last_round(), deliberations.rewordings()
            main = render(
                "borderline/main.html",
                answered=last is not None and not last.open,
                tried=tried[0] if tried else None,
                open=deliberations.ambiguities(),
                looked=deliberations.looked(),
                last=deliberations.reworded(),
                going=going,
            )
            shown = {self.round: self._round(concept, last), self.main: main}
        except DiscernError as error:
            return nothing | {self.main: say(in_words(error), "bad")}
        stopped = str((jobs[0].result or {}).get("stopped") or "") if jobs else ""
        top = render(
            "borderline/top.html",
            concept=concept,
            jobs=[job for job in jobs if is_going(job) or job.state == "failed"][:1],
            stopped=Notice(stopped, "warn") if stopped else None,
        )
        return shown | {self.top: top, self.said: said, TIMER: EVERY if going else 0}

    def tick(self, request: Request) -> Shown:
        """While work goes on; otherwise after a label, which shows the suggestion."""
        concept = concept_of(request)
        jobs = self._bench.installation.newest_jobs((FIND, REWORD), concept) if concept else []
        going = [job for job in jobs if is_going(job)]
        if not going:
            return self.show(request)
        top = render("borderline/top.html", concept=concept, jobs=going[:1], stopped=None)
        return {self.top: top, self.round: self._round(concept or "")}

    def act(self, action: Action, request: Request) -> Shown:
        concept = concept_of(request)
        if concept is None:
            return self.show(request)
        try:
            if action.name == "open":
                last = self._bench.concept(concept).deliberations.last_round()
                open_ones = {one.id for one in last.pictures if one.answer is None} if last else set()
                is_open = action.value in open_ones
                return {self.dialog: opened(self._bench, concept, action.value, request, blind=is_open)}
            said = self._do(concept, action, author_of(request))
        except DiscernError as error:
            return {self.said: say(f"{in_words(error)} Nothing was changed.", "bad")}
        return self.show(request, said) | {self.dialog: ""}

    def _do(self, concept: str, action: Action, author: str) -> str:
        """Does it. HTML of what there is to say about it."""
        deliberations = self._bench.concept(concept).deliberations
        if action.name in LABELS:
            return labelled(self._bench, concept, action, author)
        if action.name == "find-open":
            deliberations.find()
        elif action.name == "begin-round":
            deliberations.begin(action.value, author=author)
        elif action.name == "reword":
            deliberations.reword()
        elif action.name == "test-wording":
            deliberations.put_to_the_test(number_of(action.value), author=author)
        elif action.name == "reject-wordings":
            deliberations.accept(number_of(action.value), author=author)
            return say("Your description stays. The wordings are kept.", "good")
        elif action.name == "accept-wording":
            number, _, place = action.value.partition(":")
            tried, which = number_of(number), number_of(place)
            own = _edited(deliberations.rewordings(), tried, which, action.fields)
            revision = deliberations.accept(tried, which, author=author, definition=own)
            self._bench.review.submit(concept)
            said = f"Saved as description {revision.number}. Labels that may not fit are on Review."
            return say(said, "good")
        else:
            press(self._bench, action)
        return ""

    def _round(self, concept: str, last: RoundView | None = None) -> str:
        handle = self._bench.concept(concept)
        last, scale = last or handle.deliberations.last_round(), handle.definition.read().scale
        return render("borderline/round.html", round=last, concept=concept, scale=scale) if last else ""


def _edited(tried: list[RewordingView], number: int, place: int, fields: dict[str, str]) -> Definition | None:
    """The wording with what the person typed over it; None where nothing was."""
    found = next((one for one in tried if one.number == number), None)
    if found is None or place >= len(found.wordings) or not any(n.startswith("criterion-") for n in fields):
        return None
    definition = found.wordings[place].definition
    criteria = []
    for row, criterion in enumerate(definition.criteria):
        text = " ".join(fields.get(f"criterion-{row}", criterion.text).split())
        if text == criterion.text:
            criteria.append(criterion)
        elif text:
            criteria.append(criterion.model_copy(update={"text": text, "origin": "person"}))
    return definition.model_copy(update={"criteria": tuple(criteria)})
