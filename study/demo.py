"""The whole job on the sample pictures, with a simulated person who answers from their folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from concepts.collaborator.annotations import annotate
from concepts.collaborator.proposals import propose
from concepts.definition.revisions import definition_of
from concepts.errors import DiscernError
from concepts.labelling.asking import Purpose
from concepts.labelling.labels import contact_sheet, give_label, label_sheet, next_pictures
from concepts.labelling.mining import mine
from concepts.learning.report import EvaluationReport, metric_of
from concepts.learning.waves import EVERY, LOOKS
from concepts.library.sample import sample_pictures
from concepts.results.bundles import write_bundle
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, library_info, search_library
from concepts.results.library_map import write_map_picture
from concepts.results.scores import begin_scoring, ranked_library, score_page
from concepts.results.trained import measure_again, train
from concepts.results.versions import ScoredPicture
from concepts.use_cases import App
from study.people import SECONDS_A_CLICK, SECONDS_A_WALL, SECONDS_AN_ANSWER, SimulatedPerson

NAME = "Animals"
DESCRIPTION = "Animals, photographed or drawn; not toys, and not pictures for Easter or Halloween."
FOLDER = "animals"  # of the sample pictures: what the simulated person calls yes
RARE = (  # name, sentence and folder of what is fewer than one picture in a hundred
    ("Nuts", "Nuts to eat, with or without the shell; not those that go with bolts.", "nuts"),
    ("Drums", "Instruments that are struck: drums, cymbals.", "percussion"),
    ("Trees", "A whole tree; not its fruit or its flowers.", "trees"),
)
ROUNDS, TO_LEARN = 10, 6  # each round asks six to learn from, and to measure with one in three of all
TO_MEASURE = TO_LEARN // (EVERY - 1)
FIRST = (50, 100)  # pictures of the library's order that are looked at

AUTHOR = "simulated from folders"
INDENT = " " * 18

Say = Callable[[str], object]


class Picture(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def path(self) -> str: ...


def run_demo(bench: App, *, pictures: Path | None, out: Path, say: Say) -> dict[str, Any]:
    """Runs the steps and returns what they showed.

    The yes and no come from the folder a picture is in, so this needs the sample pictures or another
    folder with a subfolder called `animals`.
    """
    home = bench.settings.home
    # Beside the data folder, which may be made anew for each demo; in it where one may write to nothing else.
    folder = pictures or sample_pictures(home.parent if os.access(home.parent, os.W_OK) else home / "sample")
    say(f"Concept: “{NAME}”. {DESCRIPTION}")
    say(f"Labels are SIMULATED: what is in the sample's folder “{FOLDER}” counts. No person is asked.\n")

    added = import_pictures(bench, [folder]).wait()
    say(f" 1 Add pictures   {added.added:,} from {folder}, {added.pictures_per_second} a second")
    if not added.added and not added.unchanged:
        raise DiscernError(f"There are no pictures in {folder}.")
    info = library_info(bench)
    say(f" 2 Encoder        {info.fingerprint} ({info.near_duplicates} near-duplicates)")
    concept = begin_concept(bench, NAME, DESCRIPTION)
    concept.begin(propose).wait()
    revision = definition_of(concept)
    queries = ", ".join(query.text for query in revision.definition.queries if query.counts)
    say(f" 3 Expand         by the {revision.author}: {queries}")
    mined = concept.begin(mine, size=400).wait()
    say(f" 4 Mine           {mined.candidates} candidates")
    machine = concept.begin(annotate).wait()
    say(f" 5 Annotate       {machine.annotated} by {machine.annotator}, ratings {machine.ratings}")
    person = _Person(bench, NAME, FOLDER)
    walls, clicked = person.finds_the_first()
    say(f" 6 First yes      {clicked} on sheet {walls}, after {person.seconds:.0f} seconds of a person")
    for _ in range(ROUNDS):
        person.answers(TO_LEARN)
        person.answers(TO_MEASURE, "evaluation")
    say(f" 7 Label          {person.given} pictures, {ROUNDS * TO_MEASURE} of them test pictures")
    trained = bench.concept(NAME).begin(train).wait()
    say(f" 8 Train          version {trained.number}, {trained.kind}; {'; '.join(trained.notes)}")
    ranked = _rank(bench, person, say)
    report = _measure(bench, person, say)
    exported = write_bundle(bench.concept(NAME), out)
    say(f"11 Export         {exported.folder}")
    scored = begin_scoring(bench, Path(exported.folder), [], out.parent / "demo-scores.csv").wait()
    say(f"12 Score          {scored.rows} pictures, {scored.yes} yes, in {scored.out}")
    rare = _find_rare(bench, say)
    drawn = write_map_picture(bench, out.parent / "demo-map.png", "version", NAME, author=AUTHOR)
    say(f"14 Map            {drawn.pictures} pictures, similar ones near each other, in {drawn.file}")
    say(f"\nThe classifier is in {exported.folder} (start with its README.md).")
    return {
        "added": added.model_dump(),
        "walls": walls,
        "person_seconds": person.seconds,
        "ranked": ranked,
        "report": report.model_dump(mode="json"),
        "rare": rare,
        "bundle": exported.folder,
        "scores": scored.out,
        "map": drawn.file,
    }


class _Person:
    """A simulated person who answers about one concept, and the seconds this would take a real one."""

    def __init__(self, bench: App, concept: str, folder: str) -> None:
        self._bench = bench
        self._concept = concept
        self._says = SimulatedPerson(lambda path: folder in Path(path).parts)
        self._overlooks = np.random.default_rng(0)
        self.seconds = 0.0
        self.given = 0
        self.taught: set[str] = set()

    def count(self, pictures: Iterable[Picture]) -> int:
        """How many of these pictures count, whatever was said of them."""
        return sum(self._says.counts(picture.path) for picture in pictures)

    def finds_the_first(self) -> tuple[int, int]:
        """Looks through walls until something counts: how many walls, and how many pictures were clicked,
        none where nothing was found."""
        walls, clicked = 0, set[str]()
        while not clicked and (wall := contact_sheet(self._bench.concept(self._concept))):
            walls += 1
            ids = {picture.path: picture.id for picture in wall}
            clicked = {ids[path] for path in self._says.clicks(list(ids), self._overlooks)}
            label_sheet(
                self._bench.concept(self._concept),
                list(ids.values()),
                sorted(clicked),
                author=AUTHOR,
                simulated=True,
            )
            self.seconds += SECONDS_A_WALL + SECONDS_A_CLICK * len(clicked)
        self.taught |= clicked
        return walls, len(clicked)

    def answers(self, n: int, purpose: Purpose = "train") -> int:
        """Answers what is asked next; says how many questions there were."""
        asked = next_pictures(self._bench.concept(self._concept), n, purpose=purpose)
        for picture in asked:
            value = self._says.answer(picture.path)
            give_label(self._bench.concept(self._concept), picture.id, value, author=AUTHOR, simulated=True)
        if purpose == "train":
            self.taught |= {picture.id for picture in asked}
        self.given += len(asked)
        self.seconds += SECONDS_AN_ANSWER * len(asked)
        return len(asked)


def _rank(bench: App, person: _Person, say: Say) -> dict[str, list[int]]:
    """How many of the first pictures count in three orders of what nobody has answered."""
    n = library_info(bench).pictures
    own = score_page(bench.concept(NAME), "top", limit=n)  # before look-alikes have a part in it
    best = ranked_library(bench.concept(NAME), "top", limit=n)
    left = {picture.id for picture in best.pictures if not picture.said}
    orders: dict[str, Sequence[Picture]] = {
        "searching for the name": search_library(bench, NAME, n=n),
        "the classifier": (own or best).pictures,
        "the classifier and similar pictures": best.pictures,
    }
    count = person.count(picture for picture in best.pictures if picture.id in left)
    say(f" 9 Rank           {len(left)} pictures have no label, {count} of them count")
    ranked = {}
    for way, order in orders.items():
        open_ = [picture for picture in order if picture.id in left]
        ranked[way] = [person.count(open_[:first]) for first in FIRST]
        found = [f"{right} of the first {first}" for first, right in zip(FIRST, ranked[way], strict=True)]
        say(f"{INDENT}by {way}: {', '.join(found)}")
    return ranked


def _measure(bench: App, person: _Person, say: Say) -> EvaluationReport:
    """Asks for what measures until the library gives no more, with figures after each look."""
    say("10 Measure        labels   count  of 100 flagged are right  of 100 that count it finds")
    report = measure_again(bench.concept(NAME))
    say(_figures(report))
    for look in LOOKS:
        if look > report.n and person.answers(look - report.n, "evaluation"):
            report = measure_again(bench.concept(NAME))
            say(_figures(report))
    page = ranked_library(bench.concept(NAME), "top", limit=library_info(bench).pictures)
    for sentence in report.sentences:
        say(f"{INDENT}{sentence}")
    unseen = [picture for picture in page.pictures if picture.id not in person.taught]
    for which, among in (("of all of them", page.pictures), ("of those it never learned from", unseen)):
        say(f"{INDENT}In truth, {which}: {_truth(among, page.threshold, person)}")
    for line in _beside_simpler_ways(report):
        say(f"{INDENT}{line}")
    return report


def _truth(pictures: Sequence[ScoredPicture], threshold: float, person: _Person) -> str:
    flagged = [picture for picture in pictures if picture.probability >= threshold]
    right, count = person.count(flagged), person.count(pictures)
    precision, recall = 100 * right / max(len(flagged), 1), 100 * right / max(count, 1)
    return f"{count} count, {precision:.0f} of 100 flagged are right, it finds {recall:.0f} of 100"


def _figures(report: EvaluationReport) -> str:
    """One line: how many answers measure, how many of them count, precision and recall."""
    said = []
    for name in ("precision", "recall"):
        metric = metric_of(report.metrics, name)
        of_100 = [f"{100 * (x or 0):.0f}" for x in (metric.value, metric.low, metric.high)] if metric else []
        said.append("{} ({} to {})".format(*of_100) if of_100 else "too few to say")
    yes = sum(count.yes for count in report.labels)
    return f"{INDENT}{report.n:7}{yes:7}  {said[0]:25} {said[1]}"


def _beside_simpler_ways(report: EvaluationReport) -> list[str]:
    """Average precision of this version and of simpler ways, on the same pictures."""
    lines = [f"{'':29}average precision, with its 95 % interval"]
    for name, metrics in [("this version", report.metrics), *((b.name, b.metrics) for b in report.baselines)]:
        metric = metric_of(metrics, "average_precision")
        said = f"{metric.value:.3f}   {metric.low:.3f} to {metric.high:.3f}" if metric else "too few labels"
        lines.append(f"{name:29}{said}")
    return lines


def _find_rare(bench: App, say: Say) -> dict[str, int]:
    """How many walls it takes to find what is rare, 0 where it isn't found."""
    everything = search_library(bench, NAME, n=library_info(bench).pictures)
    say("13 Rare things    the first yes, and how long single questions at random would take on average")
    walls = {}
    for name, sentence, folder in RARE:
        begin_concept(bench, name, sentence)
        person = _Person(bench, name, folder)
        count = person.count(everything)
        seen, clicked = person.finds_the_first()
        walls[name] = seen if clicked else 0
        random = SECONDS_AN_ANSWER * (len(everything) + 1) / (count + 1)  # the first of so many, on average
        said = f"on sheet {seen}, {person.seconds:.0f} seconds" if clicked else f"on none of {seen} sheets"
        say(f"{INDENT}{name}, {count} of {len(everything)} pictures: {said}; at random {random:.0f} seconds")
    return walls
