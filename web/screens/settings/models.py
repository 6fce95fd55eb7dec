"""Models: what does the work, and the endpoint that models are asked at. No key ever travels to the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from concepts.encoders import resolve_auto
from concepts.errors import DiscernError
from concepts.installation.activity import JobView, SettingsView
from concepts.installation.endpoint import EndpointReport, Finding, about_endpoint, about_models
from concepts.installation.jobs import (
    endpoint_settings,
    examine_endpoint,
    latest_endpoint_test,
    save_endpoint_settings,
)
from concepts.language.connection import without_credentials
from concepts.language.openai_compatible import DEFAULT_ENDPOINT
from concepts.results.library import library_info
from concepts.settings import is_loopback
from concepts.use_cases import App
from web.advice import in_words
from web.handlers import PLAIN, calls, may
from web.jobs import is_going
from web.parts import Notice, Progress, data_view
from web.screens.settings.head import HERE, head_view, headed
from web.words import ago

PATH = "/settings"
JOBS = ("examine endpoint",)
SIGNS = {  # said by a sign and a word, not by colour alone
    "good": ("✓", "finding yes", "Good: "),
    "bad": ("✗", "finding no", "Problem: "),
    "note": ("i", "finding maybe", "Note: "),
}
OF_OPENAI = "https://api.openai.com/v1"
ENDPOINTS = [
    ("OpenAI", OF_OPENAI),
    ("Ollama on this computer", "http://127.0.0.1:11434/v1"),
    ("LM Studio on this computer", "http://127.0.0.1:1234/v1"),
    ("vLLM on this computer", "http://127.0.0.1:8000/v1"),
]
MODELS = ("llm_model", "vlm_model", "large_vlm_model", "critic_model")
NO_KEY = "Stored for you alone. Most local servers need none"
FIXED = "Set where Discern was started."
AS_TYPED = gr.InputHTMLAttributes(autocapitalize="off", spellcheck=False, autocomplete="off")
DETAILS = [("don’t send", ""), *((name, name) for name in ("auto", "low", "high", "original"))]
EFFORTS = [(name, name) for name in ("none", "minimal", "low", "medium", "high")]


class Models:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = head_view("settings")
        self.said = Notice("settings-said").view
        self.progress = Progress(app, "settings-progress", JOBS)
        self.fields: dict[str, Any] = {}
        with gr.Row(elem_id="settings-columns"):
            with gr.Column(visible=False, elem_id="settings-main", scale=3) as self.form:
                gr.Markdown("### Model endpoint, OpenAI-compatible")
                self._form()
            with gr.Column(elem_id="settings-side", scale=2):
                self.test = data_view(HERE / "test.html", "settings-test")
        self.parts = data_view(HERE / "parts.html", "settings-parts")
        told = [self.head, self.test, self.parts, *self.progress.parts]
        shown = [self.said, *told, self.form, self.key, self.remove, *self.fields.values()]
        opened(self.open, None, shown, **PLAIN)
        given = {self.key, self.remove, *self.fields.values()}
        self.both.click(self.save_and_test, given, shown, **PLAIN)
        self.save.click(self.save_only, given, shown, **PLAIN)
        self.test.test(self.ask, None, [self.said, *told], **PLAIN)
        self.progress.follow(self.tick, told)

    def _form(self) -> None:
        self._choice("openai_base_url", "Address", ENDPOINTS)
        self.key = gr.Textbox(
            label="Key",
            value="",
            type="password",
            max_length=500,
            html_attributes=gr.InputHTMLAttributes(autocomplete="new-password", spellcheck=False),
            elem_id="settings-key",
        )
        self.remove = gr.Checkbox(label="Remove the key", visible=False)
        self._model("llm", "Model for words", "Price (words)")
        self._model("vlm", "Model for pictures", "Price (pictures)")
        gr.Markdown("Prices: US dollars per million tokens, in/out.", elem_classes="soft")
        with gr.Accordion("More models and prices", open=False):
            self._model("large_vlm", "Larger model, where the first is unsure", "Price (larger)")
            self._model("critic", "Critic, which proposes wordings", "Price (critic)")
            self._text(
                "prices",
                "Prices by model, one per line",
                "name-of-a-model 0.15/0.60",
                lines=3,
                max_length=20_000,
            )
            self._number("model_concurrency", "Parallel requests", 1, 64)
        with gr.Accordion("Pictures, reasoning and time-out", open=False):
            with gr.Row():
                self._number("picture_side", "Picture size: longest side, pixels", 128, 4096)
                self.fields["picture_detail"] = gr.Dropdown(DETAILS, value="", label="Picture detail")
            with gr.Row():
                efforts = [*EFFORTS, ("model’s default", "default")]
                self.fields["reasoning_effort"] = gr.Dropdown(
                    efforts, value="none", label="Reasoning about pictures"
                )
                self._number("answer_tokens", "Longest answer, tokens", 375, 200_000)
            with gr.Row():
                self._number("request_timeout", "Time-out, seconds", 5, 3600)
                self._text("request_fields", "More fields of each request, JSON", '{"seed": 1}')
        with gr.Row():
            self.both = gr.Button("Save and test", variant="primary", scale=0)
            self.save = gr.Button("Save", scale=0)

    def _model(self, name: str, label: str, price: str) -> None:
        with gr.Row(elem_classes="model-and-price"):
            self._choice(f"{name}_model", label, [])
            self._text(f"{name}_price", price, "0.15/0.60", scale=0, min_width=190)

    def _choice(self, name: str, label: str, known: Sequence[tuple[str, str]]) -> None:
        """A field that takes any text, with suggestions."""
        self.fields[name] = gr.Dropdown(
            [(f"{value} ({words})", value) for words, value in known],
            value=None,
            label=label,
            allow_custom_value=True,
            elem_id=f"settings-{name}",
        )

    def _text(self, name: str, label: str, placeholder: str, max_length: int = 500, **how: Any) -> None:
        self.fields[name] = gr.Textbox(
            label=label,
            value="",
            placeholder=placeholder,
            max_length=max_length,
            html_attributes=AS_TYPED,
            **how,
        )

    def _number(self, name: str, label: str, least: int, most: int) -> None:
        self.fields[name] = gr.Number(label=f"{label} ({least:,}–{most:,})", value=None, precision=0)

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return self._shown(request)

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        """While a test goes on. What a person may be typing stays as it is."""
        return self._told(request)

    def _shown(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        """Everything. The endpoint is about the computer, so in a demo there is the rest alone."""
        return [said, *self._told(request), *self._filled(request)]

    def _filled(self, request: gr.Request) -> list[Any]:
        """The form, for whoever may change it; a key is never in it."""
        if not may(request, endpoint_settings):
            return [gr.Column(visible=False), *([gr.skip()] * (2 + len(self.fields)))]
        now, (_, report) = endpoint_settings(self._app), self._tested()
        is_fixed = "openai_api_key" in now.fixed
        kept = "Stored, never shown; leave empty to keep it" if now.has_key else NO_KEY
        key = gr.Textbox(value="", placeholder=FIXED if is_fixed else kept, interactive=not is_fixed)
        remove = gr.Checkbox(value=False, visible=now.has_key and not is_fixed)
        models = report.models if report else []
        return [gr.Column(visible=True), key, remove, *(_field(name, now, models) for name in self.fields)]

    def _told(self, request: gr.Request) -> list[Any]:
        """Who does the work, as far as the last test found it to answer; and what the test found."""
        now, (job, report) = endpoint_settings(self._app), self._tested()
        demo = self._app.settings.demo
        used = [name for name in (now.llm_model, now.vlm_model) if name]
        works: dict[str, bool] = {}  # of those that were asked at the address that is set
        if report and report.address == without_credentials(now.openai_base_url or DEFAULT_ENDPOINT):
            works = {one.model: one.works for one in report.answers}
        if job is not None and job.state == "failed":
            works = dict.fromkeys(used, False)
        silent = [name for name in used if works.get(name) is False]
        tested = "works" if works.keys() >= set(used) else "untested"
        state = "going" if is_going(job) else "silent" if silent else tested
        note = "A model is sent descriptions, and small copies of the pictures it labels. Nothing else."
        if demo:
            head = headed(PATH, request, note="Whoever runs this demo has set it up.")
            return [head, None, self._parts(silent), None, gr.Timer(active=False)]
        head = headed(PATH, request, say=_who(now, state, silent), note=note)
        going = self.progress.shown() if is_going(job) else [None, gr.Timer(active=False)]
        may_test = may(request, examine_endpoint)
        return [head, _test(job, report, may_test), self._parts(silent), *going]

    def _tested(self) -> tuple[JobView | None, EndpointReport | None]:
        """The last test of the endpoint, and what it found if it is done."""
        job = latest_endpoint_test(self._app)
        is_done = job is not None and job.state == "done" and job.result
        return job, EndpointReport.model_validate(job.result) if job and is_done else None

    def _parts(self, silent: list[str]) -> dict[str, Any]:
        """What does the work, where it runs, and what would improve it: no more than is true."""
        settings, library = self._app.settings, library_info(self._app)
        host = urlsplit(settings.openai_base_url or DEFAULT_ENDPOINT).hostname or "the endpoint"
        host = "" if is_loopback(host) else f"sends to {host}"
        words = settings.llm_model if settings.has_endpoint else None
        eyes = settings.vlm_model if settings.has_endpoint else None
        said = {name: f"{name}, which did not answer the last test" for name in silent}
        encoder = library.encoder or settings.encoder
        if encoder == "auto":
            encoder = resolve_auto().name
        parts = [
            ("Encoder", "built in" if encoder == "embedded" else encoder, "", library.encoder_note),
            ("Classifier", "a line with prototypes", "", "It learns from your labels in seconds."),
            ("Criteria", said.get(words, words), host, "")
            if words
            else (
                "Criteria",
                "built-in words",
                "",
                "12,000 nouns. A language model also proposes criteria.",
            ),
            ("Suggestions", said.get(eyes, eyes), host, "")
            if eyes
            else (
                "Suggestions",
                "the encoder and your words",
                "",
                "Weighed by how often it agrees with you. A vision model also says why.",
            ),
        ]
        rest = "The rest runs" if any(host for _, _, host, _ in parts) else "All of it runs"
        return {
            "parts": [{"what": what, "who": who, "host": host} for what, who, host, _ in parts],
            "notes": [{"what": f"{what}.", "note": note} for what, _, _, note in parts if note],
            "where": f"{rest} {'where this demo runs' if settings.demo else 'on this computer'}.",
        }

    # What is done

    @calls(endpoint_settings)
    def save_only(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        return self._save(values, request, then_test=False)

    @calls(endpoint_settings, examine_endpoint)
    def save_and_test(self, values: dict[Any, Any], request: gr.Request) -> list[Any]:
        return self._save(values, request, then_test=True)

    @calls(examine_endpoint)
    def ask(self, request: gr.Request) -> list[Any]:
        try:
            self._app.begin(examine_endpoint)
        except DiscernError as error:
            return [Notice.bad(in_words(error)), *self._told(request)]
        return [None, *self._told(request)]

    def _save(self, values: dict[Any, Any], request: gr.Request, *, then_test: bool) -> list[Any]:
        app = self._app
        before = endpoint_settings(app)
        changes = {
            name: _typed(values[field]) for name, field in self.fields.items() if name not in before.fixed
        }
        if "openai_api_key" not in before.fixed:
            if values[self.remove]:
                changes["openai_api_key"] = None
            if key := str(values[self.key] or "").strip():
                changes["openai_api_key"] = key
        request.state.deed = ("changed settings", "")
        try:
            now = save_endpoint_settings(app, changes)
            if then_test:
                app.begin(examine_endpoint)
        except DiscernError as error:
            kept = [gr.skip()] * (3 + len(self.fields))
            return [Notice.bad(f"{in_words(error)} Nothing was changed."), *self._told(request), *kept]
        lost = before.has_key and not now.has_key and not values[self.remove]
        more = " The key was for another address: give it again." if lost else ""
        return self._shown(request, Notice.good(f"Saved.{more}"))


def _typed(value: Any) -> str | None:
    return str(value).strip() or None if value is not None else None


def _field(name: str, now: SettingsView, models: list[str]) -> dict[str, Any]:
    """A field as it is set. What the environment decides is shown, and can't be changed here."""
    value, fixed = getattr(now, name), name in now.fixed
    shown = {"value": value, "interactive": not fixed, "info": FIXED if fixed else None}
    if name in MODELS:
        shown["choices"] = models
    elif name == "picture_detail" or name.endswith("price") or name in ("prices", "request_fields"):
        shown["value"] = value or ""
    return gr.update(**shown)


