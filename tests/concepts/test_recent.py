"""What was used last, in memory."""

from __future__ import annotations

from concepts.library.recent import Recent


def test_what_was_used_last_is_kept_and_no_more_than_fits() -> None:
    recent: Recent[str, int] = Recent(3)
    for number, key in enumerate("abc"):
        assert recent.setdefault(key, number) == number
    assert recent.get("a") == 0
    recent.setdefault("d", 3)
    assert [key for key in "abcd" if recent.get(key) is not None] == ["a", "c", "d"]


def test_what_is_forgotten_is_kept_anew() -> None:
    recent: Recent[str, int] = Recent(3)
    recent.setdefault("a", 0)
    recent.forget("a")
    recent.forget("never there")
    assert recent.get("a") is None
    assert recent.setdefault("a", 1) == 1


def test_without_room_nothing_is_kept() -> None:
    recent: Recent[str, int] = Recent(0)
    assert recent.setdefault("a", 0) == 0
    assert recent.get("a") is None
