"""Side by side: pictures with a row of labels for each of a few concepts. static/cells.js labels them.

What is shown is in the address (`?of=one&of=other` with what Library shows, or with ids of pictures),
so a reload or a second tab shows the same. No suggestion stands beside the pictures.
"""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request

from concepts.errors import DiscernError
from concepts.library.browsing import PicturePage, PictureView
from concepts.library.filters import PictureSelection
from concepts.workbench import Workbench
from storage.names import key_of
from web.advice import in_words
from web.http.guard import author_of
from web.page import Shown, WebPage
from web.render import render, say, url
from web.screens.library_pictures import in_view, own_labels

MOST = 6  # concepts side by side
PAGE = 24
SELECTED = 200  # pictures that an address names
OF_A_PAGE = frozenset(("at", "start", "open", "view", "of", "order"))

Pairs = list[tuple[str, str]]


def build(workbench: Workbench, page: WebPage) -> None:
    top, main = page.area("several-head"), page.area("several-main")

    def show(request: Request) -> Shown:
        query = request.query_params
        asked = query.getlist("of") or [name for name in [query.get("concept")] if name]
        one_of_each = list({key_of(name): name for name in asked}.values())
        try:
            scales = workbench.concepts.scales()
            names = [workbench.context.concept(name).name for name in one_of_each[:MOST]]
            place = {name: value for name, value in query.items() if name not in OF_A_PAGE and value}
            if query.get("order") == "mixed":  # of earlier addresses
                place["sort"] = "random"
            chosen = PictureSelection.of(place)
            # The selected ones, or a page of what Library shows.
            if selected := place.get("pictures", "").split()[:SELECTED]:
                paths = workbench.context.collection.paths(selected)
                views = [PictureView(id=i, path=paths[i], width=0, height=0) for i in selected if i in paths]
                found = PicturePage(pictures=views, newer="", older="")
            else:
                at, author = query.get("at", ""), author_of(request)
                found = workbench.library.pictures(chosen, PAGE, at, author=author)
            ids = [picture.id for picture in found.pictures]
            own = own_labels(workbench, names, ids, author_of(request)) if ids else {}
        except DiscernError as error:
            return {top: "", main: say(in_words(error), "bad")}

        def to(at: str) -> str:
            pairs: Pairs = [("of", name) for name in names]
            return f"/library/side-by-side?{urlencode([*pairs, *place.items(), ('at', at)])}"

        head = render(
            "several/head.html",
            concepts=list(scales),
            names=names,
            most=MOST,
            too_many=len(one_of_each) > MOST,
            place=place,
            back=url("/library", **{name: value for name, value in place.items() if name != "pictures"}),
            chosen=chosen,
            selected=len(ids) if "pictures" in place else 0,
        )
        html = render(
            "several/main.html",
            concepts={name: scales[name] for name in names},
            page=found,
            own=own,
            in_view=in_view(workbench, chosen),
            to=to,
        )
        return {top: head, main: html if names else ""}

    page.opens = show
