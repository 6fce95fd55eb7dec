"""Use cases of going out: answers and scores of a concept as files of other tools."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from concepts.errors import DiscernError
from concepts.labelling.consensus import consensus
from concepts.labelling.files import remarks_of
from concepts.labelling.formats import writable
from concepts.labelling.formats.base import LabelledPicture, PersonLabel, Written
from concepts.labelling.review import readable
from concepts.library.collection import collection_of
from concepts.results.heads import head_of
from concepts.results.library_scores import score_cache_of
from concepts.results.training import check_fingerprint
from concepts.results.versions import concept_stem
from concepts.use_cases import Concept
from concepts.view import View
from storage.labels import LabelEvent

What = Literal["answers", "scores", "both"]

AT_ONCE = 5000  # pictures
MOST_AT_ONCE = 100_000  # pictures that are written while somebody waits for a download
MOST_COPIED = 1024**3  # bytes of them

UNSEEN = "are test pictures without a label"  # what a version says of them is shown nowhere


class ExportView(View):
    """What was written where. `left_out`: why → how many pictures."""

    format: str
    out: str
    pictures: int
    left_out: dict[str, int]


def export_labels(
    concept: Concept,
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
    found = writable(format)
    if out.exists():
        raise DiscernError(f"{out} is there already. Choose another name.")
    if found.suffix and out.suffix.lower() != found.suffix:
        raise DiscernError(f"{format} is written as a {found.suffix} file, not as {out.name}.")
    unseen: list[str] = []
    done: Written = found.write(out, _pictures(concept, what, unseen, reader), copies=copies)
    if unseen:
        done.left_out[UNSEEN] = len(unseen)
    return ExportView(format=format, out=str(out), pictures=done.pictures, left_out=done.left_out)


def download_labels(
    concept: Concept, format: str, folder: Path, *, what: What = "answers", reader: str | None = None
) -> Path:
    """One file in `folder` to send away: a format that is a folder comes as a zip of it, with copies of
    the pictures.

    Raises `DiscernError` for more than can be made while somebody waits.
    """
    found = writable(format)
    library = collection_of(concept.app).library
    ids = list(_answers(concept)) if what == "answers" else _looked_in(concept)
    if len(ids) > MOST_AT_ONCE:
        raise DiscernError(
            f"These are {len(ids):,} pictures; at most {MOST_AT_ONCE:,} are made into a download. On the "
            "computer that Discern runs on they can be written to a file."
        )
    if format == "image-folder" and sum(p.bytes for p in library.pictures(ids)) > MOST_COPIED:
        raise DiscernError(
            f"These pictures have more than {MOST_COPIED / 1e9:.1f} GB. On the computer that Discern "
            "runs on a folder of links can be written instead."
        )
    stem = f"{concept_stem(concept.name)}-{format}"
    if found.suffix:
        out = folder / f"{stem}{found.suffix}"
        export_labels(concept, format, out, what=what, reader=reader)
        return out
    with tempfile.TemporaryDirectory(dir=folder) as place:
        export_labels(concept, format, Path(place) / stem, what=what, copies=True, reader=reader)
        return Path(shutil.make_archive(str(folder / stem), "zip", place, stem))


def _looked_in(concept: Concept) -> list[str]:
    """The pictures that the concept looks in, by id."""
    frames = collection_of(concept.app).frames
    frame = frames.now(concept.id)
    return collection_of(concept.app).library.all_ids() if frame.is_whole else list(frames.ids(frame))


def _answers(concept: Concept, reader: str | None = None) -> dict[str, list[LabelEvent]]:
    """Picture id → what people said of it, the oldest answer first."""
    standing = concept.app.log.standing(concept.id, ("person", "simulated"))
    found: dict[str, list[LabelEvent]] = defaultdict(list)
    for event in readable(standing, reader):
        found[event.picture_id].append(event)
    return found


def _pictures(
    concept: Concept, what: What, unseen: list[str], reader: str | None
) -> Iterator[LabelledPicture]:
    """With what people say, and what a version says where that is asked for; in the order of the first
    answers, or of the library. `unseen` gets the ids that are left out."""
    app = concept.app
    answers = _answers(concept, reader) if what != "scores" else {}
    ids, head = list(answers), None
    if what != "answers":
        head = head_of(concept)
        check_fingerprint(head, collection_of(app))
        hidden = app.store.kept_apart(concept.id) - _answers(concept).keys()
        everything = _looked_in(concept)
        unseen.extend(i for i in everything if i in hidden)
        ids = [i for i in everything if i not in hidden]
    apart = app.store.kept_apart(concept.id)
    for start in range(0, len(ids), AT_ONCE):
        chunk = ids[start : start + AT_ONCE]
        captions = app.columns.captions(chunk)
        remarks = remarks_of(app.log.comments(concept.id, chunk))
        together = consensus(event for i in chunk for event in answers.get(i, ()))
        scores: dict[str, float] = {}
        if head is not None:
            vectors = collection_of(app).vectors_for(concept.id)
            scores = dict(score_cache_of(app).of(head, vectors).probability.of(chunk))
        for picture in collection_of(app).library.pictures(chunk):
            decision, score = together.get(picture.id), scores.get(picture.id)
            labelled = LabelledPicture(
                id=picture.id,
                path=next(iter(picture.sources), ""),
                root=picture.root,
                width=picture.width,
                height=picture.height,
                label=decision.value if decision else "",
                given=decision.given if decision else "",
                answers=tuple(
                    PersonLabel(
                        value=event.said,
                        author=event.author.name,
                        author_kind=event.author.kind,
                        split="evaluation" if picture.id in apart else "train",
                        created=event.created.isoformat(),
                        comment=remarks.get((picture.id, event.author), ""),
                    )
                    for event in answers.get(picture.id, ())
                ),
                captions=captions.get(picture.id, ()),
            )
            if head is not None and score is not None:
                flagged = "yes" if score >= head.threshold else "no"
                labelled = replace(labelled, score=score, decision=flagged, version=head.number)
            yield labelled
