"""Where the names of `discern` come from."""

from concepts.bundle.load import encoder_of, load_bundle
from concepts.encoders import load_encoder
from concepts.errors import DiscernError
from concepts.library.ingestion import embed_files
from concepts.settings import load_settings
from concepts.workbench import Workbench
from discern.library import Concept, Library
from discern.notebook import show
from storage.labels import Author

__all__ = [
    "Author",
    "Concept",
    "DiscernError",
    "Library",
    "Workbench",
    "embed_files",
    "encoder_of",
    "load_bundle",
    "load_encoder",
    "load_settings",
    "show",
]
