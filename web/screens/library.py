"""The library: importing pictures, browsing, searching by words and pictures, labelling, and its health.

What is shown is in the address (`?q=words&like=id&folder=…&sort=name&at=page`), so a reload or a second tab
shows the same; `open=id` opens a picture's page. Its views are `library_pictures`, `collections` and `trash`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

from concepts.errors import DamagedDatabaseError, DiscernError
from concepts.installation.activity import JobView
from concepts.library.collection import LibraryInfo
from concepts.library.filters import PictureSelection
from concepts.library.uploads import typed_paths
from concepts.workbench import Workbench
from concepts.workbench.collections import A_SEARCH
from concepts.workbench.map import By
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going, library_checked
from web.page import MEMORY, TIMER, Action, Shown, WebPage, concept_of, number_of, remembered
from web.render import Button, Notice, render, say, url
from web.screens import collections
from web.screens.library_pictures import PAGE, LibraryPictures, picture
from web.screens.trash_old import MOVES, move, trash
from web.words import count
from web.work import OFTEN, Work, press

JOBS = (
    "add pictures",
    "add sample",
    "check library",
    "draw map",
    "empty bin",
    "read words",
    "tidy vectors",
)
SHOW_THEMSELVES = ("draw map", "empty bin", "tidy vectors")  # their end changes a view
STILL_NEWS = timedelta(minutes=10)  # how long the end of a job is told
# The view that the end of a job is told in; what isn't named here is about the pictures.
BELONGS = {
    "tidy vectors": "health",
    "check library": "health",
    "empty bin": "trash",
}
# What the buttons that look after the library have done.
UPKEEP: dict[str, dict[str, Any]] = {
    "read-words": {"only": "words"},
    "tidy": {"only": "tidy"},
    "draw-map": {"only": "map"},
    "check": {"repair": True},
}
MAP_ALONE = frozenset(("view", "by"))  # of the address of a map: what a grid hasn't
# What a person does without having turned to something else.
STAYS = frozenset(("open", "position", "cancel"))
BAD_FILES = 50
GROUPS = 12
NEWEST = Button("Show the newest", "show")

Place = dict[str, str]


class Seen(BaseModel):
    """How many pictures there were when the page was filled, and whether it has room for more of them."""

    pictures: int = 0
    has_room: bool = False


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    areas = (screen.tools, screen.work.area, screen.uploads, screen.side, screen.main, screen.dialog)
    page.opens = screen.load
    page.on_action(screen.act, screen.top, *areas)
    screen.work.on_tick(screen.tick, of_concept=False)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self._pictures = LibraryPictures(workbench)
        with page.row("library-bar"):
            self.top = page.area("library-head")
            self.tools = page.area("library-tools")
        self.work = Work(workbench, page, "library-progress", JOBS)
        self.uploads = page.area("library-uploads", render("library/uploads.html"))
        with page.row("library-columns"):
            self.side = page.area("library-side")
            self.main = page.area("library-main")
        self.dialog = page.area("library-dialog")

    @property
    def _demo(self) -> bool:
        return self._bench.context.settings.demo

    # What is shown

    def load(self, request: Request) -> Shown:
        place = dict(request.query_params)
        opened, author = place.pop("open", ""), author_of(request)
        shown = self.show(place, author)
        try:
            return shown | ({self.dialog: self._opened(opened, place, author)} if opened else {})
        except DiscernError as error:
            return shown | self._progress(self.work.newest(), place, Notice(in_words(error), "bad"))

    def show(self, place: Place, author: str, said: Notice | None = None, *, watched: bool = False) -> Shown:
        """Everything, for what the address says, and what is said of a press. `watched`: a job ended while
        its progress was looked at here."""
        going = self.work.newest()  # first: what ends meanwhile ticks once more
        library = self._bench.library.info()
        shown = self._view(library, place, author)
        # Behind it, because what is found damaged there is said in the head, and its repair is the progress.
        after = self._bench.library.info()
        head = _head(after, place, self._demo, url("/library", **place))
        job = going if is_going(going) else self.work.newest()
        told_in = _as_told(place) if watched else place
        news = self._news(self.work.newest_of_each(), told_in, author) or (_ended(job) if watched else None)
        shown |= {self.top: head, self.dialog: "", MEMORY: self._seen(library, place)}
        return shown | self._progress(job, place, said, news)

    def tick(self, request: Request) -> Shown:
        """While a job runs. The first pictures are shown as they come; later ones are counted, and don't move
        what one is at."""
        place, jobs, seen = dict(request.query_params), self.work.newest_of_each(), remembered(Seen, request)
        job, author = next(iter(jobs), None), author_of(request)
        library = self._bench.library.info()
        if job and job.kind in SHOW_THEMSELVES and not is_going(job):
            return self.show(place, author, watched=True)
        shown: Shown = {}
        if library.pictures != seen.pictures:
            whole = seen.has_room
            shown = self._view(library, place, author) if whole else self._beside(library, place)
            shown[MEMORY] = self._seen(library, place)
        news = self._news(jobs, _as_told(place), author) or _ended(job)
        return shown | {self.top: _head(library, place, self._demo)} | self._progress(job, place, None, news)

    def _progress(
        self, job: JobView | None, place: Place, said: Notice | None = None, news: Notice | None = None
    ) -> Shown:
        following = None
        if news and news.button == NEWEST:  # what to do with pictures that came in, and where
            concepts = list(self._bench.concepts.scales())
            here = next((name for name in concepts if name == place.get("concept")), None)
            following = "Choose a concept", url("/")
            if not concepts:
                following = "Describe a concept", url("/")
            elif here or not concepts[1:]:
                first = here or concepts[0]
                following = f"Find candidates for “{first}”", url("/describe", first)
        return self.work.shown(job, "library/work.html", said=said, ended=news, following=following)

    def _seen(self, library: LibraryInfo, place: Place) -> Seen:
        is_whole = not place.keys() - {"concept"}
        return Seen(pictures=library.pictures, has_room=is_whole and library.pictures < PAGE)

    def _news(self, jobs: Sequence[JobView], place: Place, author: str) -> Notice | None:
        """The end of a job is told to whoever began it, where it belongs, until they turn to something else:
        on every view, and to everybody, it was in the way of what they had come for. Also while what begins
        by itself behind it goes on."""
        at = {name for name in place if name != "concept"}
        for job in jobs:
            here = at == {"view"} and place["view"] == BELONGS[job.kind] if job.kind in BELONGS else not at
            ended = _ended(job) if here else None
            if ended is not None and self._bench.installation.is_news(job.id, author):
                return ended
        return None

    def _view(self, library: LibraryInfo, place: Place, author: str) -> Shown:
        """The tools, the side and the pictures, or another view in their place."""
        view, bench = place.get("view", ""), self._bench
        if self._demo and view == "health":
            view = ""
        shown: Shown = {self.tools: "", self.side: ""}
        try:
            if view == "health":
                shown[self.main] = self._health(library, place)
            elif place.get("view") == "collections":
                shown[self.main] = render(
                    "collections/all.html",
                    collections=bench.collections.all(),
                    addings=bench.collections.addings(),
                    a_search=A_SEARCH,
                    concept=place.get("concept", ""),
                )
            elif place.get("view") == "trash":
                shown[self.main] = trash(bench, place, author)
            elif view == "map" and library.pictures:
                shown[self.main] = self._map(library, place, author)
            else:
                shown = self._beside(library, place)
                shown[self.tools] = self._pictures.tools(library, place)
                shown[self.main] = self._pictures.grid(library, place, author)
        except DiscernError as error:
            shown[self.main] = say(in_words(error), "bad")
        return shown

    def _beside(self, library: LibraryInfo, place: Place) -> Shown:
        """Folders and albums, with how many pictures they have."""
        return {self.side: "" if place.get("view") else self._pictures.side(library, place)}

    def _map(self, library: LibraryInfo, place: Place, author: str) -> str:
        """Every picture as a dot, and below them a grid of those that were chosen."""
        concepts = list(self._bench.concepts.scales())
        concept = next((name for name in concepts if name == place.get("concept")), "")
        concept = concept or next(iter(concepts), "")
        by = place.get("by") or "folder"
        without_view = {name: value for name, value in place.items() if name not in MAP_ALONE}
        state = self._bench.map.state()
        drawn = render(
            "library/map.html",
            map=state,
            names=[one.model_dump() for one in state.names] if state else [],
            by=by if by in get_args(By) else "folder",
            concept=concept,
            concepts=concepts,
            shape=place.get("shape", ""),
            without_view=without_view,
        )
        return drawn + (self._pictures.grid(library, place, author) if place.get("shape") else "")

    def _health(self, library: LibraryInfo, place: Place) -> str:
        bench, copies, alike = self._bench, library.exact_duplicates, library.near_duplicates
        first = number_of(place.get("bad", ""))
        following, job = first + BAD_FILES, bench.installation.latest_job(("check library",))
        return render(
            "library/health.html",
            library=library,
            disk=bench.upkeep.disk() if library.encoder else None,
            groups=GROUPS,
            bad_files=bench.library.bad_files(BAD_FILES, first) if library.bad_files else [],
            # Gone, changed or unreadable when everything was looked at last.
            wrong_files=(job.result or {}).get("named", []) if job else [],
            more_bad_files=following if following < library.bad_files else 0,
            copies=bench.library.exact_duplicates(GROUPS, place.get("copies", "")) if copies else [],
            alike=bench.library.near_duplicates(GROUPS, place.get("near", "")) if alike else [],
        )

    # What can be done

    def act(self, action: Action, request: Request) -> Shown:
        author = author_of(request)
        here = {"concept": now} if (now := concept_of(request)) else {}  # of the sidebar: it stays
        if action.name not in STAYS:
            for job in self.work.newest_of_each():
                if self._bench.installation.is_news(job.id, author):
                    self._bench.installation.note_told(job.id, author)
        place = here | dict(parse_qsl(action.value))
        try:
            if action.name == "show":
                return self.show(place, author)
            if action.name == "told":
                return self._progress(self.work.newest(), here)
            if action.name in ("search", "narrow"):
                return self.show(here | _with(place, action.fields), author)
            if action.name in ("open", "position"):
                place, where = dict(request.query_params), action.name == "position"
                return {self.dialog: self._opened(action.value, place, author, position=where)}
            if action.name in MOVES:
                return self.show(place, author, move(self._bench, action, place, author))
            if action.name in collections.ACTIONS:
                done = collections.do(self._bench, action, place, author)
                return self.show(place, author, done)
            if not press(self._bench, action):
                begun = _submitted(self._bench, action, author)
                if begun is not None:
                    self._bench.installation.note_begun(begun, author)
        except DiscernError as error:
            return self._progress(self.work.newest(), here, Notice(in_words(error), "bad"))
        shown = self._progress(self.work.newest(), here) | {TIMER: OFTEN}
        info = self._bench.library.info(wait=False)
        if not info.pictures:  # what is shown says that there are none
            shown |= self._view(info, dict(request.query_params), author)
        return shown

    def _opened(self, picture_id: str, place: Place, author: str, *, position: bool = False) -> str:
        """The page of one picture, which other screens lead to by `open` in the address."""
        said = PictureSelection.of(place).said()
        return picture(self._bench, picture_id, author, said, position=position)


def _submitted(bench: Workbench, action: Action, author: str) -> int | None:
    """The job that a press began; None where it began none."""
    if action.name == "add":
        return bench.library.add(typed_paths(action.fields.get("paths", "")), confined=True).id
    if action.name == "uploaded":
        return bench.library.add_uploads(action.value).id
    if action.name == "sample":
        return bench.library.add(sample=True).id
    if action.name == "empty-trash":
        return bench.trash.empty(author=author, refuse=bool(action.fields.get("refuse"))).id
    if action.name in UPKEEP:
        return bench.upkeep.check(**UPKEEP[action.name]).id
    return None


def _as_told(place: Place) -> Place:
    """Whoever looked on as a job ended is told of it among what they had searched for, too."""
    return {name: value for name, value in place.items() if name == "view"}


def _with(place: Place, fields: dict[str, str]) -> Place:
    """An address with what a form says, on its first page."""
    wanted = {**place, **{name: value.strip() for name, value in fields.items()}}
    usual = {name for name, value in wanted.items() if not value or (name, value) == ("sort", "newest")}
    return {name: value for name, value in wanted.items() if name not in usual | {"at", "start"}}


def _head(library: LibraryInfo, place: Place, demo: bool, address: str | None = None) -> str:
    damage = Notice(f"{library.damage} It is being rebuilt.", "warn") if library.damage else None
    if library.database:
        damage = Notice(f"{library.database} {DamagedDatabaseError.on_screen}", "bad")
    view = place.get("view", "")
    view = "" if demo and view not in ("collections", "trash") else view
    said = {"library": library, "view": view, "address": address, "damage": damage, "demo": demo}
    whole = not view and not place.keys() - {"concept", "sort", "at", "start", "view"}
    return render("library/head.html", whole=whole, **said)


def _ended(job: JobView | None) -> Notice | None:
    """The end of the last job while it is news: what is new, what wasn't, what was skipped."""
    if job is None or job.state != "done" or not job.finished:
        return None
    if datetime.now(UTC) - job.finished >= STILL_NEWS:
        return None
    result = job.result or {}
    if job.kind == "empty bin":
        gone = Button("Details", "show", "view=trash")
        return Notice(f"Trash emptied: {count(int(result['pictures']), 'picture')} erased.", "good", gone)
    if job.kind == "read words":
        read, found = int(result["pictures"]), int(result["words"])
        return Notice(f"Read {count(read, 'picture')}: {found:,} have words. Search finds them.", "good")
    if job.kind == "tidy vectors":
        freed = max(int(result["before"]) - int(result["after"]), 0)
        return Notice(f"{freed / 1e6:,.0f} MB freed.", "good")
    if job.kind == "check library":
        wrong = result["left"] or result["named"]
        return Notice(f"Library checked: {library_checked(result)}.", "warn" if wrong else "good")
    skipped = sum(result.get("skipped", {}).values())
    parts = [count(int(result.get("added", 0)), "new picture")]
    if result.get("videos"):
        frames = count(int(result["frames"]), "frame")
        parts.append(f"{frames} of {count(int(result['videos']), 'video')}")
    if result.get("duplicates"):
        parts.append(count(int(result["duplicates"]), "duplicate"))
    if result.get("unchanged"):
        parts.append(f"{int(result['unchanged']):,} known already")
    if result.get("removed_before"):
        parts.append(f"{int(result['removed_before']):,} in the trash or erased")
    if skipped:
        parts.append(f"{count(skipped, 'file')} skipped (see Files and duplicates)")
    show = NEWEST if result.get("added") else None
    videos = result.get("skipped", {}).get("video")
    how = f" {count(videos, 'video')} passed over: Import, More says how to read them." if videos else ""
    return Notice(f"Import done: {', '.join(parts)}.{how}", "warn" if skipped else "good", show)
