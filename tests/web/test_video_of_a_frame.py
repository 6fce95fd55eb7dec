"""A frame's video over HTTP: in ranges, to whoever may see pictures, and no other file."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawing import draw
from filming import film
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, tiny_open_clip: Path) -> Workbench:
    bench = Workbench(Settings(home=tmp_path / "home", encoder=f"local-dir:{tiny_open_clip}"))
    for name in ("clip.mp4", "old.avi"):
        film(tmp_path / "in" / name, [draw(shape, len(name)) for shape in ("ellipse", "line")])
    bench.library.add([tmp_path / "in"]).wait()
    return bench


@pytest.fixture
def screens(bench: Workbench) -> Screens:
    return Screens(bench)


def second_of(bench: Workbench, video: Path) -> str:
    return list(bench.context.collection.library.adding.frames_of(str(video)).values())[1]


def test_a_player_gets_the_part_that_it_asks_for(bench: Workbench, screens: Screens, tmp_path: Path) -> None:
    clip = tmp_path / "in" / "clip.mp4"
    answer = screens.client.get(f"/media/video/{second_of(bench, clip)}", headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert answer.headers["content-range"] == f"bytes 4-7/{clip.stat().st_size}"


def test_an_opened_frame_says_its_moment_and_plays_from_there_where_browsers_can(
    bench: Workbench, screens: Screens, tmp_path: Path
) -> None:
    playable, other = (second_of(bench, tmp_path / "in" / name) for name in ("clip.mp4", "old.avi"))
    opened = screens.press("library-main", "open", playable)["library-dialog"]
    assert "<h2>clip.mp4, 0:01</h2>" in opened
    assert f'src="/media/video/{playable}#t=1.' in opened
    opened = screens.press("library-main", "open", other)["library-dialog"]
    assert "<video" not in opened
    assert "Browsers don’t play avi files. Open it in a video player, at 0:01." in opened


def test_what_is_no_frame_and_what_is_another_file_by_now_is_not_there(
    bench: Workbench, screens: Screens, tmp_path: Path
) -> None:
    clip, secret = tmp_path / "in" / "clip.mp4", tmp_path / "secret.mp4"
    frame = second_of(bench, clip)
    secret.write_bytes(b"of somebody")
    clip.unlink()
    clip.symlink_to(secret)
    for picture in (frame, "0" * 64):
        assert screens.client.get(f"/media/video/{picture}").status_code == 404


def test_the_import_says_how_many_frames_of_how_many_videos(bench: Workbench, screens: Screens) -> None:
    assert "Import done: 4 new pictures, 4 frames of 2 videos." in screens.load("library")["library-progress"]
