"""Pictures as a program gets them, and as a notebook shows them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import overload

from PIL import Image

from web.render import file_name, render

SHOWN = 60  # pictures of one list that a notebook shows: each is some 10 kB in the file


@dataclass(frozen=True)
class Picture:
    """A picture of the library. `id` is the SHA-256 of its file; `probability`, 0 to 1, is how likely it
    counts, None where nothing says so yet; `why` it was chosen."""

    id: str
    path: str
    probability: float | None = None
    why: str = ""
    _read: Callable[[str], bytes] | None = field(default=None, repr=False, compare=False)

    def thumbnail(self) -> Image.Image:
        """At most 320 pixels on the long side. Raises `DiscernError` where the picture is gone."""
        assert self._read is not None
        return Image.open(io.BytesIO(self._read(self.id)))

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        self.thumbnail().save(out, "PNG")
        return out.getvalue()


class Pictures(Sequence[Picture]):
    """Pictures in an order that means something. A notebook shows the first of them."""

    def __init__(self, pictures: Iterable[Picture]) -> None:
        self._pictures = tuple(pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, place: int) -> Picture: ...
    @overload
    def __getitem__(self, place: slice) -> Pictures: ...
    def __getitem__(self, place: int | slice) -> Picture | Pictures:
        found = self._pictures[place]
        return Pictures(found) if isinstance(found, tuple) else found

    def __repr__(self) -> str:
        return f"Pictures({list(self._pictures)})"

    def _repr_html_(self) -> str:
        shown = []
        for one in self._pictures[:SHOWN]:
            assert one._read is not None
            source = f"data:image/webp;base64,{base64.b64encode(one._read(one.id)).decode()}"
            facts = {"name": file_name(one.path), "path": one.path, "probability": one.probability}
            shown.append(facts | {"source": source})
        return render("notebook/pictures.html", pictures=shown)
