"""The photographs of the guided tour and of Home: free ones, cut into a library.

They are in the repository and in what is installed from it, so each has to be free of conditions. Which are
is read from the package's own copyright file; whatever else lies in it is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from concepts.errors import DiscernError
from concepts.library.sample import unpacked

PACKAGE = "budgie-backgrounds"
PICTURES = Path("usr/share/backgrounds/budgie")
COPYRIGHT = Path("usr/share/doc") / PACKAGE / "copyright"
# Short names as Debian writes them. Others ask for something: a name beside the picture, the same licence.
FREE = frozenset({"CC0", "CC0-1.0", "public-domain"})
# Which folder of the library a photograph's parts are in. In none: two that are drawn, one nearly all black.
FOLDERS = {
    "Animals": ("canyon-wren", "oakland-zoo-otters", "perched-osprey"),
    "Buildings": (
        "abstract-spiral",
        "casa-mila",
        "high-trestle-trail",
        "piazza-gae-aulenti",
        "roman-colosseum",
    ),
    "Cities": ("beacon-street-sunset", "singaporean-cityscape"),
    "Land and water": ("extreme-desert-hike", "lake-sherburne", "ocean-waves", "tea-gardens"),
    "Plants": ("blue-periwinkle",),
}
LEAST, LONGER_SIDE = 240, 800  # pixels
SEED = 3
GRID = 96  # what looks at a picture's detail sees it so small
SOMETHING = 5.0  # grey levels from cell to cell in a part's busiest tenth; below it shows next to nothing
Box = tuple[int, int, int, int]  # left, top, right, bottom


def is_free(file: str, paragraphs: Iterable[tuple[Sequence[str], str]]) -> bool:
    """Whether every paragraph that can mean a file of this name sets it free, and one does.

    Stricter than Debian's rule, where the last one holds: a package that is installed has other folders than
    its source, of which the paragraphs speak. The packaging itself is no picture.
    """
    licences = [
        licence
        for patterns, licence in paragraphs
        if any(
            fnmatchcase(file, PurePosixPath(pattern).name)
            for pattern in patterns
            if not pattern.startswith("debian/")
        )
    ]
    return bool(licences) and FREE.issuperset(licences)


def paragraphs_of(text: str) -> list[tuple[list[str], str]]:
    """(patterns of files, short name of their licence). None in a file that isn't machine-readable."""
    if not text.startswith("Format:"):
        return []
    found = []
    for paragraph in text.split("\n\n"):
        fields: dict[str, list[str]] = {}
        lines = fields.setdefault("", [])
        for line in paragraph.splitlines():
            if line[:1].isspace():
                lines.append(line.strip())
            elif ":" in line:
                name, _, value = line.partition(":")
                lines = fields.setdefault(name, [])
                lines.append(value.strip())
        if "Files" in fields and "License" in fields:
            found.append((" ".join(fields["Files"]).split(), fields["License"][0]))
    return found


def free_pictures(root: Path) -> list[Path]:
    """Those of an unpacked (or the installed) package that may be used without conditions. Raises
    `DiscernError` where there is none."""
    paragraphs = paragraphs_of((root / COPYRIGHT).read_text(encoding="utf-8"))
    free = [file for file in sorted((root / PICTURES).glob("*.jpg")) if is_free(file.name, paragraphs)]
    if not free:
        raise DiscernError(f"No picture in {root / PICTURES} is in the public domain or under CC0.")
    return free


def photographs(work: Path) -> list[Path]:
    """The free ones, from the installed package or one that is fetched into `work`."""
    root = Path("/")
    if not (root / PICTURES).is_dir() or not (root / COPYRIGHT).is_file():
        root = unpacked(PACKAGE, work)
    return free_pictures(root)


def cut_library(folder: Path, files: Sequence[Path]) -> int:
    """Cuts the photographs into parts that share no pixel, in folders by what they show; says how many. Parts
    that show next to nothing are left out."""
    rng, made = np.random.default_rng(SEED), 0
    for file in files:
        place = next((name for name, stems in FOLDERS.items() if file.stem in stems), None)
        if place is None:
            continue
        (folder / place).mkdir(parents=True, exist_ok=True)
        with Image.open(file) as opened:
            photograph = opened.convert("RGB")
        for number, box in enumerate(parts((0, 0, *photograph.size), LEAST, rng), 1):
            part = photograph.crop(box)
            if np.percentile(detail(part), 90) < SOMETHING:
                continue
            part.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
            part.save(folder / place / f"{file.stem}-{number:02}.jpg", quality=88)
            made += 1
    return made


def parts(box: Box, least: int, rng: np.random.Generator) -> list[Box]:
    """Cuts a box across, again and again, as long as no side gets shorter than `least`."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    across = width * rng.uniform(0.75, 1.25) > height
    if max(width, height) < 2 * least or width * height < 2.6 * least**2:
        return [box]
    if (width if across else height) < 2 * least:
        across = not across
    if across:
        middle = left + _cut(width, least, rng)
        halves: tuple[Box, Box] = (left, top, middle, bottom), (middle, top, right, bottom)
    else:
        middle = top + _cut(height, least, rng)
        halves = (left, top, right, middle), (left, middle, right, bottom)
    return [part for half in halves for part in parts(half, least, rng)]


def _cut(length: int, least: int, rng: np.random.Generator) -> int:
    shorter = max(least, int(0.38 * length))
    return int(rng.integers(shorter, length - shorter + 1))


def detail(picture: Image.Image) -> np.ndarray:
    """How much the brightness changes from cell to cell, in grey levels; (GRID, GRID)."""
    small = picture.convert("L").resize((GRID, GRID), Image.Resampling.BOX)
    down, across = np.gradient(np.asarray(small, dtype=float))
    return np.asarray(np.hypot(down, across))


# What the simulated person goes by. No part of the product looks at it.


@cache
def warmth(file: Path) -> float:
    """How much red outshines both green and blue on average, in levels of 255."""
    with Image.open(file) as picture:
        red, green, blue = np.asarray(picture.convert("RGB"), dtype=float).mean((0, 1))
    return float(red - max(green, blue))


@cache
def busyness(file: Path) -> float:
    """Of the calmest of three bands (upper, middle, lower), in grey levels from cell to cell."""
    with Image.open(file) as picture:
        found = detail(picture)
    third = GRID // 3
    return float(min(found[top : top + third].mean() for top in range(0, GRID, third)))


@cache
def brightness(file: Path) -> float:
    """0 to 255, the mean."""
    with Image.open(file) as picture:
        return float(np.asarray(picture.convert("L"), dtype=float).mean())
