"""While pictures are counted and a model is loaded, a person reads how many were found so far."""

from __future__ import annotations

import threading
from pathlib import Path

from drawing import draw_folder

from concepts.library.file_count import Counting


def test_how_many_were_found_is_said_while_other_work_goes_on(tmp_path: Path) -> None:
    counting = Counting([draw_folder(tmp_path / "pictures", 3)], None)
    counted = threading.Event()
    said: list[tuple[int, int | None, str]] = []

    def listener(done: int, total: int | None, note: str) -> None:
        said.append((done, total, note))
        if total is not None:
            counted.set()

    assert counting.during(counted.wait, listener) is True
    assert said[-1] == (0, 3, "")
    assert all(total is not None or note.startswith("looking for pictures: ") for _, total, note in said)
