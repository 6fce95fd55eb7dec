"""How pictures of a concept are annotated: by which annotator, with which model, and what it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from concepts.collaborator import ANNOTATORS, AUTO, asks_no_model
from concepts.collaborator.annotation_replies import counting
from concepts.collaborator.base import Annotation, Annotator, Example, PictureInput, Supplies
from concepts.collaborator.builtin import SMALLEST_BACKGROUND, BuiltinAnnotator
from concepts.collaborator.by_model import REPEATS
from concepts.collaborator.prompt_parts import Answered, PromptExamples
from concepts.definition.document import Definition
from concepts.encoders.base import Vectors
from concepts.labelling.training_data import TrainingData, training_data_of
from concepts.language import Role, named, seeing_model
from concepts.language.ledger import TYPICAL_ANSWER_TOKENS, Budget, Price, estimate_tokens, ledger_of
from concepts.language.prompts import DEFAULTS, PromptFiles
from concepts.settings import Settings
from concepts.use_cases import Concept
from storage.calls import Ledger


@dataclass(frozen=True)
class Setup:
    """`large`: by the model for doubtful pictures. `examples`: with labelled pictures beside each. `repeats`:
    asked three times where the endpoint doesn't tell how sure it is."""

    annotator: str = AUTO
    large: bool = False
    examples: bool = False
    repeats: bool = False

    @property
    def role(self) -> Role:
        return "escalating" if self.large else "annotating"

    def over(self, other: Setup) -> Setup:
        """What is asked for here, on top of another setup where nobody is named here."""
        if self.annotator != AUTO:
            return self
        return Setup(
            other.annotator,
            self.large or other.large,
            self.examples or other.examples,
            self.repeats or other.repeats,
        )


CHOSEN = Setup()  # as was chosen for the concept
BACKGROUND = 2000  # pictures of the library that the built-in annotator compares with


def model_of(setup: Setup, settings: Settings) -> tuple[str, Price | None]:
    """The model that a setup asks, and its price; empty where it asks none."""
    model, price = named(settings, setup.role)
    if not settings.has_endpoint or not model or asks_no_model(setup.annotator):
        return "", None
    return model, price


@dataclass(frozen=True)
class CostEstimate:
    """What a run asks at most, since what is cached costs nothing: so many `calls`, with `tokens` in all,
    questions and answers. `usd` is none where no price is set."""

    calls: int
    tokens: int
    usd: float | None

    @property
    def basis(self) -> str:
        """In words; empty where nobody is asked."""
        if not self.calls:
            return ""
        each = self.tokens / self.calls
        return f"{self.calls:,} calls at about {round(each, -2 if each >= 1000 else -1):,.0f} tokens each"


def estimated(
    setup: Setup,
    definition: Definition,
    settings: Settings,
    pictures: int,
    prompts: PromptFiles = DEFAULTS,
    *,
    part: bool = False,
) -> CostEstimate:
    """What annotating so many pictures takes, roughly. `part`: of each picture two images are sent."""
    model, price = model_of(setup, settings)
    if not model:
        return CostEstimate(0, 0, 0.0)
    method = ANNOTATORS["vlm" if setup.annotator == AUTO else setup.annotator]
    *before, last = method.asks(definition, examples=setup.examples, prompts=prompts, part=part)
    times = 1 + len(REPEATS) if setup.repeats else 1
    questions = [*before, *[last] * times]
    read = pictures * sum(map(estimate_tokens, questions))
    written = pictures * len(questions) * TYPICAL_ANSWER_TOKENS
    usd = price.cost(read, written) if price else None
    return CostEstimate(len(questions) * pictures, read + written, usd)


def together(estimates: Sequence[CostEstimate]) -> CostEstimate:
    usd = [one.usd for one in estimates if one.usd is not None]
    return CostEstimate(
        sum(one.calls for one in estimates),
        sum(one.tokens for one in estimates),
        sum(usd) if len(usd) == len(estimates) else None,
    )


def annotator_scores(training_data: TrainingData, ids: Sequence[str]) -> dict[str, float]:
    """Picture id → the machine's rating: of its newest annotation of this definition, or from the built-in
    annotator, which costs nothing and needs no settings, where no other has annotated. Nothing where the
    library is too small for it."""
    rated = ratings_now(training_data)
    wanted = {i: float(rated[i]) for i in ids if i in rated}
    if wanted or len(background := _background(training_data)) < SMALLEST_BACKGROUND:
        return wanted
    annotator = BuiltinAnnotator(training_data.collection.words(), background)
    said = annotator.annotate(training_data.revision, picture_inputs(training_data, ids))
    return {one.picture_id: float(one.rating) for one in said if isinstance(one, Annotation)}


