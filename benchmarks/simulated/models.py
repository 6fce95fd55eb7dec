"""The SIMULATED vision model and proposer: answers to requests of the wire, from pixels and prompts alone."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from fake_openai import Request, refuses
from PIL import Image
from scipy.stats import norm

from benchmarks.simulated.world import Picture, Recognises

LEAST_ERROR, MOST_ERROR = 0.03, 0.12  # of a detector, drawn for each attribute
SHARED = 0.5  # correlation of the errors of two detectors on one picture: some pictures are hard
REFUSES = 0.01  # of all pictures

Attributes = dict[str, Callable[[Picture], bool]]


class SimulatedVision:
    """Judges criteria by detectors. A criterion it knows no phrase of is unclear to it."""

    def __init__(
        self,
        known: Recognises,
        attributes: Attributes,
        seed: int = 0,
        errors: tuple[float, float] = (LEAST_ERROR, MOST_ERROR),
    ) -> None:
        self._known = known
        self._attributes = attributes
        self._longest_first = sorted(attributes, key=len, reverse=True)
        self._seed = seed
        self._errors = errors

    def sees(self, picture: Picture, phrase: str) -> bool:
        """What the detector of a phrase says, which is sometimes wrong."""
        least, most = self._errors
        rate = least + (most - least) * self._draw("rate", phrase)
        shared, own = (
            norm.ppf(self._draw(*what)) for what in (("hard", picture.name), (phrase, picture.name))
        )
        wrong = norm.cdf(np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own) < rate
        return bool(self._attributes[phrase](picture) != wrong)

    def verdict(self, picture: Picture, text: str) -> str:
        phrase = next((one for one in self._longest_first if one in text.casefold()), None)
        if phrase is None:
            return "unclear"
        return "met" if self.sees(picture, phrase) else "not met"

    def annotate(self, request: Request) -> Any:
        picture = self._looked_at(request)
        if picture is None:
            return {"evidence": [], "rationale": "I do not know this picture.", "rating": 3, "sure": 50}
        if self._draw("refuses", picture.name) < REFUSES:
            return refuses()
        criteria = numbered(request.text)
        verdicts = [self.verdict(picture, text) for _, text in criteria]
        rating = _rating(criteria, verdicts)
        return {
            "evidence": [{"number": n, "verdict": v} for n, v in enumerate(verdicts, 1)],
            "rationale": self._describes(picture),
            "rating": rating,
            "sure": 90,
        }

    def doubt(self, request: Request) -> Any:
        picture = self._looked_at(request)
        if picture is None:
            return {"argument": "none", "ambiguity": ""}
        told = request.text.partition("<concept>")[2].partition("</concept>")[0].casefold()
        open_ = [p for p in self._attributes if p not in told and self.sees(picture, p)]
        if not open_:
            return {"argument": "none", "ambiguity": ""}
        chosen = open_[int(self._draw("doubt", picture.name) * len(open_))]
        return {
            "argument": f"One could say it matters that it shows: {chosen}.",
            "ambiguity": f"{chosen}, does that count?",
        }

    def _describes(self, picture: Picture) -> str:
        seen = [phrase for phrase in self._attributes if self.sees(picture, phrase)]
        return f"It shows: {', '.join(seen[:4]) or 'nothing in particular'}."

    def _looked_at(self, request: Request) -> Picture | None:
        return self._known.picture(Image.open(io.BytesIO(request.pictures[-1])))

    def _draw(self, *what: str) -> float:
        return draw(str(self._seed), *what)


class SimulatedProposer:
    """Draws phrases it has not drawn under the same prompt, with a kind by what the prompt says is wrong."""

    def __init__(self, phrases: list[str], seed: int = 0) -> None:
        self._phrases = phrases
        self._seed = seed

    def reword(self, request: Request) -> Any:
        rng = self._rng(request)
        answers = request.text.partition("<answers>\n")[2]
        too_many = len(re.findall(r"person says no, the machine yes", answers))
        too_few = len(re.findall(r"person says yes, the machine no\b", answers))
        chance = (too_many + 1) / (too_many + too_few + 2)
        number = int(re.findall(r"Propose (\d+)", request.text)[-1])
        necessary = [n for n, (kind, _) in enumerate(numbered(request.text), 1) if kind == "necessary"]
        wordings = []
        tried = request.text.partition("<tried>")[2]
        new = [phrase for phrase in self._phrases if phrase not in tried] or self._phrases
        for phrase in rng.choice(new, min(number, len(new)), replace=False):
            excluding = rng.random() < chance
            kind, at = ("excluding", 0) if excluding else ("included", necessary[0] if necessary else 0)
            if rng.random() < 0.15:
                kind, at = "necessary", 0
            edit = {"action": "add", "number": at, "kind": kind, "text": str(phrase)}
            wordings.append({"why": f"Perhaps it is about: {phrase}.", "edits": [edit]})
        return {"wordings": wordings}

    def differ(self, request: Request) -> Any:
        rng = self._rng(request)
        phrases = rng.choice(self._phrases, min(3, len(self._phrases)), replace=False)
        return {
            "differences": [
                {"text": str(p), "seen_in": str(rng.choice(["first", "second"]))} for p in phrases
            ]
        }

    def _rng(self, request: Request) -> np.random.Generator:
        digest = hashlib.sha256(f"{self._seed} {request.text}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8]))


def simulated_server(vision: SimulatedVision, proposer: SimulatedProposer) -> Callable[[Request], Any]:
    """What a server answers, by the name of the form it is to fill in."""
    forms = {
        "PictureVerdict": vision.annotate,
        "Doubt": vision.doubt,
        "Wordings": proposer.reword,
        "Differences": proposer.differ,
    }

    def answer(request: Request) -> Any:
        return forms[(request.schema_name or "").lstrip("_")](request)

    return answer


def numbered(text: str) -> list[tuple[str, str]]:
    """(kind, text) of the criteria of a prompt, in order."""
    block = text.partition("<criteria>\n")[2].partition("\n</criteria>")[0]
    found = re.findall(r"^\d+\. \((\w+)[^)]*\) (.*)$", block, re.MULTILINE)
    return [(kind, said) for kind, said in found]


def draw(*what: str) -> float:
    """Between 0 and 1, neither of them; the same on every machine."""
    digest = hashlib.sha256(" | ".join(what).encode()).digest()
    return (int.from_bytes(digest[:6]) + 0.5) / 2**48


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
