"""Which folders of this computer the app may read pictures from, for people who sit elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from concepts.errors import NotAllowedError
from concepts.settings import Settings
from storage.pictures import lists
from storage.pictures.files import Within


def within_roots(settings: Settings) -> Within | None:
    """Whether a place, with all links followed, may be read from; None where all may.

    On loopback, where the person at the keyboard could open any of these files anyway, the roots only
    count where they are set.
    """
    named = _named(settings)
    if not named and not settings.is_exposed and not settings.demo:
        return None
    own = [settings.home / "uploads", settings.home / "sample"]
    roots = [root.resolve() for root in (*named, *own)]
    return _Inside(tuple(roots))


@dataclass(frozen=True)
class _Inside:
    """`Within` these folders."""

    roots: tuple[Path, ...]

    def __call__(self, place: str) -> bool:
        return any(Path(place).is_relative_to(root) for root in self.roots)


def check_roots(paths: Sequence[Path], settings: Settings) -> list[Path]:
    """The paths with all links followed, as they are to be used.

    Raises `NotAllowedError` for one outside `DISCERN_ALLOWED_ROOTS`.
    """
    within = within_roots(settings)
    if within is None:
        return list(paths)
    resolved = [path.resolve() for path in paths]
    for path in resolved:
        if not within(str(path)):
            if settings.demo:
                raise NotAllowedError(
                    "This demo reads no folder of the computer it runs on. Upload pictures."
                )
            named = _named(settings)
            allowed = ", ".join(map(str, named)) or "none is set"
            raise NotAllowedError(
                f"{path} is outside the folders pictures may be added from "
                f"(DISCERN_ALLOWED_ROOTS: {allowed})."
            )
        if path.suffix.lower() in lists.READERS:
            raise NotAllowedError(
                f"{path.name} is a list, and lists may name files anywhere. Where DISCERN_ALLOWED_ROOTS "
                "counts, add folders, pictures and zip archives."
            )
    return resolved


def _named(settings: Settings) -> list[Path]:
    if settings.demo:
        return []
    return [Path(root).expanduser() for root in settings.allowed_roots.split(os.pathsep) if root.strip()]


def check_encoder(name: str, settings: Settings) -> None:
    """Raises `NotAllowedError` for a model's folder that is outside them, too."""
    scheme, _, folder = name.partition(":")
    if scheme == "local-dir":
        check_roots([Path(folder).expanduser().absolute()], settings)
