"""XMP sidecars: our keyword goes in and out, and nothing that others wrote is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from storage.pictures.xmp import DC, DIGIKAM, LIGHTROOM, MOST, RDF, BadSidecarError, Keyword, Sidecar

NAME = "messy room"
BY_US = Keyword(NAME, 3, 0.9142)

# As these programs write them, shortened: attributes and elements, several descriptions, comments, edits.
DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:darktable="http://darktable.sf.net/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmp:Rating="4" darktable:xmp_version="5">
   <darktable:history><rdf:Seq><rdf:li darktable:num="0" darktable:operation="exposure"/>
   </rdf:Seq></darktable:history>
   <dc:subject><rdf:Bag><rdf:li>holiday</rdf:li><rdf:li>messy room</rdf:li></rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>places|home</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Our flat</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>"""
DIGIKAM_S = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- kept by hand -->
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>
<rdf:Description rdf:about="" xmlns:digiKam="http://www.digikam.org/ns/1.0/" digiKam:ColorLabel="2">
<digiKam:TagsList><rdf:Seq><rdf:li>People/Ana</rdf:li></rdf:Seq></digiKam:TagsList></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def written(folder: Path, content: str) -> Path:
    file = folder / "1.jpg.xmp"
    file.write_text(content, encoding="utf-8")
    return file


def canonical(file: Path) -> bytes:
    """Without white space between elements, comments and instructions kept."""
    parser = etree.XMLParser(remove_blank_text=True)
    return etree.tostring(etree.parse(file, parser), method="c14n", with_comments=True)


def items(file: Path, tag: str) -> list[str]:
    found = etree.parse(file).iterfind(f".//{tag}//{{{RDF}}}li")
    return [str(item.text) for item in found]


def test_a_new_sidecar_has_what_photo_programs_read_and_is_nothing_once_it_is_taken_out(
    tmp_path: Path,
) -> None:
    file = tmp_path / "1.jpg.xmp"
    sidecar = Sidecar.new()
    assert sidecar.put(BY_US)
    sidecar.write(file)
    assert items(file, f"{{{DC}}}subject") == [NAME]
    assert items(file, f"{{{LIGHTROOM}}}hierarchicalSubject") == [f"Discern|{NAME}"]
    assert items(file, f"{{{DIGIKAM}}}TagsList") == [f"Discern/{NAME}"]
    text = file.read_text(encoding="utf-8")
    assert 'discern:score="0.9142"' in text
    assert 'discern:version="3"' in text
    assert text.startswith("<?xpacket begin")
    again = Sidecar.read(file)
    assert (again.ours(), again.own.names) == ([NAME], ())
    assert again.take(NAME)
    assert again.is_ours_alone


@pytest.mark.parametrize(
    ("content", "names", "caption"), [(DARKTABLE, ("holiday", NAME), "Our flat"), (DIGIKAM_S, ("Ana",), "")]
)
def test_in_and_out_again_leaves_what_others_wrote_as_it_was(
    tmp_path: Path, content: str, names: tuple[str, ...], caption: str
) -> None:
    file = written(tmp_path, content)
    before = canonical(file)
    for keyword in (BY_US, Keyword("another", 1, 0.5)):
        sidecar = Sidecar.read(file)
        assert sidecar.put(keyword)
        sidecar.write(file)
        assert items(file, f"{{{DC}}}subject").count(keyword.concept) == 1  # also what a person had given
    assert (Sidecar.read(file).own.names, Sidecar.read(file).caption) == (names, caption)
    for concept in (NAME, "another"):
        sidecar = Sidecar.read(file)
        assert sidecar.take(concept)
        sidecar.write(file)
    assert canonical(file) == before
    assert not Sidecar.read(file).is_ours_alone


def test_the_same_again_is_no_change_and_another_version_is() -> None:
    sidecar = Sidecar.new()
    assert sidecar.put(BY_US)
    assert not sidecar.put(Keyword(NAME, 3, 0.91421))
    assert sidecar.put(Keyword(NAME, 4, 0.9))
    assert sidecar.put(Keyword(NAME, 0, None))
    assert sidecar.ours() == [NAME]


@pytest.mark.parametrize("subject", ["<dc:subject/>", "<dc:subject><rdf:Bag/></dc:subject>"])
def test_a_property_stands_once_and_a_sidecar_may_be_rdf_alone(tmp_path: Path, subject: str) -> None:
    about = (
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description xmlns:dc="{DC}">{subject}</rdf:Description></rdf:RDF>'
    )
    file = written(tmp_path, about)
    (tmp_path / "1.jpg").write_bytes(b"")
    file.chmod(0o640)
    sidecar = Sidecar.read(file)
    sidecar.put(BY_US)
    sidecar.write(file)
    assert len(list(etree.parse(file).iterfind(f".//{{{DC}}}subject"))) == 1
    assert items(file, f"{{{DC}}}subject") == [NAME]
    assert file.stat().st_mode & 0o777 == 0o640


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1))
def test_any_name_goes_in_and_out(name: str) -> None:
    sidecar = Sidecar.new()
    sidecar.put(Keyword(name, 1, 0.5))
    assert sidecar.ours() == [name]
    assert sidecar.take(name)
    assert sidecar.is_ours_alone


ENTITY = '<!DOCTYPE x [<!ENTITY a "b">]><x:xmpmeta xmlns:x="adobe:ns:meta/">&a;</x:xmpmeta>'


@pytest.mark.parametrize(
    ("content", "why"), [("", "not XML"), ("<x>", "not XML"), ("<x/>", "no RDF"), (ENTITY, "document type")]
)
def test_what_is_no_sidecar_is_refused_and_left_as_it_is(tmp_path: Path, content: str, why: str) -> None:
    file = written(tmp_path, content)
    with pytest.raises(BadSidecarError, match=why):
        Sidecar.read(file)
    assert file.read_text() == content


def test_neither_a_pipe_nor_a_device_nor_a_link_nor_endless_content_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "1.jpg.xmp"
    os.mkfifo(file)
    with pytest.raises(BadSidecarError, match="not a regular file"):
        Sidecar.read(file)
    for target in ("/dev/zero", written(tmp_path / "..", DARKTABLE), tmp_path / "nothing"):
        file.unlink()
        file.symlink_to(target)
        with pytest.raises(BadSidecarError, match="is a link"):
            Sidecar.read(file)
    file.unlink()
    file.symlink_to(written(tmp_path / "..", DARKTABLE))
    with monkeypatch.context() as on_windows:
        on_windows.setattr("storage.files._NO_LINKS", 0)  # which has no word for it
        with pytest.raises(BadSidecarError, match="is a link"):
            Sidecar.read(file)
    file.unlink()
    with file.open("wb") as out:
        out.truncate(MOST + 1)
    with pytest.raises(BadSidecarError, match="more than 16 MB"):
        Sidecar.read(file)