def _who(now: SettingsView, state: str, silent: list[str]) -> str:
    """Who does the work now, in a sentence."""
    address = now.openai_base_url or (OF_OPENAI if now.has_key else "")
    is_here = is_loopback(urlsplit(address).hostname or "")
    where = f"{'on this computer, ' if is_here else ''}at {address}"
    words, sees = now.llm_model, now.vlm_model
    both = " and ".join(dict.fromkeys(one for one in (words, sees) if one))
    if not address or not both:
        return "No AI service is used: built-in words and the encoder do the work."
    if state == "silent":
        quiet = " and ".join(dict.fromkeys(silent))
        return f"{quiet}, {where}, did not answer the last test. Check address and name, then test again."
    if state != "works":
        return f"{both}, {where}, {'now being tested' if state == 'going' else 'not tested yet'}."
    if words and words == sees:
        return f"{words} proposes criteria and suggests labels, {where}."
    if words and sees:
        return f"{words} proposes criteria and {sees} suggests labels, {where}."
    if words:
        return f"{words} proposes criteria, {where}. The encoder suggests labels."
    return f"{sees} suggests labels, {where}. Criteria come from built-in words."


def _test(job: JobView | None, report: EndpointReport | None, may_test: bool) -> dict[str, Any] | None:
    """What the endpoint can do, found out by asking it, and what follows. What is good is folded."""
    if job is None:
        return None
    if is_going(job):
        return {"going": True}
    endpoint = about_endpoint(report) if report else []
    if not endpoint:
        return {"again": may_test, "error": job.error or "The test was stopped."}
    about = about_models(report) if report else []
    return {
        "again": may_test,
        "endpoint": _lines(endpoint, good=False),
        "models": [
            {
                "model": one.model,
                "state": "failed" if any(found.mark == "bad" for found in one.findings) else "works",
                "style": "chip no" if any(found.mark == "bad" for found in one.findings) else "chip yes",
                "findings": _lines(one.findings, good=False),
            }
            for one in about
        ],
        "nameless": not about,
        "passed": [
            {"findings": _lines(endpoint, good=True)},
            *(
                {"model": one.model, "does": f"{one.does}.", "findings": _lines(one.findings, good=True)}
                for one in about
            ),
        ],
        "when": f"Tested {ago(job.finished or job.created)}.",
    }


def _lines(findings: list[Finding], *, good: bool) -> list[dict[str, str]]:
    lines = []
    for found in findings:
        if (found.mark == "good") == good:
            sign, style, word = SIGNS[found.mark]
            told = {"sign": sign, "style": style, "word": word}
            lines.append({**told, "says": found.says, "follows": found.follows})
    return lines
