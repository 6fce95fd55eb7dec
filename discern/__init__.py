"""Discern as a library: the few names a program needs.

From pictures to a classifier, in a dozen calls (`docs/library.ipynb` runs them all):

    from discern import Library

    library = Library("data")
    library.add("~/Pictures")
    messy = library.concept("Messy room", "A room that looks untidy.")

A data folder, and everything a person can do with it (`library.app` is the same):

    import discern

    app = discern.open_app(discern.load_settings(home=Path("data")))

The app in a notebook, below the cell:

    discern.show("data")

An exported classifier, on picture files:

    bundle = discern.load_bundle(Path("messy-room"))
    encoder = discern.encoder_of(bundle, cache=Path("cache"))
    for ids, paths, vectors, skipped in discern.embed_files([Path("new-pictures")], encoder):
        probabilities = bundle.head.probabilities(vectors)

What goes wrong in a way that a person can mend is a `DiscernError`. Everything else of the code may move
between versions. Names are imported when first used, so that `discern --help` needn't wait for PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from concepts import __version__

if TYPE_CHECKING:
    from discern.names import (
        Author,
        Concept,
        DiscernError,
        Library,
        embed_files,
        encoder_of,
        load_bundle,
        load_encoder,
        load_settings,
        open_app,
        show,
    )

__all__ = [
    "Author",
    "Concept",
    "DiscernError",
    "Library",
    "__version__",
    "embed_files",
    "encoder_of",
    "load_bundle",
    "load_encoder",
    "load_settings",
    "open_app",
    "show",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from discern import names

    return getattr(names, name)


def __dir__() -> list[str]:
    return __all__
