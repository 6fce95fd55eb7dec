"""A concept out where its pictures are: keywords beside files, files in a folder, and keywords read in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from drawing import draw

from concepts.definition.revisions import rename
from concepts.errors import CancelledError, DiscernError, NotAllowedError, NoUsableRowsError
from concepts.labelling.label_files import import_label_file, preview_label_file
from concepts.labelling.labels import decisions_of, give_label
from concepts.library.collection import collection_of
from concepts.library.filters import PictureSelection
from concepts.results.concepts import begin_concept
from concepts.results.keyword_files import copy_into, write_sidecars
from concepts.results.keywords import copy_files, pictures_that_count, write_keywords
from concepts.results.library import browse, import_pictures, keep_captions, picture_detail
from concepts.results.scores import score_page
from concepts.results.trained import use_version
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept
from storage.pictures.xmp import Keyword, Sidecar, sidecar_of

NAME = "Round thing"
THEIRS = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>
<rdf:li>oval</rdf:li><rdf:li>blue</rdf:li></rdf:Bag></dc:subject><dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">A balloon over the lake</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def concept(trained: App, pictures: Path) -> Iterator[Concept]:
    """With a version that flags a third of the library."""
    concept = trained.concept(NAME)
    use_version(concept, 1, score_page(concept, "top", limit=31).pictures[-1].probability, author="me").wait()
    yield concept
    for file in pictures.glob("*.xmp"):
        file.unlink()


def with_keyword(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.xmp") if NAME in Sidecar.read(file).ours()}


def counting(concept: Concept) -> set[str]:
    """Names of files that people labelled yes, or that the newest version flags and nobody labelled."""
    said = {i: one.value for i, one in decisions_of(concept).items()}
    page = score_page(concept, "top", limit=100)
    flagged = {one.id for one in page.pictures if one.probability >= page.threshold}
    found = {i for i, value in said.items() if value == "yes"} | flagged - {
        i for i in said if said[i] != "skip"
    }
    pictures = collection_of(concept.app).library.pictures(list(found))
    return {Path(file).name for picture in pictures for file in picture.files}


def test_keywords_stand_beside_what_counts_and_go_by_one_command(concept: Concept, pictures: Path) -> None:
    before = {file: file.read_bytes() for file in pictures.iterdir()}
    written = concept.begin(write_keywords).wait()
    assert with_keyword(pictures) == counting(concept) != set()
    assert (written.written, written.removed, written.left_out) == (len(counting(concept)), 0, {})
    again = concept.begin(write_keywords).wait()
    assert (again.written, again.unchanged) == (0, written.written)
    assert import_pictures(concept.app, [pictures]).wait().unchanged == 92  # ours are no news
    assert not browse(concept.app, PictureSelection(q=NAME, captions=True)).pictures
    paths = collection_of(concept.app).paths(collection_of(concept.app).library.all_ids())
    mistaken = next(i for i, path in paths.items() if Path(path).name in with_keyword(pictures))
    give_label(concept, mistaken, "no", author="me", key="mistaken")
    changed = concept.begin(write_keywords).wait()
    assert (changed.written, changed.removed) == (0, 1)
    assert Path(paths[mistaken]).name not in with_keyword(pictures)
    assert concept.begin(write_keywords, remove=True).wait().removed == written.written - 1
    assert {file: file.read_bytes() for file in pictures.iterdir()} == before


def test_of_a_flagged_picture_its_label_decides_and_a_skip_decides_nothing(concept: Concept) -> None:
    page = score_page(concept, "top", limit=1000)
    flagged = next(one.id for one in page.pictures if one.probability >= page.threshold and not one.said)
    counts = {"skip": True, "unsure": False, "no": False, "yes": True}
    found = {}
    for value in counts:
        give_label(concept, flagged, value, author="me", key=f"a flagged {value}")
        found[value] = flagged in pictures_that_count(concept)
    assert found == counts


def test_a_concept_that_is_renamed_takes_its_keyword_along(concept: Concept, pictures: Path) -> None:
    bench, files = concept.app, counting(concept)
    concept.begin(write_keywords).wait()
    rename(concept, "Round as a ball", author="me")
    bench.concept("Round as a ball").begin(write_keywords).wait()
    ours = [Sidecar.read(file).ours() for file in pictures.glob("*.xmp")]
    assert ours == [["Round as a ball"]] * len(files)
    assert bench.concept("Round as a ball").begin(write_keywords, remove=True).wait().removed == len(files)
    assert list(pictures.glob("*.xmp")) == []


def test_files_that_count_are_copied_or_linked_once(concept: Concept, tmp_path: Path) -> None:
    names = counting(concept)
    copied = concept.begin(copy_files, tmp_path / "copies").wait()
    assert {file.name for file in (tmp_path / "copies").iterdir()} == names
    assert (copied.copied, copied.there) == (len(names), 0)
    assert concept.begin(copy_files, tmp_path / "copies").wait().there == len(names)
    concept.begin(copy_files, tmp_path / "links", link=True).wait()
    assert {file.name for file in (tmp_path / "links").iterdir() if file.is_symlink()} == names
    (tmp_path / "taken").write_text("")
    with pytest.raises(DiscernError, match="can’t be written"):
        concept.begin(copy_files, tmp_path / "taken" / "below").wait()
    for name, confined in product(("x" * 300, "ä" * 200, "nul\0"), (False, True)):
        with pytest.raises(DiscernError, match="can't be a name"):  # before anything is done
            concept.begin(copy_files, tmp_path / name / "below", confined=confined)


def test_a_pipe_a_link_and_damage_in_place_of_sidecars_are_left_alone(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    names = sorted(counting(concept))
    pipe, damaged, link = (sidecar_of(pictures / name) for name in names[:3])
    os.mkfifo(pipe)
    damaged.write_text("<half")
    link.symlink_to(tmp_path / "nothing")
    written = concept.begin(write_keywords).wait()
    assert (written.written, sum(written.left_out.values())) == (len(names) - 3, 3)
    whys = " ".join(written.left_out)
    for why in ("it is not a regular file.", "it is a link, and links are not followed.", "not XML"):
        assert why in whys
    concept.begin(write_keywords, remove=True).wait()
    assert (pipe.is_fifo(), link.is_symlink(), damaged.read_text()) == (True, True, "<half")
    assert set(pictures.glob("*.xmp")) == {pipe, damaged, link}
    assert not (tmp_path / "nothing").exists()
    assert import_pictures(concept.app, [pictures]).wait().unchanged == 92
    damaged.unlink()
    with pytest.raises(NoUsableRowsError, match="not a regular file"):
        keep_captions(concept.app, pictures)
    report = preview_label_file(concept, pictures, format="sidecars")
    assert (report.bad, report.first_rows) == (1, [])


def test_reading_sidecars_while_adding_can_be_stopped(
    concept: Concept, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("concepts.results.library.REPORTED", 1)
    sidecar_of(pictures / "any.png").write_text(THEIRS)

    def stop(done: int, total: int | None, note: str) -> None:
        if note == "reading sidecars":
            raise CancelledError(note)

    with pytest.raises(CancelledError, match="reading sidecars"):
        import_pictures(concept.app, [pictures]).wait(stop)


def test_nothing_is_read_or_written_outside_of_the_folders_that_may_be_used(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    """Links in them lead nowhere else, also where they are made later."""
    root, outside = tmp_path / "allowed", tmp_path / "outside"
    own, turned = root / "own", root / "turned"
    outside.mkdir()
    shutil.copytree(pictures, own)
    turned.mkdir()
    names = sorted(counting(concept))
    shutil.move(own / names[0], turned / names[0])
    bench = open_app(load_settings(allowed_roots=str(root)))
    flagged = bench.concept(NAME)
    import_pictures(bench, [root]).wait()
    turned.rename(outside / "turned")
    turned.symlink_to(outside / "turned")
    (own / names[1]).unlink()
    (own / names[1]).symlink_to(pictures / names[1])
    written = flagged.begin(write_keywords, confined=True).wait()
    assert {file.stem for file in root.rglob("*.xmp")} == set(names[2:])
    assert written.written == len(names) - 2
    assert not [*outside.rglob("*.xmp"), *pictures.rglob("*.xmp")]
    (target := root / "found").mkdir()
    (target / names[2]).symlink_to(outside / "new.png")
    copied = flagged.begin(copy_files, target, confined=True).wait()
    assert [one.name for one in outside.iterdir()] == ["turned"]
    assert (copied.copied, copied.there) == (len(names) - 2, 0)
    assert {file.name for file in target.iterdir() if not file.is_symlink()} >= set(names[3:])
    with pytest.raises(NotAllowedError):
        flagged.begin(copy_files, root / "new" / ".." / "..", confined=True)
    waiting = flagged.begin(copy_files, root / "later", confined=True)
    (root / "later").symlink_to(outside)
    with pytest.raises(DiscernError, match="out of the folders"):
        waiting.wait()
    bench.close()


def test_what_cannot_be_copied_is_left_out_and_long_names_are_cut_between_letters(tmp_path: Path) -> None:
    long, files = "ä" * 124 + ".jpg", []
    for number, name in enumerate((long, long, "plain.jpg", "gone.jpg", "pipe.jpg")):
        file = tmp_path / str(number) / name
        file.parent.mkdir()
        os.mkfifo(file) if name == "pipe.jpg" else file.write_bytes(name.encode())
        files.append((f"{number}" * 64, str(file)))
    Path(files[1][1]).write_bytes(b"another")
    Path(files[3][1]).unlink()
    out = tmp_path / "out"
    out.mkdir()
    first, again = [copy_into(out, files, link=False, listener=lambda *said: None) for _ in range(2)]
    assert (first.copied, first.left_out) == (3, {"the file is gone": 2})
    assert (again.copied, again.there) == (0, 3)
    assert {file.name for file in out.iterdir()} == {long, "ä" * 121 + "-11111111.jpg", "plain.jpg"}


def test_a_keyword_is_written_beside_a_picture_with_a_long_name(tmp_path: Path) -> None:
    """To a file that is made under another name first."""
    file = tmp_path / ("ä" * 123 + ".jpg")
    draw("line", 1).save(file)
    keywords, home = {"1": Keyword("a", 1, 0.9)}, tmp_path / "home"
    assert write_sidecars({"a"}, keywords, [("1", str(file))], home, lambda *said: None).written == 1


def test_keywords_of_others_are_read_when_pictures_are_added_and_can_be_labels(
    concept: Concept, tmp_path: Path
) -> None:
    app, folder = concept.app, tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(("1.jpg", "2.png")):
        draw("ellipse", 900 + number).save(folder / name)
    draw("line", 950).save(folder / "3.jpg", xmp=THEIRS.replace("blue", "sea").encode())  # in its own file
    sidecar_of(folder / "1.jpg").write_text(THEIRS)  # as digiKam names it
    (folder / "2.xmp").write_text(THEIRS.replace("oval", "square"))  # as Lightroom does
    import_pictures(app, [folder]).wait()

    def found(word: str) -> dict[str, str]:
        pictures = browse(app, PictureSelection(q=word, captions=True)).pictures
        return {Path(one.path).name: one.id for one in pictures}

    words = {"lake": {"1.jpg", "2.png"}, "SQUARE": {"2.png"}, "sea": {"3.jpg"}, "oval": {"1.jpg", "3.jpg"}}
    assert {word: set(found(word)) for word in words} == words
    columns = {one.name: one.value for one in picture_detail(app, found("square")["2.png"]).columns}
    assert columns == {"caption": "A balloon over the lake", "keywords": "square, blue"}
    oval = begin_concept(concept.app, "Oval", "An ellipse.")
    import_label_file(oval, folder, format="sidecars", meanings={"oval": "yes", "*": "leave out"})
    said = {i: one.value for i, one in decisions_of(oval).items()}
    assert said == dict.fromkeys(found("oval").values(), "yes")
