"""Of the cache what Discern wrote is looked at, and nothing goes by looking."""

from __future__ import annotations

from pathlib import Path

from storage.home_files import damaged_cache
from storage.sums import write_kept


def test_what_others_keep_in_the_cache_is_nobodys_damage(tmp_path: Path) -> None:
    ours = [f"embedded-{'a' * 12}.json", "capabilities/b.json", "texts/e/c.npy", "int8-d.npz.kept"]
    ours.append(f"precision-{'e' * 16}.json")
    theirs = ["hf/hub/model.json", "notes.json", "pictures/ab/cd/mine.webp", "hf/model.kept", "texts/a.txt"]
    for name in (*ours, *theirs):
        (tmp_path / "cache" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cache" / name).write_bytes(b"no digest")
    damaged = {file.relative_to(tmp_path / "cache").as_posix() for file in damaged_cache(tmp_path)}
    assert damaged == set(ours)
    assert all((tmp_path / "cache" / name).exists() for name in (*ours, *theirs))
    for name in ours:
        write_kept(tmp_path / "cache" / name, b"whole")
    assert list(damaged_cache(tmp_path)) == []
