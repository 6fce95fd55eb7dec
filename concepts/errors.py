"""Errors of the domain. All derive from `DiscernError`, so one handler shows them to a person."""

from __future__ import annotations

from collections.abc import Sequence

from storage.errors import (
    BadPictureError,
    ConflictError,
    DiscernError,
    DiskFullError,
    StorageError,
    UnknownConceptError,
    UnknownJobError,
    UnknownPictureError,
    UnknownVersionError,
)

__all__ = [
    "BadPictureError",
    "BudgetError",
    "CancelledError",
    "ConflictError",
    "DiscernError",
    "DiskFullError",
    "EncoderError",
    "FingerprintMismatchError",
    "ModelAnswerError",
    "ModelCallError",
    "NotAllowedError",
    "NotEnoughLabelsError",
    "SettingsError",
    "StorageError",
    "UnknownConceptError",
    "UnknownJobError",
    "UnknownMethodError",
    "UnknownPictureError",
    "UnknownVersionError",
]


class SettingsError(DiscernError):
    """A setting is missing or can't be used."""


class UnknownMethodError(DiscernError):
    """A head, encoder, annotator, … was asked for by a name that is none. Raised before any work is done."""

    def __init__(self, kind: str, name: str, names: Sequence[str]) -> None:
        super().__init__(f"There is no {kind} “{name}”. There are: {', '.join(names)}.")
        self.kind = kind
        self.name = name
        self.names = list(names)


class NotAllowedError(DiscernError):
    """What was asked for is not permitted here, whoever asks."""


class EncoderError(DiscernError):
    """An encoder can't be loaded or used."""


class FingerprintMismatchError(DiscernError):
    """Vectors, heads or bundles of two different encoders were about to be mixed (rule 3)."""

    def __init__(self, what: str, expected: str, found: str) -> None:
        super().__init__(
            f"{what} was made with encoder {found}, but this library uses {expected}. "
            "Re-embed the library with that encoder, or train again with this one."
        )
        self.expected = expected
        self.found = found


class NotEnoughLabelsError(DiscernError):
    """There are too few labels to do what was asked; the message says how many more are needed."""


class ModelCallError(DiscernError):
    """A call to a model endpoint failed. `transient` says whether asking again can help."""

    def __init__(self, message: str, *, transient: bool = False, status: int | None = None) -> None:
        super().__init__(message)
        self.transient = transient
        self.status = status


class ModelAnswerError(ModelCallError):
    """The model answered, but not with what was asked for (refused, cut off, or not the schema)."""


class BudgetError(DiscernError):
    """The next model call could exceed the budget, so it was not made."""


class CancelledError(DiscernError):
    """The person cancelled the job. What was done so far is kept."""
