"""Negations behind what they exclude: "toys don't count", "posters are out", "dogs: no"."""

from __future__ import annotations

from concepts.definition.negations import words
from concepts.definition.negations.sentence import Sentence, UnclearError
from concepts.definition.negations.tokens import HARD, Token


class Closers(Sentence):
    """What stands before a negation. `first`: nothing comes before this sentence."""

    def __init__(self, text: str, tokens: list[Token], *, first: bool) -> None:
        super().__init__(text, tokens)
        self._first = first

    def _says_out(self, i: int) -> int | None:
        """The token behind "doesn't count" or "is out"."""
        word, after = self._at(i), i + 1
        if i >= len(self.tokens_of) or self.tokens_of[i].neutral:
            return None
        if word in words.AUXILIARY and self._at(i + 1) in words.OUT:
            return i + 2
        if word in ("no", "never", "not") and self._closed(after) and self._at(after) != ":" and i:
            return after if self._at(i - 1) != "or" else None
        if word in ("no", "not") and self._at(i - 1) in (":", "="):
            return after
        if word in words.AUXILIARY and self._at(i + 1) in ("not", "never"):
            after += 1
        elif word == "never" and self._at(i + 1) in ("count", "counts"):
            pass
        elif word not in words.NEGATED:
            return None
        if self._closed(after):
            return after
        if self._at(after) == "be":
            after += 1
        if self._at(after) in words.COUNTING:
            closed = self._closed(after + 1) or self._at(after + 1) in words.BEHIND | words.CONDITIONS | {
                "and"
            }
            return after + 1 if closed else None
        return None

    def _subject(self, negation: int) -> int | None:
        """The first token of what doesn't count; None where there is none before the negation."""
        start = negation - (self._at(negation - 1) in (":", "=", "-", "–"))
        stop = start
        while start and self._at(start - 1) not in HARD and not self._removed_up_to(start):
            if self._at(start - 1) == "but":
                break
            start -= 1
        while self._at(start) in words.BEFORE_NOT or self._at(start) == ",":
            start += 1
        if start >= stop:
            return None
        said = [self._at(n) for n in range(start, stop)]
        if words.RELATIVE & set(said[-1:]) or any(self.tokens_of[n].negates for n in range(start, stop)):
            raise UnclearError(negation)
        if set(said) <= words.PRONOUNS:
            raise UnclearError(negation, refers_back=True)
        if "," in said:
            start = self._last_of(start, stop, negation)
        elif words.PERMITTED & set(said):
            raise UnclearError(negation)
        return start

    def _last_of(self, start: int, stop: int, negation: int) -> int:
        """Where the subject begins in "a, b and c don't count": at a, but for "A is one, b isn't" at b."""
        comma = max(n for n in range(start, stop) if self._at(n) == ",")
        clause = [self._at(n) for n in range(start, comma)]
        tail = [self._at(n) for n in range(comma + 1, stop)]
        if (words.VERBS | {"yes"}) & set(clause):
            begin = comma + 1
            while self._at(begin) in words.BEFORE_NOT:
                begin += 1
            return begin
        joined = tail[:1] == ["and"] or "and" in tail or "or" in tail
        alone = self._first and all(t.word in HARD for t in self.tokens_of[:start])
        if joined and not alone:
            return start
        raise UnclearError(negation, refers_back=joined)
