"""Nobody waits for what they don't need: models, texts and vectors have locks of their own, and what was
encoded once is kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from concepts.encoders.base import Encoder, Vectors
from concepts.errors import FingerprintMismatchError
from concepts.library import text_vectors as texts
from concepts.library.collection import Collection, collection_of
from concepts.library.text_vectors import KeptTexts, TextVectors
from concepts.use_cases import App

SOON = 20  # seconds; only a test that fails waits so long


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def collection(open_bench: Callable[[], App]) -> Collection:
    return collection_of(open_bench())


class Held:
    """A call that says when it has begun and goes on when it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def wait(self) -> None:
        self.begun.set()
        assert self.let_go.wait(SOON)

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """From when it has begun; afterwards it is let go."""
        try:
            assert self.begun.wait(SOON)
            yield
        finally:
            self.let_go.set()


class Words:
    """An encoder of texts alone, which remembers what it was asked; “slow” is held."""

    name, dimension = "words", 4

    def __init__(self, fingerprint: str = "words-1") -> None:
        self.fingerprint = fingerprint
        self.held = Held()
        self.asked: list[str] = []

    def encode_texts(self, wanted: Sequence[str]) -> Vectors:
        self.asked += wanted
        if "slow" in wanted:
            self.held.wait()
        return np.array([[len(text), 1 / 3, -1, 1] for text in wanted], np.float32)


def never() -> Words:
    raise AssertionError("the encoder was loaded")


def vectors(
    load: Callable[[], Words], cache: Path | None = None, fingerprint: str = "words-1"
) -> TextVectors:
    kept = KeptTexts(cache, fingerprint, Words.dimension) if cache else None
    return TextVectors(fingerprint, Words.dimension, load, kept)


def pages_are_read(collection: Collection, threads: ThreadPoolExecutor) -> bool:
    ids = collection.library.all_ids()[:5]
    return threads.submit(lambda: len(collection.index().vectors(ids))).result(SOON) == 5


def test_a_page_of_vectors_waits_for_no_model_that_is_being_loaded_and_no_text_that_is_being_encoded(
    collection: Collection, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, load, words = Held(), collection._load, Words()
    loaded: list[str] = []

    def slowly(name: str) -> Encoder:
        loaded.append(name)
        held.wait()
        return load(name)

    monkeypatch.setattr(collection, "_load", slowly)
    encoders = [threads.submit(collection.encoder) for _ in range(3)]
    with held.meanwhile():
        assert pages_are_read(collection, threads)
    assert len({id(encoder.result(SOON)) for encoder in encoders}) == len(loaded) == 1
    monkeypatch.setattr(collection.encoder(), "encode_texts", words.encode_texts)
    encoded = threads.submit(collection.text_vectors, ["slow"])
    with words.held.meanwhile():
        assert pages_are_read(collection, threads)
    assert encoded.result(SOON).shape == (1, 4)


def test_a_text_that_is_known_waits_for_none_that_is_not(threads: ThreadPoolExecutor) -> None:
    words = Words()
    known = vectors(lambda: words)
    known.encode_texts(["known"])
    slow = [threads.submit(known.encode_texts, ["slow"]) for _ in range(3)]
    with words.held.meanwhile():
        assert threads.submit(known.encode_texts, ["known"]).result(SOON)[0, 0] == len("known")
    assert [text.result(SOON)[0, 0] for text in slow] == [len("slow")] * 3
    assert words.asked == ["known", "slow"]


def test_only_the_texts_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "TEXTS_KEPT", 3)
    words = Words()
    remembered = vectors(lambda: words)
    many = ["a", "bb", "ccc", "dddd", "a"]
    assert remembered.encode_texts(many)[:, 0].tolist() == [1, 2, 3, 4, 1]  # more than are kept
    remembered.encode_texts(["bb"])
    remembered.encode_texts(["eeeee"])
    words.asked.clear()
    remembered.encode_texts(["bb", "dddd", "eeeee"])
    assert words.asked == []
    remembered.encode_texts(["ccc"])
    assert words.asked == ["ccc"]


def test_an_encoder_is_loaded_anew_where_another_process_has_re_embedded_the_library(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, recorded = collection.encoder(), collection.recorded()
    monkeypatch.setattr(collection, "_load", lambda name: Words("another-encoder"))
    collection.library.set_encoder(type(recorded)("other", "another-encoder", 4))
    assert isinstance(collection.encoder(), Words)
    assert collection.text_vectors(["abc"]).shape == (1, 4)
    collection.library.set_encoder(recorded)
    with pytest.raises(FingerprintMismatchError):
        collection.encoder()
    monkeypatch.undo()
    assert collection.encoder().fingerprint == before.fingerprint


def test_the_next_process_reads_what_this_one_encoded_to_the_last_bit(tmp_path: Path) -> None:
    said = ["a", "ä b/c\n", "\ud800", "x" * 10_000]
    first = vectors(Words, tmp_path).encode_texts(said)
    np.testing.assert_array_equal(first, vectors(never, tmp_path).encode_texts(said))


def test_texts_of_another_encoder_are_neither_kept_nor_taken(tmp_path: Path) -> None:
    other = Words("words-2")
    with pytest.raises(FingerprintMismatchError):
        vectors(lambda: other, tmp_path).encode_texts(["a"])
    assert list(tmp_path.rglob("*.npy")) == []
    vectors(Words, tmp_path).encode_texts(["b"])
    vectors(lambda: other, tmp_path, "words-2").encode_texts(["b"])
    assert other.asked == ["b"]


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"PK\x03\x04", b"pickled"])
def test_a_damaged_file_is_encoded_again(tmp_path: Path, damage: bytes) -> None:
    expected = vectors(Words, tmp_path).encode_texts(["a"])
    (file,) = tmp_path.rglob("*.npy")
    file.write_bytes(damage)
    np.testing.assert_array_equal(vectors(Words, tmp_path).encode_texts(["a"]), expected)
    assert file.read_bytes() != damage


def test_where_nothing_can_be_kept_texts_are_encoded_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("no folder")
    assert vectors(Words, tmp_path).encode_texts(["a"]).shape == (1, 4)


def test_no_more_is_kept_than_fits_and_the_newest_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "FILES_KEPT", 16)
    filling = vectors(Words, tmp_path)
    for number in range(40):
        filling.encode_texts([f"text {number}"])
        assert len(list(tmp_path.rglob("*.npy"))) <= 16
    vectors(never, tmp_path).encode_texts(["text 39"])


def test_warming_up_uses_the_encoder_whatever_is_kept(tmp_path: Path) -> None:
    vectors(Words, tmp_path).encode_texts(["a picture"])
    words = Words()
    vectors(lambda: words, tmp_path).warm_up()
    assert words.asked == ["a picture"]
