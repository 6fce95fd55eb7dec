"""Edits of a definition: what can be made of them, and what can't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.collaborator.writing import Edit, edited
from concepts.definition.document import Criterion, Definition

FRUIT = Definition(
    name="Fruit",
    description="Fruit on a shelf.",
    criteria=(
        Criterion(kind="necessary", text="a fruit"),
        Criterion(kind="excluding", text="in a bag", of="a fruit"),
    ),
)


def edit(action, number=0, kind="excluding", text=""):
    return Edit(action=action, number=number, kind=kind, text=text)


def test_what_is_new_comes_last_as_a_proposal_and_what_is_reworded_or_turned_keeps_its_place():
    after = edited(FRUIT, [edit("add", text=" citrus  fruit ")], "model", "from your answers")
    assert after.criteria[:2] == FRUIT.criteria
    new = after.criteria[2]
    assert (new.text, new.origin, new.note) == ("citrus fruit", "model", "from your answers")
    reworded = edited(FRUIT, [edit("reword", 2, text="in a net")], "model").criteria[1]
    assert (reworded.text, reworded.kind, reworded.of) == ("in a net", "excluding", "a fruit")
    after = edited(FRUIT, [edit("turn", 2, "included"), edit("remove", 1)], "model")
    assert [(c.kind, c.text) for c in after.criteria] == [("included", "in a bag")]


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [edit("add", text=f"thing {n}") for n in range(4)],
        [edit("reword", 3, text="x")],
        [edit("reword", 0, text="x")],
        [edit("remove", 1), edit("reword", 1, text="x")],
        [edit("add", text="  ")],
        [edit("add", text="x" * 400)],
        [edit("add", text="A fruit")],
        [edit("turn", 2, "excluding")],
    ],
)
def test_edits_that_make_no_sense_are_refused(edits):
    with pytest.raises(ValueError):  # noqa: PT011  # whatever is wrong with them
        edited(FRUIT, edits, "model")


EDITS = st.builds(
    Edit,
    action=st.sampled_from(["add", "reword", "turn", "remove"]),
    number=st.integers(-1, 4),
    kind=st.sampled_from(["necessary", "included", "supporting", "excluding"]),
    text=st.text(max_size=20) | st.just("x" * 301),
)


@given(st.lists(EDITS, max_size=4))
def test_whatever_a_model_writes_makes_a_definition_or_is_refused(edits):
    try:
        after = edited(FRUIT, edits, "model")
    except ValueError:
        return
    assert Definition.model_validate_json(after.model_dump_json()) == after
    assert after != FRUIT
    assert (after.name, after.description) == (FRUIT.name, FRUIT.description)
