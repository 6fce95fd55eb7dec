"""What cameras write is read whatever it is, and what is none of it says nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from storage.pictures.decoding import exif_of
from storage.pictures.exif import camera_facts, moment_of, taken_of


@given(st.datetimes(min_value=datetime(1, 1, 1), max_value=datetime(9999, 12, 31)))
def test_a_moment_is_read_as_it_was_written(moment: datetime) -> None:
    day = f"{moment.year:04}:{moment.month:02}:{moment.day:02}"
    written = f"{day} {moment:%H:%M:%S}"
    assert moment_of(written) == moment.replace(microsecond=0, tzinfo=UTC)


@given(st.text() | st.binary() | st.none() | st.integers() | st.tuples(st.integers()))
def test_whatever_else_is_there_is_a_moment_or_none(value: object) -> None:
    found = moment_of(value)
    assert found is None or found.tzinfo is UTC


@pytest.mark.parametrize("unset", ["0000:00:00 00:00:00", "2021:13:01 00:00:00", "    :  :     :  :  ", ""])
def test_a_clock_that_was_never_set_says_nothing(unset: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[36867] = unset
    assert taken_of(exif) is None


@given(st.binary(max_size=200))
def test_hostile_bytes_have_no_facts(data: bytes) -> None:
    facts = camera_facts(exif_of(b"\xff\xd8\xff\xe1" + data))
    assert facts.position is None or -90 <= facts.position[0] <= 90


@given(
    st.dictionaries(st.sampled_from([271, 272, 305, 315]), st.text(max_size=300) | st.binary(max_size=9)),
    st.dictionaries(st.sampled_from([33434, 33437, 34855, 37386]), st.integers() | st.text() | st.floats()),
    st.dictionaries(st.sampled_from([1, 2, 3, 4]), st.text() | st.tuples(*[st.floats()] * 3) | st.integers()),
)
def test_odd_values_are_left_out(
    base: dict[int, object], inner: dict[int, object], gps: dict[int, object]
) -> None:
    exif = Image.Exif()
    exif.update(base)
    exif.get_ifd(0x8769).update(inner)
    exif.get_ifd(0x8825).update(gps)
    for value in camera_facts(exif).facts.values():
        assert value.isprintable()
        assert 0 < len(value) <= 250
