from __future__ import annotations

from pathlib import Path

import pytest
from drawing import scene

from concepts.library import ingestion, near_duplicates
from concepts.library.collection import collection_of
from concepts.results.library import import_pictures, library_info
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App


def groups(bench: App) -> set[frozenset[str]]:
    library = collection_of(bench).library
    stem = {one.id: Path(one.files[0]).stem for one in library.pictures(library.all_ids())}
    return {frozenset(stem[one] for one in library.members([name])) for name in library.look_alikes(99, "")}


def test_copies_that_were_cropped_moved_or_turned_are_in_the_group_of_the_whole(
    warm_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the run that added them died before it had compared them."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for seed in range(12):
        scene(seed).save(folder / f"{seed}.png")
    bench = open_app(load_settings(home=warm_home))
    import_pictures(bench, [folder], encoder="embedded").wait()
    assert groups(bench) == set()

    copies = {"0": "cropped", "1": "moved", "2": "turned"}
    scene(0).crop((16, 8, 256, 192)).save(folder / "cropped.png")
    scene(1).crop((0, 0, 240, 180)).save(folder / "moved.png")
    scene(2).rotate(90, expand=True).save(folder / "turned.png")
    with monkeypatch.context() as patched:
        patched.setattr(ingestion, "group_near_duplicates", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            collection_of(bench).add([folder], None, lambda *_: None)
    assert groups(bench) == set()
    for _ in range(2):  # the second time there is nothing new
        import_pictures(bench, [folder]).wait()
        assert groups(bench) == {frozenset(pair) for pair in copies.items()}
    assert library_info(bench).pending == 0


def test_a_picture_is_compared_with_few_however_many_look_like_it(
    warm_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, turned = tmp_path / "whole", tmp_path / "turned"
    for folder, turns in ((whole, 0), (turned, 1)):
        folder.mkdir()
        for quality in range(60, 90):
            scene(0).rotate(90 * turns, expand=True).save(folder / f"{quality}.jpg", quality=quality)
    compared: list[object] = []
    monkeypatch.setattr(near_duplicates, "overlap", lambda *pair: compared.append(pair))
    import_pictures(open_app(load_settings(home=warm_home)), [whole, turned], encoder="embedded").wait()
    assert 60 <= len(compared) <= 60 * 2 * (near_duplicates.NEAREST + 1)
