"""Every command on a small library: what it prints for people, and what it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended
from fake_openai import FakeOpenAI
from typer.testing import CliRunner

from concepts.cli import app
from concepts.cli.declared import printers
from concepts.rooms import declared_use_cases
from concepts.settings import SAVED

NAME = "Round thing"
End = Callable[..., Ended]
Run = Callable[..., Any]

# What is looked at and changes nothing, and what a person should read there.
LOOKS = [
    (("library", "info"), "Pictures             60"),
    (("library", "search", "--n", "3"), "96 × 96"),
    (("library", "search", "--like", "ellipse-0000.png"), "score"),
    (("concept", "list"), NAME),
    (("concept", "show", NAME), "Version 1: "),
    (("concept", "revisions", NAME), "begun"),
    (("concept", "questions", NAME), "There is nothing to ask right now."),
    (("concept", "borderline", NAME), "Nothing is open."),
    (("concept", "wordings", NAME), "No other words were tried yet"),
    (("concept", "prompts", "list", NAME), "annotate.system"),
    (("concept", "prompts", "show", NAME, "annotate.user"), "{{ definition }}"),
    (("concept", "prompts", "preview", NAME, "annotate.user"), "--- also sent ---"),
    (("trash", "list"), "labels"),
    (("concept", "version", "list", NAME), "average precision"),
    (("concept", "version", "show", NAME), "Version 1, yes from "),
    (("concept", "version", "show", NAME, "1"), "precision (95 %)"),
    (("concept", "version", "compare", NAME, "1", "1"), "they differ on 0."),
    (("concept", "annotate-cost", NAME), "pictures, free of charge."),
    (("concept", "annotators", NAME), "Nothing was compared yet"),
    (("concept", "review", NAME), "evidence"),
    (("concept", "version", "card", NAME), f"# {NAME}"),
    (("concept", "version", "scores", NAME, "--order", "borderline"), "Version 1 says yes to "),
    (("concept", "labels", "export", NAME), "id,path,label,"),
    (("job", "list"), "add pictures"),
    (("job", "show", "1"), "pictures_per_second"),
    (("settings",), "model_concurrency"),
    (("system", "cost"), "unpriced"),
    (("system", "audit"), "who"),
    (("system", "about"), "torch"),
]


@pytest.fixture
def trained(answered: Path, discern: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the pictures, which is also where the commands run."""
    monkeypatch.chdir(answered)
    discern("concept", "train", NAME)
    discern("concept", "evaluate", NAME)
    return answered


def test_what_is_only_looked_at_reads_well_and_is_json_for_programs(
    trained: Path, discern: Run, ended: End
) -> None:
    for command, said in LOOKS:
        end = ended(*command)
        assert (end.code, end.err) == (0, ""), command
        assert said in end.out, command
        assert ended(*command, "--json").json is not None
    assert ended("concept", "version", "guarantee", NAME).out.startswith("Nobody asked for a guarantee yet")
    found = discern("library", "picture", "ellipse-0000.png")
    assert discern("library", "picture", found["id"][:12]) == found  # by how its id begins
    assert f"Says me, {NAME}: yes" in " ".join(ended("library", "picture", found["id"]).out.split())
    added = ended("library", "add", trained)
    assert added.err == ""  # long work says nothing beside its result where nobody watches
    assert added.out.startswith("0 added, 0 duplicates, 60 unchanged, 0 skipped in ")


def test_whatever_is_printed_in_its_own_way_is_a_command() -> None:
    commands = {declared.name for declared in declared_use_cases() if declared.command}
    assert printers.keys() <= commands


def test_a_definition_edited_in_a_file_is_the_next_revision(
    pictures: Path, discern: Run, ended: End, tmp_path: Path
) -> None:
    file = tmp_path / "definition.json"
    definition = discern("concept", "show", NAME)["revision"]["definition"]
    file.write_text(json.dumps(definition | {"description": "A filled circle."}))
    assert discern("concept", "revise", NAME, file, "--note", "narrower")["number"] == 2
    assert [r["note"] for r in discern("concept", "revisions", NAME)] == ["begun", "narrower"]
    changes = discern("concept", "revisions", NAME)[1]["changes"]
    assert "".join(run["text"] for run in changes if run["change"] == "added").strip() == "circle."
    ellipse = discern("concept", "example", NAME, pictures / "ellipse-0000.png", "--look-alike")
    assert (ellipse["outside"], ellipse["revision"]) == (False, 3)
    assert discern("concept", "drop-example", NAME, ellipse["id"][:12])["revision"] == 4
    file.write_text(json.dumps(definition | {"descripton": "A filled circle."}))
    end = ended("concept", "revise", NAME, file)
    assert (end.code, end.out) == (1, "")
    assert "is no definition: descripton: " in end.err
    assert ended("concept", "revise", NAME, tmp_path / "nowhere.json").code == 1


