"""Results open on finds: what a version flags and nobody has labelled, page by page."""

from __future__ import annotations

from answering import answer
from fastapi.testclient import TestClient

from concepts.labelling.examples import choose_example, remove_example
from concepts.labelling.labels import decisions_of, next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.library import browse
from concepts.results.scores import find_page, score_page
from concepts.results.trained import train, use_version
from concepts.use_cases import App
from web.server import create_service

NAME = "Round thing"


def test_finds_come_surest_first_and_a_page_stays_what_it_is_while_the_one_before_is_labelled(
    library: App,
) -> None:
    concept = begin_concept(library, NAME, "A filled ellipse.")
    answer(library, NAME, [picture.id for picture in next_pictures(concept, 20)])
    concept.begin(train).wait()
    use_version(concept, 1, 1e-9, author="me").wait()  # everything is flagged

    def finds(limit: int = 100, start: int = 0) -> tuple[list[str], int, int]:
        found = find_page(concept, limit, start)
        assert found is not None
        sure = [one.probability for one in found.page.pictures]
        assert sure == sorted(sure, reverse=True)
        return [one.id for one in found.page.pictures], found.count, found.more

    order, count, _ = finds()
    labelled = decisions_of(concept)
    page = score_page(concept, "top", limit=1)
    assert page is not None
    assert count == len(order) == page.listed - len(labelled)
    assert not set(order) & labelled.keys()
    choose_example(concept, order[0], author="me")  # an example that was given is no find
    assert finds()[:2] == (order[1:], count - 1)
    remove_example(concept, order[0], author="me")
    first, _, more = finds(8)
    assert first == order[:8]
    answer(library, NAME, first[:5], always="no")
    assert finds(8, more)[0] == order[8:16]
    assert finds(8)[0] == order[5:13]


def test_programs_page_through_finds_and_know_the_shape_of_each(library: App) -> None:
    api = TestClient(create_service(library), base_url=f"http://127.0.0.1:7860/api/v1/concepts/{NAME}/")
    page = api.get("finds", params={"limit": 8}).json()
    assert page["more"] >= 8
    pictures = page["page"]["pictures"]
    sizes = {one.id: (one.width, one.height) for one in browse(library, limit=60).pictures}
    assert [(one["width"], one["height"]) for one in pictures] == [sizes[one["id"]] for one in pictures]
    following = api.get("finds", params={"limit": 8, "offset": page["more"]}).json()["page"]["pictures"]
    assert not {one["id"] for one in pictures} & {one["id"] for one in following}
