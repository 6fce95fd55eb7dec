"""Each tool: what it needs, that it asks the person, and what becomes of what an assistant says."""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import own_loop
import pytest
from answering import answer
from drawing import draw_folder
from mcp.client.client import Client
from mcp.types import ElicitResult, ImageContent, Implementation, TextContent
from PIL import Image

from concepts.installation.users import Role
from concepts.workbench import Concept, Workbench
from concepts.workbench.operation import declared_in
from web.http.roles import TOOLS as RULES
from web.http.roles import Rule
from web.mcp.door import Door
from web.mcp.server import create_server, tools

NAME = "Round thing"
READING = {tool.run.__name__ for tool in tools() if tool.reads}
SOME = {"concept": NAME}


def talk(
    bench: Workbench,
    calls: Callable[[Client], Awaitable[Any]],
    *,
    role: Role = Role.OWNER,
    person: str = "",
    asked: list[str] | None = None,
    mode: str = "auto",
) -> Any:
    """What comes of `calls` by an assistant. `person` says accept, decline or cancel to every question, which
    are put into `asked`; without one the assistant's program can't ask."""

    async def say(context: Any, params: Any) -> ElicitResult:
        if asked is not None:
            asked.append(params.message)
        return ElicitResult(action=person, content={} if person == "accept" else None)

    async def main() -> Any:
        server = create_server(Door(bench, "ana", role))
        told = Implementation(name="looker", version="2")
        async with Client(
            server, client_info=told, elicitation_callback=say if person else None, mode=mode
        ) as client:
            return await calls(client)

    return own_loop.run(main())


