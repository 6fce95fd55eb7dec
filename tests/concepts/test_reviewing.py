"""The order in which a person looks at the machine's labels, and what is kept out of it."""

from __future__ import annotations

from typing import Any

import pytest
from simulated_annotator import rate

from concepts.collaborator.annotations import annotations_to_review, opinion_of
from concepts.collaborator.suggestions import PAGE, ReviewFilter, kind_of
from concepts.labelling.consensus import Decision
from concepts.labelling.dataset import dataset_of
from concepts.labelling.labels import comment_on, give_label
from concepts.library.collection import collection_of
from concepts.use_cases import Concept


@pytest.mark.parametrize(
    ("rating", "answer", "kind"),
    [
        (5, None, "sample"),
        (3, None, "unsure"),
        (5, "yes", "checked"),
        (5, "no", "disagreement"),
        (2, "yes", "disagreement"),
        (3, "yes", "checked"),
        (5, "unsure", "checked"),
        (5, "conflict", "disagreement"),
    ],
)
def test_a_label_is_of_the_kind_a_person_expects(rating: int, answer: Any, kind: str) -> None:
    assert kind_of(rating, Decision("x", answer, {}, simulated=False) if answer else None) == kind


def not_reserved(concept: Concept) -> list[str]:
    reserved = dataset_of(concept).reserved
    return [i for i in collection_of(concept.app).library.all_ids() if i not in reserved]


@pytest.fixture
def ids(concept: Concept) -> list[str]:
    """Thirty pictures with ratings 1 to 5 in turn, evidence on one criterion; and two evaluation pictures."""
    ids = not_reserved(concept)[:30]
    brought = [(i, ["a disc"] if n < 10 else ["random"]) for n, i in enumerate(ids)]
    concept.app.store.add_candidates(concept.id, brought, 1)
    for n, picture in enumerate([*ids, *list(dataset_of(concept).evaluation)[:2]]):
        verdict = ("met", "not met", "unclear")[n % 3]
        evidence = {"criterion": "It is round", "kind": "necessary", "verdict": verdict, "score": 0}
        rate(concept, {picture: 1 + n % 5}, evidence=[evidence])
    return ids


def test_disagreements_come_first_then_the_unsure_then_a_sample(concept: Concept, ids: list[str]) -> None:
    give_label(concept, ids[4], "no", author="me")  # rated 5
    give_label(concept, ids[9], "yes", author="me")  # rated 5
    first = annotations_to_review(concept, ReviewFilter())
    assert first.items[0].id == ids[4]
    assert [item.kind for item in first.items] == ["disagreement"] + ["unsure"] * 6 + ["sample"] * 5
    assert first.counts == {"disagreement": 1, "unsure": 6, "sample": 22, "checked": 1}
    assert len(first.items) == PAGE


def test_of_pictures_kept_for_measuring_nothing_is_shown(concept: Concept, ids: list[str]) -> None:
    pages = [annotations_to_review(concept, ReviewFilter(), page) for page in (1, 2, 3)]
    assert sorted(item.id for page in pages for item in page.items) == sorted(ids)
    assert opinion_of(concept, next(iter(dataset_of(concept).evaluation))) is None
    said = opinion_of(concept, ids[4])
    assert (said.rating, said.value, said.evidence[0].criterion) == (5, "yes", "It is round")


def test_filters_narrow_by_kind_rating_query_and_criterion(concept: Concept, ids: list[str]) -> None:
    for wanted, found in (
        ({"rating": 3}, 6),
        ({"query": "a disc"}, 10),
        ({"query": "a disc", "rating": 3}, 2),
        ({"criterion": "It is round"}, 20),
        ({"criterion": "It is round", "verdict": "met"}, 10),
    ):
        assert sum(annotations_to_review(concept, ReviewFilter(**wanted)).counts.values()) == found
    unsure = annotations_to_review(concept, ReviewFilter(kind="unsure"))
    assert {item.kind for item in unsure.items} == {"unsure"}


def test_the_same_pictures_stay_while_they_are_answered(concept: Concept, ids: list[str]) -> None:
    before = tuple(item.id for item in annotations_to_review(concept, ReviewFilter()).items)
    give_label(concept, before[3], "yes", author="me")
    comment_on(concept, before[3], " Too flat. ", author="ana", key="c1")
    after = annotations_to_review(concept, ReviewFilter(ids=before))
    assert tuple(item.id for item in after.items) == before
    assert (after.items[3].answer, after.items[3].comments) == ("yes", ["ana: Too flat."])


def test_how_sure_the_machine_is_follows_from_its_chances_and_the_answers_of_the_person(
    concept: Concept,
) -> None:
    ids = not_reserved(concept)[:40]
    for picture, rating in zip(ids, [5] * 38 + [2, 3], strict=True):
        rate(concept, {picture: rating}, raw=None if rating == 2 else 0.999, verbalised=1.0)

    def sure(picture: str) -> float | None:
        said = opinion_of(concept, picture)
        return said.confidence

    assert sure(ids[0]) == pytest.approx(0.999)
    assert sure(ids[38]) is None
    assert sure(ids[39]) is None
    for n, picture in enumerate(ids[:30]):
        give_label(concept, picture, "yes" if n % 2 else "no", author="me")
    believed = sure(ids[35])
    assert believed == pytest.approx(0.5, abs=0.1)
    page = annotations_to_review(concept, ReviewFilter(ids=(ids[35],)))
    assert page.items[0].opinion.confidence == believed
