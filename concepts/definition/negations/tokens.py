"""A text as words and punctuation, and which of its negations only look like one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from concepts.definition.negations import words

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|\n|[^\w\s]|_")
HARD = frozenset(".!?;\n:()[]–—-")
ENDS = frozenset(".!?;\n")
DASHES = frozenset("-–—")
BULLETS = frozenset("-*•–")
_QUOTES = {"“": "”", '"': '"', "«": "»", "‘": "’"}
_SHORT = frozenset({"etc", "vs", "approx", "incl", "esp"})
_NO_STOP = "·"  # the full stop of an abbreviation


@dataclass
class Token:
    word: str
    start: int
    end: int
    neutral: bool = False  # part of a saying, a quotation or the concept's name

    @property
    def negates(self) -> bool:
        return self.word in words.NEGATION and not self.neutral


def tokens_of(text: str) -> list[Token]:
    found = _TOKEN.finditer(text)
    tokens = [Token(m[0].lower().replace("’", "'"), m.start(), m.end()) for m in found]
    for before, dot in pairwise(tokens):
        if dot.word == "." and dot.start == before.end and (len(before.word) == 1 or before.word in _SHORT):
            dot.word = _NO_STOP
    return tokens


def mark_sayings(tokens: list[Token], name: Sequence[str]) -> None:
    """Marks what only looks like a negation."""
    said = [t.word for t in tokens]
    own = [tuple(name[i : i + 2]) for i, word in enumerate(name[:-1]) if word in words.NEGATION]
    for start in range(len(tokens)):
        for saying in (*words.NOT_ONLY, *words.NO_NEGATION, *own):
            if tuple(said[start : start + len(saying)]) == saying:
                _neutral(tokens[start : start + len(saying)])
                if saying in words.NOT_ONLY:
                    _neutral(_first(tokens[start:], "but"))
        if said[start] == "no" and _is_amount(said[start + 1 : start + 4]):
            tokens[start].neutral = True
        if said[start] == "or" and said[start + 1 : start + 2] == ["not"] and _ends(said, start + 2):
            tokens[start + 1].neutral = True
        closing = _QUOTES.get(said[start])
        if closing in said[start + 1 :]:
            _neutral(tokens[start : said.index(closing, start + 1) + 1])


def _is_amount(behind: list[str]) -> bool:
    """ "no. 5", "no 5", "no bigger than"."""
    after = [word for word in behind if word != "."]
    return bool(after) and (after[0].isdecimal() or (after[0].endswith("er") and after[1:2] == ["than"]))


def _ends(said: list[str], i: int) -> bool:
    return i >= len(said) or said[i] in ENDS or said[i] == ","


def _first(tokens: Iterable[Token], word: str) -> list[Token]:
    """The first token with this word in the same sentence, if there is one."""
    for token in tokens:
        if token.word == word:
            return [token]
        if token.word in ENDS:
            break
    return []


def _neutral(tokens: Iterable[Token]) -> None:
    for token in tokens:
        token.neutral = True


def sentences_of(tokens: list[Token]) -> list[list[Token]]:
    """Each with what ends it. A list behind "not:" is one with it, over its lines and semicolons."""
    sentences: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        sentences[-1].append(token)
        listed = any(one.word == ":" for one in sentences[-1]) and any(one.negates for one in sentences[-1])
        goes_on = token.word in ";\n" and listed and _next_item(tokens, i)
        if token.word in ENDS and not token.neutral and not goes_on:
            sentences.append([])
    return [one for one in sentences if any(t.word not in HARD for t in one)]


def _next_item(tokens: list[Token], i: int) -> bool:
    """Whether a list goes on behind its line or semicolon."""
    if tokens[i].word == ";":
        return True
    return i + 1 < len(tokens) and tokens[i + 1].word in BULLETS
