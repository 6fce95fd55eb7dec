"""Cheap first: a small model decides what it is surely right about, a large one what that leaves, and the
person the rest.

How sure a model has to be is found on pictures drawn at random from those to be decided, which the person
answered without seeing what any machine says (Jung et al., Trust or Escalate, ICLR 2025; fixed-sequence
testing as in `concepts.learning.certificates`). The large model is tested on those of them alone that the
small one leaves, because these are the pictures it is asked about. A step that can't be certified is not
taken, and nobody is asked for it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from concepts.collaborator.base import Annotation, Annotator, FailedAnnotation, PictureInput, Result
from concepts.definition.document import Revision
from concepts.learning.certificates import Certified, NotCertified, certify, needed
from concepts.learning.machine_labels import CANT_SAY
from concepts.view import View

ERROR = 0.1  # how often one of the bounds of a cascade may be wrong, all its models together
MODELS = 2
ALONE = {5: 1.0, 4: 0.75, 2: 0.75, 1: 1.0}  # how sure a rating is where no probability is known
PERSON = "you"

Ask = Callable[[Annotator, Sequence[str]], list[Result]]  # about pictures of the sample; one result each


class Step(View):
    """Who decided so many pictures of a run, and what is known of how often that is wrong, in words. `taken`:
    whether it is certified, from `n` answers of which it had `errors` wrong."""

    by: str
    decided: int
    taken: bool
    n: int
    errors: int
    sentence: str


@dataclass(frozen=True)
class CascadeSample:
    """What the person said of pictures drawn at random: picture id → whether it counts, None where they can't
    say, which no machine is right about. `at_least` (0..1) of what a step decides is to be right."""

    answers: Mapping[str, bool | None]
    at_least: float

    @staticmethod
    def size(at_least: float) -> int:
        """Answers that allow for both models to be certified, where each decides half and is never wrong."""
        return MODELS * needed(at_least, ERROR / MODELS)


class Cascade:
    """An annotator that asks one model after the other. What none decides it rates 3: it can't say, and the
    person finds it among what the machine is unsure of."""

    def __init__(self, models: Sequence[Annotator], sample: CascadeSample, ask: Ask) -> None:
        """The cheapest model first. Asks them about the sample; raises what asking raises."""
        self.models = list(models)
        self.sample = sample
        self.found: list[Certified | NotCertified] = []
        self.decided_by: dict[str, str] = {}  # picture looked at in this process → model, or the person
        left = list(sample.answers)
        for model in self.models:
            said = dict(zip(left, ask(model, left), strict=True))
            sure = {i: sureness(one) for i, one in said.items()}
            verdicts = [(_verdict(said[i]), sample.answers[i]) for i in left]
            right = [verdict is not None and verdict is counts for verdict, counts in verdicts]
            found = certify(
                np.array([sure[i] for i in left]),
                np.array(right, dtype=bool),
                sample.at_least,
                ERROR / MODELS,
                min(sure.values(), default=0.0),
            )
            self.found.append(found)
            if isinstance(found, Certified):
                left = [i for i in left if not _decides(found, said[i])]

    @property
    def taken(self) -> list[tuple[Annotator, Certified]]:
        pairs = zip(self.models, self.found, strict=True)
        return [(model, found) for model, found in pairs if isinstance(found, Certified)]

    @property
    def name(self) -> str:
        return ", then ".join(model.name for model, _ in self.taken) or "nobody"

    @property
    def fingerprint(self) -> str:
        parts = [f"{model.fingerprint} from {found.threshold}" for model, found in self.taken]
        return f"cascade:{hashlib.sha256(' | '.join(parts).encode()).hexdigest()[:24]}"

    @property
    def batch_size(self) -> int:
        return self.models[0].batch_size

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        """See `Annotator.annotate`."""
        results: dict[str, Result] = {}
        left = list(pictures)
        for model, found in self.taken:
            said = model.annotate(revision, left)
            results |= {one.picture_id: one for one in said}
            decided = {one.picture_id for one in said if _decides(found, one)}
            self.decided_by |= dict.fromkeys(decided, model.name)
            left = [picture for picture in left if picture.picture_id not in decided]
        for picture in left:
            self.decided_by[picture.picture_id] = PERSON
            one = results.get(picture.picture_id)
            if isinstance(one, Annotation):
                rationale = f"Not sure enough to decide. {one.rationale}"
                results[picture.picture_id] = replace(one, rating=CANT_SAY, rationale=rationale)
        return [results[picture.picture_id] for picture in pictures]

    def steps(self, twins: Mapping[str, str]) -> list[Step]:
        """Each model and the person. `twins`: every picture of the run → the one that was looked at."""
        by = Counter(self.decided_by[looked_at] for looked_at in twins.values())
        steps = [
            Step(
                by=model.name,
                decided=by[model.name] if isinstance(found, Certified) else 0,
                taken=isinstance(found, Certified),
                n=found.n,
                errors=found.errors,
                sentence=self._said(found),
            )
            for model, found in zip(self.models, self.found, strict=True)
        ]
        left = "what no model is sure enough of; on Review under “Can’t tell”"
        return [*steps, Step(by=PERSON, decided=by[PERSON], taken=True, n=0, errors=0, sentence=left)]

    def _said(self, found: Certified | NotCertified) -> str:
        wrong = f"wrong in at most {100 * (1 - self.sample.at_least):.3g} %"
        if isinstance(found, Certified):
            return (
                f"{wrong}, with {100 * (1 - ERROR):.0f} % confidence for all models together, from {found.n} "
                f"labels, {found.errors} of them wrong"
            )
        if not found.errors:
            return f"too few labels to certify: {found.n}, and {found.more} more that it has right"
        return (
            f"not certified: it had {found.errors} of its surest {found.n} wrong; that it is {wrong} would "
            f"have taken {found.more} more that it has right"
        )


def sureness(said: Result) -> float:
    """How likely the verdict is right by the model's own probabilities, 0..1, only to put pictures in order;
    by the rating alone where it tells none, and 0 where there is no verdict."""
    verdict = _verdict(said)
    if isinstance(said, FailedAnnotation) or verdict is None:
        return 0.0
    if said.raw is None:
        return ALONE[said.rating]
    return said.raw if verdict else 1 - said.raw


def _verdict(said: Result) -> bool | None:
    """Whether the picture counts; None where the model can't say."""
    return None if isinstance(said, FailedAnnotation) or said.rating == CANT_SAY else said.rating > CANT_SAY


def _decides(found: Certified, said: Result) -> bool:
    return _verdict(said) is not None and sureness(said) >= found.threshold
