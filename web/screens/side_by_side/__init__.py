"""Side by side: pictures with a row of labels for each of a few concepts, which `side_by_side.js` draws.

What is shown is in the address (`?of=one&of=other` with what Library shows, or with ids of pictures),
so a reload or a second tab shows the same. No suggestion stands beside the pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from concepts.errors import DiscernError
from concepts.labelling.labels import own_labels
from concepts.library.browsing import PicturePage, PictureView
from concepts.library.collection import collection_of
from concepts.library.filters import PictureSelection
from concepts.library.protection import protection_on_page
from concepts.results.concepts import list_scales, name_now
from concepts.results.library import browse
from concepts.results.rules import read_rule
from concepts.use_cases import App
from storage.names import key_of
from web.advice import in_words
from web.components.view import DataView
from web.handlers import NEWEST, PLAIN, author_of, calls
from web.http.roles import OWNER
from web.parts import GO, Notice, data_view, place

HERE = Path(__file__).parent
PATH = "/library/side-by-side"
MOST = 6  # concepts side by side
PAGE = 24
SELECTED = 200  # pictures that an address names
OF_A_PAGE = frozenset(("at", "start", "open", "view", "of", "order", "screen"))


def build(app: App, opened: Any) -> None:
    SideBySide(app, opened)


class SideBySide:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "several-head")
        self.said = Notice("several-said").view
        self.concepts = gr.Dropdown(
            [],
            value=[],
            multiselect=True,
            max_choices=MOST,
            label=f"Concepts, at most {MOST}",
            elem_id="several-concepts",
        )
        self.several = DataView(
            HERE / "several.html", script="/web/screens/side_by_side/side_by_side.js", elem_id="several"
        )
        gone = gr.Textbox(visible=False)
        opened(self.open, None, [self.head, self.said, self.concepts, self.several], **PLAIN)
        self.concepts.input(self.choose, self.concepts, gone, **NEWEST)
        gone.change(None, gone, js=GO())

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        app, author = self._app, author_of(request)
        names, others = self._named(request)
        place_ = _place(request)
        try:
            scales = list_scales(app)
            names = [app.concept(name).row.name for name in names]
            chosen = PictureSelection.of(place_)
            found = self._page(request, place_, chosen, author)
            ids = [picture.id for picture in found.pictures]
            own = self._own(names, ids, author)
        except DiscernError as error:
            return [{"back": "/library"}, Notice.bad(in_words(error)), gr.Dropdown(), None]
        query = protection_on_page(app, author, None).query
        about = f"“{chosen.q[:30]}”" if chosen.q else ""
        head = {
            "back": place("/library", **{name: v for name, v in place_.items() if name != "pictures"}),
            "about": f"{len(ids):,} selected" if "pictures" in place_ else about,
            "labels": bool(names),
        }
        value: dict[str, Any] = {
            "warning": f"Only the first {MOST} are shown." if others else "",
            "concepts": [{"name": name, "scale": scales[name].model_dump(mode="json")} for name in names],
            "in_view": _in_view(app, chosen),
            "pictures": [_picture(one, query, own.get(one.id, {})) for one in found.pictures]
            if names
            else [],
            "newer": self._to(names, place_, found.newer) if found.newer else "",
            "older": self._to(names, place_, found.older) if found.older else "",
        }
        value["pages"] = bool(names and (value["newer"] or value["older"]))
        if not scales:
            way = {"address": "/", "way": "New concept" if request.state.role >= OWNER else "Home"}
            value["none"] = {"title": "No concepts yet", "text": "Describe one first.", **way}
        elif not found.pictures:
            way = {"address": "/library", "way": "Library"}
            text = "Import some, or remove a filter."
            value["none"] = {"title": "No pictures here", "text": text, **way}
        concepts = gr.Dropdown(choices=list(scales), value=names, visible=bool(scales))
        return [head, None, concepts, value]

    @calls()
    def choose(self, names: list[str], request: gr.Request) -> str:
        return self._to(names[:MOST], _place(request), "")

    def _named(self, request: gr.Request) -> tuple[list[str], bool]:
        """The concepts of the address, and whether there are more than are shown."""
        query = request.query_params
        asked = query.getlist("of") or [name for name in [query.get("concept")] if name]
        named = list({key_of(name): name for name in asked}.values())
        return named[:MOST], len(named) > MOST

    def _page(
        self, request: gr.Request, place_: dict[str, str], chosen: PictureSelection, author: str
    ) -> PicturePage:
        """The selected pictures, or a page of what Library shows."""
        if selected := place_.get("pictures", "").split()[:SELECTED]:
            paths = collection_of(self._app).paths(selected)
            views = [PictureView(id=i, path=paths[i], width=0, height=0) for i in selected if i in paths]
            return PicturePage(pictures=views, newer="", older="")
        return browse(self._app, chosen, PAGE, request.query_params.get("at", ""), author=author)

    def _own(
        self, concepts: Iterable[str], ids: Sequence[str], author: str
    ) -> dict[str, dict[str, dict[str, str]]]:
        """Picture → concept → this person's label, its key, and their comment. Nothing of anybody else."""
        found: dict[str, dict[str, dict[str, str]]] = {}
        for name in concepts if ids else ():
            for id, label in own_labels(self._app.concept(name), [*ids], author=author).items():
                found.setdefault(id, {})[name] = label.model_dump(mode="json")
        return found

    def _to(self, names: Sequence[str], place_: dict[str, str], at: str) -> str:
        pairs = [("of", name) for name in names] + [*place_.items()] + ([("at", at)] if at else [])
        return f"{PATH}?{urlencode(pairs)}" if pairs else PATH


def _place(request: gr.Request) -> dict[str, str]:
    """What Library shows, as the address has it."""
    query = request.query_params
    found = {name: value for name, value in query.items() if name not in OF_A_PAGE and value}
    if query.get("order") == "mixed":  # of earlier addresses
        found["sort"] = "random"
    return found


def _in_view(app: App, chosen: PictureSelection) -> list[str]:
    """The concepts of which what is chosen tells a suggestion."""
    names = read_rule(app, chosen.rule)[1] if chosen.rule else []
    return [*names, *filter(None, [name_now(app, chosen.concept) if chosen.says else ""])]


def _picture(one: PictureView, query: str, own: dict[str, dict[str, str]]) -> dict[str, Any]:
    src = f"/media/thumbnail/{one.id}{query}"
    return {"id": one.id, "src": src, "name": PurePath(one.path).name, "own": own}
