"""Errors of the domain: each class is a row of the table that `storage.errors` begins."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from storage.errors import (
    BadPictureError,
    BucketError,
    BucketRefusedError,
    BucketUnreachableError,
    ConceptInTrashError,
    ConflictError,
    DamagedDatabaseError,
    DamagedIndexError,
    DiscernError,
    DiskFullError,
    EarlierDatabaseError,
    LostDatabaseError,
    LostJobError,
    NewerDatabaseError,
    NoPermissionError,
    NoSuchBucketError,
    ReadOnlyError,
    StorageError,
    UnknownCollectionError,
    UnknownConceptError,
    UnknownJobError,
    UnknownPictureError,
    UnknownVersionError,
    UnknownWatchError,
)

if TYPE_CHECKING:  # it brings SQLAlchemy, which whoever only shows an error doesn't need
    from storage.calls import Outcome

__all__ = [
    "BadPictureError",
    "BucketError",
    "BucketRefusedError",
    "BucketUnreachableError",
    "ConceptInTrashError",
    "ConflictError",
    "DamagedDatabaseError",
    "DamagedIndexError",
    "DiscernError",
    "DiskFullError",
    "EarlierDatabaseError",
    "LostDatabaseError",
    "LostJobError",
    "NewerDatabaseError",
    "NoPermissionError",
    "NoSuchBucketError",
    "ReadOnlyError",
    "StorageError",
    "UnknownCollectionError",
    "UnknownConceptError",
    "UnknownJobError",
    "UnknownPictureError",
    "UnknownVersionError",
    "UnknownWatchError",
]


MOST_DIFFERENCES = 5  # that a message lists
MODELS = {"scoping": "LLM", "annotating": "VLM", "escalating": "LARGE_VLM", "criticising": "CRITIC"}


class SettingsError(DiscernError):
    """A setting is missing or can't be used."""

    http_status = 422


class BadSettingsError(SettingsError):
    """Values of settings that can't be used: name of the setting → what is wrong with it."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        said = "; ".join(f"{name}: {problem}" for name, problem in problems.items())
        super().__init__(f"These settings can't be used: {said}")
        self.problems = dict(problems)


class BadPriceError(SettingsError):
    """What stands where the price of a model should. `setting` is its name, such as "vlm_price"."""

    in_terminal = "Set {error.variable} to USD per million tokens, input/output, such as 0.15/0.60."
    on_screen = "Write it in US dollars per million tokens, in/out, such as 0.15/0.60."

    def __init__(self, setting: str, text: str) -> None:
        super().__init__(f"“{text}” is not a price.")
        self.setting = setting
        self.variable = f"DISCERN_{setting.upper()}"


class WrongUsageError(DiscernError):
    """What is asked for makes no sense, whatever there is. Raised before any work is done."""

    http_status = 422


class UnknownMethodError(WrongUsageError):
    """A head, encoder, annotator, … was asked for by a name that is none. Raised before any work is done."""

    def __init__(self, kind: str, name: str, names: Sequence[str]) -> None:
        super().__init__(f"There is no {kind} “{name}”. There are: {', '.join(names)}.")
        self.kind = kind
        self.name = name
        self.names = list(names)


class BrokenMethodError(DiscernError):
    """A head, encoder, annotator, … of another package was asked for, and that package can't be loaded."""

    http_status = 503
    in_terminal = "Mend it (pip install --force-reinstall {error.package}) or pip uninstall {error.package}."
    on_screen = "Mend or remove that package, then start Discern again."

    def __init__(self, kind: str, name: str, package: str, reason: str) -> None:
        super().__init__(f"The {kind} “{name}” of the package {package} can't be loaded ({reason}).")
        self.kind = kind
        self.name = name
        self.package = package


class MissingPackageError(DiscernError):
    """What was asked for needs an optional `package`. `extra`: of Discern, that brings it; empty where it is
    called like the package."""

    in_terminal = (
        "Install it: pip install 'discern[{error.extra}]', or in a checkout pip install -r "
        "requirements-{error.extra}.txt."
    )
    on_screen = "Whoever installed Discern can add it; then start Discern again."

    def __init__(self, package: str, extra: str = "") -> None:
        brought = f": Discern’s extra “{extra}” brings it" if extra else ""
        super().__init__(f"This needs the package {package}, which is not installed{brought}.")
        self.package = package
        self.extra = extra or package


