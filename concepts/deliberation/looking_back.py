"""Earlier answers that other words may contradict: those the machine agreed with by the old words and doesn't
by the new ones. They are for the person to look at again; nothing changes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from concepts.definition.document import Definition
from concepts.deliberation.judging import Judging
from concepts.deliberation.trials import Value


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


def contradicted(
    before: Definition, after: Definition, answers: Mapping[str, Value], judge: Judging
) -> list[Contradicted]:
    """Of these answers, given under `before`, the surest first.

    A machine that disagreed already says nothing about the change; one that can't say any more is no reason
    to doubt the person. Raises what `Annotator.annotate` raises.
    """
    now = judge.annotations(after, list(answers))
    against = {i: said for i, said in now.items() if said.value not in (answers[i], "unsure")}
    then = judge(before, list(against))
    found = [
        Contradicted(i, answers[i], said.rating, said.rationale)
        for i, said in against.items()
        if then.get(i) == answers[i]
    ]
    return sorted(found, key=lambda one: (-abs(one.rating - 3), one.picture_id))
