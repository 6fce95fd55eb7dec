"""Labelled pictures with attributes, and concepts whose first definition isn't what the person means."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

SIGNATURE = 12  # pixels a side by which a picture is recognised


@dataclass(frozen=True)
class Picture:
    """`words`: everything its labels say, such as {"Fruit", "Apple", "Granny-Smith"}."""

    file: Path
    words: frozenset[str]

    @property
    def name(self) -> str:
        return "/".join(self.file.parts[-2:])


Attributes = dict[str, Callable[["Picture"], bool]]


def any_of(*words: str) -> Callable[[Picture], bool]:
    wanted = frozenset(words)
    return lambda picture: bool(wanted & picture.words)


def by_chance(what: str, share: float) -> Callable[[Picture], bool]:
    """An attribute that has nothing to do with the labels, such as a price tag; the same for a picture
    always."""
    return lambda picture: _draw(what, picture.name) < share


def _draw(*what: str) -> float:
    return int.from_bytes(hashlib.sha256(" ".join(what).encode()).digest()[:6]) / 2**48


CITRUS = any_of("Lemon", "Lime", "Orange", "Satsumas", "Red-Grapefruit")
ROOTS = any_of("Potato", "Carrots", "Ginger", "Onion", "Garlic", "Red-Beet")
PLANT_MILK = any_of("Oat-Milk", "Soy-Milk", "Oatghurt", "Soyghurt")
FLAVOURED = any_of(
    "Yoggi-Strawberry-Yoghurt",
    "Yoggi-Vanilla-Yoghurt",
    "Valio-Vanilla-Yoghurt",
    "Arla-Mild-Vanilla-Yoghurt",
    "Alpro-Blueberry-Soyghurt",
    "Alpro-Vanilla-Soyghurt",
)
ORANGE_JUICE = any_of(
    "Bravo-Orange-Juice", "God-Morgon-Orange-Juice", "God-Morgon-Orange-Red-Grapefruit-Juice",
    "Tropicana-Mandarin-Morning", "Tropicana-Juice-Smooth",
)  # fmt: skip

CHANCE = [
    "a price tag is visible",
    "taken from above",
    "close up",
    "a hand is in the picture",
    "something is wrapped in plastic",
    "the picture is dark",
    "there is a reflection",
    "several rows",
    "the shelf is nearly empty",
    "it is wet",
    "a box is in front",
    "text is readable",
    "it lies on the left",
    "blurred",
    "the light is yellow",
    "a person is in the background",
    "a shadow falls on it",
]

# Phrase → attribute. A phrase means the same to the vision model wherever it stands.
GROCERY: dict[str, Callable[[Picture], bool]] = {
    "fruit in a shop": any_of("Fruit"),
    "a carton or pot": any_of("Packages"),
    "vegetables in a shop": any_of("Vegetables"),
    "juice": any_of("Juice"),
    "milk or something like it": any_of("Milk", "Sour-Milk", "Oat-Milk", "Soy-Milk"),
    "yoghurt or something like it": any_of("Yoghurt", "Oatghurt", "Soyghurt"),
    "apples": any_of("Apple"),
    "tomatoes or cucumbers": any_of("Tomato", "Cucumber"),
    "citrus": CITRUS,
    "grows under the ground": ROOTS,
    "made of oats or soy": PLANT_MILK,
    "flavoured": FLAVOURED,
    "made of oranges": ORANGE_JUICE,
    "green apples": any_of("Granny-Smith"),
    "bell peppers": any_of("Pepper"),
    "melons": any_of("Melon"),
    "has a stone inside": any_of("Peach", "Nectarine", "Plum", "Mango", "Avocado"),
    "eaten by peeling": any_of("Banana", "Kiwi", "Satsumas", "Orange"),
    "red skin": any_of("Red-Delicious", "Royal-Gala", "Pink-Lady", "Tomato", "Pomegranate"),
    "pears": any_of("Pear"),
    "leaves or stalks": any_of("Leek", "Cabbage", "Asparagus"),
    "mushrooms": any_of("Mushroom"),
    "organic": any_of("Arla-Ecological-Medium-Fat-Milk", "Garant-Ecological-Medium-Fat-Milk",
                      "Garant-Ecological-Standard-Milk", "Arla-Ecological-Sour-Cream"),
    **{phrase: by_chance(phrase, 0.3) for phrase in CHANCE},
}  # fmt: skip

PETS = any_of("Cat", "Dog", "Ferret", "Scared cat")
DISASTER = any_of(
    "Fire", "Explosion", "Tornado", "Volcano", "Lava", "Flood", "Destruction", "Garbage dump", "Pollution",
    "Lightning", "Thunderstorm", "Cemetery", "Graveyard", "Car accident", "Plane crash", "Jail", "Prison",
)  # fmt: skip
SPORT = any_of(
    "Archery", "Biking", "Boxing", "Bungee jumping", "Cliff diver", "Football player", "Frisbee",
    "Hang gliding",
    "Horse racing", "Motocross", "Parachuting", "Parasailing", "Rafting", "Rock climbing", "Rollercoaster",
    "Rugby", "Sailing", "Skier", "Skijump", "Skydiving", "Soccer", "Swimming", "Exercise", "Dancing", "Yoga",
)  # fmt: skip
OASIS: dict[str, Callable[[Picture], bool]] = {
    "an animal": any_of("Animal"),
    "a landscape or a place": any_of("Scenery"),
    "a person": any_of("Person"),
    "kept as a pet": PETS,
    "destruction or danger": DISASTER,
    "doing sports": SPORT,
    "a face": any_of(
        "Angry face", "Bored face", "Happy face", "Neutral face", "Sad face", "Scared face",
        "Smiling face", "Excited face", "Depressed face",
    ),
    "water": any_of("Lake", "Beach", "Waterfall", "Shark", "Rafting", "Sailing", "Dock", "Boat", "Stingray"),
    "a thing": any_of("Object"),
    "food or drink": any_of("Food", "Dessert", "Drink", "Alcohol", "Coffee", "Soup", "Picnic"),
    "a bird": any_of("Bird", "Crow", "Pigeon", "Penguins", "Rooster"),
    "dangerous animal": any_of("Shark", "Snake", "Lion", "Tiger", "Bear", "Wolf", "Spider"),
    "a child": any_of("Baby", "Children", "Siblings", "Tickling", "Birthday"),
    "a street or a building": any_of("Street", "Building", "City", "House", "Skyscraper", "Sidewalk"),
    "the sky": any_of("Sky", "Sunset", "Galaxy", "Rainbow", "Moon", "Sun", "Fireworks"),
    "sad": any_of("Sad face", "Sad pose", "Depressed pose", "Depressed face", "Funeral"),
    "a uniform": any_of("Soldiers", "Police", "Fireman", "Doctor", "Surgery", "Astronaut"),
    "a farm animal": any_of("Pig", "Goat", "Horse", "Lamb", "Rooster"),
    "an insect": any_of("Bee", "Spider", "Cockroach"),
    "a party": any_of("Party", "Wedding", "Celebration", "Birthday", "Parade", "Performance"),
    "snow": any_of("Snow", "Skier", "Skijump", "Cold"),
    "plants": any_of("Flowers", "Grass", "Woods", "Sunflower", "Bark", "Nature", "Pinecone", "Acorns"),
    "office things": any_of("Office supplies", "Paper", "Paperclips", "Keyboard", "Phone"),
    **{phrase: by_chance(phrase, 0.3) for phrase in CHANCE},
}  # fmt: skip


@dataclass(frozen=True)
class SimulatedConcept:
    """`first`: the criterion the definition starts with, which is not what the person means by `counts`."""

    data: str
    name: str
    description: str
    first: str
    counts: Callable[[Picture], bool]
    helps: str  # the phrase that would mend it


def _without(
    data: str,
    name: str,
    description: str,
    first: str,
    phrase: str,
    table: dict[str, Callable[[Picture], bool]],
) -> SimulatedConcept:
    wide, out = table[first], table[phrase]
    return SimulatedConcept(data, name, description, first, lambda p: wide(p) and not out(p), phrase)


CONCEPTS = [
    _without("grocery", "Fruit", "Fruit in a shop.", "fruit in a shop", "citrus", GROCERY),
    _without("grocery", "Juice", "Juice in a carton.", "juice", "made of oranges", GROCERY),
    _without("grocery", "Milk", "Milk.", "milk or something like it", "made of oats or soy", GROCERY),
    _without("grocery", "Greens", "Vegetables.", "vegetables in a shop", "grows under the ground", GROCERY),
    _without("grocery", "Apples", "Apples in a box.", "apples", "green apples", GROCERY),
    _without("grocery", "Yoghurt", "Yoghurt in a pot.", "yoghurt or something like it", "flavoured", GROCERY),
    SimulatedConcept(
        "grocery", "Salad", "Vegetables for a salad.", "tomatoes or cucumbers",
        lambda p: GROCERY["tomatoes or cucumbers"](p) or GROCERY["bell peppers"](p), "bell peppers",
    ),
    _without("oasis", "Animals", "Animals.", "an animal", "kept as a pet", OASIS),
    _without("oasis", "Landscapes", "Places.", "a landscape or a place", "destruction or danger", OASIS),
    _without("oasis", "People", "People.", "a person", "doing sports", OASIS),
]  # fmt: skip

PHRASES: dict[str, dict[str, Callable[[Picture], bool]]] = {"grocery": GROCERY, "oasis": OASIS}


def read_pictures(data: Path, name: str) -> list[Picture]:
    with (data / name / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if name == "grocery":
        return [
            Picture(
                data / name / r["path"], frozenset({*Path(r["path"]).parts[2:-1], r["coarse"], r["fine"]})
            )
            for r in rows
        ]
    return [Picture(data / name / r["path"], frozenset({r["category"], r["theme"]})) for r in rows]


def _classes(row: dict[str, str]) -> tuple[str, str]:
    return row["coarse"], row["fine"]


class Recognises:
    """Which labelled picture some pixels are of, whatever size and quality they come in."""

    def __init__(self, pictures: list[Picture]) -> None:
        self._pictures = pictures
        self._signatures = np.stack([signature(Image.open(picture.file)) for picture in pictures])

    def picture(self, image: Image.Image) -> Picture | None:
        """None for a picture that isn't among them."""
        distance = ((self._signatures - signature(image)) ** 2).mean(axis=(1, 2))
        nearest = int(distance.argmin())
        return self._pictures[nearest] if distance[nearest] < 30 else None


def signature(image: Image.Image) -> np.ndarray:
    """(SIGNATURE², 3) mean colours."""
    image.draft("RGB", (64, 64))
    small = image.convert("RGB").resize((SIGNATURE, SIGNATURE), Image.Resampling.BOX)
    return np.asarray(small, np.float32).reshape(-1, 3)
