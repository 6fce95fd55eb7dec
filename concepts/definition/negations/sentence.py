"""One sentence as a row of words, and what can be asked of a place in it."""

from __future__ import annotations

from concepts.definition.negations import words
from concepts.definition.negations.tokens import HARD, Token


class UnclearError(Exception):
    """The sentence can't be read from token `at` on. `refers_back`: it is about one before it."""

    def __init__(self, at: int, *, refers_back: bool = False) -> None:
        self.at = at
        self.refers_back = refers_back


class Sentence:
    """`removed` are the (start, end) characters that were read as excluded so far. Past the ends of the
    sentence there is the empty word."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text, self.tokens_of = text, tokens
        self.removed: list[tuple[int, int]] = []

    def _at(self, i: int) -> str:
        return self.tokens_of[i].word if 0 <= i < len(self.tokens_of) else ""

    def _words(self, start: int, end: int) -> str:
        return " ".join(t.word for t in self.tokens_of[max(start, 0) : end])

    def _phrase(self, start: int, end: int) -> str:
        part = self.tokens_of[start:end]
        while part and part[-1].word == ",":
            part.pop()
        return self._text[part[0].start : part[-1].end] if part else ""

    def _matches(self, i: int, saying: words.Words) -> bool:
        part = self.tokens_of[i : i + len(saying)]
        return tuple(t.word for t in part) == saying and not any(t.neutral for t in part)

    def _starts_clause(self, i: int) -> bool:
        while i and self._at(i - 1) in words.BEFORE_NOT:
            i -= 1
        return i == 0 or self._at(i - 1) in HARD or self._at(i - 1) == "," or self._removed_up_to(i)

    def _removed_up_to(self, i: int) -> bool:
        """Whether what stands before token `i` was excluded already."""
        return bool(self.removed) and i > 0 and self.removed[-1][1] == self.tokens_of[i - 1].end

    def _new_clause(self, i: int) -> bool:
        word = self._at(i)
        if word in words.NEW_CLAUSE:
            return True
        part = self._up_to_comma(i)
        verb = next((n for n, w in enumerate(part) if w in words.VERBS or w in words.NEGATED), None)
        return verb is not None and not words.RELATIVE & set(part[:verb])

    def _up_to_comma(self, i: int) -> list[str]:
        said: list[str] = []
        while i < len(self.tokens_of) and self._at(i) not in HARD and self._at(i) not in (",", "and", "or"):
            said.append(self._at(i))
            i += 1
        return said

    def _closed(self, i: int) -> bool:
        word = self._at(i)
        return word == "" or word in HARD or word in (",", "but")
