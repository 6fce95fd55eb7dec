"""The answers a rewording may learn from, in halves: what inspires it and what judges it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from concepts.collaborator.halves import halves
from concepts.collaborator.trials import Value
from concepts.labelling.training_data import TrainingData
from concepts.library.collection import Collection
from storage.labels import LabelLog

FEWEST = 10  # answers in the half that judges, below which no wording can be shown to be better


@dataclass(frozen=True)
class AnswersToReword:
    """Picture id → yes or no, of each half; `comments` of the half that writes, oldest first. `met` are
    pictures that were chosen for being near the edge, with the ambiguity they were shown for: how often the
    machine is right about them says little about the others."""

    write: dict[str, Value]
    judge: dict[str, Value]
    comments: Mapping[str, list[str]]
    met: Mapping[str, str] = field(default_factory=dict)

    def usual(self, said: Mapping[str, Value]) -> dict[str, Value]:
        """What is `said` of those pictures that were not chosen for being near the edge."""
        return {i: value for i, value in said.items() if i not in self.met}

    @classmethod
    def of(
        cls,
        training_data: TrainingData,
        collection: Collection,
        log: LabelLog,
        key: str,
        met: Mapping[str, str],
    ) -> AnswersToReword:
        """What was answered with the machine's opinion beside the picture agrees with it too often, so it
        judges nothing."""
        decided: dict[str, Value] = {
            i: "yes" if d.value == "yes" else "no" for i, d in training_data.answers.items() if d.decided
        }
        ids = training_data.with_vectors(list(decided))
        groups = dict(zip(ids, collection.library.near_groups(ids), strict=True))
        remarks: dict[str, list[str]] = {}
        for event in log.comments(training_data.concept_id, ids):
            remarks.setdefault(event.picture_id, []).append(event.comment)
        found = halves(groups, remarks, key)
        standing = log.standing(training_data.concept_id, ("person", "simulated"), found.judge)
        swayed = {event.picture_id for event in standing if event.in_view}
        return cls(
            {i: decided[i] for i in found.write},
            {i: decided[i] for i in found.judge if i not in swayed},
            remarks,
            met,
        )
