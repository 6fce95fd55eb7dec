"""Other names of a noun, and what stands beside it."""

from __future__ import annotations

from pathlib import Path

from concepts.encoders.sentences import SentenceEncoder
from study.nouns import meant, nouns, read_tree, senses, siblings, synonyms

# As wndb(5WN) has it, shortened: edible fruit above citrus and apple, citrus above orange and lemon.
DATA = """  1 This line is of the licence.
07705931 13 n 01 edible_fruit 0 002 ~ 07747055 n 0000 ~ 07739125 n 0000 | edible reproductive body
07739125 13 n 01 apple 0 001 @ 07705931 n 0000 | fruit with red or yellow or green skin
07747055 13 n 02 citrus 0 citrus_fruit 0 003 @ 07705931 n 0000 ~ 07747607 n 0000 ~ 07749582 n 0000 | any
07747607 13 n 01 orange 1 001 @ 07747055 n 0000 | round yellow to orange fruit
07749582 13 n 01 lemon 0 001 @ 07747055 n 0000 | yellow oval fruit
"""


def named(synset: str | None) -> str:
    return nouns()[synset][0][0] if synset else ""


def test_the_sense_is_the_one_that_the_description_is_about() -> None:
    embed = SentenceEncoder().encode
    fruit = meant("Apple", "A red or green fruit in a shop", embed)
    tree = meant("Apple", "A tree in an orchard in blossom", embed)
    assert fruit == "n07739125"
    assert tree in senses("apple")
    assert tree != fruit
    assert meant("Oatghurt", "No noun of WordNet's", embed) is None


def test_other_names_come_by_how_often_glosses_use_them_and_without_latin() -> None:
    (cabbage,) = (one for one in senses("chou"))
    assert synonyms(cabbage) == ["cabbage", "chou"]
    (plant,) = (one for one in senses("orchard apple tree"))
    assert "Malus pumila" not in synonyms(plant)


def test_beside_a_noun_stands_what_is_of_the_same_kind(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(DATA)
    tree = read_tree(tmp_path)
    assert [named(one) for one in siblings("n07747607", tree)] == ["lemon"]
    assert {named(one) for one in siblings("n07739125", tree)} == {"citrus", "orange", "lemon"}
