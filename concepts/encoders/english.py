"""Whether words look like English: by their script, and by how many of them English texts use.

How often this is right: `docs/study/words.md`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from concepts.encoders.packaged import GLOSSES, LEMMAS, packaged_text

_WORD = re.compile(r"[^\W\d_]{2,}")
SHORTEST = 3  # letters of both parts of a compound, and of a word from MiniLM's vocabulary
_ELSEWHERE = frozenset(  # small words of twelve other languages
    _WORD.findall(
        "der die das und mit auf bei dem den ein eine einer von vor für im am ist oder el los las una un "
        "por para con del que en la de le les des une dans sur avec pour du et il lo gli della delle dei dal "
        "di che nel per um uma com dos da na ao het een van op voor met och på med av til som ett nie ve ile "
        "bir yang dengan"
    )
)


def looks_english(text: str) -> bool:
    """Where a word is a sign of another language half of them have to be known, else a third. Nothing to
    read looks English: nobody is told anything then."""
    if not is_latin(text):
        return False
    words = _WORD.findall(text.casefold())
    known = sum(_is_known(word) for word in words)
    other = any(word in _ELSEWHERE or not word.isascii() for word in words)
    return (2 if other else 3) * known >= len(words)


def is_latin(text: str) -> bool:
    """Whether half of its letters are Latin, or it has none."""
    letters = [letter for letter in text if letter.isalpha()]
    return 2 * sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters) >= len(letters)


def _is_known(word: str) -> bool:
    if word in _ELSEWHERE:
        return False
    texts, single = _english(), word.removesuffix("s")
    cuts = range(SHORTEST, len(word) - SHORTEST + 1)
    return word in texts or single in texts or any(word[:i] in texts and word[i:] in texts for i in cuts)


@cache
def _english() -> frozenset[str]:
    """The words of WordNet's nouns and their glosses, as timm has them, and of MiniLM's vocabulary."""
    texts = f"{packaged_text(LEMMAS)} {packaged_text(GLOSSES)}".casefold()
    vocabulary = packaged_text("vocab.txt").split("\n")
    read = (word for word in vocabulary if len(word) >= SHORTEST and _WORD.fullmatch(word))
    return frozenset(_WORD.findall(texts)).union(read)
