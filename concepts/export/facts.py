"""What a bundle says about itself: the documents `head.json` and `curves.json`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, model_validator

from concepts.definition.document import Definition
from concepts.encoders.base import Fingerprint
from concepts.learning.base import LinearHead

SCHEMA_VERSION = 1

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
AuthorKind = Literal["person", "simulated", "annotator"]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(_Document):
    """One figure on the evaluation set. `value` is None where there were too few labels; `note` says so.

    Names the card knows: average_precision, roc_auc, f1, accuracy, precision, recall (both at the
    threshold), recall_at_precision_0.9, brier, calibration_error. Others are shown as they are written.
    """

    name: str
    value: FiniteFloat | None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    n: Count
    note: str = ""


class Baseline(_Document):
    """What a simpler way reaches on the same pictures ("plain text search")."""

    name: str
    metrics: tuple[Metric, ...]


class LabelCount(_Document):
    author_kind: AuthorKind
    yes: Count
    no: Count


class EncoderFacts(_Document):
    """The encoder whose vectors the head understands; `name` is what a person writes to choose it."""

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


class HeadFacts(_Document):
    """The head without its weights. `target` and `calibration` are words, `details` how it was trained."""

    number: int = Field(ge=1)
    kind: str
    threshold: Share
    target: str  # what the threshold was chosen for: "best F1", "precision of at least 0.9"
    calibration: str
    details: dict[str, JsonValue] = {}

    @classmethod
    def of(cls, head: LinearHead, *, number: int, target: str, calibration: str) -> HeadFacts:
        return cls(
            number=number,
            kind=head.kind,
            threshold=head.threshold,
            target=target,
            calibration=calibration,
            details=head.details,
        )


class BundleFacts(_Document):
    """`head.json`. Figures come with n and interval; a head that was never evaluated has no metrics."""

    format: Literal["discern-head"] = "discern-head"
    schema_version: Literal[1] = 1
    discern_version: str
    created: AwareDatetime
    concept: str = Field(min_length=1)
    definition: Definition
    definition_revision: int = Field(ge=1)
    head: HeadFacts
    encoder: EncoderFacts
    training_labels: tuple[LabelCount, ...] = ()
    evaluation_labels: tuple[LabelCount, ...] = ()
    evaluation_drawn: Literal["random", "imported"] | None = None
    metrics: tuple[Metric, ...] = ()
    interval: str = "95% bootstrap interval"  # what low and high of every metric are
    baselines: tuple[Baseline, ...] = ()
    notes: tuple[str, ...] = ()
    licence_notes: tuple[str, ...] = ()

    def metric(self, name: str) -> Metric | None:
        """The metric of this name if it has a value."""
        return next((m for m in self.metrics if m.name == name and m.value is not None), None)


class ReliabilityBin(_Document):
    """Pictures with about the same probability: its mean, and the share of them that counts."""

    predicted: Share
    observed: Share
    low: Share | None = None
    high: Share | None = None
    n: Count


class Curves(_Document):
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
