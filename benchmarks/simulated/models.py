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
from scipy.special import ndtr, ndtri  # many times faster than `scipy.stats.norm` for one number

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
        self._recognised: dict[bytes, Picture | None] = {}

    def sees(self, picture: Picture, phrase: str, *question: str) -> bool:
        """What the detector of a phrase says, which is sometimes wrong. Asked in another `question`, the same
        detector looks again: as often wrong, and on hard pictures again, but not about the same ones."""
        least, most = self._errors
        rate = least + (most - least) * self._draw("rate", phrase)
        shared, own = (
            ndtri(self._draw(*what)) for what in (("hard", picture.name), (phrase, picture.name, *question))
        )
        wrong = ndtr(np.sqrt(SHARED) * shared + np.sqrt(1 - SHARED) * own) < rate
        return bool(self._attributes[phrase](picture) != wrong)

    def verdict(self, picture: Picture, text: str, *question: str) -> str:
        phrase = next((one for one in self._longest_first if one in text.casefold()), None)
        if phrase is None:
            return "unclear"
        return "met" if self.sees(picture, phrase, *question) else "not met"

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

    def caption(self, request: Request) -> Any:
        """The first of the three calls of the decomposed annotator: what it sees, whatever is looked for."""
        picture = self._looked_at(request)
        if picture is None:
            return {"caption": "I do not know this picture.", "writing": ""}
        if self._draw("refuses", picture.name) < REFUSES:
            return refuses()
        return {"caption": self._describes(picture, "caption"), "writing": ""}

    def find(self, request: Request) -> Any:
        """The second: a verdict on each statement."""
        picture = self._looked_at(request)
        statements = _lines(request.text, "statements", r"^\d+\. (.*)$")
        verdicts = [
            "unclear" if picture is None else self.verdict(picture, said, "statements") for said in statements
        ]
        return {"findings": [{"number": n, "seen": "", "verdict": v} for n, v in enumerate(verdicts, 1)]}

    def conclude(self, request: Request) -> Any:
        """The third, without the picture: by the findings, which outrank the caption, as the prompt says."""
        criteria, verdicts = numbered(request.text), _lines(request.text, "findings", r"^\d+\. ([a-z ]+):")
        caption = "".join(_lines(request.text, "caption", "^(.*)$"))
        return {"rationale": caption, "rating": _rating(criteria, verdicts[: len(criteria)]), "sure": 90}

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

    def _describes(self, picture: Picture, *question: str) -> str:
        seen = [phrase for phrase in self._attributes if self.sees(picture, phrase, *question)]
        return f"It shows: {', '.join(seen[:4]) or 'nothing in particular'}."

    def _looked_at(self, request: Request) -> Picture | None:
        pixels = request.pictures[-1]
        digest = hashlib.sha256(pixels).digest()
        if digest not in self._recognised:
            self._recognised[digest] = self._known.picture(Image.open(io.BytesIO(pixels)))
        return self._recognised[digest]

    def _draw(self, *what: str) -> float:
        return draw(str(self._seed), *what)


class SimulatedProposer:
    """Draws phrases with a kind by what the prompt says is wrong, none that was tried with that kind. Phrases
    that the prompt mentions where person and machine differ come to it more easily."""

    def __init__(self, phrases: list[str], seed: int = 0) -> None:
        self._phrases = phrases
        self._seed = seed

    def reword(self, request: Request) -> Any:
        rng = self._rng(request)
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
            if rng.random() < 0.15:
                kind = "necessary"
            at = necessary[0] if necessary and kind == "included" else 0
            edit = {"action": "add", "number": at, "kind": kind, "text": phrase}
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
        "Caption": vision.caption,
        "Findings": vision.find,
        "Conclusion": vision.conclude,
        "Doubt": vision.doubt,
        "Wordings": proposer.reword,
        "Differences": proposer.differ,
    }

    def answer(request: Request) -> Any:
        return forms[(request.schema_name or "").lstrip("_")](request)

    return answer


def numbered(text: str) -> list[tuple[str, str]]:
    """(kind, text) of the criteria of a prompt, in order."""
    return _lines(text, "criteria", r"^\d+\. \((\w+)[^)]*\) (.*)$")


def _lines(text: str, part: str, pattern: str) -> list[Any]:
    """What a pattern finds in a part of a prompt, between <tags>."""
    return re.findall(pattern, text.partition(f"<{part}>\n")[2].partition(f"\n</{part}>")[0], re.MULTILINE)


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
