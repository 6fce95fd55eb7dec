"""Small things in photographs: objects of one labelled folder pasted into the pictures of another.

    python -m study.pasted GROCERY OASIS OUT --classes 20 --smallest 0.01 --largest 0.05

Writes a labelled folder whose pictures have a thing of a known class, and as columns where it is and how much
of the picture it takes. Every photograph comes `--times`, each time with another thing: what a classifier
knows of a photograph says nothing of what counts.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from study.pictures import read_folder

SIDE = 768  # of the photographs, the shorter one
COLUMNS = ("path", "thing", "area", "left", "top", "right", "bottom", "photograph")


@dataclass(frozen=True)
class Pasted:
    """`column` tells the class of an object; smallest and largest are shares of a picture's area, drawn
    evenly on a logarithmic scale."""

    objects: Path
    photographs: Path
    out: Path
    column: str
    classes: int
    smallest: float
    largest: float
    times: int
    seed: int


def paste(wanted: Pasted) -> int:
    """Writes the pictures and `labels.csv`; returns how many."""
    objects = read_folder(wanted.objects)
    photographs = sorted(read_folder(wanted.photographs).rows)
    counts = Counter(row[wanted.column] for row in objects.rows.values())
    classes = sorted(name for name, _ in counts.most_common(wanted.classes))
    of_class = {
        name: sorted(path for path, row in objects.rows.items() if row[wanted.column] == name)
        for name in classes
    }
    rng = np.random.default_rng(wanted.seed)
    (wanted.out / "images").mkdir(parents=True, exist_ok=True)
    rows = list(_pictures(wanted, photographs * wanted.times, of_class, rng))
    with (wanted.out / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return len(rows)


def _pictures(
    wanted: Pasted,
    photographs: Sequence[str],
    of_class: dict[str, list[str]],
    rng: np.random.Generator,
) -> Iterator[tuple[object, ...]]:
    for place, photograph in enumerate(photographs):
        name = str(rng.choice(sorted(of_class)))
        thing = wanted.objects / str(rng.choice(of_class[name]))
        with Image.open(wanted.photographs / photograph) as opened:
            picture = opened.convert("RGB")
        scale = SIDE / min(picture.size)
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.BICUBIC
        )
        area = float(np.exp(rng.uniform(np.log(wanted.smallest), np.log(wanted.largest))))
        side = round((area * picture.width * picture.height) ** 0.5)
        left, top = int(rng.integers(picture.width - side + 1)), int(rng.integers(picture.height - side + 1))
        picture.paste(cut_out(thing, side), (left, top), round_mask(side))
        path = f"images/{place:05d}.jpg"
        picture.save(wanted.out / path, quality=90)
        width, height = picture.size
        box = (left / width, top / height, (left + side) / width, (top + side) / height)
        yield path, name, round(area, 4), *(round(edge, 4) for edge in box), photograph


def cut_out(path: Path, side: int) -> Image.Image:
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    shorter = min(whole.size)
    left, top = (whole.width - shorter) // 2, (whole.height - shorter) // 2
    square = whole.crop((left, top, left + shorter, top + shorter))
    return square.resize((side, side), Image.Resampling.BICUBIC)


def round_mask(side: int) -> Image.Image:
    """Soft edges, so that no edge tells that something was pasted."""
    mask = Image.new("L", (side, side), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    return mask.filter(ImageFilter.GaussianBlur(max(1, side / 60)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Paste small things into photographs.")
    for folder in ("objects", "photographs", "out"):
        parser.add_argument(folder, type=Path)
    parser.add_argument("--column", default="coarse")
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--smallest", type=float, default=0.01)
    parser.add_argument("--largest", type=float, default=0.05)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    wanted = Pasted(**vars(parser.parse_args()))
    print(f"{paste(wanted):,} pictures in {wanted.out}")


if __name__ == "__main__":
    main()
