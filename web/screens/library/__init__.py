"""Library: every picture, searched, filtered and ordered; what is selected is labelled, put into albums or
away.

What is shown is in the address (`?q=words&like=id&folder=…&sort=name`), so a reload or a second tab shows the
same; `open=id` opens a picture.
"""

from __future__ import annotations

import time
from calendar import monthrange
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from concepts.errors import DamagedDatabaseError, DiscernError
from concepts.library.collection import LibraryInfo
from concepts.library.collections import (
    change_collection,
    collection_names,
    show_collection,
    undo_collection_change,
)
from concepts.library.filters import PictureSelection
from concepts.library.protection import protection_on_page
from concepts.results.concepts import list_scales, name_now
from concepts.results.library import (
    FolderView,
    browse,
    has_safety,
    library_folders,
    library_info,
    picture_formats,
    picture_months,
)
from concepts.results.rules import read_rule
from concepts.results.scores import concepts_that_score
from concepts.use_cases import App
from web.advice import in_words
from web.components.grid import PictureGrid
from web.components.view import DataView
from web.handlers import PLAIN, author_of, calls, concept_of, may
from web.parts import GO, closed, data_view, place
from web.screens.library.health import Health
from web.screens.library.importing import Importing
from web.words import ago, count

__all__ = ["Health", "build"]

HERE = Path(__file__).parent
SCRIPT = "/web/screens/library/library.js"
DO = "(...values) => dispatchEvent(new CustomEvent('library-do', {{detail: {} }}))"
FOLDERS = 40  # of one level
CAPTIONED = 12  # pictures whose captions have the words, before those that look like them
ELSEWHERE = {
    "map": "/library/map",
    "trash": "/library/trash",
    "collections": "/library/albums",
    "health": "/library/health",
}
PARTS = ("q", "like", "in", "sort", "concept")  # of an address, which are no filters
ORDERS = [
    ("Newest first", "newest"),
    ("Oldest first", "oldest"),
    ("Taken, newest first", "taken"),
    ("Taken, oldest first", "taken-oldest"),
    ("Name, A–Z", "name"),
    ("Name, Z–A", "name-back"),
    ("Most pixels", "largest"),
    ("Fewest pixels", "smallest"),
    ("Largest file", "heaviest"),
    ("Smallest file", "lightest"),
    ("Random", "random"),
]
ANY = ("Any", "")
SIZES = [ANY, ("Below 0.5 MP", "small"), ("0.5 to 4 MP", "medium"), ("4 MP and more", "large")]
LABELS = [
    ANY,
    ("Counts", "yes"),
    ("Doesn’t count", "no"),
    ("Unsure", "unsure"),
    ("Labelled", "any"),
    ("Unlabelled", "none"),
]
SAYS = [ANY, ("Flagged", "yes"), ("Not flagged", "no")]
REPEATED = [ANY, ("Duplicates", "copies"), ("Near-duplicates", "look-alikes")]
DEEDS = {
    "made": "at first",
    "added": "added",
    "taken": "taken out",
    "followed": "came with the folder",
    "undone": "undone",
    "gone": "erased",
}
UNDATED, SAFE = "Without a date", "Hide pictures that may be unsafe"
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def build(app: App, opened: Any) -> None:
    Library(app, opened)


