"""Nouns for what a group of pictures shows and others don't: names without a language model.

Close to CaSED (Conti et al., NeurIPS 2023): words near a group's mean. What all pictures of a library have
in common is taken off first, or every group of a grocery's pictures would be called food.
"""

from __future__ import annotations

from collections.abc import Sequence

from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.base import Vectors

MOST = 6
TRIED = 40  # nearest nouns among which distinct ones are looked for


class GroupNouns:
    """Names groups of pictures of the embedded encoder, whose vectors hold a part in the nouns' space. Of any
    other encoder's it knows no names."""

    def __init__(self, vocabulary: Vocabulary, is_embedded: bool) -> None:
        self._vocabulary = vocabulary
        self.is_embedded = is_embedded

    def telling(self, group: Vectors, others: Vectors, n: int = MOST) -> list[str]:
        """group (k, d), others (m, d) → at most n nouns for what is seen in the group and not in the others,
        the most telling first; none contains another."""
        if not self.is_embedded or not len(group) or not len(others):
            return []
        from concepts.encoders.embedded import FEATURES  # loads torch

        difference = group[:, FEATURES:].mean(axis=0) - others[:, FEATURES:].mean(axis=0)
        found: list[str] = []
        for noun in self._vocabulary.nearest_to(difference, TRIED):
            if not any(_holds(noun.name, known) for known in found):
                found.append(noun.name)
            if len(found) == n:
                break
        return found


def _holds(name: str, known: str) -> bool:
    words, others = set(name.casefold().split()), set(known.casefold().split())
    return words <= others or others <= words


def named(nouns: Sequence[str]) -> str:
    """How a group is called after its nouns."""
    return f"like “{nouns[0]}”" if nouns else ""
