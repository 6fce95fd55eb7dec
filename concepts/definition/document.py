"""What a concept is: a name, a sentence, criteria and search queries. Definitions are immutable."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import from_json

from concepts.errors import DiscernError

LONGEST = 300  # characters of a criterion or query
AROUND = " .,;:!?…()\"'“”„‘’«»。！？「」"  # what may stand around the same words

CriterionKind = Literal[
    "necessary",  # every one has to hold
    "included",  # a kind of picture that counts
    "supporting",  # makes it likelier, but need not be there
    "excluding",  # a kind of picture that doesn't count
    "undecided",  # a borderline kind that the person has not decided on
]
Origin = Literal["person", "model", "vocabulary"]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Criterion(_Document):
    """One thing to check in a picture. `kind` says what a yes means for the concept.

    `of` makes a definition a tree: it is the text of the necessary criterion that this kind of picture
    belongs to, empty where it belongs to the concept as a whole.
    """

    kind: CriterionKind
    text: str = Field(min_length=1, max_length=300)
    of: str = Field(default="", max_length=300)
    origin: Origin = "person"
    note: str = ""  # where it came from, in words ("from your answer: …")


class Query(_Document):
    """Words to search the library with. `counts` is False for what looks similar but doesn't count."""

    text: str = Field(min_length=1, max_length=300)
    counts: bool = True
    origin: Origin = "person"


class AskedQuestion(_Document):
    """A question that the person was asked, and what they said; empty where they skipped it."""

    question: str = Field(min_length=1, max_length=300)
    answer: str = Field(default="", max_length=300)


class Definition(_Document):
    """A concept as it stands in one revision. Examples are picture ids (SHA-256)."""

    name: str = Field(min_length=1, max_length=120)
    description: str = Field(min_length=1, max_length=2000)
    criteria: tuple[Criterion, ...] = ()
    queries: tuple[Query, ...] = ()
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()
    asked: tuple[AskedQuestion, ...] = ()

    @field_validator("queries")
    @classmethod
    def _unique_queries(cls, queries: tuple[Query, ...]) -> tuple[Query, ...]:
        """Keep the first of queries with the same words: two would find the same pictures."""
        return tuple({same_words(query.text): query for query in reversed(queries)}.values())[::-1]

    def of_kind(self, kind: CriterionKind) -> list[Criterion]:
        return [criterion for criterion in self.criteria if criterion.kind == kind]

    def exclusions(self) -> list[Criterion]:
        """What the person says doesn't count, of the concept as a whole."""
        return [c for c in self.of_kind("excluding") if c.origin == "person" and not self.signal_of(c)]

    def signal_of(self, criterion: Criterion) -> str:
        """The text of the necessary criterion that a kind belongs to, empty for the concept as a whole."""
        signals = {signal.text for signal in self.of_kind("necessary")}
        return criterion.of if criterion.kind != "necessary" and criterion.of in signals else ""

    def searched_kinds(self) -> list[str]:
        """Kinds of pictures to search for: those that count, and those that the person has yet to meet."""
        return [c.text for c in self.criteria if c.kind in ("included", "undecided")]

    def meaning(self) -> tuple[object, ...]:
        """Equal for two definitions by which the same pictures count, as far as words tell: what a person
        reads when they decide, whatever its case and spacing. Searches, examples, what was asked and what is
        not decided say nothing of that, nor does the name: to rename a concept changes no answer."""
        criteria = [c for c in self.criteria if c.kind != "undecided"]
        told = {(c.kind, _plain(c.text), _plain(self.signal_of(c))) for c in criteria}
        return _plain(self.description), frozenset(told)

    def as_text(self) -> str:
        """The definition as a person reads it, and as word diffs and prompts use it. What belongs to a
        necessary criterion stands under it, two spaces in."""
        lines = [self.name, self.description]
        for signal in self.of_kind("necessary"):
            lines += [f"Must: {signal.text}", *(f"  {line}" for line in self._kinds_as_text(signal.text))]
        lines += self._kinds_as_text("")
        lines += [
            f"{'Search' if query.counts else 'Similar, but not'}: {query.text}" for query in self.queries
        ]
        return "\n".join(lines)

    def _kinds_as_text(self, signal: str) -> list[str]:
        headings: tuple[tuple[CriterionKind, str], ...] = (
            ("included", "Counts"),
            ("supporting", "Helps"),
            ("excluding", "Not"),
            ("undecided", "Not decided"),
        )
        return [
            f"{heading}: {criterion.text}"
            for kind, heading in headings
            for criterion in self.of_kind(kind)
            if self.signal_of(criterion) == signal
        ]


def one_line(text: str) -> str:
    """So that nothing in a text passes for a line of its own."""
    return " ".join(text.split())


def same_words(text: str) -> str:
    """A key that two searches share if they differ only in case, spacing or the punctuation around them."""
    return _plain(text).strip(AROUND) or _plain(text)


def distinct_words(texts: Iterable[str]) -> list[str]:
    """Of texts with the same words the first."""
    kept: dict[str, str] = {}
    for text in texts:
        kept.setdefault(same_words(text), text)
    return list(kept.values())


def _plain(text: str) -> str:
    return one_line(text.casefold())


def read_definition(file: Path) -> Definition:
    """A definition from a JSON file: alone, or in the page of its concept (`concept show --json`). Raises
    `DiscernError` that says what is wrong with it."""
    try:
        match from_json(file.read_bytes()):
            case {"revision": {"definition": document}} | document:
                return Definition.model_validate(document)
    except OSError as error:
        raise DiscernError(f"{file} can't be read: {error.strerror or error}.") from error
    except ValidationError as error:
        wrong = error.errors()[0]
        place = "".join(f"{part}: " for part in wrong["loc"])
        raise DiscernError(f"{file} is no definition: {place}{wrong['msg']}.") from error
    except ValueError as error:
        raise DiscernError(f"{file} is no JSON: {error}.") from error


class Revision(_Document):
    """A numbered definition with who wrote it, when and why."""

    number: int
    definition: Definition
    author: str
    note: str
    created: datetime


Change = Literal["same", "added", "removed"]


def word_diff(before: str, after: str) -> list[tuple[Change, str]]:
    """Runs of words that stayed, were added or were removed, in reading order.

    Joining the `same` and `removed` runs gives `before` back, `same` and `added` give `after`.
    """
    old, new = re.findall(r"\s+|\S+", before), re.findall(r"\s+|\S+", after)
    runs: list[tuple[Change, str]] = []
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for operation, a0, a1, b0, b1 in matcher.get_opcodes():
        gone, come = "".join(old[a0:a1]), "".join(new[b0:b1])
        if operation == "equal":
            runs.append(("same", gone))
        else:
            changes: tuple[tuple[Change, str], ...] = (("removed", gone), ("added", come))
            runs += [change for change in changes if change[1]]
    return runs


def changed_lines(before: str, after: str) -> list[tuple[Change, str]]:
    """A word diff of the lines that differ."""
    old, new = before.splitlines(), after.splitlines()
    gone, come = ([line for line in one if line not in other] for one, other in ((old, new), (new, old)))
    return word_diff("\n".join(gone), "\n".join(come))
