"""What a chat model proposes: signals that every picture must show, and the kinds of pictures near each.

The shape is that of Agile Deliberation (CVPR 2026): necessary signals, under each the kinds that count, that
don't, and that are open. A concept is split into signals only where pictures can show one without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from concepts.definition.document import Criterion, CriterionKind, Definition, same_words
from concepts.definition.exclusions import has_negation, speaks_of, split_sentence, words_of
from concepts.definition.proposing import (
    FROM_THE_SENTENCE,
    SENTENCE,
    Phrase,
    Remark,
    Sentence,
    answers_as_text,
    as_the_person_wrote_it,
    between,
    distinct,
    is_copied,
    proposals_in,
    with_proposals,
)
from concepts.errors import ModelAnswerError
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, PromptFiles, load_prompt

PURPOSE = "scope"  # in the ledger
MOST_NECESSARY = 3
MOST_OF_A_KIND, MOST_UNDECIDED, MORE_KINDS = 6, 3, 3
FEWEST_QUERIES, FEWEST_LOOKALIKES = 6, 4
SAME_WORDS = 0.6  # share of words in common from which two signals say the same

Apart = Callable[[str, str], bool]  # whether pictures tell two texts apart


class Kind(BaseModel):
    # `of` is the number of its signal, counted from 1, or 0. A docstring would be sent, and copied.
    text: Phrase
    of: int = Field(0, json_schema_extra={"enum": [0, 1, 2, 3]})


class Proposal(BaseModel):
    # What a chat model is asked for. What is missing or can't be used takes nothing else with it.
    necessary: list[Sentence] = Field([], json_schema_extra=between(1, MOST_NECESSARY))
    reason_to_split: Remark = ""
    seen_apart: list[Phrase] = Field([], json_schema_extra=between(0, MOST_NECESSARY))
    included: list[Kind] = Field([], json_schema_extra=between(2, 3))
    excluding: list[Kind] = Field([], json_schema_extra=between(2, 3))
    undecided: list[Kind] = Field([], json_schema_extra=between(1, 2))
    supporting: list[Phrase] = Field([], json_schema_extra=between(0, 2))
    queries_that_count: list[Phrase] = Field([], json_schema_extra=between(FEWEST_QUERIES, 6))
    queries_that_look_similar: list[Phrase] = Field([], json_schema_extra=between(FEWEST_LOOKALIKES, 4))

    @field_validator("included", "excluding", "undecided", mode="before")
    @classmethod
    def _kinds(cls, kinds: Any) -> Any:
        """Small models give the phrase alone."""
        return [{"text": kind} if isinstance(kind, str) else kind for kind in kinds]

    @field_validator("included", "excluding", "undecided")
    @classmethod
    def _tidy_kinds(cls, kinds: list[Kind]) -> list[Kind]:
        return [Kind(text=text, of=kind.of) for kind in kinds for text in proposals_in([kind.text])]

    @field_validator("supporting", "queries_that_count", "queries_that_look_similar")
    @classmethod
    def _tidy(cls, texts: list[str]) -> list[str]:
        return proposals_in(texts)

    @field_validator("necessary")
    @classmethod
    def _tidy_signals(cls, texts: list[str]) -> list[str]:
        return proposals_in(texts, SENTENCE)

    @model_validator(mode="after")
    def _says_something(self) -> Proposal:
        if not (self.necessary or self.included or self.queries_that_count):
            raise ValueError("necessary: say what counts, in words of your own")
        return self

    def sifted(self, instructions: str, written: Definition) -> Proposal:
        """Without what is copied from the instructions, what is said both to count and not to, and the
        concept itself where it is said not to count."""
        own = written.as_text()
        counting = {kind.text.casefold() for kind in self.included}
        both = counting & {kind.text.casefold() for kind in self.excluding}
        itself = {text.strip(" .").casefold() for text in (written.name, written.description)}

        but = {
            "included": both,
            "excluding": both | itself,
            "undecided": itself,
            "queries_that_look_similar": itself,
        }

        def stays(field: str, text: str) -> bool:
            return text.casefold() not in but.get(field, ()) and not is_copied(text, instructions, own)

        kept = {
            field: [one for one in given if stays(field, one if isinstance(one, str) else one.text)]
            for field, given in self
            if isinstance(given, list) and field != "seen_apart"
        }
        return self.model_copy(update=kept)


def propose_tree(
    definition: Definition,
    model: ChatModel,
    hints: Sequence[str],
    apart: Apart | None = None,
    prompts: PromptFiles = DEFAULTS,
    *,
    in_english: bool = False,
) -> Definition:
    """The definition with what a model proposes in place of earlier proposals; searches `in_english` where
    the person's words are not.

    Nothing that the person excluded is let in as something that counts, and what they excluded is there even
    where the model forgot it. Raises what `ChatModel.ask` raises, and `ModelAnswerError` too where nothing of
    what counts is the model's own.
    """
    written = as_the_person_wrote_it(definition)
    messages = prompts.messages(
        "scope.tree",
        definition=written.as_text(),
        answers=answers_as_text(written, ""),
        hints="\n".join(hints),
    )
    if in_english:
        both = f"{messages[0].text}\n\n{load_prompt('english').render()}"
        messages = [Message("system", both), *messages[1:]]
    said = model.ask(messages, Proposal, purpose=PURPOSE).sifted(messages[0].text, written)
    sentence, excluded = split_sentence(written.description)
    unwanted = excluded_by(written)
    own = [criterion.text for criterion in written.of_kind("necessary")]
    whole = {same_words(sentence), same_words(written.description)}  # is no signal, nor are kinds under it
    kept = [text for text in said.necessary if not contradicts(text, unwanted)][:MOST_NECESSARY]
    if len(kept) > 1 and not _are_apart(said, kept, apart):
        kept = []  # the concept is better left whole
    kept = kept[: max(MOST_NECESSARY - len(own), 0)]
    signals = ["" if same_words(text) in whole else text for text in kept]
    criteria = [Criterion(kind="necessary", text=text, origin="model") for text in signals if text]
    signals = [*own, *signals]
    criteria += _kinds("included", said.included[:MOST_OF_A_KIND], signals, unwanted)
    counts = [text for text in said.queries_that_count if not speaks_of(text, unwanted)]
    if not counts and not any(criterion.origin == "model" for criterion in criteria):
        raise ModelAnswerError(f"{model.name} said nothing of its own about this concept.", outcome="empty")
    helping = [text for text in said.supporting if not contradicts(text, unwanted)]
    criteria += [Criterion(kind="supporting", text=text, origin="model") for text in helping]
    excluding = _kinds("excluding", said.excluding[:MOST_OF_A_KIND], signals, unwanted)
    covered = [set(words_of(c.text)) for c in (*excluding, *written.of_kind("excluding"))]
    criteria += [
        Criterion(kind="excluding", text=text, origin="vocabulary", note=FROM_THE_SENTENCE)
        for text in excluded
        if not any(known >= set(words_of(text)) for known in covered)
    ]
    criteria += [*excluding, *_kinds("undecided", said.undecided[:MOST_UNDECIDED], signals, unwanted)]
    similar = [text for text in said.queries_that_look_similar if not _lets_back_in(text, unwanted)]
    return with_proposals(written, "model", criteria, counts, similar)


class NewKind(BaseModel):
    text: Phrase
    kind: Literal["included", "excluding", "undecided"]


class MoreKinds(BaseModel):
    kinds: list[NewKind] = Field(json_schema_extra=between(1, MORE_KINDS))


def propose_kinds(
    definition: Definition, model: ChatModel, signal: str, prompts: PromptFiles = DEFAULTS
) -> Definition:
    """With up to three more kinds of pictures near a signal, or near the whole concept where it is empty.

    Raises what `ChatModel.ask` raises.
    """
    messages = prompts.messages(
        "scope.kinds",
        definition=definition.as_text(),
        signal=signal or "(none)",
        answers=answers_as_text(definition),
    )
    said = model.ask(messages, MoreKinds, purpose=PURPOSE)
    unwanted = excluded_by(definition)
    of = signal if signal in {c.text for c in definition.of_kind("necessary")} else ""
    known = {same_words(criterion.text) for criterion in definition.criteria}
    new = [
        Criterion(kind=kind.kind, text=text, of=of, origin="model")
        for kind in said.kinds
        for text in proposals_in([kind.text])
        if same_words(text) not in known and (kind.kind == "excluding" or not contradicts(text, unwanted))
    ]
    return with_proposals(definition, "model", new[:MORE_KINDS], [], [])


def excluded_by(definition: Definition) -> list[str]:
    """What the person said doesn't count: in the sentence, and as criteria."""
    own = [c.text for c in definition.of_kind("excluding") if c.origin == "person"]
    return [*split_sentence(definition.description)[1], *own]


