"""A concept out where its pictures are: keywords beside their files, and the files in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field

from concepts.errors import ConflictError, DiscernError
from concepts.jobs import Lane, Progress
from concepts.labelling.label_cache import label_cache_of
from concepts.library.collection import collection_of
from concepts.library.roots import check_roots, require_name, within_roots
from concepts.results.heads import scores_of
from concepts.results.keyword_files import FilesCopied, KeywordsWritten, copy_into, write_sidecars
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import Confined
from concepts.use_cases.roles import Role
from storage.pictures.xmp import Keyword

AT_ONCE = 1000  # pictures that are looked up


@use_case(
    "POST /concepts/{name}/keywords",
    command="concept keywords",
    role=Role.OWNER,
    audit="wrote keywords",
    host=True,
    job="Writing keywords",
    lane=Lane.LONG,
)
def write_keywords(
    concept: Concept,
    progress: Progress,
    remove: Annotated[bool, Field(description="Take the concept's keyword out of all of them.")] = False,
    *,
    confined: Confined = False,
) -> KeywordsWritten:
    """Write the concept as a keyword into XMP files beside the pictures that count, for digiKam,
    Lightroom, darktable and Immich. Run it again after training to update them. Picture files are never
    touched."""
    app = concept.app
    keywords = {} if remove else pictures_that_count(concept, wait=True)
    files = _files(concept, collection_of(app).library.all_ids())
    names = {concept.row.key, *app.store.former_names(concept.id)}
    within = within_roots(app.settings) if confined else None
    written = write_sidecars(names, keywords, files, app.settings.home, progress.report, within)
    newest = app.heads.get(concept.id)
    return written.model_copy(update={"version": newest.number if newest else None})


def _can_copy(concept: Concept, folder: Path, link: bool = False, *, confined: bool = False) -> None:
    require_name(folder)
    if confined:
        if not folder.is_absolute():
            raise DiscernError("Write the full path of the folder, such as /home/ana/Found.")
        check_roots([folder], concept.app.settings)


@use_case(
    "POST /concepts/{name}/files",
    command="concept copy",
    role=Role.OWNER,
    audit="copied files",
    host=True,
    job="Copying files",
    lane=Lane.LONG,
    before=_can_copy,
)
def copy_files(
    concept: Concept,
    progress: Progress,
    folder: Annotated[Path, Field(description="Where they go; it is made if need be.")],
    link: Annotated[bool, Field(description="Links in place of copies.")] = False,
    *,
    confined: Confined = False,
) -> FilesCopied:
    """Copy the files of pictures that count into a folder: those labelled yes, and unlabelled ones that
    the newest version flags. What can't be copied is left out."""
    files = _files(concept, list(pictures_that_count(concept, wait=True)))
    within = within_roots(concept.app.settings) if confined else None
    return copy_into(folder, files, link=link, listener=progress.report, within=within)


def pictures_that_count(concept: Concept, *, wait: bool = False) -> dict[str, Keyword]:
    """Id of each picture that counts → its keyword.

    Raises `ConflictError` where a large library was not scored yet, and nobody can `wait` for it.
    """
    app, said = concept.app, label_cache_of(concept.app).decisions(concept.id)
    found: dict[str, Keyword] = {}
    if head := app.heads.get(concept.id):
        if (of_library := scores_of(concept, head, wait=wait)) is None:
            raise ConflictError("The newest version has not scored the library yet. Score it first.")
        scores = of_library.probability
        unseen = app.store.kept_apart(concept.id) - said.keys()
        places = np.flatnonzero(scores.values >= np.float32(head.threshold))
        for picture, value in zip(scores.ids.at(places), scores.values[places].tolist(), strict=True):
            if picture not in unseen:
                found[picture] = Keyword(concept.name, head.number, value)
    for picture, decision in said.items():
        if decision.value == "yes":
            found.setdefault(picture, Keyword(concept.name, 0, None))
        elif decision.value != "skip":  # which says nothing
            found.pop(picture, None)
    return found


def _files(concept: Concept, pictures: Sequence[str]) -> Iterator[tuple[str, str]]:
    library = collection_of(concept.app).library
    for start in range(0, len(pictures), AT_ONCE):
        for picture in library.pictures(pictures[start : start + AT_ONCE]):
            yield from ((picture.id, place) for place in picture.files)
