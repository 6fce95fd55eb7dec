"""Rows of a label file: what one says of a picture, checked, and what its words mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from concepts.errors import DiscernError
from concepts.learning.scale import NONE, NONE_IN_WORDS, Scale
from storage.label_queries import VALUES, Value
from storage.labels import Author, AuthorKind

Split = Literal["train", "evaluation"]
Question = tuple[str, Author]  # what was asked of whom: a picture
Meaning = str  # an answer, a grade or a class of the scale as it has them, or LEAVE_OUT
LEAVE_OUT: Final = "leave out"

SPELLINGS: Final[dict[str, Value]] = {
    **dict.fromkeys(("yes", "y", "1", "1.0", "true", "positive"), "yes"),
    **dict.fromkeys(("no", "n", "0", "0.0", "false", "negative"), "no"),
    **dict.fromkeys(("unsure", "u", "?", "maybe"), "unsure"),
    **dict.fromkeys(("skip", "s"), "skip"),
}
MEANINGS: Final[dict[str, Meaning]] = {**{value: value for value in VALUES}, "leave-out": LEAVE_OUT}
GRADE = re.compile(r"([1-9]|10)(?:\.0*)?")
ALL_OTHERS = "*"  # stands for every word that has no meaning yet
ME = Author("me")
LONGEST_WORD = 200
LONGEST_COMMENT = 20_000  # all that one person remarked on a picture
QUESTION_COLUMNS = ("path", "id", "label", "comment", "split", "reason", "repeat")  # of a file to be filled
LABEL_COLUMNS = (
    "id", "path", "label", "author", "author_kind", "split", "definition", "created", "comment",
    "recorded_by", "in_view", "from_concept",
)  # fmt: skip
# What is read of a row, and how many characters that may have.
LONGEST = dict.fromkeys(("author_kind", "split", "in_view", "repeat"), 100)
LONGEST |= {"id": 4096, "path": 4096, "label": LONGEST_WORD, "author": 200, "comment": LONGEST_COMMENT}
NO_TEXT = re.compile("[\0\ud800-\udfff]")
NO_COLUMNS_OF_PICTURES = {*QUESTION_COLUMNS, *LABEL_COLUMNS}  # what says something of an answer


@dataclass(frozen=True, slots=True)  # a file may have a million
class LabelRow:
    """One usable row of a label file. `number` counts lines as an editor does, for messages."""

    number: int
    picture: str  # id or path as written
    value: Value
    author: Author
    split: Split | None = None
    comment: str = ""
    in_view: bool = False  # given with what the machine says beside the picture: it measures nothing
    repeat: bool = False  # asked a second time
    path: str = ""  # as written, where `picture` is an id: for a picture whose bytes differ there
    word: str = ""  # as written, of the label
    given: str | None = None  # the grade or class

    @property
    def said(self) -> str:
        return self.given or self.value

    @property
    def question(self) -> Question:
        return self.picture, self.author


@dataclass(frozen=True)
class BadRow:
    number: int
    reason: str


@dataclass(frozen=True)
class OpenRow:
    """A row with a picture and no answer yet, as a file that is being filled has them."""

    number: int


@dataclass(frozen=True)
class LeftOutRow:
    """A row whose word was said to mean nothing here."""

    number: int
    word: str


@dataclass(frozen=True)
class UnknownWordRow:
    """A row whose label is a word that somebody has to give a meaning."""

    number: int
    word: str
    picture: str
    path: str


Row = LabelRow | OpenRow | LeftOutRow | UnknownWordRow | BadRow
# What the reader of a format finds: the row's number, and its columns by name, or why it can't be read.
RawRow = tuple[int, "dict[str, Any] | BadRow"]


def meanings_of(pairs: Iterable[str], scale: Scale | None = None) -> dict[str, Meaning]:
    """WORD=MEANING each, such as clean=no or, where there are grades or classes, spotless=5; word → meaning.
    Raises `DiscernError`."""
    found: dict[str, Meaning] = {}
    for pair in pairs:
        word, _, rest = pair.rpartition("=")
        meaning = _meaning(rest.strip(), scale)
        while word and meaning is None:  # the name of a class may have = in it
            word, _, more = word.rpartition("=")
            rest = f"{more}={rest}"
            meaning = _meaning(rest.strip(), scale)
        if not word.strip() or meaning is None:
            own = [] if scale is None else [*scale.words, NONE]
            if scale and scale.is_graded:
                own = [f"1 to {len(scale.words)}"]
            raise DiscernError(
                f"“{pair[:LONGEST_WORD]}” says of no word what it means: write WORD=MEANING, where a meaning "
                f"is {', '.join([*own, *VALUES])} or leave-out."
            )
        found[word.strip()] = meaning
    return found


def _meaning(text: str, scale: Scale | None) -> Meaning | None:
    said = read_answer(text, scale) if scale else None
    return MEANINGS.get(text) if said is None else said[1] or said[0]


def read_answer(word: str, scale: Scale | None) -> tuple[Value, str | None] | None:
    """What a word says, and the grade or class of the scale that it names; None for no answer.

    Where there are grades, 1 is one; where there are classes, no is none of them. A plain yes is taken too:
    it says that one of the grades that count, or of the classes, is right.
    """
    key = " ".join(word.split()).casefold()
    if scale is None:
        value = SPELLINGS.get(key)
        return None if value is None else (value, None)
    given = _named(key, scale)
    if given is not None:
        option = scale.option_of(given)
        return None if option is None else ("yes" if scale.counts(option) else "no", given)
    value = None if key[:1].isdecimal() else SPELLINGS.get(key)
    return None if value is None else (value, None)


def _named(key: str, scale: Scale) -> str | None:
    if scale.is_graded:
        grade = GRADE.fullmatch(key)
        if grade:
            return grade[1]
        called = (
            word for word, name in zip(scale.words, scale.names, strict=False) if name.casefold() == key
        )
        return next(called, None) if key else None
    if key in (NONE, NONE_IN_WORDS, "no", "n"):
        return NONE
    return next((word for word in scale.words if word.casefold() == key), None)


def answers_in_words(scale: Scale | None) -> str:
    """What can be answered, for people."""
    if scale is None:
        return "yes, no, unsure or skip"
    if scale.is_graded:
        return f"1 to {len(scale.words)}, unsure or skip"
    return f"{', '.join(scale.words)}, {NONE}, unsure or skip"


def checked_rows(
    raw: Iterable[RawRow],
    *,
    brings: Author = ME,
    meanings: Mapping[str, Meaning] | None = None,
    scale: Scale | None = None,
) -> Iterator[Row]:
    """Who `brings` the rows gave the answers that name nobody else; where that is no real person, all of them
    are simulated. `meanings` of words come before the spellings that are known, and `ALL_OTHERS` after them;
    the case of letters doesn't matter."""
    by_word = {word.strip().casefold(): meaning for word, meaning in (meanings or {}).items()}
    for number, row in raw:
        yield row if isinstance(row, BadRow) else _checked(number, row, brings, by_word, scale)