class NoModelError(SettingsError):
    """No model is set for a role (of `concepts.language.Role`)."""

    in_terminal = "Set OPENAI_BASE_URL or OPENAI_API_KEY, and {error.variable}."
    on_screen = "Set one on Settings."

    def __init__(self, role: Literal["scoping", "annotating", "escalating", "criticising"]) -> None:
        what = "vision-language model" if role in ("annotating", "escalating") else "language model"
        super().__init__(f"No {what} is set.")
        self.role = role
        self.variable = f"DISCERN_{MODELS[role]}_MODEL"


class NoPriceError(SettingsError):
    """A budget can't be kept without the price of the model."""

    in_terminal = (
        "Set DISCERN_LLM_PRICE (words) or DISCERN_VLM_PRICE (pictures) to USD per million tokens, "
        "input/output, for example 0.15/0.60; 0/0 where it costs nothing. DISCERN_PRICES takes them by "
        "the names of models."
    )
    on_screen = "Set it on Settings; 0/0 where it costs nothing."

    def __init__(self, model: str) -> None:
        super().__init__(f"A budget needs the price of {model}, and none is set.")
        self.model = model


class RuleTextError(DiscernError):
    """A rule that combines concepts can't be read; `place` is where in its text, from 0 on."""

    http_status = 422

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


class UnknownCombinationError(DiscernError):
    """No rule is kept under this name."""

    http_status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"No combination is kept as “{name}”.")


class NotScoredError(ConflictError):
    """A rule is tried on a large library without scores for it. Only programs read this; others begin it."""

    def __init__(self) -> None:
        super().__init__("The library has no scores for this rule yet. POST to combine/library-scores first.")


class UnknownPromptError(DiscernError):
    """There is no prompt of this name that could be edited; there are `names`."""

    http_status = 404

    def __init__(self, name: str, names: Iterable[str]) -> None:
        super().__init__(f"There is no prompt “{name}” to edit. There are: {', '.join(names)}.")


class OtherVariablesError(DiscernError):
    """An edited prompt lacks variables of the prompt it stands for, or has others."""

    http_status = 422

    def __init__(self, name: str, missing: Iterable[str], unknown: Iterable[str]) -> None:
        lacks, other = _variables(missing), _variables(unknown)
        said = [f"it lacks {lacks}"] if lacks else []
        said += [f"it has {other}, which nothing fills in"] if other else []
        super().__init__(f"The text of {name} has to use the variables it had: {'; '.join(said)}.")


def _variables(names: Iterable[str]) -> str:
    return ", ".join(f"{{{{ {name} }}}}" for name in sorted(names))


class EmptyLibraryError(DiscernError):
    """There are no pictures yet."""

    in_terminal = "Add pictures first: discern library add FOLDER"
    on_screen = "Add some on Library."

    def __init__(self) -> None:
        super().__init__("There are no pictures in the library yet.")


class NoConceptError(UnknownConceptError):
    """A concept was asked for by name where none was begun yet."""

    in_terminal = "Begin one: discern concept new NAME --description SENTENCE"
    on_screen = "Begin one on Home."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no concept “{name}”, nor any other yet.")
        self.name = name


class NoVersionError(UnknownVersionError):
    """Nothing was trained for a concept yet."""

    in_terminal = "Train one: discern concept train {error.concept!q}"
    on_screen = "Train one on Check."

    def __init__(self, concept: str) -> None:
        super().__init__(f"“{concept}” has no trained version yet.")
        self.concept = concept


class NotAllowedError(DiscernError):
    """What was asked for is not permitted here, whoever asks."""

    http_status = 403


