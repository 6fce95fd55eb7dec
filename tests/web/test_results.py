"""What the address of Results asks for, and what of a version it shows."""

from __future__ import annotations

from answering import answer

from concepts.bundle.rule_text import quoted
from concepts.labelling.labels import next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.trained import train
from concepts.use_cases import App
from web.screens.results.place import Place
from web.screens.results.shown import blocks_of

NAME = "Round thing"


def test_a_rule_that_is_one_concept_is_the_concept_and_keeps_its_threshold(library: App) -> None:
    concept = begin_concept(library, NAME, "A filled ellipse.")
    answer(library, NAME, [picture.id for picture in next_pictures(concept, 20)])
    concept.begin(train).wait()
    rule = quoted(NAME)
    assert Place.of(library, {"rule": rule}).concept == NAME
    assert not Place.of(library, {"rule": rule}).is_rule
    assert Place.of(library, {"rule": rule, "sure": "30"}).is_rule  # at a threshold of its own
    assert Place.of(library, {"rule": f"NOT {rule}"}).is_rule


def test_what_the_address_has_of_an_order_or_a_watch_is_checked() -> None:
    assert Place({"concept": NAME, "order": "; DROP"}).order == ""
    assert Place({"concept": NAME, "order": "bottom"}).order == "bottom"
    assert Place({"concept": NAME, "watch": "-1"}).watch == 0
    assert (
        Place({"concept": NAME, "order": "top"}).to(order="new") == "/results?concept=Round+thing&order=new"
    )


def test_a_model_card_is_plain_text_whatever_is_in_it() -> None:
    blocks = blocks_of(
        "# <b>A</b>\n\nOne *two*.\n\n- x\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nrun\n```\n"
    )
    assert blocks == [
        {"heading": "<b>A</b>"},
        {"text": "One two."},
        {"item": "x"},
        {"rows": [["a", "b"], ["1", "2"]]},
        {"code": "run\n"},
    ]
