"""A concept's versions as files: bundles that run anywhere, the model card, and the one-file page."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.bundle.heads import encoder_graph
from concepts.definition.revisions import revision_of
from concepts.errors import DiscernError, UnknownError
from concepts.library.collection import Collection
from concepts.library.ingestion import short_side
from concepts.library.outside_pictures import outside_thumbnail
from concepts.results.export import (
    Exported,
    ExportResult,
    export_heads,
    model_card,
    story_of,
    version_page,
)
from concepts.results.heads import head_of
from concepts.results.mistakes import pictures_to_show
from concepts.results.trained import Version
from concepts.results.training import check_fingerprint
from concepts.results.versions import file_stem
from concepts.use_cases.roles import Role
from concepts.workbench.context import Context
from concepts.workbench.operation import operation
from storage.choices import Deliberations
from storage.files import write_whole
from storage.heads import StoredHead
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

Also = Annotated[
    tuple[str, ...],
    Field(max_length=100, description="Other concepts, whose newest versions go into the same bundle."),
]
WithPage = Annotated[bool, Field(description="With a page that scores pictures in a browser, offline.")]
WithClassifier = Annotated[
    bool, Field(description="With the classifier in it, tens of megabytes, so that it scores pictures.")
]
Pairs = Sequence[tuple[ConceptRow, StoredHead]]


class Exports:
    """A concept's versions as files that leave the house."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    @operation("GET /versions/{version}/bundle", role=Role.VIEWER, audit="exported a classifier")
    def bundle(self, version: Version = None, also: Also = (), page: WithPage = False) -> Path:
        """The classifier as a zip of files that run anywhere. It is written when it is first asked for, and
        when the version was measured again."""
        chosen = self._chosen(version, also)
        concept, head = chosen[0]
        stem = file_stem(concept.name, head.number)
        if others := [(other.id, of.number) for other, of in chosen[1:]]:
            stem += f"-and-{len(others)}-more-{hashlib.sha256(repr(others).encode()).hexdigest()[:8]}"
        stem += "-with-page" if page else ""
        newest = max(changed(self._context, *one) for one in chosen)
        folder = self._folder / stem
        return archive_of(self._context, folder, newest, lambda: self._write(chosen, folder, page))

    def write(
        self, out: Path, version: int | None = None, also: Also = (), *, page: bool = False
    ) -> ExportResult:
        """Writes the same into a folder of this computer, with the zip beside it."""
        return self._write(self._chosen(version, also), out, page)

    def could_go_along(self) -> list[str]:
        """The other concepts with a version for the same encoder, which one file could hold too."""
        return [row.name for row in self._context.with_versions() if row.id != self._concept.id]

    @operation("GET /versions/{version}/card")
    def card(self, version: Version = None) -> str:
        """The model card, in Markdown."""
        head = head_of(self._concept, version)
        return model_card(exported(self._context, self._concept.row, head))

    @operation("GET /versions/{version}/page", role=Role.OWNER, audit="shared a version as a file")
    def page(self, version: Version = None, classifier: WithClassifier = False) -> Path:
        """What the version means, how good it is and where it fails, as one HTML file for people who have no
        Discern, with up to eighteen small pictures."""
        head = head_of(self._concept, version)
        folder = self._folder / ("page-with-classifier" if classifier else "page")
        page = folder / f"{file_stem(self._concept.name, head.number)}.html"
        self.write_page(page, version, classifier=classifier)
        return page

    def write_page(self, out: Path, version: int | None = None, *, classifier: bool = False) -> Path:
        """Writes the same into a file of this computer. Raises `DiscernError` where that can't be done."""
        document = self.document(version, classifier=classifier)
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            write_whole(out, document.encode())
        except OSError as error:
            raise DiscernError(f"{out} can't be written: {error.strerror}.") from error
        return out

    def document(self, version: int | None = None, *, classifier: bool = False) -> str:
        """The page as HTML that needs nothing else."""
        head = head_of(self._concept, version)
        check_fingerprint(head, self._context.collection)
        # Role → a small copy as part of an address, made of pixels alone: no place, time or name is in it.
        # Pictures that are lost, or were removed from the library since, are left out.
        pictures = pictures_to_show(self._concept.dataset(head.definition_number), head)
        collection, shown = self._context.collection, []
        removed = collection.removed.among([picture for picture, _ in pictures])
        for picture, role in pictures:
            small = b""
            for thumbnail in (collection.thumbnail, partial(outside_thumbnail, collection)):
                with suppress(UnknownError):
                    small = small or (thumbnail(picture) if picture not in removed else b"")
            if small:
                shown.append((role, f"data:image/webp;base64,{base64.b64encode(small).decode()}"))
        version_now = exported(self._context, self._concept.row, head)
        return version_page(version_now, shown, classifier=classifier)

    @property
    def _folder(self) -> Path:
        return self._context.settings.home / "bundles" / str(self._concept.id)

    def _write(self, chosen: Pairs, folder: Path, page: bool) -> ExportResult:
        return export_heads([exported(self._context, *one) for one in chosen], folder, page=page)

    def _chosen(self, version: int | None, also: Sequence[str]) -> list[tuple[ConceptRow, StoredHead]]:
        others = [self._context.row_of(name) for name in also]
        chosen = [(self._concept.row, head_of(self._concept, version))]
        chosen += [(row, self._context.head(row, None)) for row in others]
        names = [concept.name for concept, _ in chosen]
        if twice := next((one for one in names if names.count(one) > 1), None):
            raise DiscernError(f"“{twice}” is named more than once for one file.")
        return chosen


def archive_of(context: Context, folder: Path, since: float, write: Callable[[], ExportResult]) -> Path:
    """The zip beside a bundle's folder, written anew where it is older than `since`, a timestamp."""
    archive = folder.with_name(folder.name + ".zip")
    with context.database.alone("bundles"):
        if not archive.is_file() or archive.stat().st_mtime <= since:
            write()
    return archive


def exported(context: Context, concept: ConceptRow, head: StoredHead) -> Exported:
    """A version with its newest figures."""
    measured = context.measured(concept, head.number)
    dataset = context.dataset(concept, head.definition_number)
    # The story is of what was there when the version was trained.
    revisions = [revision_of(row) for row in context.store.definitions(concept.id, head.definition_number)]
    rounds = Deliberations(context.database).rounds(concept.id)
    said = context.log.standing(concept.id, ("person", "simulated"), until=head.label_sequence)
    labelled = Counter(event.author for event in said if event.value != "skip")
    story = story_of(
        revisions,
        rounds=sum(one.created <= head.created for one in rounds),
        people=[n for author, n in labelled.items() if author.kind == "person"],
        simulated=sum(n for author, n in labelled.items() if author.kind == "simulated"),
    )
    return Exported(concept.name, dataset, head, measured.report if measured else None, story)


def changed(context: Context, concept: ConceptRow, head: StoredHead) -> float:
    """Since when what the card tells of is as it is, in seconds since 1970."""
    measured = context.measured(concept, head.number)
    moments = [context.revision(concept).created, *([measured.created] if measured else [])]
    moments += [chosen[3] for chosen in context.collection.frames.concepts.history(concept.id)[-1:]]
    return max(moments).timestamp()


def prepare_export(collection: Collection) -> None:
    """Makes the encoder's graph, so that the first export needn't."""
    encoder = collection.encoder()
    encoder_graph(encoder, short_side(encoder), collection.cache)
