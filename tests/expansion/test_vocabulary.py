import numpy as np
import pytest

from concepts.definition.vocabulary import (
    Vocabulary,
    _nouns,
    _shipped,
    build,
    noun_vectors,
)
from concepts.encoders.sentences import SentenceEncoder


@pytest.fixture(scope="module")
def embed():
    return SentenceEncoder().encode


def test_the_shipped_vectors_are_those_of_the_sentence_encoder(embed):
    nouns = _nouns()
    assert _shipped().shape == (len(nouns), 384)
    rows = np.random.default_rng(0).choice(len(nouns), 20, replace=False)
    fresh = noun_vectors(embed, [nouns[row] for row in rows])
    assert np.abs(fresh - _shipped()[rows]).max() < 0.004


def test_a_file_that_is_built_again_reads_the_same(embed, tmp_path, monkeypatch):
    from concepts.definition import vocabulary

    monkeypatch.setattr(
        vocabulary, "_nouns", lambda: [("dog", "a pet that barks"), ("car", "a motor vehicle")]
    )
    monkeypatch.setattr(vocabulary, "FILE", tmp_path / "v.safetensors")
    build(embed, tmp_path / "v.safetensors")
    _shipped.cache_clear()
    try:
        assert [noun.name for noun in Vocabulary(embed).nearest("puppy", 5)] == ["dog", "car"]
    finally:
        _shipped.cache_clear()


def test_the_nearest_nouns_come_first_each_name_once(embed):
    nouns = Vocabulary(embed).nearest("melon", 20)
    assert len({noun.name.casefold() for noun in nouns}) == 20
    assert "melon" in [noun.name for noun in nouns[:5]]
    assert [noun.score for noun in nouns] == sorted((noun.score for noun in nouns), reverse=True)
    assert all(noun.gloss for noun in nouns)
