"""What else could be learned from the answers that the app's own questions got, where labels are not enough:
mirrored pictures, and the heads of earlier concepts.

    DISCERN_EVAL_DATA=… python -m study.same_answers OUT [--seeds 1]

Average precision on pictures that are never asked about, less that of the app's head; people are simulated.
Concepts come in the order of their lists: from the sixth on, each borrows from those before it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import ImageOps

from concepts.encoders.base import Vectors, unit
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.fitting import SEED, train_early
from concepts.library.collection import Collection
from concepts.library.originals import original
from concepts.settings import load_settings
from storage.database import Database
from study.all_methods import LISTS, LISTS_IN
from study.augmenting import joined
from study.borrowing import LEAST, BorrowingHead
from study.concept_file import read_concepts
from study.harness import BATCH, Effort, ask, average_precision
from study.pictures import Embedded, LabelledFolder, embed, people, read_folder, split_of
from study.replay import Replay
from study.statistics import paired

BUDGETS, FINISHED = (10, 20, 30, 80), 80  # answers; from a head of so many others borrow

Found = dict[str, dict[str, dict[int, float]]]  # way → concept → budget → average precision


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    data = os.environ.get("DISCERN_EVAL_DATA")
    if not data:
        sys.exit("Set DISCERN_EVAL_DATA to the folder of the labelled pictures.")
    found: Found = defaultdict(dict)
    pictures, home = read_folder(Path(data).absolute() / LISTS[0].data), options.out.absolute()
    for seed in range(options.seeds):
        finished: list[LinearHead] = []
        for one in LISTS[:2]:
            learn(found, LISTS_IN / one.concepts, pictures, home, seed, finished)
    for way, by in found.items():
        gaps = {budget: paired(by, found["app"], budget) for budget in BUDGETS}
        print(f"{way:<22}", "  ".join(f"{b}: {gap}" for b, gap in gaps.items()))


def learn(
    found: Found,
    concepts: Path,
    pictures: LabelledFolder,
    home: Path,
    seed: int,
    finished: list[LinearHead],
) -> None:
    """Adds what each way reaches on the concepts of a file, and their heads to those that are `finished`."""
    file = read_concepts(concepts)
    embedded = embed(pictures, file.concepts, home / "library", "embedded", lambda *_: None)
    flipped = mirrored(embedded, pictures, home)
    split = split_of(embedded, file.pool, seed, graph=False)
    for person, concept, texts in zip(
        people(file.concepts, pictures), file.concepts, embedded.texts, strict=True
    ):
        session, effort = Replay(split, texts[0], seed), Effort(np.random.default_rng(seed))
        for budget in BUDGETS:
            ask(session, person, budget - effort.answers, BATCH, effort, LISTS[0].budgets[-1] - budget)
            labels, words = session._training(), texts[0].direction
            head = train_early(labels, words, SEED)
            if not (labels.positives and labels.negatives):
                continue
            rows = split.pool[session._training_rows()]
            more = TrainingSet(flipped[rows], labels.positive, labels.weight, labels.group)
            plain, mirror = embedded.vectors[split.test], flipped[split.test]
            taught = train_early(joined(labels, more), words, SEED)
            scores = {
                "app": head.logits(plain),
                "mirrored rows": taught.logits(plain),
                "mean with its mirror": head.logits(plain) + head.logits(mirror),
                "both": taught.logits(plain) + taught.logits(mirror),
            }
            if len(finished) >= LEAST:
                earlier = np.asarray(unit(np.stack([one.weights for one in finished])), np.float64)
                scores["borrowing"] = BorrowingHead(earlier).fit(labels, words, SEED).logits(plain)
            names = [split.names[row] for row in split.test]
            for way, said in scores.items():
                by: Mapping[str, float] = dict(zip(names, said.tolist(), strict=True))
                place = found[way].setdefault(f"{concept.name} {seed}", {})
                place[budget] = average_precision(by, person)
        finished.append(head)


def mirrored(embedded: Embedded, pictures: LabelledFolder, home: Path) -> Vectors:
    """(n, d) of the pictures' mirror images, made once."""
    file = home / "mirrored.npz"
    if file.exists():
        with np.load(file, allow_pickle=False) as kept:
            if tuple(map(str, kept["names"])) == embedded.names and str(kept["of"]) == embedded.fingerprint:
                return np.asarray(kept["vectors"])
    settings = load_settings(home=home / "library", encoder="embedded")
    database = Database(settings.database)
    try:
        collection = Collection(settings, database)
        encoder, library = collection.encoder(), collection.library
        ids = library.resolve_many([str((pictures.folder / name).absolute()) for name in embedded.names])
        vectors = np.empty_like(embedded.vectors)
        for row, picture in enumerate(library.pictures([i or "" for i in ids])):
            with original(picture, encoder.decode_size) as there:
                if there is None:
                    raise FileNotFoundError(embedded.names[row])
                pixels = encoder.prepare(ImageOps.mirror(there.image))
            vectors[row] = encoder.encode_pictures(pixels[None])[0]
    finally:
        database.close()
    np.savez(file, vectors=vectors, names=np.array(embedded.names), of=np.array(embedded.fingerprint))
    return vectors


if __name__ == "__main__":
    main()
