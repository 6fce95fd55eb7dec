"""Which annotator is worth what for this concept: several setups on the same answers of the person, paired.

Test labels take no part (`TrainingData`). Why a picture was asked about isn't known of a label, so no random
share of them can be told apart; labels given beside the machine's suggestion are left out, and as many
pictures that count are drawn as don't."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from concepts.collaborator import AUTO
from concepts.collaborator.annotating import ask_within
from concepts.collaborator.base import Annotation
from concepts.collaborator.prompt_parts import answered
from concepts.collaborator.setups import Machines, Setup, estimated, model_of, together
from concepts.errors import NotEnoughLabelsError
from concepts.jobs import Progress
from concepts.labelling.training_data import TrainingData
from concepts.learning.base import Bools, Votes
from concepts.learning.intervals import paired_change, wilson
from concepts.learning.machine_labels import votes_of
from concepts.settings import Settings
from concepts.view import View, count

EACH = 50  # most pictures that count, and most that don't: about 10 points of agreement to either side
FEWEST = 10  # of each, below which an interval says nothing
ERROR = 0.05  # of all comparisons with the setup in use together

Drawn = list[list[Any]]  # [picture id, whether it counts], as JSON keeps it


class ComparisonEstimate(View):
    """`usd`: what comparing would cost at most, None where no price is set, by the calls and tokens that
    `basis` says; `missing`: how many more labels of the rarer kind there have to be first."""

    pictures: int
    setups: int
    usd: float | None
    basis: str
    missing: int


class Compared(View):
    """How one setup agreed with the person. `usd` and `seconds` are a picture's: measured where all was asked
    anew, else `usd` is the estimate and `seconds` unknown. `change`: in agreement against the setup in use,
    with an interval charged for how many were tried."""

    annotator: str
    large: bool
    examples: bool
    repeats: bool
    name: str
    agree: int
    agreement: float
    low: float
    high: float
    unsure: int
    failed: int
    usd: float | None
    measured: bool
    seconds: float | None
    change: float
    change_low: float
    change_high: float
    in_use: bool
    recommended: bool


class AnnotatorsCompared(View):
    """`pictures` of the person's labels, half of which count. `stopped`: why not all setups were tried."""

    definition: int
    pictures: int
    setups: list[Compared]
    reason: str
    calls: int
    cost_usd: float | None  # none where no call had a price
    stopped: str

    def says(self) -> str:
        return f"{len(self.setups)} on {count(self.pictures, 'picture')}"


class SetupVotes(NamedTuple):
    """What a setup said: votes (n,), of which so many `failed`; and what asking about all pictures took this
    time, where what was known before took nothing."""

    setup: Setup
    name: str
    votes: Votes
    failed: int
    calls: int
    usd: float
    seconds: float


@dataclass(frozen=True)
class AnnotatorComparison:
    """Everything that one run needs; the setup in use is that of the `machines`."""

    machines: Machines
    progress: Progress

    def run(self) -> AnnotatorsCompared:
        """A run that was killed goes on with the same answers, and nothing that was answered is paid again.

        Raises `NotEnoughLabelsError`.
        """
        training_data, settings = self.machines.training_data, self.machines.settings
        drawn = self.progress.once("drawn", drawn_answers(training_data))
        if missing := missing_answers(drawn):
            raise NotEnoughLabelsError(
                f"To compare annotators, label at least {FEWEST} of either kind; {missing} are missing.",
                needed=missing,
            )
        ids, yes = [str(i) for i, _ in drawn], np.array([bool(counts) for _, counts in drawn])
        tried = setups_to_try(settings, self.machines.setup)
        found: list[SetupVotes] = []
        stopped = ""
        for number, setup in enumerate(tried):
            self.progress.report(number, len(tried), "comparing")
            asked = self._ask(setup, ids, f"spent {number}")
            if isinstance(asked, str):
                stopped = asked
                break
            found.append(asked)
        compared = compare(found, yes, self.machines)
        calls, cost_usd = self._spent()
        return AnnotatorsCompared(
            definition=training_data.revision.number,
            pictures=len(ids),
            setups=compared,
            reason=reason_of(compared),
            calls=calls,
            cost_usd=cost_usd,
            stopped=stopped,
        )

    def _ask(self, setup: Setup, ids: Sequence[str], key: str) -> SetupVotes | str:
        """The votes of a setup on these pictures, or why it stopped."""
        machines, training_data = self.machines, self.machines.training_data
        said = partial(self.progress.made_once, "examples", partial(answered, training_data))
        annotator = machines.annotator(setup, machines.supplies(setup), said)
        before, started = self._spent(), time.monotonic()
        ratings: dict[str, int] = {}
        inputs = machines.inputs(ids)
        for start in range(0, len(inputs), annotator.batch_size):
            some = inputs[start : start + annotator.batch_size]
            results, stopped = ask_within(annotator, training_data, some)
            if stopped:
                return stopped
            ratings |= {r.picture_id: r.rating for r in results if isinstance(r, Annotation)}
            self.progress.beat()
        calls, usd = self._spent()
        cost = (usd or 0.0) - (before[1] or 0.0)
        took = {"calls": calls - before[0], "usd": cost, "seconds": time.monotonic() - started}
        spent = self.progress.once(key, took)
        votes = votes_of(np.array([[ratings.get(i, 0) for i in ids]], dtype=np.int8))[0]
        name = annotator.name + (", with examples" if setup.examples else "")
        return SetupVotes(setup, name, votes, len(ids) - len(ratings), **spent)

    def _spent(self) -> tuple[int, float | None]:
        """Calls and USD of this job so far."""
        ledger, job = self.machines.ledger, self.progress.job_id
        return ledger.count(job_id=job), ledger.spent_usd(job_id=job)


