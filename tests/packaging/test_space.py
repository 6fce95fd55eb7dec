"""The folder that becomes a hosted Space: whole, described as the hub wants it, and served from it alone.

There is no Docker where tests run: the folder's Dockerfile is read, and what it says is done by hand.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml
from drawing import draw_folder
from images import Instructions, answers, arguments, begun, environment, free_port, laid_out, ready, stages
from patience import PATIENCE

from space.assemble import assemble, copied, gradio

USER = 1000  # whom Spaces run as


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("assembled") / "space"
    assemble(out, docker=True)
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For Gradio's own image."""
    out = tmp_path_factory.mktemp("assembled") / "plain"
    assemble(out)
    return out


def about(folder: Path) -> dict[str, Any]:
    read = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1]
    said: dict[str, Any] = yaml.safe_load(read)
    return said


@pytest.fixture(scope="module")
def instructions(folder: Path) -> Instructions:
    """Of the stage that the hub builds, the last."""
    return list(stages((folder / "Dockerfile").read_text()).values())[-1]


def test_it_has_everything_that_its_dockerfile_copies_and_nothing_else_but_its_page(folder: Path) -> None:
    sources = copied((folder / "Dockerfile").read_text())
    assert {"app.py", "concepts", "web", "requirements.txt", "requirements-oauth.txt"} <= set(sources)
    assert [source for source in sources if not (folder / source).exists()] == []
    tops = {Path(source).parts[0] for source in sources}
    assert {file.name for file in folder.iterdir()} == {*tops, "Dockerfile", "README.md"}
    assert not list(folder.rglob("__pycache__"))
    with pytest.raises(FileExistsError):  # an older folder is not written over
        assemble(folder)


def test_the_hub_finds_what_it_asks_for(folder: Path, instructions: Instructions) -> None:
    said = about(folder)
    assert said["sdk"] == "docker"
    assert str(said["app_port"]) == environment(instructions)["DISCERN_PORT"]
    assert said["hf_oauth"] is True
    assert len(str(said["short_description"])) <= 60


def test_gradios_image_finds_the_app_and_the_version_that_was_tested(plain: Path) -> None:
    said = about(plain)
    assert (said["sdk"], said["sdk_version"]) == ("gradio", gradio())
    assert (plain / said["app_file"]).is_file()
    assert {"requirements.txt", "packages.txt", "app.py", "web"} <= {file.name for file in plain.iterdir()}
    assert not (plain / "Dockerfile").exists()


@pytest.mark.slow
def test_gradios_image_serves_the_demo_by_the_folder_alone(plain: Path, tmp_path: Path) -> None:
    stamps = tmp_path / "discern" / "sample" / "stamps"  # in place of Debian's package
    stamps.parent.mkdir(parents=True)
    draw_folder(stamps, 12)
    port, log = free_port(), tmp_path / "log"
    settings = {
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": port,
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
    }
    image = Path(shutil.copytree(plain, tmp_path / "image"))
    serves = begun(f'["python", "{about(plain)["app_file"]}"]', image, settings)
    with ready(serves, log, lambda: answers(f"http://127.0.0.1:{port}/healthz")):
        stranger = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
        assert stranger.get("/config").status_code == 401
        assert stranger.get("/api/v1/library").status_code == 401
        mine = {"cookie": stranger.post("/begin").headers["set-cookie"].partition(";")[0]}
        assert stranger.get("/api/v1/library", headers=mine).json()["pictures"] == 12
        assert stranger.get("/config", headers=mine).status_code == 200


def test_the_last_stage_is_a_demo_that_runs_as_user_1000_and_keeps_to_its_own_folder(
    instructions: Instructions,
) -> None:
    settings = environment(instructions)
    assert settings["DISCERN_DEMO"] == "1"
    assert not settings["DISCERN_HOME"].startswith("/data")  # a volume: what a build writes there is lost
    created = f"useradd --uid {USER} --create-home {arguments(instructions, 'USER')[-1]} "
    assert any(created in line for line in arguments(instructions, "RUN"))


@pytest.mark.slow
def test_it_is_served_from_exactly_these_files_to_visitors_who_begin(
    folder: Path, instructions: Instructions, tmp_path: Path
) -> None:
    image, home, log, port = tmp_path / "app", tmp_path / "home", tmp_path / "log", free_port()
    laid_out(instructions, folder, image)
    stamps = home / "demo" / "sample" / "stamps"  # in place of Debian's package
    stamps.parent.mkdir(parents=True)
    draw_folder(stamps, 12)
    settings = environment(instructions) | {
        "DISCERN_HOME": str(home / "demo"),
        "DISCERN_HOST": "127.0.0.1",
        "DISCERN_PORT": port,
        "HF_HOME": str(home / "huggingface"),
        "HOME": str(home),
        "PATH": os.environ["PATH"],
    }

    (prepare,) = [line for line in arguments(instructions, "RUN") if line.startswith("[")]
    assert begun(prepare, image, settings).wait() == 0, log.read_text()
    assert "12 pictures are ready" in log.read_text()
    app, address = begun(arguments(instructions, "CMD")[-1], image, settings), f"http://127.0.0.1:{port}"
    with ready(app, log, lambda: answers(f"{address}/healthz")):
        visitor = httpx.Client(base_url=address, headers={"host": "ana-discern.hf.space"}, timeout=PATIENCE)
        cookie = visitor.post("/begin").headers["set-cookie"].partition(";")[0]
        mine = {"cookie": cookie}  # which a browser sends over HTTPS only
        assert visitor.get("/api/v1/library", headers=mine).json()["pictures"] == 12
        body = {"name": "Ball", "description": "A round thing."}
        assert visitor.post("/api/v1/concepts", json=body, headers=mine).status_code == 201
        page = visitor.get("/", headers=mine)
        assert page.status_code == 200
        assert "frame-ancestors https://huggingface.co" in page.headers["content-security-policy"]
