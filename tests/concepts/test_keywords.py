"""A concept out where its pictures are: keywords beside files, files in a folder, and keywords read in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.errors import DiscernError
from concepts.library.filters import PictureSelection
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept
from storage.pictures.xmp import Keyword, Sidecar, sidecar_of

NAME = "Round thing"
THEIRS = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>
<rdf:li>oval</rdf:li><rdf:li>blue</rdf:li></rdf:Bag></dc:subject><dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">A balloon over the lake</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A library with a trained concept; its folder of pictures lies beside it."""
    root = tmp_path_factory.mktemp("keywords")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 45)], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse.")
    for picture in bench.concept(NAME).labels.next_pictures(20):
        value = "yes" if "ellipse" in picture.path else "no"
        bench.concept(NAME).labels.give(picture.id, value, author="me")
    bench.concept(NAME).versions.train().wait()
    bench.close()
    return root


@pytest.fixture
def concept(made: Path) -> Iterator[Concept]:
    bench = Workbench(Settings(home=made / "home"))
    yield bench.concept(NAME)
    for file in (made / "pictures").glob("*.xmp"):
        file.unlink()
    bench.close()


@pytest.fixture
def pictures(made: Path) -> Path:
    return made / "pictures"


def with_keyword(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.xmp") if NAME in Sidecar.read(file).ours()}


def counting(concept: Concept) -> set[str]:
    """Names of files that people labelled yes, or that the newest version flags and nobody labelled."""
    paths = concept.context.collection.paths(concept.context.collection.library.all_ids())
    said = {i: one.value for i, one in concept.labels.decisions().items()}
    page = concept.scores.page("top", limit=len(paths))
    assert page is not None
    flagged = {one.id for one in page.pictures if one.probability >= page.threshold}
    return {
        Path(paths[i]).name
        for i in paths
        if said.get(i) == "yes" or (i in flagged and said.get(i) in (None, "skip"))
    }


def test_keywords_stand_beside_what_counts_follow_labels_and_go_by_one_command(
    concept: Concept, pictures: Path
) -> None:
    before = {file: file.read_bytes() for file in pictures.iterdir()}
    written = concept.keywords.write().wait()
    assert with_keyword(pictures) == counting(concept) != set()
    assert (written.written, written.removed, written.left_out) == (len(counting(concept)), 0, {})
    again = concept.keywords.write().wait()
    assert (again.written, again.unchanged) == (0, written.written)
    paths = concept.context.collection.paths(concept.context.collection.library.all_ids())
    mistaken = next(i for i, path in paths.items() if Path(path).name in with_keyword(pictures))
    concept.labels.give(mistaken, "no", author="me", key="mistaken")
    changed = concept.keywords.write().wait()
    assert (changed.written, changed.removed) == (0, 1)
    assert Path(paths[mistaken]).name not in with_keyword(pictures)
    concept.labels.undo(author="me", key="taken back")
    assert concept.keywords.write(remove=True).wait().removed == written.written - 1
    assert {file: file.read_bytes() for file in pictures.iterdir()} == before


def test_of_a_flagged_picture_its_label_decides_and_a_skip_decides_nothing(concept: Concept) -> None:
    page = concept.scores.page("top", limit=1000)
    assert page is not None
    flagged = next(one.id for one in page.pictures if one.probability >= page.threshold and not one.said)
    counts = {"skip": True, "unsure": False, "no": False, "yes": True}
    found = {}
    for value in counts:
        concept.labels.give(flagged, value, author="me", key=f"a flagged {value}")
        found[value] = flagged in concept.keywords.counting()
    for number in range(len(counts)):
        concept.labels.undo(author="me", key=f"back to none {number}")
    assert found == counts


def test_a_sidecar_of_somebody_else_is_merged_and_one_that_is_damaged_is_left(
    concept: Concept, pictures: Path
) -> None:
    first, second = sorted(counting(concept))[:2]
    sidecar_of(pictures / first).write_text(THEIRS)
    sidecar_of(pictures / second).write_text("<half")
    written = concept.keywords.write().wait()
    assert list(written.left_out.values()) == [1]
    assert "not XML" in next(iter(written.left_out))
    assert sidecar_of(pictures / second).read_text() == "<half"
    merged = Sidecar.read(sidecar_of(pictures / first))
    assert (merged.keywords, merged.caption) == (["oval", "blue"], "A balloon over the lake")
    assert concept.keywords.write(remove=True).wait().removed == written.written
    assert Sidecar.read(sidecar_of(pictures / first)).keywords == ["oval", "blue"]


def test_a_concept_that_is_renamed_takes_its_keyword_along(concept: Concept, pictures: Path) -> None:
    bench, files = concept.bench, counting(concept)
    concept.keywords.write().wait()
    concept.definition.rename("Round as a ball", author="me")
    try:
        bench.concept("Round as a ball").keywords.write().wait()
        ours = [Sidecar.read(file).ours() for file in pictures.glob("*.xmp")]
        assert ours == [["Round as a ball"]] * len(files)
    finally:
        bench.concept("Round as a ball").definition.rename(NAME, author="me")
    assert bench.concept(NAME).keywords.write(remove=True).wait().removed == len(files)
    assert list(pictures.glob("*.xmp")) == []


def test_files_that_count_are_copied_or_linked_once(concept: Concept, tmp_path: Path) -> None:
    names = counting(concept)
    copied = concept.keywords.copy(tmp_path / "copies").wait()
    assert {file.name for file in (tmp_path / "copies").iterdir()} == names
    assert (copied.copied, copied.there) == (len(names), 0)
    assert concept.keywords.copy(tmp_path / "copies").wait().there == len(names)
    concept.keywords.copy(tmp_path / "links", link=True).wait()
    assert {file.name for file in (tmp_path / "links").iterdir() if file.is_symlink()} == names
    (tmp_path / "taken").write_text("")
    with pytest.raises(DiscernError, match="can’t be written"):
        concept.keywords.copy(tmp_path / "taken" / "below").wait()


def test_keywords_of_others_are_read_when_pictures_are_added_and_can_be_labels(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    bench, folder = concept.bench, tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("1.jpg", "2.png")):
        draw_folder(tmp_path / "more", 2, 900)
        shutil.copy(sorted((tmp_path / "more").iterdir())[number], folder / name)
    sidecar_of(folder / "1.jpg").write_text(THEIRS)  # as digiKam names it
    (folder / "2.xmp").write_text(THEIRS.replace("oval", "square"))  # as Lightroom does
    bench.library.add([folder]).wait()
    found = bench.library.pictures(PictureSelection(q="lake", captions=True)).pictures
    assert {Path(one.path).name for one in found} == {"1.jpg", "2.png"}
    ids = {Path(one.path).name: one.id for one in found}
    columns = {one.name: one.value for one in bench.library.picture(ids["2.png"]).columns}
    assert columns == {"caption": "A balloon over the lake", "keywords": "square, blue"}
    bench.concepts.begin("Oval", "An ellipse.")
    meanings = {"oval": "yes", "*": "leave out"}
    bench.concept("Oval").label_files.import_file(folder, format="sidecars", meanings=meanings)
    assert {i: one.value for i, one in bench.concept("Oval").labels.decisions().items()} == {
        ids["1.jpg"]: "yes"
    }


def test_what_discern_wrote_teaches_it_nothing(concept: Concept, pictures: Path) -> None:
    sidecar = Sidecar.new()
    sidecar.put(Keyword(NAME, 1, 0.9))
    assert sidecar.keywords == []
    concept.keywords.write().wait()
    assert concept.bench.library.add([pictures]).wait().unchanged == 45
    assert not concept.bench.library.pictures(PictureSelection(q=NAME, captions=True)).pictures
