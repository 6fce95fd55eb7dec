"""What a chat model proposes: signals that every picture must show, and the kinds of pictures near each.

The shape is that of Agile Deliberation (CVPR 2026): necessary signals, under each the kinds that count, that
don't, and that are open. A concept is split into signals only where pictures can show one without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any, Literal

from pydantic import BaseModel, field_validator, model_validator

from concepts.definition.document import Criterion, CriterionKind, Definition
from concepts.definition.negations import has_negation, read_negations, speaks_of, words_in
from concepts.definition.proposing import (
    FROM_THE_SENTENCE,
    LONGEST,
    answers_as_text,
    as_the_person_wrote_it,
    distinct,
    with_proposals,
)
from concepts.language.base import ChatModel, Message
from concepts.language.prompts import DEFAULTS, Prompts

PURPOSE = "scope"  # in the ledger
MOST_NECESSARY = 3
MOST_OF_A_KIND, MOST_UNDECIDED, MORE_KINDS = 6, 3, 3
FEWEST_QUERIES, FEWEST_LOOKALIKES = 6, 4
SAME_WORDS = 0.6  # share of words in common from which two signals say the same

Apart = Callable[[str, str], bool]  # whether pictures tell two texts apart


class Kind(BaseModel):
    """A kind of picture. `of` is the number of its signal, counted from 1, or 0."""

    text: str
    of: int = 0


class Proposal(BaseModel):
    """What a chat model is asked for."""

    necessary: list[str]
    reason_to_split: str = ""
    seen_apart: list[str] = []
    included: list[Kind] = []
    excluding: list[Kind]
    undecided: list[Kind] = []
    supporting: list[str]
    queries_that_count: list[str]
    queries_that_look_similar: list[str]

    @field_validator("included", "excluding", "undecided", mode="before")
    @classmethod
    def _kinds(cls, kinds: Any) -> Any:
        """Small models give the phrase alone."""
        return [{"text": kind} if isinstance(kind, str) else kind for kind in kinds]

    @field_validator("necessary", "supporting", "queries_that_count", "queries_that_look_similar")
    @classmethod
    def _tidy(cls, texts: list[str]) -> list[str]:
        return distinct(texts)

    @field_validator("necessary")
    @classmethod
    def _something_is_necessary(cls, texts: list[str]) -> list[str]:
        if not texts:
            raise ValueError("give at least one necessary criterion")
        return texts

    @model_validator(mode="after")
    def _enough_to_search_for(self) -> Proposal:
        """What counts and what looks similar, kinds among them: both are searched for."""
        counts = distinct([*self.queries_that_count, *(kind.text for kind in self.included)])
        if len(counts) < FEWEST_QUERIES:
            raise ValueError(f"queries_that_count: give at least {FEWEST_QUERIES} different queries")
        similar = distinct([*self.queries_that_look_similar, *(kind.text for kind in self.excluding)])
        if len(similar) < FEWEST_LOOKALIKES:
            raise ValueError(
                f"queries_that_look_similar: give at least {FEWEST_LOOKALIKES} different queries"
            )
        return self


def propose_tree(
    definition: Definition,
    model: ChatModel,
    hints: Sequence[str],
    apart: Apart | None = None,
    prompts: Prompts = DEFAULTS,
) -> Definition:
    """The definition with what a model proposes in place of earlier proposals.

    Nothing that the person excluded is let in as something that counts, and what they excluded is there even
    where the model forgot it. Raises what `ChatModel.ask` raises.
    """
    written = as_the_person_wrote_it(definition)
    said = model.ask(tree_asked_for(definition, hints, prompts), Proposal, purpose=PURPOSE)
    read = read_negations(written.description, written.name)
    unwanted = excluded_by(written)
    own = [criterion.text for criterion in written.of_kind("necessary")]
    necessary, note = _signals(said, own, (read.wanted or written.name)[:LONGEST], unwanted, apart)
    signals = [*own, *necessary] if not note else own
    criteria = [Criterion(kind="necessary", text=t, origin="model", note=note) for t in necessary]
    criteria += _kinds("included", said.included[:MOST_OF_A_KIND], signals, unwanted)
    helping = [text for text in said.supporting if not contradicts(text, unwanted)]
    criteria += [Criterion(kind="supporting", text=text, origin="model") for text in helping]
    excluding = _kinds("excluding", said.excluding[:MOST_OF_A_KIND], signals, [])
    covered = [*(c.text for c in excluding), *(c.text for c in written.of_kind("excluding"))]
    criteria += [
        Criterion(kind="excluding", text=text, origin="vocabulary", note=FROM_THE_SENTENCE)
        for text in read.unwanted
        if not any(speaks_of(known, [text]) for known in covered)
    ]
    criteria += [*excluding, *_kinds("undecided", said.undecided[:MOST_UNDECIDED], signals, unwanted)]
    return with_proposals(
        written,
        "model",
        criteria,
        [text for text in said.queries_that_count if not contradicts(text, unwanted)],
        said.queries_that_look_similar,
    )


def tree_asked_for(definition: Definition, hints: Sequence[str], prompts: Prompts) -> list[Message]:
    """What a model is sent to have it propose what counts."""
    written = as_the_person_wrote_it(definition)
    request = prompts["scope.tree.user"].render(
        definition=written.as_text(),
        answers=answers_as_text(written),
        hints="\n".join(hints) or "(none)",
    )
    return [Message("system", prompts["scope.tree.system"].render()), Message("user", request)]


class NewKind(BaseModel):
    text: str
    kind: Literal["included", "excluding", "undecided"]


class MoreKinds(BaseModel):
    kinds: list[NewKind]


def propose_kinds(
    definition: Definition, model: ChatModel, signal: str, prompts: Prompts = DEFAULTS
) -> Definition:
    """With up to three more kinds of pictures near a signal, or near the whole concept where it is empty.

    Raises what `ChatModel.ask` raises.
    """
    said = model.ask(kinds_asked_for(definition, signal, prompts), MoreKinds, purpose=PURPOSE)
    unwanted = excluded_by(definition)
    of = signal if signal in {c.text for c in definition.of_kind("necessary")} else ""
    known = {criterion.text.casefold() for criterion in definition.criteria}
    new = []
    for kind in said.kinds:
        for text in distinct([kind.text]):
            if text.casefold() in known or (kind.kind != "excluding" and contradicts(text, unwanted)):
                continue
            known.add(text.casefold())
            new.append(Criterion(kind=kind.kind, text=text, of=of, origin="model"))
    return with_proposals(definition, "model", new[:MORE_KINDS], [], [])


def kinds_asked_for(definition: Definition, signal: str, prompts: Prompts) -> list[Message]:
    """What a model is sent to have it propose more kinds of pictures."""
    request = prompts["scope.kinds.user"].render(
        definition=definition.as_text(), signal=signal or "(none)", answers=answers_as_text(definition)
    )
    return [Message("system", prompts["scope.kinds.system"].render()), Message("user", request)]


def excluded_by(definition: Definition) -> list[str]:
    """What the person said doesn't count: in the sentence, also where it wasn't clear, and as criteria."""
    read = read_negations(definition.description, definition.name)
    in_doubt = [doubt.about for doubt in read.doubts if doubt.about]
    own = [c.text for c in definition.of_kind("excluding") if c.origin == "person"]
    return [*read.unwanted, *in_doubt, *own]


def contradicts(text: str, unwanted: Sequence[str]) -> bool:
    """Whether it would let something in that the person excluded."""
    return speaks_of(text, unwanted) and not has_negation(text)


def _signals(
    said: Proposal, own: Sequence[str], whole: str, unwanted: Sequence[str], apart: Apart | None
) -> tuple[list[str], str]:
    """The necessary criteria to add, and why the concept was left whole; empty where it wasn't."""
    kept = [text for text in said.necessary if not contradicts(text, unwanted)][:MOST_NECESSARY]
    new = kept[: max(MOST_NECESSARY - len(own), 0)]
    reason = _not_apart(said, kept, apart) if len(kept) > 1 else ""
    if not reason:
        return new or ([] if own else [whole]), ""
    parts = " and ".join(f"“{text.rstrip('.')}”" for text in kept)
    return ([] if own else [whole]), f"left whole, not split into {parts}: {reason}"


def _not_apart(said: Proposal, signals: Sequence[str], apart: Apart | None) -> str:
    """Why signals are not to be judged apart; empty where they are."""
    if not said.reason_to_split.strip():
        return "no reason was given"
    if len(distinct(said.seen_apart)) < len(signals):
        return "no picture was named that shows one without the other"
    for one, other in combinations(signals, 2):
        first, second = words_in(one), words_in(other)
        if len(first & second) >= SAME_WORDS * min(len(first), len(second)):
            return "they say nearly the same"
        if apart is not None and not apart(one, other):
            return "the same pictures show both"
    return ""


def _kinds(
    kind: CriterionKind, given: Iterable[Kind], signals: Sequence[str], unwanted: Sequence[str]
) -> list[Criterion]:
    found = []
    for one in given:
        of = signals[one.of - 1] if 0 < one.of <= len(signals) else ""
        for text in distinct([one.text]):
            if not contradicts(text, unwanted):
                found.append(Criterion(kind=kind, text=text, of=of, origin="model"))
    return found
