"""Which encoders there are. Adding one is a file with the class and a line here."""

from __future__ import annotations

from concepts.encoders.base import Encoder
from concepts.registry import Registry

OPEN_CLIP = "open_clip"

ENCODERS: Registry[Encoder] = Registry("encoder", "discern.encoders")
ENCODERS.register_at("embedded", f"{__package__}.embedded:EmbeddedEncoder")
ENCODERS.register_at(OPEN_CLIP, f"{__package__}.openclip:OpenClipEncoder")


def registered_as(name: str) -> str:
    """The entry that what a person writes belongs to: `mine` and `mine:…` to the one called mine.

    Everything else is open_clip's: `architecture/tag`, `hf-hub:organisation/name`, `local-dir:/path`.
    """
    key = name.partition(":")[0]
    return key if key in ENCODERS else OPEN_CLIP
