"""Photo programs read the first list of keywords that they find, in a sidecar before the picture's own file.
Ours hides no keyword of a person from them, and leaves nothing behind."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from xml.etree import ElementTree

import pytest
from drawing import draw
from lxml import etree
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from concepts.labelling.formats.sidecars import Sidecars
from concepts.results.keyword_files import KeywordsWritten, write_sidecars
from storage.names import key_of
from storage.pictures.xmp import Keyword, sidecar_of

NAME, ID = "messy room", "1"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
SUBJECT = "{http://purl.org/dc/elements/1.1/}subject"
HIERARCHY = "{http://ns.adobe.com/lightroom/1.0/}hierarchicalSubject"
TAGS = "{http://www.digikam.org/ns/1.0/}TagsList"


@dataclass(frozen=True)
class Said:
    """Keywords as a program wrote them, in a file's IPTC or in lists of XMP."""

    iptc: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    hierarchy: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def xmp(self) -> str:
        said = ""
        for tag, texts in ((SUBJECT, self.subject), (HIERARCHY, self.hierarchy), (TAGS, self.tags)):
            space, _, name = tag[1:].partition("}")
            items = "".join(f"<rdf:li>{text}</rdf:li>" for text in texts)
            said += f'<k:{name} xmlns:k="{space}"><rdf:Bag>{items}</rdf:Bag></k:{name}>' if texts else ""
        about = f'<rdf:Description rdf:about="">{said}</rdf:Description>'
        about = f'<rdf:RDF xmlns:rdf="{RDF[1:-1]}">{about}</rdf:RDF>'
        return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{about}</x:xmpmeta>'

    @property
    def block(self) -> bytes:
        """IPTC IIM, in UTF-8 as it says."""
        records = [(1, 90, b"\x1b%G"), *((2, 25, one.encode()) for one in self.iptc)]
        return b"".join(b"\x1c" + struct.pack(">BBH", a, b, len(text)) + text for a, b, text in records)


NOTHING = Said()
EMBEDDED = {
    "nothing": NOTHING,
    "IPTC": Said(iptc=("Zürich", "AC/DC")),
    "XMP": Said(subject=("lake", "blue")),
    "both": Said(iptc=("lake", "boat"), subject=("lake", "blue")),
    "Lightroom": Said(
        iptc=("Paris", "blue"), subject=("Paris", "blue"), hierarchy=("Places|France|Paris", "blue")
    ),
    "a hierarchy alone": Said(hierarchy=("Places|France|Paris", "a/b|c")),
    "digiKam": Said(subject=("Ana",), tags=("People/Ana",), hierarchy=("People|Ana",)),
    "its own name": Said(iptc=(NAME,), subject=(NAME, "blue")),
}
BESIDE = {
    "no sidecar": NOTHING,
    "plain ones": Said(subject=("oval", "lake")),
    "a hierarchy": Said(subject=("Berlin",), hierarchy=("Places|Berlin",)),
    "tags": Said(subject=("Ben",), tags=("People/Ben",)),
}


def write_jpeg(file: Path, said: Said) -> None:
    has_xmp = replace(said, iptc=()) != NOTHING
    draw("ellipse", 1).save(file, xmp=said.xmp.encode() if has_xmp else b"")
    if said.iptc:
        add_iptc(file, said.block, len(said.block))


def add_iptc(file: Path, block: bytes, length: int) -> None:
    """To a JPEG, with a length that it may not have."""
    segment = (
        b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", length) + block + b"\0" * (len(block) % 2)
    )
    data = file.read_bytes()
    file.write_bytes(data[:2] + b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment + data[2:])


def lists_of(file: Path) -> Said:
    """A sidecar, as any program reads it."""
    if not file.exists():
        return NOTHING
    tree = ElementTree.parse(file)
    items = (
        [i for one in tree.iter(tag) for i in one.iter(f"{RDF}li")] for tag in (SUBJECT, HIERARCHY, TAGS)
    )
    return Said((), *(tuple(item.text or "" for item in some) for some in items))


def in_immich(file: Said, sidecar: Said) -> set[str]:
    """TagsList, else the hierarchy, else the others; of each the sidecar's before the file's."""
    if tags := sidecar.tags or file.tags:
        return set(tags)
    if paths := sidecar.hierarchy or file.hierarchy:
        return {"/".join(level.replace("/", "|") for level in path.split("|")) for path in paths}
    return {*(sidecar.subject or file.subject), *file.iptc}


