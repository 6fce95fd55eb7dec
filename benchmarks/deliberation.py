"""What deliberation is worth, with SIMULATED people, a simulated vision model and a simulated proposer.

    PYTHONPATH=tests python -m benchmarks.deliberation --data DIR [--work DIR] [--seeds 5] [--harmful]

Ten concepts begin with a definition that isn't what the person means. In one arm the person deliberates,
three times: the borderline pictures of two ambiguities, then other wordings, and pictures that settle whether
they are better. In the other arm they spend the same time on plain answers. Both arms begin with the same
number of plain answers, and let the same machine look at as many pictures. `--harmful`: the proposer knows no
phrase that would help.

Printed a run: the machine's agreement with the person on pictures outside the library (half of what counts,
a quarter of what the first definition takes for it, a quarter of the rest) by the first and by the last
definition, and the average precision of either arm's classifier there. Rows are appended to OUT as JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from fake_openai import FakeOpenAI
from sklearn.metrics import average_precision_score

from benchmarks.simulated.models import SimulatedProposer, SimulatedVision, simulated_server
from benchmarks.simulated.world import CONCEPTS, PHRASES, Picture, Recognises, SimulatedConcept, read_pictures
from concepts.classifier.training import linear_head
from concepts.collaborator import AUTO
from concepts.collaborator.base import PictureInput
from concepts.collaborator.setups import Setup, choose_annotator
from concepts.collaborator.trials import AT_ONCE, Judging, WordingView
from concepts.definition.document import Criterion, Definition
from concepts.errors import NotEnoughLabelsError
from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.labels import Author

SIMULATED = Author("simulation", "simulated")
LIBRARY = {"grocery": 1500, "oasis": 500}  # pictures in the library; as many of the rest are outside
OUTSIDE = 900
BEFORE = 75  # plain answers that both arms begin with
MORE = 15  # plain answers, where there are too few to judge other words by
MACHINE = 150  # pictures the machine looks at, each time
ROUNDS = 3  # of deliberation
AMBIGUITIES = 2  # met in each
SECONDS = 360  # of the person's time, in either arm
TESTED = 160  # pictures outside that agreement is measured on
SECONDS_AN_ANSWER = 1.5
SECONDS_A_BORDERLINE, SECONDS_TO_COMPARE = 2.5, 2.5  # to answer one, and to read what the machine says
SECONDS_TO_READ = 20.0  # the wordings that are offered


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "deliberation")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--concepts", default="")
    parser.add_argument("--harmful", action="store_true")
    args = parser.parse_args()
    wanted = [c for c in CONCEPTS if not args.concepts or c.name in args.concepts.split(",")]
    out = args.work / ("harmful.jsonl" if args.harmful else "runs.jsonl")
    args.work.mkdir(parents=True, exist_ok=True)
    for data in dict.fromkeys(concept.data for concept in wanted):
        study = Study(args.data, data, args.work, harmful=args.harmful)
        for seed in range(args.seeds):
            for concept in (c for c in wanted if c.data == data):
                row = study.run(concept, seed)
                with out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(json.dumps(row), flush=True)


class Study:
    """The pictures of one data set: a library, and others outside it; the same outside with `more` inside."""

    def __init__(self, folder: Path, data: str, work: Path, *, harmful: bool = False, more: int = 0) -> None:
        pictures = _distinct(read_pictures(folder.resolve(), data))
        order = np.random.default_rng(0).permutation(len(pictures))
        inside, outside, rest = np.split(order, [LIBRARY[data], LIBRARY[data] + OUTSIDE])
        self.inside = [pictures[i] for i in [*inside, *rest[:more]]]
        self.outside = [pictures[i] for i in outside]
        self.by_path = {str(picture.file): picture for picture in pictures}
        self.known = Recognises(self.inside + self.outside)
        self.harmful = harmful
        self.work = work
        self.home = _library(work / f"{data}-inside", self.inside)
        self.vectors = _vectors(_library(work / f"{data}-outside", self.outside), self.outside)

    def run(self, concept: SimulatedConcept, seed: int) -> dict[str, object]:
        started = time.monotonic()
        with self.opened(concept, seed) as (bench, server):
            row = Run(self, bench, concept, seed).both_arms()
            row |= {"calls": len(server.requests), "seconds": round(time.monotonic() - started)}
        return row

    @contextmanager
    def opened(self, concept: SimulatedConcept, seed: int) -> Iterator[tuple[Workbench, FakeOpenAI]]:
        """The library, with the simulated models behind a server."""
        table = PHRASES[concept.data]
        phrases = [p for p in table if not (self.harmful and p == concept.helps)]
        vision = SimulatedVision(self.known, table, seed)
        with FakeOpenAI(simulated_server(vision, SimulatedProposer(phrases, seed))) as server:
            bench = Workbench(
                load_settings(
                    home=self.home,
                    openai_base_url=server.base_url,
                    llm_model="simulated-proposer",
                    vlm_model=f"simulated-vision-{seed}",
                    model_concurrency=8,
                )
            )
            yield bench, server
            bench.close()


class Run:
    before = BEFORE

    def __init__(self, study: Study, bench: Workbench, concept: SimulatedConcept, seed: int) -> None:
        self.study, self.bench, self.concept, self.seed = study, bench, concept, seed
        self.rng = np.random.default_rng(seed)
        mark = f"{time.time_ns():x}"
        self.name, self.plain = f"{concept.name} {seed} {mark}", f"{concept.name} {seed} plain {mark}"
        self.test = self._test_pictures()

    def both_arms(self) -> dict[str, object]:
        spent = self.deliberate()
        first, last = self._definition(self.name, 2), self._definition(self.name)
        self.answer(self.name, round((SECONDS - spent) / SECONDS_AN_ANSWER))
        self.begin(self.plain)
        self.answer(self.plain, round(SECONDS / SECONDS_AN_ANSWER) - self.before)
        self.machine(self.plain, ROUNDS + 1)
        return {
            "concept": self.concept.name,
            "seed": self.seed,
            "seconds_of_deliberation": round(spent),
            "agreement_first": self.agreement(first),
            "agreement_last": self.agreement(last),
            "accepted": self.accepted,
            "changes": [self.agreement(after) - self.agreement(before) for before, after in self.steps],
            "helped": self.concept.helps in last.as_text(),
            "ap": self.average_precision(self.name),
            "ap_plain": self.average_precision(self.plain),
        }

    def begin(self, name: str) -> None:
        bench, concept = self.bench, self.concept
        bench.concepts.begin(name, concept.description, author="simulation")
        first = Definition(
            name=name,
            description=concept.description,
            criteria=(Criterion(kind="necessary", text=concept.first),),
        )
        bench.concept(name).definition.revise(first, author="simulation", note="the first definition")
        bench.concept(name).definition.mine(size=400).wait()
        self.answer(name, self.before)

    def deliberate(self) -> float:
        """How many seconds of the person it took, the first plain answers among them."""
        bench, name = self.bench, self.name
        self.begin(name)
        self.steps: list[tuple[Definition, Definition]] = []
        self.accepted: list[str] = []
        spent = self.before * SECONDS_AN_ANSWER
        self.machine(name, 1)
        for _ in range(ROUNDS):
            bench.concept(name).deliberations.find().wait()
            for open_ in bench.concept(name).deliberations.ambiguities()[:AMBIGUITIES]:
                met = bench.concept(name).deliberations.begin(open_.name, author="simulation")
                for picture in met.pictures:
                    self._say(name, picture.id, picture.path)
                    spent += SECONDS_A_BORDERLINE + SECONDS_TO_COMPARE
            try:
                found = bench.concept(name).deliberations.reword().wait()
            except NotEnoughLabelsError:  # of the rarer kind
                self.answer(name, MORE)
                spent += MORE * SECONDS_AN_ANSWER
                continue
            if found.rewording is None:
                continue
            while self._is_open(spent):
                test = bench.concept(name).deliberations.put_to_the_test(found.rewording, author="simulation")
                for picture in test.pictures:
                    self._say(name, picture.id, picture.path)
                    spent += SECONDS_A_BORDERLINE
            wordings = bench.concept(name).deliberations.rewordings()[0].wordings
            for place, best in enumerate(wordings):
                if best.verdict == "better":
                    spent += SECONDS_TO_READ
                    self._accept(found.rewording, place, best)
                    break
            self.machine(name, 1)
        return spent

    def _is_open(self, spent: float) -> bool:
        """Whether more answers would settle which words are better, and there is time for some."""
        wordings = self.bench.concept(self.name).deliberations.rewordings()[0].wordings
        settled = any(one.verdict == "better" for one in wordings)
        time = SECONDS - spent - SECONDS_TO_READ - AT_ONCE * SECONDS_A_BORDERLINE
        return time > 0 and not settled and any(one.undecided for one in wordings)

    def _accept(self, number: int, place: int, wording: WordingView) -> None:
        before = self._definition(self.name)
        self.bench.concept(self.name).deliberations.accept(number, place, author="simulation")
        self.accepted.append("".join(text for kind, text in wording.difference if kind == "added").strip())
        self.steps.append((before, self._definition(self.name)))

    def machine(self, name: str, times: int) -> None:
        self.bench.concept(name).annotations.annotate(limit=MACHINE * times).wait()

    def answer(self, name: str, n: int) -> None:
        left = n
        while left > 0:
            pictures = self.bench.concept(name).labels.next_pictures(min(10, left))
            if not pictures:
                return
            for picture in pictures:
                self._say(name, picture.id, picture.path)
            left -= len(pictures)

    def agreement(self, definition: Definition) -> float:
        """Of the machine with the person on the pictures outside."""
        return float(np.mean(list(self._right(definition).values())))

    def average_precision(self, name: str) -> float:
        self.bench.concept(name).versions.train().wait()
        _, stored = (self.bench.context.concept(name), self.bench.concept(name).versions.head())
        scores = linear_head(stored).logits(self.study.vectors)
        truth = [self.concept.counts(picture) for picture in self.study.outside]
        return float(average_precision_score(truth, scores))

    def _right(self, definition: Definition) -> dict[str, bool]:
        context = self.bench.context
        supplies = context.machines(context.concept(self.name)).supplies(Setup())
        inputs = {
            p.name: PictureInput(p.name, p.file.read_bytes, self.study.vectors[0], str(p.file))
            for p in self.test
        }
        judge = Judging(choose_annotator(AUTO, supplies), lambda ids: [inputs[i] for i in ids])
        said = judge(definition, list(inputs))
        truth = {p.name: "yes" if self.concept.counts(p) else "no" for p in self.test}
        return {i: said.get(i) == truth[i] for i in truth}

    def _test_pictures(self) -> list[Picture]:
        first = PHRASES[self.concept.data][self.concept.first]
        outside = self.study.outside
        yes = [p for p in outside if self.concept.counts(p)]
        near = [p for p in outside if first(p) and not self.concept.counts(p)]
        far = [p for p in outside if not first(p) and not self.concept.counts(p)]
        shares = ((yes, 2), (near, 1), (far, 1))
        rng = np.random.default_rng(1)
        n = min(TESTED // 4, *(len(of) // share for of, share in shares if of))
        return [of[i] for of, share in shares for i in rng.permutation(len(of))[: n * share]]

    def _say(self, name: str, picture_id: str, path: str) -> None:
        counts = self.concept.counts(self.study.by_path[path])
        value = "yes" if counts else "no"
        self.bench.concept(name).labels.give(
            picture_id, value, author=SIMULATED.name, simulated=True, key=f"{name} {picture_id}"
        )

    def _definition(self, name: str, number: int | None = None) -> Definition:
        return self.bench.context.revision(self.bench.context.concept(name), number).definition


def _distinct(pictures: list[Picture]) -> list[Picture]:
    """One of those whose files are the same."""
    found: dict[bytes, Picture] = {}
    for picture in pictures:
        found.setdefault(hashlib.sha256(picture.file.read_bytes()).digest(), picture)
    return list(found.values())


def _library(home: Path, pictures: list[Picture]) -> Path:
    """A data folder with these pictures, made once."""
    bench = Workbench(load_settings(home=home))
    if bench.context.collection.library.counts().pictures < 0.9 * len(pictures):
        bench.library.add([picture.file for picture in pictures]).wait()
    bench.close()
    return home


def _vectors(home: Path, pictures: list[Picture]) -> np.ndarray:
    """(n, d), in the order of the pictures."""
    bench = Workbench(load_settings(home=home))
    index = bench.context.collection.index()
    ids = list(index.ids)
    by_path = {path: i for i, path in bench.context.collection.paths(ids).items()}
    found = index.vectors([by_path[str(picture.file)] for picture in pictures])
    bench.close()
    return found


if __name__ == "__main__":
    main()