class QuotaError(NotAllowedError):
    """A visitor of a demo has used up what each gets: at most `most` of `what`."""

    http_status = 403

    def __init__(self, what: Literal["archives", "jobs", "disk"], most: int) -> None:
        said = {
            "archives": "This demo takes pictures one by one, no archives or videos.",
            "jobs": f"In this demo long work may wait {most} at a time. Let some of yours end.",
            "disk": f"Your part of this demo is full: everybody gets {most / 1e6:,.0f} MB. What is there can "
            "still be seen and downloaded.",
        }
        super().__init__(said[what])
        self.what = what
        self.most = most


class EncoderError(DiscernError):
    """An encoder can't be loaded or used."""

    http_status = 503


class EngineError(DiscernError):
    """The machines that were to do the work (Ray) can't be reached or failed. What came back is kept."""

    in_terminal = (
        "See that Ray runs there, then run the same command again: it goes on where it was. Without "
        "DISCERN_ENGINE this computer does the work itself."
    )
    on_screen = "Try it again once Ray runs: it goes on where it was."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The work can't go on where it was sent to (Ray: {reason}).")
        self.reason = reason


class UntrustedEncoderError(EncoderError):
    """A file from elsewhere names an encoder that nobody here has chosen. It was not loaded."""

    in_terminal = (
        "To use a copy of it, name local-dir:FOLDER. If you trust whoever made this encoder, run the same "
        "command with --trust-encoder {error.name!q}"
    )

    def __init__(self, name: str) -> None:
        super().__init__(f"This classifier is for the encoder “{name}”, which nobody has chosen here.")
        self.name = name


class OtherEncoderError(DiscernError):
    """Pictures were about to be added with another encoder than the library's."""

    in_terminal = (
        "Leave out the encoder, or change it for all pictures: discern library reembed {error.asked!q}"
    )
    on_screen = "Leave out the encoder, or change it for all pictures on Settings, Encoder."

    def __init__(self, recorded: str, asked: str) -> None:
        super().__init__(f"The vectors of this library are from “{recorded}”, not from “{asked}”.")
        self.recorded = recorded
        self.asked = asked


class FingerprintMismatchError(DiscernError):
    """Vectors, heads or bundles of two different encoders were about to be mixed (rule 3)."""

    http_status = 409
    in_terminal = (
        "Embed the library with that encoder (discern library reembed), or train again with this one "
        "(discern concept train)."
    )
    on_screen = "Choose that encoder on Settings, Encoder, or train again on Check."

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(f"{what} was made with encoder {found}, but this library uses {expected}.")
        self.expected = expected
        self.found = found


class ChangedBundleError(DiscernError):
    """A bundle is not as it was written. `differences` say how, a clause each."""

    in_terminal = "Take away what isn't its own, or copy it again. To use it as it is, add --accept-changed"

    def __init__(self, bundle: str, differences: Sequence[str]) -> None:
        shown = list(differences[:MOST_DIFFERENCES])
        if more := len(differences) - len(shown):
            shown.append(f"{more} more")
        super().__init__(f"{bundle} has changed since it was exported: {'; '.join(shown)}.")
        self.differences = list(differences)


class NotAnsweredError(DiscernError):
    """A picture that measures, of which whoever asks has not answered yet."""

    http_status = 409

    def __init__(self, concept: str) -> None:
        super().__init__(f"This is a test picture of “{concept}”. Label it first: the score would sway you.")
        self.concept = concept


class NotEnoughLabelsError(DiscernError):
    """There are too few answers to do what was asked: at least `needed` more, for this `purpose`."""

    http_status = 409
    in_terminal = (
        "Label some: discern concept next NAME{error.option} --out answers.csv, then discern concept labels "
        "import NAME answers.csv"
    )
    on_screen = "Label more pictures first."

    def __init__(
        self, message: str, *, needed: int = 1, purpose: Literal["train", "evaluation"] = "train"
    ) -> None:
        super().__init__(message)
        self.needed = needed
        self.purpose = purpose
        self.option = " --evaluation" if purpose == "evaluation" else ""


class NotEnoughPicturesError(DiscernError):
    """It takes `needed` pictures that nobody has answered about, and there are only so many."""

    http_status = 409
    in_terminal = "Take a lower --at-least, or add pictures: discern library add PATH"
    on_screen = "Add pictures, or ask for fewer of 100 to be right."

    def __init__(self, needed: int, there: int) -> None:
        super().__init__(
            f"It takes {needed} unlabelled pictures, near-duplicates counted once, and there are {there}."
        )
        self.needed = needed
        self.there = there


