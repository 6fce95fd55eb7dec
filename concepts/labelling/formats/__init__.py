"""Files of other tools, in and out. Adding a format is a file with the class and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from concepts.errors import DiscernError
from concepts.labelling.formats.base import Format, WritableFormat, require_readable
from concepts.labelling.formats.coco import Coco
from concepts.labelling.formats.fiftyone import FiftyOne
from concepts.labelling.formats.image_folder import ImageFolder
from concepts.labelling.formats.label_studio import LabelStudio
from concepts.labelling.formats.sidecars import Sidecars
from concepts.labelling.formats.tables import Csv, Jsonl
from concepts.registry import Registry

FORMATS: Registry[Format] = Registry("format", "discern.formats")  # the first that recognises a file reads it
FORMATS.register(Csv)
FORMATS.register(Jsonl)
FORMATS.register(FiftyOne)
FORMATS.register(LabelStudio)
FORMATS.register(Coco)
FORMATS.register_at("img2dataset", f"{__package__}.parquet:Img2Dataset")  # pyarrow
FORMATS.register_at("hugging-face", f"{__package__}.parquet:HuggingFace")
FORMATS.register(ImageFolder)
FORMATS.register(Sidecars)  # by name: it looks like a folder with pictures


def format_of(path: Path, name: str = "", columns: Mapping[str, str] | None = None) -> Format:
    """The format of this name, else the one that the file or folder looks like; a table where `columns` say
    which is what.

    Raises `WrongUsageError`, and `DiscernError` where it looks like none.
    """
    if columns:
        return Csv(columns)
    if name:
        return FORMATS[name]()
    if not path.exists():
        raise DiscernError(f"There is no file or folder {path}. Check the spelling.")
    require_readable(path)
    for known in FORMATS:
        found = FORMATS[known]()
        if found.recognises(path):
            return found
    raise DiscernError(
        f"{path.name} looks like none of the formats that are read: {', '.join(FORMATS)}. Say which it is."
    )


def writable(name: str) -> WritableFormat:
    """Raises `WrongUsageError`, also for a format that is only read."""
    FORMATS.require(name)
    found = FORMATS[name]()
    if not isinstance(found, WritableFormat):
        raise DiscernError(f"{name} is read and not written. Written are: {', '.join(written_formats())}.")
    return found


def written_formats() -> list[str]:
    return [name for name in FORMATS if isinstance(FORMATS[name](), WritableFormat)]
