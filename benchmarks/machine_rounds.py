"""What it brings that a machine labels in rounds, with a SIMULATED vision model and simulated people.

    PYTHONPATH=tests python -m benchmarks.machine_rounds --data DIR [--concepts A,B] [--answers 0,20,60]

A person gives so many answers; then a machine looks at as many pictures in each arm, with the same library,
the same answers and the same definition, which is either what the person means or the first one they wrote:

    pool     all at once: the candidate pool, in its order
    checked  all at once, but first what the person answered, which says what the labels count for
    rounds   in rounds: after each the classifier chooses what is asked next

Printed: average precision of the classifier on pictures outside the library, after each round where there
are some, and what each round changed. Rounds are never ended early here; at what round the product would have
ended is read off afterwards. `--summary` prints paired differences of the rows in `--work`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from fake_openai import FakeOpenAI
from sklearn.metrics import average_precision_score

from benchmarks.deliberation import SIMULATED, Study
from benchmarks.simulated.models import SimulatedProposer, SimulatedVision, simulated_server
from benchmarks.simulated.world import CONCEPTS, PHRASES, SimulatedConcept
from concepts.collaborator import rounds as product
from concepts.definition.document import Criterion, Definition
from concepts.labelling.selection import CHECKED
from concepts.learning.fitting import SEED, train_early
from concepts.settings import load_settings
from concepts.workbench import Workbench

ANSWERS = "0,20,60"
ARMS = ("pool", "checked", "rounds")
MEANT = ("Juice", "Milk", "Greens", "Yoghurt", "Animals", "People")
NAME = "Concept"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "machine-rounds")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--concepts", default=",".join(MEANT))
    parser.add_argument("--answers", default=ANSWERS)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--summary", action="store_true")
    args = parser.parse_args()
    out = args.work / f"rows-{args.calls}-{args.rounds}.jsonl"
    if args.summary:
        summarise([json.loads(line) for line in out.read_text().splitlines()])
        return
    args.work.mkdir(parents=True, exist_ok=True)
    wanted = [concept for concept in CONCEPTS if concept.name in args.concepts.split(",")]
    for data in dict.fromkeys(concept.data for concept in wanted):
        study = Study(args.data, data, args.work, harmful=False)
        for seed in range(args.seeds):
            for concept in (c for c in wanted if c.data == data):
                for row in compare(study, concept, seed, args):
                    with out.open("a") as file:
                        file.write(json.dumps(row) + "\n")
                    print(json.dumps(row), flush=True)


def compare(
    study: Study, concept: SimulatedConcept, seed: int, args: argparse.Namespace
) -> Iterator[dict[str, object]]:
    """A row for each definition, number of answers and arm."""
    for meant in (True, False):
        for answers in map(int, args.answers.split(",")):
            with tempfile.TemporaryDirectory(dir=study.work) as folder:
                begun = Path(folder) / "begun"
                shutil.copytree(study.home, begun)
                vision = SimulatedVision(study.known, PHRASES[concept.data], seed)
                with FakeOpenAI(simulated_server(vision, SimulatedProposer([], seed))) as server:
                    _begin(study, begun, server, concept, meant, answers)
                    for arm in args.arms.split(","):
                        home = Path(folder) / arm
                        shutil.copytree(begun, home)
                        yield {
                            "concept": concept.name,
                            "seed": seed,
                            "meant": meant,
                            "answers": answers,
                            **_arm(study, home, server, concept, arm, args.calls, args.rounds),
                        }


def _bench(home: Path, server: FakeOpenAI) -> Workbench:
    settings = load_settings(
        home=home, openai_base_url=server.base_url, vlm_model="simulated-vision", model_concurrency=8
    )
    return Workbench(settings)


def _begin(
    study: Study, home: Path, server: FakeOpenAI, concept: SimulatedConcept, meant: bool, answers: int
) -> None:
    bench = _bench(home, server)
    bench.concepts.begin(NAME, concept.description, author="simulation")
    criteria = [Criterion(kind="necessary", text=concept.first)]
    if meant:
        kind = "included" if concept.name == "Salad" else "excluding"
        criteria.append(Criterion(kind=kind, text=concept.helps))
    definition = Definition(name=NAME, description=concept.description, criteria=tuple(criteria))
    bench.concept(NAME).definition.revise(definition, author="simulation", note="")
    bench.concept(NAME).definition.mine(size=400).wait()
    left = answers
    while left > 0:
        pictures = bench.concept(NAME).labels.next_pictures(min(10, left))
        for picture in pictures:
            value = "yes" if concept.counts(study.by_path[picture.path]) else "no"
            bench.concept(NAME).labels.give(picture.id, value, author=SIMULATED, key=picture.id)
        left -= len(pictures)
    bench.close()


def _arm(
    study: Study,
    home: Path,
    server: FakeOpenAI,
    concept: SimulatedConcept,
    arm: str,
    calls: int,
    rounds: int,
) -> dict[str, object]:
    bench, before, started = _bench(home, server), len(server.requests), time.monotonic()
    context = bench.context
    truth = [concept.counts(picture) for picture in study.outside]

    def average_precision() -> float:
        training_data = context.dataset(context.concept(NAME))
        head = train_early(training_data.training.data, training_data.text_direction, SEED)
        return float(average_precision_score(truth, head.logits(study.vectors)))

    after: dict[str, float] = {}

    def listen(done: int, total: int | None, message: str) -> None:
        if message.startswith("round") and message.split(",")[0] not in after:
            after[message.split(",")[0]] = average_precision()

    product.FEW_CHANGED = -1  # never ended early
    if arm == "checked":
        _answered_first(bench)
    in_rounds = rounds if arm == "rounds" else 1
    found = bench.concept(NAME).annotations.annotate(limit=calls, rounds=in_rounds).wait(listen)
    agreement = context.dataset(context.concept(NAME)).agreement
    final = average_precision()
    bench.close()
    return {
        "arm": arm,
        "ap": final,
        "before_each": [*after.values()],
        "rounds": [one.model_dump() for one in found.rounds],
        "calls": len(server.requests) - before,
        "weight": agreement.weight if agreement else 0.0,
        "shared": agreement.n if agreement else 0,
        "seconds": round(time.monotonic() - started),
    }


def _answered_first(bench: Workbench) -> None:
    """Puts answered pictures at the head of the pool, which is labelled in its order."""
    context = bench.context
    training_data = context.dataset(context.concept(NAME))
    chosen = [i for i, decision in training_data.answers.items() if decision.decided][:CHECKED]
    first, pool_of = {i: ["answered"] for i in chosen}, context.store.candidates
    context.store.candidates = lambda concept_id: first | pool_of(concept_id)  # type: ignore[method-assign]


def summarise(rows: list[dict[str, object]]) -> None:
    """Mean average precision by arm, and paired differences with a bootstrap interval over concepts."""
    rng = np.random.default_rng(0)
    by: dict[tuple[object, ...], dict[str, float]] = {}
    for row in rows:
        key = (row["meant"], row["answers"], row["concept"], row["seed"])
        by.setdefault(key, {})[str(row["arm"])] = float(str(row["ap"]))
    for meant in (True, False):
        for answers in sorted({int(str(row["answers"])) for row in rows}):
            pairs = [found for (m, a, *_), found in by.items() if (m, a) == (meant, answers)]
            pairs = [found for found in pairs if len(found) == len(ARMS)]
            if not pairs:
                continue
            means = "  ".join(f"{arm} {np.mean([p[arm] for p in pairs]):.3f}" for arm in ARMS)
            said = []
            for arm in ARMS[:2]:
                gains = np.array([p["rounds"] - p[arm] for p in pairs])
                drawn = gains[rng.integers(len(gains), size=(10_000, len(gains)))].mean(axis=1)
                low, high = np.quantile(drawn, (0.025, 0.975))
                said.append(f"rounds - {arm} {gains.mean():+.3f} ({low:+.3f} to {high:+.3f})")
            definition = "as meant" if meant else "the first"
            print(f"{definition}, {answers:2} answers, {len(pairs)} pairs: {means}; {'; '.join(said)}")


if __name__ == "__main__":
    main()
