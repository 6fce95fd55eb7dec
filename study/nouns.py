"""Other names of a noun, and what stands beside it in WordNet: what REAL and OntoZSL search by.

    python -m study.nouns OUT/pictures.npz DATA [WORDNET]

The pictures are those that a study of the groceries in DATA has embedded; WORDNET is the folder of WordNet's
`data.noun`, which Debian's wordnet-base has and this project doesn't ship. It prints how much of a class the
first hundred pictures hold by the name that is written least, by the one that is written most and by all; and
how many of the twenty largest classes have another class beside them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from concepts.encoders.base import Vectors, unit
from concepts.encoders.packaged import NOUNS, described
from concepts.encoders.sentences import SentenceEncoder
from study.pictures import Embedded, read_folder

FIRST, LARGEST = 100, 20
Embed = Callable[[Sequence[str]], Vectors]
Tree = Mapping[str, tuple[list[str], list[str]]]  # synset → those above it and those below it


@cache
def nouns() -> dict[str, tuple[list[str], str]]:
    """Synset of ImageNet-12k → its names, as WordNet orders them, and its gloss."""
    return {synset: (names.split(", "), gloss) for synset, (names, gloss) in described(NOUNS).items()}


def senses(name: str) -> list[str]:
    """Synsets that are called so, in the singular or the plural."""
    forms = _forms(name)
    return [one for one, (names, _) in nouns().items() if forms & {known.casefold() for known in names}]


def meant(name: str, description: str, embed: Embed) -> str | None:
    """The sense whose gloss is nearest to what a person wrote."""
    found = senses(name)
    if not found:
        return None
    nearness = embed([nouns()[one][1] for one in found]) @ embed([f"{name}: {description}"])[0]
    return found[int(nearness.argmax())]


def synonyms(synset: str) -> list[str]:
    """Its names but Latin ones, those first that the glosses use most often."""
    names = [name for name in nouns()[synset][0] if not re.match(r"[A-Z]\w+ \w", name)]
    return sorted(names, key=lambda name: -sum(_uses()[form] for form in _forms(name)))


def siblings(synset: str, tree: Tree, depth: int = 2) -> list[str]:
    """What is below what is above it, at most two levels, as far as ImageNet-12k has it; what is above that
    where there is nothing."""
    above, below = tree[synset]
    own, found = {synset, *below}, dict[str, None]()
    for _ in range(depth):
        for parent in above:
            for child in tree[parent][1]:
                found |= dict.fromkeys((child, *tree[child][1]) if child not in own else ())
        if kept := [one for one in found if one in nouns() and one not in own]:
            return kept
        own |= set(above)
        above = [one for parent in above for one in tree[parent][0]]
    return []


def read_tree(folder: Path) -> Tree:
    """WordNet's `data.noun` (wndb(5WN)): hypernyms and hyponyms of every synset."""
    tree = {}
    for line in (folder / "data.noun").read_text(encoding="utf-8").splitlines():
        if not line.startswith(" "):
            fields = line.split(" | ")[0].split()
            begin = 5 + 2 * int(fields[3], 16)
            pointers = list(zip(fields[begin::4], fields[begin + 1 :: 4], strict=False))
            above, below = ([f"n{at}" for sign, at in pointers if sign[0] == way] for way in "@~")
            tree[f"n{fields[0]}"] = above, below
    return tree


def _forms(name: str) -> set[str]:
    plain = name.casefold().replace("-", " ")
    return {plain, plain.removesuffix("s"), plain.removesuffix("es")}


@cache
def _uses() -> Counter[str]:
    """How often the glosses use each word and each two words."""
    words = [re.findall(r"[a-z][a-z-]*", gloss.casefold()) for _, gloss in nouns().values()]
    pairs = (" ".join(pair) for gloss in words for pair in pairwise(gloss))
    return Counter([word for gloss in words for word in gloss]) + Counter(pairs)


def main(store: Path, data: Path, wordnet: Path | None) -> None:
    pictures, embed, rows = Embedded.load(store), SentenceEncoder().encode, read_folder(data).rows
    width = embed(["a"]).shape[1]
    shown = unit(pictures.vectors[:, -width:].astype(np.float32))
    classes = Counter(rows[name]["coarse"] for name in pictures.names)
    found = []
    for name, many in classes.items():
        names = synonyms(one) if (one := meant(name, name, embed)) else []
        if len(names) < 2:
            continue
        counts = np.array([rows[picture]["coarse"] == name for picture in pictures.names])
        vectors = embed(names)
        by = [vectors[-1], vectors[0], vectors.mean(axis=0)]
        held = [counts[np.argsort(-(shown @ v))[:FIRST]].sum() / min(FIRST, many) for v in by]
        found.append(held)
        print(f"{name}: {', '.join(names)}", *(f"{value:.2f}" for value in held))
    print("least written, most written, all:", *(f"{mean:.3f}" for mean in np.mean(found, axis=0)))
    if wordnet is not None:
        tree, hits = read_tree(wordnet), 0
        largest = [name for name, _ in classes.most_common() if senses(name)][:LARGEST]
        for name in largest:
            beside = {
                n.casefold()
                for one in siblings(meant(name, name, embed) or "", tree)
                for n in nouns()[one][0]
            }
            hits += any(_forms(other) & beside for other in classes if other != name)
        print(f"{hits} of {len(largest)} have another class beside them")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
