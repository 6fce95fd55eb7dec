"""Asking a model for other wordings: what it is shown, and what is made of what it says."""

from collections.abc import Sequence

import pytest

from concepts.collaborator.trials import Sifted, WordingCandidate
from concepts.collaborator.writing import Feedback, from_differences, from_feedback, from_nouns
from concepts.definition.document import Criterion, Definition

FRUIT = Definition(
    name="Fruit", description="Fruit on a shelf.", criteria=(Criterion(kind="necessary", text="a fruit"),)
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


def edit(text, action="add", number=0):
    return {"action": action, "number": number, "kind": "excluding", "text": text}


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
    edits = [edit("citrus"), edit("x", "reword", 7), edit("citrus"), edit("peel")]
    model = Scripted({"wordings": [{"why": f"because of {one['text']}", "edits": [one]} for one in edits]})
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
