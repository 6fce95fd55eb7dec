"""What a bundle says about itself: the document `head.json`."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from concepts.definition.document import Definition
from concepts.encoders.base import Fingerprint
from concepts.learning.base import LinearHead
from concepts.learning.report import Baseline, Document, LabelCount, Metric, Share, metric_of

SCHEMA_VERSION = 1


class EncoderFacts(Document):
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


class HeadFacts(Document):
    """The head without its weights. `target` and `calibration` are words, `details` how it was trained."""

    number: int = Field(ge=1)
    kind: str
    threshold: Share
    target: str  # what the threshold was chosen for: "best F1", "precision of at least 0.9"
    calibration: str
    details: dict[str, JsonValue] = Field(default_factory=dict)

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


class BundleFacts(Document):
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
        return metric_of(self.metrics, name)
