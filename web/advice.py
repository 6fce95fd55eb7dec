"""Errors in words of the screens."""

from __future__ import annotations

from concepts import errors


def in_words(error: errors.DiscernError) -> str:
    """The case, and what to do about it."""
    if isinstance(error, errors.BadSettingsError):
        return " ".join(f"{errors.FIELDS.get(name, name)}: {said}." for name, said in error.problems.items())
    return " ".join(filter(None, (str(error), error.advice("on_screen"))))
