"""A small file may unpack to anything: it is read where it may not take much, and refused in words."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from peaks import peak_memory

from concepts.errors import DiscernError
from concepts.labelling.formats import apart, base, format_of, writable
from concepts.labelling.formats.apart import rows_of
from concepts.labelling.formats.base import LabelledPicture

MOST = 100 * 2**20  # bytes that this process may grow by


def test_what_is_read_apart_is_what_was_written(
    labelled: list[LabelledPicture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LITTLE", 0)
    for name in ("coco", "label-studio", "fiftyone", "hugging-face", "image-folder"):
        out = tmp_path / f"{name}{writable(name).suffix}"
        writable(name).write(out, labelled)
        assert list(rows_of(format_of(out), out)) == list(format_of(out).read(out)), name


def many_times(text: str, rows: int) -> bytes:
    """A Parquet file of some kilobytes."""
    same = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int8)), pa.array([text]))
    out = io.BytesIO()
    pq.write_table(pa.table({"path": same, "label": ["yes"] * rows}), out, compression="zstd")
    return out.getvalue()


BOMBS = {
    "a.parquet": lambda: many_times("x" * 50_000_000, 1000),
    "a.json": lambda: b"[" + b",".join([b"[]"] * 16_000_000) + b"]",
}


@pytest.mark.parametrize("name", ["a.parquet", pytest.param("a.json", marks=pytest.mark.slow)])
def test_what_unpacks_to_too_much_is_refused_and_this_process_does_not_grow(
    name: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_bytes(BOMBS[name]())
    before = peak_memory(begin=True)
    with pytest.raises(DiscernError, match=f"^{name} takes too much memory"):
        list(rows_of(format_of(file), file))
    assert peak_memory() - before < MOST


def test_one_text_that_stands_in_too_many_rows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, meta = tmp_path / "a.json", {"discern": {"comment": "x" * 9000}}
    said = {"type": "choices", "value": {"choices": ["yes"] * 10_000}, "meta": meta}
    file.write_text(json.dumps([{"data": {"image": "/a.png"}, "annotations": [{"result": [said]}]}]))
    assert len(list(rows_of(format_of(file), file))) == 10_000
    monkeypatch.setattr(apart, "ROWS", 2**20)
    with pytest.raises(DiscernError, match=r"^a\.json takes too much memory"):
        list(rows_of(format_of(file), file))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_line_without_an_end_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"path,label\n" + b"ab," * 400_000)
    with pytest.raises(DiscernError, match=f"^{name} has a line of more than"):
        list(rows_of(format_of(tmp_path / name), tmp_path / name))


def test_more_rows_than_are_taken_are_refused_but_for_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "MOST_ROWS", 1000)
    files = {"a.parquet": many_times("a.png", 1001), "a.csv": b"path,label\n" + b"a.png,yes\n" * 1001}
    for name, content in files.items():
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(DiscernError, match="more than 1,000 rows"):
            list(rows_of(format_of(file), file))
        assert len(list(rows_of(format_of(file), file, any_number=True))) == 1001


def test_a_limit_of_the_system_that_is_lower_stays(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(many_times("a.png", 3))
    read = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (30, 30));"
        "from pathlib import Path; from concepts.labelling.formats import format_of;"
        "from concepts.labelling.formats.apart import rows_of; path = Path(sys.argv[1]);"
        "print(len(list(rows_of(format_of(path), path))))"
    )
    command = [sys.executable, "-c", read, str(tmp_path / "a.parquet")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "3\n"