def contradicts(text: str, unwanted: Sequence[str]) -> bool:
    """Whether it would let something in that the person excluded."""
    return speaks_of(text, unwanted) and not has_negation(text)


def _lets_back_in(text: str, unwanted: Sequence[str]) -> bool:
    """Whether it says "no lemons" where the person excluded lemons, and is to be excluded itself."""
    return speaks_of(text, unwanted) and has_negation(text)


def _are_apart(said: Proposal, signals: Sequence[str], apart: Apart | None) -> bool:
    """Whether each signal can be judged without the others: the model says why and names a picture of each
    alone, they differ in words, and pictures tell them apart."""
    if not said.reason_to_split.strip() or len(distinct(said.seen_apart)) < len(signals):
        return False
    for one, other in combinations(signals, 2):
        first, second = set(words_of(one)), set(words_of(other))
        if len(first & second) >= SAME_WORDS * min(len(first), len(second)):
            return False
        if apart is not None and not apart(one, other):
            return False
    return True


def _kinds(
    kind: CriterionKind, given: Iterable[Kind], signals: Sequence[str], unwanted: Sequence[str]
) -> list[Criterion]:
    shut_out = _lets_back_in if kind == "excluding" else speaks_of  # a search for "no lemons" finds lemons
    return [
        Criterion(
            kind=kind,
            text=one.text,
            of=signals[one.of - 1] if 0 < one.of <= len(signals) else "",
            origin="model",
        )
        for one in given
        if not shut_out(one.text, unwanted)
    ]
