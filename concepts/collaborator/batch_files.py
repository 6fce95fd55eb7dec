"""Labelling by batch files: what annotating would ask now, written down, and answers that come later.

An annotator that asks in steps knows its second question only after the first is answered: it takes as many
rounds of files as it has steps.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from concepts.collaborator.annotating import Groups, left_of, seen_by
from concepts.collaborator.prompt_parts import answered
from concepts.collaborator.setups import Machines, model_of
from concepts.errors import DiscernError, NoModelError
from concepts.language.base import ModelQuestion
from concepts.language.batches import NotingModel, line_of, take, without_pictures
from concepts.language.capabilities import CapabilityMemory
from concepts.language.failures import redacted
from concepts.view import View

Note = Callable[[ModelQuestion[Any], bool], None]


class BatchWritten(View):
    """How many questions are in the file, of which model."""

    model: str
    questions: int
    bytes: int


class BatchRead(View):
    """`answered`: answers that are kept from now on; `known`: to what was answered before; `bad`: what came
    of the others; `unknown`: lines (from 1 on) that answer nothing that this concept would ask now."""

    answered: int
    known: int
    bad: dict[str, int]
    unknown: list[int]


@dataclass(frozen=True)
class BatchFile:
    """What annotating a concept by one setup asks. Calls are charged to the concept."""

    machines: Machines
    also: Sequence[str] = ()  # pictures outside the pool

    def write(self, file: Path, limit: int | None) -> BatchWritten:
        """Every question that is open, a line each; one of each group of near-duplicates is asked about."""
        model, endpoint = self._model()
        dialect, _ = CapabilityMemory(self.machines.settings.cache, endpoint, model).dialect
        lock, written = threading.Lock(), 0
        unfinished = file.with_name(f".{file.name}.partial")

        def note(question: ModelQuestion[Any], known: bool) -> None:
            nonlocal written
            if not known:
                line = line_of(question, dialect)
                with lock:
                    out.write(line)
                    written += 1

        try:
            with unfinished.open("w", encoding="utf-8") as out:
                self._go_through(model, endpoint, note, limit)
            unfinished.replace(file)
        except OSError as error:
            raise DiscernError(f"{file} can't be written: {error.strerror or error}.") from error
        finally:
            unfinished.unlink(missing_ok=True)
        return BatchWritten(model=model, questions=written, bytes=file.stat().st_size)

    def read(self, file: Path) -> BatchRead:
        """Raises `DiscernError` where no line answers anything that would be asked."""
        model, endpoint = self._model()
        questions: dict[str, ModelQuestion[BaseModel]] = {}

        def note(question: ModelQuestion[Any], known: bool) -> None:
            questions[question.key] = without_pictures(question)

        self._go_through(model, endpoint, note, None)
        price = model_of(self.machines.setup, self.machines.settings)[1]
        clean = partial(redacted, secrets=self.machines.settings.secrets)
        try:
            with file.open(encoding="utf-8", errors="replace") as lines:
                taken = take(lines, questions, self.machines.ledger, price, clean)
        except OSError as error:
            raise DiscernError(f"{file} can't be read: {error.strerror or error}.") from error
        if taken.unknown and not (taken.answered or taken.known or taken.bad):
            raise DiscernError(
                f"None of the {len(taken.unknown):,} lines answers a question that is asked now. Model, "
                "definition, prompts and examples have to be those that the questions were written with."
            )
        bad = {str(outcome): n for outcome, n in taken.bad.items()}
        return BatchRead(answered=taken.answered, known=taken.known, bad=bad, unknown=taken.unknown)

    def _model(self) -> tuple[str, str]:
        """The model's name and endpoint. It has to see, as whoever labels."""
        setup = self.machines.setup
        model = self.machines.supplies(setup).model() if model_of(setup, self.machines.settings)[0] else None
        if model is None:
            if setup.annotator == "builtin":
                raise DiscernError("The built-in annotator asks no model, so there is nothing for a file.")
            raise NoModelError(setup.role)
        return model.name, model.endpoint

    def _go_through(self, model: str, endpoint: str, note: Note, limit: int | None) -> None:
        machines, training_data = self.machines, self.machines.training_data
        noting = NotingModel(model, endpoint, machines.ledger, note)
        supplies = replace(machines.supplies(machines.setup), model=lambda: noting)
        annotator = machines.annotator(machines.setup, supplies, partial(answered, training_data))
        seen = seen_by(annotator, training_data)
        todo = left_of(training_data, seen, self.also)[:limit]
        looks = training_data.collection.library.near_groups
        groups = Groups(todo, looks(todo))
        groups.copies(dict(zip(looks(seen), seen, strict=True)))
        while groups:
            annotator.annotate(training_data.revision, machines.inputs(groups.next(annotator.batch_size)))
