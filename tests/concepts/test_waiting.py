"""Nobody waits for what they don't need: models, texts and vectors have locks of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from concepts.encoders.base import Encoder, Vectors
from concepts.errors import FingerprintMismatchError
from concepts.library import text_vectors as texts
from concepts.library.collection import Collection
from concepts.library.text_vectors import TextVectors
from concepts.workbench import Workbench

SOON = 20  # seconds; only a test that fails waits so long


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def collection(open_bench: Callable[[], Workbench]) -> Collection:
    return open_bench().context.collection


class Held:
    """A call that says when it has begun and goes on when it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def wait(self) -> None:
        self.begun.set()
        assert self.let_go.wait(SOON)


def pages_are_read(collection: Collection, threads: ThreadPoolExecutor) -> bool:
    ids = collection.library.all_ids()[:5]
    return threads.submit(lambda: len(collection.index().vectors(ids))).result(SOON) == 5


def test_a_page_of_vectors_waits_for_no_model_that_is_being_loaded(
    collection: Collection, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, load = Held(), collection._load
    loaded: list[str] = []

    def slowly(name: str) -> Encoder:
        loaded.append(name)
        held.wait()
        return load(name)

    monkeypatch.setattr(collection, "_load", slowly)
    try:
        asked = [threads.submit(collection.encoder) for _ in range(3)]
        assert held.begun.wait(SOON)
        assert pages_are_read(collection, threads)
    finally:
        held.let_go.set()
    assert len({id(encoder.result(SOON)) for encoder in asked}) == 1
    assert len(loaded) == 1


class Words:
    """An encoder of texts alone, which remembers what it was asked; “slow” is held."""

    name = fingerprint = "words"
    dimension = 4

    def __init__(self) -> None:
        self.held = Held()
        self.asked: list[str] = []

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        if "slow" in texts:
            self.held.wait()
        return np.array([[len(text), 0, 0, 1] for text in texts], np.float32)


def test_a_page_of_vectors_waits_for_no_text_that_is_being_encoded(
    collection: Collection, threads: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = Words()
    monkeypatch.setattr(collection.encoder(), "encode_texts", words.encode_texts)
    try:
        asked = threads.submit(collection.text_vectors, ["slow"])
        assert words.held.begun.wait(SOON)
        assert pages_are_read(collection, threads)
    finally:
        words.held.let_go.set()
    assert asked.result(SOON).shape == (1, 4)


def test_a_text_that_is_known_waits_for_none_that_is_not(threads: ThreadPoolExecutor) -> None:
    words = Words()
    vectors = TextVectors("words", 4, lambda: words)  # type: ignore[arg-type, return-value]
    vectors.encode_texts(["known"])
    try:
        slow = [threads.submit(vectors.encode_texts, ["slow"]) for _ in range(3)]
        assert words.held.begun.wait(SOON)
        assert threads.submit(vectors.encode_texts, ["known"]).result(SOON)[0, 0] == len("known")
    finally:
        words.held.let_go.set()
    assert [text.result(SOON)[0, 0] for text in slow] == [len("slow")] * 3
    assert words.asked == ["known", "slow"]


def test_only_the_texts_used_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "TEXTS_KEPT", 3)
    words = Words()
    vectors = TextVectors("words", 4, lambda: words)  # type: ignore[arg-type, return-value]
    many = ["a", "bb", "ccc", "dddd", "a"]
    assert vectors.encode_texts(many)[:, 0].tolist() == [1, 2, 3, 4, 1]  # more than are kept
    vectors.encode_texts(["bb"])
    vectors.encode_texts(["eeeee"])
    words.asked.clear()
    vectors.encode_texts(["bb", "dddd", "eeeee"])
    assert words.asked == []
    vectors.encode_texts(["ccc"])
    assert words.asked == ["ccc"]


def test_an_encoder_is_loaded_anew_where_another_process_has_re_embedded_the_library(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = collection.encoder()
    recorded = collection.recorded()

    class Other(Words):
        fingerprint = "another-encoder"

    monkeypatch.setattr(collection, "_load", lambda name: Other())
    collection.library.set_encoder(type(recorded)("other", "another-encoder", 4))
    assert isinstance(collection.encoder(), Other)
    assert collection.text_vectors(["abc"]).shape == (1, 4)
    collection.library.set_encoder(recorded)
    with pytest.raises(FingerprintMismatchError):
        collection.encoder()
    monkeypatch.undo()
    assert collection.encoder().fingerprint == before.fingerprint
