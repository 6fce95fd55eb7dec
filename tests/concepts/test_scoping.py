"""Scoping over a real library: what is asked, what an answer changes, and what reads kinds of pictures.

The model is SIMULATED behind real HTTP.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_openai import MODEL, FakeOpenAI, says

from concepts.collaborator.proposals import answer_question, ask_questions, open_questions, propose
from concepts.definition import editing
from concepts.definition.document import Criterion, Definition
from concepts.definition.revisions import restore_definition, revise
from concepts.errors import DiscernError
from concepts.installation.jobs import model_costs
from concepts.labelling.dataset import dataset_of
from concepts.labelling.mining import criteria_of, mine
from concepts.results.concepts import begin_concept
from concepts.settings import load_settings
from concepts.use_cases import App, Concept

QUESTIONS = {
    "questions": [
        {
            "question": question,
            "about": about,
            "answers": [
                {"answer": "Yes", "kind": "included", "criterion": about},
                {"answer": "No", "kind": "excluding", "criterion": about},
            ],
        }
        for question, about in (("Do ovals count?", "an oval"), ("Do rings count?", "a ring"))
    ]
}
KINDS = {"kinds": [{"text": "a half circle", "kind": "undecided"}]}
TREE = Definition(
    name="Circle",
    description="A round shape",
    criteria=(
        Criterion(kind="necessary", text="a round shape"),
        Criterion(kind="included", text="a green ellipse", of="a round shape"),
        Criterion(kind="excluding", text="a square", of="a round shape"),
        Criterion(kind="undecided", text="a thick line"),
    ),
)


@pytest.fixture
def concept(open_bench: Callable[[], App], server: FakeOpenAI) -> Concept:
    bench = open_bench()
    endpoint = {"openai_base_url": server.base_url, "openai_api_key": "simulated", "llm_model": MODEL}
    bench.settings = load_settings(**endpoint)
    return begin_concept(bench, "Circle", "A round shape")


def asked_of(concept: Concept) -> list[str]:
    return [question.question for question in open_questions(concept)]


def test_questions_stay_open_until_answered_or_skipped_and_come_back_with_undo(
    concept: Concept, server: FakeOpenAI
) -> None:
    server.script(says(QUESTIONS))
    concept.begin(ask_questions).wait()
    assert asked_of(concept) == ["Do ovals count?", "Do rings count?"]
    with pytest.raises(DiscernError, match="answered, or others"):
        answer_question(concept, "Do dogs count?", "No", author="ana", after=1)
    answered = answer_question(concept, "Do ovals count?", "No", author="ana", after=1)
    assert (answered.number, answered.author, answered.note) == (2, "ana", "added “an oval”")
    with pytest.raises(DiscernError, match="changed meanwhile"):
        answer_question(concept, "Do rings count?", "No", author="ben", after=1)
    skipped = answer_question(concept, "Do rings count?", "", author="ana", after=2)
    assert skipped.note == "a question skipped"
    assert asked_of(concept) == []
    restore_definition(concept, 1, author="ana", after=3)
    assert asked_of(concept) == ["Do ovals count?", "Do rings count?"]


def test_what_asking_and_proposing_cost_is_kept_by_purpose(concept: Concept, server: FakeOpenAI) -> None:
    server.script(says(QUESTIONS), says(KINDS))
    concept.begin(ask_questions).wait()
    assert concept.begin(propose, kinds=True).wait().added == 1
    [total] = model_costs(concept.app).totals
    assert (total.purpose, total.calls, total.concept) == ("scope", 2, "Circle")


def test_more_kinds_need_a_model_and_a_signal_that_is_there(concept: Concept) -> None:
    with pytest.raises(DiscernError, match="none of the criteria"):
        concept.begin(propose, kinds=True, near="a square").wait()
    concept.app.settings.llm_model = None
    with pytest.raises(DiscernError, match="none is set"):
        concept.begin(propose, kinds=True).wait()


def test_what_counts_and_what_is_open_is_looked_for_and_shown_with_pictures_of_which_none_measures(
    concept: Concept,
) -> None:
    revise(concept, TREE, author="ana", note="a tree")
    criteria = criteria_of(concept, 6)
    assert [len(c.found) for c in criteria] == [0, 6, 6, 6]
    assert [c.of for c in criteria] == ["", "a round shape", "a round shape", ""]
    measuring = set(dataset_of(concept).evaluation)
    assert measuring
    assert not measuring & {p.id for c in criteria for p in c.found}
    brought = concept.begin(mine, size=40).wait().per_query
    assert {"a green ellipse", "a thick line"} <= set(brought)
    assert "a square" not in brought


def test_a_turned_or_removed_signal_lets_its_kinds_go() -> None:
    turned = editing.set_kind(TREE, 0, "supporting")
    removed = editing.remove_criterion(TREE, 0)
    assert [c.of for c in (*turned.criteria, *removed.criteria)] == [""] * 7
    reworded = editing.reword_criterion(TREE, 0, "a disc")
    assert [c.of for c in reworded.criteria] == ["", "a disc", "a disc", ""]
    kept = editing.set_kind(TREE, 1, "undecided")
    assert (kept.criteria[1].kind, kept.criteria[1].of) == ("undecided", "a round shape")
    with pytest.raises(DiscernError, match="gone"):
        editing.add_criterion(TREE, "included", "an egg", of="a square")
