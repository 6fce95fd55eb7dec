"""Can it be told beforehand that words find nothing? No "zero-shot" without exponential data (Udandarao et
al., NeurIPS 2024): accuracy grows with how often a concept was in the data. There is no corpus here, so what
the scores of words over a library look like stands for it.

`python -m study.known_words FOUND DATA`, where `discern study` kept FOUND/grocery/pictures.npz and
FOUND/oasis/pictures.npz of the built-in encoder, and DATA has both sets. Everything is chosen on every other
class and reported on the rest.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, skew, spearmanr
from sklearn.metrics import average_precision_score

from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.base import Vectors
from concepts.encoders.embedded import are_known
from concepts.encoders.lite0 import FEATURES
from concepts.encoders.sentences import SentenceEncoder
from study.concept_file import read_concepts
from study.pictures import Embedded

LISTS = ("grocery", "grocery-rarer", "grocery-confirming")
FOLDER = Path(__file__).parents[1] / "docs" / "study"
TOP, MOST_SIGNS, RESAMPLES = 20, 3, 10_000
FEWEST = 4  # pictures of a theme of OASIS
FINDS, FINDS_NOTHING = 0.15, 0.1  # average precision from which, and below which
SPARED = 0.05  # of words that find something, how many a warning may be shown for where it is chosen
NEAREST, COSINES = (1, 3, 5, 10, 20), np.arange(0.05, 0.16, 0.0025)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """Texts as vectors (n, 384), with what each finds among `pictures` (m, 384)."""

    pictures: Vectors
    texts: Vectors
    precision: Numbers

    def nearest(self, k: int) -> Numbers:
        """The mean cosine of the k nearest pictures, as the app's search scores them."""
        cosines: Numbers = np.sort(self.pictures @ self.texts.T, axis=0).astype(np.float64)
        return np.asarray(cosines[-k:].mean(axis=0))


def words_of(found: Path, data: Path, column: str, texts: dict[str, str]) -> Words:
    """`texts`: what is written for each value of the column."""
    pictures = Embedded.load(found / data.name / "pictures.npz")
    with (data / "labels.csv").open(encoding="utf-8") as file:
        values = {row["path"]: row[column] for row in csv.DictReader(file)}
    of, vectors = np.array([values[name] for name in pictures.names]), pictures.vectors[:, FEATURES:]
    encoded = SentenceEncoder().encode(list(texts.values()))
    right = [average_precision_score(of == v, vectors @ t) for v, t in zip(texts, encoded, strict=True)]
    return Words(vectors, encoded, np.array(right))


def signs(scores: Numbers, of_name: Numbers, noun: float) -> dict[str, float]:
    """What a sentence's scores of all pictures look like, without any label. `of_name`: those of its name."""
    z, other = ((s - s.mean()) / s.std() for s in (scores, of_name))
    first, second = (set(np.argsort(-s)[: 5 * TOP].tolist()) for s in (z, other))
    top = np.sort(z)[-TOP:]
    return {
        "skew": float(skew(z)),
        "gap": float(top.mean() - np.percentile(z, 99)),
        "top 20 in deviations": float(top.mean()),
        "deviation": float(scores.std()),
        "top 20": float(np.sort(scores)[-TOP:].mean()),
        "nearest picture": float(scores.max()),
        "nearest noun": noun,
        "agreement with the name": len(first & second) / (5 * TOP),
    }


def formula(found: Sequence[dict[str, float]], names: tuple[str, ...]) -> Numbers:
    """The mean of the ranks of some signs."""
    ranks: Numbers = np.mean([rankdata([one[name] for one in found]) for name in names], axis=0)
    return ranks


def correlation(one: Numbers, other: Numbers) -> float:
    return float(spearmanr(one, other)[0])


