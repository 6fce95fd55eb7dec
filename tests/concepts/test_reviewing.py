"""The order in which a person looks at the machine's labels, and what is kept out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from concepts.collaborator.suggestions import PAGE, ReviewFilter, kind_of
from concepts.labelling.consensus import Decision
from concepts.settings import load_settings
from concepts.workbench import Concept, Workbench
from storage.concepts import StoredAnnotation
from storage.labels import Author

NAME = "Round thing"
ME = Author("me")


def decided(value: str) -> Decision:
    return Decision("x", value, {}, simulated=False)  # type: ignore[arg-type]


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
def test_a_label_is_of_the_kind_a_person_expects(rating: int, answer: str | None, kind: str) -> None:
    assert kind_of(rating, decided(answer) if answer else None) == kind


@pytest.fixture
def annotated(concept: Concept) -> tuple[Workbench, list[str]]:
    """Thirty pictures with ratings 1 to 5 in turn, evidence on one criterion, and two evaluation pictures."""
    evaluation = list(concept.context.store.evaluation_pictures(concept.id))
    reserved = concept.context.dataset(concept.row).reserved
    ids = [i for i in concept.context.collection.library.all_ids() if i not in reserved][:30]
    concept.context.store.add_candidates(
        concept.id, [(i, ["a disc"] if n < 10 else ["random"]) for n, i in enumerate(ids)], 1
    )
    concept.context.store.add_annotations(
        concept.id,
        [
            StoredAnnotation(
                picture_id=picture,
                definition_number=1,
                fingerprint="test",
                rating=1 + n % 5,
                evidence=[
                    {
                        "criterion": "It is round",
                        "kind": "necessary",
                        "verdict": ("met", "not met", "unclear")[n % 3],
                        "score": 0,
                    }
                ],
                rationale="Because.",
            )
            for n, picture in enumerate([*ids, *evaluation[:2]])
        ],
    )
    return concept.bench, ids


def test_disagreements_come_first_then_the_unsure_then_a_sample(
    annotated: tuple[Workbench, list[str]],
) -> None:
    bench, ids = annotated
    concept = bench.concept(NAME)
    concept.labels.give(ids[4], "no", author="me")  # rated 5
    concept.labels.give(ids[9], "yes", author="me")  # rated 5
    first = concept.annotations.review(ReviewFilter())
    assert first.items[0].id == ids[4]
    assert [item.kind for item in first.items] == ["disagreement"] + ["unsure"] * 6 + ["sample"] * 5
    assert first.counts == {"disagreement": 1, "unsure": 6, "sample": 22, "checked": 1}
    assert len(first.items) == PAGE


def test_pictures_kept_for_measuring_are_never_shown(annotated: tuple[Workbench, list[str]]) -> None:
    bench, ids = annotated
    pages = [bench.concept(NAME).annotations.review(ReviewFilter(), page) for page in (1, 2, 3)]
    shown = [item.id for page in pages for item in page.items]
    assert sorted(shown) == sorted(ids)


def test_filters_narrow_by_kind_rating_query_and_criterion(annotated: tuple[Workbench, list[str]]) -> None:
    bench, _ = annotated

    def total(**wanted: object) -> int:
        return sum(bench.concept(NAME).annotations.review(ReviewFilter(**wanted)).counts.values())  # type: ignore[arg-type]

    assert total(rating=3) == 6
    assert total(query="a disc") == 10
    assert total(query="a disc", rating=3) == 2
    assert total(criterion="It is round") == 20
    assert total(criterion="It is round", verdict="met") == 10
    assert {
        item.kind for item in bench.concept(NAME).annotations.review(ReviewFilter(kind="unsure")).items
    } == {"unsure"}


def test_the_same_pictures_stay_while_they_are_answered(annotated: tuple[Workbench, list[str]]) -> None:
    bench, _ = annotated
    concept = bench.concept(NAME)
    before = tuple(item.id for item in concept.annotations.review(ReviewFilter()).items)
    concept.labels.give(before[3], "yes", author="me")
    after = concept.annotations.review(ReviewFilter(ids=before))
    assert tuple(item.id for item in after.items) == before
    assert after.items[3].answer == "yes"


def test_comments_are_shown_with_their_author(annotated: tuple[Workbench, list[str]]) -> None:
    bench, ids = annotated
    concept = bench.concept(NAME)
    concept.labels.comment(ids[0], " Too flat. ", author="ana", key="c1")
    concept.labels.comment(ids[0], " Too flat. ", author="ana", key="c1")
    item = next(i for i in concept.annotations.review(ReviewFilter(rating=1)).items if i.id == ids[0])
    assert item.comments == ["ana: Too flat."]
    assert item.answer is None


def test_the_machine_keeps_its_opinion_of_measuring_pictures_to_itself(
    annotated: tuple[Workbench, list[str]],
) -> None:
    bench, ids = annotated
    measuring = next(iter(bench.context.store.evaluation_pictures(bench.context.store.find(NAME).id)))  # type: ignore[union-attr]
    assert bench.concept(NAME).annotations.opinion(measuring) is None
    said = bench.concept(NAME).annotations.opinion(ids[4])
    assert said is not None
    assert (said.rating, said.value, said.evidence[0].criterion) == (5, "yes", "It is round")


def test_the_built_in_machine_is_free_and_a_model_without_a_price_is_of_unknown_cost(
    open_bench: Callable[[], Workbench], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_bench()
    bench.concepts.begin(NAME, "A filled ellipse.")
    concept = bench.concept(NAME)
    assert concept.annotations.estimate().usd == 0
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("DISCERN_VLM_MODEL", "seer")
    bench.context.settings = load_settings()
    unknown = concept.annotations.estimate()
    assert (unknown.model, unknown.usd) == ("seer", None)
    monkeypatch.setenv("DISCERN_VLM_PRICE", "1/4")
    bench.context.settings = load_settings()
    known = concept.annotations.estimate()
    assert known.pictures == bench.library.info().pictures
    assert known.usd is not None
    assert 0.05 < known.usd < 1


def test_how_sure_the_machine_is_follows_from_its_chances_and_the_answers_of_the_person(
    concept: Concept,
) -> None:
    reserved = concept.context.dataset(concept.row).reserved
    ids = [i for i in concept.context.collection.library.all_ids() if i not in reserved][:40]
    concept.context.store.add_annotations(
        concept.id,
        [
            StoredAnnotation(
                picture_id=picture,
                definition_number=1,
                fingerprint="test",
                rating=rating,
                evidence=[],
                rationale="Because.",
                raw=None if rating == 2 else 0.999,
                verbalised=1.0,
            )
            for picture, rating in zip(ids, [5] * 38 + [2, 3], strict=True)
        ],
    )

    def sure(picture: str) -> float | None:
        said = concept.annotations.opinion(picture)
        assert said is not None
        return said.confidence

    assert sure(ids[0]) == pytest.approx(0.999)
    assert sure(ids[38]) is None
    assert sure(ids[39]) is None
    for n, picture in enumerate(ids[:30]):
        concept.labels.give(picture, "yes" if n % 2 else "no", author="me")
    believed = sure(ids[35])
    assert believed == pytest.approx(0.5, abs=0.1)
    page = concept.annotations.review(ReviewFilter(ids=(ids[35],)))
    assert page.items[0].opinion.confidence == believed
