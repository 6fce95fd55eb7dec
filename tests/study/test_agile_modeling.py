"""The tables that Agile Modeling released, with a map from their addresses to files.

Names, columns and labels are as in its repository; the rows are ours.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from concepts.errors import DiscernError
from study.concept_file import StudyConcept
from study.pictures import people, read_folder

TRAIN = """url,label
https://a.example/1.jpg?w=540&amp;h=200,positive
https://a.example/2.jpg,negative
https://a.example/3.jpg,no image
https://a.example/gone.jpg,positive
"""
TEST = """url,label
https://a.example/4.jpg,positive
https://a.example/2.jpg,positive
"""
OTHER = """url,label
"https://b.example/5,6.jpg",positive
"""
MAP = """url,path
https://a.example/1.jpg?w=540&amp;h=200,pictures/1.jpg
https://a.example/2.jpg,pictures/2.jpg
https://a.example/3.jpg,pictures/3.jpg
https://a.example/4.jpg,pictures/4.jpg
"https://b.example/5,6.jpg",pictures/5.jpg
https://b.example/unlabelled.jpg,pictures/7.jpg
https://a.example/gone.jpg,
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for name, content in {
        " gourmet-tuna_train_labels.csv": TRAIN,
        "gourmet-tuna_test_labels.csv": TEST,
        "stop-sign_test_labels.csv": OTHER,
        "map.csv": MAP,
    }.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def test_each_picture_that_is_here_has_what_was_said_of_it_about_each_concept(release: Path) -> None:
    found = read_folder(release)
    assert found.columns == ("gourmet_tuna", "stop_sign")
    assert {path: tuple(row.values()) for path, row in found.rows.items()} == {
        "pictures/1.jpg": ("positive", ""),
        "pictures/2.jpg": ("differs", ""),
        "pictures/3.jpg": ("no image", ""),
        "pictures/4.jpg": ("positive", ""),
        "pictures/5.jpg": ("", "positive"),
    }
    around = release / ".." / release.name
    assert read_folder(around).folder == found.folder == release.resolve()
    when, unsure = 'gourmet_tuna == "positive"', 'gourmet_tuna not in ["positive", "negative"]'
    concept = StudyConcept(name="Gourmet tuna", description="Fine dishes.", when=when, unsure=unsure)
    (person,) = people([concept], found)
    said = [person.truth(name) for name in sorted(found.rows)]
    assert said == ["yes", "unsure", "unsure", "yes", "unsure"]  # of what nobody was asked about


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("map.csv", "address,path\n", "map.csv has no column url"),
        ("map.csv", "url,path\nhttps://c.example/1.jpg,1.jpg\n", "has no address that"),
        ("stop-sign_test_labels.csv", "url,rating\nhttps://a.example/1.jpg,1\n", "has no column label"),
    ],
)
def test_what_is_no_release_says_why(release: Path, name: str, content: str, said: str) -> None:
    (release / name).write_text(content)
    with pytest.raises(DiscernError, match=re.escape(said)):
        read_folder(release)
