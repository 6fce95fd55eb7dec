"""The sample library that every sandbox begins with: made once, copied in a moment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from concepts.bundle.classifier_model import encoder_graph
from concepts.library.ingest_worker import short_side
from concepts.workbench import Workbench
from storage.library import LIBRARY_TABLES

PREPARED = "prepared.sqlite"


class SampleLibrary:
    """A data folder with the sample pictures, of which sandboxes get copies: of pictures and vectors alone,
    whatever else is in it.

    Files of vectors and of the cache are never changed in place, by LanceDB and by us, so a copy shares them
    under a second name. Thumbnails are read from here: their thousand folders would take longer than all the
    rest.
    """

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.home = bench.context.settings.home

    def prepare(self) -> None:
        """Gets the sample pictures where the library has none, and has everything at hand that a sandbox
        begins with. Takes half a minute the first time."""
        if not self.bench.library.info().pictures:
            self.bench.library.add(sample=True).wait()
        collection = self.bench.context.collection
        collection.index()
        encoder = collection.encoder()
        encoder_graph(encoder, short_side(encoder), collection.cache)  # takes a processor for seconds
        unfinished = self.home / f".{PREPARED}"
        unfinished.unlink(missing_ok=True)
        self.bench.context.database.copy_tables_to(unfinished, LIBRARY_TABLES)
        unfinished.replace(self.home / PREPARED)

    def copy_to(self, home: Path) -> None:
        """A data folder of its own, readable by this process's user alone."""
        home.mkdir(mode=0o700, parents=True)
        shutil.copyfile(self.home / PREPARED, home / "discern.sqlite")
        shutil.copytree(self.home / "vectors", home / "vectors", copy_function=_shared)
        pictures = shutil.ignore_patterns("pictures")  # those that somebody has looked at in large
        shutil.copytree(self.home / "cache", home / "cache", ignore=pictures, copy_function=_shared)


def _shared(source: str, target: str) -> str:
    """A second name for the same bytes; a copy where the file system has none. Keeps the times, by which
    copies of the vectors are known to be current."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target
