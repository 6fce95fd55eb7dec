"""Who decides how much where cheap models come first, and how often that is wrong, with SIMULATED models.

    PYTHONPATH=tests python -m benchmarks.cheap_first --data DIR [--runs 20]

Two simulated models judge labelled pictures by noisy detectors of a concept's two criteria: a small one that
is wrong about 3 to 12 of 100 pictures a criterion, a large one about 0.5 to 2. How sure each is tells
something of how hard a picture is to it, no more. A person answers a random sample of the pool first; then
the product's cascade decides the rest of it. No picture is embedded and nobody is asked over a wire.

Printed for each share that is to be right: how often either step is certified; what share of the pool each
decides; calls of the large model against asking it about everything; how often each is wrong; in how many
runs a certified step was wrong more often than it promised, which may be 10 of 100 at most.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.stats import norm

from benchmarks.simulated.models import SHARED, draw
from benchmarks.simulated.world import CONCEPTS, PHRASES, Picture, SimulatedConcept, read_pictures
from concepts.collaborator.base import Annotation, PictureInput, Result
from concepts.collaborator.cascade import PERSON, Cascade, CascadeSample
from concepts.definition.document import Revision

SMALL, LARGE = (0.03, 0.12), (0.005, 0.02)  # errors of a detector, least and most
KNOWS = 0.6  # correlation of how sure it is with how hard the picture is to it
POOL = 1000


class Simulated:
    """A model behind the protocol of annotators. Counts its calls."""

    batch_size = POOL

    def __init__(
        self,
        name: str,
        errors: tuple[float, float],
        concept: SimulatedConcept,
        pictures: dict[str, Picture],
        seed: int,
    ) -> None:
        self.name = self.fingerprint = name
        self._errors, self._concept, self._pictures, self._seed = errors, concept, pictures, seed
        self.calls = 0

    def annotate(self, revision: Revision, pictures: Sequence[PictureInput]) -> list[Result]:
        return self.about([picture.picture_id for picture in pictures])

    def about(self, ids: Sequence[str]) -> list[Result]:
        self.calls += len(ids)
        return [self._judge(self._pictures[i]) for i in ids]

    def _judge(self, picture: Picture) -> Annotation:
        (wide, wide_sure), (other, other_sure) = (
            self._sees(picture, phrase) for phrase in (self._concept.first, self._concept.helps)
        )
        counts = wide or other if self._concept.name == "Salad" else wide and not other
        sure = 0.5 + 0.5 * min(wide_sure, other_sure)
        return Annotation(picture.name, 5 if counts else 1, (), "", sure if counts else 1 - sure)

    def _sees(self, picture: Picture, phrase: str) -> tuple[bool, float]:
        least, most = self._errors
        rate = least + (most - least) * self._draw("rate", phrase)
        shared, own, noise = (
            norm.ppf(self._draw(what, phrase if what != "hard" else "", picture.name))
            for what in ("hard", "own", "noise")
        )
        ease = np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own
        wrong = norm.cdf(ease) < rate
        sure = norm.cdf(KNOWS * ease + np.sqrt(1 - KNOWS**2) * noise)
        return PHRASES[self._concept.data][phrase](picture) != wrong, float(sure)

    def _draw(self, *what: str) -> float:
        return draw(str(self._seed), self.name, *what)


def run(concept: SimulatedConcept, pictures: list[Picture], seed: int, at_least: float) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    pool = [pictures[row] for row in rng.permutation(len(pictures))[:POOL]]
    by_name = {picture.name: picture for picture in pool}
    truth = {name: concept.counts(picture) for name, picture in by_name.items()}
    names = list(truth)
    size = CascadeSample.size(at_least)
    small, large = (
        Simulated(name, errors, concept, by_name, seed)
        for name, errors in (("small", SMALL), ("large", LARGE))
    )
    sample = CascadeSample({name: truth[name] for name in names[:size]}, at_least)
    cascade = Cascade([small, large], sample, lambda model, ids: model.about(ids))  # type: ignore[attr-defined, list-item]
    rest = names[size:]
    inputs = [PictureInput(name, bytes, np.zeros(1)) for name in rest]
    said = cascade.annotate(None, inputs) if cascade.taken else []  # type: ignore[arg-type]
    steps = {step.by: step for step in cascade.steps({name: name for name in rest} if said else {})}
    wrong = dict.fromkeys(("small", "large"), 0)
    for one in said:
        by = cascade.decided_by[one.picture_id]
        if by != PERSON and isinstance(one, Annotation):
            wrong[by] += (one.rating > 3) != truth[one.picture_id]
    found = {"large calls": large.calls / len(names), "person": 1 - sum(
        steps[by].decided for by in wrong) / len(rest)}  # fmt: skip
    for by, count in wrong.items():
        decided = steps[by].decided
        found |= {f"{by} taken": float(steps[by].taken), f"{by} decides": decided / len(rest)}
        found |= {f"{by} wrong": count / decided if decided else np.nan}
    found["broken"] = float(any(found[f"{by} wrong"] > 1 - at_least for by in wrong))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=20)
    args = parser.parse_args()
    pictures = {name: read_pictures(args.data.resolve(), name) for name in PHRASES}
    for at_least in (0.9, 0.95):
        rows = [
            run(concept, pictures[concept.data], seed, at_least)
            for concept in CONCEPTS
            for seed in range(args.runs)
        ]
        means = {key: float(np.nanmean([row[key] for row in rows])) for key in rows[0]}
        print(f"at least {at_least}, {CascadeSample.size(at_least)} answers, {len(rows)} runs:", flush=True)
        print("   ", "  ".join(f"{key} {100 * value:.1f} %" for key, value in means.items()), flush=True)


if __name__ == "__main__":
    main()