class Library:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        with gr.Row(elem_id="library-head"):
            self.search = gr.Textbox(
                value="",
                label="Search by words",
                show_label=False,
                placeholder="Search: a ripe tomato",
                max_length=300,
                elem_id="library-search",
                min_width=140,
            )
            self.sort = gr.Dropdown(
                ORDERS, value="newest", label="Order", show_label=False, elem_id="library-sort", scale=0
            )
            self.filter = gr.Button("Filter", elem_id="library-filter", size="md", scale=0)
            self.importing = Importing(app)
            self.more = DataView(
                HERE / "more.html", script="/web/screens/library/more.js", elem_id="library-more"
            )
        with gr.Column(visible=False, elem_id="library-filters") as self.filters:
            self.fields = self._fields()
            with gr.Row():
                self.apply = gr.Button("Apply", size="md", scale=0)
                self.shut = gr.Button("Cancel", size="md", scale=0)
        self.importing.form()
        self.given = DataView(
            HERE / "given.html", script=SCRIPT, events=("again", "filled"), elem_id="library-given"
        )
        with gr.Row(elem_id="library-columns"):
            self.side = data_view(HERE / "side.html", "library-side")
            self.grid = PictureGrid(
                script="/web/components/grid/grid.js",
                style="/web/components/grid/grid.css",
                thumbnails="/media/thumbnail/",
                elem_id="library-grid",
            )
        away = gr.Textbox(visible=False)
        beside = [self.given, self.side, self.importing.offer]
        shown = [
            away,
            self.search,
            self.sort,
            self.filters,
            self.more,
            self.grid,
            *beside,
            *self.importing.parts,
            *self.importing.fields,
        ]
        opened(self.open, None, shown, **PLAIN)
        self.given.again(self.again, None, [self.given, self.side], **PLAIN)
        self.given.undo_change(self.undo_change, None, [self.given, self.side], **PLAIN)
        self.given.filled(self.fill, None, [self.grid, self.importing.offer, self.side], **PLAIN)
        away.change(None, away, js=GO())
        self.search.submit(None, self.search, js=DO.format("{q: values[0]}"))
        self.sort.input(None, self.sort, js=DO.format("{sort: values[0]}"))
        self.filter.click(
            self.open_filters, None, [self.importing.group, self.filters, *self.fields.values()], **PLAIN
        )
        self.importing.button.click(closed, None, self.filters, **PLAIN)
        self.shut.click(closed, None, self.filters, **PLAIN)
        names = ", ".join(self.fields)
        self.apply.click(
            None,
            list(self.fields.values()),
            js=DO.format(
                f"{{filter: Object.fromEntries('{names}'.split(', ').map((name, i) => [name, values[i]]))}}"
            ),
        )
        self.importing.follow(self.tick, [self.given, self.side])

    def _fields(self) -> dict[str, Any]:
        """By what they are called in an address."""
        with gr.Row():
            found: dict[str, Any] = {
                "format": gr.Dropdown([ANY], value="", label="Format", min_width=130),
                "size": gr.Dropdown(SIZES, value="", label="Size", min_width=130),
                "repeated": gr.Dropdown(REPEATED, value="", label="Duplicates", min_width=130),
            }
        with gr.Row():
            found |= {
                "concept": gr.Dropdown([("None", "")], value="", label="Concept", min_width=130),
                "answered": gr.Dropdown(LABELS, value="", label="Your label", min_width=130),
                "says": gr.Dropdown(SAYS, value="", label="Newest version", min_width=130),
            }
        with gr.Row():
            for name, label in (
                ("taken_from", "Taken from"),
                ("taken_to", "Taken until"),
                ("added_from", "Added from"),
                ("added_to", "Added until"),
            ):
                # `gr.DateTime` has no name for its field.
                found[name] = gr.Textbox(
                    value="", label=label, placeholder="2024-05-31", max_length=10, min_width=130
                )
        with gr.Row():
            found["folder"] = gr.Textbox(
                value="", label="Folder", placeholder="/home/ana/Pictures", max_length=4096, min_width=200
            )
            found["rule"] = gr.Textbox(
                value="",
                label="Flagged by",
                placeholder="messy room AND NOT people",
                max_length=2000,
                min_width=200,
            )
        found["also"] = gr.CheckboxGroup([UNDATED], value=[], show_label=False, label="Also")
        return found

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        said = dict(request.query_params)
        if said.get("view") in ELSEWHERE:
            view, kept = said.pop("view"), said
            return [
                place(ELSEWHERE[view], **kept),
                *[gr.skip()] * (8 + len(self.importing.parts + self.importing.fields)),
            ]
        library = library_info(self._app, wait=False)
        chosen, problem = self._chosen(said)
        return [
            "",
            chosen.q,
            gr.Dropdown(value=chosen.sort.value, interactive=not chosen.by_likeness),
            gr.Column(visible=False),
            _more(said, demo=request.state.demo),
            self._grid(library, chosen, problem, request),
            self._given(library, chosen, said, problem, request) | {"came": time.time()},
            self._side(library, chosen, said, request),
            *self.importing.opened(library, request),
        ]

    @calls()
    def again(self, request: gr.Request) -> list[Any]:
        """What is beside the pictures, after albums or the pictures changed."""
        said, library = dict(request.query_params), library_info(self._app, wait=False)
        chosen, problem = self._chosen(said)
        return [
            self._given(library, chosen, said, problem, request),
            self._side(library, chosen, said, request),
        ]

    @calls(change_collection)
    def undo_change(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        album, _, change = str(chosen.value).partition(" ")
        undo_collection_change(self._app, int(album), int(change), author=author_of(request))
        return self.again(request=request)

    @calls()
    def fill(self, request: gr.Request) -> list[Any]:
        """The first pictures of a library that had none."""
        said, library = dict(request.query_params), library_info(self._app, wait=False)
        chosen, problem = self._chosen(said)
        return [
            self._grid(library, chosen, problem, request),
            self.importing.none(library, request),
            self._side(library, chosen, said, request),
        ]

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        """While an import goes on: counts; the script fetches the first pictures as they come."""
        said, library = dict(request.query_params), library_info(self._app, wait=False)
        chosen, problem = self._chosen(said)
        return [
            self._given(library, chosen, said, problem, request),
            self._side(library, chosen, said, request),
            *self.importing.shown(request, ended=True),
        ]

    @calls()
    def open_filters(self, request: gr.Request) -> list[Any]:
        chosen, _ = self._chosen(dict(request.query_params))
        said, concepts = chosen.said(), list(list_scales(self._app))
        safe = [SAFE] if has_safety(self._app) or chosen.safe else []
        also = [UNDATED] * chosen.undated + [SAFE] * chosen.safe
        choices = {
            "format": [ANY, *((one, one) for one in picture_formats(self._app))],
            "concept": [("None", ""), *((one, one) for one in concepts)],
        }
        values: list[Any] = [gr.Column(visible=False), gr.Column(visible=True)]
        for name in self.fields:
            if name in choices:
                values.append(gr.Dropdown(choices[name], value=said.get(name, "")))
            elif name == "also":
                values.append(gr.CheckboxGroup([UNDATED, *safe], value=also))
            elif name in ("answered", "says"):
                values.append(gr.Dropdown(value=said.get(name, ""), visible=bool(concepts)))
            elif name == "folder":
                values.append(gr.Textbox(value=chosen.folder, visible=not request.state.demo))
            elif name == "rule":
                values.append(gr.Textbox(value=chosen.rule, visible=bool(concepts_that_score(self._app))))
            else:
                values.append(said.get(name, ""))
        return values

    def _chosen(self, said: dict[str, str]) -> tuple[PictureSelection, str]:
        """And why that can't be shown, in words."""
        try:
            return PictureSelection.of(said), ""
        except DiscernError as error:
            return PictureSelection(), in_words(error)

    def _grid(
        self, library: LibraryInfo, chosen: PictureSelection, problem: str, request: gr.Request
    ) -> dict[str, Any] | None:
        if problem or not library.pictures:
            return None
        shown = protection_on_page(self._app, author_of(request), concept_of(request)).query
        said = chosen.said()
        first: list[dict[str, Any]] = []  # whose captions have the words
        if chosen.q and not (chosen.like or chosen.within or chosen.captions):
            words = PictureSelection(q=chosen.q, captions=True)
            first = [
                {
                    "id": one.id,
                    "path": one.path,
                    "width": one.width,
                    "height": one.height,
                    "caption": ("" if one.column in ("caption", "keywords") else "In it: ")
                    + one.caption[:80],
                }
                for one in browse(self._app, words, CAPTIONED).pictures
            ]
        query = urlencode(said | {"limit": 60})
        return {"source": f"/api/v1/library/pictures?{query}", "shown": shown, "pictures": first}

    def _given(
        self,
        library: LibraryInfo,
        chosen: PictureSelection,
        said: dict[str, str],
        problem: str,
        request: gr.Request,
    ) -> dict[str, Any]:
        """What is looked at, each part with the way without it, and what is wrong."""
        damage = f"{library.damage} It is being rebuilt." if library.damage else ""
        if library.database:
            damage = f"{library.database} {DamagedDatabaseError.on_screen}"
        shown = protection_on_page(self._app, author_of(request), concept_of(request)).query
        parts = [
            {"text": text, "remove": f"{text}: remove", "address": _without(said, *names)}
            for text, names in self._parts(chosen)
        ]
        here = _concept(said)
        bad = library.bad_files and not request.state.demo
        return {
            "like": f"/media/thumbnail/{chosen.like}{shown}" if chosen.like else "",
            "parts": parts,
            "all": place("/library", **here) if len(parts) > 1 else "",
            "problem": problem,
            "album": None if problem or not chosen.within else self._album(chosen, said, request),
            "everything": place("/library", **here),
            "damage": damage,
            "pending": f"{library.pending:,} not searchable yet" if library.pending else "",
            "bad": f"{count(library.bad_files, 'file')} skipped" if bad else "",
            # For the script
            "pictures": library.pictures,
            "whole": not parts,
            "asks": chosen.by_likeness,
            "in_view": self._in_view(chosen),
            "open": said.get("open", ""),
        }

    def _album(
        self, chosen: PictureSelection, said: dict[str, str], request: gr.Request
    ) -> dict[str, Any] | None:
        try:
            found = show_collection(self._app, chosen.collection)
        except DiscernError:  # the grid says so
            return None
        changes = may(request, change_collection) and not found.removed
        return {
            "id": found.id,
            "name": found.name,
            "change": found.change,
            "facts": found.began[:1].upper() + found.began[1:] + (". Used by:" if found.concepts else "."),
            "used": [{"name": name, "address": place("/describe", name)} for name in found.concepts],
            "removed": bool(found.removed),
            "changes_may": changes,
            "albums": place(ELSEWHERE["collections"], **_concept(said)),
            "changes": [
                {
                    "text": f"{count(one.pictures, 'picture')} {DEEDS[one.deed]}, {ago(one.created)}"
                    + (f", by {'you' if one.author == 'me' else one.author}" if one.author else "")
                    + f"; {one.remaining:,} then",
                    "number": f"{found.id} {one.number}"
                    if changes and one.deed in ("added", "taken")
                    else "",
                    "undo": f"Undo change {one.number}",
                }
                for one in found.changes[:8]
            ],
        }

    def _in_view(self, chosen: PictureSelection) -> list[str]:
        """The concepts of which what is chosen tells a suggestion."""
        try:
            names = read_rule(self._app, chosen.rule)[1] if chosen.rule else []
        except DiscernError:
            names = []
        return [*names, *filter(None, [name_now(self._app, chosen.concept) if chosen.says else ""])]

    def _parts(self, chosen: PictureSelection) -> list[tuple[str, tuple[str, ...]]]:
        def word(choices: list[tuple[str, str]], value: str) -> str:
            return next((text for text, one in choices if one == value), value)

        def span(label: str, first: object, last: object) -> str:
            return f"{label} {first or '…'} – {last or '…'}"

        albums = collection_names(self._app) if chosen.within else {}
        album = {str(number): name for number, name in albums.items()}.get(chosen.within, chosen.within)
        folder = chosen.folder.rstrip("/").rpartition("/")[2] or chosen.folder
        taken = _month(chosen) or span("Taken", chosen.taken_from, chosen.taken_to)
        added = span("Added", chosen.added_from, chosen.added_to)
        parts = [
            (chosen.q, f"“{chosen.q[:40]}”", ("q",)),
            (chosen.like, "Like this", ("like",)),
            (chosen.within, f"Album: {album}", ("in",)),
            (chosen.folder, folder, ("folder",)),
            (chosen.format, chosen.format, ("format",)),
            (chosen.size, word(SIZES, chosen.size), ("size",)),
            (chosen.repeated, word(REPEATED, chosen.repeated), ("repeated",)),
            (chosen.taken_from or chosen.taken_to, taken, ("taken_from", "taken_to")),
            (chosen.undated, UNDATED, ("undated",)),
            (chosen.safe, "Unsafe hidden", ("safe",)),
            (chosen.added_from or chosen.added_to, added, ("added_from", "added_to")),
            (chosen.answered, f"{chosen.concept}: {word(LABELS, chosen.answered).lower()}", ("answered",)),
            (chosen.rule, f"Flagged by {chosen.rule[:60]}", ("rule",)),
            (chosen.shape, "Part of the map", ("shape",)),
            (chosen.says, f"{chosen.concept}: {word(SAYS, chosen.says).lower()}", ("says",)),
        ]
        return [(text, names) for given, text, names in parts if given]

    def _side(
        self, library: LibraryInfo, chosen: PictureSelection, said: dict[str, str], request: gr.Request
    ) -> dict[str, Any] | None:
        """Folders, months and albums."""
        if not library.pictures:
            return None
        kept = {name: said[name] for name in ("concept", "sort") if said.get(name)}

        def current(here: bool) -> str:
            return "true" if here else ""

        months: dict[int, list[dict[str, str]]] = {}
        for year, month in picture_months(self._app):
            first, last = f"{year}-{month:02}-01", _last_day(year, month)
            here = (str(chosen.taken_from), str(chosen.taken_to)) == (first, last)
            kept_months = {name: value for name, value in kept.items() if name != "sort"}
            months.setdefault(year, []).append(
                {
                    "name": MONTHS[month - 1],
                    "address": place(
                        "/library", **kept_months, taken_from=first, taken_to=last, sort="taken"
                    ),
                    "current": current(here),
                }
            )
        albums = collection_names(self._app)
        return {
            "folders": [] if request.state.demo else self._folders(chosen, kept),
            "years": [
                {
                    "year": str(year),
                    "months": found,
                    "open": at == 0 or any(one["current"] for one in found),
                }
                for at, (year, found) in enumerate(months.items())
            ],
            "albums": [
                {
                    "name": name,
                    "address": place("/library", **kept, **{"in": str(number)}),
                    "current": current(chosen.within in (str(number), name)),
                }
                for number, name in albums.items()
            ],
            "all_albums": "All albums" if albums else "New album",
            "albums_at": place(
                ELSEWHERE["collections"], **({"concept": said["concept"]} if said.get("concept") else {})
            ),
        }

    def _folders(self, chosen: PictureSelection, kept: dict[str, str]) -> list[dict[str, str]]:
        """From the outermost one down to those inside of the chosen one, each with how deep it is."""

        def drawn(one: FolderView, depth: int) -> dict[str, str]:
            return {
                "name": one.name,
                "path": one.path,
                "files": f"{one.files:,}",
                "address": place("/library", **kept, folder=one.path),
                "current": "true" if one.path == chosen.folder else "",
                "style": f"folder deep-{min(depth, 5)}",
            }

        found: list[dict[str, str]] = []

        def level(folders: list[FolderView], depth: int) -> None:
            shown = folders[:FOLDERS]
            shown += [f for f in folders[FOLDERS:] if _is_in(chosen.folder, f.path)]
            for one in shown:
                found.append(drawn(one, depth))
                if one.has_folders and (depth == 0 or _is_in(chosen.folder, one.path)):
                    level(library_folders(self._app, one.path), depth + 1)

        level(library_folders(self._app), 0)
        return found if len(found) > 1 else []


def _concept(said: dict[str, str]) -> dict[str, str]:
    return {"concept": said["concept"]} if said.get("concept") else {}


def _is_in(folder: str, path: str) -> bool:
    return folder == path or folder.startswith(f"{path.rstrip('/')}/")


def _last_day(year: int, month: int) -> str:
    return f"{year}-{month:02}-{monthrange(year, month)[1]:02}"


def _month(chosen: PictureSelection) -> str:
    """Of a whole month its name."""
    first, last = chosen.taken_from, chosen.taken_to
    if not first or not last or str(first)[8:] != "01" or str(last) != _last_day(first.year, first.month):
        return ""
    return f"{MONTHS[first.month - 1]} {first.year}"


def _without(said: dict[str, str], *names: str) -> str:
    return place(
        "/library", **{name: value for name, value in said.items() if value and name not in (*names, "open")}
    )


def _more(said: dict[str, str], *, demo: bool) -> dict[str, Any]:
    here = _concept(said)
    narrowed = {
        name: value for name, value in said.items() if name not in ("open", "view", "concept") and value
    }
    links = [
        ("Map", place(ELSEWHERE["map"], **here)),
        ("Albums", place(ELSEWHERE["collections"], **here)),
        ("Side by side", place("/library/side-by-side", **here, **narrowed)),
        ("Trash", place(ELSEWHERE["trash"], **here)),
    ]
    if not demo:
        links += [
            ("Files and duplicates", place(ELSEWHERE["health"], **here)),
            ("Encoder", place("/settings/encoder")),
        ]
    return {"links": [{"name": name, "address": address} for name, address in links]}
