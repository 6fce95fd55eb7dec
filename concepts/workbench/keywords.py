"""A concept out where its pictures are: keywords beside their files, and the files in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from concepts.errors import ConflictError, DiscernError
from concepts.jobs import Progress, Started
from concepts.library.roots import check_roots, require_name, within_roots
from concepts.results.keywords import FilesCopied, KeywordsWritten, copy_files, write_keywords
from concepts.use_cases.parameters import Confined
from concepts.use_cases.roles import Role
from concepts.workbench.jobs import CopyFiles, WriteKeywords
from concepts.workbench.operation import operation
from storage.pictures.xmp import Keyword

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

AT_ONCE = 1000  # pictures that are looked up


class Keywords:
    """What counts, as albums, photo programs and file managers have it: what people labelled yes, and of what
    they did not label what the newest version flags. Unlabelled test pictures are left out."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    @operation("POST /keywords", command="keywords", role=Role.OWNER, audit="wrote keywords", host=True)
    def write(
        self,
        remove: Annotated[bool, Field(description="Take the concept's keyword out of all of them.")] = False,
        *,
        confined: Confined = False,
    ) -> Started[KeywordsWritten]:
        """Write the concept as a keyword into XMP files beside the pictures that count, for digiKam,
        Lightroom, darktable and Immich. Run it again after training to update them. Picture files are never
        touched."""
        return self._context.jobs.begin(WriteKeywords(self._concept.id, remove, confined))

    @operation("POST /files", command="copy", role=Role.OWNER, audit="copied files", host=True)
    def copy(
        self,
        folder: Annotated[Path, Field(description="Where they go; it is made if need be.")],
        link: Annotated[bool, Field(description="Links in place of copies.")] = False,
        *,
        confined: Confined = False,
    ) -> Started[FilesCopied]:
        """Copy the files of pictures that count into a folder: those labelled yes, and unlabelled ones that
        the newest version flags. What can't be copied is left out."""
        require_name(folder)
        if confined:
            if not folder.is_absolute():
                raise DiscernError("Write the full path of the folder, such as /home/ana/Found.")
            (folder,) = check_roots([folder], self._context.settings)
        return self._context.jobs.begin(CopyFiles(self._concept.id, str(folder.absolute()), link, confined))

    def counting(self, *, wait: bool = False) -> dict[str, Keyword]:
        """Id of each picture that counts → its keyword.

        Raises `ConflictError` where a large library was not scored yet, and nobody can `wait` for it.
        """
        context, row = self._context, self._concept.row
        name, said = row.name, context.label_cache.decisions(row.id)
        found: dict[str, Keyword] = {}
        if head := context.heads.get(row.id):
            if (of_library := context.library_scores(row.id, head, wait=wait)) is None:
                raise ConflictError("The newest version has not scored the library yet. Score it first.")
            scores = of_library.probability
            unseen = context.store.kept_apart(row.id) - said.keys()
            places = np.flatnonzero(scores.values >= np.float32(head.threshold))
            for picture, value in zip(scores.ids.at(places), scores.values[places].tolist(), strict=True):
                if picture not in unseen:
                    found[picture] = Keyword(name, head.number, value)
        for picture, decision in said.items():
            if decision.value == "yes":
                found.setdefault(picture, Keyword(name, 0, None))
            elif decision.value != "skip":  # which says nothing
                found.pop(picture, None)
        return found

    # Inside

    def _files(self, pictures: Sequence[str]) -> Iterator[tuple[str, str]]:
        library = self._context.collection.library
        for start in range(0, len(pictures), AT_ONCE):
            for picture in library.pictures(pictures[start : start + AT_ONCE]):
                yield from ((picture.id, place) for place in picture.files)

    def write_now(self, job: WriteKeywords, progress: Progress) -> KeywordsWritten:
        context, row = self._context, self._concept.row
        keywords = {} if job.remove else self.counting(wait=True)
        files = self._files(context.collection.library.all_ids())
        names = {row.key, *context.store.former_names(row.id)}
        within = within_roots(context.settings) if job.confined else None
        written = write_keywords(names, keywords, files, context.settings.home, progress.report, within)
        newest = context.heads.get(row.id)
        return written.model_copy(update={"version": newest.number if newest else None})

    def copy_now(self, job: CopyFiles, progress: Progress) -> FilesCopied:
        files = self._files(list(self.counting(wait=True)))
        within = within_roots(self._context.settings) if job.confined else None
        return copy_files(Path(job.folder), files, link=job.link, listener=progress.report, within=within)
