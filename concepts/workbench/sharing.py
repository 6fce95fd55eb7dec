"""Use cases of sharing: a version as a page that strangers see by a link, and as one file.

A link is a random token, of which the hash alone is kept. It leads to one version and to the pictures chosen
when it was made; nothing else of the library can be reached by it.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from concepts.classifier.shown import pictures_to_show
from concepts.classifier.training import check_fingerprint, check_has_learned
from concepts.errors import DiscernError, ShareGoneError, UnknownConceptError, UnknownPictureError
from concepts.export.run import shared_file, shared_page
from concepts.export.said import PictureSaid
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.examples import Examples
from concepts.workbench.exported import exported
from concepts.workbench.exports import Exports
from storage.heads import StoredHead
from storage.shares import NewShare, Share, Shares
from storage.tables import ConceptRow, now

DAYS, MOST_DAYS = 7, 365
TOKEN_BYTES = 24  # 192 bits: more than can be guessed, whatever the hash


class ShareView(View):
    """A link. `pictures`: how many it shows; `works`: it is neither expired nor ended."""

    id: int
    version: int
    pictures: int
    author: str
    created: datetime
    expires: datetime
    revoked: datetime | None
    works: bool


class NewLink(View):
    """`path` is the link's end, after the address that this Discern has for others. It is shown this once."""

    share: ShareView
    path: str


class Sharing:
    """What leaves the house for people who have no Discern."""

    def __init__(self, context: Context, exports: Exports, examples: Examples) -> None:
        self._context = context
        self._exports = exports
        self._examples = examples
        self._shares = Shares(context.database)

    # Links

    def share(self, name: str, *, version: int | None = None, days: float = DAYS, author: str) -> NewLink:
        """Makes a link to a version that works for so many days, for whoever has it. Raises `DiscernError`
        for a version that has learned nothing, and for more days than a year has."""
        concept, head = self._version(name, version)
        if not 0 < days <= MOST_DAYS:
            raise DiscernError(f"A link works for up to {MOST_DAYS} days; {days:g} is no such number.")
        token = secrets.token_urlsafe(TOKEN_BYTES)
        new = NewShare(
            concept_id=concept.id,
            version=head.number,
            digest=_digest(token),
            pictures=tuple(self._pictures(concept, head)),
            author=author,
            expires=now() + timedelta(days=days),
        )
        return NewLink(share=_view(self._shares.add(new)), path=f"/shared/{token}")

    def links(self, name: str) -> list[ShareView]:
        """Every link to the concept's versions, the newest first."""
        return [_view(share) for share in self._shares.of(self._context.concept(name).id)]

    def revoke(self, name: str, number: int, *, author: str) -> ShareView:
        """From now on the link leads nowhere. Raises `UnknownShareError`."""
        concept = self._context.concept(name)
        self._shares.revoke(self._shares.one(concept.id, number).id, author)
        return _view(self._shares.one(concept.id, number))

    def revoke_all(self, name: str, *, author: str) -> list[ShareView]:
        """The same for every link that still works; which they were."""
        working = [share for share in self.links(name) if share.works]
        return [self.revoke(name, share.id, author=author) for share in working]

    # What a stranger can do

    def page(self, token: str, script: str = "") -> str:
        """What a stranger sees, as HTML; `script` is the address of what sends pictures of theirs. Raises
        `ShareGoneError`, always the same, for whatever leads nowhere."""
        share, concept, head = self._opened(token)
        shown = self._inline(share.pictures)
        return shared_page(exported(self._context, concept, head), shown, share.expires, script)

    def classify(self, token: str, picture: bytes) -> PictureSaid:
        """What the version says of one picture, of which nothing is kept. Raises `ShareGoneError`."""
        _, concept, head = self._opened(token)
        said = self._exports.classify([("", picture)], [f"id:{concept.id}"], version=head.number)
        return said.pictures[0]

    # A file

    def document(self, name: str, version: int | None = None, *, classifier: bool = False) -> str:
        """A version as one HTML file that needs nothing else; with the `classifier` in it, which is tens of
        megabytes, it looks at pictures too."""
        concept, head = self._version(name, version)
        shown = self._inline(self._pictures(concept, head))
        version_now = exported(self._context, concept, head)
        return shared_file(self._context.collection, version_now, shown, classifier=classifier)

    def write(self, name: str, out: Path, *, version: int | None = None, classifier: bool = False) -> Path:
        """Writes the file. Raises `DiscernError` where that can't be done."""
        document = self.document(name, version, classifier=classifier)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(document, encoding="utf-8")
        except OSError as error:
            raise DiscernError(f"{out} can't be written: {error.strerror}.") from error
        return out

    def _opened(self, token: str) -> tuple[Share, ConceptRow, StoredHead]:
        share = self._shares.by_digest(_digest(token))
        if share is None or not share.works():
            raise ShareGoneError
        try:
            concept = self._context.store.get(share.concept_id)
        except UnknownConceptError as error:  # it was put into the trash since
            raise ShareGoneError from error
        return share, concept, self._context.head(concept, share.version)

    def _version(self, name: str, version: int | None) -> tuple[ConceptRow, StoredHead]:
        concept, head = self._context.version(name, version)
        check_fingerprint(head, self._context.collection)
        check_has_learned(head)
        return concept, head

    def _pictures(self, concept: ConceptRow, head: StoredHead) -> list[tuple[str, str]]:
        material = self._context.material(concept, head.definition_number)
        return [(i, str(role)) for i, role in pictures_to_show(material, self._context.collection, head)]

    def _inline(self, pictures: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Role → a small copy as part of an address. It is made of pixels alone: no place, time or name is in
        it. Pictures that are lost, or were removed from the library since, are left out."""
        found = []
        removed = self._context.collection.removed.among([picture for picture, _ in pictures])
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
            return self._examples.thumbnail(picture)
        except UnknownPictureError:
            return b""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _view(share: Share) -> ShareView:
    return ShareView(
        id=share.id,
        version=share.version,
        pictures=len(share.pictures),
        author=share.author,
        created=share.created,
        expires=share.expires,
        revoked=share.revoked,
        works=share.works(),
    )
