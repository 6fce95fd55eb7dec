"""The neighbour graph on disk, beside the copy of the vectors it is made from.

    <name>/ids.npy, rows.npy, products.npy, marks.npy, of.npy, centres.npy   see `Graph`
    <name>/made.json                                                        see `Made`

A folder appears whole or not at all, and the newest is the graph. What can't be read is made again.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from filelock import FileLock

from storage.vectors.graph import Graph, brought_to, built
from storage.vectors.ids import ID_TYPE
from storage.vectors.nearest import Clusters, Heard
from storage.vectors.reader import VectorReader

MADE = "made.json"
UNFINISHED = "unfinished-"
ARRAYS = {
    "ids": ID_TYPE,
    "rows": np.dtype(np.int32),
    "products": np.dtype(np.float32),
    "marks": np.dtype(np.uint64),
    "of": np.dtype(np.int32),
    "centres": np.dtype(np.float32),
}


@dataclass(frozen=True)
class Made:
    """version: of the vectors. recall: how many of its true neighbours a picture has, recall_top: how many
    of the first hundred a query finds in the likely clusters, on average. compared: how many pictures'
    neighbours were looked for when it was made last, the others' were kept. made: when, UTC."""

    version: str
    pictures: int
    clusters: int
    recall: float
    recall_top: float
    compared: int
    seconds: float
    made: str


class KeptGraph:
    """The graph of one encoder's vectors. Who brings it up to date holds a lock; anybody may read it."""

    def __init__(self, folder: Path, snapshot: Callable[[], VectorReader]) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._newest: tuple[str, Graph] | None = None

    def newest(self) -> Graph | None:
        """As it was made last, whatever the vectors are now."""
        folder = self._whole()
        if folder is None:
            return None
        newest = self._newest
        if newest is None or newest[0] != folder.name:
            with contextlib.suppress(OSError, ValueError, KeyError):
                newest = self._newest = folder.name, _read(folder)
                return newest[1]
            return None
        return newest[1]

    def made(self) -> Made | None:
        """What is known of it, without reading it."""
        folder = self._whole()
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Made(**json.loads((folder / MADE).read_text())) if folder else None
        return None

    def bring_up_to_date(self, heard: Heard, *, anew: bool = False) -> Graph:
        """Of the vectors as they are now. Only what is new is compared, unless that is much or `anew`."""
        with self._locked():
            copy, old = self._snapshot(), None if anew else self.newest()
            if old is not None and old.version == copy.version:
                return old
            begun = time.monotonic()
            graph = brought_to(old, copy, heard) if old is not None and fits(old, copy) else None
            compared = len(copy.ids)
            if graph is None:
                graph = built(copy, heard)
            elif old is not None:
                compared = int((~np.isin(graph.marks, old.marks)).sum())
            return self._publish(graph, compared, time.monotonic() - begun)

    def purge(self, ids: Collection[str]) -> int:
        """Leaves nothing of these pictures; returns in how many lists of others one of them was."""
        with self._locked():
            graph, made = self.newest(), self.made()
            if graph is None or made is None:
                shutil.rmtree(self._folder, ignore_errors=True)
                return 0
            left, lists = graph.without(ids)
            if len(left.ids) < len(graph.ids):
                self._publish(left, made.compared, made.seconds)
            return lists

    # Inside

    def _locked(self) -> FileLock:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder.with_suffix(".graph-lock"))

    def _whole(self) -> Path | None:
        with contextlib.suppress(OSError):
            folders = [one for one in self._folder.iterdir() if not one.name.startswith(UNFINISHED)]
            return max(folders, key=lambda one: one.name, default=None)
        return None

    def _publish(self, graph: Graph, compared: int, seconds: float) -> Graph:
        """What a killed process left goes, too."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020}-{uuid4().hex[:8]}"
        unfinished = self._folder / f"{UNFINISHED}{name}"
        unfinished.mkdir()
        for array in ARRAYS:
            np.save(unfinished / f"{array}.npy", _array(graph, array), allow_pickle=False)
        made = Made(
            version=graph.version,
            pictures=len(graph.ids),
            clusters=len(graph.clusters.centres),
            recall=graph.recall,
            recall_top=graph.recall_top,
            compared=compared,
            seconds=round(seconds, 1),
            made=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        (unfinished / MADE).write_text(json.dumps(asdict(made)))
        folder = self._folder / name
        unfinished.rename(folder)
        for other in self._folder.iterdir():
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)
        read = _read(folder)
        self._newest = name, read
        return read


def fits(graph: Graph, copy: VectorReader) -> bool:
    return int(graph.clusters.centres.shape[1]) == copy.dimension


def _array(graph: Graph, name: str) -> np.ndarray[Any, Any]:
    found: np.ndarray[Any, Any] = getattr(graph.clusters if name in ("of", "centres") else graph, name)
    return found


def _read(folder: Path) -> Graph:
    """Raises `ValueError` for one that isn't whole."""
    made = Made(**json.loads((folder / MADE).read_text()))
    found = {}
    for name, kind in ARRAYS.items():
        array = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        if array.dtype != kind or (name != "centres" and len(array) != made.pictures):
            raise ValueError(f"{folder} is not a whole graph.")
        found[name] = array
    clusters = Clusters(found.pop("centres"), found.pop("of"))
    return Graph(made.version, clusters=clusters, recall=made.recall, recall_top=made.recall_top, **found)
