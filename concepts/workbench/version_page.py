"""Use cases of the one-file page: a version for people who have no Discern."""

from __future__ import annotations

import base64
from pathlib import Path

from concepts.bundle.version_page import Shown
from concepts.classifier.examples import pictures_to_show
from concepts.classifier.training import check_fingerprint, check_has_learned
from concepts.errors import DiscernError, UnknownPictureError
from concepts.library.outside_pictures import outside_thumbnail
from concepts.publishing.export import version_page
from concepts.workbench.context import Context
from concepts.workbench.exported import exported
from storage.heads import StoredHead
from storage.tables import ConceptRow


class VersionPage:
    """What a version means, how good it is and where it fails, with up to eighteen small pictures."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def document(self, name: str, version: int | None = None, *, classifier: bool = False) -> str:
        """The page as HTML that needs nothing else; with the `classifier` in it, which is tens of megabytes,
        it looks at pictures too."""
        concept, head = self._context.version(name, version)
        check_fingerprint(head, self._context.collection)
        check_has_learned(head)
        shown = self._pictures(concept, head)
        version_now = exported(self._context, concept, head)
        return version_page(self._context.collection, version_now, shown, classifier=classifier)

    def write(self, name: str, out: Path, *, version: int | None = None, classifier: bool = False) -> Path:
        """Writes the file. Raises `DiscernError` where that can't be done."""
        document = self.document(name, version, classifier=classifier)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(document, encoding="utf-8")
        except OSError as error:
            raise DiscernError(f"{out} can't be written: {error.strerror}.") from error
        return out

    def _pictures(self, concept: ConceptRow, head: StoredHead) -> Shown:
        """Role → a small copy as part of an address. It is made of pixels alone: no place, time or name is in
        it. Pictures that are lost, or were removed from the library since, are left out."""
        dataset = self._context.dataset(concept, head.definition_number)
        pictures = pictures_to_show(dataset, self._context.collection, head)
        removed = self._context.collection.removed.among([picture for picture, _ in pictures])
        found = []
        for picture, role in pictures:
            small = self._small(picture) if picture not in removed else b""
            if small:
                found.append((role, f"data:image/webp;base64,{base64.b64encode(small).decode()}"))
        return found

    def _small(self, picture: str) -> bytes:
        try:
            return self._context.collection.thumbnail(picture)
        except UnknownPictureError:
            pass
        try:
            return outside_thumbnail(self._context.collection, picture)
        except UnknownPictureError:
            return b""
