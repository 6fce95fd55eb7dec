"""Whatever is in a file from outside, its reader takes it or says in words why not, in little memory.

One table of the readers, with a good file for each. A reader gets any bytes at all, its good file damaged,
and, where that is JSON, any value in any place of it.
"""

from __future__ import annotations

import io
import json
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bundles import make_facts, make_head, write_one
from drawing import draw
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concepts.bundle import reading, scorer
from concepts.bundle.checksums import CHECKSUMS_FILE, checksums_text
from concepts.bundle.load import load_bundle
from concepts.errors import DiscernError
from concepts.installation.users import Users, hashed
from concepts.labelling.formats import format_of
from concepts.labelling.rows import checked_rows
from concepts.library.given_vectors import read_vectors
from concepts.settings import Settings, load_settings
from storage.pictures.decoding import decode
from storage.pictures.files import Source
from storage.pictures.sources import read, walk
from study.concept_file import read_concepts
from study.pictures import read_folder

MOST_MEMORY = 64 * 2**20  # bytes allocated while a file of some kilobytes is read
TRIES = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Reader:
    """`take` reads the file at a path, which has the content to try, with `beside` around it, and returns
    what is true of a good file."""

    name: str
    good: bytes
    take: Callable[[Path], object]
    beside: Mapping[str, bytes] = field(default_factory=dict)
    refusal: type[Exception] = DiscernError

    def __str__(self) -> str:
        return f"{self.name} of {self.take.__name__}"


def pictures_of(path: Path) -> int:
    """Every file that a list, an archive or a folder leads to, each decoded; how many were pictures."""
    pictures = 0
    for item in walk([path]):
        if isinstance(item, Source):
            try:
                decode(read(item.uri))
            except DiscernError:
                continue
            pictures += 1
    return pictures


def bundle_in(path: Path) -> object:
    """Whatever its checksums say, so that what is behind them is reached."""
    return load_bundle(path.parent, accept_changed=True)


def zipped_bundle(path: Path) -> object:
    return load_bundle(path, accept_changed=True)


def whole_bundle_in(path: Path) -> object:
    return load_bundle(path.parent)


def whole_bundle(path: Path) -> object:
    return load_bundle(path)


def scorer_in(path: Path) -> object:
    return scorer.load(path.parent)


def labels_in(path: Path) -> object:
    """In this process, where its memory is counted."""
    return list(checked_rows(format_of(path).read(path)))


def captions_in(path: Path) -> object:
    """The rows of a file of another tool, whatever they say."""
    return list(format_of(path).read(path))


def shown_to_a_classifier(path: Path) -> object:
    """By the reader that leaves with a bundle."""
    shown = {"height": 8, "width": 8, "fit": "whole", "interpolation": "bilinear", "short_side": 8}
    return reading.Reader(shown).pixels(path.read_bytes()).any()


def vectors_in(path: Path) -> object:
    return len(read_vectors(path, path.with_name("names.txt") if path.suffix == ".npy" else None).names)


def study_rows_in(path: Path) -> object:
    return read_folder(path.parent).rows


def settings_in(path: Path) -> object:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DISCERN_HOME", str(path.parent))
        return load_settings().llm_model


def users_in(path: Path) -> object:
    return Users(Settings(home=path.parent)).check("ana", "a password")


def a_bundle() -> dict[str, bytes]:
    head = make_head([0.5, -1.0, 2.0])
    with tempfile.TemporaryDirectory() as parent:
        folder = write_one(Path(parent) / "b", head, make_facts(head), None)
        return {name: (folder / name).read_bytes() for name in ("head.json", "head.safetensors")}


def a_picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    draw("ellipse", 1).resize((16, 16)).save(out, kind)
    return out.getvalue()


def a_vector_file() -> bytes:
    out = io.BytesIO()
    np.save(out, np.eye(2, 8, dtype=np.float32))
    return out.getvalue()


def a_zip(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def a_parquet(**columns: list[object]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns or {"path": ["a.png", "b.png"]}), out)
    return out.getvalue()


