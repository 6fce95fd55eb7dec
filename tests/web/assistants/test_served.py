"""`discern mcp` as assistants start and reach it: a process on standard input and output, and HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import own_loop
import pytest
from answering import answer
from drawing import draw_folder
from mcp import StdioServerParameters
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import ElicitResult, Implementation
from patience import PATIENCE
from running_app import served
from web_screens import PASSWORD, add_people

from concepts.collaborator.annotations import next_pictures_for
from concepts.definition.revisions import revisions
from concepts.installation.jobs import list_deeds
from concepts.labelling.label_files import label_rows
from concepts.labelling.labels import next_pictures
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from web.mcp.server import PATH, http_app

ROOT = Path(__file__).parents[3]
NAME = "Round thing"
SOME = {"concept": NAME}
SEARCH = {"only_search": True}
LOOKER = Implementation(name="looker", version="2")

Calls = Callable[[Client], Awaitable[None]]


async def accepts(context: Any, params: Any) -> ElicitResult:
    return ElicitResult(action="accept", content={})


async def ended(client: Client, result: Any, told: list[str] | None = None, rows: int = 0) -> dict[str, Any]:
    """The job that a tool has begun, once it is done; `rows`: of the scores that it wrote."""
    assert not result.is_error, result.content

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        if told is not None:
            told.append(message or "")

    given = {"job_id": result.structured_content["id"], "wait_seconds": 100, "rows": rows}
    job = await client.call_tool("job", given, progress_callback=hear)
    found = dict(job.structured_content["result"])
    assert found["state"] == "done", found
    return found


# Over standard input and output


@pytest.fixture
def process(home: Path) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable, args=["-m", "discern", "mcp"], env=dict(os.environ), cwd=ROOT
    )


@pytest.mark.slow
def test_an_assistant_does_the_whole_job_with_a_person_who_answers_some(
    process: StdioServerParameters, home: Path, tmp_path: Path
) -> None:
    new = draw_folder(tmp_path / "new", 4, first_seed=900)
    told: list[str] = []

    async def main() -> None:
        async with Client(process, elicitation_callback=accepts, client_info=LOOKER) as client:
            await client.call_tool("create_concept", {"name": NAME, "sentence": "A filled ellipse."})
            await ended(client, await client.call_tool("propose_what_counts", SOME))
            await ended(
                client, await client.call_tool("propose_what_counts", SOME | SEARCH | {"size": 40}), told
            )
            labels = await asyncio.to_thread(look, home)
            taken = await client.call_tool("label_pictures", SOME | {"labels": labels})
            assert taken.structured_content == {"taken": 10, "unchanged": 0}
            await asyncio.to_thread(person_answers, home)
            trained = await ended(client, await client.call_tool("train", SOME))
            assert trained["result"]["measured"]
            quality = (await client.call_tool("show_concept", SOME)).structured_content["result"]["quality"]
            assert (quality["version"], quality["measured_on"]) == (1, 12)
            assert "simulated" in quality["sentences"][0]
            ranked = await client.call_tool("search_pictures", SOME | {"n": 2})
            assert [block.type for block in ranked.content] == ["text", "text", "image", "text", "image"]
            job = await ended(
                client, await client.call_tool("score_files", SOME | {"path": str(new)}), rows=50
            )
            rows = job["scores"]
            assert sorted(Path(row["path"]).name for row in rows) == sorted(p.name for p in new.iterdir())
            exported = (await client.call_tool("export", SOME)).structured_content
            assert any(n.endswith("head.json") for n in zipfile.ZipFile(exported["file"]).namelist())

    own_loop.run(main())
    assert told
    with closing(open_app(Settings(home=home))) as bench:
        kinds = {row["author_kind"] for row in label_rows(bench.concept(NAME))}
    assert kinds == {"annotator", "simulated"}


def look(home: Path) -> list[dict[str, str]]:
    """What an assistant would say that sees which pictures are round: here their files tell."""
    with closing(open_app(Settings(home=home))) as bench:
        found = next_pictures_for(bench.concept(NAME), "looker 2", 10)
    return [{"picture": p.id, "value": "yes" if "ellipse" in p.path else "no"} for p in found]


def person_answers(home: Path) -> None:
    """In the app, which another process is."""
    with closing(open_app(Settings(home=home))) as bench:
        for purpose in ("train", "evaluation"):
            pictures = next_pictures(bench.concept(NAME), 12, purpose=purpose)
            answer(bench, NAME, [picture.id for picture in pictures])


def test_a_process_for_a_viewer_changes_nothing(process: StdioServerParameters) -> None:
    process.args += ["--role", "viewer"]

    async def main() -> None:
        async with Client(process) as client:
            listed = await client.call_tool("show_concept", {})
            assert listed.structured_content["result"]["pictures"] == 60
            refused = await client.call_tool("create_concept", {"name": "X", "sentence": "Y."})
            assert "Only an owner may do this." in refused.content[0].text

    own_loop.run(main())


def test_without_the_package_the_command_says_what_to_install(own_home: Path) -> None:
    code = "import sys; sys.modules['mcp'] = None; from discern.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "mcp"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install 'discern[mcp]'" in done.stderr
    assert not own_home.exists()


# Over HTTP


@pytest.mark.slow
def test_the_command_serves_over_http_until_it_is_told_to_stop(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "discern", "mcp", "--http", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        there = process.stdout.readline().split()[-1]

        async def main() -> None:
            async with Client(there) as client:
                listed = await client.call_tool("show_concept", {})
                assert listed.structured_content["result"]["pictures"] == 60

        try:
            own_loop.run(main())
        finally:
            process.terminate()
        assert process.wait() == 0


@pytest.fixture
def address(bench: App) -> Iterator[str]:
    """Of the tools on loopback, where ola is an owner, lea a labeller and vic a viewer."""
    add_people(bench.settings)
    with served(http_app(bench)) as url:
        yield url + PATH


def reach(address: str, name: str, calls: Calls, mode: str) -> None:
    async def main() -> None:
        async with httpx2.AsyncClient(auth=(name, PASSWORD), timeout=PATIENCE) as http:
            there = streamable_http_client(address, http_client=http)
            client = Client(there, elicitation_callback=accepts, client_info=LOOKER, mode=mode)
            async with client:
                await calls(client)

    own_loop.run(main())


def test_a_session_is_ended_and_used_by_the_login_that_began_it_alone(address: str) -> None:
    about = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": LOOKER.model_dump(mode="json"),
    }
    opening = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": about}
    both = {"accept": "application/json, text/event-stream"}
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    with httpx2.Client(auth=("ola", PASSWORD), headers=both) as ola, httpx2.Client(headers=both) as vic:
        vic.auth = ("vic", PASSWORD)
        session = {"mcp-session-id": ola.post(address, json=opening).headers["mcp-session-id"]}
        assert vic.delete(address, headers=session).status_code == 404
        assert vic.post(address, headers=session, json=ping).status_code == 404
        assert ola.post(address, headers=session, json=ping).status_code == 200
        assert ola.delete(address, headers=session).status_code == 200
        assert ola.post(address, headers=session, json=ping).status_code == 404


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_over_http_each_person_may_what_their_role_permits(bench: App, address: str, mode: str) -> None:
    given = {"name": f"Square thing {mode}", "sentence": "A rectangle."}

    async def refused(client: Client) -> None:
        assert not (await client.call_tool("show_concept", SOME)).is_error
        result = await client.call_tool("create_concept", given)
        assert "Only an owner may do this." in result.content[0].text

    async def done(client: Client) -> None:
        result = await client.call_tool("create_concept", given)
        assert not result.is_error, result.content
        await ended(client, await client.call_tool("propose_what_counts", SOME | SEARCH | {"size": 20}))

    for name in ("vic", "lea"):
        reach(address, name, refused, mode)
    reach(address, "ola", done, mode)
    deed = next(deed for deed in list_deeds(bench) if deed.what == "began a concept")
    assert (deed.who, deed.address) == ("ola", "127.0.0.1")
    assert revisions(bench.concept(given["name"]))[0].author == "ola, by looker 2"


def test_over_http_nobody_comes_in_without_a_password_or_from_another_site(address: str) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    kinds = {"accept": "application/json, text/event-stream"}
    post = httpx2.post
    assert post(address, json=hello, headers=kinds).status_code == 401
    assert post(address, json=hello, headers=kinds, auth=("ola", "wrong password")).status_code == 401
    elsewhere = kinds | {"origin": "https://elsewhere.example"}
    assert post(address, json=hello, headers=elsewhere, auth=("ola", PASSWORD)).status_code == 403
    assert httpx2.get(address.replace(PATH, "/other"), auth=("vic", PASSWORD)).status_code == 403