def _checked(
    number: int,
    row: dict[str, Any],
    brings: Author,
    meanings: Mapping[str, Meaning],
    scale: Scale | None,
) -> Row:
    given = {key: row[key] for key in LONGEST.keys() & row.keys() if row[key] is not None}
    if several := next((key for key, value in given.items() if isinstance(value, list | dict)), ""):
        return BadRow(number, f"several values as its {several}")
    text = {key: str(value).strip() for key, value in given.items()}
    if too_long := next((key for key, value in text.items() if len(value) > LONGEST[key]), ""):
        return BadRow(number, f"its {too_long} has more than {LONGEST[too_long]:,} characters")
    if not all(map(can_be_kept, text.values())):
        return BadRow(number, "characters that are no text")
    picture = text.get("id") or text.get("path", "")
    if not picture:
        return BadRow(number, "neither an id nor a path")
    word = text.get("label", "")
    if not word:
        return OpenRow(number)
    kind = text.get("author_kind") or brings.kind
    if kind == "annotator":
        return BadRow(number, "a machine's label; only what people said is imported")
    if kind not in ("person", "simulated"):
        return BadRow(number, f"author_kind “{kind}” is neither person nor simulated")
    split = text.get("split", "").casefold()
    if split not in ("", "train", "evaluation"):
        return BadRow(number, f"split “{split}” is neither train nor evaluation")
    path = text.get("path", "") if text.get("id") else ""
    said, meant = read_answer(word, scale), meanings.get(word.casefold())
    meant = meant or (None if said else meanings.get(ALL_OTHERS))
    if meant == LEAVE_OUT:
        return LeftOutRow(number, word)
    answer = said if meant is None else read_answer(meant, scale)
    if answer is None:
        return UnknownWordRow(number, word, picture, path)
    checked_kind: AuthorKind = "simulated" if "simulated" in (brings.kind, kind) else "person"
    return LabelRow(
        number=number,
        picture=picture,
        value=answer[0],
        author=Author(text["author"], checked_kind) if text.get("author") else brings,
        split="evaluation" if split == "evaluation" else "train" if split == "train" else None,
        comment=text.get("comment", ""),
        in_view=SPELLINGS.get(text.get("in_view", "").casefold()) == "yes",
        repeat=SPELLINGS.get(text.get("repeat", "").casefold()) == "yes",
        path=path,
        word=word,
        given=answer[1],
    )


def can_be_kept(text: str) -> bool:
    """No half of a surrogate pair, which JSON allows, and no NUL, which a database refuses."""
    return NO_TEXT.search(text) is None
