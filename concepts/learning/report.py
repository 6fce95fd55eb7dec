"""The evaluation report of a version, from training through SQL to card, command line and screens.

Stored as JSON and kept for ever, so fields may be added with a default and never change their meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from concepts.errors import WrongUsageError
from concepts.learning.target import Side, Target

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
CERTIFIED: dict[Side, str] = {"yes": "certified", "no": "certified_no"}  # where a version's details say it
WIDE = 0.4  # a figure with a wider range is no headline: the range alone is said
AuthorKind = Literal["person", "simulated", "annotator"]

Table = tuple[tuple[Count, ...], ...]


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(Document):
    """One figure with its 95 % interval and the count n it rests on. `value` is None where there are too
    few labels; `note` then says how many more are needed.

    Names the card knows: average_precision, roc_auc, f1, accuracy, precision, recall (both at the
    threshold), recall_at_precision_0.9, brier, and of old reports calibration_error. Others
    are shown as they are written.
    """

    name: str
    value: FiniteFloat | None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    n: Count
    note: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether its value says nothing, so uncertain is it."""
        return self.low is None or self.high is None or self.high - self.low > WIDE

    @classmethod
    def within(cls, name: str, value: float, low: float, high: float, n: int) -> Metric:
        """With an interval that reaches at least to the value."""
        return cls(name=name, value=value, low=min(low, value), high=max(high, value), n=n)

    @classmethod
    def unknown(cls, name: str, n: int, note: str) -> Metric:
        return cls(name=name, value=None, n=n, note=note)


class Baseline(Document):
    """What a simpler way reaches on the same pictures ("plain text search"). Bundles of before 0.3.0 may say
    a `p_value` of learning from shuffled labels."""

    name: str
    metrics: tuple[Metric, ...]
    p_value: Share | None = None


class Slice(Document):
    """Figures at the threshold, with exact intervals, on the n evaluation pictures of one folder, or nearest
    to one query."""

    kind: Literal["folder", "query"]
    name: str
    n: Count
    precision: Metric
    recall: Metric


class LabelCount(Document):
    author_kind: AuthorKind
    yes: Count
    no: Count


class ReliabilityBin(Document):
    """Pictures with about the same probability: its mean, and the share of them that counts."""

    predicted: Share
    observed: Share
    low: Share | None = None
    high: Share | None = None
    n: Count


class CutFigures(Document):
    """What calling every picture from `threshold` on a yes would give: on the pictures that measure, and of
    all they stand for. The intervals of all cuts hold together."""

    threshold: float
    flagged: Count
    right: Count
    precision: Metric
    recall: Metric


class Curves(Document):
    """`curves.json`: the points behind the plots, from the evaluation set.

    precision and recall (k,) in order of falling threshold; the histogram has m + 1 edges in 0..1 and m
    counts of pictures that count and that don't.
    """

    precision: tuple[Share, ...]
    recall: tuple[Share, ...]
    reliability: tuple[ReliabilityBin, ...]
    histogram_edges: tuple[Share, ...]
    histogram_yes: tuple[Count, ...]
    histogram_no: tuple[Count, ...]

    @model_validator(mode="after")
    def _lengths_agree(self) -> Curves:
        if len(self.precision) != len(self.recall):
            raise ValueError("precision and recall have different lengths")
        if not len(self.histogram_yes) == len(self.histogram_no) == len(self.histogram_edges) - 1:
            raise ValueError("the histogram needs one count of each kind between two edges")
        return self


class Consistency(Document):
    """What so many people said of n pictures when they were asked about them a second time, not knowing it.
    The pictures are a random sample of the yes and no that measure, `answers` in all.

    share: of n, answered the same way twice. ceiling: the share of such answers that a classifier can agree
    with at most. different: how many of `answers` would be different a second time. sentences: the same for
    people; none where n is too small to say it.
    """

    n: Count
    same: Count
    yes_to_no: Count
    no_to_yes: Count
    to_unsure: Count
    answers: Count
    people: Count
    share: Metric
    ceiling: Metric
    different: Metric
    sentences: tuple[str, ...]


