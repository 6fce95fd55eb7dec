"""What is looked at elsewhere is staged, merged once, and the same as what is looked at here. Without Ray."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawing import draw_folder
from engine_work import NextDoor, OneBadFile, assert_same, load_another, load_colours, vectors_of
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import EngineError, FingerprintMismatchError
from concepts.jobs.engines import InProcess, nothing
from concepts.library import ingest_worker
from concepts.library.ingest_worker import EncoderHandle, ProcessedFile, ProcessFiles
from concepts.library.ingestion import embed_files
from concepts.library.staging import StagedResults, ToStaging, packed, unpacked
from concepts.workbench import Workbench
from storage.adding import PictureFacts
from storage.pictures.decoding import decode
from storage.pictures.files import SkippedFile, Source


class BreaksOff(NextDoor):
    """Ends when it has given the results of three batches."""

    def map(
        self, work: Any, batches: Any, waiting: Callable[[], None] = nothing
    ) -> Generator[Any, None, None]:
        for number, result in enumerate(super().map(work, batches, waiting), 1):
            yield result
            if number == 3:
                raise EngineError("the cluster is gone")


def test_what_is_staged_is_not_looked_at_again_and_merged_once(
    open_on: Callable[..., Workbench], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    monkeypatch.setattr(ingest_worker, "decode", lambda data, **how: looked.append(1) or decode(data, **how))
    bench = open_on(BreaksOff(), "broken off")
    with pytest.raises(EngineError):
        bench.library.add([pictures]).wait()
    assert list(bench.context.settings.home.glob("staging/*/*.arrow"))
    before = len(looked)
    bench.context.collection.engine = NextDoor()
    bench.library.add([pictures]).wait()
    anew = len(looked) - before
    whole = open_on(InProcess(), "whole")
    whole.library.add([pictures]).wait()
    assert anew < len(looked) - before - anew
    assert_same(bench, whole)
    assert not list(bench.context.settings.home.glob("staging/*/*.arrow"))


def test_what_a_power_cut_left_half_staged_is_looked_at_again(
    open_on: Callable[..., Workbench], pictures: Path
) -> None:
    bench = open_on(BreaksOff(), "broken off")
    with pytest.raises(EngineError):
        bench.library.add([pictures]).wait()
    for staged in bench.context.settings.home.glob("staging/*/*.arrow"):
        staged.write_bytes(staged.read_bytes()[:100])
    bench.context.collection.engine = NextDoor()
    bench.library.add([pictures]).wait()
    whole = open_on(InProcess(), "whole")
    whole.library.add([pictures]).wait()
    assert_same(bench, whole)


def test_looked_at_elsewhere_what_is_known_or_refused_is_told_apart_as_here(
    open_on: Callable[..., Workbench], pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    for name in ("ellipse-0000.png", "ellipse-0003.png"):
        (tmp_path / "more" / f"also-{name}").write_bytes((pictures / name).read_bytes())
    said = []
    for engine, name in ((InProcess(), "here"), (NextDoor(), "next door")):
        bench = open_on(engine, name)
        bench.library.add([pictures]).wait()
        gone = bench.context.collection.library.resolve(str(pictures / "ellipse-0003.png"))
        bench.trash.put(pictures=[gone], author="me")
        bench.trash.empty(author="me", refuse=True).wait()
        added = bench.library.add([tmp_path / "more"]).wait()
        said.append((added.added, added.duplicates, added.removed_before, vectors_of(bench)[0]))
        assert not bench.context.collection.thumbnails.exists(gone)
    assert said[0] == said[1]
    assert said[0][:3] == (0, 1, 1)


@pytest.mark.parametrize("held", [ingest_worker.HELD_BYTES, 1], ids=["asked about together", "one by one"])
def test_only_what_is_new_is_decoded(
    open_on: Callable[..., Workbench], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    """Known ones, refused ones, a broken one and new ones in turn, in one batch."""
    monkeypatch.setattr(ingest_worker, "HELD_BYTES", held)
    looked: list[int] = []
    monkeypatch.setattr(ingest_worker, "decode", lambda data, **how: looked.append(1) or decode(data, **how))
    bench = open_on(InProcess(), "here")
    drawn = sorted(draw_folder(tmp_path / "drawn", 12).iterdir())
    bench.library.add(drawn[::2]).wait()
    gone = [bench.context.collection.library.resolve(str(file)) for file in drawn[::4]]
    bench.trash.put(pictures=[*gone], author="me")
    bench.trash.empty(author="me", refuse=True).wait()
    broken = tmp_path / "drawn" / "ellipse-0003-broken.png"
    broken.write_bytes(drawn[1].read_bytes()[:100])
    looked.clear()
    elsewhere = (tmp_path / "drawn").rename(tmp_path / "moved")
    added = bench.library.add([elsewhere]).wait()
    assert (added.added, added.duplicates, added.removed_before, dict(added.skipped)) == (
        6,
        3,
        3,
        {"truncated": 1},
    )
    assert len(looked) == 7
    assert bench.library.count() == 9


def test_files_outside_a_library_have_the_same_vectors_elsewhere(pictures: Path, tmp_path: Path) -> None:
    encoder = load_colours("colours", cache=tmp_path)
    same = EncoderHandle(encoder, tmp_path, load_colours)
    here = list(embed_files([pictures], encoder))
    there = list(embed_files([pictures], encoder, None, StagedResults(NextDoor(), tmp_path / "staged"), same))
    assert [part[:2] + part[3:] for part in there] == [part[:2] + part[3:] for part in here]
    assert np.array_equal(*(np.concatenate([part[2] for part in parts]) for parts in (here, there)))
    assert not list(tmp_path.glob("staged/*.arrow"))


def test_an_encoder_that_is_another_one_where_it_is_loaded_is_refused(tmp_path: Path) -> None:
    same = EncoderHandle(load_colours("colours", cache=tmp_path), tmp_path, load_another)
    sent = copy.copy(same)  # as it is sent: without what is loaded here
    assert same.get().name == "colours"
    with pytest.raises(FingerprintMismatchError):
        sent.get()


looks = st.one_of(
    st.builds(
        SkippedFile, st.text(), st.sampled_from(["missing", "truncated"]), st.text(), st.integers(0, 2**40)
    ),
    st.builds(
        ProcessedFile,
        st.builds(Source, st.text(min_size=1), st.integers(0, 2**40), st.integers(0, 2**62)),
        st.one_of(
            st.text("0123456789abcdef", min_size=64, max_size=64),
            st.builds(
                PictureFacts,
                st.text("0123456789abcdef", min_size=64, max_size=64),
                st.integers(0, 2**40),
                st.sampled_from(["JPEG", "PNG"]),
                st.integers(1, 70000),
                st.integers(1, 70000),
                st.none() | st.text("0123456789abcdef", min_size=16, max_size=16),
                st.integers(-1, 2**40),
            ),
        ),
        thumbnail=st.none() | st.binary(min_size=1),
    ),
)


@given(st.lists(looks, max_size=5))
def test_a_fragment_holds_what_was_put_in(some: list[ProcessedFile | SkippedFile]) -> None:
    assert unpacked(packed(some)) == some


def test_a_worker_that_does_not_see_the_folder_sends_its_looks(tmp_path: Path) -> None:
    # Nothing is marked there: as on a computer with other disks.
    fragment = ToStaging(OneBadFile(), tmp_path, "a mark").begin()([1])
    assert fragment.content is not None
    assert unpacked(fragment.content) == [SkippedFile("a", "missing", "")]
    assert list(tmp_path.iterdir()) == []


def test_what_is_sent_keeps_where_may_be_read_and_leaves_the_library_behind(tmp_path: Path) -> None:
    same = EncoderHandle(load_colours("colours", cache=tmp_path), tmp_path, load_colours)
    sent = copy.copy(ProcessFiles(same, within=str.isascii, here=Nobody()))
    assert sent.within == str.isascii
    assert sent.here is None


class Nobody:
    """A library that knows nothing."""

    def is_known(self, picture_id: str) -> bool:
        return False

    def is_refused(self, picture_id: str) -> bool:
        return False

    def keep_thumbnail(self, picture_id: str, content: bytes) -> None:
        raise AssertionError
