"""Texts that were encoded once: no encoder is loaded for them again, and nothing wrong is ever read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from concepts.encoders.base import Vectors
from concepts.errors import FingerprintMismatchError
from concepts.library import text_vectors
from concepts.library.text_vectors import KeptTexts, TextVectors
from concepts.workbench import Workbench

NAME = "Round thing"


class Words:
    """An encoder of texts alone, which remembers what it was asked."""

    name = "words"
    dimension = 3

    def __init__(self, fingerprint: str = "words-1") -> None:
        self.fingerprint = fingerprint
        self.asked: list[str] = []

    def encode_texts(self, wanted: Sequence[str]) -> Vectors:
        self.asked += wanted
        return np.array([[len(text), 1 / 3, -1] for text in wanted], np.float32)


def vectors(words: Words, cache: Path, fingerprint: str = "words-1") -> TextVectors:
    kept = KeptTexts(cache, fingerprint, words.dimension)
    return TextVectors(fingerprint, words.dimension, lambda: words, kept)  # type: ignore[arg-type, return-value]


def never() -> Words:
    raise AssertionError("the encoder was loaded")


def test_the_next_process_reads_what_this_one_encoded_to_the_last_bit(tmp_path: Path) -> None:
    said = ["a", "ä b/c\n", "\ud800", "x" * 10_000]
    first = vectors(Words(), tmp_path).encode_texts(said)
    again = TextVectors("words-1", 3, never, KeptTexts(tmp_path, "words-1", 3)).encode_texts(said)  # type: ignore[arg-type]
    np.testing.assert_array_equal(first, again)


def test_texts_of_another_encoder_are_not_taken(tmp_path: Path) -> None:
    vectors(Words(), tmp_path).encode_texts(["a"])
    other = Words("words-2")
    vectors(other, tmp_path, "words-2").encode_texts(["a"])
    assert other.asked == ["a"]


def test_an_encoder_that_is_not_the_one_of_the_library_keeps_nothing(tmp_path: Path) -> None:
    with pytest.raises(FingerprintMismatchError):
        vectors(Words("words-2"), tmp_path).encode_texts(["a"])
    assert list(tmp_path.rglob("*.npy")) == []


@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY", b"PK\x03\x04", b"pickled"])
def test_a_damaged_file_is_encoded_again(tmp_path: Path, damage: bytes) -> None:
    expected = vectors(Words(), tmp_path).encode_texts(["a"])
    (file,) = tmp_path.rglob("*.npy")
    file.write_bytes(damage)
    words = Words()
    np.testing.assert_array_equal(vectors(words, tmp_path).encode_texts(["a"]), expected)
    assert words.asked == ["a"]
    assert file.read_bytes() != damage


def test_where_nothing_can_be_kept_texts_are_encoded_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "texts").write_text("no folder")
    assert vectors(Words(), tmp_path).encode_texts(["a"]).shape == (1, 3)


def test_no_more_is_kept_than_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_vectors, "FILES_KEPT", 16)
    filling = vectors(Words(), tmp_path)
    for number in range(40):
        filling.encode_texts([f"text {number}"])
        assert len(list(tmp_path.rglob("*.npy"))) <= 16
    words = Words()
    vectors(words, tmp_path).encode_texts(["text 39"])
    assert words.asked == []


def test_warming_up_uses_the_encoder_whatever_is_kept(tmp_path: Path) -> None:
    vectors(Words(), tmp_path).encode_texts(["a picture"])
    words = Words()
    vectors(words, tmp_path).warm_up()
    assert words.asked == ["a picture"]


def test_asking_what_is_next_a_second_time_loads_no_encoder(
    bench: Workbench, open_bench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bench.concept(NAME).labels.next_pictures(5)
    bench.close()
    again = Workbench(bench.context.settings)
    monkeypatch.setattr(again.context.collection, "_load", never)
    assert again.concept(NAME).labels.next_pictures(5) == first