class LookedIn(Document):
    """A named collection of pictures after its change number `change`, and what it was called then."""

    id: Count
    name: str
    change: Count


class GradeFigures(Document):
    """How well grades are told, on n test pictures with a grade; `unsaid` test labels said only yes or no.

    exact, within_one: shares with the very grade, or that or one beside it, where the mean grade is rounded.
    kappa: quadratic weighted. table: how often each grade was said (rows, the lowest first) and guessed
    (columns). sentences: the same for people.
    """

    n: Count
    unsaid: Count = 0
    exact: Metric
    within_one: Metric
    kappa: Metric
    table: Table
    sentences: tuple[str, ...] = ()


class OneClass(Document):
    """`said` pictures are of this class, `guessed` it calls so."""

    name: str
    said: Count
    guessed: Count
    precision: Metric
    recall: Metric


class ClassFigures(Document):
    """How well exclusive classes are distinguished, on n test pictures of which people named one; `unsaid`
    test labels named none. The first of the classes, and of rows (said) and columns
    (guessed) of the table, is none of these."""

    n: Count
    unsaid: Count = 0
    accuracy: Metric
    classes: tuple[OneClass, ...]
    table: Table
    sentences: tuple[str, ...] = ()


class EvaluationReport(Document):
    """Figures of version `head` at its `threshold` on the evaluation set as labelled at that moment, beside
    simpler ways, with sentences for people and notes on what the figures don't say."""

    head: int
    threshold: FiniteFloat
    drawn: Literal["random"] = "random"
    labels: tuple[LabelCount, ...]
    metrics: tuple[Metric, ...]
    baselines: tuple[Baseline, ...]
    confusion: dict[str, Count]
    curves: Curves | None
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    cuts: tuple[CutFigures, ...] = ()  # highest threshold first
    covered: Count | None = None  # groups of look-alikes the figures are about; None for a set from outside
    yes: Metric | None = None  # how many of those count
    unlabelled: Metric | None = None  # precision among what no person had labelled when it was trained
    slices: tuple[Slice, ...] = ()
    worst_slice: str = ""  # in words; empty where none is surely worse than the rest
    consistency: Consistency | None = None  # None where nothing was asked twice
    earlier: Count = 0  # test labels that were given under an earlier description
    looks_in: tuple[LookedIn, ...] = ()  # named collections that the concept looked in; none: everything
    looked_at: Count  # pictures in there then
    grades: GradeFigures | None = None  # of a graded concept
    classes: ClassFigures | None = None  # of exclusive classes

    @property
    def n(self) -> int:
        """Evaluation pictures with a yes or no."""
        return sum(count.yes + count.no for count in self.labels)

    def metric(self, name: str) -> Metric | None:
        """The figure of this name if it has a value."""
        return metric_of(self.metrics, name)


class Guarantee(Document):
    """What a certified line promises: with `confidence` at least `at_least` of what lies above it is right
    or, on the side of no, of what lies from 0 to `line` doesn't count. `errors` of n blind answers there were
    not so. They were drawn for the version `made_from`, on that day, as the concept's attempt 1, 2, …, from
    probabilities of that side of `floor` on. line: None where it is the version's threshold. at_random: the
    share of the library that doesn't count, as far as that was measured by then."""

    side: Side = "yes"
    line: Share | None = None
    at_random: Share | None = None
    at_least: Share
    confidence: Share
    n: Count
    errors: Count
    floor: Share
    attempt: Count
    made_from: Count
    day: date
    looks_in: str = ""  # the collections they were drawn from, in words; empty: the whole library

    @property
    def sentence(self) -> str:
        return (
            f"With {100 * self.confidence:.3g} % confidence at least {100 * self.at_least:.3g} of 100 "
            f"pictures {'above the threshold are right' if self.side == 'yes' else self._are_not}. For "
            f"pictures like those of {self.looks_in or 'this library'} on {self.day.day} {self.day:%B %Y}."
        )

    @property
    def _are_not(self) -> str:
        """Beside what chance gives: where something is rare, nearly everything is not it."""
        if self.at_random is None:
            return "below this limit don't count; how many of 100 at random don't is not measured yet"
        either = " either" if self.at_random >= self.at_least else ""
        return (
            f"below this limit don't count; of 100 at random about {100 * self.at_random:.3g} don't{either}"
        )

    @classmethod
    def of(cls, details: Mapping[str, Any], side: Side = "yes") -> Guarantee | None:
        """Of a version's details; None where it has no certified line of that side."""
        found = details.get(CERTIFIED[side])
        return cls.model_validate(found) if found else None

    @classmethod
    def all(cls, details: Mapping[str, Any]) -> list[Guarantee]:
        return [found for side in CERTIFIED if (found := cls.of(details, side))]