def correlations(sentences: Words, names: Words, texts: Sequence[str]) -> None:
    """The sheet's test: at least 0.5 on classes that the formula was not chosen on."""
    vocabulary = Vocabulary(SentenceEncoder().encode)
    nouns = [vocabulary.nearest(text, 1)[0].score for text in texts]
    scores, of_names = (one.pictures @ one.texts.T for one in (sentences, names))
    found = [signs(*one) for one in zip(scores.T, of_names.T, nouns, strict=True)]
    (chosen, p), (rest, q) = ((found[i::2], sentences.precision[i::2]) for i in (0, 1))
    for name in found[0]:
        on = [correlation(formula(some, (name,)), right) for some, right in ((chosen, p), (rest, q))]
        print(f"{name:24} {on[0]:.2f} {on[1]:.2f}")
    choices = [c for n in range(1, MOST_SIGNS + 1) for c in combinations(found[0], n)]
    best = max(choices, key=lambda names: correlation(formula(chosen, names), p))
    rng, g = np.random.default_rng(0), formula(rest, best)
    again = [correlation(g[rows], q[rows]) for rows in rng.integers(len(g), size=(RESAMPLES, len(g)))]
    low, high = np.nanpercentile(again, (2.5, 97.5))
    print(f"{' + '.join(best)}: {correlation(formula(chosen, best), p):.2f} where it was chosen, ", end="")
    print(f"{correlation(g, q):.2f} ({low:.2f} to {high:.2f}) on the other {len(g)} classes")


def warning(lists: dict[str, Words]) -> tuple[int, float]:
    """How many of the nearest pictures, and below which cosine, for words that the encoder knows: chosen so
    that most words that find nothing are warned of while nearly all others are spared."""
    best = (0.0, 0, 0.0)
    for k in NEAREST:
        near = np.concatenate([one.nearest(k)[::2] for one in lists.values()])
        right = np.concatenate([one.precision[::2] for one in lists.values()])
        known = np.concatenate([are_known(one.texts)[::2] for one in lists.values()])
        for cosine in COSINES:
            told = known & (near < cosine)
            if (told & (right >= FINDS)).sum() <= SPARED * (known & (right >= FINDS)).sum():
                best = max(best, (float((told & (right < FINDS_NOTHING)).sum()), -k, cosine))
    return -best[1], best[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("found", type=Path)
    parser.add_argument("data", type=Path)
    args = parser.parse_args()
    listed = [one for name in LISTS for one in read_concepts(FOLDER / f"{name}.toml").concepts]
    classes = {one.name.replace(" ", "-"): one for one in sorted(listed, key=lambda one: one.name)}
    grocery, oasis = args.data / "grocery", args.data / "oasis"
    with (oasis / "labels.csv").open(encoding="utf-8") as file:
        themes = [row["theme"] for row in csv.DictReader(file)]
    sentences = words_of(args.found, grocery, "coarse", {c: one.description for c, one in classes.items()})
    names = words_of(args.found, grocery, "coarse", {c: one.name for c, one in classes.items()})
    kinds = {theme: theme for theme in sorted(set(themes)) if themes.count(theme) >= FEWEST}
    moods = words_of(args.found, oasis, "theme", kinds)
    correlations(sentences, names, [one.description for one in classes.values()])
    lists = {"sentences": sentences, "names": names, "themes": moods}
    k, cosine = warning(lists)
    print(f"\nWarned of: words that are known, where the {k} nearest are below {cosine:.4f}")
    for name, one in lists.items():
        known = are_known(one.texts)[1::2]
        told, right = known & (one.nearest(k)[1::2] < cosine), one.precision[1::2]
        nothing, something = known & (right < FINDS_NOTHING), known & (right >= FINDS)
        print(f"{name}: {(told & nothing).sum()} of {nothing.sum()} that find nothing, ", end="")
        print(f"{(told & something).sum()} of {something.sum()} that find something")
    for name, texts, pictures in (("themes", moods, sentences), ("sentences", sentences, moods)):
        elsewhere = Words(pictures.pictures, texts.texts, texts.precision)
        known = are_known(texts.texts)
        told = known & (elsewhere.nearest(k) < cosine)
        print(f"{name} in the other library: {told.sum()} of {known.sum()} known")


if __name__ == "__main__":
    main()
