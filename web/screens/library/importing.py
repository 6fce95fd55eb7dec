"""Import: folders of this computer, files from the browser, captions, and words in pictures; how far it is,
and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.jobs import is_news, newest_jobs, note_begun, note_told
from concepts.library.collection import LibraryInfo
from concepts.library.upkeep import words_state
from concepts.library.uploads import typed_paths
from concepts.results.concepts import list_scales
from concepts.results.library import add_uploads, folders_within, import_pictures, look_after
from concepts.use_cases import App
from storage.pictures.formats import NAMES, PICTURE_SUFFIXES
from storage.pictures.videos import SUFFIXES, is_there
from web.advice import in_words
from web.components.view import DataView
from web.handlers import PLAIN, author_of, calls, concept_of, may
from web.jobs import is_going
from web.parts import Notice, Progress, closed, data_view, place
from web.words import count

HERE = Path(__file__).parent
JOBS = ("add pictures", "add sample", "read words", "empty trash", "draw map")
ADDING = ("add pictures", "add sample")
WHAT_READING_IS = "Makes text in pictures searchable; a second or two a picture, in the background."
STILL_NEWS = timedelta(minutes=10)  # how long the end of an import is told


class Importing:
    """The button stands in the head of the screen; what `form` makes, below it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.button = gr.Button("Import", variant="primary", elem_id="library-import", size="md", scale=0)

    def form(self) -> None:
        # Always there, so that files can be dropped anywhere.
        self.offer = DataView(
            HERE / "none.html",
            script="/web/screens/library/upload.js",
            events=("uploaded",),
            elem_id="library-none",
        )
        with gr.Column(visible=False, elem_id="library-import-form") as self.group:
            self.drop = data_view(HERE / "drop.html", "library-drop")
            with gr.Column(visible=False) as self.here:
                with gr.Row():
                    self.path = gr.Textbox(
                        value="",
                        label="Or a folder on this computer, read in place",
                        placeholder="/home/ana/Pictures",
                        max_length=4096,
                        elem_id="add-paths",
                    )
                    self.add = gr.Button("Import folder", size="md", scale=0)
                self.refused = Notice("library-refused").view
                self.folders = data_view(HERE / "folders.html", "library-folders")
                with gr.Accordion("Captions and words", open=False):
                    self.about = DataView(
                        HERE / "about.html",
                        script="/web/screens/library/captions.js",
                        elem_id="library-about",
                    )
        self.progress = Progress(self._app, "library-progress", JOBS)
        self.news = data_view(HERE / "news.html", "library-news")
        self.fields = [self.group, self.drop, self.here, self.folders, self.about]
        self.parts = [self.refused, self.button, self.news, *self.progress.parts]

        begun = [self.refused, self.group, self.news, *self.progress.parts]
        self.button.click(self.open, None, self.fields, **PLAIN)
        self.drop.close(closed, None, self.group, **PLAIN)
        gr.on([self.add.click, self.path.submit], self.add_folder, self.path, begun, **PLAIN)
        self.offer.uploaded(self.add_uploads, None, begun, **PLAIN)
        self.offer.sample(self.add_sample, None, begun, **PLAIN)
        self.folders.enter(self.enter, None, [self.path, self.folders, self.refused], **PLAIN)
        self.about.read(self.read_words, None, begun, **PLAIN)
        self.news.told(self.told, None, self.news, **PLAIN)

    def follow(self, tick: Any, shown: list[Any]) -> None:
        self.progress.follow(tick, [*shown, *self.parts])

    # What is shown

    def opened(self, library: LibraryInfo, request: gr.Request) -> list[Any]:
        """Values of what stands where there are no pictures, of `parts`, and of `fields`: the form is open
        where there is nothing else to do."""
        none = self.none(library, request)
        is_open = bool(none and none.get("sample"))
        fields = self.open(request=request) if is_open else [gr.Column(visible=False), *[gr.skip()] * 4]
        return [none, *self.shown(request), *fields]

    def shown(self, request: gr.Request, *, ended: bool = False) -> list[Any]:
        """Values of `parts`. `ended`: whoever looked on is told of the end."""
        return [
            None,
            gr.Button(visible=may(request, add_uploads)),
            self._news(request, ended=ended),
            *self.progress.shown(request),
        ]

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        """The form; or it goes again where it is open."""
        may_add = may(request, import_pictures)
        demo, store = request.state.demo, self._app.settings.store
        videos = is_there() and not demo
        drop = {
            "title": "Drop pictures here" if demo else "Drop pictures, folders or zip archives here",
            "accept": "image/*,"
            + ",".join(sorted(PICTURE_SUFFIXES))
            + ("" if demo else ",.zip")
            + ("".join(f",{one}" for one in SUFFIXES) if videos else ""),
            "formats": f"{NAMES}{'; frames of videos' if videos else ''}.",
            "copied": "Removed when your visit ends."
            if demo
            else f"Copied to {store or 'Discern’s data folder'}.",
        }
        return [
            gr.Column(visible=True),
            drop,
            gr.Column(visible=may_add),
            self._places("") if may_add else None,
            self._about() if may_add else None,
        ]

    def none(self, library: LibraryInfo, request: gr.Request) -> dict[str, Any] | None:
        if library.pictures:
            return None
        if any(map(is_going, newest_jobs(self._app, ADDING))):
            return {"title": "Importing…", "text": "The first pictures show here in a moment."}
        if library.in_bin:
            return {
                "title": "No pictures",
                "text": "All of them are in the trash.",
                "trash": "/library/trash",
            }
        if not may(request, add_uploads):
            return {"title": "No pictures yet", "text": "An owner can import some."}
        return {
            "title": "No pictures yet",
            "text": "Import a folder, or drop pictures on this page.",
            "sample": may(request, import_pictures),
        }

    def _about(self) -> dict[str, Any]:
        words = words_state(self._app)
        read = f"{count(words.looked_at, 'picture')} read" if words.looked_at else ""
        left = f", {words.left:,} to go" if words.looked_at and words.left else ""
        return {
            "reads": words.possible and bool(words.left),
            "words": f"{read}{left}{'. ' if read else ''}{WHAT_READING_IS}",
            "packages": [
                *(
                    []
                    if words.possible
                    else [{"what": "search words in pictures", "extra": 'pip install "discern[words]"'}]
                ),
                *(
                    []
                    if is_there()
                    else [{"what": "import frames of videos", "extra": 'pip install "discern[video]"'}]
                ),
            ],
        }

    def _places(self, folder: str) -> dict[str, Any]:
        found = folders_within(self._app, folder)
        above = str(Path(folder).parent) if folder else ""
        allowed = {str(one) for one in folders_within(self._app)}
        return {
            "up": folder != "",
            "above": "" if folder in allowed else above,
            "folders": [
                {"path": str(one), "name": one.name or str(one) if folder else str(one)} for one in found
            ],
            "none": "No folders in this one." if folder and not found else "",
        }

    def _news(self, request: gr.Request, *, ended: bool) -> dict[str, Any] | None:
        """The end of the last import, to whoever began it, until they close it."""
        job = next(
            (
                one
                for one in newest_jobs(self._app, JOBS)
                if one.kind in (*ADDING, "read words", "empty trash")
            ),
            None,
        )
        if (
            job is None
            or job.state != "done"
            or not job.finished
            or datetime.now(UTC) - job.finished >= STILL_NEWS
        ):
            return None
        whole = not request.query_params.keys() - {"concept", "sort"}  # elsewhere it is in the way
        told = whole and is_news(self._app, job.id, author_of(request))
        if not ended and not told:
            return None
        newest = place("/library", concept_of(request) or "") if (job.result or {}).get("added") else ""
        return {"id": str(job.id), **_ended(job), "newest": newest, **self._following(job, request)}

    def _following(self, job: JobView, request: gr.Request) -> dict[str, str]:
        """What to do with pictures that came in, and where."""
        if not (job.result or {}).get("added"):
            return {}
        concepts, here = list(list_scales(self._app)), concept_of(request)
        name = here if here in concepts else concepts[0] if len(concepts) == 1 else ""
        if name:
            return {"next": f"Find candidates for “{name}”", "address": place("/describe", name)}
        return {"next": "Choose a concept" if concepts else "Describe a concept", "address": "/"}

    # What is done

    @calls(import_pictures)
    def add_folder(self, path: str, request: gr.Request) -> list[Any]:
        try:
            job = import_pictures(self._app, typed_paths(path), confined=True)
        except DiscernError as error:
            return [Notice.bad(in_words(error)), *[gr.skip()] * 4]
        return self._begun(job.id, request)

    @calls(import_pictures)
    def add_sample(self, request: gr.Request) -> list[Any]:
        return self._begun(import_pictures(self._app, sample=True).id, request)

    @calls(add_uploads)
    def add_uploads(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        return self._begun(add_uploads(self._app, str(chosen.batch)).id, request)

    @calls(look_after)
    def read_words(self, request: gr.Request) -> list[Any]:
        try:
            return self._begun(look_after(self._app, only="words").id, request)
        except DiscernError as error:
            return [Notice.bad(in_words(error)), *[gr.skip()] * 4]

    def _begun(self, job: int, request: gr.Request) -> list[Any]:
        note_begun(self._app, job, author_of(request))
        return [None, gr.Column(visible=False), None, *self.progress.shown(request)]

    @calls(import_pictures)
    def enter(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        """Into a folder, or back to the one above."""
        folder = str(chosen.value)
        try:
            return [folder, self._places(folder), None]
        except DiscernError as error:
            return [gr.skip(), gr.skip(), Notice.bad(in_words(error))]

    @calls()
    def told(self, chosen: gr.EventData, request: gr.Request) -> None:
        note_told(self._app, int(chosen.value), author_of(request))


def _ended(job: JobView) -> dict[str, str]:
    """What is new, what wasn't, what was skipped."""
    result = job.result or {}
    if job.kind == "empty trash":
        return {
            "text": f"Trash emptied: {count(int(result['pictures']), 'picture')} erased.",
            "style": "notice good",
        }
    if job.kind == "read words":
        read, found = int(result["pictures"]), int(result["words"])
        return {
            "text": f"Read {count(read, 'picture')}: {found:,} have words. Search finds them.",
            "style": "notice good",
        }
    added = int(result.get("added", 0))
    skipped = {reason: int(files) for reason, files in result.get("skipped", {}).items()}
    parts = [f"{count(added, 'picture')} imported" if added else "Nothing new"]
    if result.get("videos"):
        parts.append(f"{count(int(result['frames']), 'frame')} of {count(int(result['videos']), 'video')}")
    for name, words in (
        ("duplicates", "duplicate"),
        ("unchanged", "known already"),
        ("removed_before", "in the trash or erased"),
    ):
        if number := int(result.get(name, 0)):
            parts.append(count(number, words) if name == "duplicates" else f"{number:,} {words}")
    if others := int(result.get("others", 0)):
        first = result.get("first_other") or "1 file"
        parts.append(
            f"{first} isn’t a picture" if others == 1 else f"{count(others, 'file')} aren’t pictures"
        )
    videos = skipped.pop("video", 0)
    more = f" {count(videos, 'video')} left out: see Captions and words, under Import." if videos else ""
    bad = sum(skipped.values())
    return {
        "text": f"{', '.join(parts)}.{more}",
        "style": "notice warn" if bad or videos else "notice good",
        "skipped": f"{_skipped(bad, result.get('first_skipped', ''))} skipped" if bad else "",
    }


def _skipped(files: int, first: str) -> str:
    """One file by its name; several by the first one's."""
    if not first:
        return count(files, "file")
    return first if files == 1 else f"{first} and {files - 1:,} more"
