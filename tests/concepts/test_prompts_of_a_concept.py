"""A concept's own prompts: what is kept, refused, shown before it is sent, and sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from answering import Filled
from fake_openai import FakeOpenAI
from simulated_annotator import serving

from concepts.collaborator.annotations import annotate, choose_annotator
from concepts.collaborator.prompts import (
    preview_prompt,
    prompt_changes,
    prompt_in_use,
    prompts_in_use,
    set_prompt,
)
from concepts.collaborator.proposals import ask_questions
from concepts.collaborator.setups import Setup
from concepts.errors import DiscernError, UnknownError
from concepts.labelling.mining import mine
from concepts.language.prompts import load_prompt
from concepts.results.concepts import begin_concept
from concepts.use_cases import App, Concept

NAME = "Round thing"
OWN = load_prompt("annotate.system").text + "\n\nBe strict about what is cut off at the edge."

KINDS = {"Yes": "included", "No": "excluding"}
ANSWERS = [{"answer": word, "kind": kind, "criterion": "ovals"} for word, kind in KINDS.items()]
SAYS = {
    "PictureVerdict": {"evidence": [], "rationale": "simulated", "rating": 4},
    "Questions": {"questions": [{"question": "Do ovals count?", "about": "ovals", "answers": ANSWERS}]},
}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOpenAI]:
    with serving(monkeypatch, lambda r: SAYS[str(r.schema_name)], llm_model="simulated-model") as model:
        yield model


def with_a_pool(bench: App) -> None:
    begin_concept(bench, NAME, "A filled ellipse.")
    bench.concept(NAME).begin(mine).wait()


@pytest.fixture
def concept(model: FakeOpenAI, filled: Filled) -> Concept:
    return filled(with_a_pool).concept(NAME)


def test_an_own_text_is_sent_and_makes_another_annotator(concept: Concept, model: FakeOpenAI) -> None:
    concept.begin(annotate, limit=1).wait()
    assert "cut off at the edge" not in model.requests[-1].text
    set_prompt(concept, "annotate.system", OWN, author="ana")
    concept.begin(annotate, limit=1).wait()
    assert "cut off at the edge" in model.requests[-1].text
    assert len({said.fingerprint for said in concept.app.store.ratings(concept.id)}) == 2


def test_scoping_uses_it_too_and_other_concepts_keep_the_default(concept: Concept, model: FakeOpenAI) -> None:
    other = begin_concept(concept.app, "Other", "A rectangle.")
    text = load_prompt("scope.questions.system").text + "\nAsk about size."
    set_prompt(concept, "scope.questions.system", text, author="ana")
    concept.begin(ask_questions).wait()
    preview = preview_prompt(concept, "scope.questions.user")
    assert preview.picture is None
    assert "\n".join(m.text for m in preview.messages) == model.requests[-1].text
    assert "Ask about size." in model.requests[-1].text
    other.begin(ask_questions).wait()
    assert "Ask about size." not in model.requests[-1].text


def test_a_text_with_other_variables_or_too_long_is_refused(concept: Concept) -> None:
    with pytest.raises(DiscernError, match=r"lacks .*{{ criteria }}.*it has {{ colour }}"):
        set_prompt(concept, "annotate.user", "{{ definition }} {{ examples }} {{ colour }}", author="ana")
    assert not prompt_in_use(concept, "annotate.user").own
    same = load_prompt("annotate.system").text.replace("\n", "\r\n") + "\r\n"
    assert not set_prompt(concept, "annotate.system", same, author="ana").own
    with pytest.raises(DiscernError, match="20,000"):
        set_prompt(concept, "annotate.system", "x" * 20_001, author="ana")


def test_only_what_judges_or_proposes_is_edited_and_on_no_test_picture(concept: Concept) -> None:
    for name in ("nothing", "repair", "sight", "../prompts"):
        with pytest.raises(UnknownError, match=r"annotate\.user"):
            set_prompt(concept, name, "text", author="ana")
        with pytest.raises(UnknownError):
            prompt_changes(concept, name)
    measures = next(iter(concept.app.store.evaluation_pictures(concept.id)))
    with pytest.raises(DiscernError, match="is a test picture"):
        preview_prompt(concept, "annotate.user", measures)


def test_the_diff_says_what_is_added_and_a_reset_goes_back_to_the_default(concept: Concept) -> None:
    default = prompt_in_use(concept, "annotate.system")
    edited = set_prompt(concept, "annotate.system", OWN, author="ana")
    assert (edited.own, edited.author, edited.version == default.version) == (True, "ana", False)
    added = [run.text.strip() for run in prompt_changes(concept, "annotate.system") if run.change == "added"]
    assert added == ["Be strict about what is cut off at the edge."]
    assert set_prompt(concept, "annotate.system", "", author="ana") == default


@pytest.mark.parametrize("examples", [False, True])
def test_the_preview_is_what_is_sent_to_the_letter(
    concept: Concept, model: FakeOpenAI, examples: bool
) -> None:
    choose_annotator(concept, Setup("vlm", examples=examples), author="ana")
    set_prompt(concept, "annotate.system", OWN, author="ana")
    concept.begin(annotate, limit=1).wait()
    [picture] = concept.app.store.ratings(concept.id)
    preview, sent = preview_prompt(concept, "annotate.user", picture.picture_id), model.requests[-1]
    assert "\n".join(m.text for m in preview.messages) == sent.text
    assert preview.parameters == {key: value for key, value in sent.body.items() if key != "messages"}
    shown = [(one.id, one.bytes) for one in preview.messages[-1].pictures]
    assert shown == [(picture.picture_id, len(sent.pictures[-1]))]


def test_every_prompt_has_a_preview_also_without_a_model(open_bench: Callable[[], App]) -> None:
    bench = open_bench()
    begin_concept(bench, NAME, "A filled ellipse.")
    for prompt in prompts_in_use(bench.concept(NAME)):
        sent = preview_prompt(bench.concept(NAME), prompt.name)
        assert (sent.model, [m.role for m in sent.messages]) == ("", ["system", "user"])
