"""The pictures of the Library screen: tools, folders and albums, a page of pictures, and one alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from concepts.errors import DiscernError
from concepts.library.browsing import PicturePage, PictureView
from concepts.library.collection import LibraryInfo
from concepts.library.filters import PictureSelection
from concepts.workbench import Workbench
from concepts.workbench.concept import comments_of_picture
from concepts.workbench.library import FolderView
from web.advice import in_words
from web.jobs import is_going
from web.page import number_of
from web.render import Button, Notice, render
from web.rule_rows import bar_of

PAGE = 60
CAPTIONED = 12
FOLDERS = 40  # of one level
CONCEPTS = 12  # that a picture is labelled for at once, unless somebody chooses more

ADDING = ("add pictures", "add sample")

Place = dict[str, str]


@dataclass(frozen=True)
class Level:
    """Folders right inside of `path`; `more` are not shown."""

    path: str
    folders: list[FolderView]
    more: int


class LibraryPictures:
    """The view of pictures, in three parts. Empty parts are not shown."""

    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench

    @property
    def _demo(self) -> bool:
        return self._bench.context.settings.demo

    def tools(self, library: LibraryInfo, place: Place) -> str:
        """Search, order, filters and import; nothing before there are pictures."""
        if not library.pictures:
            return ""
        chosen, bar = _chosen_or_all(place), None
        said = chosen.said()
        if chosen.rule or chosen.says == "yes":  # adds concepts to the one that flags, by and, or, not
            bar = replace(bar_of(self._bench, "/library", said), saved=(), alone={"says": "yes"})
        return render(
            "library/tools.html",
            chosen=chosen,
            said=said,
            bar=bar,
            formats=self._bench.library.formats(),
            has_safety=self._bench.library.has_safety(),
            concepts=self._bench.concepts.scales(),
            adding=self._adding(),
        )

    def side(self, library: LibraryInfo, place: Place) -> str:
        """Folders and albums."""
        chosen = _chosen_or_all(place)
        return render(
            "library/side.html",
            chosen=chosen,
            said=chosen.said(),
            folders=[] if self._demo else _folders(self._bench, chosen.folder),
            albums=self._bench.collections.names(),
            pictures=library.pictures,
        )

    def grid(self, library: LibraryInfo, place: Place, author: str) -> str:
        """What is chosen. What can't be shown says so in place of the pictures."""
        bench = self._bench
        if not library.pictures:
            coming = any(map(is_going, bench.installation.newest_jobs(ADDING)))
            return render("library/none.html", library=library, coming=coming, adding=self._adding())
        chosen, page, problem = PictureSelection(), PicturePage(pictures=[], newer="", older=""), None
        try:
            chosen = PictureSelection.of(place)
            page = bench.library.pictures(chosen, PAGE, place.get("at", ""), author=author)
        except DiscernError as error:
            problem = Notice(in_words(error), "bad", Button("All pictures", "show", "", "x"))
        said = chosen.said()
        if place.get("view") == "map":  # what is pressed stays on it
            said |= {name: place[name] for name in ("view", "by", "concept") if place.get(name)}
        at = {name: place[name] for name in ("at", "start") if place.get(name)}
        captioned: list[PictureView] = []  # whose captions have the words
        if chosen.q and not (chosen.like or problem or chosen.within or chosen.captions):
            words = PictureSelection(q=chosen.q, captions=True)
            captioned = bench.library.pictures(words, CAPTIONED).pictures
        return render(
            "library/pictures.html",
            chosen=chosen,
            said=said,
            here=said | at,
            start=number_of(place.get("start", "")),
            size=PAGE,
            page=page,
            problem=problem,
            captioned=captioned,
            within=bench.collections.get(chosen.collection) if chosen.within else None,
            concepts=bench.concepts.scales(),
            albums=bench.collections.names(),
            in_view=in_view(bench, chosen),
        )

    def _adding(self) -> dict[str, Any]:
        """What the form of an import says. Of a demo pictures come by upload alone, and only so many."""
        read = None if self._demo else self._bench.upkeep.words()
        return {"demo": self._demo, "store": self._bench.context.settings.store, "read": read}


def _chosen_or_all(place: Place) -> PictureSelection:
    try:
        return PictureSelection.of(place)
    except DiscernError:  # said where the pictures would be
        return PictureSelection()


def in_view(bench: Workbench, chosen: PictureSelection) -> list[str]:
    """The concepts of which what is chosen tells a suggestion."""
    names = bench.rules.read(chosen.rule)[1] if chosen.rule else []
    return [*names, *filter(None, [bench.concepts.name_now(chosen.concept) if chosen.says else ""])]


def picture(bench: Workbench, picture_id: str, author: str, said: Place, *, position: bool = False) -> str:
    """One picture with everything that is known of it; where it was taken only if that is asked for."""
    found = bench.library.picture(picture_id, position=position)
    remarks = comments_of_picture(bench, picture_id, author)
    mine = {one.concept for one in found.labels if (one.author, one.author_kind) == (author, "person")}
    mine |= {name for name, comments in remarks.items() if any(one.own for one in comments)}
    scales = bench.concepts.scales()
    shown = {name: scales[name] for at, name in enumerate(scales) if at < CONCEPTS or name in mine}
    return render(
        "library/picture.html",
        picture=found,
        concepts=shown,
        others={name: scale for name, scale in scales.items() if name not in shown},
        own=own_labels(bench, mine & shown.keys(), [found.id], author),
        camera=found.camera,
        remarks=remarks,
        author=author,
        trained=sorted(bench.scoring.concepts(), key=lambda name: name != said.get("concept")),
        said=said,
    )


Own = dict[str, dict[str, tuple[str, str, str]]]


def own_labels(bench: Workbench, concepts: Iterable[str], ids: Sequence[str], author: str) -> Own:
    """Picture → concept → this person's label, its key, and their comment. Nothing of anybody else."""
    found: Own = {}
    for name in concepts:
        labels = bench.concept(name).labels
        said = {event.picture_id: (event.said, event.key) for event in labels.own(ids, author)}
        comments = labels.own_comments(ids, author)
        for picture_id in said.keys() | comments.keys():
            label = *said.get(picture_id, ("", "")), comments.get(picture_id, "")
            found.setdefault(picture_id, {})[name] = label
    return found


def _folders(bench: Workbench, folder: str) -> list[Level]:
    """The folders of each level from the outermost one down to those inside of `folder`."""
    outermost = bench.library.folders()
    levels = [Level("", outermost, 0)]
    if not outermost or not outermost[0].has_folders:
        return levels if outermost and outermost[0].has_folders else []
    path = outermost[0].path
    inside = f"{path.rstrip('/')}/"
    parts = folder[len(inside) :].split("/") if folder.startswith(inside) else []
    for part in ["", *filter(None, parts)]:
        path = f"{path.rstrip('/')}/{part}" if part else path
        found = bench.library.folders(path)
        if not found:
            break
        shown = found[:FOLDERS]
        ahead = [f for f in found[FOLDERS:] if folder == f.path or folder.startswith(f"{f.path}/")]
        levels.append(Level(path, [*shown, *ahead], len(found) - len(shown) - len(ahead)))
    return levels