def ratings_now(training_data: TrainingData) -> dict[str, int]:
    """Picture id → its newest rating by the definition as it stands."""
    newest = training_data.revision.number
    return {one.picture_id: one.rating for one in training_data.ratings if one.definition_number == newest}


def picture_inputs(training_data: TrainingData, ids: Sequence[str]) -> list[PictureInput]:
    collection, ids = training_data.collection, training_data.with_vectors(ids)
    vectors, groups = training_data.vectors(ids), collection.library.near_groups(ids)
    files = {picture.id: next(iter(picture.files), None) for picture in collection.library.pictures(ids)}
    boxes = collection.parts.boxes(training_data.concept_id, ids)
    return [
        PictureInput(i, partial(collection.thumbnail, i), vector, files.get(i), group, boxes.get(i))
        for i, vector, group in zip(ids, vectors, groups, strict=True)
    ]


def example_pool(said: Answered, training_data: TrainingData) -> PromptExamples:
    answers = {i: (bool(counts), str(comment)) for i, counts, comment in said}
    inputs = picture_inputs(training_data, list(answers))
    return PromptExamples([Example(picture, *answers[picture.picture_id]) for picture in inputs])


def choose_annotator(name: str, supplies: Supplies) -> Annotator:
    """The registered annotator of this name; for "auto" the vision-language model where one is set."""
    if name == AUTO:
        name = "builtin" if supplies.model() is None else "vlm"
    return ANNOTATORS[name].prepare(supplies)


def _background(training_data: TrainingData) -> Vectors:
    """A fixed random part of what the concept looks in, without what measures; of the whole library where
    that has too little to compare with."""
    found: list[str] = []
    for reader in (training_data.index, training_data.everywhere):
        drawn = np.random.default_rng(0).permutation(len(reader.ids))[:BACKGROUND]
        found = [i for i in reader.ids.at(np.sort(drawn)) if i not in training_data.reserved]
        if len(found) >= SMALLEST_BACKGROUND:
            break
    return training_data.vectors(found)


@dataclass(frozen=True)
class Machines:
    """What it takes to have machines look at a concept's pictures. Calls are charged as the `ledger` says,
    and stay within the `budget`, which is what an interrupted run had left."""

    training_data: TrainingData
    settings: Settings
    ledger: Ledger
    budget: Budget | None
    prompts: PromptFiles
    setup: Setup

    def supplies(self, setup: Setup) -> Supplies:
        model = partial(seeing_model, self.settings, setup.role, self.ledger, self.budget)
        focus = self.training_data.focus
        return Supplies(
            encoder=self.training_data.collection.words,
            background=partial(_background, self.training_data),
            model=cache(model),
            concurrency=self.settings.model_concurrency,
            prompts=self.prompts,
            scale=self.training_data.scale,
            counts=bool(counting(self.training_data.revision.definition.criteria)),
            part=focus.fingerprint if focus else "",
        )

    def annotator(self, setup: Setup, supplies: Supplies, said: Callable[[], Answered]) -> Annotator:
        """As a setup wants it. `said` gives the answers to choose examples from, where it wants some."""
        if setup.examples:
            supplies = replace(supplies, examples=example_pool(said(), self.training_data))
        return choose_annotator(setup.annotator, replace(supplies, repeats=setup.repeats))

    def inputs(self, ids: Sequence[str]) -> list[PictureInput]:
        return picture_inputs(self.training_data, ids)


def setup_of(concept: Concept) -> Setup:
    """How the concept's pictures are annotated, as people chose; else by the model that sees, where one is
    set."""
    chosen = concept.app.annotators.newest(concept.id)
    if chosen is None:
        return Setup()
    return Setup(chosen.annotator, chosen.large, chosen.examples, chosen.repeats)


def prompts_of(concept: Concept) -> PromptFiles:
    """The concept's own prompts where it has some, else the files."""
    own = concept.app.prompt_texts.own(concept.id)
    return PromptFiles({name: kept.text for name, kept in own.items()})


def machines_of(
    concept: Concept,
    job_id: int | None = None,
    budget: float | None = None,
    *,
    setup: Setup | None = None,
    revision: int | None = None,
) -> Machines:
    """Who looks at a concept's pictures: as was chosen for it, under its newest definition, where nothing
    else is said. Calls are charged to a job, which goes on with what it had left of so many USD."""
    ledger = ledger_of(concept.app).charged_to(job_id, concept.id)
    return Machines(
        training_data_of(concept, revision),
        concept.app.settings,
        ledger,
        None if budget is None else Budget(budget, ledger.spent_usd(job_id=job_id) or 0.0),
        prompts_of(concept),
        setup or setup_of(concept),
    )
