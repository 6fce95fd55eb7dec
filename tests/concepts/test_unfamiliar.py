"""Unfamiliar pictures, which look like nothing labelled: found in the library, named by the exported file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from answering import answer_next
from drawing import draw_folder
from PIL import Image

from concepts.bundle.load import load_bundle
from concepts.errors import ConflictError
from concepts.labelling.labels import give_label
from concepts.results.bundles import write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.scores import begin_scoring, classifier, score_page
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App

NAME = "Round thing"
NOISE = 5


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("noise"), np.random.default_rng(0)
    for i in range(NOISE):
        Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / f"noise-{i}.png")
    return folder


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A version trained on 30 of 240 drawings."""
    root = tmp_path_factory.mktemp("unfamiliar")
    bench = open_app(Settings(home=root / "home"))
    import_pictures(bench, [draw_folder(root / "pictures", 240)], encoder="embedded").wait()
    concept = begin_concept(bench, NAME, "A filled ellipse.")
    answer_next(concept, 30)
    concept.begin(train).wait()
    yield bench
    bench.close()


@pytest.mark.slow
def test_the_exported_file_and_who_is_sent_a_picture_name_those_of_another_kind(
    bench: App, noise: Path, tmp_path: Path
) -> None:
    bundle = Path(write_bundle(bench.concept(NAME), tmp_path / "bundle").folder)
    assert load_bundle(bundle).facts.familiar == (NAME,)
    begin_scoring(bench, bundle, [noise], tmp_path / "scores.csv").wait()
    with (tmp_path / "scores.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == NOISE
    assert all(float(row["familiarity"]) < 0 for row in rows)
    sent = classifier(bench, [NAME])("noise-0.png", (noise / "noise-0.png").read_bytes)
    (found,) = sent.said
    assert found.familiarity < 0
    assert found.zone == "look"  # for a person to look at


def test_one_that_joins_the_library_comes_first_among_the_unfamiliar(bench: App, noise: Path) -> None:
    import_pictures(bench, [noise]).wait()
    page = score_page(bench.concept(NAME), "unfamiliar", limit=NOISE)
    assert all("noise" in picture.path and picture.unfamiliar for picture in page.pictures)
    assert page.unfamiliar >= NOISE
    give_label(bench.concept(NAME), page.pictures[0].id, "no", author="simulation", simulated=True)
    after = score_page(bench.concept(NAME), "unfamiliar", limit=NOISE)
    assert after.unfamiliar == page.unfamiliar - 1
    assert [one.unfamiliar for one in after.pictures] == [False, *[True] * (NOISE - 1)]


def test_a_version_that_cannot_tell_says_so(bench: App) -> None:
    bench.concept(NAME).begin(train, head="lda").wait()
    with pytest.raises(ConflictError, match="can't tell which pictures are unfamiliar"):
        score_page(bench.concept(NAME), "unfamiliar")
