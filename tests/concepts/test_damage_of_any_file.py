"""A byte of any file of the data folder changes: a check notices, says so, and makes again what it can."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from answering import answer
from drawing import draw, draw_folder

from concepts.bundle.classifier_model import kept
from concepts.errors import DiscernError
from concepts.installation.users import Users
from concepts.language.capabilities import CapabilityMemory, Sight
from concepts.library import ingestion
from concepts.library.health import Checked
from concepts.settings import load_settings, save_settings
from concepts.workbench import Workbench
from storage.tables import now
from web.http.access import Access

NAME = "Round thing"

# What becomes of each kind of file.
MENDED = [
    "thumbnails/*/*/*.webp",
    "vectors/*.lance/data/*.lance",
    "vectors/*.lance/_versions/*.manifest",
    "vectors/*.lance/_transactions/*.txn",
    "vectors/*.sums",
    "bundles/*/*.zip",
    "bundles/*/round*/*",
    "bundles/*/*.sums",
    "bundles/*/page/*.html",
    "bundles/*/page/*.sums",
    "scores/*/*.csv",
    "scores/*/*.sums",
]
COMPUTED_AGAIN = [
    "vectors/*.matrix/vectors-*",
    "vectors/*.matrix/digests-*",
    "vectors/*.matrix/*/*.npy",
    "vectors/*.matrix/*/of.json",
    "vectors/*.matrix/*/files.sums",
    "vectors/*.matrix/*/made-from",
    "vectors/*.matrix/*/later/*.npz",
    "vectors/*.graph/*/*.npy",
    "vectors/*.graph/*/made.json",
    "vectors/*.graph/*/files.sums",
    "cache/texts/*/*.npy",
    "cache/pictures/*/*/*.webp",
    "cache/precision-*.json",
    "cache/capabilities/*.json",
    "cache/*.json",
    "cache/*.kept",
]
ONLY_THERE = ["uploads/*/*.png"]
# Said once, and then they count as they are: a person may have changed some, and of none is there another.
ACCEPTED = ["users.json", "*.sums"]
SETTINGS = "settings.json"
UNSEEN = ["logs/*", "secrets.json", "vectors/*.lance/_versions/*.json"]  # LanceDB finds the newest without it
SEEN_BY_SQLITE = ["discern.sqlite"]  # tests/storage/test_damaged_database.py
KINDS = [*MENDED, *COMPUTED_AGAIN, *ONLY_THERE, *ACCEPTED]


def quiet(*_: object) -> None:
    """Hears how far it is."""


def use(home: Path, pictures: Path, encoder: Path) -> None:
    """Leaves every kind of file behind."""
    save_settings(load_settings(home=home), {"llm_model": "a model"})
    Users(load_settings(home=home)).set("ana", "a long password")
    bench = Workbench(load_settings(home=home))
    bench.installation.start_log()
    bench.library.add([draw_folder(pictures / "first", 9)], encoder=f"local-dir:{encoder}").wait()
    batch = bench.context.uploads.kept.waiting("a" * 32)
    batch.mkdir(parents=True)
    draw("ellipse", 77).resize((400, 400)).save(batch / "large.png")
    bench.library.add([batch]).wait()
    concept = bench.concepts.begin(NAME, "A filled ellipse.")
    answer(bench, NAME, bench.context.collection.library.all_ids()[:6])
    concept.versions.train().wait()
    concept.exports.bundle()
    concept.exports.page()
    concept.scores.score_files().wait()
    bench.context.collection.graph().bring_up_to_date(quiet)
    bench.library.search("a ball")
    for picture in bench.context.collection.library.all_ids():
        bench.context.renditions.read(picture)
    CapabilityMemory(home / "cache", "http://localhost", "a model").saw(Sight(sees=True, when=now()))
    Access(bench.context.settings, bench.context.database).secret  # noqa: B018  # made when it is asked for
    kept(home / "cache" / "encoder-1.onnx.kept", lambda: b"a graph")
    with pytest.MonkeyPatch.context() as patched:  # comparing would bring what is noted into new files
        patched.setattr(ingestion, "group_near_duplicates", quiet)
        bench.library.add([draw_folder(pictures / "second", 3, first_seed=500)]).wait()
    bench.close()


@pytest.fixture(scope="session")
def used(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> tuple[Path, Path]:
    """A home, and what it was: its database knows where uploads are."""
    root = tmp_path_factory.mktemp("used")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DISCERN_HOME", str(root / "home"))
        use(root / "home", root / "pictures", tiny_open_clip)
    return root / "home", Path(shutil.copytree(root / "home", root / "kept"))


@pytest.fixture
def home(used: tuple[Path, Path], own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DISCERN_HOME", str(used[0]))
    shutil.rmtree(used[0])
    return Path(shutil.copytree(used[1], used[0]))


def flip(file: Path, at: int) -> None:
    with file.open("r+b") as content:
        content.seek(at)
        (byte,) = content.read(1)
        content.seek(at)
        content.write(bytes([byte ^ 0xFF]))


def checked(*, repair: bool = False) -> Checked:
    bench = Workbench(load_settings())
    try:
        return bench.upkeep.check(repair=repair).wait()
    finally:
        bench.close()


def files(home: Path, kind: str) -> list[Path]:
    found = (file for file in home.glob(kind) if stat.S_ISREG(file.stat().st_mode) and file.stat().st_size)
    return sorted(found)


def vectors(home: Path) -> dict[str, bytes]:
    bench = Workbench(load_settings(home=home))
    index = bench.context.collection.index()
    found: np.ndarray = index.vectors(list(index.ids)).astype(np.float16)
    bench.close()
    return {one: row.tobytes() for one, row in zip(index.ids, found, strict=True)}


@pytest.fixture(scope="session")
def before(used: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return vectors(Path(shutil.copytree(used[1], tmp_path_factory.mktemp("before") / "home")))


@pytest.mark.slow
def test_every_file_is_of_a_kind_that_is_listed(home: Path) -> None:
    listed = {file for kind in (*KINDS, SETTINGS, *UNSEEN, *SEEN_BY_SQLITE) for file in files(home, kind)}
    assert [file for file in files(home, "**/*") if file not in listed] == []


@pytest.mark.slow
def test_a_home_that_was_only_used_is_whole(home: Path) -> None:
    report = checked()
    assert (report.is_whole, report.named) == (True, ())


PLACES: dict[str, Callable[[int], int]] = {
    "start": lambda size: 0,
    "middle": lambda size: size // 2,
    "end": lambda size: size - 1,
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_byte_is_noticed_said_and_mended(
    home: Path, before: dict[str, bytes], kind: str, place: str
) -> None:
    file = files(home, kind)[0]
    flip(file, PLACES[place](file.stat().st_size))
    told = checked()
    assert told.named or told.index or told.thumbnails_missing
    assert told.is_whole == (kind in COMPUTED_AGAIN or kind.startswith("uploads"))
    checked(repair=True)
    after = checked()
    assert [one.place for one in after.named] == ([str(file)] if kind in ONLY_THERE else [])
    assert vectors(home) == before


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_settings_that_changed_are_said_or_keep_everything_from_beginning(home: Path, place: str) -> None:
    file = home / SETTINGS
    flip(file, PLACES[place](file.stat().st_size))
    try:
        said = [one.place for one in checked().named]
    except DiscernError as error:
        said = str(error).split()
    assert str(file) in said
