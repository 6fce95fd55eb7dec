"""The library: adding pictures, browsing, searching by words and pictures, and its health.

What is shown is in the address (`?q=words&like=id&folder=…&sort=name&at=page`), so a reload or a second tab
shows the same; `open=id` opens a picture's page. Its views are `library_pictures` and `trash`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from concepts.errors import DamagedDatabaseError, DiscernError
from concepts.installation.activity import JobView
from concepts.installation.users import Role
from concepts.library.collection import LibraryInfo
from concepts.library.uploads import typed_paths
from concepts.workbench import Workbench
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going, library_checked
from web.page import TIMER, Action, Shown, WebPage, concept_of
from web.render import Button, Notice, render, say, url
from web.screens import collections, library_chosen
from web.screens.collections import CollectionsView
from web.screens.library_pictures import ADDING, chosen_of, picture, pictures
from web.screens.trash import MOVES, move, trash
from web.words import count
from web.work import OFTEN, Work, press

JOBS = (
    "add pictures",
    "add sample",
    "re-embed",
    "check library",
    "empty bin",
    "read dates",
    "read words",
    "find neighbours",
    "tidy vectors",
)
SHOW_THEMSELVES = ("empty bin", "read dates", "find neighbours", "tidy vectors")  # their end changes a view
STILL_NEWS = timedelta(minutes=10)  # how long the end of a job is told
# The view that the end of a job is told in; what isn't named here is about the pictures.
BELONGS = {
    "tidy vectors": "health",
    "check library": "health",
    "empty bin": "trash",
}
# What the buttons that look after the library have done.
UPKEEP: dict[str, dict[str, Any]] = {
    "read-dates": {"only": "dates"},
    "read-words": {"only": "words"},
    "tidy": {"only": "tidy"},
    "check": {"repair": True},
}
# What a person does without having turned to something else.
STAYS = frozenset(("open", "position", "cancel"))
BAD_FILES = 50
GROUPS = 12

Place = dict[str, str]


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(screen.load)
    page.on_action(screen.act, screen.top, screen.work.area, screen.uploads, screen.main, screen.dialog)
    screen.work.on_tick(screen.tick, of_concept=False)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.collections = CollectionsView(workbench)
        self.top = page.area("library-head")
        self.work = Work(workbench, page, "library-progress", JOBS)
        self.uploads = page.area("library-uploads", render("library/uploads.html"))
        self.main = page.area("library-main")
        self.dialog = page.area("library-dialog")

    @property
    def _demo(self) -> bool:
        return self._bench.context.settings.demo

    # What is shown

    def load(self, request: Request) -> Shown:
        place = dict(request.query_params)
        opened, author, role = place.pop("open", ""), author_of(request), request.state.role
        shown = self.show(place, author, role)
        try:
            return shown | ({self.dialog: self._opened(opened, place, author, role)} if opened else {})
        except DiscernError as error:
            return shown | self._progress(self.work.newest(), Notice(in_words(error), "bad"))

    def show(
        self, place: Place, author: str, role: Role, said: Notice | None = None, *, watched: bool = False
    ) -> Shown:
        """Everything, for what the address says, and what is said of a press. `watched`: a job ended while
        its progress was looked at here."""
        going = self.work.newest()  # first: what ends meanwhile ticks once more
        main = self._main(self._bench.library.info(), place, author, role)
        # Behind it, because what is found damaged there is said in the head, and its repair is the progress.
        head = _head(self._bench.library.info(), place, self._demo, url("/library", **place))
        job = going if is_going(going) else self.work.newest()
        told_in = _view(place) if watched else place
        news = self._news(self.work.newest_of_each(), told_in, author) or (_ended(job) if watched else None)
        return {self.top: head, self.main: main, self.dialog: ""} | self._progress(job, said, news)

    def tick(self, request: Request) -> Shown:
        """While a job runs; at its end the counts are new and the person is told."""
        place, jobs = dict(request.query_params), self.work.newest_of_each()
        job, author, role = next(iter(jobs), None), author_of(request), request.state.role
        library = self._bench.library.info()
        if self._are_first(jobs, library, author):
            return self.show(place, author, role, watched=True)  # what is shown says that there are none
        shows_itself = job and (job.kind in SHOW_THEMSELVES or not library.pictures)
        if shows_itself and not is_going(job):
            return self.show(place, author, role, watched=True)
        news = self._news(jobs, _view(place), author) or _ended(job)
        return {self.top: _head(library, place, self._demo)} | self._progress(job, None, news)

    def _progress(self, job: JobView | None, said: Notice | None = None, news: Notice | None = None) -> Shown:
        return self.work.shown(job, "library/work.html", said=said, ended=news)

    def _are_first(self, jobs: Sequence[JobView], library: LibraryInfo, author: str) -> bool:
        """Whether all pictures that there are came just now. What begins by itself once they are in, such as
        finding look-alikes, ticks on: then it is so once."""
        came = next((job for job in jobs if job.kind in ADDING), None)
        if came is None or is_going(came) or not (came.result or {}).get("added") == library.pictures > 0:
            return False
        goes_on = is_going(jobs[0])
        return self._bench.installation.note_shown(came.id, author) if goes_on else came == jobs[0]

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

    def _main(self, library: LibraryInfo, place: Place, author: str, role: Role) -> str:
        view = "" if self._demo else place.get("view", "")
        try:
            if view == "health":
                return self._health(library, place)
            if place.get("view") == "collections":
                return self.collections.html(place)
            if place.get("view") == "trash":
                return trash(self._bench, place, author, self._demo)
            return pictures(self._bench, library, place, author, role, self._demo)
        except DiscernError as error:
            return say(in_words(error), "bad")

    def _health(self, library: LibraryInfo, place: Place) -> str:
        bench, copies, alike = self._bench, library.exact_duplicates, library.near_duplicates
        first = int(place["bad"]) if place.get("bad", "").isdecimal() else 0
        following = first + BAD_FILES
        return render(
            "library/health.html",
            library=library,
            disk=bench.upkeep.disk() if library.encoder else None,
            groups=GROUPS,
            bad_files=bench.library.bad_files(BAD_FILES, first) if library.bad_files else [],
            wrong_files=self._wrong_files(),
            more_bad_files=following if following < library.bad_files else 0,
            copies=bench.library.exact_duplicates(GROUPS, place.get("copies", "")) if copies else [],
            alike=bench.library.near_duplicates(GROUPS, place.get("near", "")) if alike else [],
        )

    def _wrong_files(self) -> list[dict[str, str]]:
        """Files that were gone, changed or unreadable when everything was looked at last."""
        job = self._bench.installation.latest_job(("check library",))
        return (job.result or {}).get("named", []) if job else []

    # What can be done

    def act(self, action: Action, request: Request) -> Shown:
        author, role = author_of(request), request.state.role
        here = {"concept": now} if (now := concept_of(request)) else {}  # of the sidebar: it stays
        if action.name not in STAYS:
            self._turn_away(author)
        try:
            place = here | dict(parse_qsl(action.value))
            if action.name == "show":
                return self.show(place, author, role)
            if action.name == "told":
                return self._progress(self.work.newest())
            if action.name in ("search", "narrow"):
                return self.show(here | _with(place, action.fields), author, role)
            if action.name in ("open", "position"):
                place, where = dict(request.query_params), action.name == "position"
                return {self.dialog: self._opened(action.value, place, author, role, position=where)}
            if action.name in MOVES:
                done = move(self._bench, action, place, author)
                return self.show(place, author, role, done)
            if action.name in library_chosen.ACTIONS:
                done = library_chosen.do(self._bench, action, place, author)
                return self.show(place, author, role, done)
            if action.name in collections.ACTIONS:
                where_now, told = self.collections.do(action, author)
                where_now = here | where_now
                info = self._bench.library.info()
                head = _head(info, where_now, self._demo, url("/library", **where_now))
                return {self.top: head, self.main: self.collections.html(where_now, told)}
            self._begin(action, author)
        except DiscernError as error:
            return self._progress(self.work.newest(), Notice(in_words(error), "bad"))
        begun = self._progress(self.work.newest()) | {TIMER: OFTEN}
        info = self._bench.library.info(wait=False)
        if not info.pictures:  # what is shown says that there are none
            begun |= {self.main: self._main(info, dict(request.query_params), author, role)}
        return begun

    def _opened(
        self, picture_id: str, place: Place, author: str, role: Role, *, position: bool = False
    ) -> str:
        """The page of one picture, which other screens lead to by `open` in the address."""
        said = chosen_of(place).said()
        return picture(self._bench, picture_id, author, said, role, self._demo, position=position)

    def _begin(self, action: Action, author: str) -> None:
        if press(self._bench, action):
            return
        job = _submitted(self._bench, action, author)
        if job is not None:
            self._bench.installation.note_begun(job, author)

    def _turn_away(self, author: str) -> None:
        for job in self.work.newest_of_each():
            if self._bench.installation.is_news(job.id, author):
                self._bench.installation.note_told(job.id, author)


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


def _view(place: Place) -> Place:
    """Whoever looked on as a job ended is told of it among what they had searched for, too."""
    return {name: value for name, value in place.items() if name == "view"}


def _with(place: Place, fields: dict[str, str]) -> Place:
    """An address with what a form says, on its first page."""
    wanted = {**place, **{name: value.strip() for name, value in fields.items()}}
    usual = {name for name, value in wanted.items() if not value or (name, value) == ("sort", "newest")}
    return {name: value for name, value in wanted.items() if name not in usual | {"at"}}


def _head(library: LibraryInfo, place: Place, demo: bool, address: str | None = None) -> str:
    damage = Notice(f"{library.damage} It is made again meanwhile.", "warn") if library.damage else None
    if library.database:
        damage = Notice(f"{library.database} {DamagedDatabaseError.on_screen}", "bad")
    view = place.get("view", "")
    view = "" if demo and view not in ("collections", "trash") else view
    return render("library/head.html", library=library, view=view, address=address, damage=damage, demo=demo)


def _ended(job: JobView | None) -> Notice | None:
    """The end of the last job while it is news: what is new, what wasn't, what was skipped."""
    if job is None or job.state != "done" or not job.finished:
        return None
    if datetime.now(UTC) - job.finished >= STILL_NEWS:
        return None
    result = job.result or {}
    if job.kind == "re-embed":
        return Notice(f"Done: {count(int(result.get('embedded', 0)), 'picture')} embedded again.", "good")
    if job.kind == "read dates":
        return Notice(
            f"Done: {int(result['dated']):,} of {count(int(result['looked_at']), 'picture')} say when.",
            "good",
        )
    if job.kind == "empty bin":
        gone = Button("What went", "show", "view=trash")
        return Notice(f"The trash was emptied: {count(int(result['pictures']), 'picture')}.", "good", gone)
    if job.kind == "read words":
        looked, found = int(result["pictures"]), int(result["words"])
        said = f"Looked for words in {count(looked, 'picture')} and found some in {found:,}"
        return Notice(f"{said}. Search finds them.", "good")
    if job.kind == "find neighbours":
        return Notice(f"Found out which of {count(int(result['pictures']), 'picture')} look alike.", "good")
    if job.kind == "tidy vectors":
        freed = max(int(result["before"]) - int(result["after"]), 0)
        return Notice(f"Tidied: {freed / 1e6:,.0f} MB are free again.", "good")
    if job.kind == "check library":
        wrong = result["left"] or result["named"]
        return Notice(f"Looked at everything: {library_checked(result)}.", "warn" if wrong else "good")
    skipped = sum(result.get("skipped", {}).values())
    parts = [count(int(result.get("added", 0)), "new picture")]
    if result.get("duplicates"):
        parts.append(f"{count(int(result['duplicates']), 'copy', 'copies')} of what was there")
    if result.get("unchanged"):
        parts.append(f"{int(result['unchanged']):,} known already")
    if result.get("removed_before"):
        parts.append(f"{int(result['removed_before']):,} are in the trash or erased")
    if skipped:
        parts.append(f"{count(skipped, 'file')} skipped (Health says why)")
    show = Button("Show the newest", "show") if result.get("added") else None
    return Notice(f"Last added: {', '.join(parts)}.", "warn" if skipped else "good", show)