def call(bench: Workbench, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
    return talk(bench, lambda client: client.call_tool(name, arguments or {}), **more)


def said(result: Any) -> str:
    return " ".join(block.text for block in result.content if isinstance(block, TextContent))


def arguments_of(bench: Workbench, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """For each tool that changes something, with which it can be called."""
    (picture, *_) = bench.concept(NAME).labels.next_pictures(1)
    return {
        "add_pictures": {"paths": [str(draw_folder(tmp_path / "allowed" / "more", 2, first_seed=500))]},
        "create_concept": {"name": "Square thing", "sentence": "A rectangle."},
        "propose_what_counts": SOME,
        "label_pictures": SOME | {"labels": [{"picture": picture.id, "value": "yes", "reason": "round"}]},
        "have_the_machine_label": SOME | {"budget": 0},
        "train": SOME,
        "score_files": SOME | {"path": str(tmp_path / "allowed")},
        "cancel_job": {"job_id": bench.installation.recent_jobs()[0].id},
    }


def state(bench: Workbench) -> list[Any]:
    concepts = [(one.name, bench.concept(one.name).definition.revisions()) for one in bench.concepts.all()]
    return [concepts, bench.concept(NAME).label_files.rows(), bench.installation.recent_jobs()]


def test_every_tool_has_a_role_and_what_changes_something_says_so(bench: Workbench) -> None:
    listed = talk(bench, lambda client: client.list_tools()).tools
    assert sorted(tool.name for tool in listed) == sorted(RULES)
    assert len(tools()) == len(listed)  # each is written by hand or made, not both
    for tool in listed:
        assert tool.annotations.read_only_hint == (tool.name in READING)
        assert not tool.annotations.destructive_hint  # a cancelled job can be begun again
        assert tool.description
    calling_out = {tool.name for tool in listed if tool.annotations.open_world_hint}
    assert calling_out == {"propose_what_counts", "have_the_machine_label"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("person", ["decline", "cancel"])
def test_whatever_changes_something_is_asked_about_and_a_no_is_a_no(
    bench: Workbench, tmp_path: Path, person: str, mode: str
) -> None:
    bench.jobs.stop()
    bench.concept(NAME).definition.mine()
    arguments, before = arguments_of(bench, tmp_path), state(bench)
    assert arguments.keys() | READING == RULES.keys()
    for name, given in arguments.items():
        if name in ("train", "score_files"):
            continue  # nothing to train from, and no version: refused before anybody is asked
        asked: list[str] = []
        result = call(bench, name, given, person=person, asked=asked, mode=mode)
        assert result.is_error, name
        assert "The person said no. Nothing was done." in said(result), name
        assert len(asked) == 1, name
    assert state(bench) == before


def test_the_question_before_a_job_is_cancelled_says_which_it_is(bench: Workbench) -> None:
    bench.jobs.stop()
    job = bench.concept(NAME).definition.mine().id
    asked: list[str] = []
    result = call(bench, "cancel_job", {"job_id": job}, person="accept", asked=asked)
    assert result.structured_content["state"] == "cancelled"
    assert asked == [f"Cancel job {job} (mine for “{NAME}”)? What is done stays."]
    newest = call(bench, "job").structured_content["result"][0]
    assert (newest["id"], newest["state"]) == (job, "cancelled")


def test_a_tool_made_from_an_operation_asks_by_its_description_and_takes_its_parameters(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (declared,) = (one for one in declared_in(Concept) if (one.part, one.name) == ("protection", "set"))
    offered = replace(declared, operation=replace(declared.operation, tool="protect"))
    monkeypatch.setitem(RULES, "protect", Rule(offered.role, "changed how pictures are shown"))
    monkeypatch.setattr("web.mcp.server.declared_tools", lambda: [offered])
    asked: list[str] = []
    given = SOME | {"shown_as": "blur"}
    assert call(bench, "protect", given, person="decline", asked=asked).is_error
    assert bench.concept(NAME).protection.get().shown_as == ""
    result = call(bench, "protect", given, person="accept", asked=asked)
    assert result.structured_content == {"shown_as": "blur"}
    question = "Choose how everybody sees pictures on the screens of a concept who hasn't chosen otherwise"
    assert asked == [f"{question}? (“{NAME}”, shown_as blur)"] * 2
    assert bench.concept(NAME).protection.get().shown_as == "blur"
    assert bench.installation.deeds()[0].about == f"protect {NAME} by looker 2"
    assert call(bench, "protect", SOME | {"shown_as": "upside-down"}, person="accept").is_error


@pytest.mark.parametrize("role", [Role.VIEWER, Role.LABELLER])
def test_what_a_role_doesnt_permit_is_refused_and_nobody_is_asked(
    bench: Workbench, tmp_path: Path, role: Role
) -> None:
    bench.jobs.stop()
    bench.concept(NAME).definition.mine()
    arguments, before = arguments_of(bench, tmp_path), state(bench)
    for name, given in arguments.items():
        asked: list[str] = []
        result = call(bench, name, given, role=role, person="accept", asked=asked)
        assert "Only an owner may do this." in said(result), name
        assert asked == []
    assert state(bench) == before
    assert not call(bench, "show_concept", SOME, role=role).is_error


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_yes_is_done_once_and_kept_as_a_deed(bench: Workbench, mode: str) -> None:
    asked: list[str] = []
    given = {"name": "Square thing", "sentence": "A rectangle.", "excluding": ["a cube", "a room"]}
    result = call(bench, "create_concept", given, person="accept", asked=asked, mode=mode)
    assert result.structured_content["sentence"] == "A rectangle."
    question = "Begin the concept “Square thing”? What counts: A rectangle. What doesn’t: a cube; a room"
    assert asked == [question]
    assert (
        "Not: a cube\nNot: a room"
        in bench.concept("Square thing").definition.read().revision.definition.as_text()
    )
    assert bench.concept("Square thing").definition.revisions()[0].author == "ana, by looker 2"
    deed = bench.installation.deeds()[0]
    assert (deed.who, deed.what) == ("ana", "began a concept")
    assert deed.about == "create_concept Square thing by looker 2"


def test_a_field_that_a_tool_doesnt_know_is_refused(bench: Workbench) -> None:
    judged = {"picture": "0" * 64, "value": "yes", "certainty": 1}
    for tool, field, given in (
        ("search_pictures", "limit", {"words": "a disc", "limit": 3}),
        ("label_pictures", "certainty", SOME | {"labels": [judged]}),
    ):
        result = call(bench, tool, given)
        assert result.is_error
        assert field in said(result)


def test_an_assistant_sees_pictures_but_not_what_their_files_are_called(bench: Workbench) -> None:
    result = call(bench, "search_pictures", SOME | {"order": "next", "n": 3})
    pictures = [block for block in result.content if isinstance(block, ImageContent)]
    assert len(pictures) == 3
    for block in pictures:
        image = Image.open(io.BytesIO(base64.b64decode(block.data)))
        assert (block.mime_type, image.format, image.size) == ("image/jpeg", "JPEG", (96, 96))
    assert "ellipse" not in said(result)
    assert "rectangle" not in said(result)


def test_its_labels_are_a_machines_and_never_the_persons(bench: Workbench) -> None:
    first, second = (one.id for one in bench.concept(NAME).labels.next_pictures(2))
    labels = [
        {"picture": first, "value": "yes", "reason": "It is round."},
        {"picture": second, "value": "no"},
    ]
    given = SOME | {"labels": labels}
    assert call(bench, "label_pictures", given).structured_content == {"taken": 2, "unchanged": 0}
    assert call(bench, "label_pictures", given).structured_content == {"taken": 0, "unchanged": 2}
    rows = {row["id"]: row for row in bench.concept(NAME).label_files.rows()}
    kept = [rows[first][key] for key in ("label", "author", "author_kind", "recorded_by")]
    assert kept == ["yes", "assistant:looker 2", "annotator", "ana"]
    assert bench.concept(NAME).definition.read().answers.answers == 0
    opinion = bench.concept(NAME).annotations.opinion(first)
    assert opinion is not None
    assert (opinion.value, opinion.rationale) == ("yes", "It is round.")
    again = said(call(bench, "search_pictures", SOME | {"order": "next", "n": 12}))
    assert first not in again
    assert second not in again


def test_what_measures_is_left_to_people(bench: Workbench) -> None:
    (measures,) = bench.concept(NAME).labels.next_pictures(1, purpose="evaluation")
    (teaches,) = bench.concept(NAME).labels.next_pictures(1)
    labels = [{"picture": one.id, "value": "yes"} for one in (teaches, measures)]
    result = call(bench, "label_pictures", SOME | {"labels": labels})
    assert "only people label it. Nothing was taken." in said(result)
    assert bench.concept(NAME).label_files.rows() == []


def test_without_answers_of_people_there_are_no_figures(bench: Workbench) -> None:
    assert "it takes one of each" in said(call(bench, "train", SOME, person="accept"))
    asked_about = bench.concept(NAME).labels.next_pictures(8)
    values = ["yes", "no"] * 4
    labels = [{"picture": one.id, "value": v} for one, v in zip(asked_about, values, strict=True)]
    call(bench, "label_pictures", SOME | {"labels": labels})
    job = call(bench, "train", SOME, person="accept").structured_content["id"]
    done = call(bench, "job", {"job_id": job, "wait_seconds": 60}).structured_content["result"]
    assert (done["state"], done["result"]["measured"]) == ("done", False)
    found = call(bench, "show_concept", SOME).structured_content["result"]["quality"]
    assert (found["figures"], found["measured_on"]) == ([], 0)
    assert found["sentences"] == ["No test picture is labelled yet."]


def test_files_outside_the_allowed_roots_are_refused(bench: Workbench, tmp_path: Path) -> None:
    answer(bench, NAME, [one.id for one in bench.concept(NAME).labels.next_pictures(12)])
    bench.concept(NAME).versions.train().wait()
    outside = draw_folder(tmp_path / "outside", 2)
    (tmp_path / "allowed" / "out").symlink_to(outside)
    for path in (
        str(outside),
        str(tmp_path / "allowed" / ".." / "outside"),
        str(tmp_path / "allowed" / "out"),
    ):
        for name, given in (("add_pictures", {"paths": [path]}), ("score_files", SOME | {"path": path})):
            result = call(bench, name, given, person="accept")
            assert "is outside the folders pictures may be added from" in said(result), (name, path)
    assert call(bench, "show_concept").structured_content["result"]["pictures"] == 60


def test_a_budget_that_cant_be_kept_and_a_model_that_isnt_there_are_no_way_around_it(
    bench: Workbench,
) -> None:
    asked: list[str] = []
    given = SOME | {"budget": 0.5, "limit": 4}
    job = call(bench, "have_the_machine_label", given, person="accept", asked=asked).structured_content["id"]
    assert asked[0].startswith("Have the built-in encoder label")
    assert "which costs nothing" in asked[0]
    done = call(bench, "job", {"job_id": job, "wait_seconds": 60}).structured_content["result"]
    assert (done["state"], done["result"]["annotated"], done["cost_usd"]) == ("done", 4, None)
    without = call(bench, "have_the_machine_label", SOME, person="accept")
    assert without.is_error
    assert "budget" in said(without)


def test_what_isnt_there_and_what_is_no_argument_is_told(bench: Workbench) -> None:
    assert "There is no concept “Nothing”" in said(call(bench, "show_concept", {"concept": "Nothing"}))
    assert "trained version" in said(call(bench, "show_concept", SOME | {"version": 1}))


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        (
            "label_pictures",
            {"labels": [{"picture": "../x", "value": "yes"}]},
            'labels.0.picture is "../x". It should',
        ),
        (
            "label_pictures",
            {"labels": [{"picture": "0" * 64, "value": "maybe"}]},
            "The argument labels.0.value is \"maybe\". It should be 'yes', 'no' or 'unsure'. Nothing was",
        ),
        ("label_pictures", {}, "The argument labels is missing. Nothing was done."),
        ("label_pictures", {"labels": [3]}, "The argument labels.0 is 3. It should be an object."),
        ("search_pictures", {"n": 10**9}, "n is 1000000000. It should be less than or equal to 12."),
        ("search_pictures", {"words": "x" * 10**6}, f'"{"x" * 99}…. It should have at most'),
        ("train", {"limit": 3}, "There is no argument limit. train takes concept, target, head."),
        ("train", {"target": "\ud800"}, 'The argument target is "?". It should be'),
        ("train", {"x" * 10**6: 3}, f"There is no argument {'x' * 100}."),
        ("label_pictures", {"labels": [3] * 50}, "And 47 more. Nothing was done."),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence_with_what_was_given_and_what_is_allowed(
    bench: Workbench, tool: str, given: dict[str, Any], told: str
) -> None:
    result = call(bench, tool, SOME | given)
    assert result.is_error
    assert told in said(result)
    assert len(said(result)) < 1000
