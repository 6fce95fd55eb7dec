"""A SIMULATED vision model and a simulated proposer: answers to requests of the wire, from pixels and prompts
alone. Nothing here understands anything.

The vision model recognises a labelled picture by its pixels and judges each criterion by a detector of that
one attribute; it never learns what the concept is. The proposer sees the prompt alone and has a list of
phrases, most of which are of no use for any one concept.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fake_openai import Request
from PIL import Image

SIGNATURE = 12  # pixels a side by which a picture is recognised


@dataclass(frozen=True)
class Picture:
    """`words`: everything its labels say, such as {"ellipse"}."""

    file: Path
    words: frozenset[str]


def drawings(folder: Path) -> list[Picture]:
    """Those of a folder, each with the shape that its name says."""
    return [Picture(file, frozenset({file.name.split("-")[0]})) for file in folder.glob("*-*.png")]


Attributes = dict[str, Callable[[Picture], bool]]


def any_of(*words: str) -> Callable[[Picture], bool]:
    wanted = frozenset(words)
    return lambda picture: bool(wanted & picture.words)


def by_chance(what: str, share: float) -> Callable[[Picture], bool]:
    """An attribute that has nothing to do with the labels, such as a price tag; the same for a picture
    always."""
    return lambda picture: draw(what, picture.file.name) < share


def draw(*what: str) -> float:
    """Between 0 and 1; the same on every machine."""
    return int.from_bytes(hashlib.sha256(" ".join(what).encode()).digest()[:6]) / 2**48


class Recognises:
    """Which labelled picture some pixels are of, whatever size and quality they come in."""

    def __init__(self, pictures: list[Picture]) -> None:
        self._pictures = pictures
        self._signatures = np.stack([_signature(Image.open(picture.file)) for picture in pictures])

    def picture(self, image: Image.Image) -> Picture | None:
        """None for a picture that isn't among them."""
        distance = ((self._signatures - _signature(image)) ** 2).mean(axis=(1, 2))
        nearest = int(distance.argmin())
        return self._pictures[nearest] if distance[nearest] < 30 else None


def _signature(image: Image.Image) -> Any:
    """(SIGNATURE², 3) mean colours."""
    image.draft("RGB", (64, 64))
    small = image.convert("RGB").resize((SIGNATURE, SIGNATURE), Image.Resampling.BOX)
    return np.asarray(small, np.float32).reshape(-1, 3)


class SimulatedVision:
    """Judges criteria by detectors. A criterion it knows no phrase of is unclear to it."""

    def __init__(self, known: Recognises, attributes: Attributes) -> None:
        self._known, self._attributes = known, attributes

    def annotate(self, request: Request) -> Any:
        picture = self._looked_at(request)
        if picture is None:
            return {"evidence": [], "rationale": "I do not know this picture.", "rating": 3, "sure": 50}
        criteria = numbered(request.text)
        verdicts = [self._verdict(picture, text) for _, text in criteria]
        return {
            "evidence": [{"number": n, "verdict": v} for n, v in enumerate(verdicts, 1)],
            "rationale": f"It shows: {', '.join(self._seen(picture)[:4]) or 'nothing in particular'}.",
            "rating": _rating(criteria, verdicts),
            "sure": 90,
        }

    def doubt(self, request: Request) -> Any:
        picture = self._looked_at(request)
        told = request.text.partition("<concept>")[2].partition("</concept>")[0].casefold()
        open_ = [phrase for phrase in self._seen(picture) if phrase not in told] if picture else []
        if not picture or not open_:
            return {"argument": "none", "ambiguity": ""}
        chosen = open_[int(draw("doubt", picture.file.name) * len(open_))]
        argument = f"One could say it matters that it shows: {chosen}."
        return {"argument": argument, "ambiguity": f"{chosen}, does that count?"}

    def _verdict(self, picture: Picture, text: str) -> str:
        longest_first = sorted(self._attributes, key=len, reverse=True)
        phrase = next((one for one in longest_first if one in text.casefold()), None)
        return "unclear" if phrase is None else "met" if self._attributes[phrase](picture) else "not met"

    def _seen(self, picture: Picture) -> list[str]:
        return [phrase for phrase, shows in self._attributes.items() if shows(picture)]

    def _looked_at(self, request: Request) -> Picture | None:
        return self._known.picture(Image.open(io.BytesIO(request.pictures[-1])))


class SimulatedProposer:
    """Proposes to exclude each of its phrases that wasn't tried, and finds that any of them may differ."""

    def __init__(self, phrases: list[str]) -> None:
        self._phrases = phrases

    def reword(self, request: Request) -> Any:
        tried = request.text.partition("<tried>")[2]
        wordings = [
            {
                "why": f"Perhaps it is about: {phrase}.",
                "edits": [{"action": "add", "number": 0, "kind": "excluding", "text": phrase}],
            }
            for phrase in self._phrases
            if f"(excluding) {phrase}" not in tried
        ]
        return {"wordings": wordings[: int(re.findall(r"Propose (\d+)", request.text)[-1])]}

    def differ(self, request: Request) -> Any:
        return {"differences": [{"text": phrase, "seen_in": "first"} for phrase in self._phrases[:3]]}


def simulated_server(vision: SimulatedVision, proposer: SimulatedProposer) -> Callable[[Request], Any]:
    """What a server answers, by the name of the form it is to fill in."""
    forms = {
        "PictureVerdict": vision.annotate,
        "Doubt": vision.doubt,
        "Wordings": proposer.reword,
        "Differences": proposer.differ,
    }
    return lambda request: forms[(request.schema_name or "").lstrip("_")](request)


def numbered(text: str) -> list[tuple[str, str]]:
    """(kind, text) of the criteria of a prompt, in order."""
    criteria = text.partition("<criteria>\n")[2].partition("\n</criteria>")[0]
    return re.findall(r"^\d+\. \((\w+)[^)]*\) (.*)$", criteria, re.MULTILINE)


def _rating(criteria: list[tuple[str, str]], verdicts: list[str]) -> int:
    """By the rule the prompt gives."""
    said = {(kind, verdict) for (kind, _), verdict in zip(criteria, verdicts, strict=True)}
    if said & {("excluding", "met"), ("necessary", "not met")}:
        return 1
    return 3 if ("necessary", "unclear") in said else 5
