"""Which folders of this computer the app may read pictures from, for people who sit elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from concepts.errors import NotAllowedError
from concepts.settings import Settings
from storage.pictures import lists


def check_roots(paths: Sequence[Path], settings: Settings) -> None:
    """Raises `NotAllowedError` for a path outside `DISCERN_ALLOWED_ROOTS`.

    On loopback, where the person at the keyboard could open any of these files anyway, the roots only
    count where they are set. Links are followed before comparing.
    """
    named = [Path(root).expanduser() for root in settings.allowed_roots.split(os.pathsep) if root.strip()]
    if not named and not settings.is_exposed:
        return
    own = [settings.home / "uploads", settings.home / "sample"]
    roots = [root.resolve() for root in (*named, *own)]
    for path in paths:
        if not any(path.resolve().is_relative_to(root) for root in roots):
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


def check_encoder(name: str, settings: Settings) -> None:
    """Raises `NotAllowedError` for a model's folder that is outside them, too."""
    scheme, _, folder = name.partition(":")
    if scheme == "local-dir":
        check_roots([Path(folder).expanduser().absolute()], settings)
