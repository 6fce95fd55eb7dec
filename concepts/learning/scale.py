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
FEWEST_GRADES, MOST_GRADES = 3, 9  # a key each
MOST_CLASSES = 9
LONGEST_CLASS = 60
TAKEN = {"yes", "no", "unsure", "skip", "undo", "comment", "conflict", "", NONE, NONE_IN_WORDS}

Options = NDArray[np.bool_]  # (n, options): what each label leaves possible


@dataclass(frozen=True)
class Scale:
    """Grades 1 to n, of which those from `counts_from` on count; or classes of which at most one is right.

    words: what can be said, lowest grade first, or the classes without “none of these”. Options are numbered
    from 0: grade 1 is 0; of classes none is 0 and the first is 1.
    """

    kind: Kind
    words: tuple[str, ...]
    counts_from: int = 0  # of grades

    @classmethod
    def graded(cls, n: int, counts_from: int | None = None) -> Scale:
        """Counts from the middle grade on unless said otherwise. Raises `DiscernError`."""
        if not FEWEST_GRADES <= n <= MOST_GRADES:
            raise DiscernError(f"There can be {FEWEST_GRADES} to {MOST_GRADES} grades, not {n}.")
        line = (n + 1) // 2 if counts_from is None else counts_from
        if not 2 <= line <= n:
            raise DiscernError(f"Of {n} grades, pictures can count from grade 2 to {n} on, not from {line}.")
        return cls("graded", tuple(str(grade) for grade in range(1, n + 1)), line)

    @classmethod
    def of_classes(cls, names: Sequence[str]) -> Scale:
        """Raises `DiscernError` for names that can't be told apart or mean something else as an answer."""
        words = tuple(" ".join(name.split()) for name in names)
        folded = [word.casefold() for word in words]
        if not 2 <= len(words) <= MOST_CLASSES:
            raise DiscernError(f"There can be 2 to {MOST_CLASSES} classes, not {len(words)}.")
        for word, key in zip(words, folded, strict=True):
            if key in TAKEN or not _may_be_a_class(word):
                raise DiscernError(
                    f"“{word[:LONGEST_CLASS]}” can't be the name of a class: it takes a word of its own, of "
                    f"at most {LONGEST_CLASS} characters, without / and :. “{NONE_IN_WORDS}” is always "
                    "there."
                )
        if len(set(folded)) < len(folded):
            raise DiscernError("Two classes have the same name.")
        return cls("classes", words)

    @classmethod
    def read(cls, document: Mapping[str, Any] | None) -> Scale | None:
        """As it is kept with a concept."""
        if document is None:
            return None
        return cls(document["kind"], tuple(document["words"]), int(document.get("counts_from", 0)))

    def as_document(self) -> dict[str, Any]:
        return {"kind": self.kind, "words": list(self.words), "counts_from": self.counts_from}

    @property
    def is_graded(self) -> bool:
        return self.kind == "graded"

    @property
    def options(self) -> int:
        return len(self.words) + (not self.is_graded)

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


def _may_be_a_class(word: str) -> bool:
    """No number, which is a key, and the name of a folder anywhere."""
    apart = word.isdecimal() or word.startswith(".") or set(word) & set("/\\,:")
    return not apart and len(word) <= LONGEST_CLASS and word.isprintable()


@dataclass(frozen=True)
class Said:
    """What n labels leave possible on a scale: (n, options)."""

    scale: Scale
    possible: Options

    def at(self, rows: Any) -> Said:
        return Said(self.scale, self.possible[rows])

    @property
    def distinct(self) -> int:
        """How many different things were said exactly."""
        exact = self.possible[self.possible.sum(axis=1) == 1]
        return len(np.unique(exact, axis=0))
