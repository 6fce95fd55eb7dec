"""A library of vectors that somebody brings along: no search by words, and all the rest as anywhere."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import datasets
import lancedb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from drawing import draw_folder
from peaks import peak_memory

from concepts.encoders import load_encoder
from concepts.errors import DiscernError, EncoderError
from concepts.library.collection import collection_of
from concepts.library.filters import PictureSelection
from concepts.library.given_vectors import read_vectors
from concepts.library.ingestion import embed_files
from concepts.results.keywords import pictures_that_count
from concepts.results.library import browse, import_pictures, library_info
from discern import Library
from storage.pictures.hashing import picture_id

NAME = "Round thing"
DIMENSION = 12


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_folder(tmp_path_factory.mktemp("given") / "pictures", 60)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library(tmp_path / "home") as library:
        yield library


def made_up(folder: Path) -> dict[str, np.ndarray]:
    """Path → a vector that tells the three shapes apart."""
    kinds = {"ellipse": 0, "line": 1, "rectangle": 2}
    rng = np.random.default_rng(0)
    shape = {file: np.eye(DIMENSION)[kinds[file.name.partition("-")[0]]] for file in sorted(folder.iterdir())}
    return {str(file): one + 0.1 * rng.standard_normal(DIMENSION) for file, one in shape.items()}


@pytest.mark.slow
def test_without_an_encoder_everything_but_words_works_from_labels_to_a_file(
    library: Library, pictures: Path, tmp_path: Path
) -> None:
    given = made_up(pictures)
    assert library.add(embeddings=given).added == 60
    info = library_info(library.app)
    assert (info.encoder, info.pending) == (f"vectors:{DIMENSION}", 0)
    assert "without text search" in info.encoder_note
    with pytest.raises(DiscernError, match="picture-only"):
        library.search("a ball")
    with pytest.raises(DiscernError, match="picture-only"):
        browse(library.app, PictureSelection(q="a ball"))
    found = library.search(like=[next(iter(given))], n=10)
    assert all(Path(one.path).name.startswith("ellipse") for one in found)
    assert len(found) == 10
    concept = library.concept(NAME, "A filled ellipse.")
    assert concept.mine(40) > 0
    for _ in range(6):
        for picture in concept.next(5):
            concept.answer(picture, "yes" if "ellipse" in picture.path else "no")
    concept.train()
    flagged = list(pictures_that_count(library.app.concept(NAME)))
    paths = collection_of(library.app).paths(flagged)
    assert len(flagged) > 10
    assert all("ellipse" in path for path in paths.values())
    concept.export(tmp_path / "bundle")
    assert (tmp_path / "bundle").exists()


def test_pictures_without_a_vector_are_skipped_and_told(library: Library, pictures: Path) -> None:
    given = made_up(pictures)
    some = dict(list(given.items())[:20])
    added = library.add(pictures, embeddings=some)
    assert (added.added, added.skipped) == (20, {"no vector": 40})
    with pytest.raises(DiscernError, match="Add pictures with their vectors"):
        library.add(pictures)
    with pytest.raises(EncoderError, match="vectors of this library"):
        library.add(embeddings=given, encoder="embedded")
    with pytest.raises(DiscernError, match=r"12 numbers|have 5"):
        library.add(embeddings={path: vector[:5] for path, vector in given.items()})


@pytest.mark.slow
def test_an_encoder_that_is_named_is_compared_and_then_knows_words(
    tmp_path: Path, pictures: Path, encoder_cache: Path
) -> None:
    encoder = load_encoder("embedded", cache=encoder_cache)
    true: dict[str, np.ndarray] = {}
    for _, places, vectors, _ in embed_files([pictures], encoder):
        true |= dict(zip(places, vectors, strict=True))
    with Library(tmp_path / "other") as library:
        false = {path: vector[::-1] for path, vector in true.items()}
        with pytest.raises(DiscernError, match="don’t match embedded"):
            library.add(embeddings=false, encoder="embedded")
    with Library(tmp_path / "same") as library:
        assert library.add(embeddings=true, encoder="embedded").added == 60
        assert library.search("a circle", n=5)
        draw_folder(tmp_path / "more", 3, 700)
        assert library.add(tmp_path / "more").added == 3


@pytest.mark.slow
def test_vectors_go_in_and_out_as_tables_of_other_tools(tmp_path: Path, pictures: Path) -> None:
    given = made_up(pictures)
    np.save(tmp_path / "v.npy", np.stack(list(given.values())).astype(np.float16))
    (tmp_path / "ids.txt").write_text("\n".join(given))
    with Library(tmp_path / "npy") as library:
        added = import_pictures(library.app, vectors=tmp_path / "v.npy", ids=tmp_path / "ids.txt").wait()
        assert added.added == 60
        table = library.vectors()
    assert table.num_rows == 60
    assert table.schema.field("vector").type == pa.list_(pa.float32(), DIMENSION)
    stored = dict(zip(table.column("path").to_pylist(), table.column("vector").to_pylist(), strict=True))
    for path, vector in given.items():
        np.testing.assert_allclose(stored[path], vector / np.linalg.norm(vector), atol=2e-3)
    lance = lancedb.connect(tmp_path / "lance").create_table("pictures", table)
    again = [table, table.to_pandas(), lance.to_arrow(), datasets.Dataset.from_dict(table.to_pydict())]
    for number, one in enumerate(again):
        with Library(tmp_path / str(number)) as library:
            assert library.add(embeddings=one).added == 60, type(one)
            assert library.vectors().column("id").equals(table.column("id"))


DAMAGED = Path(__file__).parents[1] / "fixtures" / "column-metadata-damaged.parquet"
ROWS = pa.array(["a.jpg", "b.jpg"])
PAIR = pa.array([[1.0, 2.0], [3.0, 4.0]])
SAME = pa.array(np.zeros(300_000, np.int32))
TABLES: dict[str, tuple[dict[str, object], str]] = {
    "no column of vectors": ({"path": ROWS, "numbers": PAIR}, "Call them path"),
    "no column of paths": ({"x": ROWS, "vector": PAIR}, "Call them path"),
    "no rows": ({"path": [], "vector": []}, "no list of numbers"),
    "lists of lists": ({"path": ROWS, "vector": [[[1.0]], [[2.0]]]}, "no list of numbers"),
    "empty lists": ({"path": ROWS, "vector": pa.array([[], []], pa.list_(pa.int8()))}, "different lengths"),
    "lists that fit in all": ({"path": ROWS, "vector": [[1.0], [1.0, 2.0, 3.0]]}, "different lengths"),
    "a missing list": ({"path": ROWS, "vector": [[1.0], None]}, "a row has no “vector”"),
    "a missing path": ({"path": ["a.jpg", None], "vector": PAIR}, "a row has no “path”"),
    "lists of paths": ({"path": [["a"], ["b"]], "vector": PAIR}, "holds no paths"),
    "paths that are no text": ({"path": [b"a", b"\xff"], "vector": PAIR}, "can’t be read"),
    "a path twice": ({"path": ["a.jpg", "a.jpg"], "vector": PAIR}, "named twice"),
    "a long path thousands of times": (
        {"path": pa.DictionaryArray.from_arrays(SAME[:3000], ["x" * 500_000]), "vector": [[1.0]] * 3000},
        "named twice",
    ),
    "a vector hundreds of thousands of times": (
        {
            "path": [str(row) for row in range(300_000)],
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(np.ones(300_000 * 96, np.float32)), 96),
        },
        "it unpacks to 110 MB",
    ),
}


@pytest.mark.parametrize(("columns", "why"), TABLES.values(), ids=TABLES.keys())
def test_what_is_no_table_of_vectors_is_refused_in_words_and_little_memory(
    tmp_path: Path, columns: dict[str, object], why: str
) -> None:
    file = tmp_path / "v.parquet"
    pq.write_table(pa.table(columns), file, compression="zstd")
    peaks = []
    for _ in range(3):  # threads of other tests may take memory meanwhile
        before = peak_memory(begin=True)
        with pytest.raises(DiscernError, match=why):
            read_vectors(file, None)
        peaks.append(peak_memory() - before)
    assert min(peaks) < 64 * 2**20


def test_a_file_on_which_pyarrow_aborts_is_refused_in_words() -> None:
    """One byte of its column metadata is damaged."""
    with pytest.raises(DiscernError, match="the metadata of its columns is damaged"):
        read_vectors(DAMAGED, None)


def saved(array: np.ndarray, **how: bool) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **how)
    return out.getvalue()


def shaped(shape: str) -> bytes:
    """A .npy with any header."""
    about = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n"
    return b"\x93NUMPY\x01\0" + len(about).to_bytes(2, "little") + about.encode() + bytes(24)


GOOD = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
ARRAYS = {
    "text": (b"0.1 0.2 0.3", "magic string"),
    "a pickle": (saved(np.array([{}, {}]), allow_pickle=True), "Python objects"),
    "a length below nothing": (shaped("(-2, 3)"), "negative"),
    "a length beyond all bounds": (shaped(f"({10**400}, 3)"), "too large"),
    "more than the file has": (shaped("(2000000000, 3)"), "can’t be read"),
    "letters": (saved(np.array([["a"], ["b"]])), "not real numbers"),
    "records": (saved(np.zeros((2, 3), [("a", "<f4")])), "not real numbers"),
    "one number": (saved(np.float32(1)), "one name for each vector"),
    "three dimensions": (saved(GOOD[:, :, None]), "one name for each vector"),
    "vectors without numbers": (saved(GOOD[:, :0]), "one name for each vector"),
    "more vectors than names": (saved(np.concatenate([GOOD, GOOD])), "one name for each vector"),
}
CASES = {what: (content, "ids.txt", b"a.jpg\nb.jpg", why) for what, (content, why) in ARRAYS.items()} | {
    "names that are no text": (saved(GOOD), "ids.txt", b"\xff\xfe\0", r"ids\.txt can’t be read"),
    "a name without an end": (saved(GOOD), "ids.csv", b"path\n" + b"a" * 200_000, r"ids\.csv can’t be read"),
    "no column of names": (saved(GOOD), "ids.csv", b"x,y\n1,2\n", "no column path or id"),
    "no names": (saved(GOOD), "ids.txt", b"", "one name for each vector"),
    "a name twice": (saved(GOOD), "ids.txt", b"a.jpg\na.jpg", "named twice"),
}


@pytest.mark.parametrize(("content", "name", "names", "why"), CASES.values(), ids=CASES.keys())
def test_what_is_no_array_of_vectors_with_names_is_refused_in_words(
    tmp_path: Path, content: bytes, name: str, names: bytes, why: str
) -> None:
    (tmp_path / "v.npy").write_bytes(content)
    (tmp_path / name).write_bytes(names)
    with pytest.raises(DiscernError, match=why):
        read_vectors(tmp_path / "v.npy", tmp_path / name)
    with pytest.raises(DiscernError, match="file of their paths"):
        read_vectors(tmp_path / "v.npy", None)


@pytest.mark.parametrize("name", ["a.npy", "a.parquet"])
def test_a_pipe_holds_no_vectors_and_holds_nobody_up(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DiscernError, match="no file"):
        read_vectors(tmp_path / name, tmp_path / name)


@pytest.mark.parametrize("how", [">f4", "<f2", "<f8", "<i8", "fortran"])
def test_numbers_in_any_order_and_width_are_the_same_vectors(tmp_path: Path, how: str) -> None:
    array = np.asfortranarray(GOOD) if how == "fortran" else GOOD.astype(how)
    (tmp_path / "v.npy").write_bytes(saved(array))
    (tmp_path / "ids.txt").write_text("a.jpg\nb.jpg")
    vector = read_vectors(tmp_path / "v.npy", tmp_path / "ids.txt").of(str(tmp_path / "b.jpg"))
    np.testing.assert_allclose(vector, GOOD[1] / np.linalg.norm(GOOD[1]), atol=2e-3)


def test_what_is_refused_adds_nothing(library: Library, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "v.npy").write_bytes(b"")
    (tmp_path / "ids.txt").write_text("\n".join(made_up(pictures)))
    job = import_pictures(library.app, vectors=tmp_path / "v.npy", ids=tmp_path / "ids.txt")
    with pytest.raises(DiscernError, match="Nothing was added"):
        job.wait()
    file = next(pictures.iterdir())
    by_id = pa.table({"id": [picture_id(file.read_bytes())], "vector": [[1.0, 2.0]]})
    with pytest.raises(DiscernError, match="Name the folder"):
        library.add(embeddings=by_id)
    assert library.add(file, embeddings=by_id).added == 1


def test_an_encoder_of_given_vectors_says_what_it_can_not_do() -> None:
    with pytest.raises(EncoderError, match="no dimension"):
        load_encoder("vectors:mine", cache=Path())
    encoder = load_encoder("vectors:mine:8", cache=Path())
    assert not encoder.encode_texts(["a", "b"]).any()
    with pytest.raises(EncoderError, match="can’t embed pictures"):
        encoder.encode_pictures(np.zeros((1, 3, 1, 1), np.float32))
