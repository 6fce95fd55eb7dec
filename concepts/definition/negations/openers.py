"""Negations that open what is excluded ("not", "except", "it must not show"), and where that ends."""

from __future__ import annotations

from concepts.definition.negations import words
from concepts.definition.negations.sentence import Sentence, UnclearError
from concepts.definition.negations.tokens import DASHES, HARD


class Openers(Sentence):
    """What stands behind a negation."""

    def _opens(self, i: int) -> int:
        """How many tokens the opener has that begins at `i`, 0 where none does."""
        if i >= len(self.tokens_of) or self.tokens_of[i].neutral:
            return 0
        if self._at(i) == "unless":
            return 1
        for saying in words.ANYWHERE:
            if self._matches(i, saying):
                return len(saying)
        if not self._starts_clause(i):
            return self._that_has_no(i)
        for saying in words.AT_START:
            if self._matches(i, saying):
                return len(saying)
        return self._must_not(i)

    def _that_has_no(self, i: int) -> int:
        """The length of "that have no", "who don't wear", "that isn't a", with something before it."""
        if self._at(i) not in ("that", "which", "who"):
            return 0
        if self._at(i + 1) in words.HAVING and self._at(i + 2) == "no":
            return 3
        at = i + 2 if self._at(i + 1) in words.NEGATED else i + 3
        if at == i + 3 and not (self._at(i + 1) in words.AUXILIARY and self._at(i + 2) == "not"):
            return 0
        if self._at(at) in words.HAVING:
            return at + 1 - i
        bare = self._at(i + 1) in ("isn't", "aren't", "is", "are")
        return at - i if bare and self._at(at) in ("a", "an", "any") else 0

    def _must_not(self, i: int) -> int:
        """The length of "it must not show", "don't include", "is not" at the start of a clause."""
        at = i + next((len(s) for s in words.SUBJECTS if self._matches(i, s)), 0)
        if self._at(at) in words.AUXILIARY and self._at(at + 1) == "not":
            at += 2
        elif self._at(at) in words.NEGATED:
            at += 1
        else:
            return 0
        showing = self._at(at) in words.SHOWING
        bare = self._at(at - 1) in ("isn't", "aren't") or self._words(at - 2, at) in ("is not", "are not")
        if not showing and not (bare and at - i > 1 and self._at(i) not in ("you", "we", "i", "please")):
            return 0
        return at + showing - i

    def _scope(self, start: int, first: int, opener: str) -> int:
        """The token behind the last one that is excluded, where `opener` stands at `start`."""
        i = first
        while i < len(self.tokens_of):
            word = self._at(i)
            if word == "(" and i > first:
                i = self._closing(i, start)
            elif word in HARD:
                self._check_no_list_behind(start, i)
                break
            elif word == "but":
                break
            elif word == ",":
                if not self._list_goes_on(i + 1, start, first):
                    break
            elif self._list_ends(i):
                break
            elif word == "or" and self._at(i + 1) == "not":
                raise UnclearError(start)
            i += 1
        said = [self._at(n) for n in range(first, i)]
        plain = not any(t.negates and t.word != "nor" for t in self.tokens_of[first:i])
        if plain and opener in ("neither", "no", "none of", "nor") and words.PERMITTED & set(said[-1:]):
            self.tokens_of[i - 1].word = "please"  # "no toys count": the verb is not what is excluded
        elif words.PERMITTED & set(said) and not words.RELATIVE & set(said):
            raise UnclearError(start)
        besides = {"also", "too", "well"} & {t.word for t in self.tokens_of}
        if besides and any(" ".join(saying) == opener for saying in words.EXCEPT):
            raise UnclearError(start)  # "apart from dogs, cats count too"
        return i

    def _list_ends(self, i: int) -> bool:
        """Whether a new clause begins behind this "and" or "nor"."""
        if self._at(i) == "nor":
            return self._at(i + 1) in words.AUXILIARY
        return self._at(i) == "and" and bool(self._opens(i) or self._new_clause(i + 1))

    def _closing(self, i: int, start: int) -> int:
        """The bracket that closes what tells more of the excluded."""
        close = next((n for n in range(i, len(self.tokens_of)) if self._at(n) == ")"), None)
        if close is None or any(t.negates for t in self.tokens_of[i:close]):
            raise UnclearError(start)
        return close

    def _check_no_list_behind(self, start: int, i: int) -> None:
        """ "no citrus: lemons, limes" and "no citrus – lemons" may go on with what is excluded."""
        while self._at(start - 1) in words.BEFORE_NOT:
            start -= 1
        alone = self._at(start - 1) not in DASHES
        if self._at(i) == ":" or (self._at(i) in DASHES and alone and not self._new_clause(i + 1)):
            raise UnclearError(start)

    def _list_goes_on(self, i: int, start: int, first: int) -> bool:
        """Whether the words behind a comma are still excluded. Raises `UnclearError` where none can tell."""
        word = self._at(i)
        if word == "" or word in HARD:
            return False
        example = self._matches(i, ("for", "example")) or self._matches(i, ("for", "instance"))
        if example or self._matches(i, ("not", "even")) or word == "unless" or word in words.LIST_GOES_ON:
            return True
        if any(self._matches(i, saying) for saying in words.EXCEPT):
            raise UnclearError(start)
        if self._opens(i):
            return False
        repeated = word == self._at(first) and word in words.PREPOSITIONS
        if not repeated and self._new_clause(i):
            return False
        in_list = any(self._at(n) == "," for n in range(first, i - 1))
        if word == "and":
            if in_list:
                return True
            raise UnclearError(start)
        ahead = self._rest_of_list(i)
        if {"and", "or", "nor"} & set(ahead):
            return True
        raise UnclearError(start)

    def _rest_of_list(self, i: int) -> list[str]:
        """The words up to where a new clause begins."""
        said: list[str] = []
        while i < len(self.tokens_of) and self._at(i) not in HARD and self._at(i) != "but":
            opens = self._at(i + 1) != "nor" and self._opens(i + 1)
            if self._at(i) == "," and (opens or self._new_clause(i + 1)):
                break
            said.append(self._at(i))
            i += 1
        return said
