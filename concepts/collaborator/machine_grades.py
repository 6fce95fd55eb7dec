"""The grades and classes that machines gave: they are labels, and lie in the log beside yes and no."""

from __future__ import annotations

from collections.abc import Iterable

from storage.concepts import Rating, StoredAnnotation
from storage.labels import Author, LabelLog

FEW = 500  # pictures, as one statement takes


def machine_given(log: LabelLog, concept_id: int, said: StoredAnnotation) -> str | None:
    """What this annotator gave with this opinion; None where that was yes or no alone."""
    return given_by(log, concept_id, [said]).get(said.picture_id)


def given_by(log: LabelLog, concept_id: int, said: Iterable[StoredAnnotation | Rating]) -> dict[str, str]:
    """Picture id → the grade or class that goes with this opinion of it."""
    wanted = {(one.picture_id, one.fingerprint, one.definition_number) for one in said}
    found: dict[str, str] = {}
    for name in {fingerprint for _, fingerprint, _ in wanted}:
        ids = sorted({picture_id for picture_id, by, _ in wanted if by == name})
        for start in range(0, len(ids), FEW):
            for event in log.of_author(concept_id, Author(name, "annotator"), ids[start : start + FEW]):
                if event.given and (event.picture_id, name, event.definition_number) in wanted:
                    found[event.picture_id] = event.given
    return found
