"""Emptying the trash where something is in the way: no room, or a folder that nobody knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from concepts.workbench import Workbench
from storage import dialects
from storage.errors import StorageError

ME = "me"
HEADER = "id,path,score,decision\n"


@pytest.fixture
def binned(bench: Workbench) -> str:
    picture: str = bench.context.collection.library.all_ids()[0]
    bench.trash.put(pictures=[picture], author=ME)
    return picture


def test_without_room_nothing_is_erased_and_other_work_goes_on(
    bench: Workbench, binned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(dialects, "free_bytes", lambda folder: 10)
        emptying = bench.trash.empty(author=ME)
        with pytest.raises(StorageError, match=r"needs [\d,]+ bytes of free disk space; 10 are free"):
            emptying.wait()
        assert bench.context.jobs.store.get(emptying.id).state == "failed"
        assert bench.context.collection.thumbnails.exists(binned)
        assert bench.upkeep.check().wait().is_whole
    assert bench.trash.empty(author=ME).wait().pictures == 1


def test_what_could_not_be_written_anew_is_by_the_next_emptying_though_the_trash_is_empty(
    bench: Workbench, binned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    compact = bench.context.database.compact

    def short_of_room() -> None:
        raise StorageError("No room.")

    monkeypatch.setattr(bench.context.database, "compact", short_of_room)
    with pytest.raises(StorageError):
        bench.trash.empty(author=ME).wait()

    def noted() -> None:
        written.append("anew")
        compact()

    monkeypatch.setattr(bench.context.database, "compact", noted)
    bench.trash.empty(author=ME).wait()
    assert written == ["anew"]
    bench.trash.empty(author=ME).wait()
    assert written == ["anew"]  # there was nothing to leave out


def test_scores_of_no_known_job_lose_their_rows_and_what_a_person_keeps_there_stays(
    bench: Workbench, binned: str
) -> None:
    scores: Path = bench.context.settings.home / "scores"
    row, other = f"{binned},/a.png,0.5,yes\n", f"{'0' * 64},/b.png,0.5,yes\n"
    for name, content in {
        "17/scores.csv": HEADER + row + other,
        "mine/scores.csv": HEADER + row + other,
        "mine/notes.txt": "mine",
        "18/half.csv.partial": "half",
    }.items():
        (scores / name).parent.mkdir(parents=True, exist_ok=True)
        (scores / name).write_text(content)
    (scores / "mine" / "folder").mkdir()
    assert bench.trash.empty(author=ME).wait().pictures == 1
    for name in ("17", "mine"):
        kept = (scores / name / "scores.csv").read_text()
        assert (binned in kept, "0" * 64 in kept) == (False, True)
    assert (scores / "mine" / "notes.txt").read_text() == "mine"
    assert not (scores / "18" / "half.csv.partial").exists()
