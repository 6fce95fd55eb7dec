"""Trash: what is out of use, to be restored; and pictures, to be erased. Kind and page are in the address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from time import time
from typing import Any, cast, get_args

import gradio as gr

from concepts.errors import DiscernError
from concepts.installation.jobs import latest_job
from concepts.library.protection import protection_on_page
from concepts.results.emptying import Emptied
from concepts.results.library import library_info
from concepts.results.trash import Moved, TrashItem, empty_trash, known_backups, list_trash, restore
from concepts.use_cases import App
from storage.trash import Kind
from web.advice import in_words
from web.api.operations import permits
from web.handlers import EACH, PLAIN, author_of, calls, concept_of, may
from web.http.roles import ACTIONS, why_not
from web.jobs import is_going
from web.parts import Notice, Progress, data_view, place
from web.words import ago, count, size

HERE = Path(__file__).parent
PATH = "/library/trash"
PAGE = 48
STILL_NEWS = timedelta(minutes=10)  # how long it is told what went
KINDS: dict[str, str] = {
    "": "All",
    "picture": "Pictures",
    "concept": "Concepts",
    "collection": "Albums",
    "rule": "Rules",
}
ONE_OF = {"picture": "Picture", "concept": "Concept", "collection": "Album", "rule": "Rule"}


def build(app: App, opened: Any) -> None:
    TrashScreen(app, opened)


class TrashScreen:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "trash-head")
        self.said = Notice("trash-said").view
        self.progress = Progress(app, "trash-progress", ("empty trash",))
        self.items = data_view(HERE / "trash.html", "trash")
        with gr.Accordion("Empty trash …", open=False, visible=False, elem_id="empty-trash") as self.emptying:
            self.erases = data_view(HERE / "empty.html", "trash-erases")
            self.refuse = gr.Checkbox(
                label="Never import these pictures again (keeps a fingerprint of each)", value=False
            )
            self.erase = gr.Button("Erase for good", variant="stop", scale=0)
        told = [self.head, self.items, self.emptying, self.erases, *self.progress.parts]
        opened(self.open, None, [self.said, *told], **PLAIN)
        self.progress.follow(self.tick, told)
        self.items.restore(self.restore, None, [self.said, *told], **EACH)
        self.erase.click(self.empty, self.refuse, [self.said, self.refuse, *told], **PLAIN)

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return [None, *self._shown(request)]

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        return self._shown(request)

    @calls(restore)
    def restore(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        kind, _, ids = str(chosen.value).partition(" ")
        what: dict[str, Any] = {"pictures": ids.split()} if kind == "picture" else {kind: ids}
        try:
            if kind not in get_args(Kind):
                raise DiscernError("Choose what to restore.")
            moved = restore(self._app, **what, author=author_of(request), permit=permits(cast(Any, request)))
        except DiscernError as error:
            return [Notice.bad(f"{in_words(error)} Nothing was restored."), *self._shown(request)]
        return [Notice.good(f"{_named(moved)} restored."), *self._shown(request)]

    @calls(empty_trash)
    def empty(self, refuse: bool, request: gr.Request) -> list[Any]:
        try:
            self._app.begin(empty_trash, author=author_of(request), refuse=refuse is True)
        except DiscernError as error:
            return [Notice.bad(f"{in_words(error)} Nothing was erased."), refuse, *self._shown(request)]
        return [None, False, *self._shown(request)]

    def _shown(self, request: gr.Request) -> list[Any]:
        kind = _kind(request)
        pictures = library_info(self._app, wait=False).in_bin
        backups = known_backups(self._app)
        going = is_going(self.progress.newest())
        empties = bool(pictures) and kind in (None, "picture") and may(request, empty_trash) and not going
        erases = f"This erases {count(pictures, 'picture')} with comments, captions and small copies."
        still = f"Backups ({', '.join(backups)})" if backups else "Backups"
        return [
            self._head(kind, request),
            self._items(kind, request),
            gr.Accordion(visible=empties),
            {
                "erases": f"{erases} It can’t be undone.",
                "stay": f"The files in your own folders stay. {still} still contain them.",
            },
            *self.progress.shown(),
        ]

    def _head(self, kind: Kind | None, request: gr.Request) -> dict[str, Any]:
        concept = concept_of(request) or ""
        kinds = [
            {
                "title": title,
                "address": place(PATH, concept, **({"kind": value} if value else {})),
                "current": "page" if value == (kind or "") else "",
            }
            for value, title in KINDS.items()
        ]
        return {"back": place("/library", concept), "kinds": kinds}

    def _items(self, kind: Kind | None, request: gr.Request) -> dict[str, Any]:
        author, concept = author_of(request), concept_of(request) or ""
        text = request.query_params.get("at", "")
        start = int(text) if text.isdecimal() and len(text) < 10 else 0
        asked_at = time()
        found = list_trash(self._app, kind, PAGE + 1, start)
        items, more = found[:PAGE], len(found) > PAGE
        query = protection_on_page(self._app, author, None).query
        here = {"kind": kind} if kind else {}
        state = request.state

        def brings_back(kind: str) -> bool:
            return not why_not(ACTIONS[f"restore-{kind}"], state.role, state.demo)

        all_of = kind == "picture" and items and brings_back("picture")
        return {
            "asked_at": asked_at,
            "erased": self._erased(),
            "items": [_item(one, author, query, brings_back(one.kind)) for one in items],
            "all": f"picture {' '.join(one.id for one in items)}" if all_of else "",
            "pages": bool(start or more),
            "newer": place(PATH, concept, **here, at=max(start - PAGE, 0)) if start else "",
            "older": place(PATH, concept, **here, at=start + PAGE) if more else "",
        }

    def _erased(self) -> dict[str, Any] | None:
        """What went when it was emptied last, while that is news."""
        job = latest_job(self._app, ("empty trash",))
        if not (job and job.state == "done" and job.finished):
            return None
        if datetime.now(UTC) - job.finished >= STILL_NEWS:
            return None
        gone = Emptied.model_validate(job.result)
        drawn = f"; {count(gone.drawn, 'test picture')} erased" if gone.drawn else ""
        small, large = count(gone.thumbnails, "small picture"), count(gone.renditions, "larger one")
        kept_in = f", including {', '.join(gone.backups)}" if gone.backups else ""
        refused = " They won’t be imported again." if gone.refused else ""
        captions = count(gone.captions, "caption or column", "captions and columns")
        facts = [
            f"{count(gone.labels, 'label')} keep their value and author{drawn}.",
            f"{count(gone.vectors, 'vector')}, in older versions too.",
            f"{small}, {large} and {count(gone.uploads, 'uploaded file')}: {size(gone.freed)}.",
            f"{count(gone.places, 'place')} and {captions}.",
            f"{count(gone.in_archives, 'picture')} stay inside uploaded archives."
            if gone.in_archives
            else "",
            f"{count(gone.scores, 'row')} in score files." if gone.scores else "",
            f"Older backups still contain them{kept_in}.",
            f"The files in your own folders stay.{refused}",
        ]
        title = f"{count(gone.pictures, 'picture')} erased"
        return {"title": title, "facts": [fact for fact in facts if fact]}


def _kind(request: gr.Request) -> Kind | None:
    kind = request.query_params.get("kind", "")
    return cast(Kind, kind) if kind in get_args(Kind) else None


def _item(item: TrashItem, author: str, query: str, may_restore: bool) -> dict[str, str]:
    name = item.name
    if item.kind == "picture":
        name = PurePath(item.name).name or "a picture"
    about = [
        ONE_OF[item.kind],
        count(item.labels, "label") if item.labels else "",
        count(item.versions, "version") if item.versions else "",
        count(item.pictures, "picture") if item.pictures else "",
        ago(item.when),
        f"by {item.who}" if item.who not in ("me", author, "") else "",
    ]
    return {
        "src": f"/media/thumbnail/{item.id}{query}" if item.kind == "picture" else "",
        "name": name,
        "path": item.name,
        "about": ", ".join(part for part in about if part),
        "what": f"{item.kind} {item.id}" if may_restore else "",
        "restore": f"Restore {name}",
    }


def _named(moved: Moved) -> str:
    """What it is about, with the verb."""
    if moved.names:
        return f"“{moved.names[0]}” is"
    return f"{count(len(moved.ids), 'picture')} {'is' if len(moved.ids) == 1 else 'are'}"
