from __future__ import annotations

import csv
import io
import json
import os
import socket
import tempfile
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawing import encoded
from hypothesis import example, given
from hypothesis import strategies as st
from not_run import not_run
from PIL import Image

from storage.csv_files import escaped
from storage.errors import BadPictureError, DiscernError, Reason
from storage.pictures import files
from storage.pictures.files import SkippedFile, Source
from storage.pictures.sources import read, walk


def put(path: Path, data: bytes = b"picture") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def names(found: list[Source | SkippedFile], root: Path) -> list[str]:
    assert all(isinstance(item, Source) for item in found), found
    return [os.path.relpath(item.uri, root) for item in found]


def why_not(found: list[Source | SkippedFile]) -> list[str]:
    reasons = [getattr(item, "reason", "good") for item in found]
    assert {*reasons} <= {"good", *get_args(Reason)}
    return reasons


def refused(uri: str) -> str:
    with pytest.raises(BadPictureError) as caught:
        read(uri)
    return caught.value.reason


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


# --- folders and files ------------------------------------------------------------------------------


def test_folders_are_walked_in_sorted_order_and_what_is_obviously_no_picture_is_passed_over(tmp_path):
    for name in ("b.JPG", "a/z.png", "a/b/c.webp", "c.heic"):
        put(tmp_path / name)
    for name in (
        "a.txt",
        "labels.csv",
        "a.jpg.json",
        "Thumbs.db",
        "no",
        "x.zip",
        ".hidden.jpg",
        ".git/a.jpg",
    ):
        put(tmp_path / name)
    passed = []
    found = names(list(walk([tmp_path], passed=passed.append)), tmp_path)
    assert found == ["a/b/c.webp", "a/z.png", "b.JPG", "c.heic"]
    assert sum(map(len, passed)) == 6  # what is hidden is nobody's picture


def test_a_file_named_directly_is_tried_whatever_its_name_and_its_path_becomes_absolute(
    tmp_path, monkeypatch
):
    path = put(tmp_path / "scan")
    monkeypatch.chdir(tmp_path)
    assert list(walk([Path("scan")])) == [Source(str(path), 7, path.stat().st_mtime_ns)]


def test_a_path_that_does_not_exist_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(DiscernError, match=r"nowhere does not exist"):
        walk([tmp_path, tmp_path / "nowhere"])


def test_links_are_followed_and_no_folder_is_walked_twice(tmp_path):
    put(tmp_path / "in/a.jpg")
    put(tmp_path / "elsewhere/b.jpg")
    (tmp_path / "in/link.jpg").symlink_to(tmp_path / "in/a.jpg")
    for link, folder in (("one", "elsewhere"), ("two", "elsewhere"), ("self", "in/self"), ("up", "in")):
        (tmp_path / "in" / link).symlink_to(tmp_path / folder)
    assert names(list(walk([tmp_path / "in"])), tmp_path / "in") == ["a.jpg", "link.jpg", "one/b.jpg"]


def test_what_is_odd_in_a_folder_is_reported_printably_blocks_nothing_and_the_rest_goes_on(
    tmp_path, monkeypatch
):
    put(tmp_path / "good.jpg")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(b"picture")
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "gone.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes at most
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.jpg")
        found = list(walk([tmp_path]))
        assert refused(f"{tmp_path}/pipe.jpg") == "not-a-file"
    assert {item.uri: why for item, why in zip(found, why_not(found), strict=True)} == {
        f"{tmp_path}/caf\\xe9.jpg": "bad-name",
        f"{tmp_path}/dangling.jpg": "dangling-link",
        f"{tmp_path}/good.jpg": "good",
        f"{tmp_path}/pipe.jpg": "not-a-file",
        f"{tmp_path}/socket.jpg": "not-a-file",
    }
    assert why_not(list(walk([tmp_path / "dangling.jpg", tmp_path / "good.jpg"]))) == [
        "dangling-link",
        "good",
    ]


def test_files_and_folders_without_permission_are_reported(tmp_path):
    if os.geteuid() == 0:
        not_run("files without permission", "Root reads everything; run the tests as another user.")
    put(tmp_path / "a.jpg").chmod(0)
    put(tmp_path / "closed/b.jpg")
    (tmp_path / "closed").chmod(0)
    found = list(walk([tmp_path]))
    (tmp_path / "closed").chmod(0o700)
    assert why_not(found) == ["unreadable"] * 2


def test_a_folder_nested_deeper_than_the_recursion_limit_is_walked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.jpg").write_bytes(b"picture")
    try:
        assert len(list(walk([tmp_path]))) == 1
    finally:  # pytest's own cleaning up is recursive
        Path("a.jpg").unlink()
        for _ in range(1200):
            os.chdir("..")
            Path("d").rmdir()


# --- reading ----------------------------------------------------------------------------------------


