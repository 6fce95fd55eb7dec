"""Other wordings: what a model is shown and says, and what is made of its edits."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.collaborator.trials import Sifted, WordingCandidate
from concepts.collaborator.writing import Edit, Feedback, edited, from_differences, from_feedback, from_nouns
from concepts.definition.document import Criterion, Definition

FRUIT = Definition(
    name="Fruit",
    description="Fruit on a shelf.",
    criteria=(
        Criterion(kind="necessary", text="a fruit"),
        Criterion(kind="excluding", text="in a bag", of="a fruit"),
    ),
)


class Scripted:
    """Answers with what is given, and keeps what it was asked."""

    name, endpoint = "scripted", "nowhere"

    def __init__(self, *answers: dict) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def ask(self, messages: Sequence, answer, *, purpose: str, sample: int = 0):
        self.asked.append("\n".join(message.text for message in messages))
        return answer.model_validate(self.answers.pop(0))


def said(person, machine, i=0, *comments):
    return Feedback(f"p{i}", person, machine, f"it shows thing {i}", comments)


FEEDBACK = [
    said("no", "yes", 1),
    said("no", "yes", 2, "citrus never counts"),
    *(said("yes", "yes", n) for n in (3, 4)),
    *(said("no", "no", n) for n in (5, 6)),
]


def test_the_model_sees_what_differs_and_what_was_remarked_first():
    model = Scripted({"wordings": []}, {"wordings": []})
    from_feedback(FRUIT, FEEDBACK, [], model)
    from_feedback(FRUIT, [said("yes", "yes", 1, "also when it is cut open")], [], model)
    differ, agree = model.asked
    assert differ.index("thing 2") < differ.index("thing 1") < differ.index("thing 3")
    assert "The person remarks: citrus never counts" in differ
    assert "also when it is cut open" in agree


def test_the_model_sees_the_best_and_the_worst_wordings_with_what_they_did():
    model = Scripted({"wordings": []})
    tried = []
    for n in range(9):
        criterion = Criterion(kind="excluding", text=f"thing number {n}")
        wording = WordingCandidate(FRUIT.model_copy(update={"criteria": (criterion,)}), "", "feedback")
        tried.append(Sifted(wording, 0.1 - n / 10, 9 - n, n))
    from_feedback(FRUIT, FEEDBACK, tried, model)
    lines = model.asked[0].partition("<tried>\n")[2].partition("\n</tried>")[0].splitlines()
    assert [line.partition(": mends")[0][-1] for line in lines[:6]] == list("012678")
    assert "mends 9 of the mistakes shown to it, breaks 0 that were right" in lines[0]
    assert all(f"thing number {n}" in lines[6] for n in (3, 4, 5))


def test_edits_that_can_not_be_made_and_repetitions_are_left_out():
    edits = [edit("reword", 7, text="x"), *(edit("add", text=text) for text in ("citrus", "citrus", "peel"))]
    wordings = [{"why": f"because of {one.text}", "edits": [one.model_dump()]} for one in edits]
    model = Scripted({"wordings": wordings})
    found = from_feedback(FRUIT, FEEDBACK, [], model)
    assert [c.definition.criteria[-1].text for c in found] == ["citrus", "peel"]
    assert found[0].why == "because of citrus"


def test_what_tells_wrong_yeses_from_right_ones_excludes_or_is_a_must_unless_there_is_but_one():
    texts = {"first": "has a thick peel", "second": "can be eaten whole"}
    model = Scripted({"differences": [{"text": text, "seen_in": group} for group, text in texts.items()]})
    found = from_differences(FRUIT, FEEDBACK, model)
    assert [(c.definition.criteria[-1].kind, c.definition.criteria[-1].text) for c in found] == [
        ("excluding", "has a thick peel"),
        ("necessary", "can be eaten whole"),
    ]
    assert from_differences(FRUIT, FEEDBACK[1:], Scripted()) == []


@pytest.mark.parametrize(
    ("person", "machine", "kind"), [("no", "yes", "excluding"), ("yes", "no", "included")]
)
def test_without_a_model_nouns_tell_the_groups_apart(person, machine, kind):
    feedback = [said(person, machine, n) for n in (1, 2)] + [said(machine, machine, n) for n in (3, 4)]
    (found,) = from_nouns(FRUIT, feedback, lambda first, second: [f"{first[0]} and not {second[0]}"])
    criterion = found.definition.criteria[-1]
    assert (criterion.kind, criterion.text) == (kind, "p1 and not p3")


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
