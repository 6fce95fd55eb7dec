"""Videos of a library: frames of their scenes are pictures, of one group, each with its video and moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from drawing import draw
from filming import film

from concepts.cli.library import _added
from concepts.errors import DiscernError
from concepts.library.originals import original_file
from concepts.library.uploads import safe_name
from concepts.publishing.video_scores import video_score
from concepts.workbench import Workbench
from concepts.workbench.jobs import Added
from storage.pictures import sources, videos

NAME = "Round thing"


def scenes(*shapes: str, seed: int = 900) -> list[object]:
    return [draw(shape, seed + 7 * place) for place, shape in enumerate(shapes)]


def added(bench: Workbench, *paths: Path) -> Added:
    return bench.library.add(list(paths)).wait()


def frames_of(bench: Workbench, video: Path) -> dict[str, str]:
    return bench.context.collection.library.adding.frames_of(str(video))


@pytest.mark.parametrize("suffix", videos.SUFFIXES)
def test_a_frame_of_every_scene_is_a_picture_that_knows_its_video_and_moment(
    bench: Workbench, tmp_path: Path, suffix: str
) -> None:
    clip = film(tmp_path / "in" / f"clip{suffix}", scenes("ellipse", "line", "rectangle"))
    before = bench.library.count()
    report = added(bench, tmp_path / "in")
    assert (report.videos, report.frames, report.skipped) == (1, 3, {})
    assert bench.library.count() == before + 3
    found = [bench.library.picture(one) for one in frames_of(bench, clip).values()]
    assert {one.video for one in found} == {str(clip)}
    assert [one.moment for one in found] == pytest.approx([0, 1, 2], abs=0.11)
    assert added(bench, tmp_path / "in").unchanged == 1


def test_frames_can_be_read_again_whenever_a_larger_picture_is_wanted(
    bench: Workbench, tmp_path: Path
) -> None:
    clip = film(tmp_path / "clip.mp4", scenes("ellipse", "line"), size=(640, 480))
    added(bench, clip)
    library = bench.context.collection.library
    for picture in library.pictures(list(frames_of(bench, clip).values())):
        assert original_file(picture) is not None
        assert bench.context.renditions.read(picture.id).whole
    assert bench.upkeep.check().wait().is_whole


def test_all_frames_of_a_video_and_of_its_copies_are_one_group(bench: Workbench, tmp_path: Path) -> None:
    shapes = ("ellipse", "line", "rectangle")
    clip, other = (
        film(tmp_path / "a.mp4", scenes(*shapes)),
        film(tmp_path / "b.mp4", scenes(*shapes, seed=50)),
    )
    copy = film(tmp_path / "c.webm", scenes(*shapes))
    added(bench, clip, other, copy)
    library = bench.context.collection.library
    groups = [set(library.near_groups(list(frames_of(bench, one).values()))) for one in (clip, other, copy)]
    assert [len(names) for names in groups] == [1, 1, 1]
    assert groups[0] == groups[2] != groups[1]


def test_black_frames_make_no_group_of_different_videos(bench: Workbench, tmp_path: Path) -> None:
    from PIL import Image

    black = Image.new("RGB", (96, 96))
    clips = [film(tmp_path / f"{n}.mp4", [black, *scenes("ellipse", "line", seed=n)]) for n in (31, 77)]
    added(bench, *clips)
    groups = bench.context.collection.library.near_groups
    first, second = (groups(list(frames_of(bench, clip).values())[1:]) for clip in clips)
    assert set(first).isdisjoint(second)


def test_an_unreadable_video_is_skipped_with_a_sentence_and_a_damaged_one_gives_what_it_can(
    bench: Workbench, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    whole = film(folder / "cut.avi", scenes(*["ellipse", "line", "rectangle"] * 4)).read_bytes()
    (folder / "cut.avi").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mp4").touch()
    (folder / "text.mkv").write_text("#EXTM3U\nfile:///etc/passwd\n")
    film(folder / "good.mov", scenes("ellipse"))
    report = added(bench, folder)
    assert report.skipped["empty"] == 1
    assert report.skipped["damaged"] >= 1
    assert report.videos == 2
    bad = {Path(one.path).name: one.message for one in bench.library.bad_files()}
    assert bad["text.mkv"] == "The video is damaged, cut off or of a kind not known."
    film(folder / "empty.mp4", scenes("line"))
    assert added(bench, folder).videos == 1
    assert "empty.mp4" not in {Path(one.path).name for one in bench.library.bad_files()}


def test_a_long_restless_video_gives_no_more_frames_than_any(tmp_path: Path) -> None:
    restless = [draw(("ellipse", "line", "rectangle")[n % 3], n) for n in range(150)]
    clip = film(tmp_path / "restless.mp4", restless, seconds=0.4)
    with clip.open("rb") as file:
        found, problem = videos.frames(str(clip), file)
    assert (problem, len(found) <= videos.EVENLY + videos.CUTS) == ("", True)
    moments = sorted(videos.split(place)[1] for place, _ in found)  # type: ignore[index]
    assert max(np.diff(moments)) < 6
    assert moments[-1] > 54


def test_reading_ends_when_its_time_is_up_and_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = film(tmp_path / "endless.mp4", scenes("ellipse", "line"))
    clock = iter([0.0, *[1.0] * 5, *[1000.0] * 100])
    monkeypatch.setattr(videos, "monotonic", lambda: next(clock))
    with clip.open("rb") as file:
        found, problem = videos.frames(str(clip), file)
    assert problem == f"Reading this video took too long, so it ends at 0:00: {len(found)} frames were taken."


def test_behind_twenty_minutes_key_frames_alone_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = film(tmp_path / "long.mkv", scenes(*["ellipse"] * 30))
    monkeypatch.setattr(videos, "WHOLE", 5)
    with clip.open("rb") as file:
        found, problem = videos.frames(str(clip), file)
    assert (problem, len(found) > 5) == ("", True)


def test_without_the_package_videos_are_passed_over_and_it_is_said_how_to_read_them(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "in" / "clip.mp4", scenes("ellipse", "line"))
    monkeypatch.setattr(videos, "find_spec", lambda name: None)
    report = added(bench, tmp_path / "in")
    assert (report.added, report.skipped) == (0, {"video": 1})
    _added(report)
    assert (
        "Videos need the extra “video”. Install it: pip install 'discern[video]'" in capsys.readouterr().out
    )
    (bad,) = bench.library.bad_files()
    assert bad.message == videos.NOT_READ
    with pytest.raises(DiscernError, match="is a video"):
        safe_name("clip.mp4")
    monkeypatch.undo()
    assert added(bench, tmp_path / "in").videos == 1
    assert bench.library.bad_files() == []


def test_nothing_of_it_is_imported_before_there_is_a_video(pictures: Path) -> None:
    code = "import sys; import app, web.server, concepts.library.ingestion; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_list_in_the_shape_of_a_video_opens_no_other_file(tmp_path: Path) -> None:
    secret = film(tmp_path / "secret.mp4", scenes("ellipse"))
    for text in (
        f"ffconcat version 1.0\nfile {secret}\n",
        f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n",
    ):
        (tmp_path / "list.mp4").write_text(text)
        (found,) = sources.walk([tmp_path / "list.mp4"])
        with pytest.raises(DiscernError, match="damaged"):
            sources.frames(found)  # type: ignore[arg-type]


def test_three_of_eight_frames_find_a_video_and_one_of_sixty_hardly_sure_does_not() -> None:
    yes, no = 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(3))
    assert video_score(np.array([yes] * 3 + [no] * 5)) > 0.5
    assert video_score(np.array([0.7] + [no] * 59)) < 0.5
    assert video_score(np.array([0.3] * 60)) == pytest.approx(0.3)


def test_a_table_of_scores_says_last_what_a_video_scores(trained: Workbench, tmp_path: Path) -> None:
    shapes = ["ellipse"] * 3 + ["line"] * 5
    clip = film(tmp_path / "clip.mp4", scenes(*shapes), seconds=0.5)
    scores = trained.concept(NAME).scores
    plain = pq.read_table(scores.score_files(format="parquet").wait().out)
    assert "video_score" not in plain.column_names
    added(trained, clip)
    for path in ("", str(clip)):
        table = pq.read_table(scores.score_files(path, format="parquet").wait().out).to_pylist()
        of_clip = [row for row in table if videos.split(row["path"])]
        assert list(table[0])[-1] == "video_score"
        expected = video_score(np.array([row["score"] for row in of_clip]))
        assert {round(row["video_score"], 9) for row in of_clip} == {round(expected, 9)}
        assert all(row["video_score"] is None for row in table if row not in of_clip)


def test_a_watched_folder_says_of_every_frame_of_a_new_video_what_it_is(
    trained: Workbench, tmp_path: Path
) -> None:
    trained.watcher.pause = lambda seconds: None
    watches = trained.concept(NAME).watches
    film(tmp_path / "inbox" / "clip.mp4", scenes("ellipse", "line", "rectangle"))
    watch = watches.begin(str(tmp_path / "inbox"), author="me").watch
    assert watches.look(watch.id).wait().seen == 3
    assert trained.watcher.new_files(trained.context.watches.get(watch.id)) == []
