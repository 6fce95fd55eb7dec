"""A target that isn't reached is said where the version is made, where it is measured, and on its card."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from concepts.labelling.labels import give_label, next_pictures
from concepts.learning.base import LinearHead
from concepts.learning.report import Metric, target_met
from concepts.results.bundles import write_bundle
from concepts.results.trained import measure_again, train, version_beside
from concepts.results.training import about_target
from concepts.use_cases import Concept


def answer_without_any_rule(concept: Concept) -> None:
    for purpose in ("evaluation", "train"):
        for picture in next_pictures(concept, 40, purpose=purpose):
            value = "yes" if int(picture.id[:4], 16) % 2 else "no"
            give_label(concept, picture.id, value, author="me", key=f"{purpose} {picture.id}")


def test_a_target_out_of_reach_is_said_to_be_unmet_wherever_a_version_is_written(
    concept: Concept, tmp_path: Path
) -> None:
    answer_without_any_rule(concept)
    trained = concept.begin(train, target="precision=0.99").wait()
    details = version_beside(concept).details
    assert details["target_met"] is None  # nothing was measured yet
    found = details["expected"]
    (likely,) = [note for note in trained.notes if "target 0.99" in note]
    assert f"{found['low']:.2f} to {found['high']:.2f}" in likely
    assert f"flags {found['flagged']:,} of {found['of']:,} unlabelled pictures" in likely
    report = measure_again(concept)
    asked = "You asked for at least 99 of 100 pictures it flags to be right: "
    (said,) = [sentence for sentence in report.sentences if sentence.startswith(asked)]
    assert not said.endswith(": they are.")
    write_bundle(concept, tmp_path / "bundle")
    card = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert said in card
    sentences = re.sub(r"!\[[^]]*\]\([^)]*\)", "", card)  # without what its drawings show
    assert "of 100 at random" in sentences or "are right" not in sentences
    met = target_met("precision at least 0.99", report.metrics)
    (exported,) = json.loads((tmp_path / "bundle" / "head.json").read_text(encoding="utf-8"))["concepts"]
    assert version_beside(concept).details["target_met"] is met is exported["head"]["details"]["target_met"]


def test_a_target_is_met_from_its_floor_on_and_left_open_where_that_was_not_measured() -> None:
    precision = Metric(name="precision", value=0.95, low=0.9, high=0.99, n=60)
    assert target_met("precision at least 0.9", [precision]) is True
    assert target_met("recall at least 0.9", [precision]) is None


EXPECTED = {"value": 0.82, "low": 0.6, "high": 0.95, "flagged": 40, "of": 2_000}


@pytest.mark.parametrize(
    ("found", "reaches", "said"),
    [
        (EXPECTED, True, "Precision about 0.82 (0.60 to 0.95), target 0.8."),
        (EXPECTED | {"low": 0.3}, True, "Too early to say what precision it reaches: 0.30 to 0.95, target"),
        (EXPECTED, False, "No threshold is likely to reach the target"),
        (EXPECTED | {"value": None}, True, "flags none of the 2,000 unlabelled pictures"),
    ],
)
def test_what_a_target_is_likely_to_be_is_no_headline_where_its_range_is_wide(
    found: dict[str, float | None], reaches: bool, said: str
) -> None:
    details = {"target": "precision at least 0.8", "within_reach": reaches, "expected": found}
    assert said in " ".join(about_target(LinearHead("logistic", np.ones(2), 0.0, details=details)))


def test_with_no_picture_left_training_says_where_no_threshold_reaches_it_on_the_labels() -> None:
    details = {"target": "precision at least 0.9", "within_reach": False, "held_out": {"precision": 0.72}}
    (note,) = about_target(LinearHead("logistic", np.ones(2), 0.0, details=details))
    assert note.startswith("Precision at least 0.9 is not reached at any threshold: the highest")
    assert "0.72" in note
    reached = details | {"within_reach": True}
    assert about_target(LinearHead("logistic", np.ones(2), 0.0, details=reached)) == []


def test_without_a_target_none_is_said_and_precision_stands_beside_what_chance_would_give(
    concept: Concept,
) -> None:
    answer_without_any_rule(concept)
    assert not any("target" in note for note in concept.begin(train, target="f1").wait().notes)
    report = measure_again(concept)
    flagged = [sentence for sentence in report.sentences if sentence.startswith("Of 100 pictures it flags")]
    assert all("of 100 at random" in sentence for sentence in flagged)
    assert not any(sentence.startswith("You asked") for sentence in report.sentences)
