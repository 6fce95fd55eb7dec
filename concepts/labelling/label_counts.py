"""How many pictures people answered about, and what those answers are for: the one count of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping

from pydantic import computed_field

from concepts.labelling.consensus import Decision
from concepts.labelling.dataset import ConceptDataset
from concepts.view import View
from storage.concepts import WATCHING, Certifying


class AnswerCount(View):
    """Pictures with an answer that stands, each counted once however many people answered about it.

    By what was said, `yes`, `no`, `unsure`, `skip` and `conflict` add up to `answers`. By what they are for,
    `teach`, `measure`, `certify`, `watch`, `in_view`, `look_alike`, `elsewhere` and `undecided` do too.
    """

    answers: int = 0
    yes: int = 0
    no: int = 0
    unsure: int = 0
    skip: int = 0
    conflict: int = 0  # as many people say yes as no
    teach_yes: int = 0
    teach_no: int = 0
    measure: int = 0  # of the evaluation set, first answered blindly, whatever the answer is
    certify: int = 0  # drawn to certify a line or the steps of a cascade, and answered blindly; also what an
    # earlier Discern drew to fit probabilities to
    watch: int = 0  # drawn of a watched folder, and answered blindly
    in_view: int = 0  # of pictures kept apart for these, but the machine's opinion stood beside them
    look_alike: int = 0  # a yes or a no about what looks the same as a picture that measures or certifies
    elsewhere: int = 0  # of pictures drawn to measure where the concept doesn't look now
    undecided: int = 0  # neither yes nor no, of the other pictures: nothing is learned from them
    people: int = 0  # how many real ones answered
    simulated: int = 0  # answers in which no real person had a part
    to_measure: int = 0  # pictures of the evaluation set, with or without an answer

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def teach(self) -> int:
        """Answers that a classifier learns from."""
        return self.teach_yes + self.teach_no

    @computed_field  # type: ignore[prop-decorator]
    @property
    def given(self) -> int:
        """All but those that say neither yes nor no of a picture to learn from."""
        return self.answers - self.undecided

    @computed_field  # type: ignore[prop-decorator]
    @property
    def sentence(self) -> str:
        """Such as: 112 answers by you: 70 to learn from, 36 to measure with, 6 undecided."""
        if not self.answers:
            return "No answers yet."
        parts = [f"{self.teach:,} to learn from", f"{self.measure:,} to measure with"]
        others = (
            (self.certify, "kept apart for guarantees and checks"),
            (self.watch, "to watch a folder with"),
            (self.undecided, "undecided"),
            (self.in_view, "given with the machine’s opinion in view, which measure nothing"),
            (self.look_alike, "about look-alikes of pictures that measure, which teach nothing"),
            (self.elsewhere, "that measured where it doesn’t look now"),
        )
        parts += [f"{n:,} {words}" for n, words in others if n]
        number = "1 answer" if self.answers == 1 else f"{self.answers:,} answers"
        return f"{number} {self.by_whom}: {', '.join(parts)}."

    @property
    def by_whom(self) -> str:
        """A demo's or a study's answers are nobody's: that is said wherever they are counted."""
        if self.simulated == self.answers:
            return "by a simulated person"
        who = "by you" if self.people == 1 else f"by {self.people:,} people"
        return f"{who}, {self.simulated:,} of them simulated" if self.simulated else who


def count_answers(
    decisions: Mapping[str, Decision],
    blind: Container[str],
    evaluation: Mapping[str, str],
    certifying: Mapping[str, Certifying],
    reserved: Container[str],
    apart: Container[str] = (),
) -> AnswerCount:
    """`decisions` are what people said, by picture; `blind` the pictures that somebody answered without
    seeing what the machine says; `reserved` those that measure or certify, with their look-alikes; `apart`
    those that do or did, wherever the concept looked."""
    said = Counter(str(decision.value) for decision in decisions.values())
    used = Counter(
        _use(picture, decision, blind, evaluation, certifying, reserved, apart)
        for picture, decision in decisions.items()
    )
    people = {name for decision in decisions.values() if not decision.simulated for name in decision.votes}
    return AnswerCount(
        answers=len(decisions),
        **said,
        **used,
        people=len(people),
        simulated=sum(decision.simulated for decision in decisions.values()),
        to_measure=len(evaluation),
    )


def count_of(dataset: ConceptDataset) -> AnswerCount:
    """The count of a concept's answers, from what it learns and measures from."""
    return count_answers(
        dataset.decisions,
        dataset.blind,
        dataset.evaluation,
        dataset.certifying,
        dataset.reserved,
        dataset.apart,
    )


def _use(
    picture: str,
    decision: Decision,
    blind: Container[str],
    evaluation: Container[str],
    certifying: Mapping[str, Certifying],
    reserved: Container[str],
    apart: Container[str],
) -> str:
    measures = picture in evaluation
    if measures or picture in certifying:
        if picture not in blind:
            return "in_view"
        if measures:
            return "measure"
        return "watch" if certifying[picture].drawn == WATCHING else "certify"
    if picture in apart:
        return "elsewhere"
    if not decision.decided:
        return "undecided"
    return "look_alike" if picture in reserved else f"teach_{decision.value}"