def in_darktable(file: Said, sidecar: Said) -> set[str]:
    """The hierarchy first; where there is a sidecar, that alone."""
    read = sidecar if sidecar != NOTHING else file
    return set(read.hierarchy or (*read.subject, *read.iptc))


def plainly(file: Said, sidecar: Said) -> set[str]:
    """A program that knows no hierarchy."""
    return set(sidecar.subject or (*file.subject, *file.iptc))


def with_levels(keywords: Iterable[str]) -> set[str]:
    """Under which a keyword is shown, too, where it is in a hierarchy."""
    return {part for one in keywords for part in (one, *re.split("[|/]", one))}


READERS = {"Immich": in_immich, "darktable": in_darktable, "another": plainly}
OURS = {"Immich": f"Discern/{NAME}", "darktable": f"Discern|{NAME}", "another": NAME}


def write(file: Path, keyword: str | None = NAME, names: Iterable[str] = (NAME,)) -> KeywordsWritten:
    keywords = {ID: Keyword(keyword, 1, 0.9)} if keyword else {}
    files = [(ID, str(file))]
    return write_sidecars({*map(key_of, names)}, keywords, files, file.parent / "home", lambda *said: None)


def same(file: Path) -> bytes:
    return etree.tostring(etree.parse(file, etree.XMLParser(remove_blank_text=True)), method="c14n")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return tmp_path / "1.jpg"


@pytest.mark.parametrize("inside", EMBEDDED)
@pytest.mark.parametrize("beside", BESIDE)
def test_every_program_sees_what_it_saw_before_and_ours_and_all_of_ours_goes(
    picture: Path, inside: str, beside: str
) -> None:
    file, other, sidecar = EMBEDDED[inside], BESIDE[beside], sidecar_of(picture)
    write_jpeg(picture, file)
    if other != NOTHING:
        sidecar.write_text(other.xmp)
    before, bytes_before = {name: read(file, other) for name, read in READERS.items()}, picture.read_bytes()
    assert write(picture).written == 1
    for name, read in READERS.items():
        seen = read(file, lists_of(sidecar))
        assert OURS[name] in seen, name
        assert with_levels(seen) >= before[name], name
    content = sidecar.read_bytes()
    assert (write(picture).unchanged, sidecar.read_bytes()) == (1, content)
    assert write(picture, None).removed == 1
    assert sidecar.exists() == (other != NOTHING)
    if other != NOTHING:
        (picture.parent / "before.xmp").write_text(other.xmp)
        assert same(sidecar) == same(picture.parent / "before.xmp")
    assert picture.read_bytes() == bytes_before


def test_a_concept_is_renamed_and_another_leaves_while_theirs_stay(picture: Path) -> None:
    file, sidecar = EMBEDDED["its own name"], sidecar_of(picture)
    write_jpeg(picture, file)
    write(picture)
    write(picture, "wet floor", ["wet floor"])
    write(picture, "untidy room", [NAME, "untidy room"])
    seen = in_immich(file, lists_of(sidecar))
    assert seen == {NAME, "blue", "Discern/untidy room", "Discern/wet floor"}
    assert plainly(file, lists_of(sidecar)) == {NAME, "blue", "untidy room", "wet floor"}
    write(picture, None, [NAME, "untidy room"])
    assert in_immich(file, lists_of(sidecar)) == {NAME, "blue", "Discern/wet floor"}
    write(picture, None, ["wet floor"])
    assert not sidecar.exists()


@pytest.mark.parametrize("before", ["nothing", "XMP"])
def test_what_is_repeated_follows_the_picture(picture: Path, before: str) -> None:
    write_jpeg(picture, EMBEDDED[before])
    write(picture)
    now = Said(iptc=("blue", "storm"))
    write_jpeg(picture, now)
    assert write(picture).written == 1
    for name, read in READERS.items():
        assert read(now, lists_of(sidecar_of(picture))) == {"blue", "storm", OURS[name]}
    write(picture, None)
    assert not sidecar_of(picture).exists()


def test_a_keyword_that_a_person_takes_out_or_adds_in_the_sidecar_stays_so(picture: Path) -> None:
    """In all lists, as digiKam and darktable do it, in which our notes stay."""
    file, sidecar = EMBEDDED["XMP"], sidecar_of(picture)
    write_jpeg(picture, file)
    write(picture)
    text = sidecar.read_text()
    for note in ("subject", "hierarchicalSubject", "TagsList"):
        text = text.replace(f">{note} lake<", f">{note} LAKE<")  # out of reach of the next line
    text = text.replace(">lake<", ">holiday<").replace("LAKE", "lake")
    sidecar.write_text(text)
    assert write(picture).unchanged == 1
    for name, read in READERS.items():
        assert read(file, lists_of(sidecar)) == {"blue", "holiday", OURS[name]}
    assert labels_in(picture.parent) == ["holiday", "blue"]
    write(picture, None)  # theirs would hide what they left in the picture, so that stays beside it
    for read in READERS.values():
        assert read(file, lists_of(sidecar)) == {"blue", "holiday"}
    assert "<discern:" not in sidecar.read_text()