def test_reading_gives_the_bytes_or_says_why_not(tmp_path):
    assert read(str(put(tmp_path / "a.jpg", b"abc"))) == b"abc"
    with (tmp_path / "huge.tif").open("wb") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)  # sparse: takes no space
    whys = {"gone.jpg": "missing", "nul\0.jpg": "bad-name", "": "not-a-file", "huge.tif": "file-too-large"}
    assert {name: refused(f"{tmp_path}/{name}") for name in whys} == whys


# --- archives ---------------------------------------------------------------------------------------


def test_an_archives_pictures_are_found_and_read_without_unpacking(tmp_path):
    members = {
        "a.jpg": b"1",
        "deep/er/b.PNG": b"22",
        "notes.txt": b"",
        "__MACOSX/._a.jpg": b"",
        ".x/c.jpg": b"",
    }
    archive = zipped(tmp_path / "p.ZIP", members)
    found = list(walk([archive]))
    assert [item.uri for item in found] == [f"{archive}!/a.jpg", f"{archive}!/deep/er/b.PNG"]
    assert [item.size for item in found] == [1, 2]
    assert [read(item.uri) for item in found] == [b"1", b"22"]
    assert refused(f"{archive}!/gone.jpg") == "missing"
    assert list(tmp_path.iterdir()) == [archive]


def test_an_archive_that_was_replaced_is_opened_anew(tmp_path):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": b"old"})
    (old,) = walk([archive])
    assert read(old.uri) == b"old"
    zipped(tmp_path / "new.zip", {"a.jpg": b"newer"}).replace(archive)
    (new,) = walk([archive])
    assert read(new.uri) == b"newer"
    assert new.mtime_ns != old.mtime_ns


def test_many_threads_read_one_archive(tmp_path):
    archive = zipped(tmp_path / "p.zip", {f"{i}.jpg": str(i).encode() * 1000 for i in range(200)})
    found = list(walk([archive]))
    with ThreadPoolExecutor(4) as pool:
        data = list(pool.map(read, [item.uri for item in found]))
    assert data == [str(i).encode() * 1000 for i in range(200)]


@pytest.mark.parametrize("damage", [lambda whole: b"not a zip", lambda whole: whole[:3000]])
def test_a_file_that_is_no_whole_archive_is_reported(tmp_path, damage):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": os.urandom(5000)})
    put(archive, damage(archive.read_bytes()))
    (skipped,) = walk([archive])
    assert (skipped.reason, skipped.uri) == ("bad-archive", str(archive))


def encrypted(archive: bytes) -> bytes:
    """The flag that says so of the first member is set in both of its places."""
    data = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    return bytes(data)


ZEROS = bytes(500_000)
CHECKSUM, SIZE = (number.to_bytes(4, "little") for number in (zlib.crc32(ZEROS), len(ZEROS)))


@pytest.mark.parametrize(
    ("change", "walked", "reason"),
    [
        pytest.param(lambda data: data.replace(CHECKSUM, b"else"), "good", "bad-archive", id="damaged"),
        pytest.param(encrypted, "encrypted", "encrypted", id="encrypted"),
        pytest.param(lambda data: data, "file-too-large", "file-too-large", id="huge"),
        pytest.param(
            lambda data: data.replace(SIZE, b"2\0\0\0"), "good", "bad-archive", id="lies of its size"
        ),
    ],
)
def test_a_bad_member_is_refused_and_its_neighbour_is_not(tmp_path, monkeypatch, change, walked, reason):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": ZEROS, "b.jpg": b"B" * 100})
    put(archive, change(archive.read_bytes()))
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1000 if walked == "file-too-large" else len(ZEROS))
    first, second = walk([archive])
    assert why_not([first, second]) == [walked, "good"]
    assert refused(f"{archive}!/a.jpg") == reason
    assert read(second.uri) == b"B" * 100


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:"), min_size=1, max_size=12
)


@given(archive=WORDS, member=st.lists(WORDS, min_size=1, max_size=3), data=st.binary(max_size=50))
def test_every_uri_reads_back_the_bytes_it_was_found_at(archive, member, data):
    name = "/".join(f"x{word}" for word in member) + ".jpg"
    with tempfile.TemporaryDirectory() as folder:
        path = zipped(Path(folder) / f"x{archive}!.zip", {name: data})
        plain = put(Path(folder) / "plain!" / name, data)
        found = list(walk([path, plain.parent]))
        assert [read(item.uri) for item in found] == [data, data]
        assert [item.size for item in found] == [len(data)] * 2


def test_an_archive_of_zeros_is_told_by_its_first_bytes(tmp_path, monkeypatch):
    zipped(tmp_path / "zeros.zip", {"zeros.png": bytes(20_000_000)})
    inflated: list[int] = []
    real = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = real(self, n)
        inflated.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with pytest.raises(BadPictureError, match="not a picture"):
        read(f"{tmp_path}/zeros.zip!/zeros.png")
    assert sum(inflated) < 1000


