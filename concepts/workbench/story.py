"""Use cases of a concept's story: on one page, and as a document that a colleague can sign."""

from __future__ import annotations

import base64
from pathlib import Path

from concepts.deliberation.story import StoryView, agreement_by_definition, chapters, quality_of
from concepts.errors import DiscernError, UnknownPictureError
from concepts.export.story import story_document
from concepts.workbench.context import Context, revision_of
from concepts.workbench.deliberations import Deliberations
from concepts.workbench.versions import Versions


class Story:
    """It reads what the other rooms kept."""

    def __init__(self, context: Context, deliberations: Deliberations, versions: Versions) -> None:
        self._context = context
        self._deliberations = deliberations
        self._versions = versions

    def of(self, name: str) -> StoryView:
        """Of the concept up to now."""
        concept = self._context.concept(name)
        revisions = [revision_of(row) for row in self._context.store.definitions(concept.id)]
        lessons = self._context.material(concept)
        learned = [one for one in lessons.ratings if one.picture_id not in lessons.reserved]
        heads = self._versions.versions(name)
        under = self._versions.quality(name).under if heads else None
        return StoryView(
            name=concept.name,
            text=revisions[-1].definition.as_text(),
            begun=concept.created,
            definitions=chapters(revisions),
            rounds=self._deliberations.rounds(name),
            rewordings=self._deliberations.rewordings(name)[::-1],
            agreement=agreement_by_definition(learned, lessons.answers),
            quality=quality_of(heads),
            under=list(under.sentences) if under else [],
        )

    def document(self, name: str) -> str:
        """The same as one HTML page that needs nothing else, with its pictures and lines to sign on."""
        story = self.of(name)
        shown = {picture.id for one in story.rounds for picture in one.pictures}
        return story_document(story, {i: source for i in shown if (source := self._inline(i))})

    def write(self, name: str, out: Path) -> Path:
        """Writes the document. Raises `DiscernError` where that can't be done."""
        document = self.document(name)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(document, encoding="utf-8")
        except OSError as error:
            raise DiscernError(f"{out} can't be written: {error.strerror}.") from error
        return out

    def _inline(self, picture_id: str) -> str:
        """A small copy as part of an address; empty where the picture is lost."""
        try:
            small = self._context.collection.thumbnail(picture_id)
        except UnknownPictureError:
            return ""
        return f"data:image/webp;base64,{base64.b64encode(small).decode()}"