def metric_of(metrics: tuple[Metric, ...], name: str) -> Metric | None:
    """The figure of this name if it has a value."""
    return next((m for m in metrics if m.name == name and m.value is not None), None)


def of_hundred(share: float) -> str:
    """A whole number, and for what is rare one with a point: 0 of 100 would be another claim."""
    return f"{100 * share:.0f}" if share == 0 or 100 * share >= 1 else f"{100 * share:.1g}"


AT_THRESHOLD = {
    "precision": "Of 100 pictures it flags, about {found} are right; of 100 at random {base} would be.",
    "recall": "Of 100 pictures that count, it finds about {found}.",
}
TOO_EARLY = {
    "precision": "Too early to say how many of 100 pictures it flags are right: {found}; of 100 at random "
    "{base} would be.",
    "recall": "Too early to say how many of 100 pictures that count it finds: {found}.",
}


def at_threshold(metric: Metric, base: float) -> str:
    """Precision or recall in words, with its range in the same breath. `base`: what share of all counts."""
    found = of_hundred(metric.value or 0)
    if metric.low is None or metric.high is None:  # old reports
        return AT_THRESHOLD[metric.name].format(found=found, base=of_hundred(base))
    span = f"{of_hundred(metric.low)} to {of_hundred(metric.high)}"
    if metric.is_wide:
        return TOO_EARLY[metric.name].format(found=span, base=of_hundred(base))
    return AT_THRESHOLD[metric.name].format(found=f"{found} ({span})", base=of_hundred(base))


def about_unlabelled(right: Metric | None, flagged: int) -> str:
    """How many of so many flagged pictures are right that nobody labelled, in words: what was labelled is
    nearly always right, and says little about the rest. Empty where there are none, or no sample of them."""
    if right is None or not flagged:
        return ""
    them = f"{flagged:,} flagged pictures that nobody labelled" if flagged > 1 else "the one unlabelled find"
    if right.value is None or right.low is None or right.high is None:
        return f"Too early to say how many of {them} are right. {right.note}"
    span = f"{flagged * right.low:,.0f} to {flagged * right.high:,.0f}"
    if right.is_wide:
        return f"Too early to say how many of {them} are right: {span}. {right.note}"
    return f"Of {them}, about {flagged * right.value:,.0f} are right ({span})."


def about_earlier(earlier: int, labels: int) -> str:
    """How many of the test labels are of an earlier description, in words; empty for none."""
    if not earlier:
        return ""
    were = "was" if earlier == 1 else "were"
    return f"{earlier:,} of {labels:,} test labels {were} given under an earlier description."


def about_the_target(target: str, metrics: Iterable[Metric]) -> list[str]:
    """Whether what was asked for is reached, as measured; nothing of a threshold without a floor, such as one
    set by hand."""
    wanted, low, high = _measured(target, metrics)
    said = wanted.judged(low, high)
    return [said] if said else []


def target_met(target: str, metrics: Iterable[Metric]) -> bool | None:
    """Whether what was asked for is reached, by pictures that nothing learned from; None where they can't
    say, or nothing was asked for."""
    wanted, low, high = _measured(target, metrics)
    return wanted.met(low, high)


def _measured(target: str, metrics: Iterable[Metric]) -> tuple[Target, float | None, float | None]:
    """What was asked for, and the interval of what it is about."""
    try:
        wanted = Target.parse(target)
    except WrongUsageError:
        return Target(), None, None
    found = next((metric for metric in metrics if metric.name == wanted.kind), None)
    return (wanted, found.low, found.high) if found else (Target(), None, None)
