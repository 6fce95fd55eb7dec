from __future__ import annotations

import csv
import io
import json
import os
import socket
import tempfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
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


def the_skipped(found: list[Source | SkippedFile]) -> SkippedFile:
    (skipped,) = [item for item in found if isinstance(item, SkippedFile)]
    assert skipped.reason in get_args(Reason)
    return skipped


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


# --- folders and files ------------------------------------------------------------------------------


def test_folders_are_walked_recursively_in_sorted_order(tmp_path):
    for name in ("b.JPG", "a/z.png", "a/b/c.webp", "c.heic"):
        put(tmp_path / name)
    assert names(list(walk([tmp_path])), tmp_path) == ["a/b/c.webp", "a/z.png", "b.JPG", "c.heic"]


def test_what_is_obviously_no_picture_is_passed_over_in_silence(tmp_path):
    for name in (
        "a.txt",
        "labels.csv",
        "a.jpg.json",
        "Thumbs.db",
        "noext",
        "x.zip",
        ".hidden.jpg",
        ".git/a.jpg",
    ):
        put(tmp_path / name)
    put(tmp_path / "real.jpg")
    assert names(list(walk([tmp_path])), tmp_path) == ["real.jpg"]


def test_a_file_named_directly_is_tried_whatever_its_name(tmp_path):
    path = put(tmp_path / "scan")
    (found,) = walk([path])
    assert found == Source(str(path), 7, path.stat().st_mtime_ns)


def test_a_path_that_does_not_exist_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(DiscernError, match=r"nowhere does not exist"):
        walk([tmp_path, tmp_path / "nowhere"])


def test_relative_paths_become_absolute(tmp_path, monkeypatch):
    put(tmp_path / "a.jpg")
    monkeypatch.chdir(tmp_path)
    assert names(list(walk([Path("a.jpg")])), tmp_path) == ["a.jpg"]


def test_links_to_files_are_followed_and_loops_of_folders_end(tmp_path):
    put(tmp_path / "in/a.jpg")
    (tmp_path / "in/link.jpg").symlink_to(tmp_path / "in/a.jpg")
    (tmp_path / "in/up").symlink_to(tmp_path)
    (tmp_path / "in/self").symlink_to(tmp_path / "in/self")
    assert names(list(walk([tmp_path])), tmp_path) == ["in/a.jpg", "in/link.jpg"]


def test_a_linked_folder_elsewhere_is_walked_once(tmp_path):
    put(tmp_path / "elsewhere/a.jpg")
    for name in ("one", "two"):
        (tmp_path / "root").mkdir(exist_ok=True)
        (tmp_path / "root" / name).symlink_to(tmp_path / "elsewhere")
    assert names(list(walk([tmp_path / "root"])), tmp_path) == ["root/one/a.jpg"]


@pytest.mark.parametrize("named", ["folder", "directly"])
def test_a_dangling_link_is_reported_and_the_rest_goes_on(tmp_path, named):
    link = tmp_path / "a.jpg"
    link.symlink_to(tmp_path / "gone.jpg")
    put(tmp_path / "b.jpg")
    found = list(walk([tmp_path] if named == "folder" else [link, tmp_path / "b.jpg"]))
    assert (the_skipped(found).reason, the_skipped(found).uri) == ("dangling-link", str(link))
    assert len(found) == 2


def test_a_name_that_is_not_utf8_is_reported_printably(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(b"picture")
    put(tmp_path / "café.jpg")
    skipped = the_skipped(list(walk([tmp_path])))
    assert (skipped.reason, skipped.uri) == ("bad-name", f"{tmp_path}/caf\\xe9.jpg")
    skipped.uri.encode()


def test_files_and_folders_without_permission_are_reported(tmp_path):
    if os.geteuid() == 0:
        not_run("files without permission", "Root reads everything; run the tests as another user.")
    put(tmp_path / "a.jpg").chmod(0)
    put(tmp_path / "closed/b.jpg")
    (tmp_path / "closed").chmod(0)
    found = list(walk([tmp_path]))
    (tmp_path / "closed").chmod(0o700)
    assert [(type(item), item.reason) for item in found] == [(SkippedFile, "unreadable")] * 2


def test_a_pipe_or_socket_with_a_pictures_name_blocks_nothing(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "a.jpg")
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes at most
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("b.jpg")
        assert [item.reason for item in walk([tmp_path])] == ["not-a-file"] * 2
        with pytest.raises(BadPictureError) as caught:
            read(str(tmp_path / "a.jpg"))
    assert caught.value.reason == "not-a-file"


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


def test_reading_gives_the_bytes(tmp_path):
    assert read(str(put(tmp_path / "a.jpg", b"abc"))) == b"abc"


@pytest.mark.parametrize(
    ("name", "reason"), [("gone.jpg", "missing"), ("nul\0.jpg", "bad-name"), ("", "not-a-file")]
)
def test_what_cant_be_read_says_why(tmp_path, name, reason):
    with pytest.raises(BadPictureError) as caught:
        read(f"{tmp_path}/{name}")
    assert caught.value.reason == reason


def test_a_file_above_the_limit_is_not_read(tmp_path):
    with (tmp_path / "a.tif").open("wb") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)  # sparse: takes no space
    with pytest.raises(BadPictureError) as caught:
        read(str(tmp_path / "a.tif"))
    assert caught.value.reason == "file-too-large"


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
    skipped = the_skipped(list(walk([archive])))
    assert (skipped.reason, skipped.uri) == ("bad-archive", str(archive))


