"""Earlier answers that other words may contradict: those the machine agreed with by the words they were given
under, and doesn't by the new ones. They are for the person to look at again; nothing changes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from concepts.collaborator.trials import Value
from concepts.collaborator.wording_judge import Judging
from concepts.definition.document import Definition
from concepts.labelling.training_data import TrainingData


@dataclass(frozen=True)
class Contradicted:
    """An answer, what the machine says of the picture by the new words, 1 to 5, and why."""

    picture_id: str
    answer: Value
    rating: int
    rationale: str

    @property
    def machine(self) -> Value:
        return "yes" if self.rating > 3 else "no" if self.rating < 3 else "unsure"


def earlier_answers(training_data: TrainingData) -> dict[str, tuple[Value, int]]:
    """Picture id → yes or no and the number of the definition it was given under, of those given under an
    older one than the newest."""
    return {
        i: ("yes" if said.value == "yes" else "no", said.definition)
        for i, said in training_data.answers.items()
        if said.decided and said.definition < training_data.revision.number
    }


def contradicted(
    definitions: Mapping[int, Definition],
    newest: int,
    answers: Mapping[str, tuple[Value, int]],
    judge: Judging,
) -> list[Contradicted]:
    """Of these answers, each with the number of the definition that it was given under, the surest first.

    A machine that disagreed by the words of then says nothing about the change; one that can't say any more
    is no reason to doubt the person. Raises what `Annotator.annotate` raises.
    """
    now = judge.annotations(definitions[newest], list(answers))
    against = {i: said for i, said in now.items() if said.value not in (answers[i][0], "unsure")}
    found = []
    for number in sorted({answers[i][1] for i in against}):
        ids = [i for i in against if answers[i][1] == number]
        then = judge(definitions[number], ids)
        found += [
            Contradicted(i, answers[i][0], against[i].rating, against[i].rationale)
            for i in ids
            if then.get(i) == answers[i][0]
        ]
    return sorted(found, key=lambda one: (-abs(one.rating - 3), one.picture_id))
