"""Definitions in the words in which they go into prompts, each thing in a line of its own."""

from __future__ import annotations

from collections.abc import Sequence

from concepts.definition.document import Criterion, Definition
from concepts.learning.scale import NONE, Scale


def topic_text(definition: Definition) -> str:
    """The name and the sentence. Examples and queries don't help to judge; leaving them out keeps cached
    answers when they change."""
    return f"{one_line(definition.name)}\n{one_line(definition.description)}"


def criteria_text(criteria: Sequence[Criterion]) -> str:
    """Numbered, with what each means for the concept. A kind of picture names the criterion it belongs to."""
    numbers = {c.text: number for number, c in enumerate(criteria, 1) if c.kind == "necessary"}
    lines = []
    for number, criterion in enumerate(criteria, 1):
        parent = numbers.get(criterion.of)
        kind = f"{criterion.kind}, of {parent}" if parent else criterion.kind
        lines.append(f"{number}. ({kind}) {one_line(criterion.text)}")
    return "\n".join(lines) or "(none)"


def answers_text(scale: Scale) -> str:
    """What can be answered, each in a line."""
    if not scale.is_graded:
        return "\n".join([*map(one_line, scale.words), f"{NONE} (it is none of these)"])
    names = scale.names or ("",) * len(scale.words)
    called = zip(scale.words, names, strict=True)
    return "\n".join(f"{word}: {one_line(name)}" if name else word for word, name in called)


def counts_text(scale: Scale) -> str:
    """Which answers come down to a yes, as a sentence."""
    if scale.is_graded:
        most, line = scale.words[-1], scale.counts_from
        return f"They are grades of how much it is so, {most} the most. A picture counts from {line} on."
    return f"At most one of them is right. A picture counts if one is; with {NONE} it doesn't."


def statements_text(texts: Sequence[str]) -> str:
    """Numbered, without a word of what follows from them."""
    return "\n".join(f"{number}. {one_line(text)}" for number, text in enumerate(texts, 1))


def one_line(text: str) -> str:
    """So that nothing in a text passes for a line of the prompt's own."""
    return " ".join(text.split())
