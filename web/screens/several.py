"""Several: a page of pictures with a row of answers for each chosen concept. static/several.js answers them.

What is shown is in the address (`?of=one&of=other&order=mixed&at=…`), so a reload or a second tab shows the
same. No opinion of a machine stands beside the pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import Request

from concepts.errors import DiscernError
from concepts.library.browsing import PictureView
from concepts.workbench import Workbench
from storage.names import key_of
from web.advice import in_words
from web.page import Shown, WebPage, concept_of
from web.render import render, say

MOST = 6  # concepts side by side
PAGE = 24


def build(workbench: Workbench, page: WebPage) -> None:
    top, main = page.area("several-head"), page.area("several-main")

    def show(request: Request) -> Shown:
        query = request.query_params
        asked = query.getlist("of") or [name for name in [query.get("concept")] if name]
        one_of_each = list({key_of(name): name for name in asked}.values())
        try:
            scales = workbench.concepts.scales()
            offered = [name for name, scale in scales.items() if scale.kind == "yes or no"]
            found = [workbench.context.concept(name).name for name in one_of_each[:MOST]]
            names = [name for name in found if name in offered]  # three keys answer no grade
            place = {name: query.get(name, "") for name in ("order", "q", "at")}
            place["concept"] = concept_of(request) or ""  # of the sidebar: it stays whatever is chosen here
            html = _pictures(workbench, names, place)
        except DiscernError as error:
            return {top: "", main: say(in_words(error), "bad")}
        head = render(
            "several/head.html",
            concepts=offered,
            on_scales=[name for name in scales if name not in offered],
            chosen=names,
            most=MOST,
            too_many=len(one_of_each) > MOST,
            concept=place["concept"],
        )
        return {top: head, main: html}

    page.on_open(show)


def _pictures(workbench: Workbench, names: Sequence[str], place: dict[str, str]) -> str:
    if not names:
        return ""
    newer = older = ""
    pictures: Sequence[PictureView]
    if words := place["q"].strip()[:300]:
        pictures = [
            PictureView(id=hit.id, path=hit.path, width=0, height=0)
            for hit in workbench.library.search(words, n=PAGE)
        ]
    else:
        if place["order"] == "mixed":
            page = workbench.library.mixed(PAGE, place["at"])
        else:
            page = workbench.library.pictures(limit=PAGE, cursor=place["at"])
        pictures, newer, older = page.pictures, page.newer, page.older

    def to(**changed: str) -> str:
        values = [("of", name) for name in names]
        kept = {"concept": place["concept"], "order": place["order"]} | changed
        return f"/library/side-by-side?{urlencode([*values, *((k, v) for k, v in kept.items() if v)])}"

    return render(
        "several/main.html",
        names=names,
        concept=place["concept"],
        pictures=pictures,
        words=words,
        order=place["order"],
        newer=newer,
        older=older,
        to=to,
    )
