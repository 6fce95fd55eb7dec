"""The pictures of the Library screen: what is chosen, its folders, one page of it, and one picture large."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from concepts.errors import DiscernError
from concepts.installation.users import Role
from concepts.library.browsing import PictureDetail, PicturePage, PictureView
from concepts.library.collection import LibraryInfo
from concepts.library.filters import PictureSelection
from concepts.workbench import Workbench
from concepts.workbench.concept import comments_of_picture
from concepts.workbench.concept_views import ScaleView
from concepts.workbench.library import FolderView
from web.advice import in_words
from web.jobs import is_going
from web.render import Button, Notice, render

PAGE = 48
CAPTIONED = 12
FOLDERS = 40  # of one level
CONCEPTS = 12  # that a picture is answered for at once, unless somebody chooses more

ADDING = ("add pictures", "add sample")

Place = dict[str, str]


@dataclass(frozen=True)
class Level:
    """Folders right inside of `path`; `more` are not shown."""

    path: str
    folders: list[FolderView]
    more: int


def chosen_of(place: Place) -> PictureSelection:
    """What an address says. Raises `DiscernError`."""
    return PictureSelection.of(place)


def pictures(
    bench: Workbench, library: LibraryInfo, place: Place, author: str, role: Role, demo: bool
) -> str:
    """What is chosen, with all that chooses. What can't be shown says so in place of the pictures."""
    chosen, page, problem = PictureSelection(), PicturePage(pictures=[], newer="", older=""), None
    try:
        chosen = chosen_of(place)
        if library.pictures:
            page = bench.library.pictures(chosen, PAGE, place.get("at", ""), author=author)
    except DiscernError as error:
        problem = Notice(in_words(error), "bad", Button("All pictures", "show", "", "x"))
    coming = not library.pictures and any(map(is_going, bench.installation.newest_jobs(ADDING)))
    plain_words = bool(chosen.q) and not chosen.like and not problem and library.pictures
    said = chosen.said()
    return render(
        "library/pictures.html",
        library=library,
        open=not library.pictures and not coming,
        coming=coming,
        chosen=chosen,
        said=said,
        here=said | ({"at": place["at"]} if place.get("at") else {}),
        page=page,
        problem=problem,
        captioned=_captioned(bench, chosen) if plain_words else [],
        within=bench.collections.get(chosen.collection) if chosen.within else None,
        dates=_dates(bench, chosen) if not demo else None,
        folders=[] if demo or not library.pictures else _folders(bench, chosen.folder),
        formats=bench.library.formats() if library.pictures else [],
        demo=demo,
        store=bench.context.settings.store,
        concepts=bench.concepts.scales(),
        may_answer=role >= Role.LABELLER,
        removes=role >= Role.OWNER and not demo,
        collections=bench.collections.names() if role >= Role.OWNER else None,
        in_view=bench.concepts.name_now(chosen.concept) if chosen.says else "",
        read=None if demo else bench.upkeep.words(),
    )


def _captioned(bench: Workbench, chosen: PictureSelection) -> list[PictureView]:
    """Pictures whose captions have the words."""
    if chosen.within or chosen.captions:
        return []
    return bench.library.pictures(PictureSelection(q=chosen.q, captions=True), CAPTIONED).pictures


def picture(
    bench: Workbench,
    picture_id: str,
    author: str,
    said: Place,
    role: Role,
    demo: bool,
    *,
    position: bool = False,
) -> str:
    """One picture with everything that is known of it; where it was taken only if that is asked for."""
    found = bench.library.picture(picture_id, position=position)
    concepts, others = _to_answer(bench, found, author) if role >= Role.LABELLER else ([], {})
    return render(
        "library/picture.html",
        picture=found,
        concepts=concepts,
        others=others,
        camera=found.camera,
        remarks=comments_of_picture(bench, picture_id, author),
        author=author,
        trained=sorted(bench.scoring.concepts(), key=lambda name: name != said.get("concept")),
        said=said,
        removes=role >= Role.OWNER and not demo,
    )


def _to_answer(
    bench: Workbench, found: PictureDetail, author: str
) -> tuple[list[dict[str, Any]], dict[str, ScaleView]]:
    """A row for each of a few concepts, and of all that this person has answered of the picture, with their
    own answer and its key; and what the others are answered by. Neither has what anybody else says."""
    scales = bench.concepts.scales()
    mine = {one.concept for one in found.labels if (one.author, one.author_kind) == (author, "person")}
    shown = [name for place, name in enumerate(scales) if place < CONCEPTS or name in mine]
    rows = []
    for name in shown:
        own = bench.concept(name).labels.own([found.id], author) if name in mine else []
        said = (own[0].said, own[0].key) if own else None
        rows.append({"name": name, "scale": scales[name].model_dump_json(), "said": said})
    return rows, {name: scale for name, scale in scales.items() if name not in set(shown)}


def _dates(bench: Workbench, chosen: PictureSelection) -> Notice | None:
    """Pictures of before dates were read have none until their files are asked."""
    by_date = chosen.sort in ("taken", "taken-oldest") or chosen.taken_from or chosen.taken_to
    if not (by_date or chosen.undated) or not bench.upkeep.has_unread_dates():
        return None
    return Notice(
        "Some pictures were never asked when they were taken, so they have no date here yet.",
        "warn",
        Button("Ask them now", "read-dates", "", "clock"),
    )


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
