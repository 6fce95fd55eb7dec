"""Albums, which programs call collections: all of them, and making one. Library shows what is in one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.errors import DiscernError
from concepts.library.collections import (
    A_SEARCH,
    LONGEST,
    MOST_FOUND,
    CollectionView,
    all_collections,
    change_collection,
    list_addings,
    make_collection,
    rename_collection,
    show_collection,
)
from concepts.library.protection import protection_on_page
from concepts.results.trash import put_into_trash, restore
from concepts.use_cases import App
from concepts.use_cases.names import id_in
from web.advice import in_words
from web.handlers import EACH, PLAIN, author_of, calls, concept_of, may
from web.parts import Notice, data_view, place
from web.words import count

HERE = Path(__file__).parent
BY = [("Added", "added"), ("File changed", "file")]
WAYS = [
    ("A folder, and what is imported into it later", "folder"),
    ("From an import", "adding"),
    ("By date", "dates"),
    ("From a search", "search"),
    ("By hand", "hand"),
]


def build(app: App, opened: Any) -> None:
    Albums(app, opened)


class Albums:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.said = Notice("albums-said").view
        self.albums = data_view(HERE / "albums.html", "albums")
        with gr.Group(visible=False, elem_id="rename-album") as self.renaming:
            self.number = gr.Textbox(value="", visible=False)
            self.new_name = gr.Textbox(label="New name of the album", value="", max_length=LONGEST)
            with gr.Row():
                rename = gr.Button("Rename", scale=0)
                cancel = gr.Button("Cancel", scale=0)
        with gr.Accordion("New album", open=False, visible=False, elem_id="new-album") as self.making:
            self._form()
        shown = [self.said, self.albums, self.making, self.adding, self.renaming]
        opened(self.open, None, shown, **PLAIN)
        self.way.change(self.choose, self.way, self.ways, **PLAIN)
        given = [self.name, self.way, self.folder, self.adding, self.first, self.last, self.by]
        gr.on([self.create.click, self.name.submit], self.make, [*given, self.words, self.n], shown, **PLAIN)
        self.albums.rename(self.ask_name, None, [self.renaming, self.number, self.new_name], **PLAIN)
        gr.on([rename.click, self.new_name.submit], self.rename, [self.number, self.new_name], shown, **PLAIN)
        cancel.click(self.cancel, None, self.renaming, **PLAIN)
        self.albums.trash(self.put_away, None, shown, **EACH)
        self.said.undo(self.restore, None, shown, **PLAIN)

    def _form(self) -> None:
        self.name = gr.Textbox(label="Name", value="", placeholder="Rooms", max_length=LONGEST)
        self.way = gr.Radio(WAYS, value="folder", label="Pictures")
        self.folder = gr.Textbox(
            label="Folder", value="", placeholder="/home/ana/Pictures/rooms", max_length=4096
        )
        self.adding = gr.Dropdown([], value=None, label="Import", visible=False)
        with gr.Row(visible=False) as self.dates:
            self.first = gr.DateTime(label="From", include_time=False, type="string")
            self.last = gr.DateTime(label="Until", include_time=False, type="string")
            self.by = gr.Dropdown(BY, value="added", label="By which date")
        with gr.Row(visible=False) as self.search:
            self.words = gr.Textbox(label="Words", value="", placeholder="a living room", max_length=300)
            self.n = gr.Number(label=f"Nearest (1–{MOST_FOUND:,})", value=A_SEARCH, precision=0, scale=0)
        self.create = gr.Button("Create", variant="primary", scale=0)
        self.ways = [self.folder, self.adding, self.dates, self.search]

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return self._shown(request)

    @calls()
    def choose(self, way: str, request: gr.Request) -> list[Any]:
        return [gr.update(visible=way == name) for name in ("folder", "adding", "dates", "search")]

    @calls(make_collection)
    def make(
        self,
        name: str,
        way: str,
        folder: str,
        adding: str | None,
        first: str | None,
        last: str | None,
        by: str,
        words: str,
        n: float | None,
        request: gr.Request,
    ) -> list[Any]:
        given: dict[str, Any] = {}
        try:
            if way == "adding":
                given["adding"] = int(adding) if adding and adding.isdecimal() else 0
            elif way == "dates":
                given = {"since": _day(first), "until": _day(last), "by_file": by == "file"}
            elif way == "search":
                given = {"search": words.strip(), "n": int(n or A_SEARCH)}
            elif way == "folder":
                given["folder"] = folder.strip()
            if given and not next(iter(given.values())):
                raise DiscernError("Choose which pictures first.")
            made = make_collection(self._app, name, **given, author=author_of(request))
        except DiscernError as error:
            return self._shown(request, Notice.bad(f"{in_words(error)} Nothing was created."))
        pictures = count(made.pictures, "picture")
        return self._shown(request, Notice.good(f"“{made.name}” created: {pictures}, {made.began}."))

    @calls()
    def ask_name(self, chosen: gr.EventData, request: gr.Request) -> tuple[Any, str, str]:
        found = show_collection(self._app, _number(chosen.value))
        return gr.Group(visible=True), str(found.id), found.name

    @calls()
    def cancel(self, request: gr.Request) -> Any:
        return gr.Group(visible=False)

    @calls(change_collection)
    def rename(self, number: str, name: str, request: gr.Request) -> list[Any]:
        try:
            before = show_collection(self._app, _number(number))
            renamed = rename_collection(self._app, before.id, name)
        except DiscernError as error:
            return self._shown(request, Notice.bad(f"{in_words(error)} Nothing was changed."))
        return self._shown(request, Notice.good(f"“{before.name}” is now “{renamed.name}”."))

    @calls(put_into_trash)
    def put_away(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        number = _number(chosen.value)
        try:
            moved = put_into_trash(self._app, collection=f"id:{number}", author=author_of(request))
        except DiscernError as error:
            return self._shown(request, Notice.bad(f"{in_words(error)} Nothing was moved."))
        request.state.deed = ("removed a collection", str(number))
        concepts = ", ".join(show_collection(self._app, id_in(moved.ids[0]) or 0).concepts)
        used = f" Still used by: {concepts}." if concepts else ""
        said = f"“{moved.names[0]}” is in the trash; its pictures stay.{used}"
        return self._shown(request, Notice.good(said, str(number)))

    @calls(restore)
    def restore(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        number = _number(chosen.value)
        try:
            moved = restore(self._app, collection=f"id:{number}", author=author_of(request))
        except DiscernError as error:
            return self._shown(request, Notice.bad(f"{in_words(error)} Nothing was restored."))
        request.state.deed = ("brought a collection back", str(number))
        return self._shown(request, Notice.good(f"“{moved.names[0]}” is restored."))

    def _shown(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        concept, owner = concept_of(request) or "", may(request, change_collection)
        query = protection_on_page(self._app, author_of(request), None).query
        albums = [_card(one, concept, query, owner) for one in all_collections(self._app)]
        imports = [
            (f"{one.finished:%d %b %Y %H:%M}: {count(one.added, 'new picture')} of {one.what}", str(one.job))
            for one in list_addings(self._app)
        ]
        return [
            said,
            {"albums": albums, "back": place("/library", concept)},
            gr.Accordion(visible=may(request, make_collection)),
            gr.Dropdown(choices=imports),
            gr.Group(visible=False),
        ]


def _card(one: CollectionView, concept: str, query: str, owner: bool) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "address": place("/library", concept, **{"in": one.id}),
        "cover": [f"/media/thumbnail/{id}{query}" for id in one.cover],
        "facts": f"{count(one.pictures, 'picture')}, {one.began}.",
        "used": f"Used by {', '.join(one.concepts)}." if one.concepts else "",
        "menu": f"album-{one.id}" if owner else "",
        "more": f"More for {one.name}",
    }


def _number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError as error:
        raise DiscernError("Give both days, such as 2025-03-01.") from error
