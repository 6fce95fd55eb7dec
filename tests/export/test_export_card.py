"""What the model card says, and what it must never leave out."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from bundles import make_facts, make_head
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.bundle.card import card_text
from concepts.definition.document import Criterion, Definition
from concepts.learning.base import LinearHead
from concepts.learning.report import LabelCount, Metric


def front_matter(card: str) -> dict:
    _, matter, _ = card.split("---\n", 2)
    return yaml.safe_load(matter)


def test_the_card_says_what_it_recognises_and_how_well(facts):
    card = card_text(facts)
    for words in (
        "# messy room",
        "nobody has tidied it for a week",
        "Must: the inside of a room is visible",
        "a building site",
        "Similar, but not it: flea market",
        "Measured on 200 pictures drawn at random and kept out of training: 60 count, 140 don't.",
        "Of 100 pictures it flags, about 87 (78 to 94) are right; of 100 at random 30 would be.",
        "Of 100 pictures that count, it finds about 90 (81 to 97).",
        "| Average precision | 0.910 (0.840–0.960), n = 200 | 0.620 (0.500–0.730), n = 200 |",
        "not known, n = 200 (too few pictures that count)",
        "100 pictures labelled by a person (40 yes, 60 no)",
        "800 pictures labelled by a machine (300 yes, 500 no)",
        "Weights of the encoder: MIT.",
        facts.encoder.fingerprint,
    ):
        assert words in card
    assert "simulated" not in card
    matter = front_matter(card)  # what the Hub reads
    assert (matter["pipeline_tag"], matter["base_model"]) == ("image-classification", "example/tiny")
    assert "average_precision" in matter["metrics"]


def measured(name: str, value: float | None, low: float | None, high: float | None, **more: Any) -> Any:
    return {"metrics": (Metric(name=name, value=value, low=low, high=high, **({"n": 120} | more)),)}


def labels(use: str, kind: str, yes: int, no: int) -> Any:
    return {f"{use}_labels": (LabelCount(author_kind=kind, yes=yes, no=no),)}


BY_SIMULATED = "**The labels it was measured against were simulated**"
TAUGHT_SIMULATED = "Some or all training labels were simulated"
UNMEASURED = "**It has not been measured**"


@pytest.mark.parametrize(
    ("changes", "says", "never"),
    [
        (  # a wide range is no headline
            measured("recall", 1.0, 0.01, 1.0, n=14),
            [
                "Too early to say how many of 100 pictures that count it finds: 1 to 100.",
                "0.010–1.000: too early to say, n = 14",
            ],
            ["about 100"],
        ),
        (labels("evaluation", "simulated", 60, 140), [BY_SIMULATED], [TAUGHT_SIMULATED]),
        (labels("training", "simulated", 50, 50), [TAUGHT_SIMULATED], [BY_SIMULATED]),
        (
            {"metrics": (), "baselines": (), "evaluation_labels": (), "training_labels": ()},
            [UNMEASURED, "nobody knows how often it is wrong", "from the words of the definition alone"],
            ["Of 100 pictures"],
        ),
        (
            measured("precision", None, None, None, n=0, note="no picture was flagged") | {"baselines": ()},
            [UNMEASURED, "not known, n = 0 (no picture was flagged)"],
            [],
        ),
        (labels("evaluation", "person", 12, 188), ["Only 12 of those pictures count"], []),
        (  # of an old report
            measured("calibration_error", 0.04, 0.02, 0.09),
            ["| Calibration error (lower is better) | 0.040"],
            [],
        ),
        (
            {"evaluation_drawn": "imported"},
            ["chosen by hand, not drawn at random"],
            ["pictures drawn at random"],
        ),
        (
            {"definition": Definition(name="x", description="Only a sentence.")},
            ["What the sentence above says."],
            [],
        ),
    ],
)
def test_the_card_claims_what_is_known_and_no_more(
    head: LinearHead, changes: Any, says: list[str], never: list[str]
) -> None:
    card = card_text(make_facts(head, **changes))
    assert [words for words in says if words not in card] == []
    assert [words for words in never if words in card] == []


def test_what_chance_would_reach_is_of_the_library_not_of_what_was_drawn_to_measure(head, facts):
    estimated = Metric(name="base_rate", value=0.094, low=0.07, high=0.2, n=63)
    card = card_text(make_facts(head, metrics=(*facts.concepts[0].metrics, estimated)))
    assert "are right; of 100 at random 9 would be." in card


def test_kinds_that_count_and_kinds_left_open_are_told_apart(head):
    kinds = (
        Criterion(kind="included", text="a student's room"),
        Criterion(kind="undecided", text="a workshop"),
    )
    definition = Definition(name="messy room", description="untidy", criteria=kinds)
    counts, rest = card_text(make_facts(head, definition=definition)).split("## What doesn't")
    assert "- Counts: a student's room" in counts
    assert "workshop" not in counts
    assert "## What was left open\n\n- a workshop" in rest


def test_a_floor_is_claimed_where_it_is_certified_or_measured_and_nowhere_else(facts):
    def card(metrics, **details):
        (concept,) = facts.concepts
        head = concept.head.model_copy(update={"target": "precision at least 0.9", "details": details})
        changed = concept.model_copy(update={"head": head, "metrics": metrics})
        return card_text(facts.model_copy(update={"concepts": (changed,)}))

    def precision(low):
        return (Metric(name="precision", value=0.95, low=low, high=0.99, n=200),)

    assert "chosen for precision at least 0.9." in card(precision(0.91))
    for metrics in ((), precision(0.85)):
        assert "aims at precision at least 0.9, which is neither guaranteed" in card(metrics)
    promise = {"at_least": 0.9, "confidence": 0.95, "n": 40, "errors": 0, "floor": 0.7, "attempt": 1}
    certified = card((), certified=promise | {"made_from": 1, "day": "2026-11-25"})
    assert "With 95 % confidence at least 90 of 100 pictures above the threshold are right." in certified
    assert "For pictures like those of this library on 25 November 2026." in certified


@settings(max_examples=100)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_no_name_breaks_the_card_or_becomes_html(text):
    head = make_head([1.0, 2.0])
    plain = make_facts(head)
    changed = make_facts(head, concept=text, notes=(text + "\n---\n# <b>| `x`",))
    ours, theirs = card_text(plain), card_text(changed)
    assert front_matter(theirs) == front_matter(ours)
    headings = re.compile(r"^#+ ", re.M)
    assert len(headings.findall(theirs)) == len(headings.findall(ours))
    assert not re.search(r"(?<!\\)<", theirs.split("\n# ")[1])
