"""What a description wants, what it excludes, and what can't be told."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from concepts.definition.negations import words
from concepts.definition.negations.clauses import Clauses, Doubt
from concepts.definition.negations.lists import distinct
from concepts.definition.negations.sentence import UnclearError
from concepts.definition.negations.tokens import mark_sayings, sentences_of, tokens_of


@dataclass(frozen=True)
class Reading:
    """`wanted` is what is left without the exclusions, empty where nothing is. `searchable` is as much of it
    as stands before the first negation that was left in. `unwanted` are phrases of the sentence, word for
    word, each one kind of thing or several that can't be taken apart."""

    wanted: str
    searchable: str
    unwanted: tuple[str, ...]
    doubts: tuple[Doubt, ...]


def read_negations(text: str, name: str = "") -> Reading:
    """Reads a description. A negation that the concept's `name` has too is part of what is wanted."""
    tokens = tokens_of(text)
    mark_sayings(tokens, [t.word for t in tokens_of(name)])
    removed: list[tuple[int, int]] = []
    unwanted: list[str] = []
    doubts: list[Doubt] = []
    cut: list[tuple[int, int]] = []  # what may not be searched for
    try:
        for number, sentence in enumerate(sentences_of(tokens)):
            reader = Clauses(text, sentence, first=number == 0)
            try:
                reader.read()
            except UnclearError as unclear:
                if unclear.refers_back:
                    raise
                doubts.append(reader.doubt(unclear.at))
                cut.append((sentence[reader.first_doubtful(unclear.at)].start, sentence[-1].end))
                continue
            removed += reader.removed
            unwanted += reader.excluded
    except UnclearError:
        return _as_written(text)
    wanted = _without(text, removed) if removed else _one_line(text).strip(" .")
    searchable = _trimmed(_without(text, removed + cut)) if cut else wanted
    return Reading(wanted, searchable, tuple(distinct(unwanted)), tuple(doubts))


def has_negation(text: str) -> bool:
    tokens = tokens_of(text)
    mark_sayings(tokens, [])
    return any(t.negates for t in tokens)


def _as_written(text: str) -> Reading:
    """Nothing is excluded and nothing is searched for: a negation may be about anything before it."""
    whole = _one_line(text).strip(" .")
    return Reading(whole, "", (), (Doubt(whole, ""),))


def _one_line(text: str) -> str:
    return " ".join(re.sub(r"(?<=[^\s.,;:!?])\s*\n\s*", "; ", text).split())


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    text = _one_line(text)
    text = re.sub(r"[(\[]\s*[,;:.]*\s*[)\]]", " ", text)
    text = re.sub(r"\s+([,;:.!?)])", r"\1", " ".join(text.split()))
    text = re.sub(r"[,;:.!?–—-]*([;.!?])(?:\s*[,;:.!?])*", r"\1", text)
    text = re.sub(r",(?:\s*,)+", ",", text)
    text = re.sub(r"([–—-])(?:\s+[–—-])+(?=\s)", r"\1", text)
    return text.strip(" ,;:.-–—•*")


def _trimmed(text: str) -> str:
    """Without small words at its end, which would search for nothing."""
    text = " ".join(text.split())
    tokens = tokens_of(text)
    while tokens and (tokens[-1].word in words.SMALL_ENDS or not tokens[-1].word[0].isalnum()):
        tokens.pop()
    return text[: tokens[-1].end].strip(" ,;:.-–—") if tokens else ""
