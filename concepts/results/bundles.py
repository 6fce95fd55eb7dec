"""A concept's versions as files: bundles that run anywhere, the model card, and the one-file page."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from concepts.bundle.heads import encoder_graph
from concepts.definition.revisions import definition_of, revision_of
from concepts.errors import DiscernError, UnknownError
from concepts.labelling.dataset import dataset_of
from concepts.library.collection import Collection, collection_of
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
from concepts.results.heads import head_of, newest_figures, with_versions
from concepts.results.mistakes import pictures_to_show
from concepts.results.trained import Version, VersionShown
from concepts.results.training import check_fingerprint
from concepts.results.versions import file_stem
from concepts.use_cases import App, Concept, use_case
from concepts.use_cases.roles import Role
from storage.files import write_whole
from storage.heads import StoredHead

Also = Annotated[
    tuple[str, ...],
    Field(max_length=100, description="Other concepts, whose newest versions go into the same bundle."),
]
WithPage = Annotated[bool, Field(description="With a page that scores pictures in a browser, offline.")]
WithClassifier = Annotated[
    bool, Field(description="With the classifier in it, tens of megabytes, so that it scores pictures.")
]
Pairs = Sequence[tuple[Concept, StoredHead]]


@use_case("GET /concepts/{name}/versions/{version}/bundle", role=Role.VIEWER, audit="exported a classifier")
def export_bundle(concept: Concept, version: Version = None, also: Also = (), page: WithPage = False) -> Path:
    """The classifier as a zip of files that run anywhere. It is written when it is first asked for, and
    when the version was measured again."""
    chosen = _chosen(concept, version, also)
    stem = file_stem(concept.name, chosen[0][1].number)
    if others := [(other.id, of.number) for other, of in chosen[1:]]:
        stem += f"-and-{len(others)}-more-{hashlib.sha256(repr(others).encode()).hexdigest()[:8]}"
    stem += "-with-page" if page else ""
    newest = max(changed(*one) for one in chosen)
    folder = _folder(concept) / stem
    return archive_of(concept.app, folder, newest, lambda: _write(chosen, folder, page))


def write_bundle(
    concept: Concept, out: Path, version: int | None = None, also: Also = (), *, page: bool = False
) -> ExportResult:
    """Writes the same into a folder of this computer, with the zip beside it."""
    return _write(_chosen(concept, version, also), out, page)


def could_go_along(concept: Concept) -> list[str]:
    """The other concepts with a version for the same encoder, which one file could hold too."""
    return [one.name for one in with_versions(concept.app) if one.id != concept.id]


@use_case("GET /concepts/{name}/versions/{version}/card", command="concept version card")
def version_card(concept: Concept, version: VersionShown = None) -> str:
    """The model card, in Markdown."""
    head = head_of(concept, version)
    return model_card(exported(concept, head))


@use_case("GET /concepts/{name}/versions/{version}/page", role=Role.OWNER, audit="shared a version as a file")
def export_page(concept: Concept, version: Version = None, classifier: WithClassifier = False) -> Path:
    """What the version means, how good it is and where it fails, as one HTML file for people who have no
    Discern, with up to eighteen small pictures."""
    head = head_of(concept, version)
    folder = _folder(concept) / ("page-with-classifier" if classifier else "page")
    page = folder / f"{file_stem(concept.name, head.number)}.html"
    write_page(concept, page, version, classifier=classifier)
    return page


def write_page(concept: Concept, out: Path, version: int | None = None, *, classifier: bool = False) -> Path:
    """Writes the same into a file of this computer. Raises `DiscernError` where that can't be done."""
    document = page_document(concept, version, classifier=classifier)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, document.encode())
    except OSError as error:
        raise DiscernError(f"{out} can't be written: {error.strerror}.") from error
    return out


def page_document(concept: Concept, version: int | None = None, *, classifier: bool = False) -> str:
    """The page as HTML that needs nothing else."""
    head = head_of(concept, version)
    check_fingerprint(head, collection_of(concept.app))
    # Role → a small copy as part of an address, made of pixels alone: no place, time or name is in it.
    # Pictures that are lost, or were removed from the library since, are left out.
    pictures = pictures_to_show(dataset_of(concept, head.definition_number), head)
    collection, shown = collection_of(concept.app), []
    removed = collection.removed.among([picture for picture, _ in pictures])
    for picture, role in pictures:
        small = b""
        for thumbnail in (collection.thumbnail, partial(outside_thumbnail, collection)):
            with suppress(UnknownError):
                small = small or (thumbnail(picture) if picture not in removed else b"")
        if small:
            shown.append((role, f"data:image/webp;base64,{base64.b64encode(small).decode()}"))
    version_now = exported(concept, head)
    return version_page(version_now, shown, classifier=classifier)


def _folder(concept: Concept) -> Path:
    return concept.app.settings.home / "bundles" / str(concept.id)


def _write(chosen: Pairs, folder: Path, page: bool) -> ExportResult:
    return export_heads([exported(*one) for one in chosen], folder, page=page)


def _chosen(concept: Concept, version: int | None, also: Sequence[str]) -> list[tuple[Concept, StoredHead]]:
    others = [concept.app.concept(name) for name in also]
    chosen = [(concept, head_of(concept, version)), *((other, head_of(other)) for other in others)]
    names = [one.name for one, _ in chosen]
    if twice := next((one for one in names if names.count(one) > 1), None):
        raise DiscernError(f"“{twice}” is named more than once for one file.")
    return chosen


def archive_of(app: App, folder: Path, since: float, write: Callable[[], ExportResult]) -> Path:
    """The zip beside a bundle's folder, written anew where it is older than `since`, a timestamp."""
    archive = folder.with_name(folder.name + ".zip")
    with app.database.alone("bundles"):
        if not archive.is_file() or archive.stat().st_mtime <= since:
            write()
    return archive


def exported(concept: Concept, head: StoredHead) -> Exported:
    """A version with its newest figures."""
    app, measured = concept.app, newest_figures(concept, head.number)
    dataset = dataset_of(concept, head.definition_number)
    # The story is of what was there when the version was trained.
    revisions = [revision_of(row) for row in app.store.definitions(concept.id, head.definition_number)]
    rounds = app.deliberation.rounds(concept.id)
    said = app.log.standing(concept.id, ("person", "simulated"), until=head.label_sequence)
    labelled = Counter(event.author for event in said if event.value != "skip")
    story = story_of(
        revisions,
        rounds=sum(one.created <= head.created for one in rounds),
        people=[n for author, n in labelled.items() if author.kind == "person"],
        simulated=sum(n for author, n in labelled.items() if author.kind == "simulated"),
    )
    return Exported(concept.name, dataset, head, measured.report if measured else None, story)


def changed(concept: Concept, head: StoredHead) -> float:
    """Since when what the card tells of is as it is, in seconds since 1970."""
    measured = newest_figures(concept, head.number)
    moments = [definition_of(concept).created, *([measured.created] if measured else [])]
    moments += [chosen[3] for chosen in collection_of(concept.app).frames.concepts.history(concept.id)[-1:]]
    return max(moments).timestamp()


def prepare_export(collection: Collection) -> None:
    """Makes the encoder's graph, so that the first export needn't."""
    encoder = collection.encoder()
    encoder_graph(encoder, short_side(encoder), collection.cache)