def test_a_setting_is_kept_and_the_key_is_never_told(own_home: Path, discern: Run, ended: End) -> None:
    discern("settings", "llm_model", "some-model")
    asked = CliRunner().invoke(app, ["settings", "openai_api_key"], input="sk-secret\n")
    assert asked.exit_code == 0, asked.output
    assert "sk-secret" not in asked.output
    assert json.loads((own_home / "settings.json").read_text()) == {"llm_model": "some-model"}
    assert "sk-secret" not in ended("settings").out
    assert discern("settings", "llm_model", "")["llm_model"] is None
    assert ended("settings", "colour", "red").code == 2
    help = "".join(ended("settings", "--help").out.split())
    assert all(name in help for name in SAVED)  # what the app can change


def test_the_endpoint_is_asked_what_it_can_do(
    own_home: Path, discern: Run, ended: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = ended("system", "test-endpoint", "--json")
    assert end.code == 1
    assert "No endpoint is set" in end.json["error"]
    with FakeOpenAI(lambda request: {"number": 4, "odd": "no"}, sees=False) as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
        monkeypatch.setenv("DISCERN_LLM_MODEL", "simulated-model")
        monkeypatch.setenv("DISCERN_VLM_MODEL", "simulated-model")
        assert [answer["model"] for answer in discern("system", "test-endpoint")["answers"]] == [
            "simulated-model"
        ]
        said = ended("system", "test-endpoint").out
        assert "simulated-model (proposes criteria, suggests labels, proposes wordings)" in said
        assert "It doesn’t see pictures." in said
    assert discern("system", "cost")["calls"][0]["model"] == "simulated-model"


def test_what_is_made_of_which_pictures_is_said_in_words(pictures: Path, ended: End, discern: Run) -> None:
    discern("collection", "new", "Blue", "--search", "a blue ellipse", "--n", 5)
    shown = ended("collection", "show", "Blue")
    assert "“Blue” (1): 5 pictures, the search “a blue ellipse”." in shown.out
    wrong = ended("collection", "new", "Both", "--search", "x", "--folder", pictures)
    assert wrong.code == 1
    missing = ended("collection", "show", "Nothing")
    assert "discern collection list" in missing.err


def test_a_concept_in_the_trash_comes_back_as_its_error_says(
    pictures: Path, discern: Run, ended: End
) -> None:
    (concept,) = discern("concept", "list")
    put = discern("trash", "put", "--concept", concept["name"])
    assert discern("concept", "list") == []
    (item,) = discern("trash", "list")
    assert ([item["id"]], [item["name"]]) == (put["ids"], put["names"])
    refused = ended("concept", "mine", concept["name"])
    assert refused.code == 1
    assert f"discern trash restore --concept '{concept['name']}'" in refused.err
    assert discern("trash", "restore", "--concept", item["id"]) == put
    assert discern("concept", "list") == [concept]
    for wrong in ((), ("--concept", "A", "--rule", "B")):
        assert "Give one of pictures" in ended("trash", "put", *wrong).err


def test_classes_are_given_by_name_and_what_is_none_is_refused(
    pictures: Path, discern: Run, ended: End
) -> None:
    made = discern("concept", "new", "Shape", "--description", "Which shape.", "--classes", "ellipse, line")
    assert made["scale"]["words"] == ["ellipse", "line"]
    picture = sorted(pictures.glob("*.png"))[0]
    discern("concept", "labels", "add", "Shape", picture, "ellipse")
    end = ended("concept", "labels", "add", "Shape", picture, "triangle")
    assert end.code != 0
    assert "ellipse, line, none, unsure or skip" in end.err
    late = ended("concept", "set", "Shape", "--graded", "5")
    assert "has labels already" in late.err


def test_what_a_concept_is_answered_by_can_be_changed_before_anybody_answers(
    pictures: Path, discern: Run
) -> None:
    discern("concept", "new", "Mess", "--description", "How messy.")
    assert discern("concept", "set", "Mess", "--graded", 7, "--counts-from", 5)["scale"]["counts_from"] == 5
    named = discern("concept", "set", "Mess", "--graded", 10, "--grade-names", "tidy, a mess")["scale"]
    assert (named["names"][0], named["names"][9]) == ("tidy", "a mess")
    assert discern("concept", "set", "Mess", "--yes-or-no")["scale"]["kind"] == "yes or no"
