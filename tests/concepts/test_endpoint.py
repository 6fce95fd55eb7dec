"""The endpoint test, against a SIMULATED model behind a real HTTP server."""

from __future__ import annotations

import re

import pytest
from fake_openai import MODEL, FakeOpenAI, Request, cut_off
from manners import LLAMA_CPP_PYTHON

from concepts.errors import ModelCallError, SettingsError
from concepts.installation.endpoint import EndpointReport, about_models, examine
from concepts.language.capabilities import CapabilityMemory
from concepts.settings import Settings, load_settings
from storage.calls import Ledger


def reads(request: Request) -> dict[str, object]:
    """Simulated: gives the number back."""
    found = re.search(r"number (\d+)", request.text)
    assert found
    return {"number": int(found[1]), "odd": "yes" if int(found[1]) % 2 else "no"}


def settings_for(server: FakeOpenAI, **more: str) -> Settings:
    names = {"llm_model": MODEL, "vlm_model": MODEL} | more
    return load_settings(openai_base_url=server.base_url, openai_api_key="sk-secret", **names)


def nothing(done: int, total: int | None, message: str) -> None:
    """Progress that nobody looks at."""


def words(report: EndpointReport) -> str:
    return " ".join(f"{f.says} {f.follows}" for about in about_models(report) for f in about.findings)


def test_it_says_what_a_model_can_do_asking_one_with_several_roles_once(ledger: Ledger) -> None:
    with FakeOpenAI(reads) as server:
        report = examine(settings_for(server), ledger, nothing)
        again = examine(settings_for(server), ledger, nothing)
        assert len(ledger.calls()) == 6  # the second time nothing is from a cache
        roles = settings_for(server, vlm_model="eyes", large_vlm_model="eyes", critic_model="critic")
        several = examine(roles, ledger, nothing).answers
    assert report.models == [MODEL]
    for (answer,) in (report.answers, again.answers):
        assert answer.roles == ["scoping", "annotating", "criticising"]
        assert (answer.works, answer.correct, answer.listed, answer.sees) == (True, True, True, True)
        assert (answer.structured, answer.chances) == ("json_schema", True)
    assert {call.purpose for call in ledger.calls()} == {"test"}
    assert {answer.model: (answer.roles, answer.sees) for answer in several} == {
        MODEL: (["scoping"], None),
        "eyes": (["annotating", "escalating"], True),
        "critic": (["criticising"], None),
    }


def test_a_small_real_server_is_described_with_what_follows(ledger: Ledger) -> None:
    with FakeOpenAI(reads, manner=LLAMA_CPP_PYTHON, sees=False) as server:
        report = examine(settings_for(server), ledger, nothing)
        known = CapabilityMemory(settings_for(server).cache, server.base_url, MODEL).known
    assert known.sight is not None
    assert not known.sight.sees
    (answer,) = report.answers
    assert (answer.works, answer.sees, answer.structured) == (True, False, "json_object_schema")
    said = words(report)
    assert "It doesn’t see pictures. Shown a" in said
    assert "gave no usable answer (empty)" in said
    assert "the built-in encoder labels instead" in said
    assert "enforces a form that is sent with the question" in said
    assert "gives no probabilities. It is asked three times" in said
    assert "The endpoint doesn’t say how large its context is" in said


def test_a_model_whose_answer_about_a_picture_is_missing_is_not_called_blind(ledger: Ledger) -> None:
    reply = cut_off('{"digit": ')
    with FakeOpenAI(lambda request: reply if request.pictures else reads(request)) as server:
        server.looks_itself = True
        report = examine(settings_for(server), ledger, nothing)
        known = CapabilityMemory(settings_for(server).cache, server.base_url, MODEL).known
    assert (report.answers[0].sees, known.sight) == (None, None)
    said = words(report)
    assert "doesn’t see" not in said
    assert f"It didn’t say what is in a test picture. {report.answers[0].blind_why}" in said
    assert "Then test again" in said


def test_a_server_that_was_upgraded_and_a_wrong_answer_are_found_out(ledger: Ledger) -> None:
    with FakeOpenAI(reads, rejects={"json_schema": 500}) as server:
        settings = settings_for(server)
        assert examine(settings, ledger, nothing).answers[0].structured == "json_object_schema"
        server.rejects = {}
        assert examine(settings, ledger, nothing).answers[0].structured == "json_schema"
    with FakeOpenAI(lambda request: {"number": 1, "odd": "yes"}) as server:
        report = examine(settings_for(server, vlm_model=""), ledger, nothing)
    assert report.answers[0].correct is False
    assert "answers, but wrongly" in words(report)


def test_an_address_where_nothing_listens_is_said_so_without_the_key(ledger: Ledger) -> None:
    with FakeOpenAI() as server:
        settings = settings_for(server)
    with pytest.raises(ModelCallError, match="can't be reached") as caught:
        examine(settings, ledger, nothing)
    assert "sk-secret" not in str(caught.value)
    with pytest.raises(SettingsError):
        examine(load_settings(), ledger, nothing)
