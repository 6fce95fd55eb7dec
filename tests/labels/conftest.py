"""Pictures with answers and scores, as a library has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawing import draw

from concepts.labelling.formats.base import LabelledPicture, PersonLabel
from storage.pictures.hashing import picture_id


@pytest.fixture
def labelled(tmp_path: Path) -> list[LabelledPicture]:
    """Five drawings: yes, no, unsure, two people who differ, and none with an answer; all with a score."""
    said = [
        ("yes", (PersonLabel("yes", "ana"), PersonLabel("yes", "Ben, =1+1", "simulated", "evaluation"))),
        ("no", (PersonLabel("no", "ana", comment='not “round”,\nnot a "ball"', split="train"),)),
        ("unsure", (PersonLabel("unsure", "ana"),)),
        ("conflict", (PersonLabel("yes", "ana"), PersonLabel("no", "ben"))),
        ("", ()),
    ]
    folder = tmp_path / "pictures, ümläut"
    folder.mkdir()
    made = []
    for number, (label, answers) in enumerate(said):
        place, score = folder / f"a picture {number}.png", number / 4
        draw("ellipse", number).save(place)
        known, decision = picture_id(place.read_bytes()), "yes" if score >= 0.5 else "no"
        captions = ("a ball", "another caption")[: number % 3]
        made.append(LabelledPicture(known, str(place), 96, 96, label, answers, score, decision, 3, captions))
    return made
