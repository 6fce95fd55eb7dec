"""Simulated people. Wherever their answers appear they are called simulated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from concepts.encoders.saliency import Box

Answer = Literal["yes", "no", "unsure"]

# What a person's time is taken to be, in seconds: people at the labelling screen, a picture at a time.
SECONDS_AN_ANSWER = 1.5
SECONDS_A_WALL = 12.0  # sixty thumbnails looked through
SECONDS_A_CLICK = 1.0
SECONDS_A_FRAME = 5.0  # a frame drawn around what counts, not to the pixel
FRAMES = 3  # that somebody draws who is asked to frame it in a few pictures
ANSWERS_A_WALL = 8  # what a wall counts as, so that it is no free lunch; each click is one more
ANSWERS_A_SEARCH = 15  # from one search that a person writes to the next
OVERLOOKS = 0.2  # of what counts on a wall


@dataclass(frozen=True)
class SimulatedPerson:
    """A labelling function that answers at once, never tires and never changes its mind.

    A study with it measures the product's choices, not a person's patience. `counts`, `unsure` and `facet`,
    which says what kind of what counts a picture is, take its name. Of what counts it says no to a share
    `overlooks`, of what doesn't yes to a share `invents`. Asked again about one it errs anew: a slip is no
    opinion.
    """

    counts: Callable[[str], bool]
    unsure: Callable[[str], bool] | None = None
    facet: Callable[[str], str] | None = None
    frames: Callable[[str], Box] | None = None  # what they would frame in a picture that counts
    overlooks: float = 0.0
    invents: float = 0.0
    seed: int = 0

    def truth(self, picture: str) -> Answer:
        """What this person means, whatever they say."""
        if self.unsure is not None and self.unsure(picture):
            return "unsure"
        return "yes" if self.counts(picture) else "no"

    def answer(self, picture: str, times: int = 0) -> Answer:
        """`times`: how often it was asked about this picture before."""
        meant = self.truth(picture)
        if meant == "unsure":
            return meant
        about = hashlib.blake2b(f"{self.seed} {picture} {times}".encode(), digest_size=4).digest()
        errs = int.from_bytes(about) < (self.overlooks if meant == "yes" else self.invents) * 2**32
        return "yes" if (meant == "yes") != errs else "no"

    def clicks(self, wall: Sequence[str], rng: np.random.Generator) -> list[str]:
        """Those of a wall that count, but for what is overlooked."""
        seen = rng.random(len(wall)) >= OVERLOOKS
        return [
            name for name, looked in zip(wall, seen, strict=True) if looked and self.answer(name) == "yes"
        ]

    def kinds_met(self, pictures: Iterable[str], labelled_yes: Iterable[str]) -> float:
        """The share of the kinds of what counts among the pictures of which one was labelled yes; NaN where
        nothing has kinds."""
        if self.facet is None:
            return float("nan")
        counting = {name for name in pictures if self.truth(name) == "yes"}
        met = {self.facet(name) for name in labelled_yes if name in counting}
        return len(met) / len({self.facet(name) for name in counting})
