"""What models are asked to fill in, and how that becomes an annotation.

An answer that breaks its schema (a rating of 9, evidence for a criterion that doesn't exist) is no answer:
the model is shown its mistake, once, and then the picture fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from concepts.collaborator.base import Annotation, CriterionEvidence, Verdict, max_rating
from concepts.collaborator.counting import Counted, counting, verdict_by
from concepts.definition.document import Criterion, one_line
from concepts.language.base import unfit
from concepts.learning.scale import Scale

LONGEST_RATIONALE = 400
LONGEST_CAPTION = 1200  # characters; as long as the estimate counts with
UNSURE = 3  # of the ratings

Rating = Literal[1, 2, 3, 4, 5]
Rationale = Annotated[str, Field(min_length=1)]


def _percent(value: Any) -> int | None:
    """Nothing is decided by it, so one that makes no sense spoils no answer."""
    return value if isinstance(value, int) and 0 <= value <= 100 else None


Sure = Annotated[int | None, BeforeValidator(_percent)]


class CriterionVerdict(BaseModel):
    number: int
    verdict: Verdict


class PictureVerdict(BaseModel):
    """What the model is asked for. The order makes it look and reason before it rates. `sure` is what it says
    of itself, in percent."""

    evidence: list[CriterionVerdict]
    rationale: Rationale
    rating: Rating
    sure: Sure = None


class CriterionFinding(CriterionVerdict):
    """`seen`: the few words of what was looked at, before the verdict that follows from it."""

    number: int
    seen: str
    verdict: Verdict


class Findings(BaseModel):
    """What a picture shows of each criterion."""

    findings: list[CriterionFinding]


class Conclusion(BaseModel):
    """A verdict by what was found before."""

    rationale: Rationale
    rating: Rating
    sure: Sure = None


Verdicted = TypeVar("Verdicted", bound="CriterionVerdict")
Verdicts = TypeVar("Verdicts", PictureVerdict, Conclusion)


class Caption(BaseModel):
    """What a picture shows, whatever it is looked at for, and what can be read in it."""

    caption: str = Field(min_length=1)
    writing: str = ""


@cache
def picture_verdict(criteria: int, scale: Scale | None, counts: bool = False) -> type[PictureVerdict]:
    """With evidence for criteria 1 to so many, and none else, and with a count for each where one `counts`;
    with an answer of the scale, where there is one."""
    verdict = create_model(
        "PictureVerdict",
        __base__=PictureVerdict,
        __doc__=PictureVerdict.__doc__,
        evidence=(_numbered(CriterionVerdict, criteria, counts), ...),
    )
    return verdict if scale is None else _on(scale, verdict)


@cache
def conclusion(scale: Scale | None) -> type[Conclusion]:
    return Conclusion if scale is None else _on(scale, Conclusion)


def _on(scale: Scale, verdict: type[Verdicts]) -> type[Verdicts]:
    """The same verdict with a grade or class beside its rating. Any other word is no answer, nor is one that
    contradicts the rating; with 3, which can't tell, it says nothing."""
    words = scale.answers
    one_of_these: Any = Annotated[cast("Any", Literal[words]) | None, BeforeValidator(_as_word)]
    counting = {word for word in words if scale.counts(scale.option_of(word) or 0)}

    def agree(said: Any) -> Any:
        if said.rating == UNSURE:
            return said
        if said.answer is None:
            raise unfit("wrong schema", f"rating {said.rating} needs an answer")
        if (said.answer in counting) != (said.rating > UNSURE):
            raise unfit("wrong schema", f"answer {said.answer} contradicts rating {said.rating}")
        return said

    return create_model(
        verdict.__name__,
        __base__=verdict,
        __doc__=verdict.__doc__,
        __validators__={"agree": cast("Any", model_validator(mode="after")(agree))},
        answer=(one_of_these, ...),
    )


def _as_word(answer: Any) -> Any:
    """Some write a grade as a number."""
    return str(answer) if isinstance(answer, int) else answer


@cache
def findings(criteria: int, counts: bool = False) -> type[Findings]:
    return create_model(
        "Findings",
        __base__=Findings,
        __doc__=Findings.__doc__,
        findings=(_numbered(CriterionFinding, criteria, counts), ...),
    )


def _numbered(entry: type[CriterionVerdict], criteria: int, counts: bool) -> Any:
    """A list of entries with numbers that exist."""
    if not criteria:
        return Annotated[list[entry], Field(max_length=0)]  # type: ignore[valid-type]

    def known(number: Any) -> Any:
        if isinstance(number, int) and not 1 <= number <= criteria:
            raise unfit("unknown criterion", f"there is no criterion {number}")
        return number

    numbers: Any = Annotated[Literal[tuple(range(1, criteria + 1))], BeforeValidator(known)]
    bases = (entry, Counted) if counts else entry  # the count stands before the verdict
    return list[create_model(entry.__name__, __base__=bases, __doc__=entry.__doc__, number=(numbers, ...))]  # type: ignore[misc]


def by_count(criteria: Sequence[Criterion], answers: Sequence[Verdicted]) -> tuple[list[Verdicted], str]:
    """The answers with the verdicts that follow from what was counted, and what was counted in words."""
    needs, settled, said = counting(criteria), list[Verdicted](), list[str]()
    for answer in answers:
        if need := needs.get(answer.number):
            count = getattr(answer, "count", None)
            answer = answer.model_copy(update={"verdict": verdict_by(count, need)})
            said.append(f"Counted {count or 'nothing'}, needs at least {need}.")
        settled.append(answer)
    return settled, " ".join(dict.fromkeys(said))


def conclude(
    picture_id: str,
    criteria: Sequence[Criterion],
    answers: Sequence[CriterionVerdict],
    said: PictureVerdict | Conclusion,
    raw: float | None,
) -> Annotation:
    """The model's rating, as far as its own evidence (`answers`) allows it. Where it doesn't, how sure the
    model was of that rating says nothing about the lower one."""
    answers, counted = by_count(criteria, answers)
    # One verdict per criterion: missing and contradictory ones are unclear.
    by_number: dict[int, set[Verdict]] = {}
    for answer in answers:
        by_number.setdefault(answer.number, set()).add(answer.verdict)
    evidence: tuple[CriterionEvidence, ...] = ()
    for number, criterion in enumerate(criteria, 1):
        verdicts = by_number.get(number, set())
        verdict = verdicts.pop() if len(verdicts) == 1 else "unclear"
        evidence += (CriterionEvidence(criterion.text, criterion.kind, verdict),)
    highest, reason = max_rating(criteria, [e.verdict for e in evidence])
    rationale = " ".join(filter(None, [one_line(said.rationale)[:LONGEST_RATIONALE], counted]))
    if said.rating > highest:
        rationale, raw = f"{rationale} (Rated lower: {reason}.)", None
    verbalised = None if said.sure is None else said.sure / 100
    found = Annotation(picture_id, min(said.rating, highest), evidence, rationale, raw, verbalised)
    # A grade or class stands only where yes or no came out as it says: evidence may have lowered the rating.
    as_said = replace(found, rating=said.rating).value == found.value != "unsure"
    return replace(found, given=getattr(said, "answer", None)) if as_said else found
