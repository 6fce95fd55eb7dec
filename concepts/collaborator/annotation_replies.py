"""What models are asked to fill in, and how that becomes an annotation.

An answer that breaks its schema (a rating of 9, evidence for a criterion that doesn't exist) is no answer:
the model is shown its mistake, once, and then the picture fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import inf
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, Field, create_model, model_validator

from concepts.collaborator.base import Annotation, CriterionEvidence, Verdict, max_rating
from concepts.definition.document import Criterion, one_line
from concepts.language.base import unfit
from concepts.learning.scale import Scale

LONGEST_RATIONALE = 400
LONGEST_CAPTION = 1200  # characters; as long as the estimate counts with
UNSURE = 3  # of the ratings

Rating = Literal[1, 2, 3, 4, 5]
Rationale = Annotated[str, Field(min_length=1)]


# Nothing is decided by it, so one that makes no sense spoils no answer.
Sure = Annotated[
    int | None, BeforeValidator(lambda said: said if isinstance(said, int) and 0 <= said <= 100 else None)
]


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
    as_word = BeforeValidator(
        lambda said: str(said) if isinstance(said, int) else said
    )  # some write a number
    one_of_these: Any = Annotated[cast("Any", Literal[words]) | None, as_word]
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


Bucket = Literal["none", "1", "2", "3-5", "6+"]
Range = tuple[int, float]
RANGES: dict[Bucket, Range] = {"none": (0, 0), "1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6+": (6, inf)}
_WORDS = {word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six"), 1)}
_MEASURES = (
    r"-|%|[.,/:]\d|percent|thirds?|quarters?|years?|months?|weeks?|days?|hours?|minutes?|seconds?|times"
    r"|met(?:re|er)s?|feet|inch\w*|miles?|[ckm]?m\b|k?g\b|stars?"
)
_NOT_OF = rf"(?!\s*(?:{_MEASURES}))"
_N = r"(two|three|four|five|six|[2-6])"
_AT_LEAST = re.compile(
    rf"\b(?:at least|no fewer than|a minimum of) {_N}\b{_NOT_OF}|\b{_N}(?: or more\b|\+){_NOT_OF}"
    rf"|\b(more) than (one|two|three|four|five|[1-5])\b{_NOT_OF}",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"(?<!no )\b(?:fewer|less) than\b|\b(?:at most|up to|exactly|between|not? more)\b", re.IGNORECASE
)


def _as_bucket(count: Any) -> Any:
    """Some write a number."""
    if isinstance(count, int):
        return next((name for name, (low, high) in RANGES.items() if low <= count <= high), count)
    return count


class Counted(BaseModel):
    """What else is asked of a criterion where any is about how many there are; null for the others."""

    number: int
    count: Annotated[Bucket | None, BeforeValidator(_as_bucket)]


def least(text: str) -> int | None:
    """How many a criterion needs at least, 2 to 6; None where that isn't what it says, or not all."""
    found = list(_AT_LEAST.finditer(text))
    if len(found) != 1 or _OTHERWISE.search(text):
        return None
    more, number = found[0][3], next(filter(None, (found[0][1], found[0][2], found[0][4])))
    return (_WORDS.get(number.lower()) or int(number)) + bool(more)


def counting(criteria: Sequence[Criterion]) -> dict[int, int]:
    """Number of a criterion → how many it needs at least."""
    return {n: need for n, one in enumerate(criteria, 1) if (need := least(one.text))}


def verdict_by(count: Bucket | None, need: int) -> Verdict:
    """Unclear where nothing was counted, or where the bucket has both sides of the limit."""
    low, high = RANGES[count] if count else (0, inf)
    return "met" if low >= need else "not met" if high < need else "unclear"
