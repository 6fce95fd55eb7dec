"""Modeling Collaborator's table, with SIMULATED people, a simulated vision model and a simulated proposer.

    PYTHONPATH=tests python -m benchmarks.modeling_collaborator --data DIR --work DIR [--seeds 3] \
        [--concepts "Fruit,Milk"]
    PYTHONPATH=tests python -m benchmarks.modeling_collaborator_table --work DIR

The ten concepts, the models and the pictures outside the library are those of `benchmarks.deliberation`; the
grocery library has 900 more pictures, so that 2,000 can be answered. All arms share it. Each run, a concept
with a seed, is a line of WORK/table.jsonl; those that are there already are not run again.

Words alone rank by the cosine with a text. Agile Modeling is the product without a machine: a person answers
what it asks. `machine` is the product with labels of the annotator, before the first answer; `machine_100`
the same after 100; `deliberation` lets the person deliberate meanwhile, within the same 100. What the teacher
(the annotator) says of the pictures outside is measured beside the student (the head).
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_curve

from benchmarks.deliberation import SIMULATED, Run, Study
from benchmarks.simulated.in_process import ratings
from benchmarks.simulated.models import SimulatedProposer, SimulatedVision, simulated_server
from benchmarks.simulated.world import CONCEPTS, PHRASES, SimulatedConcept
from concepts.classifier.training import linear_head
from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.definition.document import Criterion, Definition
from concepts.encoders.base import unit
from concepts.errors import UnknownError
from concepts.workbench import Workbench
from concepts.workbench.labels import GivenLabel

MORE = {"grocery": 900, "oasis": 0}  # pictures in the library, beside those of deliberation's study
ANSWERS = (100, 500, 2000)  # of Agile Modeling
TOGETHER = ((100, 10), (500, 50), (2000, 250))  # up to so many answers, so many pictures are asked at once
LABELS = 400  # pictures the machine labels
POOL = 400  # candidates, as in deliberation's study
YES = 4  # the least rating that counts

# As a language model would write them for CuPL: five sentences on what a picture of it looks like, from the
# name and the sentence alone. Written before anything was measured, and not changed since.
PROMPTS = {
    "Fruit": (
        "a crate of fresh fruit on a market stand",
        "ripe apples, bananas and oranges",
        "colourful round fruit with smooth skin",
        "a close-up of fruit on a shop shelf",
        "fruit piled up in a supermarket",
    ),
    "Juice": (
        "a carton of orange juice on a shelf",
        "a bottle of fruit juice",
        "a tetra pak with a picture of fruit",
        "rows of juice cartons in a cooler",
        "a package of apple juice with a screw cap",
    ),
    "Milk": (
        "a carton of milk in a supermarket cooler",
        "a plastic bottle of white milk",
        "a milk package with a blue label",
        "rows of milk cartons",
        "one litre of fresh milk",
    ),
    "Greens": (
        "fresh vegetables on a market stand",
        "green leafy vegetables",
        "carrots, peppers and cabbage",
        "a crate of vegetables in a shop",
        "raw vegetables in a pile",
    ),
    "Apples": (
        "red and green apples in a crate",
        "a pile of shiny apples",
        "a close-up of an apple",
        "apples for sale in a supermarket",
        "round apples with stems",
    ),
    "Yoghurt": (
        "a pot of yoghurt",
        "a plastic cup with a foil lid",
        "a carton of natural yoghurt",
        "rows of yoghurt in a cooler",
        "fruit yoghurt in a small tub",
    ),
    "Salad": (
        "ripe tomatoes and green cucumbers",
        "fresh vegetables for a salad",
        "a bowl of lettuce, tomato and cucumber",
        "red tomatoes in a crate",
        "a sliced cucumber",
    ),
    "Animals": (
        "a photo of a wild animal",
        "a dog looking at the camera",
        "a bird on a branch",
        "a cat lying on the floor",
        "an animal standing in the grass",
    ),
    "Landscapes": (
        "a wide view of mountains",
        "a lake between trees",
        "a city street with houses",
        "a beach at sunset",
        "a green valley under a blue sky",
    ),
    "People": (
        "a photo of a person",
        "a portrait of a woman",
        "a man doing something outdoors",
        "a group of people together",
        "the face of a child",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "modeling-collaborator")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--concepts", default="")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    out = args.work / "table.jsonl"
    done = {(row["concept"], row["seed"]) for row in read_rows(out)}
    wanted = [c for c in CONCEPTS if not args.concepts or c.name in args.concepts.split(",")]
    for data in dict.fromkeys(concept.data for concept in wanted):
        study = Study(args.data, data, args.work, more=MORE[data])
        todo = [(s, c) for s in range(args.seeds) for c in wanted if c.data == data]
        for seed, concept in todo:
            if (concept.name, seed) in done:
                continue
            row = Arms(study, concept, seed).run()
            with out.open("a") as file:
                file.write(json.dumps(row) + "\n")
            print(json.dumps(row), flush=True)


def read_rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


class Arms:
    """All arms of one concept with one seed."""

    def __init__(self, study: Study, concept: SimulatedConcept, seed: int) -> None:
        self.study, self.concept, self.seed = study, concept, seed
        self.truth = np.array([concept.counts(picture) for picture in study.outside])
        table = PHRASES[concept.data]
        vision = SimulatedVision(study.known, table, seed)
        self.answer = simulated_server(vision, SimulatedProposer(list(table), seed))
        self.first = Definition(
            name=concept.name,
            description=concept.description,
            criteria=(Criterion(kind="necessary", text=concept.first),),
        )

    def run(self) -> dict[str, object]:
        started = time.monotonic()
        with self.study.opened(self.concept, self.seed) as (bench, server):
            self.bench = bench
            rows = self.words() | self.agile() | self.machine()
            deliberated, last = self.deliberation()
            rows |= deliberated
            calls = len(server.requests)
            self.anew()
        rows["annotator"] = {"teacher": self.teacher(self.first)}
        for arm in ("machine", "machine_100"):
            rows[arm]["teacher"] = rows["annotator"]["teacher"]
        rows["deliberation"]["teacher"] = self.teacher(last)
        return {
            "concept": self.concept.name,
            "seed": self.seed,
            "library": len(self.study.inside),
            "outside": len(self.study.outside),
            "count": int(self.truth.sum()),
            "arms": rows,
            "in_steps": {"first": self.in_steps(self.first), "last": self.in_steps(last)},
            "helped": self.concept.helps in last.as_text(),
            "calls": calls,
            "seconds": round(time.monotonic() - started),
        }

    # Words alone

    def words(self) -> dict[str, dict[str, object]]:
        texts = {
            "name": [self.concept.name],
            "sentence": [self.concept.description],
            "cupl": list(PROMPTS[self.concept.name]),
        }
        found: dict[str, dict[str, object]] = {}
        for arm, lines in texts.items():
            direction = unit(self.bench.context.collection.text_vectors(lines).mean(axis=0))
            scores = self.study.vectors @ direction
            found[arm] = {"zero_shot": self._measured(scores, None)}
        return found

    # People and machines

    def agile(self) -> dict[str, dict[str, object]]:
        self.anew()
        self.bench.concepts.begin(self.concept.name, self.concept.description, author="simulation")
        found: dict[str, dict[str, object]] = {}
        for answers in ANSWERS:
            given = self.answers(answers)
            found[f"agile_{answers}"] = {"student": self.student(), "answers": given}
        return found

    def machine(self) -> dict[str, dict[str, object]]:
        self.anew()
        self.begin()
        labelled = self.labelled()
        alone = {"student": self.student(), "labels": labelled, "answers": 0}
        given = self.answers(100)
        return {
            "machine": alone,
            "machine_100": {"student": self.student(), "labels": labelled, "answers": given},
        }

    def deliberation(self) -> tuple[dict[str, dict[str, object]], Definition]:
        """The same with a definition that changes, and what it came to."""
        self.anew()
        run = Deliberating(self.study, self.bench, self.concept, self.seed)
        run.deliberate()
        labelled, given = self.labelled(), self.answers(100)
        found = {"student": self.student(), "labels": labelled, "answers": given, "accepted": run.accepted}
        return {"deliberation": found}, run.definition

    def labelled(self) -> int:
        """Has the machine label the pool by the definition as it is; how many labels it has given by that."""
        context, name = self.bench.context, self.concept.name
        self.bench.concept(name).annotations.annotate(limit=LABELS).wait()
        concept = context.concept(name)
        number = context.revision(concept).number
        return len(context.store.ratings(concept.id, definition_number=number))

    def begin(self) -> None:
        concepts, name = self.bench.concepts, self.concept.name
        begun = concepts.begin(name, self.concept.description, author="simulation")
        begun.definition.revise(self.first, author="simulation", note="the first definition")
        begun.definition.mine(POOL).wait()

    def anew(self) -> None:
        """Nothing of the arm before is left. Its prompts and calls are the same, and asked once."""
        try:
            self.bench.trash.put(concept=self.concept.name, author="me")
        except UnknownError:
            return

    def answers(self, wanted: int) -> int:
        """Answers what is asked until there are so many in all, or nothing is left; how many there are."""
        name = self.concept.name
        labels = self.bench.concept(name).labels
        while (given := len(labels.decisions())) < wanted:
            together = next(n for end, n in TOGETHER if given < end)
            asked = labels.next_pictures(min(together, wanted - given))
            if not asked:
                break
            said = {
                f"{name} {time.time_ns()} {p.id}": GivenLabel(
                    picture=p.id, value="yes" if self.counts(p.path) else "no"
                )
                for p in asked
            }
            labels.commit(said, SIMULATED)
        return given

    def counts(self, path: str) -> bool:
        return self.concept.counts(self.study.by_path[path])

    # Figures, on the pictures outside

    def student(self) -> dict[str, float]:
        self.bench.concept(self.concept.name).versions.train().wait()
        head = linear_head(self.bench.concept(self.concept.name).versions.head())
        flagged = head.probabilities(self.study.vectors) >= head.threshold
        return self._measured(head.logits(self.study.vectors), flagged)

    def teacher(self, definition: Definition) -> dict[str, float]:
        said = self._ratings(VlmAnnotator, definition)[0]
        return self._measured(said, said >= YES)

    def in_steps(self, definition: Definition) -> dict[str, float]:
        """Both annotators under one definition: pictures, of how many each agrees with the person, how many
        the decomposed one alone or the other alone is right about, and calls a picture."""
        (once, calls), (steps, more) = (
            self._ratings(way, definition) for way in (VlmAnnotator, DecomposedAnnotator)
        )
        right, in_steps = ((said >= YES) == self.truth for said in (once, steps))
        n = len(self.truth)
        return {
            "pictures": n,
            "right": int(right.sum()),
            "right_in_steps": int(in_steps.sum()),
            "fixed": int((in_steps & ~right).sum()),
            "broken": int((right & ~in_steps).sum()),
            "calls": calls / n,
            "calls_in_steps": more / n,
        }

    def _ratings(self, way: type, definition: Definition) -> tuple[np.ndarray, int]:
        found, calls = ratings(way, self.answer, definition, self.study.outside, self.study.vectors)
        return np.array(found), calls

    def _measured(self, scores: np.ndarray, flagged: np.ndarray | None) -> dict[str, float]:
        """Average precision; F1 as it is flagged; F1 at the best threshold, which nobody knows."""
        precision, recall, _ = precision_recall_curve(self.truth, scores)
        best = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        found = {"ap": float(average_precision_score(self.truth, scores)), "best_f1": float(best.max())}
        if flagged is not None:
            right = int((flagged & self.truth).sum())
            found["f1"] = 2 * right / max(int(flagged.sum()) + int(self.truth.sum()), 1)
        return found


class Deliberating(Run):
    """A run of deliberation's study on a concept that is called by its own name, within fewer answers."""

    before = 45

    def __init__(self, study: Study, bench: Workbench, concept: SimulatedConcept, seed: int) -> None:
        super().__init__(study, bench, concept, seed)
        self.name = concept.name

    @property
    def definition(self) -> Definition:
        return self._definition(self.name)


if __name__ == "__main__":
    main()
