"""Labels worth a second look stand in one queue, each with its reason, until somebody has looked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import decisions_of, give_label, next_pictures
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewRow
from concepts.learning.calibration import logit
from concepts.results import mislabelled
from concepts.results import review as module
from concepts.results.heads import head_of
from concepts.results.mislabelled import odd_ones
from concepts.results.review import keep_looking_over, looked_over_now, review_queue
from concepts.results.trained import train
from concepts.use_cases import App, Concept
from storage.tables import PictureRow

NAME = "Round thing"


def answer(bench: App, picture: str, value: str) -> None:
    give_label(bench.concept(NAME), picture, value, author="me")


def queued(bench: App, reason: Reason, reader: str | None = None) -> list[ReviewRow]:
    return review_queue(bench.concept(NAME), reason, reader=reader).rows


@pytest.fixture
def doubted(concept: Concept, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Labels to train and to measure, all of which the others speak against."""
    monkeypatch.setattr(mislabelled, "probably_wrong", lambda data, *_: np.full(len(data.positive), 0.9))
    training = [picture.id for picture in next_pictures(concept, 3)]
    measuring = [picture.id for picture in next_pictures(concept, 2, purpose="evaluation")]
    for picture in training + measuring:
        answer(concept.app, picture, "no")
    return training


def test_only_labels_that_train_are_likely_mislabelled_until_they_are_said_again(
    bench: App, doubted: list[str]
) -> None:
    looked_over_now(bench.concept(NAME))
    found = review_queue(bench.concept(NAME))
    assert {row.id for row in found.rows} == set(doubted)
    assert {(row.label, row.score, row.purpose) for row in found.rows} == {("no", 0.9, "train")}
    assert (found.counts, found.counted) == ({Reason.LIKELY_MISLABELLED: 3}, 5)
    answer(bench, doubted[0], "no")
    for _ in range(2):
        assert {row.id for row in queued(bench, Reason.LIKELY_MISLABELLED)} == set(doubted[1:])
        looked_over_now(bench.concept(NAME))
    assert {decisions_of(bench.concept(NAME))[picture].value for picture in doubted} == {"no"}


def test_the_oddest_yes_labels_are_queued_until_they_are_said_again(concept: Concept) -> None:
    bench = concept.app
    for picture in next_pictures(concept, 24):
        answer(bench, picture.id, "yes")
    odd = [row.id for row in odd_ones(dataset_of(concept), 24)]
    assert 0 < len(odd) < 12  # by the quartiles of a random network's distances
    assert odd_ones(dataset_of(concept), 24, besides=set(odd)) == []
    looked_over_now(bench.concept(NAME))
    assert [row.id for row in queued(bench, Reason.ODD)] == odd
    answer(bench, odd[0], "yes")
    assert [row.id for row in queued(bench, Reason.ODD)] == odd[1:]


def test_a_label_that_comes_while_the_queue_is_read_is_in_none_of_it(
    bench: App, doubted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (late,) = next_pictures(bench.concept(NAME), 1, purpose="evaluation")

    def meanwhile(dataset: object) -> list[ReviewRow]:
        with ThreadPoolExecutor(1) as somebody:
            somebody.submit(answer, bench, late.id, "yes").result()
        return []

    monkeypatch.setattr(module, "near_duplicates_disagree", meanwhile)
    assert late.id not in {row.id for row in review_queue(bench.concept(NAME)).rows}
    assert late.id in decisions_of(bench.concept(NAME))


def test_to_keep_up_trains_nothing_but_asks_for_a_look_and_only_when_something_has_changed(
    bench: App, doubted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def looks() -> int:
        return len(bench.jobs.store.newest_first(["look over"], bench.concept(NAME).id))

    with monkeypatch.context() as closed:
        closed.setattr(module, "likely_mislabelled", None)
        for _ in range(2):
            keep_looking_over(bench.concept(NAME))
    (job,) = bench.jobs.store.newest_first(["look over"], bench.concept(NAME).id)
    bench.jobs.resume(job.id)
    assert {row.id for row in queued(bench, Reason.LIKELY_MISLABELLED)} == set(doubted)
    first = looked_over_now(bench.concept(NAME))
    assert looked_over_now(bench.concept(NAME)) == first
    keep_looking_over(bench.concept(NAME))
    assert looks() == 1
    answer(bench, doubted[0], "yes")
    keep_looking_over(bench.concept(NAME))
    assert looks() == 2


def test_the_queue_has_what_the_version_would_get_wrong_and_what_it_cannot_place(
    trained: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heads that had not seen the pictures say yes to all of them."""
    monkeypatch.setattr(mislabelled, "held_out_probabilities", lambda data, *_: np.ones(len(data.positive)))
    bench, dataset = trained, dataset_of(trained.concept(NAME))
    slip = next(i for i, said in dataset.answers.items() if said.value == "yes")
    answer(bench, slip, "no")
    concept = bench.concept(NAME)
    concept.begin(train).wait()
    looked_over_now(bench.concept(NAME))
    wrong, unsure = queued(bench, Reason.LIKELY_MISLABELLED), queued(bench, Reason.BORDERLINE)
    assert slip in {row.id for row in wrong}
    unseen = [row for row in wrong if row.evidence == "Without this label, version 2 would say yes."]
    assert {row.label for row in unseen} == {"no"}
    dataset = dataset_of(concept)
    assert not {row.id for row in unsure} & (dataset.reserved | dataset.answers.keys())
    threshold = head_of(concept).threshold
    edges = [abs(logit(row.score) - logit(threshold)) for row in unsure if row.score is not None]
    assert edges
    assert edges == pytest.approx(sorted(edges), abs=0.01)
    for picture in (slip, unsure[0].id):
        answer(bench, picture, "yes")
    left = [*queued(bench, Reason.LIKELY_MISLABELLED), *queued(bench, Reason.BORDERLINE)]
    assert {slip, unsure[0].id}.isdisjoint(row.id for row in left)


def test_near_duplicates_with_different_labels_are_both_in_the_queue(bench: App) -> None:
    one, other, third = [picture.id for picture in next_pictures(bench.concept(NAME), 3)]
    with bench.database.write() as session:
        for picture in (one, other):
            session.get_one(PictureRow, picture).near_group = one
    answer(bench, one, "yes")
    answer(bench, third, "no")
    assert queued(bench, Reason.NEAR_DUPLICATE_DISAGREES) == []
    answer(bench, other, "no")
    found = {row.id: (row.label, row.evidence) for row in queued(bench, Reason.NEAR_DUPLICATE_DISAGREES)}
    assert found == {
        one: ("yes", "A near-duplicate is labelled no."),
        other: ("no", "A near-duplicate is labelled yes."),
    }


def test_a_picture_that_is_still_to_be_labelled_blindly_has_no_other_row(
    bench: App, doubted: list[str]
) -> None:
    give_label(bench.concept(NAME), doubted[0], "yes", author="ana")
    give_label(bench.concept(NAME), doubted[0], "no", author="ben")
    looked_over_now(bench.concept(NAME))
    labelled, other = (review_queue(bench.concept(NAME), reader=reader) for reader in ("me", "cat"))
    reasons = {row.reason for row in labelled.rows if row.id == doubted[0]}
    assert reasons == {Reason.PEOPLE_DISAGREE, Reason.LIKELY_MISLABELLED}
    (row,) = [row for row in other.rows if row.id == doubted[0]]
    assert (row.reason, row.blind, row.label, row.labels) == (Reason.PEOPLE_DISAGREE, True, "", [])
    assert other.counts[Reason.LIKELY_MISLABELLED] == 2
