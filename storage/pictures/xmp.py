"""XMP sidecars (ISO 16684-1): keywords and captions in a file beside a picture, as photo programs keep them.

digiKam and darktable name it `FILE.EXT.xmp`, Lightroom `FILE.xmp`; both are read, the first is written. A
keyword of ours stands in `dc:subject` and in the hierarchies of Lightroom and digiKam, with its score and
version in a namespace of ours, which also says what of it was there before. Whatever else is in a sidecar
stays, in its place.

Programs read the first of these lists that they find, in a sidecar before the picture's own file. One that
only we have begun would hide a person's keywords, so it repeats them, and our namespace says which those are.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from storage.errors import BadPictureError, DiscernError
from storage.files import read_regular, write_whole
from storage.pictures import sources
from storage.pictures.decoding import packets_of
from storage.pictures.files import Within

Element = Any  # of lxml, which has no types
Item = TypeVar("Item")

SUFFIX: Final = ".xmp"
MOST: Final = 16 * 1024**2  # bytes
MOST_INSIDE: Final = 2 * 1024**2  # bytes, of a picture's file: as elements they take a hundred times as much
ROOT: Final = "Discern"  # of the hierarchies
X, RDF = "adobe:ns:meta/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC, LIGHTROOM = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM, OURS = "http://www.digikam.org/ns/1.0/", "urn:discern:keywords:1/"
PREFIXES: Final = {
    X: "x", RDF: "rdf", DC: "dc", LIGHTROOM: "lr", DIGIKAM: "digiKam", OURS: "discern",
}  # fmt: skip
SUBJECT, HIERARCHY = f"{{{DC}}}subject", f"{{{LIGHTROOM}}}hierarchicalSubject"
TAGS, MIRRORED = f"{{{DIGIKAM}}}TagsList", f"{{{OURS}}}mirrored"
LISTS: Final = (SUBJECT, HIERARCHY, TAGS)
_NO_XML: Final = re.compile("[\x00-\x1f\x7f\ufffe\uffff]")
BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
EMPTY = f'<x:xmpmeta xmlns:x="{X}" x:xmptk="Discern"><rdf:RDF xmlns:rdf="{RDF}"/></x:xmpmeta>'


class BadSidecarError(DiscernError):
    """A sidecar that can't be read. It is left as it is."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The sidecar can’t be read: {why}.")


@dataclass(frozen=True)
class Keyword:
    """A concept as a keyword, and how sure a version is; the version is 0 where a person says so."""

    concept: str
    version: int
    score: float | None


@dataclass(frozen=True)
class OwnKeywords:
    """Keywords that people gave a picture: plain ones, and those with their levels, the outermost first."""

    plain: tuple[str, ...] = ()
    paths: tuple[tuple[str, ...], ...] = ()

    def __add__(self, other: OwnKeywords) -> OwnKeywords:
        return OwnKeywords(_once(self.plain + other.plain), _once(self.paths + other.paths))

    @property
    def names(self) -> tuple[str, ...]:
        """The plain ones, which programs write beside any hierarchy; without them the last level of each."""
        return self.plain or _once(path[-1] for path in self.paths)

    def listed(self) -> dict[str, tuple[str, ...]]:
        """The lists of a sidecar that show all of them. A level of a hierarchy isn't repeated beside it."""
        levels = {level for path in self.paths for level in path}
        flat = tuple(one for one in self.plain if one not in levels)
        return {
            SUBJECT: self.plain,
            HIERARCHY: _once([*map("|".join, self.paths), *flat]),
            TAGS: _once([*map(_as_tag, self.paths), *flat]),
        }


def sidecar_of(picture: Path) -> Path:
    return picture.with_name(f"{picture.name}{SUFFIX}")


def embedded(picture: Path, within: Within | None = None) -> OwnKeywords:
    """The keywords in a picture's own file, in XMP and IPTC. Raises `BadPictureError` where the file can't be
    opened or isn't `within`; what is damaged in it has none."""
    with sources.opened(str(picture), within) as file:
        packets = packets_of(file)
    if max(map(len, packets)) > MOST_INSIDE:
        raise BadPictureError("too-large", f"More than {MOST_INSIDE // 1024**2} MB in the file are about it.")
    return keywords_in(*packets)


