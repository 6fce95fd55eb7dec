"""What a sentence says doesn't count, and whether other words speak of that.

"A messy room; not one that is only old or dark" has a plain "not" at the start of a part. Any other negation
stays among the words: what doesn't count has a field of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from concepts.definition.document import LONGEST, Definition

# "not only dogs", "no more than two", "no 7": negations that exclude nothing.
_SAYINGS = r"(?:only|just|more|less|fewer|matter|doubt|always|necessarily|all|every\w*|\d+)\b"
_START = r"(?:(?:[.;,–—]|\s-)\s*(?:(?:but|and)\s+)?|\s(?:but|and)\s+)"
_NOTHING = r"(?:at|but|else|in|is|like|on|that|to|with)\b"  # "nothing else", "nothing on it" exclude nothing
_NOT = rf"{_START}(?:(?:not|no|never)\s+(?!{_SAYINGS})|nothing\s+(?!{_SAYINGS}|{_NOTHING}))"
_EXCLUDED = re.compile(rf"{_NOT}(.+?)(?=[.;!?–—]|\s-\s|{_NOT}|$)", re.IGNORECASE)
_NEGATION = re.compile(
    rf"\b(?:not?(?!\s+{_SAYINGS})|never|none|neither|nor|nobody|nothing|(?<!or )without|unless|cannot"
    r"|are out|leave out|except\w*|exclud\w*|ignor\w*|other than|apart from|rather than|instead of"
    r"|\w+n['’]t)\b",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s*[,;]\s*(?:(?:and|or|nor)\s+)?|\s+(?:or|nor)\s+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{3,}")
_PLURALS = {"people": "person", "children": "child", "men": "man", "women": "woman"}
_SMALL = frozenset(
    {"and", "any", "are", "but", "for", "from", "has", "have", "her", "his", "into", "its", "not", "one"}
    | {"ones", "only", "our", "some", "that", "the", "their", "them", "these", "they", "this", "those"}
    | {"was", "which", "who", "with"}
)


def split_sentence(sentence: str) -> tuple[str, list[str]]:
    """What counts, and the phrases behind "not", "no", "never" or "nothing" at the start of a part."""
    counts, excluded, at = _one_line(sentence), [], 0
    while found := _EXCLUDED.search(counts, at):
        at = found.start() + 1
        phrase = found[1].strip(" ,")
        if counts[: found.start()].strip() and _is_plain(phrase):
            counts, at = _one_line(counts[: found.start()] + counts[found.end() :]), 0
            excluded.append(phrase)
    return counts, list(dict.fromkeys(excluded))


def sentence_of(definition: Definition) -> str:
    """The description without what it excludes, as it is searched for."""
    counts, excluded = split_sentence(definition.description)
    return counts if excluded else definition.description


def _is_plain(phrase: str) -> bool:
    """Whether all of it is excluded. Nobody can tell of "not X, Y"; "not X, Y or Z" is a list."""
    *others, last = phrase.split(",")
    listed = not others or re.search(r"\bn?or\b|^ and\b" if len(others) > 1 else r"\bn?or\b", last)
    whole = phrase.count("(") == phrase.count(")") and not re.search(r":|\bbut\b", phrase)
    return bool(listed and whole) and 0 < len(phrase) <= LONGEST and not has_negation(phrase)


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"(?<=\w)\s*\n\s*", "; ", text).split()).strip(" .,;")


def has_negation(text: str) -> bool:
    return _NEGATION.search(text) is not None


def items_of(phrase: str) -> list[str]:
    """The items of a list, each to be searched for. One that is "only" something has itself alone."""
    if re.search(r"\bonly\b", phrase, re.IGNORECASE):
        return [phrase]
    return [item for item in _BETWEEN.split(phrase) if item]


def speaks_of(text: str, phrases: Iterable[str]) -> bool:
    """Whether the text has all the words that matter of one of the phrases, or of an item of one."""
    said = set(words_of(text))
    items = [item for phrase in phrases for item in (phrase, *items_of(phrase))]
    return any(meant and meant <= said for meant in (set(words_of(item)) for item in items))


def words_of(text: str) -> list[str]:
    """Words of three letters or more in their order, without small ones; plural and singular are the same."""
    return [_stem(word) for word in _WORD.findall(text.casefold()) if word not in _SMALL]


def _stem(word: str) -> str:
    """No word always, but the same for both numbers of a noun: "wolf" for wolves, "orang" for oranges."""
    return _PLURALS.get(word) or re.sub(r"ies?$", "y", re.sub(r"ves?$", "f", word)).rstrip("es")
