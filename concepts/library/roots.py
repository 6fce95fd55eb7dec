"""Which folders, here and in buckets, the app may read pictures from, for people who sit elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from concepts.errors import DiscernError, NotAllowedError
from concepts.settings import Settings
from storage.buckets import in_bucket, uri_of, written
from storage.files import LONGEST_NAME
from storage.pictures import lists
from storage.pictures.files import Within

SHOWN = 60  # characters of a name that can't be one
MOUNTED = ("/media", "/mnt", "/Volumes")  # where disks and shares are
MOST_LISTED = 500  # folders of one folder


def within_roots(settings: Settings) -> Within | None:
    """Whether a place, with all links followed, may be read from; None where all may.

    On loopback, where the person at the keyboard could open any of these files anyway, the roots only
    count where they are set.
    """
    named = _named(settings)
    if not named and not settings.is_exposed and not settings.demo:
        return None
    own = [settings.home / "uploads"]
    if not settings.demo:  # where a visitor's has links to the host's pictures
        own.append(settings.home / "sample")
    folders = [Path(root).resolve() for root in (*named, *own) if not uri_of(root)]
    places = [uri for root in named if (uri := uri_of(root))]
    if settings.store:
        places.append(f"{settings.store}/uploads")
    return _Inside(tuple(folders), tuple(places))


@dataclass(frozen=True)
class _Inside:
    """`Within` these folders and places in buckets."""

    folders: tuple[Path, ...]
    places: tuple[str, ...]

    def __call__(self, place: str) -> bool:
        if in_bucket(place):
            return any(f"{place}/".startswith(f"{root}/") for root in self.places)
        return any(Path(place).is_relative_to(root) for root in self.folders)


def check_roots(paths: Sequence[Path], settings: Settings) -> list[Path]:
    """The paths with all links followed, as they are to be used.

    Raises `NotAllowedError` for one outside `DISCERN_ALLOWED_ROOTS`, `DiscernError` for what can't be a path.
    """
    for path in paths:
        require_name(path)
    within = within_roots(settings)
    if within is None:
        return list(paths)
    resolved = [path if uri_of(path) else path.resolve() for path in paths]
    for path in resolved:
        if not within(written(path)):
            if settings.demo:
                raise NotAllowedError(
                    "This demo reads no folder of the computer it runs on. Upload pictures."
                )
            allowed = ", ".join(uri_of(root) or str(root) for root in _named(settings)) or "none is set"
            raise NotAllowedError(
                f"{written(path)} is outside the folders pictures may be added from "
                f"(DISCERN_ALLOWED_ROOTS: {allowed})."
            )
        if path.suffix.lower() in lists.READERS:
            raise NotAllowedError(
                f"{path.name} is a list, and lists may name files anywhere. Where DISCERN_ALLOWED_ROOTS "
                "counts, add folders, pictures and zip archives."
            )
    return resolved


def folders_to_add(settings: Settings, folder: str = "") -> list[Path]:
    """The folders right inside of one, by name; without one, those to begin at: the roots, or where people
    keep pictures. Hidden ones are passed over.

    Raises `NotAllowedError` for one outside of the roots, `DiscernError` for what can't be read.
    """
    if settings.demo:
        return []
    if not folder:
        named = [root for root in _named(settings) if not uri_of(root)]
        if not named and within_roots(settings) is None:
            named = [Path.home() / "Pictures", Path.home(), *map(Path, MOUNTED)]
        return [root for root in named if root.is_dir()]
    if uri_of(folder):
        raise DiscernError("Folders of a bucket are not listed. Write the path.")
    (path,) = check_roots([Path(folder)], settings)
    try:
        with os.scandir(path) as entries:
            found = [one.name for one in entries if not one.name.startswith(".") and one.is_dir()]
    except OSError as error:
        raise DiscernError(f"{path} can't be read. {error.strerror}.") from None
    return [path / name for name in sorted(found, key=str.casefold)[:MOST_LISTED]]


def visitors_place(typed: str) -> str:
    """A place as a visitor's library shows it. Nothing of this computer is looked up for it."""
    return os.path.normpath(f"/{typed.strip().lstrip('/')}")


def visitors_paths(text: str, root: str, settings: Settings) -> list[Path]:
    """Files that a visitor of a demo named, one a line, as their library shows places: below `root`.

    Raises `NotAllowedError` for all but their uploads, whether it is there or not.
    """
    places = [visitors_place(line) for line in text.splitlines() if line.strip()]
    paths = [Path(f"{root}{place}".replace("\0", "")) for place in places]
    check_roots(paths, settings)
    for place, path in zip(places, paths, strict=True):
        if not path.exists():
            raise DiscernError(f"{place} isn't there. Nothing was scored; upload the pictures again.")
    return paths


def require_name(path: Path) -> None:
    """Raises `DiscernError` for what no file or folder can be called."""
    if any("\0" in part or len(os.fsencode(part)) > LONGEST_NAME for part in path.parts):
        shown = path.name.replace("\0", "\\0")[:SHOWN]
        raise DiscernError(
            f"“{shown}” can't be a name: names have at most {LONGEST_NAME} bytes and no NUL. Choose another."
        )


def _named(settings: Settings) -> list[Path]:
    if settings.demo:
        return []
    # The colon of s3:// parts nothing.
    roots = re.split(rf"{re.escape(os.pathsep)}(?!//)", settings.allowed_roots)
    return [Path(root.strip()).expanduser() for root in roots if root.strip()]


def check_encoder(name: str, settings: Settings) -> None:
    """Raises `NotAllowedError` for a model's folder that is outside them, too."""
    before, is_folder, folder = name.partition("local-dir:")
    if is_folder and before in ("", "timm:"):
        check_roots([Path(folder).expanduser().absolute()], settings)
