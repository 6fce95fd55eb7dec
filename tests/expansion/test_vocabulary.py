import numpy as np
import pytest

from concepts.definition.vocabulary import Vocabulary, all_nouns, shipped_vectors
from concepts.encoders.sentences import SentenceEncoder
from tools.vocabulary import build, noun_vectors


@pytest.fixture(scope="module")
def embed():
    return SentenceEncoder().encode


def test_the_shipped_vectors_are_those_of_the_sentence_encoder(embed):
    described = all_nouns()
    assert shipped_vectors().shape == (len(described), 384)
    rows = np.random.default_rng(0).choice(len(described), 20, replace=False)
    fresh = noun_vectors(embed, [described[row] for row in rows])
    assert np.abs(fresh - shipped_vectors()[rows]).max() < 0.004


def test_a_file_that_is_built_again_reads_the_same(embed, tmp_path, monkeypatch):
    from concepts.definition import vocabulary

    described = [("dog", "a pet that barks"), ("car", "a motor vehicle")]
    monkeypatch.setattr(vocabulary, "all_nouns", lambda: described)
    monkeypatch.setattr(vocabulary, "FILE", tmp_path / "v.safetensors")
    build(embed, described, tmp_path / "v.safetensors")
    shipped_vectors.cache_clear()
    try:
        assert [noun.name for noun in Vocabulary(embed).nearest("puppy", 5)] == ["dog", "car"]
    finally:
        shipped_vectors.cache_clear()


def test_the_nearest_nouns_come_first_each_name_once(embed):
    found = Vocabulary(embed).nearest("melon", 20)
    assert len({noun.name.casefold() for noun in found}) == 20
    assert "melon" in [noun.name for noun in found[:5]]
    assert [noun.score for noun in found] == sorted((noun.score for noun in found), reverse=True)
