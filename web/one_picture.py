"""What the viewer shows of one picture, and what every screen has to know before it shows any."""

from __future__ import annotations

from typing import Any

import gradio as gr

from concepts.labelling.labels import comments_of_picture, give_labels, own_labels
from concepts.library.browsing import PictureDetail
from concepts.library.collections import change_collection
from concepts.library.protection import protection_on_page
from concepts.results.concepts import list_scales
from concepts.results.library import picture_detail
from concepts.results.scores import concepts_that_score
from concepts.results.trash import put_into_trash
from concepts.use_cases import App
from storage.pictures.videos import PLAYED
from web.components.viewer import Viewer
from web.handlers import EACH, PLAIN, author_of, calls, concept_of, may
from web.parts import place
from web.words import ago, clock, count, size

CONCEPTS = 12  # that a picture is labelled for at once, unless somebody chooses more
LONGEST = 600  # letters of a caption
VIEWER = {
    "script": "/web/components/viewer/viewer.js",
    "style": "/web/components/viewer/viewer.css",
}
SAID = {"yes": "counts", "no": "doesn’t count", "unsure": "unsure", "skip": "skipped"}


class OnePicture:
    def __init__(self, app: App) -> None:
        self._app = app
        self.view = Viewer(**VIEWER, elem_id="viewer")
        self.view.look(self.look, None, self.view, **EACH)
        self.view.position(self.position, None, self.view, **PLAIN)

    @calls()
    def page(self, request: gr.Request) -> dict[str, Any]:
        return {"page": self._page(request), "picture": None}

    @calls()
    def look(self, chosen: gr.EventData, request: gr.Request) -> dict[str, Any]:
        return self._drawn(str(chosen.id), request)

    @calls()
    def position(self, chosen: gr.EventData, request: gr.Request) -> dict[str, Any]:
        return self._drawn(str(chosen.value), request, position=True)

    def _page(self, request: gr.Request) -> dict[str, Any]:
        shown = protection_on_page(self._app, author_of(request), concept_of(request))
        return {
            "shown": shown.query,
            "key": shown.key,
            "concepts": {
                name: scale.model_dump(mode="json") for name, scale in list_scales(self._app).items()
            },
            "may": {
                "label": may(request, give_labels),
                "trash": may(request, put_into_trash) and not request.state.demo,
                "album": may(request, change_collection),
            },
        }

    def _drawn(self, picture_id: str, request: gr.Request, *, position: bool = False) -> dict[str, Any]:
        app, author, page = self._app, author_of(request), self._page(request)
        found = picture_detail(app, picture_id, position=position)
        remarks = comments_of_picture(app, found.id, author)
        mine = {one.concept for one in found.labels if (one.author, one.author_kind) == (author, "person")}
        mine |= {name for name, comments in remarks.items() if any(one.own for one in comments)}
        names = list(page["concepts"])
        here = concept_of(request)
        first = [here] if here in page["concepts"] else []
        shown = [
            *first,
            *(name for at, name in enumerate(names) if (at < CONCEPTS or name in mine) and name != here),
        ]
        trained = sorted(concepts_that_score(app), key=lambda name: name != here)
        may_label = page["may"]["label"]
        labels = [
            {
                "concept": one.concept,
                "address": place("/label", one.concept),
                "said": SAID.get(one.value, one.value),
                "by": "suggestion"
                if one.author_kind == "annotator"
                else one.author + (" (simulated)" if one.author_kind == "simulated" else ""),
            }
            for one in found.labels
            if one.concept in mine and not (may_label and (one.author, one.author_kind) == (author, "person"))
        ]
        waiting = sorted({one.concept for one in found.labels} - mine)
        said = [
            {"text": one.text, "by": f"{one.author}, {name}"}
            for name, comments in remarks.items()
            for one in comments
            if not (one.own and may_label)
        ]
        shown_as = page["shown"]
        near = "Frames and near-duplicates" if found.video else "Near-duplicates"
        name = found.places[0].rpartition("/")[2] if found.places else "A picture"
        return {
            "page": page,
            "picture": {
                "id": found.id,
                "name": name,
                "facts": f"{found.width:,} × {found.height:,}, {found.format}, {size(found.bytes)}",
                **_video(found, shown_as),
                "concepts": [{"name": one, **self._own(one, found.id, author, one in mine)} for one in shown],
                "others": [one for one in names if one not in shown] if may_label else [],
                "like": place("/library", here or "", like=found.id),
                "trained": trained,
                **_details(found, position=position),
                "labels": labels,
                "waiting": [{"concept": one, "address": place("/label", one)} for one in waiting],
                "remarks": said,
                "has_others": bool(labels or waiting or said),
                "near_title": f"{near} ({len(found.near_duplicates)})",
                "near": [
                    {"id": one, "name": f"Near-duplicate {at}", "src": f"/media/thumbnail/{one}{shown_as}"}
                    for at, one in enumerate(found.near_duplicates, 1)
                ],
            },
        }

    def _own(self, concept: str, picture_id: str, author: str, has: bool) -> dict[str, str]:
        """This person's label, its key, and their comment. Nothing of anybody else."""
        if not has:
            return {"value": "", "key": "", "comment": ""}
        own = own_labels(self._app.concept(concept), [picture_id], author=author).get(picture_id)
        return own.model_dump() if own else {"value": "", "key": "", "comment": ""}


def _video(found: PictureDetail, shown: str) -> dict[str, str]:
    """The video that the picture is a frame of, from its moment on, where browsers can play it."""
    if not found.video:
        return {"video": "", "no_video": ""}
    if shown:
        return {
            "video": "",
            "no_video": "Videos can’t be protected as pictures are, so this one is not shown.",
        }
    suffix = f".{found.video.rpartition('.')[2].lower()}"
    if suffix in PLAYED:
        return {"video": f"/media/video/{found.id}#t={found.moment}", "no_video": ""}
    moment = int(found.moment or 0)
    return {
        "video": "",
        "no_video": f"Browsers don’t play {suffix[1:]} files. Open it in a video player, at "
        f"{moment // 60}:{moment % 60:02}.",
    }


def _details(found: PictureDetail, *, position: bool) -> dict[str, Any]:
    """What the camera wrote. Where it was taken is somebody's business: it is shown when asked for."""
    camera = found.camera
    facts = {"Added": ago(found.added)}
    if camera and camera.taken:
        facts["Taken"] = clock(camera.taken)
    facts |= camera.facts if camera else {}
    if camera and camera.position:
        facts["Where"] = f"{camera.position[0]:.5f}, {camera.position[1]:.5f} (north, east)"
    return {
        "camera": [{"name": name, "value": value} for name, value in facts.items()],
        "missing": bool(camera and camera.missing),
        "has_position": bool(camera and camera.has_position and not position),
        "columns": [
            {"name": one.name, "value": one.value[:LONGEST], "file": one.file} for one in found.columns
        ],
        "files": "File" if len(found.places) < 2 else count(len(found.places), "file"),
        "places": found.places,
    }
