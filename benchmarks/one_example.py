"""One picture of a rare kind is given as an example: how many of its kind are among the next twenty asked?

    python -m benchmarks.one_example --data DIR [--kind Pineapple] [--answers 36]

DIR has `labels.csv` with the columns `path` and `fine`. The library holds 660 pictures of other kinds and
six of this one; each run is a concept of its own whose words are about something else, and gets another one
of the kind, from outside the library, after so many answers. The person is simulated and says what the table
says; a run in which one was found before has fewer left to find.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
from pathlib import Path

from concepts.settings import load_settings
from concepts.workbench import Workbench
from storage.labels import Author

OTHERS, INSIDE, ASKED, BATCH = 660, 6, 20, 5
WORDS = "Milk", "A carton of milk on a shelf."
SIMULATED = Author("simulation", "simulated")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kind", default="Pineapple")
    parser.add_argument("--answers", type=int, default=36)
    parser.add_argument("--runs", type=int, default=10)
    args = parser.parse_args()
    with (args.data / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    rng = random.Random(0)
    kind = [str(args.data / row["path"]) for row in rows if row["fine"] == args.kind]
    others = [str(args.data / row["path"]) for row in rows if row["fine"] != args.kind]
    rng.shuffle(kind)
    with tempfile.TemporaryDirectory() as home:
        bench = Workbench(load_settings(home=Path(home)))
        bench.library.add([*map(Path, kind[:INSIDE]), *map(Path, rng.sample(others, OTHERS))]).wait()
        for run, example in enumerate(kind[INSIDE : INSIDE + args.runs]):
            found, exist = session(bench, f"{WORDS[0]} {run}", set(kind), Path(example), args.answers)
            print(f"run {run}: {found} of {exist} among the next {ASKED}", flush=True)
        bench.close()


def session(bench: Workbench, name: str, kind: set[str], example: Path, before: int) -> tuple[int, int]:
    """How many of the kind were asked about after the example, and how many there were to ask about."""
    bench.concepts.begin(name, WORDS[1])
    answer(bench, name, kind, before)
    measuring = bench.context.store.evaluation_pictures(bench.context.concept(name).id)
    known = {event.picture_id for event in bench.context.log.standing(bench.context.concept(name).id)}
    bench.concept(name).examples.give(example.read_bytes(), author="simulation")
    library = bench.context.collection.paths(bench.context.collection.library.all_ids())
    exist = sum(path in kind and i not in measuring and i not in known for i, path in library.items())
    return answer(bench, name, kind, ASKED), exist


def answer(bench: Workbench, name: str, kind: set[str], n: int) -> int:
    """Answers the next n questions; how many were yes."""
    yes = asked = 0
    while asked < n:
        pictures = bench.concept(name).labels.next_pictures(min(BATCH, n - asked))
        if not pictures:
            break
        for picture in pictures:
            counts = picture.path in kind
            bench.concept(name).labels.give(
                picture.id,
                "yes" if counts else "no",
                author=SIMULATED.name,
                simulated=True,
                key=f"{name} {picture.id}",
            )
            yes, asked = yes + counts, asked + 1
    return yes


if __name__ == "__main__":
    main()
