"""The pictures of the Library screen: what is chosen, its folders, one page of it, and one picture large."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.errors import DiscernError
from concepts.library.browsing import PicturePage
from concepts.library.choosing import Chosen
from concepts.library.collection import LibraryInfo
from concepts.workbench import Workbench
from concepts.workbench.browsing import FolderView
from web.advice import in_words
from web.render import Button, Notice, render

PAGE = 48
CAPTIONED = 12
FOLDERS = 40  # of one level

Place = dict[str, str]


@dataclass(frozen=True)
class Level:
    """Folders right inside of `path`; `more` are not shown."""

    path: str
    folders: list[FolderView]
    more: int


def chosen_of(place: Place) -> Chosen:
    """What an address says. Raises `DiscernError`."""
    return Chosen.of(place)


def pictures(bench: Workbench, library: LibraryInfo, place: Place, author: str, demo: bool) -> str:
    """What is chosen, with all that chooses. What can't be shown says so in place of the pictures."""
    chosen, page, problem = Chosen(), PicturePage(pictures=[], newer="", older=""), None
    try:
        chosen = chosen_of(place)
        if library.pictures:
            page = bench.browsing.page(chosen, PAGE, place.get("at", ""), author=author)
    except DiscernError as error:
        problem = Notice(in_words(error), "bad", Button("All pictures", "show", "", "x"))
    plain_words = bool(chosen.q) and not chosen.like and not problem and library.pictures
    return render(
        "library/pictures.html",
        library=library,
        open=not library.pictures,
        chosen=chosen,
        said=chosen.said(),
        page=page,
        problem=problem,
        captioned=bench.captions.search(chosen.q, CAPTIONED) if plain_words and not chosen.within else [],
        within=bench.collections.get(chosen.within) if chosen.within else None,
        dates=_dates(bench, chosen) if not demo else None,
        folders=[] if demo or not library.pictures else _folders(bench, chosen.folder),
        formats=bench.browsing.formats() if library.pictures else [],
        demo=demo,
        concepts=bench.catalogue.scales(),
        read=None if demo else bench.words.state(),
    )


def picture(
    bench: Workbench, picture_id: str, author: str, said: Place, demo: bool, *, position: bool = False
) -> str:
    """One picture with everything that is known of it; where it was taken only if that is asked for."""
    return render(
        "library/picture.html",
        picture=bench.pictures.picture(picture_id),
        camera=bench.browsing.camera(picture_id, position=position),
        remarks=bench.comments.of_picture(picture_id, author),
        author=author,
        trained=bench.heat.concepts(),
        said=said,
        demo=demo,
    )


def _dates(bench: Workbench, chosen: Chosen) -> Notice | None:
    """Pictures of before dates were read have none until their files are asked."""
    by_date = chosen.sort in ("taken", "taken-oldest") or chosen.taken_from or chosen.taken_to
    if not (by_date or chosen.undated) or not bench.browsing.has_unread_dates():
        return None
    return Notice(
        "Some pictures were never asked when they were taken, so they have no date here yet.",
        "warn",
        Button("Ask them now", "read-dates", "", "clock"),
    )


def _folders(bench: Workbench, folder: str) -> list[Level]:
    """The folders of each level from the outermost one down to those inside of `folder`."""
    outermost = bench.browsing.folders()
    levels = [Level("", outermost, 0)]
    if not outermost or not outermost[0].has_folders:
        return levels if outermost and outermost[0].has_folders else []
    path = outermost[0].path
    inside = f"{path.rstrip('/')}/"
    parts = folder[len(inside) :].split("/") if folder.startswith(inside) else []
    for part in ["", *filter(None, parts)]:
        path = f"{path.rstrip('/')}/{part}" if part else path
        found = bench.browsing.folders(path)
        if not found:
            break
        shown = found[:FOLDERS]
        ahead = [f for f in found[FOLDERS:] if folder == f.path or folder.startswith(f"{f.path}/")]
        levels.append(Level(path, [*shown, *ahead], len(found) - len(shown) - len(ahead)))
    return levels
