"""Models: what does the work, and the endpoint that models are asked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request

from concepts.encoders import resolve_auto
from concepts.errors import DiscernError
from concepts.installation.activity import JobView, SettingsView
from concepts.installation.endpoint import EndpointReport, about_endpoint, about_models
from concepts.language.connection import without_credentials
from concepts.language.openai_compatible import DEFAULT_ENDPOINT
from concepts.settings import SAVED, is_loopback
from concepts.workbench import Workbench
from web.advice import in_words
from web.jobs import is_going
from web.page import Action, Shown, WebPage
from web.render import render, say
from web.work import Work, press

JOBS = ("test endpoint",)
FIELDS = tuple(name for name in SAVED if name != "openai_api_key")  # which the form asks for apart


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = lambda request: screen.show()
    page.on_action(screen.act, screen.work.area, screen.main, screen.side)
    screen.work.on_tick(lambda request: screen.tick(), of_concept=False)


def _is_here(now: SettingsView) -> bool:
    """Whether the endpoint is on this computer."""
    return is_loopback(urlsplit(now.openai_base_url or "").hostname or "")


@dataclass(frozen=True)
class Part:
    """What does one kind of work; `host` is where it sends what it works on, empty for nowhere."""

    what: str
    who: str
    host: str
    note: str


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("settings-head")
        self.said = page.area("settings-said")
        self.work = Work(workbench, page, "settings-progress", JOBS)
        with page.row("with-test"):
            self.main = page.area("settings-main")
            self.side = page.area("settings-side")
        self.parts = page.area("settings-parts")

    # What is shown

    def show(self, said: str = "") -> Shown:
        """Everything. The endpoint is about the computer, so in a demo there is the rest alone."""
        demo = self._bench.context.settings.demo
        job = None if demo else self.work.newest()
        now, (_, report) = self._bench.installation.endpoint_settings(), self._tested()
        models = report.models if report else []
        return {
            self.said: said,
            self.main: render(
                "settings/endpoint.html",
                now=now,
                models=models,
                is_here=_is_here(now),
            ),
            self.side: "" if demo else self._test(),
            **self._who(demo),
        } | self.work.shown(job if is_going(job) else None)

    def tick(self) -> Shown:
        """While a test is going on. What a person may be typing stays as it is."""
        job = self.work.newest()
        shown = self.work.shown(job if is_going(job) else None)
        return shown | {self.side: self._test()} | self._who(demo=False)

    def _who(self, demo: bool) -> Shown:
        """Who does the work, as far as the last test found it to answer."""
        now, (job, report) = self._bench.installation.endpoint_settings(), self._tested()
        used = [name for name in (now.llm_model, now.vlm_model) if name]
        works: dict[str, bool] = {}  # of those that were asked at the address that is set
        if report and report.address == without_credentials(now.openai_base_url or DEFAULT_ENDPOINT):
            works = {one.model: one.works for one in report.answers}
        if job is not None and job.state == "failed":
            works = dict.fromkeys(used, False)
        silent = [name for name in used if works.get(name) is False]
        tested = "works" if works.keys() >= set(used) else "untested"
        state = "going" if is_going(job) else "silent" if silent else tested
        return {
            self.top: render(
                "settings/head.html", now=now, state=state, silent=silent, is_here=_is_here(now), demo=demo
            ),
            self.parts: render("settings/parts.html", parts=self._parts(silent), demo=demo),
        }

    def _tested(self) -> tuple[JobView | None, EndpointReport | None]:
        """The last test of the endpoint, and what it found if it is done."""
        job = self._bench.installation.latest_endpoint_test()
        is_done = job is not None and job.state == "done" and job.result
        return job, EndpointReport.model_validate(job.result) if job and is_done else None

    def _test(self) -> str:
        job, report = self._tested()
        return render(
            "settings/test.html",
            job=job,
            endpoint=about_endpoint(report) if report else [],
            models=about_models(report) if report else [],
        )

    def _parts(self, silent: list[str]) -> list[Part]:
        """What does the work here, where it runs, and what would improve it: no more than is true."""
        settings, library = self._bench.context.settings, self._bench.library.info()
        host = urlsplit(settings.openai_base_url or DEFAULT_ENDPOINT).hostname or "the endpoint"
        host = "" if is_loopback(host) else host
        words = settings.llm_model if settings.has_endpoint else None
        eyes = settings.vlm_model if settings.has_endpoint else None
        said = {name: f"{name}, which did not answer the last test" for name in silent}
        vocabulary = "12,000 nouns. A language model also proposes criteria."
        guess = "Weighed by how often it agrees with you. A vision model also says why."
        encoder = library.encoder or settings.encoder
        if encoder == "auto":
            encoder = resolve_auto().name
        return [
            Part("Encoder", "built in" if encoder == "embedded" else encoder, "", library.encoder_note),
            Part("Classifier", "a line with prototypes", "", "It learns from your labels in seconds."),
            Part("Criteria", said.get(words, words), host, "")
            if words
            else Part("Criteria", "built-in words", "", vocabulary),
            Part("Suggestions", said.get(eyes, eyes), host, "")
            if eyes
            else Part("Suggestions", "the encoder and your words", "", guess),
        ]

    # What is done

    def act(self, action: Action, request: Request) -> Shown:
        try:
            said = self._do(action)
        except DiscernError as error:
            return self.show(say(f"{in_words(error)} Nothing was changed.", "bad"))
        return self.show(say(said, "good") if said else "")

    def _do(self, action: Action) -> str:
        """Does it, and says what was done."""
        if press(self._bench, action):
            return ""
        if action.name == "test":
            self._bench.installation.test_endpoint()
            return ""
        if action.name != "save":
            return ""
        fields, fixed = action.fields, self._bench.installation.endpoint_settings().fixed
        changes: dict[str, Any] = {
            name: fields[name].strip() or None for name in FIELDS if name in fields and name not in fixed
        }
        if fields.get("remove_key"):
            changes["openai_api_key"] = None
        if fields.get("openai_api_key", "").strip():
            changes["openai_api_key"] = fields["openai_api_key"].strip()
        had_key = self._bench.installation.endpoint_settings().has_key
        now = self._bench.installation.save_settings(changes)
        if fields.get("then") == "test":
            self._bench.installation.test_endpoint()
        lost = had_key and not now.has_key and not fields.get("remove_key")
        return f"Saved.{' The key was for another address: give it again.' if lost else ''}"
