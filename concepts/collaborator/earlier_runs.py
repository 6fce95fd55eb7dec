"""What earlier runs against the same definition have found out, so that none begins from nothing."""

from __future__ import annotations

from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from concepts.collaborator.deliberation_views import WordingView
from concepts.collaborator.trials import Sifted, Trial, Value, WordingCandidate
from concepts.definition.document import Definition
from concepts.learning.intervals import PairedChange
from storage.deliberations import Rewording


@dataclass(frozen=True)
class Earlier:
    """`sifted`: wordings that never came before the answers that judge; more answers may speak for them.
    `going_on`: those that did and that more answers may settle. `judged`: all that did, as text, `count` of
    them."""

    sifted: Sequence[WordingCandidate] = ()
    going_on: Sequence[Trial] = ()
    judged: frozenset[str] = frozenset()
    count: int = 0

    @classmethod
    def of(cls, runs: Sequence[Rewording], answers: Mapping[str, Value], free: Ids[str]) -> Earlier:
        """From all `runs` against the newest definition; `answers` and `free` are those of the pictures that
        were to settle a wording."""
        views: dict[str, WordingView] = {}
        for document in (one for run in runs for one in run.candidates):
            view = WordingView.model_validate(document).with_answers(answers, free)
            views[view.definition.as_text()] = view  # the last one has the votes of those before
        sifted: dict[str, WordingCandidate] = {}
        for document in (one for run in runs for one in run.sifted):
            candidate = WordingCandidate(
                Definition.model_validate(document["definition"]), document["why"], document["way"]
            )
            if candidate.definition.as_text() not in views:
                sifted[candidate.definition.as_text()] = candidate
        going_on = [trial for trial in map(_trial, views.values()) if trial.is_promising]
        count = max((view.nth for view in views.values()), default=0)
        return cls(list(sifted.values()), going_on, frozenset(views), count)


def _trial(view: WordingView) -> Trial:
    sifted = Sifted(WordingCandidate(view.definition, view.why, view.way), 1.0, view.fixed, view.broken)
    change = PairedChange(view.judging, view.before, view.fixed, view.broken, view.low, view.high)
    return Trial(sifted, change, view.turned, view.votes, view.nth, view.share, view.all_asked())
