"""Videos of a library: frames of their scenes are pictures, of one group, each with its video and moment."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from filming import film

from concepts.cli.library import _added
from concepts.errors import DiscernError
from concepts.library.collection import collection_of
from concepts.library.renditions import renditions_of
from concepts.library.uploads import safe_name
from concepts.results.export import video_score
from concepts.results.library import Added, import_pictures, list_bad_files, picture_count, picture_detail
from concepts.results.scores import score_folder
from concepts.results.watcher import look_at_folder, watch_of, watcher_of
from concepts.results.watching import begin_watching
from concepts.use_cases import App
from storage.pictures import videos

NAME = "Round thing"
SHAPES = ("ellipse", "line", "rectangle")


def added(bench: App, *paths: Path) -> Added:
    return import_pictures(bench, list(paths)).wait()


def frames_of(bench: App, video: Path) -> list[str]:
    return list(collection_of(bench).library.adding.frames_of(str(video)).values())


@pytest.mark.parametrize("suffix", videos.SUFFIXES)
def test_a_frame_of_every_scene_is_a_picture_that_knows_its_video_and_moment(
    bench: App, tmp_path: Path, suffix: str
) -> None:
    clip = film(tmp_path / f"clip{suffix}", SHAPES)
    before = picture_count(bench)
    report = added(bench, clip)
    assert (report.added, report.videos, report.frames, report.skipped) == (3, 1, 3, {})
    assert picture_count(bench) == before + 3
    found = [picture_detail(bench, one) for one in frames_of(bench, clip)]
    assert {one.video for one in found} == {str(clip)}
    assert [one.moment for one in found] == pytest.approx([0, 1, 2], abs=0.11)
    assert all(renditions_of(bench).read(one.id).whole for one in found)  # each is read again by itself
    assert added(bench, clip).unchanged == 1


def test_the_frames_of_a_video_and_of_its_copies_are_one_group_and_a_black_one_joins_none(
    bench: App, tmp_path: Path
) -> None:
    shapes = ("black", *SHAPES)
    clip, other = film(tmp_path / "a.mp4", shapes), film(tmp_path / "b.mp4", shapes, seed=50)
    copy = film(tmp_path / "c.webm", shapes)
    added(bench, clip, other, copy)
    near = collection_of(bench).library.near_groups
    groups = [set(near(frames_of(bench, one)[1:])) for one in (clip, other, copy)]
    assert [len(names) for names in groups] == [1, 1, 1]
    assert groups[0] == groups[2] != groups[1]


def test_a_video_that_cant_be_read_is_skipped_with_a_sentence_and_a_damaged_one_gives_what_it_can(
    bench: App, tmp_path: Path
) -> None:
    whole = film(tmp_path / "in" / "cut.mkv", SHAPES * 4).read_bytes()
    (tmp_path / "in" / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "in" / "empty.mp4").touch()
    (tmp_path / "in" / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{film(tmp_path / 'a.mp4', SHAPES)}\n")
    report = added(bench, tmp_path / "in")
    assert (report.skipped, report.videos) == ({"empty": 1, "damaged": 2}, 1)
    said = {Path(one.path).name: one.message for one in list_bad_files(bench)}
    assert said["list.mp4"] == "The video is damaged, cut off or of an unknown kind."
    assert f"of 0:12. Frames taken: {report.frames}." in said["cut.mkv"]
    film(tmp_path / "in" / "empty.mp4", SHAPES)
    assert added(bench, tmp_path / "in").videos == 1
    assert len(list_bad_files(bench)) == 2


@pytest.mark.slow
def test_a_long_restless_video_gives_no_more_frames_than_any(tmp_path: Path) -> None:
    clip = film(tmp_path / "restless.mp4", SHAPES * 50, seconds=0.4)
    with clip.open("rb") as file:
        found, problem = videos.frames(str(clip), file)
    assert (problem, len(found) <= videos.EVENLY + videos.CUTS) == ("", True)
    moments = sorted(frame[1] for place, _ in found if (frame := videos.split(place)))
    assert max(np.diff([*moments, 60])) < 6


def test_reading_ends_when_its_time_is_up_and_says_where(tmp_path: Path) -> None:
    clock = iter([0.0, *[1.0] * 5, 1000.0])
    with film(tmp_path / "endless.mp4", SHAPES).open("rb") as file:
        _, problem = videos.frames("endless.mp4", file, now=lambda: next(clock))
    assert problem == "Reading this video took too long, so it ends at 0:00. Frames taken: 1."


def test_without_the_package_videos_are_passed_over_until_it_is_there(
    bench: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    film(tmp_path / "in" / "clip.mp4", SHAPES)
    monkeypatch.setitem(sys.modules, "av", None)  # as where it isn't installed
    report = added(bench, tmp_path / "in")
    assert (report.added, report.skipped) == (0, {"video": 1})
    _added(report)
    assert "extra “video”. Install it: pip install 'discern[video]'" in capsys.readouterr().out
    with pytest.raises(DiscernError, match="is a video"):
        safe_name("clip.mp4")
    monkeypatch.undo()
    assert added(bench, tmp_path / "in").videos == 1
    assert list_bad_files(bench) == []


def test_three_of_eight_frames_find_a_video_and_a_doubtful_one_of_sixty_does_not() -> None:
    assert video_score(np.array([0.73] * 3 + [0.05] * 5)) > 0.5
    assert video_score(np.array([0.7] + [0.05] * 59)) < 0.5
    assert video_score(np.array([0.3] * 60)) == pytest.approx(0.3)


def test_a_table_of_scores_says_last_what_a_video_scores(trained: App, tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", ["ellipse"] * 3 + ["line"] * 5, seconds=0.5)
    concept = trained.concept(NAME)
    assert "video_score" not in pq.read_table(score_folder(concept, format="parquet").wait().out).column_names
    added(trained, clip)
    rows = pq.read_table(score_folder(concept, format="parquet").wait().out).to_pylist()
    frames = [row for row in rows if videos.split(row["path"])]
    expected = video_score(np.array([row["score"] for row in frames]))
    assert list(rows[0])[-1] == "video_score"
    assert [row["video_score"] for row in frames] == pytest.approx([expected] * len(frames))
    assert all(row["video_score"] is None for row in rows if row not in frames)


def test_a_watched_folder_says_of_every_frame_what_it_is(trained: App, tmp_path: Path) -> None:
    watcher_of(trained).pause = lambda seconds: None
    concept = trained.concept(NAME)
    film(tmp_path / "inbox" / "clip.mp4", SHAPES)
    watch = begin_watching(concept, str(tmp_path / "inbox"), author="me").watch
    assert concept.begin(look_at_folder, watch.id).wait().seen == 3
    assert watcher_of(trained).new_files(watch_of(concept, watch.id)) == []
