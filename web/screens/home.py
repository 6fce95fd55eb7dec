"""Home: what do you want to recognise, what comes of it, and how far the concepts are that exist."""

from __future__ import annotations

from fastapi import Request

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptSummary
from concepts.workbench.trash import Moved
from web.advice import in_words
from web.concept_menu import chosen
from web.http.guard import author_of
from web.jobs import is_going
from web.page import Action, Shown, WebPage
from web.render import Notice, render
from web.screens.outcome import example, outcome_of
from web.screens.scales import YES_OR_NO, scale_of
from web.screens.trash import in_the_trash
from web.work import Work, press

ADDING = ("add pictures", "add sample")
AWAY = "away"  # in the address: the concept that was put away on another screen, from where one comes
PUT_AWAY = "put-away"  # the place on the page that says so


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(screen.open)
    page.on_action(screen.begin, screen.hero)
    page.on_action(screen.press, screen.work.area)
    page.on_action(screen.put_away, screen.concepts, screen.dialog)
    screen.work.on_tick(lambda request: screen.tick(), of_concept=False)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.hero = page.area("start")
        self.work = Work(workbench, page, "home-progress", ADDING)
        self.concepts = page.area("home-concepts")
        self.dialog = page.area("home-dialog")

    # What is shown

    def open(self, request: Request) -> Shown:
        """After something was put away elsewhere with the way back, as long as it is away."""
        name = request.query_params.get(AWAY)
        gone = next((one for one in self._bench.trash.items("concept") if one.name == name), None)
        if gone is None:
            return self.everything()
        moved = Moved(kind=gone.kind, ids=[gone.id], names=[gone.name])
        return self.everything(away=in_the_trash(self._bench, moved))

    def everything(
        self,
        said: Notice | None = None,
        fields: dict[str, str] | None = None,
        begun: str = "",
        away: Notice | None = None,
    ) -> Shown:
        library, job = self._bench.library.info(wait=False), self.work.newest()
        typed = {"name": "", "sentence": "", "not": ""} | YES_OR_NO | (fields or {})
        demo = self._bench.context.settings.demo
        concepts = self._listed()
        # Who has begun something knows what it is for, and has that above what comes of it.
        first = None if concepts else example()
        hero = render(
            "home/hero.html",
            library=library,
            fields=typed,
            said=said,
            begun=begun,
            adding=is_going(job),
            sends=self._bench.context.settings.reaches_out,
            outcome=first,
            demo=demo,
        )
        # A failure is news where there are no pictures; elsewhere Library tells it.
        told = job if is_going(job) or not library.pictures else None
        return {self.hero: hero} | self.work.shown(told) | self._concepts(away, concepts)

    def tick(self) -> Shown:
        """While pictures come in only the progress changes: what is being typed stays."""
        job = self.work.newest()
        return self.work.shown(job) if is_going(job) else self.everything()

    def _listed(self) -> list[ConceptSummary]:
        """What changed last first."""
        found = self._bench.concepts.all(None)
        return sorted(found, key=lambda concept: concept.changed, reverse=True)

    def _concepts(self, said: Notice | None = None, concepts: list[ConceptSummary] | None = None) -> Shown:
        found = self._listed() if concepts is None else concepts
        html = render(
            "home/concepts.html",
            concepts=found,
            outcome=(outcome_of(self._bench, found) or example()) if found else None,
            said=said,
            demo=self._bench.context.settings.demo,
        )
        return {self.concepts: html}

    # What can be done

    def begin(self, action: Action, request: Request) -> Shown:
        if action.name == "sample":
            self._bench.library.add(sample=True)
            return self.everything()
        if action.name != "begin":
            return self.everything()
        fields = action.fields
        name, sentence = fields.get("name", ""), fields.get("sentence", "")
        try:
            view = self._bench.concepts.begin(
                name,
                sentence,
                excluding=fields.get("not", "").splitlines(),
                author=author_of(request),
                scale=scale_of(fields),
            )
        except DiscernError as error:
            return self.everything(Notice(f"{in_words(error)} Nothing was begun yet.", "bad"), fields)
        return self.everything(Notice(f"“{view.name}” is begun.", "good"), begun=view.name)

    def press(self, action: Action, request: Request) -> Shown:
        try:
            press(self._bench, action)
        except DiscernError as error:
            return self.everything(Notice(in_words(error), "bad"))
        return self.everything()

    def put_away(self, action: Action, request: Request) -> Shown:
        """What the menu of a concept says, and taking it back."""
        try:
            outcome = chosen(self._bench, action, author_of(request))
        except DiscernError as error:
            return self._concepts(Notice(in_words(error), "bad"))
        if outcome is None:
            return {}
        shown: Shown = {self.dialog: outcome.dialog}
        return shown if outcome.dialog else shown | self._concepts(outcome.said)
