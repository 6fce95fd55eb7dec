"""Start: what do you want to recognise? And the concepts that exist, with where they are in the journey."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import gradio as gr

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from web.advice import in_words
from web.concept_menu import chosen
from web.jobs import is_going
from web.live import Action, Shown, author_of, live, on_action, on_event, on_load
from web.render import Button, Notice, render
from web.screens.scales import scale_of
from web.work import Work, press

ADDING = ("add pictures", "add sample")


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    screen = _Screen(workbench)
    on_load(blocks, lambda request: screen.everything(), screen.areas)
    on_action(screen.hero, screen.begin, outputs=screen.areas)
    on_action(screen.work.area, screen.press, outputs=screen.areas)
    for area in (screen.concepts, screen.dialog):
        on_action(area, screen.put_away, outputs=[screen.concepts, screen.dialog])
    on_event(screen.work.timer.tick, lambda request: screen.tick(), outputs=screen.areas)


@dataclass(frozen=True)
class Part:
    """What does one kind of work; `host` is where it sends what it works on, empty for nowhere."""

    what: str
    who: str
    host: str
    note: str


class _Screen:
    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench
        self.hero = live("start")
        self.work = Work(workbench, "start-progress", ADDING)
        self.concepts = live("start-concepts")
        self.dialog = live("start-dialog")
        self.areas = [self.hero, self.work.area, self.concepts, self.work.timer]

    # What is shown

    def everything(
        self, said: Notice | None = None, fields: dict[str, str] | None = None, begun: str = ""
    ) -> Shown:
        library, job = self._bench.pictures.library_info(wait=False), self.work.newest()
        typed = {"name": "", "sentence": "", "kind": "", "classes": ""} | (fields or {})
        hero = render(
            "start/hero.html",
            library=library,
            fields=typed,
            said=said,
            begun=begun,
            adding=is_going(job),
            sends=self._bench.context.settings.has_endpoint,
        )
        # A failure is news where there are no pictures; elsewhere Library tells it.
        told = job if is_going(job) or not library.pictures else None
        return {self.hero: hero} | self.work.shown(told) | self._concepts()

    def tick(self) -> Shown:
        """While pictures come in only the progress changes: what is being typed stays."""
        job = self.work.newest()
        return self.work.shown(job) if is_going(job) else self.everything()

    def _concepts(self, said: Notice | None = None) -> Shown:
        settings = self._bench.context.settings
        found = sorted(self._bench.definitions.concepts(), key=lambda concept: concept.changed, reverse=True)
        html = render(
            "start/concepts.html",
            concepts=found,
            archived=self._bench.catalogue.archived(),
            deleted=self._bench.definitions.deleted_concepts(),
            parts=self._parts(),
            models=settings.has_endpoint and settings.llm_model and settings.vlm_model,
            said=said,
            demo=settings.demo,
        )
        return {self.concepts: html}

    def _parts(self) -> list[Part]:
        """What does the work here, where it runs, and what would improve it: no more than is true."""
        settings, library = self._bench.context.settings, self._bench.pictures.library_info(wait=False)
        host = urlsplit(settings.openai_base_url or "https://api.openai.com").hostname or "the endpoint"
        words = settings.llm_model if settings.has_endpoint else None
        eyes = settings.vlm_model if settings.has_endpoint else None
        vocabulary = "It knows 12,000 nouns, not your reasons. A language model proposes criteria as well."
        guess = "A rough guess, weighed by how often it agrees with you. A vision model also says why."
        built_in = library.encoder in (None, "embedded")
        return [
            Part(
                "Looks at pictures",
                "the built-in encoder" if built_in else str(library.encoder),
                "",
                library.encoder_note,
            ),
            Part("Proposes what counts", words, host, "")
            if words
            else Part("Proposes what counts", "the built-in vocabulary", "", vocabulary),
            Part("Answers beside you", eyes, host, "")
            if eyes
            else Part("Answers beside you", "comparing pictures with your words", "", guess),
        ]

    # What can be done

    def begin(self, action: Action, request: gr.Request) -> Shown:
        if action.name == "sample":
            self._bench.pictures.submit_sample()
            return self.everything()
        if action.name != "begin":
            return self.everything()
        fields = action.fields
        name, sentence = fields.get("name", ""), fields.get("sentence", "")
        try:
            view = self._bench.definitions.begin_concept(
                name, sentence, author=author_of(request), scale=scale_of(fields)
            )
        except DiscernError as error:
            return self.everything(Notice(f"{in_words(error)} Nothing was begun yet.", "bad"), fields)
        return self.everything(Notice(f"“{view.name}” is begun.", "good"), begun=view.name)

    def press(self, action: Action, request: gr.Request) -> Shown:
        try:
            press(self._bench, action)
        except DiscernError as error:
            return self.everything(Notice(in_words(error), "bad"))
        return self.everything()

    def put_away(self, action: Action, request: gr.Request) -> Shown:
        """Deletes a concept or brings it back, or what its menu says."""
        try:
            outcome = chosen(self._bench, action, author_of(request))
            if outcome is not None:
                shown: Shown = {self.dialog: outcome.dialog}
                return shown if outcome.dialog else shown | self._concepts(outcome.said)
            if action.name == "delete":
                gone = self._bench.definitions.delete_concept(action.value)
                text = f"“{gone.name}” is put away, with its definition, answers and versions."
                undo = Button("Undo", "undelete", str(gone.id), "undo-2")
                return self._concepts(Notice(text, "good", undo))
            if action.name != "undelete":
                return {}
            name = self._bench.definitions.undelete_concept(int(action.value))
        except DiscernError as error:
            return self._concepts(Notice(in_words(error), "bad"))
        return self._concepts(Notice(f"“{name}” is back.", "good"))