def labels_in(folder: Path) -> list[str]:
    return [str(row["label"]) for _, row in Sidecars().read(folder) if isinstance(row, dict)]


def other_formats(folder: Path) -> Iterator[tuple[Path, Said]]:
    """Pictures of every format in which keywords are read."""
    said, image = Said(subject=("lake", "blue")), Image.new("RGB", (32, 32), "teal")
    for suffix in (".jpg", ".webp", ".avif"):
        image.save(folder / f"a{suffix}", xmp=said.xmp.encode())
        yield folder / f"a{suffix}", said
    early, late, info = folder / "early.png", folder / "late.png", PngInfo()
    info.add_itxt("XML:com.adobe.xmp", said.xmp, zip=True)
    image.save(early, pnginfo=info)
    yield early, said
    image.save(late)
    data, text = late.read_bytes(), b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + said.xmp.encode()
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    late.write_bytes(data[:-12] + chunk + data[-12:])
    yield late, said
    both = replace(said, iptc=("boat",))
    image.save(folder / "a.tif", tiffinfo={700: said.xmp.encode(), 33723: both.block})
    yield folder / "a.tif", both


def test_keywords_in_pictures_of_other_formats_are_repeated_and_read(tmp_path: Path) -> None:
    for picture, said in other_formats(tmp_path):
        folder = tmp_path / picture.stem / picture.suffix
        folder.mkdir(parents=True)
        picture = picture.rename(folder / picture.name)
        write(picture)
        expected = {*said.subject, *said.iptc}
        assert in_immich(said, lists_of(sidecar_of(picture))) == expected | {f"Discern/{NAME}"}
        assert set(labels_in(folder)) == expected, picture.name


def test_labels_come_from_a_sidecar_and_from_the_picture_each_once(picture: Path) -> None:
    write_jpeg(picture, EMBEDDED["both"])
    sidecar_of(picture).write_text(BESIDE["plain ones"].xmp)
    assert labels_in(picture.parent) == ["oval", "lake", "blue", "boat"]
    write(picture)
    assert labels_in(picture.parent) == ["oval", "lake", "blue", "boat"]
    sidecar_of(picture).unlink()
    write_jpeg(picture, Said(hierarchy=("Places|Paris", f"Discern|{NAME}"), subject=(NAME,)))
    assert labels_in(picture.parent) == ["Paris"]  # ours, as a program copied it into the picture


HOSTILE = {
    "half": b"<x:xmpmeta",
    "an entity": b'<!DOCTYPE x [<!ENTITY a "b">]>' + Said(subject=("&a;",)).xmp.encode(),
    "deep": b"<a>" * 9000,
    "no text": "\ud800".encode("utf-8", "surrogatepass") * 99,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_damage_inside_a_picture_is_no_keyword_and_stops_nothing(picture: Path, what: str) -> None:
    Image.new("RGB", (8, 8)).save(picture, xmp=HOSTILE[what])
    assert write(picture).written == 1
    assert in_immich(NOTHING, lists_of(sidecar_of(picture))) == {f"Discern/{NAME}"}
    data = picture.read_bytes()
    for length, at in product((0xFFFF, 0x8004, 3), (0, 7)):
        block = b"\x1c\x02\x19" + struct.pack(">H", length) + b"ab\x01"
        picture.write_bytes(data)
        add_iptc(picture, block, len(block) + at)
        assert set(labels_in(picture.parent)) <= {"ab"}


def test_no_sidecar_is_written_that_is_too_large_or_beside_too_much(
    picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tuple(f"word {number}" for number in range(120_000))
    much = picture.with_name("2.webp")
    Image.new("RGB", (8, 8)).save(much, xmp=Said(subject=words).xmp.encode())
    assert write(much).left_out == {"More than 2 MB in the file are about it.": 1}
    assert labels_in(picture.parent) == []
    write_jpeg(picture, EMBEDDED["XMP"])
    monkeypatch.setattr("storage.pictures.xmp.MOST", 900)
    (why,) = write(picture).left_out
    assert "more than" in why
    assert not list(picture.parent.glob("*.xmp"))
