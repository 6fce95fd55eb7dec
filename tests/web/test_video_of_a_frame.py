"""A frame's video over HTTP: in ranges, to whoever may see pictures, and no other file."""

from __future__ import annotations

from pathlib import Path

import pytest
from filming import film
from web_screens import Screens

from concepts.settings import Settings
from concepts.workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, tiny_open_clip: Path) -> Workbench:
    bench = Workbench(Settings(home=tmp_path / "home", encoder=f"local-dir:{tiny_open_clip}"))
    for name, seed in (("clip.mp4", 1), ("old.avi", 2)):
        film(tmp_path / "in" / name, ["ellipse", "line"], seed)
    bench.library.add([tmp_path / "in"]).wait()
    return bench


def second_of(bench: Workbench, video: Path) -> str:
    return list(bench.context.collection.library.adding.frames_of(str(video)).values())[1]


def test_a_player_gets_the_part_that_it_asks_for_and_never_another_file(
    bench: Workbench, tmp_path: Path
) -> None:
    clip, client = tmp_path / "in" / "clip.mp4", Screens(bench).client
    address, size = f"/media/video/{second_of(bench, clip)}", clip.stat().st_size
    answer = client.get(address, headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert answer.headers["content-range"] == f"bytes 4-7/{size}"
    (tmp_path / "secret.mp4").write_bytes(b"of somebody")
    clip.unlink()
    clip.symlink_to(tmp_path / "secret.mp4")
    for place in (address, f"/media/video/{'0' * 64}"):
        assert client.get(place).status_code == 404


def test_an_opened_frame_says_its_moment_and_plays_from_there_where_browsers_can(
    bench: Workbench, tmp_path: Path
) -> None:
    screens = Screens(bench)
    playable, other = (second_of(bench, tmp_path / "in" / name) for name in ("clip.mp4", "old.avi"))
    opened = screens.press("library-main", "open", playable)["library-dialog"]
    assert "<h2>clip.mp4, 0:01</h2>" in opened
    assert f'src="/media/video/{playable}#t=1.' in opened
    opened = screens.press("library-main", "open", other)["library-dialog"]
    assert "<video" not in opened
    assert "Browsers don’t play avi files. Open it in a video player, at 0:01." in opened
    bench.protection.prefer("blur", author="me")
    assert "so this one is not shown" in screens.press("library-main", "open", playable)["library-dialog"]
