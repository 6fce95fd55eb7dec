"""Texts → the tokens of uncased BERT: words in lower case without accents, cut into pieces of its vocabulary.

Devlin et al. 2019; Wu et al. 2016, §4.1. The package `tokenizers` does the same in Rust: 11 MB, where half a
page is enough for a sentence at a time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from concepts.encoders.packaged import packaged_text

BEGIN, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
LONGEST_WORD = 100  # letters; a longer one is unknown
CJK = (  # blocks whose signs are words by themselves
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


def tokens(text: str, most: int) -> list[int]:
    """The numbers of at most so many tokens, those of its beginning and its end among them."""
    vocabulary = _vocabulary()
    found = [vocabulary[piece] for word in _words(text) for piece in _pieces(word, vocabulary)]
    return [vocabulary[BEGIN], *found[: most - 2], vocabulary[END]]


@cache
def _vocabulary() -> Mapping[str, int]:
    return {piece: number for number, piece in enumerate(packaged_text("vocab.txt").split("\n"))}


def _words(text: str) -> Sequence[str]:
    apart = "".join(f" {one} " if _is_cjk(one) else one for one in map(_cleaned, text))
    plain = (one for one in unicodedata.normalize("NFD", apart) if unicodedata.category(one) != "Mn")
    lower = "".join(plain).lower()
    return "".join(f" {one} " if _is_punctuation(one) else one for one in lower).split()


def _cleaned(letter: str) -> str:
    if letter in "\t\n\r":
        return " "
    if letter == "\ufffd" or unicodedata.category(letter)[0] == "C":
        return ""
    return " " if letter.isspace() else letter


def _is_cjk(letter: str) -> bool:
    return bool(letter) and any(first <= ord(letter) <= last for first, last in CJK)


def _is_punctuation(letter: str) -> bool:
    kind = unicodedata.category(letter)[0]
    return kind == "P" or (kind == "S" and letter.isascii())


def _pieces(word: str, vocabulary: Mapping[str, int]) -> Sequence[str]:
    """The longest that is known, then the longest of what is left, and so on."""
    found = [] if len(word) > LONGEST_WORD else list(_cut(word, vocabulary))
    return found if found and "" not in found else [UNKNOWN]


def _cut(word: str, vocabulary: Mapping[str, int]) -> Iterator[str]:
    """Ends with "" where something is left that no piece begins."""
    start = 0
    while start < len(word):
        before = "##" if start else ""
        ends = (end for end in range(len(word), start, -1) if before + word[start:end] in vocabulary)
        end = next(ends, start)
        yield before + word[start:end] if end > start else ""
        if end == start:
            return
        start = end
