"""What is corrected on Check, where only what the version gets wrong is shown, never improves its figures.

The answers are simulated: a drawing counts if its file is called ellipse, and every sixth answer is a slip.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from web_screens import browser

from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import give_label, next_pictures, recent_labels, take_back_labels
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.learning import waves
from concepts.library.collection import collection_of
from concepts.results.bundles import version_card
from concepts.results.concepts import begin_concept
from concepts.results.heads import head_of
from concepts.results.library import import_pictures
from concepts.results.library_scores import score_cache_of
from concepts.results.review import review_queue
from concepts.results.scores import pictures_around, score_page
from concepts.results.trained import measure_again, train, version_quality
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from web.server import create_service

NAME = "Round thing"
OF = {"concept": NAME}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with 90 drawings and a version that was trained and measured, with slips among the answers to
    learn from and those that measure."""
    root = tmp_path_factory.mktemp("corrections")
    bench = open_app(Settings(home=root / "home"))
    import_pictures(bench, [draw_folder(root / "pictures", 90)], encoder=f"local-dir:{tiny_open_clip}").wait()
    concept = begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.4)  # of a small library: figures need ten of each kind
        given = next_pictures(concept, 100, purpose="evaluation")
    given += next_pictures(concept, 30)
    for place, picture in enumerate(given):
        counts = ("ellipse" in picture.path) != (place % 6 == 5)
        give_label(concept, picture.id, "yes" if counts else "no", author="me")
    concept.begin(train).wait()
    measure_again(concept)
    bench.close()
    return root / "home"


@pytest.fixture
def bench(made: Path, own_home: Path) -> App:
    shutil.copytree(made, own_home)
    return open_app(Settings(home=own_home))


def figures(bench: App) -> Any:
    """All that is measured, anew."""
    return measure_again(bench.concept(NAME)).model_dump()


def mistakes_of(bench: App) -> list[ReviewRow]:
    return review_queue(bench.concept(NAME), Reason.MISTAKE).rows


def other(said: str) -> str:
    return "no" if said == "yes" else "yes"


@pytest.mark.slow
def test_correcting_every_mistake_on_the_screen_changes_no_figure(bench: App) -> None:
    before = figures(bench)
    mistakes = mistakes_of(bench)
    measuring = sum(mistake.purpose == "evaluation" for mistake in mistakes)
    assert measuring == before["confusion"]["false_positive"] + before["confusion"]["false_negative"]
    assert {mistake.purpose for mistake in mistakes} == {"train", "evaluation"}
    labels = [{"picture": mistake.id, "value": other(mistake.label)} for mistake in mistakes]
    client = browser(create_service(bench))
    address = f"/api/v1/concepts/{NAME}/labels"
    given = client.post(address, json={"answers": labels, "in_view": True}, headers={"Idempotency-Key": "k"})
    assert given.is_success
    assert mistakes_of(bench) == []
    assert figures(bench) == before
    changed = review_queue(bench.concept(NAME), Reason.CHANGED_TEST_LABEL).rows
    assert len(changed) == measuring
    quality = version_quality(bench.concept(NAME))
    assert not quality.stale
    assert quality.new_answers == len(mistakes) - measuring  # which teach the next version


def test_answers_after_the_last_look_wait_and_it_is_said_which_ones_count(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "LOOKS", (20, 60))
    monkeypatch.setattr(waves, "SHARE", 1)
    report = measure_again(bench.concept(NAME))
    dataset = dataset_of(bench.concept(NAME))
    answered = len(dataset.evaluation)
    said = f"These figures rest on the first 20 of {answered} test labels."
    view = version_quality(bench.concept(NAME))
    assert (report.n, view.n) == (20, 20)
    assert view.waiting_answers.startswith(said)
    assert view.waiting_answers in report.notes
    assert view.waiting_answers in version_card(bench.concept(NAME))
    waiting = set(dataset.evaluation) - set(dataset.measuring)
    assert waiting
    assert not waiting & {mistake.id for mistake in mistakes_of(bench)}  # to list them is to look


def test_the_pictures_on_both_sides_follow_the_threshold_without_unlabelled_test_pictures(
    bench: App,
) -> None:
    """Nearest first, above it and below."""
    concept = bench.concept(NAME)
    tested = next(a for a in recent_labels(concept, "me", 100) if a.purpose == "evaluation")
    take_back_labels(concept, author="me", only=[tested.key])
    page = score_page(concept, "top", limit=200)
    assert page
    ranked = sorted(page.pictures, key=lambda picture: -picture.probability)
    ids = [picture.id for picture in ranked]
    assert tested.id not in ids
    scores = score_cache_of(bench).of(head_of(concept), collection_of(bench).index()).probability
    ((_, score),) = scores.of([tested.id])
    place = max(sum(picture.probability > score for picture in ranked), 6)
    sides = pictures_around(concept, ranked[place].probability, 6)
    assert sides
    above, below = ([picture.id for picture in side] for side in sides)
    assert above == ids[place - 5 : place + 1][::-1]
    assert below == ids[place + 1 : place + 7]