CHOICE = {"type": "choices", "value": {"choices": ["yes"]}, "meta": {"discern": {"author": "ana"}}}
TASKS = [
    {
        "data": {"image": "/data/local-files/?d=a.png"},
        "annotations": [{"completed_by": 1, "result": [CHOICE]}],
    }
]
ANSWERS = [{"value": "yes", "author": "ana", "author_kind": "person"}]
COCO = {
    "images": [{"id": 1, "file_name": "a.png"}, {"id": 2, "file_name": "b.png"}],
    "annotations": [{"image_id": 1, "category_id": 1, "answers": ANSWERS}, {"image_id": 2, "category_id": 1}],
    "categories": [{"id": 1, "name": "yes"}],
}
CLASSED = {"_cls": "Classification", "label": "yes"}
SAMPLES = {
    "samples": [{"filepath": "a.png", "ground_truth": CLASSED, "answers": {"classifications": ANSWERS}}]
}
LAION = {"url": ["u"], "caption": ["a ball"], "key": ["000000001"], "punsafe": [0.5]}
BUNDLE = a_bundle()
SUMS = checksums_text(BUNDLE).encode()
ZIPPED = a_zip({f"b/{name}": content for name, content in (BUNDLE | {CHECKSUMS_FILE: SUMS}).items()})
FACTS, WEIGHTS = {"head.json": BUNDLE["head.json"]}, {"head.safetensors": BUNDLE["head.safetensors"]}
PICTURE = {"a.png": a_picture()}
PICTURES = {kind: a_picture(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")}
PICTURES["HEIC"] = Path(__file__).with_name("fixtures").joinpath("halves.heic").read_bytes()
USERS = json.dumps({"ana": {"password": hashed("a password"), "role": "viewer"}}).encode()
READERS = [
    Reader("head.json", BUNDLE["head.json"], scorer_in, WEIGHTS, refusal=ValueError),
    Reader("head.safetensors", BUNDLE["head.safetensors"], scorer_in, FACTS, refusal=ValueError),
    Reader("head.json", BUNDLE["head.json"], bundle_in, WEIGHTS),
    Reader("head.safetensors", BUNDLE["head.safetensors"], bundle_in, FACTS),
    Reader(CHECKSUMS_FILE, SUMS, whole_bundle_in, BUNDLE),
    Reader("bundle.zip", ZIPPED, zipped_bundle),
    Reader("bundle.zip", ZIPPED, whole_bundle),
    Reader("labels.csv", b'path,label,comment\na.png,yes,"round, or so"\n=b.png,no,\n', labels_in),
    Reader("labels.jsonl", b'{"path": "a.png", "label": "yes", "author": "ana"}\n', labels_in),
    Reader("tasks.json", json.dumps(TASKS).encode(), labels_in),
    Reader("coco.json", json.dumps(COCO).encode(), labels_in),
    Reader("samples.json", json.dumps(SAMPLES).encode(), labels_in),
    Reader("answers.parquet", a_parquet(path=["a.png", "b.png"], label=["yes", "no"]), labels_in),
    Reader("00000.parquet", a_parquet(**LAION), captions_in),
    Reader("folders.zip", a_zip({"yes/a.png": a_picture(), "no/b.png": a_picture()}), labels_in),
    Reader("list.csv", b"path\na.png\n../b.png\n", pictures_of, PICTURE),
    Reader("list.jsonl", b'{"path": "a.png"}\n', pictures_of, PICTURE),
    Reader("list.parquet", a_parquet(), pictures_of, PICTURE),
    Reader("pictures.zip", a_zip({"a.png": a_picture(), "in/b.png": a_picture()}), pictures_of),
    *(Reader(f"a.{kind.lower()}", content, pictures_of) for kind, content in PICTURES.items()),
    *(
        Reader(f"a.{kind.lower()}", content, shown_to_a_classifier, refusal=reading.BadPictureError)
        for kind, content in PICTURES.items()
    ),
    Reader("own.npy", a_vector_file(), vectors_in, {"names.txt": b"a.png\nb.png\n"}),
    Reader("own.parquet", a_parquet(path=["a.png", "b.png"], vector=[[0.0, 1.0], [1.0, 0.0]]), vectors_in),
    Reader("labels.csv", b"path,kind\na.png,1\n", study_rows_in),
    Reader("labels.jsonl", b'{"img": "a.png", "label": 1}\n', study_rows_in),
    Reader("concepts.toml", b'["A"]\ndescription = "a"\nwhen = "n == 1"\n', read_concepts),
    Reader("settings.json", b'{"llm_model": "some-model", "model_concurrency": 4}', settings_in),
    Reader("users.json", USERS, users_in),
]
every_reader = pytest.mark.parametrize("reader", READERS, ids=str)


def takes_or_refuses(reader: Reader, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, other in reader.beside.items():
            (Path(folder) / name).write_bytes(other)
        path = Path(folder) / reader.name
        path.write_bytes(content)
        said = "taken"
        tracemalloc.start()
        try:
            reader.take(path)
        except reader.refusal as refusal:
            said = str(refusal)
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert said.strip()
    assert len(said) < 3000
    assert peak < MOST_MEMORY


@every_reader
def test_a_good_file_is_taken(reader: Reader, tmp_path: Path) -> None:
    for name, content in {**reader.beside, reader.name: reader.good}.items():
        (tmp_path / name).write_bytes(content)
    assert reader.take(tmp_path / reader.name)


@every_reader
@TRIES
@given(content=st.binary(max_size=300))
def test_any_bytes_are_taken_or_refused_in_words(reader: Reader, content: bytes) -> None:
    takes_or_refuses(reader, content)


@every_reader
@TRIES
@given(data=st.data())
def test_a_good_file_that_was_damaged_is_taken_or_refused_in_words(reader: Reader, data: Any) -> None:
    content = bytearray(reader.good)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["change", "cut", "insert", "repeat"]))
        piece = data.draw(st.binary(min_size=1, max_size=4))
        if kind == "change":
            content[place : place + len(piece)] = piece
        elif kind == "cut":
            del content[place + 1 : data.draw(st.integers(place + 1, len(content)))]
        elif kind == "insert":
            content[place:place] = piece
        else:
            content += content[place:]
    takes_or_refuses(reader, bytes(content))


def damaged_at_its_ends(good: bytes) -> Iterator[bytes]:
    for count in (1, 2, 8, 64, len(good) // 2):
        yield good[count:]
        yield good[: len(good) - count]
    for place in (*range(0, 64, 5), *range(-64, 0, 5)):
        if abs(place) < len(good):
            content = bytearray(good)
            content[place] ^= 0xFF
            yield bytes(content)


@every_reader
def test_a_file_damaged_at_its_start_or_end_is_taken_or_refused_in_words(reader: Reader) -> None:
    for content in damaged_at_its_ends(reader.good):
        takes_or_refuses(reader, content)


texts = st.text(max_size=20) | st.sampled_from(
    ["", "\0", "\ud800", "/etc/passwd", "1e999", "true", "9" * 400]
)
numbers = st.integers() | st.floats() | st.sampled_from([10**400, -1, 2**63, 1e308])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("reader", [r for r in READERS if r.name.endswith((".json", ".jsonl"))], ids=str)
@TRIES
@given(data=st.data())
def test_any_value_in_any_place_is_taken_or_refused_in_words(reader: Reader, data: Any) -> None:
    takes_or_refuses(reader, changed(json.loads(reader.good), data))


def changed(document: Any, data: Any) -> bytes:
    holder = document
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = data.draw(st.sampled_from(keys))
        inner = holder[key]
        if not (isinstance(inner, dict | list) and inner and data.draw(st.booleans())):
            break
        holder = inner
    holder[key] = data.draw(values)
    return json.dumps(document).encode()


@pytest.mark.parametrize("reader", [r for r in READERS if r.name.endswith((".json", ".jsonl"))], ids=str)
@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_endless_nesting_is_refused_in_words(reader: Reader, bracket: str) -> None:
    takes_or_refuses(reader, (bracket * 100_000).encode())


names = st.text(st.characters(exclude_categories=("Cs",)), max_size=30) | st.sampled_from(
    [
        "../a.png",
        "/etc/a.png",
        "a/../../b.png",
        "C:\\a.png",
        "a\0.png",
        "",
        ".",
        "a" * 300 + ".png",
        "a//b.png",
    ]
)


@TRIES
@given(st.lists(st.tuples(names, st.sampled_from([PICTURE["a.png"], b"", b"\0" * 5000])), max_size=5))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_may_hold_files_of_any_name(files: list[tuple[str, bytes]]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name.partition("\0")[0] or "nameless", content)
    takes_or_refuses(Reader("pictures.zip", b"", pictures_of), out.getvalue())
    takes_or_refuses(Reader("bundle.zip", b"", zipped_bundle), out.getvalue())
    takes_or_refuses(Reader("bundle.zip", b"", whole_bundle), out.getvalue())
