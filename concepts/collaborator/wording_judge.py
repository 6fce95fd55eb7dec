"""A machine as a judge of wordings: what it says of pictures under one definition and another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from concepts.collaborator.base import Annotation, Annotator, PictureInput
from concepts.collaborator.trials import Value
from concepts.definition.document import Definition, Revision

Inputs = Callable[[Sequence[str]], list[PictureInput]]  # of pictures with a vector, in order
Tick = Callable[[int], None]  # so many pictures were judged


class Judging:
    """Remembers within one run; what a model answered before, also in another run, costs nothing."""

    def __init__(self, annotator: Annotator, inputs: Inputs, tick: Tick = lambda n: None) -> None:
        self._annotator = annotator
        self._inputs = inputs
        self._tick = tick
        self._known: dict[str, dict[str, Annotation]] = {}

    def __call__(self, definition: Definition, ids: Sequence[str]) -> Mapping[str, Value]:
        """Picture id → what the machine says; pictures that it can't judge are left out. Raises what
        `Annotator.annotate` raises."""
        return {i: said.value for i, said in self.annotations(definition, ids).items()}

    def annotations(self, definition: Definition, ids: Sequence[str]) -> dict[str, Annotation]:
        known = self._known.setdefault(definition.model_dump_json(), {})
        new = [i for i in ids if i not in known]
        revision = Revision(number=1, definition=definition, author="", note="", created=datetime.now(UTC))
        for start in range(0, len(new), self._annotator.batch_size):
            inputs = self._inputs(new[start : start + self._annotator.batch_size])
            results = self._annotator.annotate(revision, inputs)
            known |= {said.picture_id: said for said in results if isinstance(said, Annotation)}
            self._tick(len(results))
        return {i: known[i] for i in ids if i in known}
