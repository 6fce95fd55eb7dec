"""Pictures that the person has answered, to be shown beside the one that is judged (Alayrac et al. 2022)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from concepts.collaborator.base import Example, ExamplePool, PictureInput
from concepts.collaborator.definition_text import one_line
from concepts.encoders.base import Vectors
from concepts.labelling.training_data import TrainingData
from storage.labels import LabelLog

EACH = 2  # most that count, and most that don't
CHOSEN_FROM = 100  # of each, the answers given last
LONGEST_COMMENT = 200  # characters

Answered = list[list[Any]]  # [picture id, whether it counts, comment], as JSON keeps it


def answered(training_data: TrainingData, log: LabelLog) -> Answered:
    """The answers that examples may be chosen from, each with what was remarked last. No picture that
    measures is among them (`TrainingData`), nor one that looks like it."""
    decided = {i: d.value == "yes" for i, d in training_data.answers.items() if d.decided}
    chosen = training_data.with_vectors(
        [i for side in (True, False) for i in [i for i in decided if decided[i] is side][-CHOSEN_FROM:]]
    )
    remarks = {event.picture_id: event.comment for event in log.comments(training_data.concept_id, chosen)}
    return [[i, decided[i], one_line(remarks.get(i, ""))[:LONGEST_COMMENT]] for i in chosen]


class PromptExamples:
    """Finds those most like a picture, as many that count as don't: a model says what it has seen more of."""

    def __init__(self, pictures: Sequence[Example]) -> None:
        self._sides = [[e for e in pictures if e.counts is side] for side in (True, False)]
        self._each = min(EACH, *map(len, self._sides))
        self._vectors = [np.stack([e.picture.vector for e in side]) for side in self._sides if side]
        said = sorted([e.picture.picture_id, e.counts, e.comment] for e in pictures)
        self.version = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]

    def like(self, picture: PictureInput) -> tuple[Example, ...]:
        """At most four, in turn one that counts and one that doesn't, the most similar ones last. The picture
        itself, or one that looks the same, would give the answer away."""
        if not self._each:
            return ()
        yes, no = (
            self._near(side, vectors, picture)
            for side, vectors in zip(self._sides, self._vectors, strict=True)
        )
        each = min(self._each, len(yes), len(no))
        pairs = zip(yes[len(yes) - each :], no[len(no) - each :], strict=True)
        return tuple(example for pair in pairs for example in pair)

    def _near(self, side: Sequence[Example], vectors: Vectors, picture: PictureInput) -> list[Example]:
        """The most similar one last."""
        rows = np.argsort(vectors @ picture.vector, kind="stable")
        return [side[row] for row in rows if side[row].picture.group != picture.group]


def version_of(examples: ExamplePool | None) -> str:
    """For fingerprints: which examples there are to choose from; empty where none are shown."""
    return examples.version if examples else ""


def examples_text(examples: Sequence[Example], captions: Sequence[str] = ()) -> str:
    """A line each, with their captions where the pictures themselves are not shown."""
    lines = []
    for row, example in enumerate(examples):
        answer = "counts." if example.counts else "doesn't count."
        caption = f" What it shows: {captions[row]}" if captions else ""
        remark = f" The person's remark: {one_line(example.comment)}" if example.comment else ""
        lines.append(f"Picture {row + 1}: {answer}{remark}{caption}")
    return "\n".join(lines) or "(none)"


# As many as there can be and as long as they can get, for estimates.
SOME_EXAMPLES = [
    Example(PictureInput("", bytes, np.empty(0, np.float32)), counts=True, comment="x" * LONGEST_COMMENT)
] * (2 * EACH)
