"""Text and JSON without pictures that go: what is about one goes, and what names one among others stays."""

from __future__ import annotations

from typing import Any

import pytest

from storage.erasing import SHORTEST, Gone

ONE, OTHER, KEPT = "ab" * 32, "cd" * 32, "ab" * 31 + "ac"
GONE = Gone([ONE, OTHER], ["/a/b.png", "/a/b.png.jpg", "/a/b/Grüße 1.png", "/z.zip!/b.png"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ONE, ""),
        (f"Picture {ONE[:12]} measures.", "Picture purged measures."),
        (f"/thumbnails/ab/{OTHER}.webp", "/thumbnails/ab/purged.webp"),
        (ONE[: SHORTEST - 1], ONE[: SHORTEST - 1]),
        (f"{KEPT} {ONE}0", f"{KEPT} {ONE}0"),
        ("'/a/b.png' and /a/b.png.jpg, /a/b/Grüße 1.png", "'purged' and purged, purged"),
        ("/a/c.png /a/b/b.png /z.zip!/c.png", "/a/c.png /a/b/b.png /z.zip!/c.png"),
        ("/z.zip!/b.png", "purged"),
        ([ONE, KEPT, OTHER], [KEPT]),
        ([[ONE, True], [KEPT, False]], [[KEPT, False]]),
        ({ONE: "yes", KEPT: "no", "n": 2}, {KEPT: "no", "n": 2}),
        ([{"id": ONE, "comments": ["x"]}, {"place": "/a/b.png"}, {"id": KEPT}], [{"id": KEPT}]),
        ({"paths": ["/a/b.png", "/a/c.png"]}, {"paths": ["purged", "/a/c.png"]}),
        ([None, 1, 2.5, True], [None, 1, 2.5, True]),
    ],
)
def test_what_is_left(before: Any, after: Any) -> None:
    assert GONE.taken_from(before) == after


def test_a_place_of_another_system_is_taken_out_as_well() -> None:
    gone = Gone([ONE], ["C:\\pictures\\a.png", "a.png"])
    assert gone.taken_from("C:\\pictures\\a.png, C:\\pictures\\b.png") == "purged, C:\\pictures\\b.png"
    assert gone.taken_from("a.png") == "purged"
    assert gone.taken_from("") == ""
