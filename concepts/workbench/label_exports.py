"""Use cases of going out: answers and scores of a concept as files of other tools."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from concepts.classifier.training import check_fingerprint
from concepts.classifier.versions import concept_stem
from concepts.errors import DiscernError
from concepts.labelling.consensus import Decision, consensus
from concepts.labelling.files import remarks_of
from concepts.labelling.formats import LabelledPicture, PersonLabel, Written, writable
from concepts.labelling.review import readable
from concepts.view import View
from storage.heads import StoredHead
from storage.labels import LabelEvent
from storage.library import Picture
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

What = Literal["answers", "scores", "both"]

AT_ONCE = 5000  # pictures
MOST_AT_ONCE = 100_000  # pictures that are written while somebody waits for a download
MOST_COPIED = 1024**3  # bytes of them

UNSEEN = "measure and have no answer yet"  # what a version says of them is shown nowhere


class ExportView(View):
    """What was written where. `left_out`: why → how many pictures."""

    format: str
    out: str
    pictures: int
    left_out: dict[str, int]


class LabelExports:
    """It reads answers and scores; a format writes them."""

    def __init__(self, concept: Concept) -> None:
        self._context, self._concept = concept.context, concept.row

    def write(
        self,
        format: str,
        out: Path,
        *,
        what: What = "answers",
        copies: bool = False,
        reader: str | None = None,
    ) -> ExportView:
        """Writes pictures that people answered about, those a version has scored, or both, to `out`. A
        `reader` gets what others said of a picture once they have answered about it themselves.

        Raises `DiscernError` where `out` is there already, or where the format can't be written.
        """
        concept = self._concept
        found = writable(format)
        if out.exists():
            raise DiscernError(f"{out} is there already. Choose another name.")
        if found.suffix and out.suffix.lower() != found.suffix:
            raise DiscernError(f"{format} is written as a {found.suffix} file, not as {out.name}.")
        unseen: list[str] = []
        done: Written = found.write(out, self._pictures(concept, what, unseen, reader), copies=copies)
        if unseen:
            done.left_out[UNSEEN] = len(unseen)
        return ExportView(format=format, out=str(out), pictures=done.pictures, left_out=done.left_out)

    def download(
        self, format: str, folder: Path, *, what: What = "answers", reader: str | None = None
    ) -> Path:
        """One file in `folder` to send away: a format that is a folder comes as a zip of it, with copies of
        the pictures.

        Raises `DiscernError` for more than can be made while somebody waits.
        """
        concept = self._concept
        found = writable(format)
        self._check_size(concept, what, copies=format == "image-folder")
        stem = f"{concept_stem(concept.name)}-{format}"
        if found.suffix:
            out = folder / f"{stem}{found.suffix}"
            self.write(format, out, what=what, reader=reader)
            return out
        with tempfile.TemporaryDirectory(dir=folder) as place:
            self.write(format, Path(place) / stem, what=what, copies=True, reader=reader)
            return Path(shutil.make_archive(str(folder / stem), "zip", place, stem))

    def _check_size(self, concept: ConceptRow, what: What, *, copies: bool) -> None:
        library = self._context.collection.library
        ids = list(self._answers(concept)) if what == "answers" else self._looked_in(concept)
        if len(ids) > MOST_AT_ONCE:
            raise DiscernError(
                f"These are {len(ids):,} pictures; at most {MOST_AT_ONCE:,} are made into a download. On the "
                "computer that Discern runs on they can be written to a file."
            )
        if copies and sum(p.bytes for p in library.pictures(ids)) > MOST_COPIED:
            raise DiscernError(
                f"These pictures have more than {MOST_COPIED / 1e9:.1f} GB. On the computer that Discern "
                "runs on a folder of links can be written instead."
            )

    def _looked_in(self, concept: ConceptRow) -> list[str]:
        """The pictures that the concept looks in, by id."""
        frames = self._context.collection.frames
        frame = frames.now(concept.id)
        return self._context.collection.library.all_ids() if frame.is_whole else list(frames.ids(frame))

    def _answers(self, concept: ConceptRow, reader: str | None = None) -> dict[str, list[LabelEvent]]:
        """Picture id → what people said of it, the oldest answer first."""
        found: dict[str, list[LabelEvent]] = defaultdict(list)
        for event in readable(self._context.log.standing(concept.id, ("person", "simulated")), reader):
            found[event.picture_id].append(event)
        return found

    def _pictures(
        self, concept: ConceptRow, what: What, unseen: list[str], reader: str | None
    ) -> Iterator[LabelledPicture]:
        """In the order of the first answers, or of the library. `unseen` gets the ids that are left out."""
        answers = self._answers(concept, reader) if what != "scores" else {}
        if what == "answers":
            yield from self._labelled(concept, list(answers), answers, {}, None)
            return
        head = self._context.head(concept, None)
        check_fingerprint(head, self._context.collection)
        scores = self._context.scores.of(head, self._context.collection.vectors_for(concept.id)).probability
        said = self._context.log.standing(concept.id, ("person", "simulated"))
        hidden = self._context.store.kept_apart(concept.id) - {event.picture_id for event in said}
        ids = self._looked_in(concept)
        unseen.extend(i for i in ids if i in hidden)
        shown = [i for i in ids if i not in hidden]
        for start in range(0, len(shown), AT_ONCE):
            chunk = shown[start : start + AT_ONCE]
            yield from self._labelled(concept, chunk, answers, dict(scores.of(chunk)), head)

    def _labelled(
        self,
        concept: ConceptRow,
        ids: Sequence[str],
        answers: dict[str, list[LabelEvent]],
        scores: dict[str, float],
        head: StoredHead | None,
    ) -> Iterator[LabelledPicture]:
        library = self._context.collection.library
        apart = self._context.store.kept_apart(concept.id)
        for start in range(0, len(ids), AT_ONCE):
            chunk = ids[start : start + AT_ONCE]
            captions = self._context.columns.captions(chunk)
            remarks = remarks_of(self._context.log.comments(concept.id, chunk))
            together = consensus(event for i in chunk for event in answers.get(i, ()))
            for picture in library.pictures(chunk):
                given = tuple(
                    _given(event, picture.id in apart, remarks.get((picture.id, event.author), ""))
                    for event in answers.get(picture.id, ())
                )
                about = captions.get(picture.id, ())
                score = scores.get(picture.id)
                yield _labelled(picture, together.get(picture.id), given, score, head, about)


def _labelled(
    picture: Picture,
    decision: Decision | None,
    given: tuple[PersonLabel, ...],
    score: float | None,
    head: StoredHead | None,
    captions: tuple[str, ...],
) -> LabelledPicture:
    decided = "" if score is None or head is None else "yes" if score >= head.threshold else "no"
    return LabelledPicture(
        id=picture.id,
        path=next(iter(picture.sources), ""),
        width=picture.width,
        height=picture.height,
        label=decision.value if decision else "",
        given=decision.given if decision else "",
        answers=given,
        score=score,
        decision=decided,
        version=head.number if decided and head else None,
        captions=captions,
    )


def _given(event: LabelEvent, apart: bool, comment: str) -> PersonLabel:
    return PersonLabel(
        value=event.said,
        author=event.author.name,
        author_kind=event.author.kind,
        split="evaluation" if apart else "train",
        created=event.created.isoformat(),
        comment=comment,
    )
