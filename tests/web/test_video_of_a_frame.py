"""A frame's video over HTTP: in ranges, to whoever may see pictures, and no other file."""

from __future__ import annotations

from pathlib import Path

from filming import film
from web_screens import browser

from concepts.settings import Settings
from concepts.workbench import Workbench
from web.server import create_app


def test_a_player_gets_the_part_that_it_asks_for_and_never_another_file(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    bench = Workbench(Settings(home=tmp_path / "home", encoder=f"local-dir:{tiny_open_clip}"))
    clip, client = tmp_path / "in" / "clip.mp4", browser(create_app(bench))
    film(clip, ["ellipse", "line"], 1)
    bench.library.add([tmp_path / "in"]).wait()
    frame = list(bench.context.collection.library.adding.frames_of(str(clip)).values())[1]
    address, size = f"/media/video/{frame}", clip.stat().st_size
    answer = client.get(address, headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"ftyp", "video/mp4")
    assert answer.headers["content-range"] == f"bytes 4-7/{size}"
    (tmp_path / "secret.mp4").write_bytes(b"of somebody")
    clip.unlink()
    clip.symlink_to(tmp_path / "secret.mp4")
    for place in (address, f"/media/video/{'0' * 64}"):
        assert client.get(place).status_code == 404
