"""Discern as a library: the few names a program needs.

From pictures to a classifier, in a dozen calls (`docs/library.ipynb` runs them all):

    from discern import Library

    library = Library("data")
    library.add("~/Pictures")
    messy = library.concept("Messy room", "A room that looks untidy.")

A data folder, and everything a person can do with it (`library.bench` is the same):

    import discern

    bench = discern.Workbench(discern.load_settings(home=Path("data")))

An exported classifier, on picture files:

    bundle = discern.load_bundle(Path("messy-room"))
    encoder = discern.encoder_of(bundle, cache=Path("cache"))
    for ids, paths, vectors, skipped in discern.embed_files([Path("new-pictures")], encoder):
        probabilities = bundle.head.probabilities(vectors)

What goes wrong in a way that a person can mend is a `DiscernError`. Everything else of the code may move
between versions. Names are imported when first used, so that `discern --help` needn't wait for PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from concepts import __version__

if TYPE_CHECKING:
    from concepts.bundle.load import encoder_of as encoder_of
    from concepts.bundle.load import load_bundle as load_bundle
    from concepts.encoders import load_encoder as load_encoder
    from concepts.errors import DiscernError as DiscernError
    from concepts.library.ingestion import embed_files as embed_files
    from concepts.settings import load_settings as load_settings
    from concepts.workbench import Workbench as Workbench
    from discern.library import Concept as Concept
    from discern.library import Library as Library
    from storage.labels import Author as Author

_FROM = {
    "Author": "storage.labels",
    "Concept": "discern.library",
    "DiscernError": "concepts.errors",
    "Library": "discern.library",
    "Workbench": "concepts.workbench",
    "embed_files": "concepts.library.ingestion",
    "encoder_of": "concepts.bundle.load",
    "load_bundle": "concepts.bundle.load",
    "load_encoder": "concepts.encoders",
    "load_settings": "concepts.settings",
}

__all__ = ["__version__", *_FROM]


def __getattr__(name: str) -> Any:
    if name not in _FROM:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_FROM[name]), name)


def __dir__() -> list[str]:
    return __all__
