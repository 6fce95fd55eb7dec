"""Errors of the domain: classes that code tells apart and cases that people are told, as in
`storage.errors`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from storage.errors import (
    BUCKET_REFUSED,
    BUCKET_UNREACHABLE,
    BUCKET_UNUSABLE,
    CONCEPT_IN_TRASH,
    DISK_FULL,
    EARLIER_DATABASE,
    LOST_DATABASE,
    NEWER_DATABASE,
    NO_PERMISSION,
    NO_SUCH_BUCKET,
    READ_ONLY,
    UNKNOWN_COLLECTION,
    BadPictureError,
    BucketError,
    Case,
    ConflictError,
    DamagedDatabaseError,
    DamagedIndexError,
    DiscernError,
    LostJobError,
    PlaceError,
    StorageError,
    Thing,
    UnknownError,
)

if TYPE_CHECKING:  # it brings SQLAlchemy, which whoever only shows an error doesn't need
    from storage.calls import Outcome

__all__ = [
    "BUCKET_REFUSED",
    "BUCKET_UNREACHABLE",
    "BUCKET_UNUSABLE",
    "CONCEPT_IN_TRASH",
    "DISK_FULL",
    "EARLIER_DATABASE",
    "LOST_DATABASE",
    "NEWER_DATABASE",
    "NO_PERMISSION",
    "NO_SUCH_BUCKET",
    "READ_ONLY",
    "UNKNOWN_COLLECTION",
    "BadPictureError",
    "BucketError",
    "Case",
    "ConflictError",
    "DamagedDatabaseError",
    "DamagedIndexError",
    "DiscernError",
    "LostJobError",
    "PlaceError",
    "StorageError",
    "Thing",
    "UnknownError",
]


MOST_DIFFERENCES = 5  # that a message lists
MODELS = {"scoping": "LLM", "annotating": "VLM", "escalating": "LARGE_VLM", "criticising": "CRITIC"}


class SettingsError(DiscernError):
    """A setting is missing or can't be used. `problems`: names of settings → what is wrong with each."""

    http_status = 422

    def __init__(self, message: str = "", problems: Mapping[str, str] | None = None) -> None:
        self.problems = dict(problems or {})
        said = "; ".join(f"{name}: {problem}" for name, problem in self.problems.items())
        super().__init__(message or f"These settings can't be used: {said}")


BAD_PRICE = Case(  # `setting` is its name, such as "vlm_price"
    SettingsError,
    "“{text}” is not a price.",
    in_terminal="Set DISCERN_{variable} to USD per million tokens, input/output, such as 0.15/0.60.",
    on_screen="Write it in US dollars per million tokens, in/out, such as 0.15/0.60.",
)
NO_PRICE = Case(
    SettingsError,
    "A budget needs the price of {model}, and none is set.",
    in_terminal="Set DISCERN_LLM_PRICE (words) or DISCERN_VLM_PRICE (pictures) to USD per million tokens, "
    "input/output, for example 0.15/0.60; 0/0 where it costs nothing. DISCERN_PRICES takes them by the "
    "names of models.",
    on_screen="Set it on Settings; 0/0 where it costs nothing.",
)
NO_MODEL = Case(
    SettingsError,
    "No {what} is set.",
    in_terminal="Set OPENAI_BASE_URL or OPENAI_API_KEY, and DISCERN_{variable}_MODEL.",
    on_screen="Set one on Settings.",
)


def no_model(role: Literal["scoping", "annotating", "escalating", "criticising"]) -> SettingsError:
    """What to raise where no model is set for a role (of `concepts.language.Role`)."""
    what = "vision-language model" if role in ("annotating", "escalating") else "language model"
    return NO_MODEL(what=what, variable=MODELS[role])


class WrongUsageError(DiscernError):
    """What is asked for makes no sense, whatever there is. Raised before any work is done."""

    http_status = 422


UNKNOWN_METHOD = Case(  # no head, encoder, annotator, … has this `name`; there are `names`
    WrongUsageError, "There is no {method} “{name}”. There are: {known}."
)


class PackageError(DiscernError):
    """A package that was asked for is missing, or can't be loaded."""


BROKEN_METHOD = Case(  # a head, encoder, annotator, … of another package
    PackageError,
    "The {method} “{name}” of the package {package} can't be loaded ({reason}).",
    in_terminal="Mend it (pip install --force-reinstall {package}) or pip uninstall {package}.",
    on_screen="Mend or remove that package, then start Discern again.",
    status=503,
    kind="broken-method",
)
MISSING_PACKAGE = Case(
    PackageError,
    "This needs the package {package}, which is not installed{brought}.",
    in_terminal="Install it: pip install 'discern[{extra}]', or in a checkout pip install -r "
    "requirements-{extra}.txt.",
    on_screen="Whoever installed Discern can add it; then start Discern again.",
)