def keywords_in(xmp: bytes, iptc: bytes) -> OwnKeywords:
    """The keywords of packets in a picture's file; none of what is damaged or too large."""
    own = OwnKeywords()
    if max(len(xmp), len(iptc)) > MOST_INSIDE:
        return own
    if xmp:
        with suppress(BadSidecarError):
            own = Sidecar.parsed(xmp.strip(b"\0 \r\n")).own
    return own + OwnKeywords(_once(_in_iptc(iptc)))


def elsewhere(picture: Path, within: Within | None = None) -> OwnKeywords:
    """The keywords that the sidecar of a picture may hide: in its own file and in Lightroom's sidecar. Raises
    `BadPictureError` as `embedded` does."""
    own, other = embedded(picture, within), picture.with_suffix(SUFFIX)
    if other != sidecar_of(picture) and other.exists():
        with suppress(BadSidecarError):
            return Sidecar.read(other).own + own
    return own


class Sidecar:
    """What is in a sidecar."""

    def __init__(self, document: Any) -> None:
        self._document = document

    @classmethod
    def new(cls) -> Sidecar:
        return cls.parsed(f'{BEGIN}{EMPTY}\n<?xpacket end="w"?>'.encode())

    @classmethod
    def read(cls, file: Path) -> Sidecar:
        """Raises `BadSidecarError`, also for a link, a pipe or a device."""
        try:
            content = read_regular(file, MOST)
        except OSError as error:
            raise BadSidecarError(error.strerror or str(error)) from error
        return cls.parsed(content)

    @classmethod
    def parsed(cls, content: bytes) -> Sidecar:
        """Raises `BadSidecarError` for what is no XMP."""
        from lxml import etree

        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=False
        )
        try:
            document = etree.fromstring(content, parser).getroottree()
        except (etree.XMLSyntaxError, ValueError) as error:
            raise BadSidecarError(f"it is not XML ({str(error)[:100]})") from None
        if document.docinfo.doctype:
            raise BadSidecarError("it declares a document type")
        if document.find(f".//{{{RDF}}}RDF") is None and document.getroot().tag != f"{{{RDF}}}RDF":
            raise BadSidecarError("it holds no RDF")
        return cls(document)

    # What it says

    @property
    def own(self) -> OwnKeywords:
        """Keywords of people: neither ours nor mirrored, nor ours as a program has copied them elsewhere."""
        plain = self._of_people(SUBJECT)
        split = [one.split("|") for one in self._of_people(HIERARCHY)]
        split += [[level.replace("|", "/") for level in one.split("/")] for one in self._of_people(TAGS)]
        paths = [path for levels in split if (path := tuple(level for level in levels if level.strip()))]
        copied = {path[-1] for path in paths if path[0] == ROOT}
        return OwnKeywords(
            _once(one for one in plain if one not in copied), _once(p for p in paths if p[0] != ROOT)
        )

    @property
    def removed(self) -> set[str]:
        """Keywords of the picture's own file that a person took out of this sidecar."""
        return self._mirrored(SUBJECT) - set(self._items(SUBJECT))

    @property
    def caption(self) -> str:
        """The description, else the title."""
        said = (*self._items(f"{{{DC}}}description"), *self._items(f"{{{DC}}}title"))
        return next(filter(None, said), "")

    def ours(self) -> list[str]:
        """Concepts that were written here."""
        return [entry.get(f"{{{OURS}}}concept", "") for entry in self._entries()]

    @property
    def is_ours_alone(self) -> bool:
        """Whether nothing is left in it but what made it."""
        root = self._document.getroot()
        return root.get(f"{{{X}}}xmptk") == "Discern" and not any(
            len(one) or set(one.attrib) - {f"{{{RDF}}}about"} for one in self._descriptions()
        )

    # What is changed

    def put(self, keyword: Keyword) -> bool:
        """Writes a keyword, or its newer score. Whether anything is different now."""
        told = {f"{{{OURS}}}version": str(keyword.version) if keyword.version else "", f"{{{OURS}}}score": ""}
        if keyword.score is not None:
            told[f"{{{OURS}}}score"] = f"{keyword.score:.4f}"
        entry = self._entry(keyword.concept)
        if entry is not None and all(entry.get(name, "") == value for name, value in told.items()):
            return False
        if entry is None:
            added = [tag for tag in _tags(keyword.concept) if self._add(*tag)]
            bag = self._bag(f"{{{OURS}}}keywords")
            entry = self._sub(bag, f"{{{RDF}}}li")
            entry.set(f"{{{OURS}}}concept", keyword.concept)
            entry.set(f"{{{OURS}}}added", "\n".join(f"{_short(tag)} {text}" for tag, text in added))
        for name, value in told.items():
            entry.attrib.pop(name, None)
            if value:
                entry.set(name, value)
        return True

    def take(self, concept: str) -> bool:
        """Takes a keyword out again, as far as it wasn't there before. Whether it was there."""
        entry = self._entry(concept)
        if entry is None:
            return False
        added = self._added(entry)
        for tag, text in _tags(concept):
            if f"{_short(tag)} {text}" in added and text.strip() not in self._mirrored(tag):
                for item in self._all_items(tag):
                    if (item.text or "").strip() == text.strip():
                        self._drop(item)
        self._drop(entry)
        return True

    def mirror(self, embedded: OwnKeywords) -> bool:
        """Repeats people's keywords, of this sidecar and `embedded` in the picture's file, in each list that
        would hide them because only we have begun it. Whether anything is different now.

        They follow people's keywords, and go with the last of ours. One that a person took out stays out, and
        a list that a person went on with stays whole.
        """
        wanted, noted, changed = (self.own + embedded).listed(), list[str](), False
        for tag in LISTS:
            here, ours, before = set(self._items(tag)), self._ours(tag), self._mirrored(tag)
            of_people = here - ours - before
            is_begun = bool(ours & here) and bool(before or not of_people)
            want = wanted[tag] if is_begun else ()
            gone = before.difference(want, ours) if is_begun or not of_people else set()
            added = {text: None for text in want if text not in before and text not in here}
            for item in [one for one in self._all_items(tag) if (one.text or "").strip() in gone]:
                self._drop(item)
            self._append(tag, added)
            noted += [f"{_short(tag)} {text}" for text in want if text in before or text in added]
            changed = changed or bool(here & gone or added)
        if noted == self._items(MIRRORED):
            return changed
        for item in list(self._all_items(MIRRORED)):
            self._drop(item)
        self._append(MIRRORED, noted)
        return True

    def write(self, file: Path) -> None:
        """A new one may be read by whoever may read the picture; its owner may write it. Raises `OSError`,
        and `BadSidecarError` where it has become too large to be read again."""
        from lxml import etree

        content = etree.tostring(self._document, encoding="utf-8")
        if len(content) > MOST:
            raise BadSidecarError(f"with the picture’s own keywords it has more than {MOST // 1024**2} MB")
        like = file if file.exists() else file.with_suffix("")
        mode = like.stat().st_mode & 0o666 | 0o200 if like.exists() else 0o644
        write_whole(file, content, mode)

    # Inside

    def _rdf(self) -> Element:
        root: Element = self._document.getroot()
        found = root if root.tag == f"{{{RDF}}}RDF" else root.find(f".//{{{RDF}}}RDF")
        assert found is not None
        return found

    def _descriptions(self) -> list[Element]:
        found: list[Element] = self._rdf().findall(f"{{{RDF}}}Description")
        return found

    def _all_items(self, tag: str) -> Iterator[Element]:
        for description in self._descriptions():
            for one in description.findall(tag):
                yield from one.findall(f"*/{{{RDF}}}li")

    def _items(self, tag: str) -> list[str]:
        return [text for item in self._all_items(tag) if (text := (item.text or "").strip())]

    def _entries(self) -> list[Element]:
        return [one for one in self._all_items(f"{{{OURS}}}keywords") if one.get(f"{{{OURS}}}concept")]

    def _entry(self, concept: str) -> Element | None:
        return next((one for one in self._entries() if one.get(f"{{{OURS}}}concept") == concept), None)

    def _added(self, entry: Element) -> list[str]:
        return (entry.get(f"{{{OURS}}}added") or "").split("\n")

    def _ours(self, tag: str) -> set[str]:
        marks = (mark.partition(" ") for entry in self._entries() for mark in self._added(entry))
        return {text.strip() for short, _, text in marks if short == _short(tag)}

    def _mirrored(self, tag: str) -> set[str]:
        marks = (mark.partition(" ") for mark in self._items(MIRRORED))
        return {text for short, _, text in marks if short == _short(tag)}

    def _of_people(self, tag: str) -> list[str]:
        others = self._ours(tag) | self._mirrored(tag)
        return [one for one in self._items(tag) if one not in others]

    def _add(self, tag: str, text: str) -> bool:
        if text.strip() in self._items(tag):
            return text.strip() in self._mirrored(tag)  # which makes it ours, too: it stays as long as either
        self._append(tag, [text])
        return True

    def _append(self, tag: str, texts: Iterable[str]) -> None:
        bag = None
        for text in texts:
            bag = self._bag(tag) if bag is None else bag
            self._sub(bag, f"{{{RDF}}}li").text = text

    def _bag(self, tag: str) -> Element:
        """The list of this name, which is made where there is none."""
        for description in self._descriptions():
            for one in description.findall(tag):  # a property stands once, an empty one too
                return one[0] if len(one) else self._sub(one, f"{{{RDF}}}Bag")
        found = self._descriptions()
        description = found[0] if found else self._sub(self._rdf(), f"{{{RDF}}}Description")
        if not found:
            description.set(f"{{{RDF}}}about", "")
        return self._sub(self._sub(description, tag), f"{{{RDF}}}Bag")

    def _sub(self, parent: Element, tag: str) -> Element:
        from lxml import etree

        uri = tag[1:].partition("}")[0]
        spaces = {PREFIXES[uri]: uri}
        if uri == RDF:  # its items carry attributes of ours
            spaces[PREFIXES[OURS]] = OURS
        return etree.SubElement(parent, tag, nsmap=spaces)

    def _drop(self, item: Element) -> None:
        """With the list and the property that are left empty."""
        while (parent := item.getparent()) is not None and item.tag != f"{{{RDF}}}Description":
            before = item.getprevious()
            if item.tail and item.tail.strip():  # text between elements stays
                if before is not None:
                    before.tail = (before.tail or "") + item.tail
                else:
                    parent.text = (parent.text or "") + item.tail
            parent.remove(item)
            if len(parent):
                return
            item = parent


