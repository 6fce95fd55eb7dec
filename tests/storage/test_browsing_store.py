"""Every order and part of the library is paged through like a plain sorted list, forth and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import FINGERPRINT, clear_pictures, picture_ids

from storage.adding import PictureFacts
from storage.browsing import Browsing, Page
from storage.database import Database
from storage.folders import Folder
from storage.library import Library
from storage.picture_filter import Order, PictureFilter
from storage.pictures.files import Source
from storage.removed import Removed
from storage.tables import UNDATED

DAY = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = (1, 2, 3)
IDS = picture_ids(14)


def facts(number: int, size: int, taken: int, kind: str) -> PictureFacts:
    return PictureFacts(IDS[number], 100 * size, kind, 10 * size, 10, None, taken)


def source(uri: str) -> Source:
    return Source(uri, size=1, mtime_ns=1)


pictures = st.lists(
    st.tuples(
        st.sampled_from(SIZES),
        st.sampled_from((UNDATED, -5, 7, 9)),
        st.sampled_from(("JPEG", "PNG")),
        st.sampled_from(("b.jpg", "B.JPG", "ä.png", "a.png")),
        st.sampled_from(("/x", "/x/y", "/z")),
    ),
    max_size=14,
)


def fill(database: Database, rows: list[tuple[int, int, str, str, str]]) -> None:
    """Two pictures are added at each moment."""
    clear_pictures(database)
    read = [
        (source(f"{folder}/{number}/{name}"), facts(number, size, taken, kind))
        for number, (size, taken, kind, name, folder) in enumerate(rows)
    ]
    moments = [DAY + timedelta(days=number // 2) for number in range(len(rows))]
    with patch("storage.adding.now", side_effect=moments):
        Library(database).adding.record(read, [], FINGERPRINT)


def forth_and_back(browsing: Browsing, chosen: PictureFilter, order: Order, size: int) -> list[str]:
    """All ids, page by page to the end and back to the beginning, where both ways are the same."""
    pages: list[Page] = [browsing.page(chosen, order, size)]
    while pages[-1].later:
        pages.append(browsing.page(chosen, order, size, pages[-1].later))
    back = pages[-1:]
    while back[0].earlier:
        back.insert(0, browsing.page(chosen, order, size, back[0].earlier))
    forth = [picture for page in pages for picture in page.ids]
    assert [picture for page in back for picture in page.ids] == forth
    assert all(page.ids for page in pages) or len(pages) == 1
    return forth


KEYS = {
    Order.NEWEST: lambda n, row: n // 2,
    Order.NAME: lambda n, row: row[3].casefold(),
    Order.TAKEN: lambda n, row: row[1],
    Order.LARGEST: lambda n, row: row[0],
    Order.HEAVIEST: lambda n, row: row[0],
    Order.RANDOM: lambda n, row: IDS[n],
}
BACKWARDS = {
    Order.OLDEST: Order.NEWEST,
    Order.NAME_BACK: Order.NAME,
    Order.TAKEN_OLDEST: Order.TAKEN,
    Order.SMALLEST: Order.LARGEST,
    Order.LIGHTEST: Order.HEAVIEST,
}
FALLING = {Order.NEWEST, Order.NAME_BACK, Order.TAKEN, Order.LARGEST, Order.HEAVIEST}


@given(pictures, st.sampled_from(list(Order)), st.integers(1, 5), st.booleans(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pages_are_those_of_a_sorted_list(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[tuple[int, int, str, str, str]],
    order: Order,
    size: int,
    many: bool,
    data: st.DataObject,
) -> None:
    monkeypatch.setattr("storage.browsing.MOST", 0 if many else 5000)
    monkeypatch.setattr("storage.browsing.LOOKED_UP", 0 if many else 5000)
    monkeypatch.setattr("storage.browsing.READ_ON", 3)
    fill(database, rows)
    among = data.draw(st.none() | st.sets(st.sampled_from(IDS)))
    folder, kind = data.draw(st.sampled_from(("", "/x", "/x/y"))), data.draw(st.sampled_from(("", "PNG")))
    removed = data.draw(st.sets(st.sampled_from(IDS), max_size=3))
    Removed(database).remove(sorted(removed), "me")
    wanted = [
        (KEYS[BACKWARDS.get(order, order)](n, row), IDS[n])
        for n, row in enumerate(rows)
        if (among is None or IDS[n] in among)
        and IDS[n] not in removed
        and (not kind or row[2] == kind)
        and (not folder or row[4] == folder or row[4].startswith(f"{folder}/"))
        and not (order is Order.TAKEN_OLDEST and row[1] <= UNDATED)
    ]
    browsing, chosen = Browsing(database), PictureFilter(folder=folder, format=kind, among=among)
    found = forth_and_back(browsing, chosen, order, size)
    assert found == [picture for _, picture in sorted(wanted, reverse=order in FALLING)]
    assert browsing.page(chosen, order, size).fitting in (None, len(wanted))
    if not many and (folder or kind):
        assert browsing.page(chosen, order, size).fitting == len(wanted)


def test_a_folder_holds_what_is_below_it_and_tells_what_can_be_opened(database: Database) -> None:
    fill(
        database,
        [(1, 7, "PNG", "a.png", folder) for folder in ("/p/one", "/p/one", "/p/two.zip!/in", "/p/two and")],
    )
    browsing = Browsing(database)
    assert browsing.folders("") == [Folder("/p", 4, has_folders=True)]
    inside = browsing.folders("/p")
    assert [(folder.path, folder.files) for folder in inside] == [
        ("/p/one", 2),
        ("/p/two and", 1),
        ("/p/two.zip!", 1),
    ]
    Removed(database).remove([IDS[3]], "me")
    assert [folder.path for folder in browsing.folders("/p")] == ["/p/one", "/p/two.zip!"]
    assert browsing.fitting(PictureFilter(folder="/p/two.zip!")) == [IDS[2]]
    assert browsing.fitting(PictureFilter(folder="/p/two")) == []


def test_copies_look_alikes_and_formats_are_found(database: Database) -> None:
    fill(database, [(1, 7, kind, "a.png", "/p") for kind in ("PNG", "JPEG", "PNG")])
    library, browsing = Library(database), Browsing(database)
    library.adding.record([(source("/q/again.png"), IDS[0])], [], FINGERPRINT)
    library.set_near_groups({IDS[1]: IDS[1], IDS[2]: IDS[1]})
    assert browsing.formats() == ["JPEG", "PNG"]
    assert browsing.fitting(PictureFilter(copies=True)) == [IDS[0]]
    assert browsing.fitting(PictureFilter(look_alikes=True)) == IDS[1:3]
    assert browsing.kept(PictureFilter(format="PNG"), [IDS[2], IDS[1], IDS[0]]) == [IDS[2], IDS[0]]


def test_months_are_those_in_which_pictures_were_taken_the_newest_first(database: Database) -> None:
    taken = [datetime(2024, 5, 1), datetime(2024, 5, 31, 23), datetime(2023, 12, 31), datetime(1969, 7, 20)]
    seconds = [int(one.replace(tzinfo=UTC).timestamp()) for one in taken]
    fill(database, [(1, when, "PNG", "a.png", "/p") for when in (*seconds, UNDATED, 2**60)])
    assert Browsing(database).months() == [(2024, 5), (2023, 12), (1969, 7)]


@pytest.mark.parametrize("most", [0, 5000])
def test_a_picture_that_was_just_added_is_on_the_next_page(
    database: Database, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("storage.browsing.MOST", most)
    browsing, chosen = Browsing(database), PictureFilter(taken=(5, 9))
    for number in range(4):
        with patch("storage.adding.now", return_value=DAY + timedelta(days=number)):
            row = source(f"/p/{number}.png"), facts(number, 1, 7, "PNG")
            Library(database).adding.record([row], [], FINGERPRINT)
        for order in Order:
            assert sorted(browsing.page(chosen, order, 10).ids) == IDS[: number + 1], order
