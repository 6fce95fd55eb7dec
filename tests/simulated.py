"""A SIMULATED vision model and a simulated proposer: answers to requests of the wire, from pixels and prompts
alone. Nothing here understands anything.

The vision model recognises a labelled picture by its pixels and judges each criterion by a detector of that
one attribute; it never learns what the concept is. The proposer sees the prompt alone and draws from a list
of phrases, most of which are of no use for any one concept.
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
    """Draws phrases with a kind by what the prompt says is wrong, none that was tried with that kind. Phrases
    that the prompt mentions where person and machine differ come to it more easily."""

    def __init__(self, phrases: list[str]) -> None:
        self._phrases = phrases

    def reword(self, request: Request) -> Any:
        rng = _rng(request)
        answers = request.text.partition("<answers>\n")[2]
        lines = re.findall(r"^\d+\. The person says .*$", answers, re.MULTILINE)
        too_many = [line for line in lines if "person says no, the machine yes" in line]
        too_few = [line for line in lines if re.search(r"person says yes, the machine no\b", line)]
        number = int(re.findall(r"Propose (\d+)", request.text)[-1])
        necessary = [n for n, (kind, _) in enumerate(numbered(request.text), 1) if kind == "necessary"]
        tried = request.text.partition("<tried>")[2]
        weights = {
            (kind, phrase): (1 + len(wrong)) * (1 + sum(phrase in line for line in wrong))
            for kind, wrong in (("excluding", too_many), ("included", too_few))
            for phrase in self._phrases
            if f"({kind}) {phrase}" not in tried
        }
        pairs, chances = list(weights), np.array(list(weights.values()), float)
        wordings: list[dict[str, Any]] = []
        if not pairs:
            return {"wordings": wordings}
        for row in rng.choice(len(pairs), min(number, len(pairs)), replace=False, p=chances / chances.sum()):
            kind, phrase = pairs[row]
            at = necessary[0] if necessary and kind == "included" else 0
            edit = {"action": "add", "number": at, "kind": kind, "text": phrase}
            wordings.append({"why": f"Perhaps it is about: {phrase}.", "edits": [edit]})
        return {"wordings": wordings}

    def differ(self, request: Request) -> Any:
        rng = _rng(request)
        phrases = rng.choice(self._phrases, min(3, len(self._phrases)), replace=False)
        seen = [{"text": str(p), "seen_in": str(rng.choice(["first", "second"]))} for p in phrases]
        return {"differences": seen}


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


def _rng(request: Request) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(request.text.encode()).digest()[:8]))


def _rating(criteria: list[tuple[str, str]], verdicts: list[str]) -> int:
    """By the rule the prompt gives: kinds that count, of the first necessary criterion, may stand for it."""
    said = list(zip(criteria, verdicts, strict=True))
    if any(kind == "excluding" and verdict == "met" for (kind, _), verdict in said):
        return 1
    included = any(kind == "included" and verdict == "met" for (kind, _), verdict in said)
    for place, ((kind, _), verdict) in enumerate(said):
        if kind == "necessary" and verdict != "met" and not (included and place == 0):
            return 3 if verdict == "unclear" else 1
    return 5
