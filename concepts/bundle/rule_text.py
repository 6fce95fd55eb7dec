"""“messy room and not (people or pets)” ⇄ a rule of a bundle. NOT binds closer than AND, AND than OR."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from concepts.bundle.facts import DEEPEST, AllOf, AnyOf, Expression, Is, Not
from concepts.errors import RuleTextError

LONGEST = 2000  # characters
MOST_PARTS = 100  # that one and, or one or, puts together
TOKEN = re.compile(r'\s*(?:(?P<bracket>[()])|"(?P<quoted>(?:[^"]|"")*)"|(?P<word>[^\s()"]+))')
OPERATORS = ("and", "or", "not")


class _Token(NamedTuple):
    kind: str  # a bracket, one of `OPERATORS`, name or end
    text: str
    place: int


def parse(text: str, place_of: Callable[[str], int]) -> Expression:
    """`place_of` gives the place of a concept by its name, and raises what it likes for one that is none.

    A name needs quotes ("…", a quote in it twice) where it has brackets or quotes, or one of the three words.
    Raises `RuleTextError`.
    """
    if len(text) > LONGEST:
        raise RuleTextError(f"The rule has more than {LONGEST:,} characters.", LONGEST)
    return _Parser(_tokens(text), place_of).whole()


def text_of(expression: Expression, names: Sequence[str]) -> str:
    """The rule as `parse` reads it, with brackets wherever something is put together of parts that are put
    together themselves."""
    if isinstance(expression, Is):
        return quoted(names[expression.concept])
    if isinstance(expression, Not):
        return f"NOT {_bracketed(expression.but, names)}"
    parts, word = (expression.all, "AND") if isinstance(expression, AllOf) else (expression.any, "OR")
    return f" {word} ".join(_bracketed(part, names) for part in parts)


def quoted(name: str) -> str:
    """A name as a rule has it: in quotes only where it must be."""
    words = name.split()
    plain = " ".join(words) == name and not re.search(r'[()"]', name)
    if plain and not any(word.casefold() in OPERATORS for word in words):
        return name
    return '"' + name.replace('"', '""') + '"'


def _bracketed(expression: Expression, names: Sequence[str]) -> str:
    text = text_of(expression, names)
    return f"({text})" if isinstance(expression, AllOf | AnyOf) else text


def _tokens(text: str) -> list[_Token]:
    """Words beside each other are one name."""
    found: list[_Token] = []
    place = 0
    while place < len(text.rstrip()):
        match = TOKEN.match(text, place)
        if match is None:
            raise RuleTextError(
                'A quote is opened and not closed. A quote in a name is written twice: "".', place
            )
        begin, place = match.end() - len(match[0].lstrip()), match.end()
        if match["bracket"]:
            found.append(_Token(match["bracket"], match["bracket"], begin))
        elif (quoted := match["quoted"]) is not None:
            found.append(_Token("name", '"' + quoted.replace('""', '"'), begin))
        elif (word := match["word"]).casefold() in OPERATORS:
            found.append(_Token(word.casefold(), word, begin))
        elif found and found[-1].kind == "name" and found[-1].text[0] != '"':
            found[-1] = found[-1]._replace(text=f"{found[-1].text} {word}")
        else:
            found.append(_Token("name", word, begin))
    return [*found, _Token("end", "", len(text))]


class _Parser:
    """Recursive descent: any = all (OR all)*, all = one (AND one)*, one = NOT one | ( any ) | name."""

    def __init__(self, tokens: Sequence[_Token], place_of: Callable[[str], int]) -> None:
        self._tokens = list(tokens)
        self._at = 0
        self._place_of = place_of

    def whole(self) -> Expression:
        found = self._any(DEEPEST)
        if self._now.kind == ")":
            raise RuleTextError("A bracket is closed that was not opened.", self._now.place)
        if self._now.kind != "end":
            raise RuleTextError(
                f"Between two concepts stands AND or OR, before “{self._said}” too.", self._now.place
            )
        return found

    @property
    def _now(self) -> _Token:
        return self._tokens[self._at]

    @property
    def _said(self) -> str:
        return self._now.text.removeprefix('"')

    def _take(self, kind: str) -> bool:
        if self._now.kind != kind:
            return False
        self._at += 1
        return True

    def _any(self, deep: int) -> Expression:
        parts = self._joined("or", self._all, deep)
        return parts[0] if len(parts) == 1 else AnyOf(any=parts)

    def _all(self, deep: int) -> Expression:
        parts = self._joined("and", self._one, deep)
        return parts[0] if len(parts) == 1 else AllOf(all=parts)

    def _joined(self, word: str, part: Callable[[int], Expression], deep: int) -> tuple[Expression, ...]:
        parts = [part(deep)]
        while self._take(word):
            parts.append(part(deep))
        if len(parts) > MOST_PARTS:
            raise RuleTextError(f"More than {MOST_PARTS} concepts are put together at once.", self._now.place)
        return tuple(parts)

    def _one(self, deep: int) -> Expression:
        if deep <= 0:
            raise RuleTextError(f"The rule has more than {DEEPEST} brackets in brackets.", self._now.place)
        if self._take("not"):
            return Not(but=self._one(deep - 1))
        if self._take("("):
            found = self._any(deep - 1)
            if not self._take(")"):
                raise RuleTextError("A bracket is opened and not closed.", self._now.place)
            return found
        if self._now.kind != "name":
            missing = f"before “{self._said}”" if self._now.kind != "end" else "at the end"
            raise RuleTextError(f"A concept is missing {missing}.", self._now.place)
        name = self._said
        self._at += 1
        return Is(concept=self._place_of(name))
