"""Annotates with a vision-language model, one call a picture: evidence, then a rationale, then a rating."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, Literal

from pydantic import BaseModel, Field

from concepts.annotators.base import (
    Annotation,
    CriterionEvidence,
    FailedAnnotation,
    PictureInput,
    Supplies,
    Verdict,
)
from concepts.definition.document import Criterion, Definition, Revision
from concepts.errors import (
    BadPictureError,
    ModelAnswerError,
    ModelCallError,
    NoModelError,
    UnknownPictureError,
)
from concepts.language.base import ChatModel, Message
from concepts.language.ledger import Price, estimate_usd
from concepts.language.prompts import load_prompt
from concepts.registry import Method

PURPOSE = "annotate"
LONGEST_RATIONALE = 400
ReadPicture = Callable[[PictureInput], bytes]


class CriterionVerdict(BaseModel):
    number: int
    verdict: Literal["met", "not met", "unclear"]


class PictureVerdict(BaseModel):
    """What the model is asked for. The order makes it look and reason before it rates."""

    evidence: list[CriterionVerdict]
    rationale: str = Field(min_length=1)
    rating: Literal[1, 2, 3, 4, 5]


def thumbnail_jpeg(picture: PictureInput) -> bytes:
    """The thumbnail as JPEG: at most 320 px, without EXIF."""
    from PIL import Image

    jpeg = io.BytesIO()
    with Image.open(io.BytesIO(picture.thumbnail())) as image:
        image.convert("RGB").save(jpeg, "JPEG", quality=85)
    return jpeg.getvalue()


class VlmAnnotator:
    """`read_picture` gives the JPEG to show; `picture_version` names how it is made (fingerprint)."""

    method: ClassVar[Method] = Method(
        name="vlm",
        what="Shows each picture and the definition to a vision-language model, which reasons, then rates.",
        source="Toubal et al., Modeling Collaborator, CVPR 2024",
        licence="that of the model",
        cost="one call a picture; what that costs is estimated before and kept in the ledger",
    )

    def __init__(
        self,
        model: ChatModel,
        *,
        concurrency: int,
        read_picture: ReadPicture = thumbnail_jpeg,
        picture_version: str = "thumbnail-jpeg-85",
    ) -> None:
        self._model = model
        self._concurrency = concurrency
        self._read_picture = read_picture
        self._picture_version = picture_version

    @classmethod
    def prepare(cls, supplies: Supplies) -> VlmAnnotator:
        model = supplies.model()
        if model is None:
            raise NoModelError("annotating")
        return cls(
            model,
            concurrency=supplies.concurrency,
            read_picture=supplies.read_picture,
            picture_version=supplies.picture_version,
        )

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def fingerprint(self) -> str:
        prompts = [load_prompt(f"annotate.{part}").version for part in ("system", "user")]
        parts = [
            self._model.endpoint,
            self._model.name,
            *prompts,
            self._picture_version,
            PictureVerdict.model_json_schema(),
        ]
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
        return f"vlm:{self._model.name[:100]}:{digest}"

    @property
    def batch_size(self) -> int:
        return 4 * self._concurrency

    def annotate(
        self, revision: Revision, pictures: Sequence[PictureInput]
    ) -> list[Annotation | FailedAnnotation]:
        """See `Annotator.annotate`. What concerns one picture fails that picture.

        `BudgetError`, and `ModelCallError` that the next picture would meet too (no key, no model, nobody
        there), end the batch. The answers that came in by then are in the cache: the same batch asked
        again gets them without a call.
        """
        with ThreadPoolExecutor(self._concurrency) as threads:
            futures = [threads.submit(self._one, revision.definition, picture) for picture in pictures]
            try:
                return [future.result() for future in futures]
            except BaseException:
                threads.shutdown(cancel_futures=True)  # those in flight end and are cached
                raise

    def estimate_usd(self, revision: Revision, pictures: int, price: Price) -> float:
        """Before a run: what so many pictures will roughly cost, at most (cached ones cost nothing)."""
        return estimate_usd(price, question(revision.definition, b""), pictures)

    def _one(self, definition: Definition, picture: PictureInput) -> Annotation | FailedAnnotation:
        try:
            jpeg = self._read_picture(picture)
        except (OSError, BadPictureError, UnknownPictureError) as error:
            return FailedAnnotation(picture.picture_id, f"The picture can't be read: {error}")
        try:
            verdict = self._model.ask(question(definition, jpeg), PictureVerdict, purpose=PURPOSE)
        except ModelAnswerError as error:
            return FailedAnnotation(picture.picture_id, str(error))
        except ModelCallError as error:
            if error.status in (None, 401, 403, 404, 429):
                raise
            return FailedAnnotation(picture.picture_id, str(error))
        evidence = read_evidence(definition.criteria, verdict.evidence)
        rationale = " ".join(verdict.rationale.split())[:LONGEST_RATIONALE]
        return Annotation(picture.picture_id, verdict.rating, evidence, rationale)


def question(definition: Definition, jpeg: bytes) -> list[Message]:
    # Examples and queries don't help to judge; leaving them out keeps cached answers when they change.
    plain = Definition(name=definition.name, description=definition.description)
    criteria = "\n".join(
        f"{number}. ({criterion.kind}) {criterion.text}"
        for number, criterion in enumerate(definition.criteria, 1)
    )
    asked = load_prompt("annotate.user").render(definition=plain.as_text(), criteria=criteria or "(none)")
    return [
        Message("system", load_prompt("annotate.system").render()),
        Message("user", asked, (jpeg,)),
    ]


def read_evidence(
    criteria: Sequence[Criterion], answers: Sequence[CriterionVerdict]
) -> tuple[CriterionEvidence, ...]:
    """One verdict per criterion. Unknown numbers are dropped; missing and contradictory ones are unclear."""
    said: dict[int, set[Verdict]] = {}
    for answer in answers:
        said.setdefault(answer.number, set()).add(answer.verdict)
    evidence = []
    for number, criterion in enumerate(criteria, 1):
        verdicts = said.get(number, set())
        verdict = verdicts.pop() if len(verdicts) == 1 else "unclear"
        evidence.append(CriterionEvidence(criterion.text, criterion.kind, verdict))
    return tuple(evidence)