class NoUsableRowsError(DiscernError):
    """No row of a label file can be used. `rows` are (number, reason)."""

    http_status = 422
    in_terminal = "Nothing was imported. Fix these rows, then run: discern concept labels import NAME FILE"
    on_screen = "Mend these rows and give the file again: nothing was taken."

    def __init__(self, file: str, rows: Sequence[tuple[int, str]]) -> None:
        number, reason = rows[0]
        super().__init__(f"None of the {len(rows)} rows of {file} can be used. Row {number}: {reason}.")
        self.rows = list(rows)


class UnknownColumnsError(DiscernError):
    """A table's headings name no picture, or no label. `columns` are (heading, its first values)."""

    http_status = 422
    in_terminal = "Say which of its columns that is: {error.as_columns}."
    on_screen = "Say which of its columns is what, then take the file again."

    def __init__(self, file: str, columns: Sequence[tuple[str, Sequence[str]]]) -> None:
        has = [name for name, _ in columns]
        missing = {"path": "“path” or “id”"} if not {"path", "id"} & {*has} else {}
        missing |= {"label": "“label”"} if not {"label", "caption"} & {*has} else {}
        needed = " and a column ".join(missing.values())
        super().__init__(f"{file} needs a column {needed}. It has: {', '.join(has)[:1000] or 'nothing'}.")
        self.columns = list(columns)
        self.as_columns = " ".join(f"--column {ours}=HEADING" for ours in missing)


class UnknownWordsError(DiscernError):
    """A file's labels are words that somebody has to give a meaning. `words` are (word, rows), most first;
    `answers` what they may mean, but for unsure, skip and nothing at all."""

    http_status = 422
    in_terminal = (
        "Correct them in the file, or say what each means and run the same command again, such as "
        "{error.as_example}. It may be {error.can_mean}, unsure, skip or leave-out; “*” is all others."
    )
    on_screen = "Say what each of them means, then take the file again."

    def __init__(
        self, file: str, words: Sequence[tuple[str, int]], answers: Sequence[str] = ("yes", "no")
    ) -> None:
        said = ", ".join(f"“{word[:60]}” ({count:,})" for word, count in words[:20])
        more = f" and {len(words) - 20:,} more" if len(words) > 20 else ""
        super().__init__(f"What do these words of {file} mean? {said}{more}. Nothing was taken.")
        self.words = list(words)
        self.answers = tuple(answers)
        self.can_mean = ", ".join(answers)
        meant = [
            (word, (*get_close_matches(word.casefold(), answers, 1), answer)[0])
            for (word, _), answer in zip(words[:2], answers, strict=False)
        ]
        options = (f"--as {shlex.quote(f'{word}={what}')}" for word, what in meant)
        self.as_example = " ".join(options)


class ModelCallError(DiscernError):
    """A call to a model endpoint failed. `transient` says whether asking again can help."""

    http_status = 502

    def __init__(self, message: str, *, transient: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.status = status


class ModelAnswerError(ModelCallError):
    """The model answered, but not with what was asked for. `outcome` says how not."""

    def __init__(self, message: str, *, outcome: Outcome = "wrong schema", status: int | None = None) -> None:
        super().__init__(message, status=status)
        self.outcome: Outcome = outcome


class BlindModelError(DiscernError):
    """A model was about to judge pictures, and did not read one whose content can't be guessed."""

    in_terminal = (
        "Name one that sees in DISCERN_VLM_MODEL, or label with the built-in encoder: discern concept "
        "annotate NAME --annotator builtin"
    )
    on_screen = "Name one that sees on Settings, or none: then the built-in encoder labels."

    def __init__(self, model: str, why: str) -> None:
        super().__init__(f"{model} doesn't see pictures, so it labels none. {why}")
        self.model = model


class BudgetError(DiscernError):
    """The next model call could exceed the budget, so it was not made."""

    http_status = 409


class CancelledError(DiscernError):
    """The person cancelled the job. What was done so far is kept."""
