"""How a concept came about, as a section of the model card and of the one-file page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from concepts.definition.document import Criterion, Definition, Revision
from concepts.publishing.story import story_of
from concepts.workbench import Workbench
from concepts.workbench.exports import Exports
from storage.deliberations import Deliberations

NAME = "Round thing"
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def revision(number: int, *criteria: str, name: str = NAME) -> Revision:
    definition = Definition(
        name=name,
        description="A filled circle.",
        criteria=tuple(Criterion(kind="excluding", text=text) for text in criteria),
    )
    created = BEGAN + timedelta(days=number)
    return Revision(number=number, definition=definition, author="ana", note="of ana", created=created)


@pytest.fixture
def told(trained: Workbench) -> Exports:
    """A version by simulated labels; then an edit, a round, labels of two people, and another version."""
    concept = trained.concept(NAME)
    before = concept.definition.read().revision
    criteria = (Criterion(kind="excluding", text="an <b>egg</b>"),)
    changed = before.definition.model_copy(update={"criteria": criteria})
    concept.definition.revise(changed, author="ana", note="", after=before.number)
    pictures = [picture.id for picture in concept.labels.next_pictures(3)]
    Deliberations(trained.context.database).begin(concept.id, "open", pictures, 1, "ana")
    for name, ids in (("ana", pictures[:2]), ("ben", pictures)):
        for picture in ids:
            concept.labels.give(picture, "yes", author=name, key=f"{name} {picture}")
    concept.versions.train().wait()
    return concept.exports


def test_card_page_and_bundle_tell_what_changed_and_who_labelled_how_many(told: Exports) -> None:
    card, page = told.card(), told.document()
    assert "How it came about" in page
    section = card.split("## How it came about")[1].split("##")[0]
    for said in ("Begun on ", "Rounds of borderline pictures", "2 people labelled pictures: 3, 2."):
        assert said in section
        assert said in page
    assert "adds “Not: an \\<b\\>egg\\</b\\>”" in section
    assert "adds “Not: an &lt;b&gt;egg&lt;/b&gt;”" in page
    for name in ("ana", "ben"):
        assert name not in section.split()


def test_a_version_tells_what_was_there_when_it_was_trained(told: Exports) -> None:
    first = told.card(1).split("## How it came about")[1]
    assert "egg" not in first
    assert "2 people" not in first
    assert "borderline" not in first.split("##")[0]


def test_a_new_name_is_no_change_and_former_ones_are_not_told() -> None:
    said = story_of([revision(1), revision(2, name="Ball")], 0, [], 0)
    assert said == ("Begun on 2 March 2026.",)


def test_of_many_changes_the_last_are_told_and_of_each_a_few_lines() -> None:
    revisions = [revision(n, *(f"{n} {word * 200}" for word in "abcde")) for n in range(1, 14)]
    said = story_of(revisions, 0, [1], 7)
    assert said[1] == "2 earlier changes of the definition are left out."
    assert [line.split(",")[0] for line in said[2:-2]] == [f"Definition {n}" for n in range(4, 14)]
    assert said[2].count(" and 2 more") == 2
    assert max(map(len, said)) < 900
    assert said[-2:] == ("One person labelled 1 picture.", "A simulated person labelled 7 pictures.")
