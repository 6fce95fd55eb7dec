"""The items of what is excluded: each on its own where that is sure to mean the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from concepts.definition.negations import words
from concepts.definition.negations.tokens import HARD, Token, tokens_of

_CONJUNCTIONS = frozenset({",", "or", "nor", "and"})
_ONE_THAT = re.compile(r"^(?:the\s+)?ones?\s+(?:(?:that|which|who)\s+(?:is|are|looks?)\s+)?", re.IGNORECASE)


def items_of(phrase: str) -> list[str]:
    """The items of an excluded phrase, each to be searched for: "dogs, cats or birds" has three. One that is
    "only" something has itself alone."""
    phrase = _ONE_THAT.sub("", phrase)
    tokens = tokens_of(phrase)
    limited = [n for n, t in enumerate(tokens) if t.word in words.LIMITING]
    if limited:
        behind = tokens[limited[0] + 1 :] if limited[0] == 0 else []
        return distinct([phrase[behind[0].start :] if behind else phrase])
    return distinct(phrase[part[0].start : part[-1].end] for part in parts_of(tokens))


def speaks_of(text: str, phrases: Sequence[str]) -> bool:
    """Whether the text has all the words that matter of one of the phrases, or of an item of one."""
    said = words_in(text)
    items = [item for phrase in phrases for item in (phrase, *items_of(phrase))]
    return any(meant and meant <= said for meant in map(words_in, items))


def kinds_of(phrase: str) -> list[str]:
    """The items of a list where each is sure to stand for itself, else the phrase as it is.

    In "dirty plates or glasses" both may be dirty, in "cats or dogs on a leash" both on one.
    """
    tokens = tokens_of(phrase)
    parts = parts_of(tokens)
    plain = [[t.word for t in part if t.word not in words.DETERMINERS] for part in parts]
    if len(parts) < 2 or any(t.word in words.SHARED or t.word in HARD for t in tokens):
        return [phrase]
    shares_first = len(plain[0]) > 1 and any(len(p) == 1 for p in plain[1:])
    with_place = [bool(words.PREPOSITIONS & set(p)) for p in plain]
    if shares_first or (with_place[-1] and not all(with_place)) or not all(plain):
        return [phrase]
    return [phrase[part[0].start : part[-1].end] for part in parts]


def parts_of(tokens: Sequence[Token], between: frozenset[str] = _CONJUNCTIONS) -> list[list[Token]]:
    """Between commas and conjunctions. "and" alone joins what isn't two plurals: "black and white" is one."""
    said = [t.word for t in tokens]
    if len(said) == 3 and said[1] == "and" and not (said[0].endswith("s") and said[2].endswith("s")):
        return [list(tokens)]
    if not {",", "or", "nor", ";", "\n"} & set(said) and len(said) != 3:
        return [list(tokens)]
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.word in between:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def distinct(texts: Iterable[str]) -> list[str]:
    kept: dict[str, str] = {}
    for text in texts:
        tidy = " ".join(text.split()).strip(" ,;:.")
        if tidy:
            kept.setdefault(tidy.casefold(), tidy)
    return list(kept.values())


def words_in(text: str) -> set[str]:
    """Those that matter, plural and singular as one."""
    said = {t.word for t in tokens_of(text) if t.word[0].isalnum()}
    return {_singular(word) for word in said - words.SMALL_ENDS - words.DETERMINERS - words.PRONOUNS}


def _singular(word: str) -> str:
    """The same for both numbers of a noun, if not always a word: "wolf" for wolves, "olif" for olives."""
    if word in words.PLURALS:
        return words.PLURALS[word]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    for end, same in (("ie", "y"), ("ve", "f"), ("fe", "f"), ("se", "s"), ("xe", "x"), ("che", "ch")):
        if word.endswith(end):
            return word.removesuffix(end) + same
    return word.removesuffix("e") if word.endswith(("she", "ze")) else word
