"""Pictures with answers and scores, as a library has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawing import draw

from concepts.labelling.formats import LabelledPicture, PersonLabel
from storage.pictures.hashing import picture_id


@pytest.fixture
def labelled(tmp_path: Path) -> list[LabelledPicture]:
    """Five drawings: yes, no, unsure, two people who differ, and none with an answer; all with a score."""
    said = [
        ("yes", (PersonLabel("yes", "ana", comment="round"), PersonLabel("yes", "sim", "simulated"))),
        ("no", (PersonLabel("no", "ana"),)),
        ("unsure", (PersonLabel("unsure", "ana"),)),
        ("conflict", (PersonLabel("yes", "ana"), PersonLabel("no", "ben"))),
        ("", ()),
    ]
    (tmp_path / "pictures").mkdir()
    made = []
    for number, (label, answers) in enumerate(said):
        place = tmp_path / "pictures" / f"a picture {number}.png"
        draw("ellipse", number).save(place)
        score = number / 4
        made.append(
            LabelledPicture(
                picture_id(place.read_bytes()),
                str(place),
                96,
                96,
                label,  # type: ignore[arg-type]
                answers,
                score,
                "yes" if score >= 0.5 else "no",
                3,
                ("a ball",) if number == 0 else (),
            )
        )
    return made
