"""Encoder: what turns pictures and words into vectors, changing it, and how well neighbours are known."""

from __future__ import annotations

from typing import Any

import gradio as gr

from concepts.encoders import KNOWN, has_openclip, resolve_auto
from concepts.errors import DiscernError
from concepts.installation.jobs import about_installation, latest_job
from concepts.library.neighbourhood import QUICK
from concepts.library.upkeep import neighbours_report, reembed
from concepts.results.library import library_info, look_after
from concepts.use_cases import App
from web.advice import in_words
from web.handlers import PLAIN, calls, may
from web.jobs import outcome
from web.parts import Notice, Progress, data_view
from web.screens.settings.head import HERE, head_view, headed
from web.words import count, duration

PATH = "/settings/encoder"
JOBS = ("reembed", "find neighbours")


class Encoder:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head, self.said = head_view("encoder"), Notice("encoder-said").view
        self.progress = Progress(app, "encoder-progress", JOBS)
        self.now = data_view(HERE / "encoder.html", "encoder")
        known = [(f"{one.name} · {one.good_at}; {one.licence}", one.name) for one in KNOWN]
        with gr.Column(visible=False, elem_id="change-encoder") as self.form:
            gr.Markdown("### Change the encoder")
            self.choice = gr.Radio(_choices("…"), value="auto", label="Which one?")
            self.name = gr.Dropdown(
                known,
                value=None,
                label="Name",
                allow_custom_value=True,
                visible=False,
                elem_id="encoder-name",
            )
            self.change = gr.Button("Change encoder", variant="primary", scale=0)
        told = [self.head, self.said, self.now, *self.progress.parts]
        shown = [*told, self.form, self.choice, self.name]
        opened(self.open, None, shown, **PLAIN)
        self.choice.change(self.choose, self.choice, self.name, **PLAIN)
        self.change.click(self.reembed, [self.choice, self.name], told, **PLAIN)
        self.now.compare(self.find_neighbours, None, told, **PLAIN)
        self.progress.follow(self.tick, told)

    @calls(about_installation)
    def open(self, request: gr.Request) -> list[Any]:
        library, auto = library_info(self._app), resolve_auto()
        owner = may(request, reembed) and library.encoder is not None
        without = "Needs Discern’s extra “openclip”, which isn't installed."
        another = "Downloaded once. One of open_clip or timm; the list has some."
        job = latest_job(self._app, ("add pictures", "add sample"))
        rate = (job.result or {}).get("pictures_per_second") if job else None
        takes = f"Takes {duration(library.pictures / rate)}, in the background. " if rate else ""
        info = f"{takes}You'll need to retrain; labels stay. Automatic: {auto.why}"
        return [
            *self._told(request),
            gr.Column(visible=owner),
            gr.Radio(choices=_choices(_called(auto.name)), info=info),
            gr.Dropdown(info=another if has_openclip() else without),
        ]

    @calls(about_installation)
    def tick(self, request: gr.Request) -> list[Any]:
        """While a job runs, and when it ends. What a person may be typing stays as it is."""
        job = self.progress.newest()
        done = job if job and job.state == "done" else None
        return self._told(request, Notice.good(f"Done: {outcome(done)}.") if done else None)

    @calls()
    def choose(self, choice: str, request: gr.Request) -> Any:
        return gr.Dropdown(visible=choice == "custom")

    @calls(reembed)
    def reembed(self, choice: str, name: str | None, request: gr.Request) -> list[Any]:
        try:
            self._app.begin(reembed, (name or "") if choice == "custom" else choice, confined=True)
        except DiscernError as error:
            return self._told(request, Notice.bad(f"{in_words(error)} Nothing was changed."))
        return self._told(request)

    @calls(look_after)
    def find_neighbours(self, request: gr.Request) -> list[Any]:
        try:
            look_after(self._app, only="neighbours", anew=True)
        except DiscernError as error:
            return self._told(request, Notice.bad(in_words(error)))
        return self._told(request)

    def _told(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        library = library_info(self._app)
        return [headed(PATH, request), said, self._now(library, request), *self.progress.shown()]

    def _now(self, library: Any, request: gr.Request) -> dict[str, Any]:
        if library.encoder is None:
            return {"none": f"It is chosen with the first pictures. {library.encoder_note}"}
        alike, compared = neighbours_report(self._app), ""
        if alike.recall is None:
            said = "Found as needed: the library is small." if alike.of <= QUICK else "Not compared yet."
        else:
            all_of_them = "Every picture is compared with every other."
            some = f"{100 * alike.recall:.1f} % of each picture's nearest are known."
            said = all_of_them if alike.recall == 1 else some
            said += "" if alike.is_current else " New pictures are being compared."
            compared = f"{count(alike.pictures, 'picture')}. Comparing them took {duration(alike.seconds)}."
        return {
            "name": _called(library.encoder),
            "note": library.encoder_note,
            "fingerprint": library.fingerprint,
            "alike": said,
            "compared": compared,
            "groups": alike.recall is not None and alike.recall < 1,
            "owner": may(request, look_after),
        }


def _called(name: str) -> str:
    return "Built in" if name == "embedded" else name


def _choices(auto: str) -> list[tuple[str, str]]:
    return [
        (f"Automatic (now: {auto})", "auto"),
        ("Built in: no download, weaker for words and moods", "embedded"),
        ("Another", "custom"),
    ]
