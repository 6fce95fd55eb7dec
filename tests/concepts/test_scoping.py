"""Scoping over a real library: what is asked, what an answer changes, and what reads kinds of pictures.

The model is SIMULATED behind real HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from drawing import draw_folder
from fake_openai import MODEL, FakeOpenAI, says
from pydantic import SecretStr

from concepts.definition import editing
from concepts.definition.document import Criterion, Definition
from concepts.errors import DiscernError
from concepts.settings import Settings
from concepts.workbench import Workbench

PICTURES = 60
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
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def workbench(tmp_path: Path, tiny_open_clip: Path, server: FakeOpenAI) -> Workbench:
    settings = Settings(
        home=tmp_path / "home",
        encoder=f"local-dir:{tiny_open_clip}",
        openai_base_url=server.base_url,
        openai_api_key=SecretStr("simulated"),
        llm_model=MODEL,
    )
    workbench = Workbench(settings)
    workbench.library.add([draw_folder(tmp_path / "drawn", PICTURES)]).wait()
    workbench.concepts.begin("Circle", "A round shape")
    return workbench


def open_questions(workbench: Workbench) -> list[str]:
    return [question.question for question in workbench.concept("Circle").definition.questions()]


def test_questions_stay_open_until_answered_or_skipped_and_come_back_with_undo(
    workbench: Workbench, server: FakeOpenAI
) -> None:
    server.script(says(QUESTIONS))
    workbench.concept("Circle").definition.ask().wait()
    assert open_questions(workbench) == ["Do ovals count?", "Do rings count?"]
    answered = workbench.concept("Circle").definition.answer("Do ovals count?", "No", author="ana", after=1)
    assert (answered.number, answered.author, answered.note) == (2, "ana", "added “an oval”")
    skipped = workbench.concept("Circle").definition.answer("Do rings count?", "", author="ana", after=2)
    assert skipped.note == "a question skipped"
    assert open_questions(workbench) == []
    workbench.concept("Circle").definition.restore(1, author="ana", after=3)
    assert open_questions(workbench) == ["Do ovals count?", "Do rings count?"]


def test_a_question_that_is_not_open_and_a_stale_answer_are_refused(
    workbench: Workbench, server: FakeOpenAI
) -> None:
    server.script(says(QUESTIONS))
    workbench.concept("Circle").definition.ask().wait()
    with pytest.raises(DiscernError, match="answered, or others"):
        workbench.concept("Circle").definition.answer("Do dogs count?", "No", author="ana", after=1)
    workbench.concept("Circle").definition.answer("Do ovals count?", "No", author="ana", after=1)
    with pytest.raises(DiscernError, match="changed meanwhile"):
        workbench.concept("Circle").definition.answer("Do rings count?", "No", author="ben", after=1)


def test_what_asking_and_proposing_cost_is_kept_by_purpose(workbench: Workbench, server: FakeOpenAI) -> None:
    server.script(says(QUESTIONS), says(KINDS))
    workbench.concept("Circle").definition.ask().wait()
    assert workbench.concept("Circle").definition.propose(kinds=True).wait().added == 1
    [total] = workbench.installation.model_costs().totals
    assert (total.purpose, total.calls, total.concept) == ("scope", 2, "Circle")


def test_more_kinds_need_a_model_and_a_signal_that_is_there(workbench: Workbench) -> None:
    with pytest.raises(DiscernError, match="none of the criteria"):
        workbench.concept("Circle").definition.propose(kinds=True, near="a square").wait()
    workbench.context.settings.llm_model = None
    with pytest.raises(DiscernError, match="none is set"):
        workbench.concept("Circle").definition.propose(kinds=True).wait()


def test_kinds_show_pictures_of_which_none_measures(workbench: Workbench) -> None:
    workbench.concept("Circle").definition.revise(TREE, author="ana", note="a tree")
    criteria = workbench.concept("Circle").definition.criteria(6)
    assert [len(c.found) for c in criteria] == [0, 6, 6, 6]
    assert [c.of for c in criteria] == ["", "a round shape", "a round shape", ""]
    measuring = {
        p.id for p in workbench.concept("Circle").labels.next_pictures(PICTURES, purpose="evaluation")
    }
    assert measuring
    assert not measuring & {p.id for c in criteria for p in c.found}


def test_what_counts_and_what_is_open_is_looked_for_what_does_not_count_is_not(workbench: Workbench) -> None:
    workbench.concept("Circle").definition.revise(TREE, author="ana", note="a tree")
    brought = workbench.concept("Circle").definition.mine(size=40).wait().per_query
    assert {"a green ellipse", "a thick line"} <= set(brought)
    assert "a square" not in brought


def test_a_turned_or_removed_signal_lets_its_kinds_go(workbench: Workbench) -> None:
    turned = editing.set_kind(TREE, 0, "supporting")
    removed = editing.remove_criterion(TREE, 0)
    assert [c.of for c in (*turned.criteria, *removed.criteria)] == [""] * 7
    reworded = editing.reword_criterion(TREE, 0, "a disc")
    assert [c.of for c in reworded.criteria] == ["", "a disc", "a disc", ""]
    kept = editing.set_kind(TREE, 1, "undecided")
    assert (kept.criteria[1].kind, kept.criteria[1].of) == ("undecided", "a round shape")
    with pytest.raises(DiscernError, match="gone"):
        editing.add_criterion(TREE, "included", "an egg", of="a square")


def test_an_edit_of_a_kind_says_what_it_did(workbench: Workbench) -> None:
    workbench.concept("Circle").definition.revise(TREE, author="ana", note="a tree")
    turn = partial(editing.set_kind, index=3, kind="included")
    assert (
        workbench.concept("Circle").definition.edit(turn, author="ana", after=2).note
        == "“a thick line” now counts"
    )
