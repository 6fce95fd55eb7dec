"""What to do next with a concept: one answer for Home, for Check and for programs."""

from __future__ import annotations

from typing import Literal

from concepts.labelling.dataset import AnswerCount, dataset_of
from concepts.learning.report import EvaluationReport
from concepts.results.advice import Advice, advice_for
from concepts.results.measuring import measured
from concepts.results.quality import is_stale, new_answers
from concepts.results.verdict import Verdict, verdict
from concepts.use_cases import Concept
from concepts.view import View

Does = Literal["describe", "label", "train", "test", "pictures", "threshold", "results"]

# The words of each button, and the screen where it is done.
STEPS: dict[Does, tuple[str, str]] = {
    "describe": ("Describe", "/describe"),
    "label": ("Label", "/label"),
    "train": ("Train", "/check"),
    "test": ("Test", "/check"),
    "pictures": ("Add pictures", "/library"),
    "threshold": ("Adjust threshold", "/check"),
    "results": ("See results", "/results"),
}
REPEATED = ("train", "test")


class NextStep(View):
    does: Does
    said: str  # the words of its button
    screen: str  # where that is done

    @classmethod
    def of(cls, does: Does, *, again: bool = False) -> NextStep:
        said, screen = STEPS[does]
        return cls(does=does, said=f"{said} again" if again and does in REPEATED else said, screen=screen)


def before_training(count: AnswerCount, *, enough: bool, described: bool) -> NextStep:
    """The next step of a concept without a version."""
    if not (described or count.answers):
        return NextStep.of("describe")
    return NextStep.of("train" if enough else "label")


def after_training(said: Verdict, report: EvaluationReport | None, new_answers: int) -> NextStep:
    """What the verdict on the newest version says to do, once there is nothing new to learn."""
    if new_answers:
        return NextStep.of("train", again=True)
    return NextStep.of(said.step, again=bool(report and report.n))


def next_step(concept: Concept, *, described: bool) -> NextStep:
    """The next step of a concept. `described`: whether anything follows from its description yet."""
    advice, app = advice_for(concept), concept.app
    head = app.heads.get(concept.id)
    if head is None:
        return before_training(advice.count, enough=advice.enough, described=described)
    dataset, found = dataset_of(concept), measured(app.heads.evaluation(concept.id, head.number))
    stale = is_stale(found, dataset)
    report = found.report if found else None
    said = verdict_now(report, advice, stale=stale, to_go=0 if stale else dataset.to_next_figures)
    return after_training(said, report, new_answers(dataset, head))


def verdict_now(report: EvaluationReport | None, advice: Advice, *, stale: bool, to_go: int) -> Verdict:
    """The verdict on a report, with the labels there are now. `to_go`: test labels until the next figures."""
    return verdict(report, labels=advice.missing, test_labels=to_go, stale=stale, done=bool(advice.done))
