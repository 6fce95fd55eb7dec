"""Named collections and frames in SQL: whatever happens, what was in one after any change can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import add_pictures, picture_ids
from sqlalchemy import select

from storage.choices import CombinationStore
from storage.collections import NamedCollections
from storage.concepts import ConceptStore
from storage.database import Database
from storage.errors import UnknownError
from storage.frames import AsItWas, ConceptFrames, Frame, members_at, was_inside
from storage.removed import Removed
from storage.tables import PictureRow
from storage.trash import TrashStore

IDS = picture_ids(8)
some = st.lists(st.sampled_from(IDS), max_size=5)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("add"), some),
        st.tuples(st.just("take"), some),
        st.tuples(st.just("undo"), st.integers(1, 6)),
    ),
    max_size=8,
)


@pytest.fixture
def named(database: Database) -> NamedCollections:
    add_pictures(database, IDS)
    return NamedCollections(database)


@dataclass
class Told:
    """What a collection was after each change, as plain sets."""

    after: dict[int, set[str]] = field(default_factory=dict)
    came: dict[int, set[str]] = field(default_factory=dict)
    went: dict[int, set[str]] = field(default_factory=dict)

    def change(self, came: set[str], went: set[str], *, always: bool = False) -> None:
        if came or went or always:
            number = len(self.after) + 1
            now = self.after.get(number - 1, set())
            self.after[number] = (now | came) - went
            self.came[number], self.went[number] = came, went

    @property
    def now(self) -> set[str]:
        return self.after[len(self.after)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(begun=some, done=deeds)
def test_what_was_in_a_collection_after_any_change_can_be_read_for_good(
    database: Database, begun: Sequence[str], done: Sequence[tuple[str, object]]
) -> None:
    add_pictures(database, IDS)
    named, told = NamedCollections(database), Told()
    number = named.make(f"Collection {len(named.all())}", "hand", {}, begun, "ana")
    told.change(set(begun), set(), always=True)
    for what, with_it in done:
        if what == "undo":
            assert isinstance(with_it, int)
            named.undo(number, with_it, "ana")
            gone = {
                i for i in told.came.get(with_it, set()) if i in told.now and _last(told.came, i) == with_it
            }
            told.change(told.went.get(with_it, set()) - told.now, gone)
        elif what == "add":
            named.add(number, with_it, "ana")  # type: ignore[arg-type]
            told.change(set(with_it) - told.now, set())  # type: ignore[call-overload]
        else:
            named.take(number, with_it, "ana")  # type: ignore[arg-type]
            told.change(set(), told.now & set(with_it))  # type: ignore[call-overload]
    read = {at: set(named.ids(members_at(AsItWas(number, "Some", at)))) for at in told.after}
    changes = {change.number: change.remaining for change in named.changes(number)}
    assert read == told.after
    assert changes == {at: len(members) for at, members in told.after.items()}


def _last(came: dict[int, set[str]], picture: str) -> int:
    return max(number for number, pictures in came.items() if picture in pictures)


def test_a_list_says_the_same_of_each_as_who_asks_for_it_alone(
    database: Database, named: NamedCollections
) -> None:
    of = {"all": IDS, "some": IDS[2:5], "none": [], "binned": IDS[:1]}
    numbers = {name: named.make(name, "hand", {}, ids, "me") for name, ids in of.items()}
    named.take(numbers["some"], [IDS[3]], "me")
    Removed(database).remove([IDS[0], IDS[2]], "me")
    assert named.all() == sorted(map(named.get, numbers.values()), key=lambda one: one.name)
    assert {one.name: one.pictures for one in named.all()} == {"all": 6, "some": 1, "none": 0, "binned": 0}
    for limit in (1, 3):
        alone = {number: named.page(number, limit) for number in numbers.values()}
        assert named.covers(list(numbers.values()), limit) == alone


def test_a_frame_that_was_is_read_as_it_was(database: Database, named: NamedCollections) -> None:
    ConceptStore(database).create("messy room")
    frames = ConceptFrames(database)
    one = named.make("One", "hand", {}, IDS[:3], "ana")
    frames.add(1, [one], "ana")
    was = Frame.of(frames.now(1).kept())
    named.take(one, IDS[:2], "ana")
    named.add(one, IDS[5:], "ana")
    named.rename(one, "Another name")
    with database.read() as session:

        def inside(frame: Frame) -> set[str]:
            return set(session.scalars(select(PictureRow.id).where(was_inside(frame, PictureRow.id))))

        assert inside(was) == set(IDS[:3])
        assert inside(frames.now(1)) == {IDS[2], *IDS[5:]}
        assert inside(Frame()) == set(IDS)
    assert (was.name, frames.now(1).name) == ("“One”", "“Another name”")


def test_frames_are_added_and_never_changed(database: Database, named: NamedCollections) -> None:
    ConceptStore(database).create("messy room")
    frames = ConceptFrames(database)
    one, two = (named.make(name, "hand", {}, IDS[:3], "ana") for name in ("One", "Two"))
    assert frames.add(1, [], "ana").number == 0, "everything was looked in already"
    assert frames.add(1, [two, one], "ana").number == 1
    assert frames.add(1, [one, two, one], "bo").number == 1, "the same again"
    assert frames.add(1, [], "bo").is_whole
    assert [(number, looked, author) for number, looked, author, _ in frames.history(1)] == [
        (1, [one, two], "ana"),
        (2, [], "bo"),
    ]
    with pytest.raises(UnknownError):
        frames.add(1, [99], "ana")
    named.remove(one)
    with pytest.raises(UnknownError):
        frames.add(1, [one], "ana")


# The trash


def test_every_kind_is_in_one_list_with_the_last_first_and_in_pages(database: Database) -> None:
    ids = picture_ids(2)
    add_pictures(database, ids)
    concepts, named, trash = ConceptStore(database), NamedCollections(database), TrashStore(database)
    assert trash.page(None, 10) == []
    Removed(database).remove(ids, "ana")
    concept = concepts.create("Messy Room").id
    concepts.put_away(concept)
    collection = named.make("Rooms", "hand", {}, ids, "me")
    named.remove(collection)
    CombinationStore(database).add("Both", [(concept, 1)], {}, 0.5, "ben", removed=True)
    everything = trash.page(None, 10)
    assert [(one.kind, one.id, one.author) for one in everything] == [
        ("rule", "Both", "ben"),
        ("collection", str(collection), ""),
        ("concept", str(concept), ""),
        *(("picture", i, "ana") for i in sorted(ids, reverse=True)),
    ]
    assert everything[1].pictures == 2
    assert trash.page(None, 2, 1) == everything[1:3]
    assert trash.page("concept", 10) == everything[2:3]
    assert trash.page("picture", 10, 1) == everything[4:]
    assert trash.find("concept", " messy  room ") == concept
    assert trash.find("collection", "ROOMS") == collection
    assert trash.find("concept", "Rooms") is None
