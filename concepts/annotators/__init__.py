"""Annotators: pictures + definition → rating, evidence per criterion, one-sentence rationale."""

from __future__ import annotations

from collections.abc import Callable

from concepts.annotators.base import Annotator
from concepts.annotators.builtin import BuiltinAnnotator
from concepts.annotators.vlm import VlmAnnotator

ANNOTATORS: dict[str, Callable[..., Annotator]] = {"builtin": BuiltinAnnotator, "vlm": VlmAnnotator}
