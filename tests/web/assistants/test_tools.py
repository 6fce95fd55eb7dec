"""Each tool: what it needs, that it asks the person, and what becomes of what an assistant says."""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import own_loop
import pytest
from answering import answer
from drawing import draw_folder
from mcp.client.client import Client
from mcp.types import ElicitResult, ImageContent, Implementation, TextContent
from PIL import Image

from concepts.collaborator.annotations import opinion_of
from concepts.definition.revisions import definition_of, revisions
from concepts.installation.jobs import list_deeds, list_jobs
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import mine
from concepts.results.concepts import begin_concept, concept_state
from concepts.results.overview import list_concepts
from concepts.results.trained import train
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.http.roles import TOOLS as RULES
from web.mcp.door import Door
from web.mcp.server import create_server, tools

NAME = "Round thing"
READING = {tool.run.__name__ for tool in tools() if tool.reads}
SOME = {"concept": NAME}


@pytest.fixture(scope="module")
def talks(library: App) -> App:
    """Of the module, for what changes nothing."""
    begin_concept(library, NAME, "A filled ellipse.")
    return library


def talk(
    bench: App,
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


def call(bench: App, name: str, arguments: dict[str, Any] | None = None, **more: Any) -> Any:
    return talk(bench, lambda client: client.call_tool(name, arguments or {}), **more)


def said(result: Any) -> str:
    return " ".join(block.text for block in result.content if isinstance(block, TextContent))


def arguments_of(bench: App, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """For each tool that changes something, with which it can be called."""
    (picture, *_) = next_pictures(bench.concept(NAME), 1)
    return {
        "add_pictures": {"paths": [str(draw_folder(tmp_path / "allowed" / "more", 2, first_seed=500))]},
        "create_concept": {"name": "Square thing", "sentence": "A rectangle."},
        "propose_what_counts": SOME,
        "label_pictures": SOME | {"labels": [{"picture": picture.id, "value": "yes", "reason": "round"}]},
        "have_the_machine_label": SOME | {"budget": 0},
        "train": SOME,
        "score_files": SOME | {"path": str(tmp_path / "allowed")},
        "cancel_job": {"job_id": list_jobs(bench)[0].id},
    }


def state(bench: App) -> list[Any]:
    concepts = [(one.name, revisions(bench.concept(one.name))) for one in list_concepts(bench)]
    return [concepts, label_rows(bench.concept(NAME)), list_jobs(bench)]


def test_every_tool_has_a_role_and_what_changes_something_says_so(talks: App) -> None:
    listed = talk(talks, lambda client: client.list_tools()).tools
    assert sorted(tool.name for tool in listed) == sorted(RULES)
    assert len(tools()) == len(listed)  # each is written by hand or made, not both
    for tool in listed:
        assert tool.annotations.read_only_hint == (tool.name in READING)
        assert not tool.annotations.destructive_hint  # a cancelled job can be begun again
        assert tool.description
    calling_out = {tool.name for tool in listed if tool.annotations.open_world_hint}
    assert calling_out == {"propose_what_counts", "have_the_machine_label"}


def test_whatever_changes_something_is_asked_about_and_a_no_is_a_no(bench: App, tmp_path: Path) -> None:
    bench.jobs.stop()
    job = bench.concept(NAME).begin(mine).id
    arguments, before = arguments_of(bench, tmp_path), state(bench)
    assert arguments.keys() | READING == RULES.keys()
    del arguments["train"], arguments["score_files"]  # refused before: nothing to train from, and no version
    for name, given in arguments.items():
        for person, mode in (("decline", "auto"), ("cancel", "auto"), ("decline", "legacy")):
            asked: list[str] = []
            result = call(bench, name, given, person=person, asked=asked, mode=mode)
            assert result.is_error, name
            assert "The person said no. Nothing was done." in said(result), name
            assert len(asked) == 1, name
    assert state(bench) == before
    asked.clear()
    result = call(bench, "cancel_job", {"job_id": job}, person="accept", asked=asked)
    assert result.structured_content["state"] == "cancelled"
    assert asked == [f"Cancel job {job} (mine for “{NAME}”)? What is done stays."]
    newest = call(bench, "job").structured_content["result"][0]
    assert (newest["id"], newest["state"]) == (job, "cancelled")


def test_what_a_role_doesnt_permit_is_refused_and_nobody_is_asked(bench: App, tmp_path: Path) -> None:
    bench.jobs.stop()
    bench.concept(NAME).begin(mine)
    arguments, before = arguments_of(bench, tmp_path), state(bench)
    asked: list[str] = []
    for role in (Role.VIEWER, Role.LABELLER):
        for name, given in arguments.items():
            result = call(bench, name, given, role=role, person="accept", asked=asked)
            assert "Only an owner may do this." in said(result), name
        assert not call(bench, "show_concept", SOME, role=role).is_error
    assert asked == []
    assert state(bench) == before


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_yes_is_done_once_and_kept_as_a_deed(bench: App, mode: str) -> None:
    asked: list[str] = []
    given = {"name": "Square thing", "sentence": "A rectangle.", "excluding": ["a cube", "a room"]}
    result = call(bench, "create_concept", given, person="accept", asked=asked, mode=mode)
    concept = bench.concept("Square thing")
    assert result.structured_content["sentence"] == "A rectangle."
    question = "Begin the concept “Square thing”? What counts: A rectangle. What doesn’t: a cube; a room"
    assert asked == [question]
    assert "Not: a cube\nNot: a room" in definition_of(concept).definition.as_text()
    assert revisions(concept)[0].author == "ana, by looker 2"
    deed = list_deeds(bench)[0]
    assert (deed.who, deed.what) == ("ana", "began a concept")
    assert deed.about == "create_concept Square thing by looker 2"


def test_an_assistant_sees_pictures_but_not_what_their_files_are_called(talks: App) -> None:
    result = call(talks, "search_pictures", SOME | {"order": "next", "n": 3})
    pictures = [block for block in result.content if isinstance(block, ImageContent)]
    assert len(pictures) == 3
    for block in pictures:
        image = Image.open(io.BytesIO(base64.b64decode(block.data)))
        assert (block.mime_type, image.format, image.size) == ("image/jpeg", "JPEG", (96, 96))
    assert "ellipse" not in said(result)
    assert "rectangle" not in said(result)


def test_its_labels_are_a_machines_and_never_the_persons(bench: App) -> None:
    first, second = (one.id for one in next_pictures(bench.concept(NAME), 2))
    labels = [
        {"picture": first, "value": "yes", "reason": "It is round."},
        {"picture": second, "value": "no"},
    ]
    given = SOME | {"labels": labels}
    assert call(bench, "label_pictures", given).structured_content == {"taken": 2, "unchanged": 0}
    assert call(bench, "label_pictures", given).structured_content == {"taken": 0, "unchanged": 2}
    rows = {row["id"]: row for row in label_rows(bench.concept(NAME))}
    kept = [rows[first][key] for key in ("label", "author", "author_kind", "recorded_by")]
    assert kept == ["yes", "assistant:looker 2", "annotator", "ana"]
    assert concept_state(bench.concept(NAME)).answers.answers == 0
    opinion = opinion_of(bench.concept(NAME), first)
    assert opinion is not None
    assert (opinion.value, opinion.rationale) == ("yes", "It is round.")
    again = said(call(bench, "search_pictures", SOME | {"order": "next", "n": 12}))
    assert first not in again
    assert second not in again


def test_what_measures_is_left_to_people_without_whom_there_are_no_figures(bench: App) -> None:
    (measures,) = next_pictures(bench.concept(NAME), 1, purpose="evaluation")
    (teaches,) = next_pictures(bench.concept(NAME), 1)
    labels = [{"picture": one.id, "value": "yes"} for one in (teaches, measures)]
    result = call(bench, "label_pictures", SOME | {"labels": labels})
    assert "only people label it. Nothing was taken." in said(result)
    assert label_rows(bench.concept(NAME)) == []
    assert "it takes one of each" in said(call(bench, "train", SOME, person="accept"))
    pictures = enumerate(next_pictures(bench.concept(NAME), 8))
    labels = [{"picture": one.id, "value": "no" if number % 2 else "yes"} for number, one in pictures]
    call(bench, "label_pictures", SOME | {"labels": labels})
    asked: list[str] = []
    given = SOME | {"head": "logistic"}
    job = call(bench, "train", given, person="accept", asked=asked).structured_content["id"]
    question = "Train a new version from all labels, measure it, and score the library"
    assert asked == [f"{question}? (“{NAME}”, head logistic)"]
    done = call(bench, "job", {"job_id": job, "wait_seconds": 60}).structured_content["result"]
    assert (done["state"], done["result"]["measured"]) == ("done", False)
    found = call(bench, "show_concept", SOME).structured_content["result"]["quality"]
    assert (found["figures"], found["measured_on"]) == ([], 0)
    assert found["sentences"] == ["No test picture is labelled yet."]


def test_files_are_read_inside_the_allowed_roots_alone(bench: App, tmp_path: Path) -> None:
    answer(bench, NAME, [one.id for one in next_pictures(bench.concept(NAME), 12)])
    bench.concept(NAME).begin(train).wait()
    outside = draw_folder(tmp_path / "outside", 2)
    (tmp_path / "allowed" / "out").symlink_to(outside)
    for place in ("outside", "allowed/../outside", "allowed/out"):
        path = f"{tmp_path}/{place}"
        for name, given in (("add_pictures", {"paths": [path]}), ("score_files", SOME | {"path": path})):
            result = call(bench, name, given, person="accept")
            assert "is outside the folders pictures may be added from" in said(result), (name, path)
    assert list_deeds(bench) == []
    inside = [str(draw_folder(tmp_path / "allowed" / "in", 2, first_seed=500))]
    job = call(bench, "add_pictures", {"paths": inside}, person="accept").structured_content["id"]
    done = call(bench, "job", {"job_id": job, "wait_seconds": 60}).structured_content["result"]
    assert (done["state"], done["result"]["added"]) == ("done", 2)
    (deed,) = list_deeds(bench)
    assert (deed.who, deed.what) == ("ana", "added pictures")
    assert inside[0] in deed.about
    assert deed.about.endswith("by looker 2")


def test_a_budget_that_cant_be_kept_and_a_model_that_isnt_there_are_no_way_around_it(
    bench: App,
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


MANY = "x" * 10**6
PICTURE = {"picture": "0" * 64, "value": "yes"}


@pytest.mark.parametrize(
    ("tool", "given", "told"),
    [
        ("show_concept", {"concept": "Nothing"}, "There is no concept “Nothing”"),
        ("show_concept", {"version": 1}, "trained version"),
        (
            "label_pictures",
            {"labels": [PICTURE | {"picture": "../x"}]},
            'labels.0.picture is "../x". It should',
        ),
        (
            "label_pictures",
            {"labels": [PICTURE | {"value": "maybe"}]},
            "The argument labels.0.value is \"maybe\". It should be 'yes', 'no' or 'unsure'. Nothing was",
        ),
        ("label_pictures", {"labels": [PICTURE | {"certainty": 1}]}, "certainty"),
        ("label_pictures", {}, "The argument labels is missing. Nothing was done."),
        ("label_pictures", {"labels": [3]}, "The argument labels.0 is 3. It should be an object."),
        ("label_pictures", {"labels": [3] * 50}, "And 47 more. Nothing was done."),
        ("search_pictures", {"n": 10**9}, "n is 1000000000. It should be less than or equal to 12."),
        ("search_pictures", {"words": MANY}, f'"{MANY[:99]}…. It should have at most'),
        ("train", {"limit": 3}, "There is no argument limit. train takes concept, target, head."),
        ("train", {"target": "\ud800"}, 'The argument target is "?". It should be'),
        ("train", {MANY: 3}, f"There is no argument {MANY[:100]}."),
    ],
)
def test_a_wrong_argument_is_told_in_a_sentence_with_what_was_given_and_what_is_allowed(
    talks: App, tool: str, given: dict[str, Any], told: str
) -> None:
    result = call(talks, tool, SOME | given)
    assert result.is_error
    assert told in said(result)
    assert len(said(result)) < 1000