def _in_iptc(block: bytes) -> Iterator[str]:
    """The keywords of an IPTC block, which nearly every program writes as UTF-8, and old ones as Latin-1."""
    place = 0
    while block[place : place + 1] == b"\x1c" and place + 5 <= len(block):
        record, number, length = struct.unpack_from(">BBH", block, place + 1)
        value = block[place + 5 : place + 5 + length]
        if length & 0x8000:  # something else, of more than 32 kB
            return
        if (record, number) == (2, 25):
            try:
                text = value.decode("utf-8")
            except UnicodeDecodeError:
                text = value.decode("latin-1")
            if text := _NO_XML.sub(" ", text).strip():
                yield text
        place += 5 + length


def _as_tag(path: Sequence[str]) -> str:
    """A / in a level is written as |, as Immich does."""
    return "/".join(level.replace("/", "|") for level in path)


def _once(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


def _tags(concept: str) -> tuple[tuple[str, str], ...]:
    """(property, keyword); | and / part the levels of a hierarchy."""
    flat = concept.replace("|", " ").replace("/", " ")
    return (
        (SUBJECT, concept),
        (HIERARCHY, f"{ROOT}|{flat}"),
        (TAGS, f"{ROOT}/{flat}"),
    )


def _short(tag: str) -> str:
    return tag.rpartition("}")[2]
