"""XMP sidecars (ISO 16684-1): keywords and captions in a file beside a picture, as photo programs keep them.

digiKam and darktable name it `FILE.EXT.xmp`, Lightroom `FILE.xmp`; both are read, the first is written. A
keyword of ours stands in `dc:subject` and in the hierarchies of Lightroom and digiKam, with its score and
version in a namespace of ours, which also says what of it was there before. Whatever else is in a sidecar
stays, in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from storage.errors import DiscernError
from storage.files import write_whole

Element = Any  # of lxml, which has no types

SUFFIX: Final = ".xmp"
MOST: Final = 16 * 1024**2  # bytes
ROOT: Final = "Discern"  # of the hierarchies
X, RDF = "adobe:ns:meta/", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC, LIGHTROOM = "http://purl.org/dc/elements/1.1/", "http://ns.adobe.com/lightroom/1.0/"
DIGIKAM, OURS = "http://www.digikam.org/ns/1.0/", "urn:discern:keywords:1/"
PREFIXES: Final = {
    X: "x", RDF: "rdf", DC: "dc", LIGHTROOM: "lr", DIGIKAM: "digiKam", OURS: "discern",
}  # fmt: skip
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


def sidecar_of(picture: Path) -> Path:
    return picture.with_name(f"{picture.name}{SUFFIX}")


class Sidecar:
    """What is in a sidecar."""

    def __init__(self, document: Any) -> None:
        self._document = document

    @classmethod
    def new(cls) -> Sidecar:
        return cls._of(f'{BEGIN}{EMPTY}\n<?xpacket end="w"?>'.encode())

    @classmethod
    def read(cls, file: Path) -> Sidecar:
        """Raises `BadSidecarError`, and `OSError`."""
        if file.stat().st_size > MOST:
            raise BadSidecarError(f"it has more than {MOST // 1024**2} MB")
        return cls._of(file.read_bytes())

    @classmethod
    def _of(cls, content: bytes) -> Sidecar:
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
    def keywords(self) -> list[str]:
        """Those of others, each once."""
        ours = {one for entry in self._entries() for one in self._added(entry)}
        return [one for one in dict.fromkeys(self._items(f"{{{DC}}}subject")) if f"subject {one}" not in ours]

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
            if f"{_short(tag)} {text}" in added:
                for item in self._all_items(tag):
                    if (item.text or "").strip() == text.strip():
                        self._drop(item)
        self._drop(entry)
        return True

    def write(self, file: Path) -> None:
        """A new one may be read by whoever may read the picture; its owner may write it. Raises `OSError`."""
        from lxml import etree

        like = file if file.exists() else file.with_suffix("")
        mode = like.stat().st_mode & 0o666 | 0o200 if like.exists() else 0o644
        write_whole(file, etree.tostring(self._document, encoding="utf-8"))
        with suppress(PermissionError):
            file.chmod(mode)

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

    def _add(self, tag: str, text: str) -> bool:
        if text.strip() in self._items(tag):
            return False
        self._sub(self._bag(tag), f"{{{RDF}}}li").text = text
        return True

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


def _tags(concept: str) -> tuple[tuple[str, str], ...]:
    """(property, keyword); | and / part the levels of a hierarchy."""
    flat = concept.replace("|", " ").replace("/", " ")
    return (
        (f"{{{DC}}}subject", concept),
        (f"{{{LIGHTROOM}}}hierarchicalSubject", f"{ROOT}|{flat}"),
        (f"{{{DIGIKAM}}}TagsList", f"{ROOT}/{flat}"),
    )


def _short(tag: str) -> str:
    return tag.rpartition("}")[2]
