"""Figures that cost a pass over all answers of a concept, known until what they follow from changes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from concepts.errors import DiscernError
from storage.kept_figures import KeptFigure, KeptFigures
from storage.labels import LabelLog
from storage.tables import PURGED

log = logging.getLogger(__name__)


class StatCache:
    """In memory, and in SQL for processes that begin later."""

    def __init__(self, store: KeptFigures, labels: LabelLog) -> None:
        self._store, self._labels = store, labels
        self._here: dict[tuple[str, int], KeptFigure] = {}

    def known(self, what: str, now: Mapping[int, tuple[str, int]]) -> dict[int, Any]:
        """Concept id → the figure, of those that still stand. `now`: what each follows from by now, and the
        last removal of pictures from the library (as `KeptFigure` has them)."""
        found = {i: kept for i in now if (kept := self._here.get((what, i)))}
        if others := [i for i, (follows, _) in now.items() if i not in found or found[i].follows != follows]:
            found |= self._store.of(what, others)
        standing = {i: kept for i, kept in found.items() if kept.follows == now[i][0]}
        before = {i: kept for i, kept in standing.items() if kept.removal < now[i][1]}
        for concept_id in self._touched(before):
            del standing[concept_id]
        for concept_id, kept in standing.items():
            current = replace(kept, removal=max(kept.removal, now[concept_id][1]))
            self._here[what, concept_id] = current
        return {i: kept.value for i, kept in standing.items()}

    def keep(self, what: str, figures: Mapping[int, KeptFigure], *, lasting: bool) -> None:
        """`lasting`: for other processes, too. Where that can't be written it is worked out anew there."""
        self._here.update(((what, concept_id), kept) for concept_id, kept in figures.items())
        if lasting and figures:
            try:
                self._store.keep(what, figures)
            except DiscernError as error:
                log.warning("what is known of answers could not be kept: %s", error)

    def _touched(self, before: Mapping[int, KeptFigure]) -> set[int]:
        """Those of which a picture was removed, or put back, since."""
        if not before:
            return set()
        moved, _ = self._labels.removals_since(min(kept.removal for kept in before.values()))
        if PURGED in moved:  # nobody knows any more what was said of which
            return set(before)
        return self._labels.about(sorted(moved), list(before))