def test_a_damaged_member_is_bad_and_its_neighbour_is_not(tmp_path):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": b"A" * 100, "b.jpg": b"B" * 100}, zipfile.ZIP_STORED)
    put(archive, archive.read_bytes().replace(b"A" * 100, b"A" * 99 + b"x"))
    first, second = walk([archive])
    with pytest.raises(BadPictureError) as caught:
        read(first.uri)
    assert caught.value.reason == "bad-archive"
    assert read(second.uri) == b"B" * 100


def test_an_encrypted_member_is_reported(tmp_path):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": b"1", "b.jpg": b"2"})
    data = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1  # the flag that says so, in both of its places
    put(archive, bytes(data))
    found = list(walk([archive]))
    assert the_skipped(found).reason == "encrypted"
    assert found[1].uri == f"{archive}!/b.jpg"
    with pytest.raises(BadPictureError) as caught:
        read(f"{archive}!/a.jpg")
    assert caught.value.reason == "encrypted"


def test_a_member_that_says_it_is_huge_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 1000)
    archive = zipped(tmp_path / "p.zip", {"a.jpg": b"\0" * 5000, "b.jpg": b"1"})
    found = list(walk([archive]))
    assert (the_skipped(found).reason, the_skipped(found).size) == ("file-too-large", 5000)
    with pytest.raises(BadPictureError, match="at most"):
        read(f"{archive}!/a.jpg")


