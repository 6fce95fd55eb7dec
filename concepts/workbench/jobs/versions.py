"""Long work with what was trained: training, measuring, scoring, watching."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import computed_field

from concepts.classifier.quality import CurvePoint
from concepts.jobs import Job, Lane
from concepts.publishing.export import ScoreResult
from concepts.publishing.keywords import FilesCopied, KeywordsWritten
from concepts.view import View


class Trained(View):
    """`new` is false where training would only have repeated the newest version."""

    version: int
    kind: str  # of the head
    threshold: float
    notes: tuple[str, ...] = ()
    new: bool
    measured: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def number(self) -> int:
        """Of the version, as versions call it."""
        return self.version


class PartsSeen(View):
    """Of so many pictures a part is looked at; 0 where whole ones are."""

    pictures: int


class Measured(View):
    version: int
    measured: bool


class Curve(View):
    points: list[CurvePoint]


class LibraryScored(View):
    pictures: int


@dataclass(frozen=True)
class Train(Job[Trained]):
    """Trains, measures and looks at the library. `target` is what the threshold is for, `head` how it
    learns: a registered way."""

    kind = "train"
    lane = Lane.SHORT
    concept_id: int
    target: str = "f1"
    head: str = "auto"


@dataclass(frozen=True)
class Evaluate(Job[Measured]):
    kind = "evaluate"
    lane = Lane.SHORT
    concept_id: int
    version: int


@dataclass(frozen=True)
class DrawCurve(Job[Curve]):
    """What each answer helped, up to the label event `answers`."""

    kind = "learning curve"
    lane = Lane.FOLLOWING
    concept_id: int
    answers: int


@dataclass(frozen=True)
class ScoreLibrary(Job[LibraryScored]):
    kind = "score library"
    lane = Lane.SHORT
    concept_id: int
    version: int


@dataclass(frozen=True)
class TryRule(Job[LibraryScored]):
    """What a rule says of every picture: its text, or a name under which one was kept."""

    kind = "try rule"
    lane = Lane.SHORT
    rule: str
    kept: str = ""


@dataclass(frozen=True)
class ScoreFiles(Job[ScoreResult]):
    """Into a file of the data folder, by a version; without `paths` the library."""

    kind = "score files"
    lane = Lane.LONG
    concept_id: int
    version: int
    paths: tuple[str, ...]
    suffix: str


class TableResult(View):
    """`concepts`: the version of each that is in it. `left_out`: why others aren't."""

    out: str
    rows: int
    concepts: dict[str, int]
    left_out: dict[str, str]


@dataclass(frozen=True)
class ScoreTable(Job[TableResult]):
    """What all concepts, or these, say of the whole library, into the file `out`; without one, of the data
    folder."""

    kind = "score table"
    lane = Lane.LONG
    suffix: str
    concepts: tuple[int, ...] = ()
    out: str = ""


@dataclass(frozen=True)
class Score(Job[ScoreResult]):
    """Into the file `out`, by a bundle; without `paths` the library."""

    kind = "score"
    lane = Lane.LONG
    bundle: str
    paths: tuple[str, ...]
    out: str
    trust_encoder: str | None = None
    digest: str | None = None
    accept_changed: bool = False


@dataclass(frozen=True)
class WriteKeywords(Job[KeywordsWritten]):
    """Beside the files of pictures that count; with `remove` nowhere any more."""

    kind = "write keywords"
    lane = Lane.LONG
    concept_id: int
    remove: bool = False
    confined: bool = False  # to where the app may read and write


@dataclass(frozen=True)
class CopyFiles(Job[FilesCopied]):
    """Files of pictures that count, or links to them, into a folder."""

    kind = "copy files"
    lane = Lane.LONG
    concept_id: int
    folder: str
    link: bool = False
    confined: bool = False


class LookedAt(View):
    """What a look at a watched folder took in. `unsettled` files were still being written."""

    seen: int
    flagged: int
    asked: int
    skipped: int
    unsettled: int


@dataclass(frozen=True)
class LookAtFolder(Job[LookedAt]):
    """Takes in what is new in a watched folder, and says what a version says of it."""

    kind = "watch"
    lane = Lane.WATCHING
    concept_id: int
    watch: int


@dataclass(frozen=True)
class LookAtParts(Job[PartsSeen]):
    """Looks at the parts of every picture, and has the concept look at the one like what was framed; or at
    whole pictures again."""

    kind = "look at parts"
    lane = Lane.LONG
    concept_id: int
    whole: bool = False
