"""Changing a definition by hand: every function takes one and returns the next. What a person touches
becomes theirs, so that a later proposal leaves it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from concepts.definition.document import (
    Criterion,
    CriterionKind,
    Definition,
    Query,
    Revision,
    one_line,
    same_words,
)
from concepts.definition.exclusions import sentence_of
from concepts.errors import DiscernError

Item = TypeVar("Item")

IN_WORDS: dict[CriterionKind, str] = {
    "necessary": "must",
    "included": "counts",
    "supporting": "helps",
    "excluding": "not",
    "undecided": "not decided yet",
}
PROPOSERS = {"model": "a language model", "vocabulary": "the built-in vocabulary"}


def describe(definition: Definition, text: str) -> Definition:
    """With another sentence."""
    return _with(definition, description=text)


# Criteria


def add_criterion(definition: Definition, kind: str, text: str, of: str = "") -> Definition:
    """Behind the others of its kind, under the necessary criterion `of`. Raises `DiscernError` where it is
    there already, or that one is gone."""
    _check_new(text, [c.text for c in definition.criteria])
    if of and of not in {c.text for c in definition.of_kind("necessary")}:
        raise DiscernError("This part of the definition is gone. Nothing was changed.")
    return _with(definition, criteria=(*definition.criteria, _criterion(kind, text, of)))


def exclude(definition: Definition, texts: Sequence[str]) -> Definition:
    """With these as all that the person says doesn't count, a kind of picture each; without empty ones."""
    wanted = {text.casefold(): text for text in map(one_line, texts) if text}
    for criterion in definition.exclusions():
        if wanted.pop(criterion.text.casefold(), None) is None:
            definition = remove_criterion(definition, definition.criteria.index(criterion))
    for text in wanted.values():
        same = [n for n, c in enumerate(definition.criteria) if c.text.casefold() == text.casefold()]
        for index in reversed(same):
            definition = remove_criterion(definition, index)
        definition = add_criterion(definition, "excluding", text)
    return definition


def reword_criterion(definition: Definition, index: int, text: str) -> Definition:
    before = _at(definition.criteria, index)
    _check_new(text, [c.text for c in definition.criteria if c is not before])
    if _tidy(text) == before.text:
        return definition
    proposed = f"you reworded what {_proposer(before)} proposed"
    return _taken_over(definition, index, before.kind, text, proposed)


def set_kind(definition: Definition, index: int, kind: str) -> Definition:
    """With another meaning of a yes to this criterion: must, counts, helps, excludes, or not decided."""
    before = _at(definition.criteria, index)
    return definition if kind == before.kind else _taken_over(definition, index, kind, before.text)


def keep_criterion(definition: Definition, index: int) -> Definition:
    """With a proposal as the person's own."""
    before = _at(definition.criteria, index)
    return _taken_over(definition, index, before.kind, before.text)


def remove_criterion(definition: Definition, index: int) -> Definition:
    """Without a criterion; what belonged to it belongs to the concept as a whole from then on."""
    gone = _at(definition.criteria, index)
    return _moved(_with(definition, criteria=_put(definition.criteria, index)), gone, "")


# Queries


def add_query(definition: Definition, text: str, *, counts: bool) -> Definition:
    """Raises `DiscernError` where the same words are searched for already."""
    _check_new(text, [definition.description, sentence_of(definition), *(q.text for q in definition.queries)])
    return _with(definition, queries=(*definition.queries, Query(text=_tidy(text), counts=counts)))


def keep_query(definition: Definition, index: int) -> Definition:
    return _with_query(definition, index, counts=_at(definition.queries, index).counts)


def flip_query(definition: Definition, index: int) -> Definition:
    """From "finds what counts" to "finds what looks similar", and back."""
    return _with_query(definition, index, counts=not _at(definition.queries, index).counts)


def remove_query(definition: Definition, index: int) -> Definition:
    _at(definition.queries, index)
    return _with(definition, queries=_put(definition.queries, index))


# Example pictures


def add_example(definition: Definition, picture_id: str, *, counts: bool) -> Definition:
    """A picture that counts, or that doesn't. It is one or the other: adding it here removes it there."""
    field = "examples" if counts else "counterexamples"
    if picture_id in getattr(definition, field):
        return definition
    clean = remove_example(definition, picture_id)
    return _with(clean, **{field: (*getattr(clean, field), picture_id)})


def remove_example(definition: Definition, picture_id: str) -> Definition:
    return _with(
        definition,
        examples=tuple(i for i in definition.examples if i != picture_id),
        counterexamples=tuple(i for i in definition.counterexamples if i != picture_id),
    )


# In words


def what_changed(before: Definition, after: Definition) -> str:
    """One sentence for the list of revisions, such as: removed “in a bag”."""
    if before.description != after.description:
        return "another sentence"
    kinds = {c.text: c.kind for c in before.criteria}
    gone = {q.text for q in before.queries} - {q.text for q in after.queries}
    moved = gone & {c.text for c in after.criteria} - kinds.keys()  # searches that became criteria
    said = [
        *_list_change(dict.fromkeys(moved, "a search") | kinds, {c.text: c.kind for c in after.criteria}),
        *_list_change(
            {q.text: q.counts for q in before.queries if q.text not in moved},
            {q.text: q.counts for q in after.queries},
        ),
    ]
    if said:
        return "; ".join(said)
    old, new = before.examples + before.counterexamples, after.examples + after.counterexamples
    if (before.examples, before.counterexamples) != (after.examples, after.counterexamples):
        return "an example picture added" if len(new) >= len(old) else "an example picture removed"
    if len(after.asked) > len(before.asked):
        return "a question answered" if after.asked[-1].answer else "a question skipped"
    return "kept as yours" if before != after else "nothing changed"


