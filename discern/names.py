"""Where the names of `discern` come from."""

from concepts.bundle.load import encoder_of, load_bundle
from concepts.encoders import load_encoder
from concepts.errors import DiscernError
from concepts.library.ingestion import embed_files
from concepts.rooms import open_app
from concepts.settings import load_settings
from discern.library import Concept, Library
from discern.notebook import show
from storage.labels import Author

__all__ = [
    "Author",
    "Concept",
    "DiscernError",
    "Library",
    "embed_files",
    "encoder_of",
    "load_bundle",
    "load_encoder",
    "load_settings",
    "open_app",
    "show",
]
