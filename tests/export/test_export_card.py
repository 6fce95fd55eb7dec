"""What the model card says, and what it must never leave out."""

from __future__ import annotations

import re

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.bundle.card import card_text
from concepts.definition.document import Criterion, Definition
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


def test_a_figure_with_a_wide_range_is_no_headline(head, make_facts):
    wide = Metric(name="recall", value=1.0, low=0.01, high=1.0, n=14)
    card = card_text(make_facts(head, metrics=(wide,)))
    assert "Too early to say how many of 100 pictures that count it finds: 1 to 100." in card
    assert "0.010–1.000: too early to say, n = 14" in card
    assert "about 100" not in card


def test_what_chance_would_reach_is_of_the_library_not_of_what_was_drawn_to_measure(head, make_facts, facts):
    estimated = Metric(name="base_rate", value=0.094, low=0.07, high=0.2, n=63)
    card = card_text(make_facts(head, metrics=(*facts.concepts[0].metrics, estimated)))
    assert "are right; of 100 at random 9 would be." in card


def test_kinds_that_count_and_kinds_left_open_are_told_apart(head, make_facts):
    kinds = (
        Criterion(kind="included", text="a student's room"),
        Criterion(kind="undecided", text="a workshop"),
    )
    definition = Definition(name="messy room", description="untidy", criteria=kinds)
    counts, rest = card_text(make_facts(head, definition=definition)).split("## What doesn't")
    assert "- Counts: a student's room" in counts
    assert "workshop" not in counts
    assert "## What was left open\n\n- a workshop" in rest


def test_simulated_answers_are_called_simulated(head, make_facts):
    evaluation = (LabelCount(author_kind="simulated", yes=60, no=140),)
    card = card_text(make_facts(head, evaluation_labels=evaluation))
    assert "**The labels it was measured against were simulated**" in card
    assert "Some or all training labels were simulated" not in card
    training = (LabelCount(author_kind="simulated", yes=50, no=50),)
    assert "Some or all training labels were simulated" in card_text(
        make_facts(head, training_labels=training)
    )


def test_an_unmeasured_head_says_so(head, make_facts):
    bare = {"metrics": (), "baselines": (), "evaluation_labels": (), "training_labels": ()}
    card = card_text(make_facts(head, **bare))
    assert "**It has not been measured**" in card
    assert "nobody knows how often it is wrong" in card
    assert "from the words of the definition alone" in card
    assert "Of 100 pictures" not in card


def test_figures_that_could_not_be_computed_are_not_claimed(head, make_facts):
    unknown = (Metric(name="precision", value=None, n=0, note="no picture was flagged"),)
    card = card_text(make_facts(head, metrics=unknown, baselines=()))
    assert "**It has not been measured**" in card
    assert "not known, n = 0 (no picture was flagged)" in card


def test_few_positives_are_pointed_out(head, make_facts):
    few = (LabelCount(author_kind="person", yes=12, no=188),)
    assert "Only 12 of those pictures count" in card_text(make_facts(head, evaluation_labels=few))


def test_a_calibration_error_of_an_old_report_stays(head, make_facts):
    old = Metric(name="calibration_error", value=0.04, low=0.02, high=0.09, n=120)
    assert "| Calibration error (lower is better) | 0.040" in card_text(make_facts(head, metrics=(old,)))


def test_hand_picked_evaluation_pictures_are_not_called_random(head, make_facts):
    card = card_text(make_facts(head, evaluation_drawn="imported"))
    assert "chosen by hand, not drawn at random" in card
    assert "pictures drawn at random" not in card


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


def test_the_front_matter_is_what_the_hub_reads(facts):
    matter = front_matter(card_text(facts))
    assert matter["pipeline_tag"] == "image-classification"
    assert matter["base_model"] == "example/tiny"
    assert "average_precision" in matter["metrics"]


@settings(max_examples=100)
@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60))
def test_no_name_breaks_the_card_or_becomes_html(text, make_head, make_facts):
    head = make_head([1.0, 2.0])
    plain = make_facts(head)
    changed = make_facts(head, concept=text, notes=(text + "\n---\n# <b>| `x`",))
    ours, theirs = card_text(plain), card_text(changed)
    assert front_matter(theirs) == front_matter(ours)
    headings = re.compile(r"^#+ ", re.M)
    assert len(headings.findall(theirs)) == len(headings.findall(ours))
    assert not re.search(r"(?<!\\)<", theirs.split("\n# ")[1])


def test_a_definition_without_criteria_says_the_sentence_is_all(head, make_facts):
    definition = Definition(name="x", description="Only a sentence.")
    assert "What the sentence above says." in card_text(make_facts(head, definition=definition))
