"""What whoever asks a chat model may rely on."""

import pytest
from fake_openai import MODEL, FakeOpenAI, refuses, says
from pydantic import BaseModel

from concepts.errors import ModelAnswerError
from concepts.language import chat_model
from concepts.language.base import ChatModel, Message
from concepts.language.openai_compatible import OpenAICompatibleModel
from concepts.settings import Settings


class Number(BaseModel):
    value: int


@pytest.fixture
def model(fake_openai: FakeOpenAI, ledger, tmp_path):
    return OpenAICompatibleModel(
        MODEL, api_key="k", base_url=fake_openai.base_url, ledger=ledger, cache=tmp_path
    )


def test_it_is_a_chat_model_with_a_name_and_an_endpoint(model, fake_openai):
    assert isinstance(model, ChatModel)
    assert model.name == MODEL
    assert model.endpoint == fake_openai.base_url


def test_it_answers_with_the_asked_type_and_writes_one_ledger_row(model, fake_openai, ledger):
    fake_openai.script(says({"value": 7}))
    assert model.ask([Message("user", "?")], Number, purpose="contract") == Number(value=7)
    assert [call.purpose for call in ledger.calls()] == ["contract"]


def test_it_does_not_ask_the_same_twice(model, fake_openai):
    fake_openai.script(says({"value": 7}))
    assert model.ask([Message("user", "?")], Number, purpose="a") == model.ask(
        [Message("user", "?")], Number, purpose="b"
    )
    assert len(fake_openai.requests) == 1


def test_a_refusal_is_a_model_answer_error(model, fake_openai):
    fake_openai.script(refuses())
    with pytest.raises(ModelAnswerError):
        model.ask([Message("user", "?")], Number, purpose="contract")


def test_the_settings_name_the_models(fake_openai, ledger, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    base = {"home": tmp_path, "openai_base_url": fake_openai.base_url, "llm_model": "words"}
    assert chat_model(Settings(**base), "scoping", ledger).name == "words"
    assert chat_model(Settings(**base), "annotating", ledger) is None
    assert chat_model(Settings(home=tmp_path, llm_model="words"), "scoping", ledger) is None
