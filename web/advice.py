"""What a person can do about an error, in the words of the screens. Errors only say what is the case."""

from __future__ import annotations

from concepts import errors

# The most special class of an error decides.
ADVICE: dict[type[errors.DiscernError], str] = {
    errors.EmptyLibraryError: "Add some on Library.",
    errors.NoConceptError: "Begin one on Start.",
    errors.NoVersionError: "Train one on Quality.",
    errors.NotEnoughLabelsError: "Answer some on Label.",
    errors.NotEnoughPicturesError: "Add pictures, or ask for fewer of 100 to be right.",
    errors.OtherEncoderError: "Leave out the encoder, or change it for all pictures on Library, Encoder.",
    errors.FingerprintMismatchError: "Choose that encoder on Library, Encoder, or train again on Quality.",
    errors.DamagedIndexError: "It is made again meanwhile: see Library.",
    errors.DiskFullError: "Free some space: what waits goes on by itself.",
    errors.ReadOnlyError: "Have it mounted for writing, then start Discern again.",
    errors.NoPermissionError: "Give that user the right to read and write it.",
    errors.DamagedDatabaseError: "Restore it from a backup, then start Discern again.",
    errors.NewerDatabaseError: "Update Discern.",
    errors.NoModelError: "Set one on Activity, Models and cost.",
    errors.NoPriceError: "Set it on Activity, Models and cost; 0/0 where it costs nothing.",
}


def in_words(error: errors.DiscernError) -> str:
    """What is the case, and what to do about it."""
    advice = next((ADVICE[kind] for kind in type(error).__mro__ if kind in ADVICE), "")
    return " ".join(filter(None, (str(error), advice)))