def setups_to_try(settings: Settings, in_use: Setup) -> list[Setup]:
    """The setup in use first, then the others there can be here, the cheap ones first."""
    found = [Setup("builtin")] + [
        Setup(annotator, large, examples)
        for large in (False, True)
        if model_of(Setup("vlm", large), settings)[0]
        for annotator in ("vlm", "decomposed")
        for examples in (False, True)
    ]
    if in_use.annotator == AUTO:
        in_use = replace(in_use, annotator="vlm" if model_of(in_use, settings)[0] else "builtin")
    return [in_use, *(setup for setup in found if setup != in_use)]


def drawn_answers(training_data: TrainingData) -> Drawn:
    """As many pictures that count as don't, one of each group that looks alike, in random order. Only what
    was said without the machine's opinion in view."""
    blind = {event.picture_id for event in training_data.log.blind(training_data.concept_id)}
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


def estimate_comparison(machines: Machines) -> ComparisonEstimate:
    settings, definition = machines.settings, machines.training_data.revision.definition
    part = bool(machines.training_data.focus)
    drawn, tried = drawn_answers(machines.training_data), setups_to_try(settings, machines.setup)
    expected = together(
        [estimated(setup, definition, settings, len(drawn), machines.prompts, part=part) for setup in tried]
    )
    return ComparisonEstimate(
        pictures=len(drawn),
        setups=len(tried),
        usd=expected.usd,
        basis=expected.basis,
        missing=missing_answers(drawn),
    )


def compare(found: Sequence[SetupVotes], yes: Bools, machines: Machines) -> list[Compared]:
    """Setups with their votes (n,), the one in use first, against what the person said (n,)."""
    if not found:
        return []
    person = np.where(yes, 1, -1)
    right = [said.votes == person for said in found]
    error = ERROR / max(len(found) - 1, 1)
    changes = [paired_change(right[0], by_it, error) for by_it in right]
    surely = [row for row, change in enumerate(changes) if row and change.low > 0]
    best = max(surely, key=lambda row: int(right[row].sum()), default=0)
    settings, definition = machines.settings, machines.training_data.revision.definition
    part = bool(machines.training_data.focus)
    compared = []
    for row, one in enumerate(found):
        n, agree = len(yes), int(right[row].sum())
        low, high = wilson(agree / n, n)
        anew = one.calls >= n
        estimate = estimated(one.setup, definition, settings, 1, machines.prompts, part=part).usd
        model, price = model_of(one.setup, settings)
        compared.append(
            Compared(
                **asdict(one.setup),
                name=one.name,
                agree=agree,
                agreement=agree / n,
                low=low,
                high=high,
                unsure=int((one.votes == 0).sum()) - one.failed,
                failed=one.failed,
                usd=None if model and not price else one.usd / n if anew else estimate,
                measured=anew,
                seconds=one.seconds / n if anew or one.setup.annotator == "builtin" else None,
                change=changes[row].change,
                change_low=changes[row].low,
                change_high=changes[row].high,
                in_use=row == 0,
                recommended=row == best,
            )
        )
    return compared


def reason_of(compared: Sequence[Compared]) -> str:
    best = next((c for c in compared if c.recommended), None)
    if best is None or len(compared) < 2:
        return ""
    if best.in_use:
        return "No other surely agrees with you more often."
    low, high = (round(100 * x) for x in (best.change_low, best.change_high))
    return (
        f"{best.name} surely agrees with you more often than the one in use: by {low} to {high} points "
        f"(the range allows for the {len(compared) - 1} tried)."
    )
