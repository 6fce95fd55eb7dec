"""Benchmarks run on a computer where no Discern ever ran."""

from __future__ import annotations

from pathlib import Path

from benchmarks.limits import library
from benchmarks.limits.homes import new_home


def test_files_that_are_known_are_added_again_where_no_discern_ever_ran(
    own_home: Path, tmp_path: Path
) -> None:
    assert not own_home.exists()
    folder = tmp_path / "limits"
    folder.mkdir()

    by_the_clock, beside_a_stat = library.rows(folder, 10)

    assert all(row.seconds for row in (by_the_clock, beside_a_stat))
    assert own_home.stat().st_mode & 0o077 == 0


def test_homes_share_a_cache(tmp_path: Path) -> None:
    cache = tmp_path / "nowhere" / "yet" / "cache"

    for name in ("one", "other"):
        new_home(tmp_path / name, cache)
    (tmp_path / "one" / "cache" / "encoder").write_text("worked out once")

    assert (tmp_path / "other" / "cache" / "encoder").read_text() == "worked out once"