def origin_in_words(item: Criterion | Query, revisions: Sequence[Revision], reader: str) -> str:
    """Where a criterion or query came from, such as: proposed by gpt-x, in definition 2."""
    if isinstance(item, Criterion) and item.note:
        return item.note
    first = next((r for r in revisions if _with_text(r.definition, item.text)), None)
    if item.origin != "person":
        by = first.author if first else _proposer(item)
        return f"proposed by {by}" if by != "built-in vocabulary" else f"proposed by the {by}"
    author = first.author if first else reader
    if first and any(one.origin != "person" for one in _with_text(first.definition, item.text)):
        return "proposed, kept by you"
    return "you wrote this" if author == reader else f"{author} wrote this"


# Inside


def _list_change(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    gone = [text for text in old if text not in new]
    come = [text for text in new if text not in old]
    if len(gone) == len(come) == 1 and len(old) == len(new):
        return [f"“{gone[0]}” reworded to “{come[0]}”"]
    turned = [f"“{text}” {_meaning(new[text])}" for text in new if text in old and new[text] != old[text]]
    return [f"removed “{text}”" for text in gone] + [f"added “{text}”" for text in come] + turned


def _meaning(value: Any) -> str:
    return {
        True: "now finds what counts",
        False: "now finds what only looks similar",
        "necessary": "is now a must",
        "included": "now counts",
        "supporting": "now helps",
        "excluding": "now excludes",
        "undecided": "is not decided",
    }[value]


def _criterion(kind: str, text: str, of: str, note: str = "") -> Criterion:
    if kind not in get_args(CriterionKind):
        words = ", ".join(f"“{word}”" for word in IN_WORDS.values())
        raise DiscernError(f"“{kind}” is no kind of criterion. There are: {words}.")
    checked: CriterionKind = kind  # type: ignore[assignment]  # one of its values, as was just checked
    return Criterion(kind=checked, text=_tidy(text), of="" if kind == "necessary" else of, note=note)


def _taken_over(
    definition: Definition, index: int, kind: str, text: str, proposed: str | None = None
) -> Definition:
    """With a criterion that the person has touched, in place of `index`. `proposed`: what is noted of one
    that was a proposal."""
    before = definition.criteria[index]
    proposed = proposed or f"proposed by {_proposer(before)}, kept by you"
    new = _criterion(kind, text, before.of, before.note if before.origin == "person" else proposed)
    changed = _with(definition, criteria=_put(definition.criteria, index, new))
    return _moved(changed, before, new.text if new.kind == "necessary" else "")


def _moved(definition: Definition, signal: Criterion, to: str) -> Definition:
    """With the kinds that belonged to a necessary criterion under another, or under the whole concept."""
    if signal.kind != "necessary":
        return definition
    criteria = [
        c.model_copy(update={"of": to}) if c.of == signal.text and c.kind != "necessary" else c
        for c in definition.criteria
    ]
    return _with(definition, criteria=tuple(criteria))


def _with_query(definition: Definition, index: int, *, counts: bool) -> Definition:
    new = Query(text=_tidy(definition.queries[index].text), counts=counts)
    return _with(definition, queries=_put(definition.queries, index, new))


def _with(definition: Definition, **changes: Any) -> Definition:
    """Checked like a new one. Raises `DiscernError`."""
    try:
        return Definition(**dict(definition) | changes)
    except ValidationError as error:
        raise DiscernError(f"This can't be kept: {error.errors()[0]['msg']}. Nothing was changed.") from error


def _at(items: Sequence[Item], index: int) -> Item:
    if not 0 <= index < len(items):
        raise DiscernError("This part of the definition is gone. Nothing was changed.")
    return items[index]


def _put(items: tuple[Item, ...], index: int, *new: Item) -> tuple[Item, ...]:
    """With `new` in place of the item at `index`; without it where there is nothing new."""
    return (*items[:index], *new, *items[index + 1 :])


def _tidy(text: str) -> str:
    """One line of 1 to 300 characters. Raises `DiscernError`."""
    tidy = one_line(text)
    if not tidy:
        raise DiscernError("Write some words first. Nothing was changed.")
    if len(tidy) > 300:
        raise DiscernError(f"At most 300 characters, please; these are {len(tidy)}. Nothing was changed.")
    return tidy


def _check_new(text: str, known: Sequence[str]) -> None:
    tidy = _tidy(text)
    if same_words(tidy) in set(map(same_words, known)):
        raise DiscernError(f"“{tidy}” is there already. Nothing was changed.")


def _proposer(item: Criterion | Query) -> str:
    return PROPOSERS.get(item.origin, "somebody")


def _with_text(definition: Definition, text: str) -> list[Criterion | Query]:
    items: list[Criterion | Query] = [*definition.criteria, *definition.queries]
    return [one for one in items if one.text == text]
