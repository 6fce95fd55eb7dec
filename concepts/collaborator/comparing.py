"""Which annotator is worth what for this concept: several setups on the same answers of the person, paired.

Test labels take no part (`TrainingData`). Why a picture was asked about isn't known of a label, so no random
share of them can be told apart; labels given beside the machine's suggestion are left out, and as many
pictures that count are drawn as don't."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from concepts.collaborator.annotating import ask_within
from concepts.collaborator.base import Annotation, Annotator
from concepts.collaborator.comparison import (
    AnnotatorsCompared,
    Compared,
    ComparisonCost,
    Substitute,
    compare,
    reason_of,
)
from concepts.collaborator.examples import answered
from concepts.collaborator.making import annotator_of, picture_inputs, supplies_of
from concepts.collaborator.setups import Setup, estimated, model_of, together
from concepts.errors import NotEnoughLabelsError
from concepts.jobs import Progress
from concepts.labelling.training_data import TrainingData
from concepts.language.ledger import Budget
from concepts.language.prompts import PromptFiles
from concepts.learning.base import Votes
from concepts.learning.machine_labels import SHARED, AltTest, alt_test, votes_of
from concepts.library.collection import Collection
from concepts.settings import Settings
from concepts.view import View
from storage.calls import Ledger
from storage.labels import LabelLog

EACH = 50  # most pictures that count, and most that don't: about 10 points of agreement to either side
FEWEST = 10  # of each, below which an interval says nothing

Drawn = list[list[Any]]  # [picture id, whether it counts], as JSON keeps it


class ComparisonEstimate(View):
    """`usd`: what comparing would cost at most, None where no price is set, by the calls and tokens that
    `basis` says; `missing`: how many more answers
    of the rarer kind there have to be first."""

    pictures: int
    setups: int
    usd: float | None
    basis: str
    missing: int


@dataclass(frozen=True)
class AnnotatorComparison:
    """Everything that one run needs; calls are charged to its job."""

    training_data: TrainingData
    collection: Collection
    log: LabelLog
    ledger: Ledger
    settings: Settings
    progress: Progress
    budget: float | None
    in_use: Setup
    prompts: PromptFiles

    def run(self) -> AnnotatorsCompared:
        """A run that was killed goes on with the same answers, and nothing that was answered is paid again.

        Raises `NotEnoughLabelsError`.
        """
        drawn = self.progress.once("drawn", drawn_answers(self.training_data, self.log))
        if missing := missing_answers(drawn):
            raise NotEnoughLabelsError(
                f"Annotators are compared on at least {FEWEST} answers of either kind: {missing} more are "
                "needed.",
                needed=missing,
            )
        ids, yes = [str(i) for i, _ in drawn], np.array([bool(counts) for _, counts in drawn])
        tried = setups_to_try(self.settings, self.in_use)
        found: list[tuple[Setup, str, Votes, int, ComparisonCost]] = []
        stopped = ""
        for number, setup in enumerate(tried):
            self.progress.report(number, len(tried), "comparing")
            asked = self._ask(setup, ids, f"spent {number}")
            if isinstance(asked, str):
                stopped = asked
                break
            found.append((setup, *asked))
        compared = compare(found, yes, self.training_data.revision.definition, self.settings)
        best = next((c for c in compared if c.recommended), None)
        ledger = self._ledger()
        return AnnotatorsCompared(
            definition=self.training_data.revision.number,
            pictures=len(ids),
            setups=compared,
            reason=reason_of(compared),
            substitute=None if best is None or stopped else self._substitute(best),
            calls=ledger.count(job_id=self.progress.job_id),
            cost_usd=ledger.spent_usd(job_id=self.progress.job_id),
            stopped=stopped,
        )

    def _ask(
        self, setup: Setup, ids: Sequence[str], key: str
    ) -> tuple[str, Votes, int, ComparisonCost] | str:
        """Name, votes (n,), how many failed and what it took; or why it stopped."""
        annotator = self._annotator(setup)
        before, started = self._spent(), time.monotonic()
        said: dict[str, int] = {}
        inputs = picture_inputs(self.training_data, self.collection, ids)
        for start in range(0, len(inputs), annotator.batch_size):
            results, stopped = ask_within(
                annotator, self.training_data, inputs[start : start + annotator.batch_size]
            )
            if stopped:
                return stopped
            said |= {r.picture_id: r.rating for r in results if isinstance(r, Annotation)}
            self.progress.beat()
        after = self._spent()
        took = ComparisonCost(after[0] - before[0], after[1] - before[1], time.monotonic() - started)
        spent = ComparisonCost(**self.progress.once(key, asdict(took)))
        ratings = np.array([[said.get(i, 0) for i in ids]], dtype=np.int8)
        name = annotator.name + (", with examples" if setup.examples else "")
        return name, votes_of(ratings)[0], len(ids) - len(said), spent

    def _annotator(self, setup: Setup) -> Annotator:
        ledger = self._ledger()
        budget = None
        if self.budget is not None and model_of(setup, self.settings)[0]:
            budget = Budget(self.budget, ledger.spent_usd(job_id=self.progress.job_id))
        supplies = supplies_of(
            self.training_data, self.collection, ledger, self.settings, budget, self.prompts, setup.role
        )
        return annotator_of(
            setup,
            supplies,
            self.training_data,
            self.collection,
            lambda: self.progress.once("examples", answered(self.training_data, self.log)),
        )

    def _substitute(self, best: Compared) -> Substitute | None:
        """The alt-test of a setup, on pictures that several people answered."""
        votes = {
            i: d.votes for i, d in self.training_data.answers.items() if not d.simulated and len(d.votes) > 1
        }
        ids = sorted(self.training_data.with_vectors(sorted(votes)))[: 2 * EACH]
        if len(ids) < SHARED:
            return None
        names = sorted({author for i in ids for author in votes[i]})
        said = np.array(
            [[{"yes": 1, "no": -1}.get(votes[i].get(name, ""), 0) for i in ids] for name in names], np.int8
        )
        setup = Setup(best.annotator, best.large, best.examples, best.repeats)
        asked = self._ask(setup, ids, "spent at last")
        found: AltTest | None = None if isinstance(asked, str) else alt_test(said, asked[1])
        if found is None:
            return None
        return Substitute(**asdict(found), passes=found.passes)

    def _ledger(self) -> Ledger:
        return self.ledger.charged_to(self.progress.job_id, self.training_data.concept_id)

    def _spent(self) -> tuple[int, float]:
        ledger = self._ledger()
        return ledger.count(job_id=self.progress.job_id), ledger.spent_usd(job_id=self.progress.job_id)


def setups_to_try(settings: Settings, in_use: Setup) -> list[Setup]:
    """The setup in use first, then the others there can be here, the cheap ones first."""
    found = [Setup("builtin")]
    for large, model in ((False, settings.vlm_model), (True, settings.large_vlm_model)):
        if settings.has_endpoint and model:
            found += [
                Setup(annotator, large, examples)
                for annotator in ("vlm", "decomposed")
                for examples in (False, True)
            ]
    used = in_use
    if used.annotator == "auto":
        sees = settings.has_endpoint and (settings.large_vlm_model if used.large else settings.vlm_model)
        used = replace(used, annotator="vlm" if sees else "builtin")
    return [used, *(setup for setup in found if setup != used)]


def drawn_answers(training_data: TrainingData, log: LabelLog) -> Drawn:
    """As many pictures that count as don't, one of each group that looks alike, in random order. Only what
    was said without the machine's opinion in view."""
    blind = {event.picture_id for event in log.blind(training_data.concept_id)}
    decided = {
        i: d.value == "yes" for i, d in sorted(training_data.answers.items()) if d.decided and i in blind
    }
    ids = training_data.with_vectors(list(decided))
    groups = training_data.groups(ids) if ids else np.empty(0, np.int64)
    first = dict(zip(groups.tolist()[::-1], ids[::-1], strict=True))
    shuffled = np.random.default_rng(0).permutation(sorted(first.values())).tolist() if first else []
    sides = [[i for i in shuffled if decided[i] is side] for side in (True, False)]
    each = min(EACH, *map(len, sides))
    chosen = {*sides[0][:each], *sides[1][:each]}
    return [[i, decided[i]] for i in shuffled if i in chosen]


def missing_answers(drawn: Drawn) -> int:
    """How many more of the rarer kind have to be there."""
    return max(FEWEST - len(drawn) // 2, 0)


def estimate_comparison(
    training_data: TrainingData, log: LabelLog, settings: Settings, in_use: Setup, prompts: PromptFiles
) -> ComparisonEstimate:
    drawn, tried = drawn_answers(training_data, log), setups_to_try(settings, in_use)
    definition = training_data.revision.definition
    expected = together([estimated(setup, definition, settings, len(drawn), prompts) for setup in tried])
    return ComparisonEstimate(
        pictures=len(drawn),
        setups=len(tried),
        usd=expected.usd,
        basis=expected.basis,
        missing=missing_answers(drawn),
    )