def missing_package(package: str, extra: str = "") -> PackageError:
    """What to raise where an optional package is needed. `extra`: of Discern, that brings it; empty where it
    is called like the package."""
    brought = f": Discern’s extra “{extra}” brings it" if extra else ""
    return MISSING_PACKAGE(package=package, extra=extra or package, brought=brought)


class RuleTextError(DiscernError):
    """A rule that combines concepts can't be read; `place` is where in its text, from 0 on."""

    http_status = 422

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


OTHER_VARIABLES = Case(  # of an edited prompt
    DiscernError, "The text of {name} has to use the variables it had: {wrong}.", kind="other-variables"
)
EMPTY_LIBRARY = Case(
    DiscernError,
    "There are no pictures in the library yet.",
    in_terminal="Add pictures first: discern library add FOLDER",
    on_screen="Add some on Library.",
)
NO_CONCEPTS = Case(
    UnknownError,
    "There is no concept “{name}”, nor any other yet.",
    in_terminal="Begin one: discern concept new NAME --description SENTENCE",
    on_screen="Begin one on Home.",
    kind="unknown-concept",
)
NO_VERSION = Case(
    UnknownError,
    "“{concept}” has no trained version yet.",
    in_terminal="Train one: discern concept train {concept!q}",
    on_screen="Train one on Check.",
    kind="unknown-version",
)


class NotScoredError(ConflictError):
    """A rule is tried on a large library without scores for it. Only programs read this; others begin it."""

    def __init__(self) -> None:
        super().__init__("The library has no scores for this rule yet. POST to combine/library-scores first.")


NOT_ANSWERED = Case(
    ConflictError,
    "This is a test picture of “{concept}”. Label it first: the score would sway you.",
    kind="not-answered",
)
NOT_ENOUGH_PICTURES = Case(  # that nobody has labelled
    ConflictError,
    "It takes {needed} unlabelled pictures, near-duplicates counted once, and there are {there}.",
    in_terminal="Take a lower --at-least, or add pictures: discern library add PATH",
    on_screen="Add pictures, or ask for fewer of 100 to be right.",
    kind="not-enough-pictures",
)
OTHER_PART = Case(
    ConflictError,
    "Version {version} was trained before you changed which part is judged. Your labels are kept.",
    in_terminal="Train again (discern concept train).",
    on_screen="Train again on Check.",
    kind="other-part",
)
NO_FRAME = Case(
    ConflictError,
    "No picture with a frame has the label yes. Three are enough to begin.",
    in_terminal="Frame some (discern concept frame).",
    on_screen="Press F on Label.",
    kind="no-frame",
)


class NotAllowedError(DiscernError):
    """What was asked for is not permitted here, whoever asks."""

    http_status = 403


NO_ARCHIVES = Case(
    NotAllowedError, "This demo takes pictures one by one, no archives or videos.", kind="quota"
)
VISITOR_FULL = Case(
    NotAllowedError,
    "Your part of this demo is full: everybody gets {most:,.0f} MB. What is there can still be seen and "
    "downloaded.",
    kind="quota",
)


class EncoderError(DiscernError):
    """An encoder can't be loaded or used."""

    http_status = 503


UNTRUSTED_ENCODER = Case(
    EncoderError,
    "This classifier is for the encoder “{name}”, which nobody has chosen here.",
    in_terminal="To use a copy of it, name local-dir:FOLDER. If you trust whoever made this encoder, run "
    "the same command with --trust-encoder {name!q}",
)
OTHER_ENCODER = Case(
    EncoderError,
    "The vectors of this library are from “{recorded}”, not from “{asked}”.",
    in_terminal="Leave out the encoder, or change it for all pictures: discern library reembed {asked!q}",
    on_screen="Leave out the encoder, or change it for all pictures on Settings, Encoder.",
    status=422,
    kind="other-encoder",
)


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


class NotEnoughLabelsError(DiscernError):
    """There are too few answers to do what was asked: at least `needed` more, for this `purpose`."""

    http_status = 409
    in_terminal = (
        "Label some: discern concept next NAME{option} --out answers.csv, then discern concept labels "
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
    in_terminal = "Say which of its columns that is: {as_columns}."
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
        "{as_example}. It may be {can_mean}, unsure, skip or leave-out; “*” is all others."
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