def test_a_member_that_lies_about_its_size_unpacks_no_further_than_it_said(tmp_path):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": b"\0" * 5_000_000})
    data = archive.read_bytes()
    put(archive, data.replace((5_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little")))
    with pytest.raises(BadPictureError) as caught:
        read(f"{archive}!/a.jpg")
    assert caught.value.reason == "bad-archive"


def test_a_member_that_left_its_archive_is_missing(tmp_path):
    archive = zipped(tmp_path / "p.zip", {"a.jpg": b"1"})
    with pytest.raises(BadPictureError) as caught:
        read(f"{archive}!/b.jpg")
    assert caught.value.reason == "missing"


def test_an_exclamation_mark_in_a_folders_name_is_no_archive(tmp_path):
    path = put(tmp_path / "wow!/a.jpg", b"plain")
    (found,) = walk([tmp_path])
    assert (found.uri, read(found.uri)) == (str(path), b"plain")


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


# --- lists ------------------------------------------------------------------------------------------


def write_list(path: Path, rows: list[dict[str, object]]) -> Path:
    if path.suffix == ".csv":
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return put(path, buffer.getvalue().encode("utf-8-sig"))
    if path.suffix == ".jsonl":
        return put(path, "".join(json.dumps(row) + "\n" for row in rows).encode())
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("column", ["path", "file", "filename", "image", "Path"])
def test_a_list_names_files_relative_to_its_own_folder(tmp_path, suffix, column):
    put(tmp_path / "in/a.jpg")
    absolute = put(tmp_path / "elsewhere/b.jpg")
    rows = [{"label": 1, column: "in/../in/a.jpg"}, {"label": 2, column: str(absolute)}]
    found = list(walk([write_list(tmp_path / f"list{suffix}", rows)]))
    assert names(found, tmp_path) == ["in/a.jpg", "elsewhere/b.jpg"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_rows_whose_file_is_missing_are_reported_and_the_rest_goes_on(tmp_path, suffix):
    put(tmp_path / "a.jpg")
    rows = [{"path": "gone.jpg"}, {"path": ""}, {"path": "a.jpg"}, {"path": "."}]
    found = list(walk([write_list(tmp_path / f"list{suffix}", rows)]))
    assert [getattr(item, "reason", "good") for item in found] == ["missing", "bad-row", "good", "not-a-file"]
    assert found[1].uri == f"{tmp_path}/list{suffix}, row 2"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_list_without_a_path_column_says_which_columns_it_has(tmp_path, suffix):
    path = write_list(tmp_path / f"list{suffix}", [{"picture": "a.jpg", "label": "yes"}])
    with pytest.raises(DiscernError, match=r"columns found: picture, label"):
        walk([path])


@pytest.mark.parametrize(
    ("suffix", "data", "said"),
    [
        (".csv", b"", "columns found: none"),
        (".csv", "path\na.jpg\n".encode("utf-16-le"), "CSV UTF-8"),
        (".jsonl", b"", "columns found: none"),
        (".jsonl", b"[1, 2]\n", "is not"),
        (".parquet", b"PAR1 not", "is not"),
        (".parquet", b"", "is not"),
    ],
)
def test_a_list_in_another_format_is_refused(tmp_path, suffix, data, said):
    with pytest.raises(DiscernError, match=said):
        walk([put(tmp_path / f"list{suffix}", data)])


def test_a_parquet_column_of_pictures_instead_of_paths_is_refused(tmp_path):
    path = write_list(tmp_path / "list.parquet", [{"image": b"\xff\xd8\xff"}])
    with pytest.raises(DiscernError, match="holds binary, not paths"):
        walk([path])


def test_a_broken_line_of_jsonl_is_reported_by_its_number(tmp_path):
    put(tmp_path / "a.jpg")
    lines = b'{"path": "a.jpg"}\n{"path": \n\n{"path": 7}\n{"path": "\\ud800.jpg"}\n{"path": "a.jpg"}\n'
    found = list(walk([put(tmp_path / "list.jsonl", lines)]))
    assert [getattr(item, "reason", "good") for item in found] == [
        "good",
        "bad-row",
        "bad-row",
        "bad-name",
        "good",
    ]
    assert found[1].uri.endswith("list.jsonl, row 2")
    assert all(item.uri.encode() for item in found)


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_csv_is_read_as_spreadsheets_save_it(tmp_path, encoding, delimiter):
    text = f"what{delimiter}Path\nä{delimiter}zoë, grün.jpg\n"
    found = list(walk([put(tmp_path / "list.csv", text.encode(encoding))]))
    assert [Path(file.uri).name for file in found] == ["zoë, grün.jpg"]


def test_a_csv_in_bytes_that_are_not_utf8_still_finds_its_other_files(tmp_path):
    put(tmp_path / "a.jpg")
    found = list(walk([put(tmp_path / "list.csv", b"path\ncaf\xe9.jpg\na.jpg\n")]))
    assert (the_skipped(found).reason, the_skipped(found).uri) == ("bad-name", f"{tmp_path}/caf\\xe9.jpg")
    assert len(found) == 2


@given(
    cells=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
)
@example(cells=["'=", "=a.jpg"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_every_row_of_a_list_is_answered_by_one_source_or_one_skipped_file(suffix, cells):
    with tempfile.TemporaryDirectory() as folder:
        written = map(escaped, cells) if suffix == ".csv" else cells  # with an apostrophe before a formula
        rows = [{"n": number, "path": cell} for number, cell in enumerate(written)]
        path = write_list(Path(folder) / f"list{suffix}", [*rows, {"n": -1, "path": f"list{suffix}"}])
        found = list(walk([path]))
        assert len(found) == len(cells) + 1
        assert found[-1] == Source(str(path), path.stat().st_size, path.stat().st_mtime_ns)
        expected = [
            os.path.normpath(f"{folder}/{cell}") for cell in cells if cell and not cell.startswith("/")
        ]
        uris = [
            item.uri for item, cell in zip(found, cells, strict=False) if cell and not cell.startswith("/")
        ]
        assert uris == expected


@given(data=st.binary(max_size=200))
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_arbitrary_bytes_in_a_list_raise_no_other_error(suffix, data):
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder) / f"list{suffix}", b"path\n" * (suffix == ".csv") + data)
        try:
            found = list(walk([path]))
        except DiscernError:
            return
        assert all(item.uri.encode() for item in found)


def test_an_archive_of_zeros_is_told_by_its_first_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "zeros.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros.png", bytes(20_000_000))
    inflated: list[int] = []
    real = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = real(self, n)
        inflated.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    with pytest.raises(BadPictureError, match="not a picture"):
        read(f"{archive}!/zeros.png")
    assert sum(inflated) < 1000


def test_a_picture_that_packs_well_is_read_all_the_same(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (2000, 2000), "white").save(out, "BMP")
    with zipfile.ZipFile(tmp_path / "white.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("white.bmp", out.getvalue())
    assert read(f"{tmp_path / 'white.zip'}!/white.bmp") == out.getvalue()
