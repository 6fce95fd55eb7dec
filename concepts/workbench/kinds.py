"""Every kind of long work: what it needs to know, which lane it waits in, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from concepts.annotators.compared import AnnotatorsCompared
from concepts.annotators.run import AnnotateResult
from concepts.candidates.mining import MineResult
from concepts.classifier.coverage import Coverage
from concepts.classifier.doubts import Doubts
from concepts.classifier.quality import CurvePoint
from concepts.classifier.rarity import Rarity
from concepts.classifier.robustness import Robustness
from concepts.classifier.second_look import Suspect
from concepts.classifier.settling import Settling
from concepts.definition.questions import Question
from concepts.deliberation.ambiguities import Ambiguity
from concepts.deliberation.looking_back import Contradicted
from concepts.export.run import ScoreResult
from concepts.export.smaller import Int8Measured
from concepts.installation.endpoint import EndpointReport
from concepts.jobs import Job, Lane
from concepts.library.emptying import Emptied
from concepts.library.health import Checked
from concepts.view import View

# Pictures


class Added(View):
    """`unchanged` files were read by an earlier run; `skipped` counts bad files by reason. `removed_before`:
    files of pictures that somebody removed from the library, which stay out of it."""

    added: int
    duplicates: int
    unchanged: int
    removed_before: int = 0
    embedded: int
    skipped: dict[str, int]
    seconds: float
    pictures_per_second: float | None


class DatesRead(View):
    """`dated` say when they were taken; of the others no file does, or none is there any more."""

    looked_at: int
    dated: int


class Embedded(View):
    embedded: int


@dataclass(frozen=True)
class AddPictures(Job[Added]):
    kind = "add pictures"
    lane = Lane.LONG
    paths: tuple[str, ...]
    encoder: str | None = None
    confined: bool = False  # to where the app may read


@dataclass(frozen=True)
class AddSample(Job[Added]):
    kind = "add sample"
    lane = Lane.LONG


@dataclass(frozen=True)
class CheckLibrary(Job[Checked]):
    """Compares what there is with what SQL says; with `repair` what is missing is made again."""

    kind = "check library"
    lane = Lane.LONG
    repair: bool = False


@dataclass(frozen=True)
class ReadDates(Job[DatesRead]):
    """Asks the files of pictures that were added by an older version when they were taken."""

    kind = "read dates"
    lane = Lane.LONG


@dataclass(frozen=True)
class EmptyBin(Job[Emptied]):
    """Takes away for good what was removed from the library; `refuse`: it shall not come in again."""

    kind = "empty bin"
    lane = Lane.LONG
    author: str
    refuse: bool = False


@dataclass(frozen=True)
class Reembed(Job[Embedded]):
    kind = "re-embed"
    lane = Lane.LONG
    encoder: str


class NeighboursFound(View):
    """`compared`: pictures whose neighbours were looked for, of all; `recall`: how many of its nearest
    pictures each one has now, on average."""

    pictures: int
    compared: int
    recall: float
    seconds: float


@dataclass(frozen=True)
class FindNeighbours(Job[NeighboursFound]):
    """Finds the nearest others of pictures that are new, with `anew` of all."""

    kind = "find neighbours"
    lane = Lane.LONG
    anew: bool = False


class Tidied(View):
    """Bytes on disk, of the vectors and all that belongs to them."""

    before: int
    after: int


@dataclass(frozen=True)
class TidyVectors(Job[Tidied]):
    """Removes from disk what only older states of the vectors have."""

    kind = "tidy vectors"
    lane = Lane.LONG


class WordsRead(View):
    """`pictures` that were looked at, and in how many of them there were `words`; `gone`: no file has them
    any more."""

    pictures: int
    words: int
    gone: int


@dataclass(frozen=True)
class ReadWords(Job[WordsRead]):
    """Reads the words in all pictures in which nobody has looked for some yet."""

    kind = "read words"
    lane = Lane.READING


# Definitions


class Drawn(View):
    pictures: int


@dataclass(frozen=True)
class DrawEvaluation(Job[Drawn]):
    """Sets pictures aside to measure with."""

    kind = "draw evaluation"
    lane = Lane.SHORT
    concept_id: int


class Expanded(View):
    """`problem` is why the model that is set did not propose it and the built-in words did."""

    revision: int
    author: str
    problem: str = ""


@dataclass(frozen=True)
class Expand(Job[Expanded]):
    kind = "expand"
    lane = Lane.SHORT
    concept_id: int


class QuestionsAsked(View):
    """What was asked about a concept, and by whom: a model's name, or the built-in reader's. `problem` is why
    the model that is set asked nothing and the built-in reader did."""

    questions: list[Question]
    author: str
    problem: str = ""


@dataclass(frozen=True)
class AskQuestions(Job[QuestionsAsked]):
    """What to ask the person to find out what they mean."""

    kind = "questions"
    lane = Lane.SHORT
    concept_id: int


class KindsProposed(View):
    """`added` kinds of pictures that nobody had thought of, in definition `revision`."""

    revision: int
    author: str
    added: int


@dataclass(frozen=True)
class ProposeKinds(Job[KindsProposed]):
    """More kinds of pictures near a necessary criterion, or near the concept where `signal` is empty."""

    kind = "more kinds"
    lane = Lane.SHORT
    concept_id: int
    signal: str = ""


@dataclass(frozen=True)
class Mine(Job[MineResult]):
    kind = "mine"
    lane = Lane.SHORT
    concept_id: int
    size: int


# Answers


@dataclass(frozen=True)
class Annotate(Job[AnnotateResult]):
    """`budget` in USD."""

    kind = "annotate"
    lane = Lane.LONG
    concept_id: int
    limit: int | None = None
    budget: float | None = None
    annotator: str = "auto"
    large: bool = False  # by the model for doubtful pictures
    examples: bool = False  # with answered pictures beside each
    repeats: bool = False  # asked three times where the endpoint doesn't tell how sure it is
    rounds: int | None = None  # after each the classifier chooses what is asked next; None: as many as suit
    cascade: float | None = None  # cheap models first, each where at least this share of it is right


@dataclass(frozen=True)
class CompareAnnotators(Job[AnnotatorsCompared]):
    """`budget` in USD."""

    kind = "compare annotators"
    lane = Lane.LONG
    concept_id: int
    budget: float | None = None


At = tuple[int, int, str, int]


class LookedOver(View):
    """What came of looking over the answers of people: up to the label event `answers`, which are `counted`
    pictures with one, under a definition, in the `library` of this version, with the concept's newest
    `version` (0: none yet)."""

    answers: int
    definition: int
    library: str
    counted: int
    suspects: list[Suspect]  # the most doubtful first
    settling: Settling | None  # None with too few answers to say
    rarity: Rarity | None  # None before there are answers to measure with
    coverage: Coverage | None  # None with too few pictures to say
    version: int = 0
    doubts: Doubts | None = None  # of the version; None before there is one for this library

    @property
    def at(self) -> At:
        return self.answers, self.definition, self.library, self.version


@dataclass(frozen=True)
class LookOver(Job[LookedOver]):
    """Asked for when there were answers up to the label event `answers`, a definition, this library and this
    newest version (0: none)."""

    kind = "look over"
    lane = Lane.FOLLOWING
    concept_id: int
    answers: int
    definition: int
    library: str
    version: int = 0

    @property
    def at(self) -> At:
        return self.answers, self.definition, self.library, self.version


# Deliberation


class Looked(View):
    """What is open about a definition, in the order in which to meet it. `asked` pictures were looked at by
    the model `by` (empty: the built-in encoder). `stopped`: why it ended early, in words."""

    definition: int
    ambiguities: list[Ambiguity]
    asked: int
    by: str
    stopped: str = ""


@dataclass(frozen=True)
class FindAmbiguities(Job[Looked]):
    """`budget` in USD."""

    kind = "find ambiguities"
    lane = Lane.LONG
    concept_id: int
    budget: float | None = None


class Reworded(View):
    """`rewording` is none where no wording came before the answers that judge. `sifted` wordings were tried,
    on `read` answers of which the machine had `mistakes` wrong; `judging` answers judged the best of them."""

    definition: int
    rewording: int | None = None
    sifted: int = 0
    read: int = 0
    mistakes: int = 0
    judging: int = 0
    better: int = 0
    by: str = ""
    stopped: str = ""


@dataclass(frozen=True)
class Reword(Job[Reworded]):
    """`budget` in USD."""

    kind = "reword"
    lane = Lane.LONG
    concept_id: int
    budget: float | None = None


class LookedBack(View):
    """Earlier answers that the words of `definition` may contradict, of so many `looked` at. Up to the label
    event `answers`."""

    definition: int
    answers: int
    looked: int
    contradicted: list[Contradicted]
    stopped: str = ""


@dataclass(frozen=True)
class LookBack(Job[LookedBack]):
    """After the words of the concept changed to `definition`. `budget` in USD."""

    kind = "look back"
    lane = Lane.LONG
    concept_id: int
    definition: int
    budget: float | None = None


# Versions


class Trained(View):
    """`new` is false where training would only have repeated the newest version."""

    version: int
    new: bool
    measured: bool


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
class ExamineRobustness(Job[Robustness]):
    """Looks at answered pictures again after small changes: blur, crop, a pixel's move."""

    kind = "robustness"
    lane = Lane.LONG
    concept_id: int
    version: int


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
class MeasureInt8(Job[Int8Measured]):
    """What an encoder in int8 would change for a version, and for the newest of the concepts `also`."""

    kind = "measure int8"
    lane = Lane.LONG
    concept_id: int
    version: int
    also: tuple[tuple[int, int], ...] = ()  # concept and version of each


# The installation


@dataclass(frozen=True)
class ExamineEndpoint(Job[EndpointReport]):
    kind = "test endpoint"
    lane = Lane.SHORT
    address: str
