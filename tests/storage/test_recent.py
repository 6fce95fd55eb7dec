"""What was read last, in memory."""

from __future__ import annotations

from storage.recent import RecentBytes


def test_what_was_used_last_stays_within_the_limit() -> None:
    recent = RecentBytes(30)
    for key in "abc":
        recent.keep(key, key.encode() * 10)
    assert recent.get("a") == b"a" * 10
    recent.keep("d", b"d" * 10)
    assert [key for key in "abcd" if recent.get(key)] == ["a", "c", "d"]
    recent.keep("a", b"a" * 25)  # counted once
    assert [key for key in "abcd" if recent.get(key)] == ["a"]


def test_what_is_larger_than_all_is_not_kept_and_pushes_nothing_out_for_good() -> None:
    recent = RecentBytes(30)
    recent.keep("a", b"a" * 31)
    assert recent.get("a") is None
    recent.keep("b", b"b" * 30)
    assert recent.get("b") == b"b" * 30
    recent.forget("b")
    assert recent.get("b") is None
    recent.keep("c", b"c" * 30)
    assert recent.get("c") == b"c" * 30


def test_without_room_nothing_is_kept() -> None:
    recent = RecentBytes(0)
    recent.keep("a", b"a")
    assert recent.get("a") is None