def test_a_picture_that_packs_well_is_read_all_the_same(tmp_path):
    white = encoded(Image.new("RGB", (2000, 2000), "white"), "BMP")
    assert read(f"{zipped(tmp_path / 'white.zip', {'white.bmp': white})}!/white.bmp") == white


# --- lists ------------------------------------------------------------------------------------------


def listed(suffix: str, rows: list[dict[str, object]]) -> bytes:
    if suffix == ".csv":
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return buffer.getvalue().encode("utf-8-sig")
    if suffix == ".jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows).encode()
    pq.write_table(pa.Table.from_pylist(rows), out := io.BytesIO())
    return out.getvalue()


KINDS = (".csv", ".jsonl", ".parquet")


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("column", ["path", "file", "filename", "image", "Path"])
def test_a_list_names_files_relative_to_its_own_folder(tmp_path, suffix, column):
    put(tmp_path / "in/a.jpg")
    absolute = put(tmp_path / "elsewhere/b.jpg")
    rows = [{"label": 1, column: "in/../in/a.jpg"}, {"label": 2, column: str(absolute)}]
    found = list(walk([put(tmp_path / f"list{suffix}", listed(suffix, rows))]))
    assert names(found, tmp_path) == ["in/a.jpg", "elsewhere/b.jpg"]


ROWS = [{"path": "gone.jpg"}, {"path": ""}, {"path": "a.jpg"}, {"path": "."}]
BROKEN = b'{"path": "a.jpg"}\n{"path": \n\n{"path": 7}\n{"path": "\\ud800.jpg"}\n{"path": "a.jpg"}\n'


@pytest.mark.parametrize(
    ("suffix", "data", "said", "second"),
    [
        *((k, listed(k, ROWS), "missing bad-row good not-a-file", f"list{k}, row 2") for k in KINDS),
        (".jsonl", BROKEN, "good bad-row bad-row bad-name good", "list.jsonl, row 2"),
        (".csv", b"path\na.jpg\ncaf\xe9.jpg\na.jpg\n", "good bad-name good", "caf\\xe9.jpg"),
    ],
)
def test_a_bad_row_is_reported_by_its_number_or_file_and_the_rest_goes_on(
    tmp_path, suffix, data, said, second
):
    put(tmp_path / "a.jpg")
    found = list(walk([put(tmp_path / f"list{suffix}", data)]))
    assert why_not(found) == said.split()
    assert found[1].uri == f"{tmp_path}/{second}"
    assert all(item.uri.encode() for item in found)


NO_PATHS = [{"picture": "a.jpg", "label": "yes"}]


@pytest.mark.parametrize(
    ("suffix", "data", "said"),
    [
        (".csv", b"", "columns found: none"),
        (".csv", "path\na.jpg\n".encode("utf-16-le"), "CSV UTF-8"),
        (".jsonl", b"", "columns found: none"),
        (".jsonl", b"[1, 2]\n", "is not"),
        (".parquet", b"PAR1 not", "is not"),
        (".parquet", b"", "is not"),
        (".parquet", listed(".parquet", [{"image": b"\xff\xd8\xff"}]), "holds binary, not paths"),
        *((kind, listed(kind, NO_PATHS), "columns found: picture, label") for kind in KINDS),
    ],
)
def test_what_is_no_list_of_paths_is_refused_and_says_what_it_has(tmp_path, suffix, data, said):
    with pytest.raises(DiscernError, match=said):
        walk([put(tmp_path / f"list{suffix}", data)])


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_csv_is_read_as_spreadsheets_save_it(tmp_path, encoding, delimiter):
    text = f"what{delimiter}Path\nä{delimiter}zoë, grün.jpg\n"
    found = list(walk([put(tmp_path / "list.csv", text.encode(encoding))]))
    assert [Path(file.uri).name for file in found] == ["zoë, grün.jpg"]


@given(
    cells=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
)
@example(cells=["'=", "=a.jpg"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_every_row_of_a_list_is_answered_by_one_source_or_one_skipped_file(suffix, cells):
    with tempfile.TemporaryDirectory() as folder:
        written = map(escaped, cells) if suffix == ".csv" else cells  # with an apostrophe before a formula
        rows = [{"n": number, "path": cell} for number, cell in enumerate(written)]
        path = Path(folder) / f"list{suffix}"
        put(path, listed(suffix, [*rows, {"n": -1, "path": f"list{suffix}"}]))
        found = list(walk([path]))
        assert len(found) == len(cells) + 1
        assert found[-1] == Source(str(path), path.stat().st_size, path.stat().st_mtime_ns)
        pairs = [(c, item.uri) for c, item in zip(cells, found, strict=False) if c and not c.startswith("/")]
        assert [uri for _, uri in pairs] == [os.path.normpath(f"{folder}/{cell}") for cell, _ in pairs]
