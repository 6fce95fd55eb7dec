"""Reads a sentence word by word: what it excludes, and what of it that takes away."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.definition.negations import words
from concepts.definition.negations.closers import Closers
from concepts.definition.negations.lists import kinds_of, parts_of
from concepts.definition.negations.openers import Openers
from concepts.definition.negations.sentence import UnclearError
from concepts.definition.negations.tokens import BULLETS, ENDS, HARD, Token

LONGEST = 300  # characters of what is excluded: those of a criterion


@dataclass(frozen=True)
class Doubt:
    """A part of a sentence that was left as it was written. `about`: the words behind the negation."""

    part: str
    about: str


class Clauses(Openers, Closers):
    """Finds the `excluded` phrases of one sentence."""

    def __init__(self, text: str, tokens: list[Token], *, first: bool) -> None:
        super().__init__(text, tokens, first=first)
        self.excluded: list[str] = []

    def read(self) -> None:
        """Raises `UnclearError`."""
        i = 0
        while i < len(self.tokens_of):
            i = self._suffix(i) or self._prefix(i) or self._plain(i)

    def first_doubtful(self, at: int) -> int:
        """The first token of an unclear sentence that may be of something excluded: in "dogs that don't bark"
        the second, in "wolves aren't dogs" the first."""
        found = [n for n, t in enumerate(self.tokens_of) if t.negates or self._opens(n) or self._says_out(n)]
        return min(self._may_exclude_from(n) for n in [*found, at])

    def _may_exclude_from(self, at: int) -> int:
        before = [self._at(at - 2), self._at(at - 1)]
        if relative := [n for n, word in enumerate(before) if word in words.RELATIVE]:
            return at - 2 + relative[0]
        verb = words.NEGATED | words.AUXILIARY
        about_what_came = self._at(at) in verb or before[1] in verb or self._says_out(at)
        return 0 if about_what_came or self._closed(at + 1) else at

    def doubt(self, at: int) -> Doubt:
        """What to ask about, where the words behind the negation name something."""
        if not self.tokens_of[at].negates:
            at = next((n for n, t in enumerate(self.tokens_of) if t.negates), at)
        while self._at(at + 1) in words.REST_OF_OPENER:
            at += 1
        behind = self.tokens_of[at + 1 :]
        stop = next((n for n, t in enumerate(behind) if t.word in HARD or t.word == ","), len(behind))
        about = self._phrase(at + 1, at + 1 + stop)
        if {t.word for t in behind[:stop]} <= words.COUNTING | words.PARTIAL:
            about = ""
        return Doubt(self._text[self.tokens_of[0].start : self.tokens_of[-1].end].strip(" .;\n"), about)

    def _plain(self, i: int) -> int:
        if self.tokens_of[i].negates:
            raise UnclearError(i)
        return i + 1

    def _prefix(self, i: int) -> int | None:
        """The token behind what is excluded, where a negation that opens it begins at `i`."""
        length = self._opens(i)
        if not length:
            return None
        opener = self._words(i, i + length)
        first = i + length
        if opener == "no" and self._at(first) in (",", *ENDS, ""):
            raise UnclearError(i, refers_back=True)
        colon = first
        while self._at(colon) in words.COUNTING | words.OUT:
            colon += 1
        if self._at(colon) == ":":
            return self._colon_list(i, colon + 1)
        if self._at(first) in words.PARTIAL or opener in ("exception", "exceptions"):
            raise UnclearError(i)
        if opener == "nor" and not self.removed:
            raise UnclearError(i)
        if self._at(first) in words.AUXILIARY and opener in ("nor", "neither", "and neither"):
            first += 1
        end = self._scope(i, first, opener)
        self._exclude(i, first, end)
        return self._resume(end, opener)

    def _colon_list(self, opener: int, first: int) -> int:
        """Everything behind "not:", an item a line, a comma or a semicolon."""
        end = len(self.tokens_of) - (self.tokens_of[-1].word in ".!?\n")
        if any(t.negates for t in self.tokens_of[first:end]):
            raise UnclearError(opener)
        for part in parts_of(self.tokens_of[first:end], frozenset(",;\n•*")):
            part = [t for t in part if t.word not in BULLETS]
            if part:
                self.excluded.append(self._text[part[0].start : part[-1].end][:LONGEST])
        self._remove(opener, end)
        return len(self.tokens_of)

    def _resume(self, end: int, opener: str) -> int:
        """Goes on behind what was excluded. "not X but Y" wants Y; "no X but Y" may be an exception to X."""
        at = end + (self._at(end) == ",")
        if self._at(at) != "but" or self._opens(at):
            return end
        permitted = words.PERMITTED & set(self._up_to_comma(at + 1))
        if opener.split()[-1] != "not" and (self._at(at + 1) not in words.AFTER_BUT or permitted):
            raise UnclearError(end - 1)
        self._remove(end, at + 1)
        return at + 1

    def _suffix(self, i: int) -> int | None:
        """The token behind "X doesn't count", where its negation begins at `i`."""
        behind = self._says_out(i)
        if behind is None:
            return None
        first = self._subject(i)
        if first is None:
            return None
        end = behind
        while end < len(self.tokens_of) and self._at(end) not in HARD and self._at(end) not in (",", "but"):
            if self._at(end) == "and" and self._at(end - 1) != "as":
                break
            if self._at(end) in words.CONDITIONS:
                return self._conditional(first, i, end)
            if self.tokens_of[end].negates:
                raise UnclearError(i)
            end += 1
        self._exclude(first, first, i, remove_to=end)
        return end

    def _conditional(self, first: int, negation: int, condition: int) -> int:
        """ "Puppies don't count unless asleep": what is excluded carries its condition."""
        end = condition
        while end < len(self.tokens_of) and self._at(end) not in HARD:
            end += 1
        subject, rest = self._phrase(first, negation), self._phrase(condition, end)
        self.excluded.append(f"{subject}, {rest}"[:LONGEST])
        self._remove(first, end)
        return end

    def _exclude(self, opener: int, first: int, end: int, remove_to: int | None = None) -> None:
        phrase = self.tokens_of[first:end]
        while phrase and (phrase[-1].word in words.POLITE or phrase[-1].word in ",:="):
            phrase.pop()
        if [t.word for t in phrase[:1]] == ["to"] and len(phrase) > 2 and phrase[1].word in words.SHOWING:
            phrase = phrase[2:]  # "I don't want to see people"
        if not phrase or all(t.word in words.SMALL_ENDS or not t.word[0].isalnum() for t in phrase):
            raise UnclearError(opener)
        if phrase[0].negates or phrase[0].word == ",":
            raise UnclearError(opener)
        text = self._text[phrase[0].start : phrase[-1].end]
        if len(text) > LONGEST:
            raise UnclearError(opener)
        self.excluded += kinds_of(text)
        self._remove(opener, end if remove_to is None else remove_to)

    def _remove(self, first: int, end: int) -> None:
        """With the commas and conjunctions before it."""
        while first and (self._at(first - 1) in words.BEFORE_NOT or self._at(first - 1) == ","):
            first -= 1
        if first < end:
            self.removed.append((self.tokens_of[first].start, self.tokens_of[end - 1].end))
