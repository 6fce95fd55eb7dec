"""Map: every picture as a dot, and below it those that were chosen. What is chosen is in the address."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import gradio as gr

from concepts.errors import DiscernError
from concepts.library.filters import PictureSelection
from concepts.library.protection import protection_on_page
from concepts.results.concepts import list_scales
from concepts.results.library import browse, look_after, picture_count
from concepts.results.library_map import By, map_state
from concepts.use_cases import App
from web.advice import in_words
from web.components.grid import PictureGrid
from web.components.map import PictureMap
from web.handlers import EACH, PLAIN, author_of, calls, concept_of, may
from web.parts import GO, Notice, Progress, data_view, place
from web.words import count

HERE = Path(__file__).parent
PATH = "/library/map"
PAGE = 120  # of the chosen ones; all of them are in Library
BY = [
    ("Your label", "label"),
    ("Score", "score"),
    ("Newest version", "version"),
    ("Folder", "folder"),
    ("Album", "album"),
]
OF_CONCEPT = ("label", "score", "version")


def build(app: App, opened: Any) -> None:
    MapScreen(app, opened)


class MapScreen:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "map-head")
        self.said = Notice("map-said").view
        self.progress = Progress(app, "map-progress", ("draw map",))
        with gr.Row(visible=False, elem_id="map-colours") as self.tools:
            self.by = gr.Dropdown(BY, value="folder", label="Colour", scale=0, min_width=200)
            self.concept = gr.Dropdown([], value=None, label="Concept", visible=False, scale=0, min_width=240)
        self.map = PictureMap(
            script="/web/components/map/map.js",
            style="/web/components/map/map.css",
            source="/app/map",
            elem_id="map",
        )
        self.chosen = data_view(HERE / "chosen.html", "map-chosen")
        self.grid = PictureGrid(
            script="/web/screens/map/grid.js",
            style="/web/components/grid/grid.css",
            keys={"y": "yes", "n": "no", "u": "unsure"},
            label="Chosen pictures",
            elem_id="map-grid",
        )
        gone = gr.Textbox(visible=False)
        told = [self.head, self.tools, self.by, self.concept, self.map, self.chosen, *self.progress.parts]
        shown = [self.said, self.grid, *told]
        opened(self.open, None, shown, **PLAIN)
        self.progress.follow(self.tick, told)
        gr.on([self.by.input, self.concept.input], self.colour, [self.by, self.concept], gone, **PLAIN)
        self.map.choose(self.choose, None, gone, **EACH)
        self.chosen.again(self.draw, None, shown, **PLAIN)
        gone.change(None, gone, js=GO())

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return self._shown(request)

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        return self._told(request, self._page(request)[0])

    @calls()
    def colour(self, by: str, concept: str | None, request: gr.Request) -> str:
        return _address(request, by=by, concept=concept or concept_of(request) or "")

    @calls()
    def choose(self, chosen: gr.EventData, request: gr.Request) -> str:
        return _address(request, shape=str(chosen.shape)[:4096])

    @calls(look_after)
    def draw(self, request: gr.Request) -> list[Any]:
        try:
            look_after(self._app, only="map")
        except DiscernError as error:
            return self._shown(request, Notice.bad(in_words(error)))
        return self._shown(request)

    def _shown(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        query = protection_on_page(self._app, author_of(request), None).query
        try:
            fitting, pictures = self._page(request)
        except DiscernError as error:
            fitting, pictures, said = None, [], Notice.bad(in_words(error))
        grid = {"pictures": [_tile(one, query) for one in pictures], "concept": concept_of(request) or ""}
        return [said, grid, *self._told(request, fitting)]

    def _page(self, request: gr.Request) -> tuple[int | None, list[Any]]:
        """How many were chosen, and the first of them."""
        shape = request.query_params.get("shape", "")
        if not shape:
            return None, []
        found = browse(self._app, PictureSelection.of({"shape": shape}), PAGE)
        return found.fitting or len(found.pictures), found.pictures

    def _told(self, request: gr.Request, fitting: int | None) -> list[Any]:
        app, query = self._app, request.query_params
        concepts = list(list_scales(app))
        concept = next((name for name in concepts if name == concept_of(request)), "")
        concept = concept or next(iter(concepts), "")
        by = query.get("by", "")
        by = by if by in get_args(By) and (concepts or by not in OF_CONCEPT) else "folder"
        progress, here = self.progress.shown(), place("/library", concept_of(request) or "")
        state = map_state(app) if picture_count(app) else None
        if state is None:
            none = {"title": "Drawing the map", "text": "It appears here when it is ready."}
            if not picture_count(app):
                none = {"title": "No pictures yet", "text": "Import some in Library."}
                head = {"back": here, "none": none}
                return [head, gr.Row(visible=False), by, gr.skip(), None, None, *progress]
            head = {"back": here, "none": none}
            return [
                head,
                gr.Row(visible=False),
                by,
                gr.skip(),
                None,
                None,
                progress[0],
                gr.Timer(active=True),
            ]
        value = {
            "key": state.key,
            "pictures": state.pictures,
            "names": [one.model_dump(mode="json") for one in state.names],
            "shape": query.get("shape", "")[:4096],
            "colours": {"by": by, "concept": concept},
            "shown": protection_on_page(app, author_of(request), None).query,
        }
        missing = f"{count(state.missing, 'picture')} not on the map yet." if state.missing else ""
        chosen = {
            "said": "" if fitting is None else count(fitting, "picture"),
            "library": place("/library", concept_of(request) or "", shape=query.get("shape", "")),
            "nothing": _address(request, shape=""),
            "missing": missing,
            "owner": may(request, look_after),
        }
        return [
            {"back": here, "pictures": count(state.pictures, "picture")},
            gr.Row(visible=True),
            gr.Dropdown(choices=BY if concepts else BY[3:], value=by),
            gr.Dropdown(choices=concepts, value=concept or None, visible=bool(concepts)),
            value,
            chosen,
            *progress,
        ]


def _address(request: gr.Request, **changes: str) -> str:
    """What is shown, with changes."""
    now = {name: request.query_params.get(name, "") for name in ("concept", "by", "shape")} | changes
    return place(PATH, **{name: value for name, value in now.items() if value})


def _tile(one: Any, query: str) -> dict[str, Any]:
    src = f"/media/thumbnail/{one.id}{query}"
    return {"id": one.id, "src": src, "path": one.path, "width": one.width, "height": one.height}
