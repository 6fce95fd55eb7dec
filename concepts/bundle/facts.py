"""What a bundle says about itself: the document `head.json`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from concepts.definition.document import Definition
from concepts.encoders.base import Fingerprint
from concepts.learning.base import FAMILIAR_FROM, LinearHead
from concepts.learning.report import Baseline, Document, LabelCount, Metric, Share, metric_of

DEEPEST = 20  # of brackets in brackets


class Is(Document):
    """The calibrated probability of one concept, by its place in the bundle."""

    concept: int = Field(ge=0)


class Not(Document):
    """1 - p."""

    but: Expression


class AllOf(Document):
    """The product: as if, given a picture, one said nothing about another."""

    all: tuple[Expression, ...] = Field(min_length=1, max_length=100)


class AnyOf(Document):
    """1 minus the product of all 1 - p, likewise."""

    any: tuple[Expression, ...] = Field(min_length=1, max_length=100)


Expression = Is | Not | AllOf | AnyOf


class Combined(Document):
    """“Messy room and not people”: one more column, before those it is made of."""

    kind: Literal["combined"] = "combined"
    name: str = Field(min_length=1)
    threshold: Share
    expression: Expression

    def check(self, concepts: int) -> None:
        """Raises ValueError for a concept that isn't there, and for too many brackets."""
        _check(self.expression, concepts, DEEPEST)


class OneOf(Document):
    """At most one class is right. p_i = exp(l_i) / (1 + Σ exp(l_j)) of the heads' logits, the 1 for `none`
    (multinomial logistic regression with `none` as its reference); yes where p_i is the greatest of all."""

    kind: Literal["one_of"] = "one_of"
    none: str = "none of these"


def _check(expression: Expression, concepts: int, deep: int) -> None:
    if not deep:
        raise ValueError(f"the rule has more than {DEEPEST} brackets in brackets")
    if isinstance(expression, Is):
        if expression.concept >= concepts:
            raise ValueError(f"the rule speaks of concept {expression.concept}, of {concepts}")
        return
    for part in parts_of(expression):
        _check(part, concepts, deep - 1)


def parts_of(expression: Not | AllOf | AnyOf) -> tuple[Expression, ...]:
    if isinstance(expression, Not):
        return (expression.but,)
    return expression.all if isinstance(expression, AllOf) else expression.any


SCHEMA_VERSION = 2
MOST_CONCEPTS = 1000  # in one bundle


class EncoderFacts(Document):
    """The encoder whose vectors the heads understand; `name` is what a person writes to choose it.
    `preprocessing` says in words how it decodes, sizes and normalises pictures, as a part of its fingerprint:
    `pictures` in classifier.onnx says it to programs."""

    name: str
    fingerprint: str
    architecture: str
    weights_sha256: str
    preprocessing: str
    precision: str
    dimension: int = Field(ge=1)
    licence: str

    @model_validator(mode="after")
    def _fields_belong_to_the_fingerprint(self) -> EncoderFacts:
        parts = Fingerprint(self.architecture, self.weights_sha256, self.preprocessing, self.precision)
        if str(parts) != self.fingerprint:
            raise ValueError(f"these fields have the fingerprint {parts}, not {self.fingerprint}")
        return self


class BundleHeadFacts(Document):
    """The head without its weights. `target` and `calibration` are words, `details` how it was trained."""

    number: int = Field(ge=1)
    kind: str
    threshold: Share
    target: str  # what the threshold was chosen for: "best F1", "precision of at least 0.9"
    calibration: str
    familiar_from: Annotated[float, Field(ge=-1, le=1)] | None = None  # see `LinearHead.familiar_from`
    details: dict[str, JsonValue] = Field(default_factory=dict)

    @classmethod
    def of(cls, head: LinearHead, *, number: int, target: str, calibration: str) -> BundleHeadFacts:
        return cls(
            number=number,
            kind=head.kind,
            threshold=head.threshold,
            target=target,
            calibration=calibration,
            familiar_from=head.familiar_from,
            details={name: value for name, value in head.details.items() if name != FAMILIAR_FROM},
        )


class Grades(Document):
    """A graded concept: grades 1 to `n`, of which those from `counts_from` on are a yes.

    Proportional odds (McCullagh, 1980): P(grade > k) = sigmoid(weights · x + cuts[k-1]) for k of 1 to n-1,
    cuts falling. The head's bias is the cut below `counts_from`.
    """

    n: int = Field(ge=2, le=100)
    counts_from: int = Field(ge=2)

    @model_validator(mode="after")
    def _counts_from_one_of_them(self) -> Grades:
        if self.counts_from > self.n:
            raise ValueError(f"there are {self.n} grades, so none from {self.counts_from} on")
        return self


class ConceptFacts(Document):
    """One concept of a bundle. Figures come with n and interval; one never measured has no metrics."""

    concept: str = Field(min_length=1)
    created: AwareDatetime
    definition: Definition
    definition_revision: int = Field(ge=1)
    head: BundleHeadFacts
    grades: Grades | None = None
    training_labels: tuple[LabelCount, ...] = ()
    evaluation_labels: tuple[LabelCount, ...] = ()
    evaluation_drawn: Literal["random", "imported"] | None = None
    metrics: tuple[Metric, ...] = ()
    interval: str = "95% bootstrap interval"  # what low and high of every metric are
    baselines: tuple[Baseline, ...] = ()
    notes: tuple[str, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """The metric of this name if it has a value."""
        return metric_of(self.metrics, name)


class BundleFacts(Document):
    """`head.json`: one encoder and the concepts that share it, each with a head; how they combine, if they
    do. Answers come in `columns`."""

    format: Literal["discern-head"] = "discern-head"
    schema_version: Literal[2] = 2
    discern_version: str
    encoder: EncoderFacts
    concepts: tuple[ConceptFacts, ...] = Field(min_length=1, max_length=MOST_CONCEPTS)
    rule: Combined | OneOf | None = Field(default=None, discriminator="kind")
    licence_notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _columns_are_told_apart(self) -> BundleFacts:
        if len(set(self.columns)) != len(self.columns):
            raise ValueError("two concepts have the same name")
        if isinstance(self.rule, Combined):
            self.rule.check(len(self.concepts))
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the order of all answers: what a rule combines to first, then the concepts."""
        names = tuple(concept.concept for concept in self.concepts)
        return (self.rule.name, *names) if isinstance(self.rule, Combined) else names

    @property
    def familiar(self) -> tuple[str, ...]:
        """Names of those that know what is like their labels, a column each of `familiarity`."""
        known = [one for one in self.concepts if one.head.familiar_from is not None and not one.grades]
        return tuple(concept.concept for concept in known)
