"""What a concept is answered on, where that is more than yes and no: grades, or exclusive classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from concepts.errors import DiscernError

Kind = Literal["graded", "classes"]
NONE = "none"  # of the classes, as an answer is kept
NONE_IN_WORDS = "none of these"
FEWEST_GRADES, MOST_GRADES = 3, 10  # two are yes and no; of more there is no key for each
MOST_CLASSES = 9
LONGEST_NAME = 60
TAKEN = {"yes", "no", "unsure", "skip", "undo", "comment", "conflict", "", NONE, NONE_IN_WORDS} | {
    "leave out",  # what a word of a file may mean, as it is called and as it is typed
    "leave-out",
}

Options = NDArray[np.bool_]  # (n, options): what each label leaves possible


@dataclass(frozen=True)
class Scale:
    """Grades 1 to n, of which those from `counts_from` on count; or classes of which at most one is right.

    words: what can be said, lowest grade first, or the classes without “none of these”. names: what people
    call each grade, empty for one that has its number alone; none at all where nobody named any. Options are
    numbered from 0: grade 1 is 0; of classes none is 0 and the first is 1.
    """

    kind: Kind
    words: tuple[str, ...]
    counts_from: int = 0  # of grades
    names: tuple[str, ...] = ()  # of grades

    @classmethod
    def graded(cls, n: int, counts_from: int | None = None, names: Sequence[str] = ()) -> Scale:
        """Counts from the middle grade on unless said otherwise. `names`: of the lowest and the highest, or
        of each, where one may be empty. Raises `DiscernError`."""
        if not FEWEST_GRADES <= n <= MOST_GRADES:
            raise DiscernError(f"There can be {FEWEST_GRADES} to {MOST_GRADES} grades, not {n}.")
        line = (n + 1) // 2 if counts_from is None else counts_from
        if not 2 <= line <= n:
            raise DiscernError(f"Of {n} grades, pictures can count from grade 2 to {n} on, not from {line}.")
        return cls("graded", tuple(str(grade) for grade in range(1, n + 1)), line, _names_of(n, names))

    @classmethod
    def of_classes(cls, names: Sequence[str]) -> Scale:
        """Raises `DiscernError` for names that can't be told apart or mean something else as an answer."""
        words = tuple(" ".join(name.split()) for name in names)
        if not 2 <= len(words) <= MOST_CLASSES:
            raise DiscernError(f"There can be 2 to {MOST_CLASSES} classes, not {len(words)}.")
        _refuse_unusable(words, "class", "classes", f" “{NONE_IN_WORDS}” is always there.")
        return cls("classes", words)

    @classmethod
    def read(cls, document: Mapping[str, Any] | None) -> Scale | None:
        """As it is kept with a concept."""
        if document is None:
            return None
        names = tuple(document.get("names", ()))
        return cls(document["kind"], tuple(document["words"]), int(document.get("counts_from", 0)), names)

    def as_document(self) -> dict[str, Any]:
        kept = {"kind": self.kind, "words": list(self.words), "counts_from": self.counts_from}
        return kept | ({"names": list(self.names)} if self.names else {})

    @property
    def is_graded(self) -> bool:
        return self.kind == "graded"

    @property
    def options(self) -> int:
        return len(self.words) + (not self.is_graded)

    @property
    def answers(self) -> tuple[str, ...]:
        """What can be said, as it is kept."""
        return self.words if self.is_graded else (*self.words, NONE)

    def words_of_options(self) -> tuple[str, ...]:
        """For people, in the order of the options."""
        return self.words if self.is_graded else (NONE_IN_WORDS, *self.words)

    def option_of(self, given: str | None) -> int | None:
        """The option that was said; None for what names none."""
        if given in self.words:
            return self.words.index(given) + (not self.is_graded)
        return 0 if given == NONE and not self.is_graded else None

    def counts(self, option: int) -> bool:
        """Whether that comes down to a yes: a grade from the line on, any class."""
        return option + 1 >= self.counts_from if self.is_graded else option > 0

    def possible(self, yes: bool, given: str | None = None) -> Options:
        """(options,) what an answer leaves possible: the one that was said; else, as of an example or a
        machine's yes, all that come down to the same."""
        option = self.option_of(given)
        if option is not None:
            return np.array([one == option for one in range(self.options)], dtype=bool)
        return np.array([self.counts(one) == yes for one in range(self.options)], dtype=bool)


def _names_of(n: int, given: Sequence[str]) -> tuple[str, ...]:
    """(n,) names of the grades from those of the ends or of all; none where nothing is named. Raises
    `DiscernError`."""
    names = tuple(" ".join(name.split()) for name in given)
    if not any(names):
        return ()
    if len(names) not in (2, n):
        raise DiscernError(
            f"{n} grades take two names, for the lowest and the highest, or {n}, one for each, not "
            f"{len(names)}."
        )
    _refuse_unusable([name for name in names if name], "grade", "grades")
    return names if len(names) == n else (names[0], *[""] * (n - 2), names[1])


def _refuse_unusable(names: Sequence[str], one: str, several: str, more: str = "") -> None:
    """Raises `DiscernError` for names that can't be told apart or mean something else as an answer: a number,
    which is a key, or what can't be the name of a folder anywhere."""
    for name in names:
        apart = name.isdecimal() or name.startswith(".") or set(name) & set("/\\,:")
        if apart or name.casefold() in TAKEN or len(name) > LONGEST_NAME or not name.isprintable():
            raise DiscernError(
                f"“{name[:LONGEST_NAME]}” can't be the name of a {one}: it takes words of its own, of at "
                f"most {LONGEST_NAME} characters, without / and :.{more}"
            )
    if len({name.casefold() for name in names}) < len(names):
        raise DiscernError(f"Two {several} have the same name.")


@dataclass(frozen=True)
class ScaleLabels:
    """What n labels leave possible on a scale: (n, options)."""

    scale: Scale
    possible: Options

    def at(self, rows: Any) -> ScaleLabels:
        return ScaleLabels(self.scale, self.possible[rows])

    @property
    def distinct(self) -> int:
        """How many different things were said exactly."""
        exact = self.possible[self.possible.sum(axis=1) == 1]
        return len(np.unique(exact, axis=0))
