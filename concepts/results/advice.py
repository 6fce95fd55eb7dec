"""What more labels of a concept would bring, and whether there are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from concepts.labelling.dataset import AnswerCount
from concepts.labelling.label_cache import label_cache_of
from concepts.learning.evaluation import FEWEST
from concepts.learning.waves import to_go
from concepts.library.collection import collection_of
from concepts.results.measuring import measured
from concepts.results.rarity import Rarity
from concepts.results.review import look_over
from concepts.results.stability import Settling
from concepts.results.verdict import verdict
from concepts.use_cases import App, Concept
from concepts.use_cases.declaration import kind_of

EARLY = 2  # contact sheets without a yes after which it may be rare, before a random draw can say so
ENOUGH_LABELS = 100  # labels after which labelling counts as done (Modeling Collaborator's figure)

Mode = Literal["sheet", "grid", "single"]


@dataclass(frozen=True)
class Advice:
    """How far the labels are. `progress` is one line, `more` what more labels would bring, and `reason` the
    figures behind it. `rare` is empty unless few pictures are known to count. `enough`: whether labelling
    counts as done. `mode`: how best to label next."""

    count: AnswerCount
    progress: str
    more: str
    reason: str
    rare: str
    enough: bool
    mode: Mode
    missing: int = 0  # labels until there are enough
    done: str = ""  # that hardly a picture is left that counts, so that nothing is asked any more


def is_enough(count: AnswerCount, settling: Settling | None) -> bool:
    """Whether labelling counts as done: the one rule for every step, bar and sentence. Either more labels
    would change little, however few there are, or there are as many as usually do."""
    if not count.teach_yes or not count.teach_no:
        return False
    return bool(settling and settling.settled) or count.given >= ENOUGH_LABELS


def advice(count: AnswerCount, settling: Settling | None) -> str:
    """What more labels would bring."""
    if not count.teach_yes or not count.teach_no:
        missing = "one that doesn’t count" if count.teach_yes else "one that counts"
        both = missing if count.teach_yes or count.teach_no else "one that counts and one that doesn’t"
        return f"Label at least {both}."
    if not is_enough(count, settling):
        return f"About {ENOUGH_LABELS - count.given:,} more labels help."
    return settling.sentence if settling else "Enough to start; more labels still help."


def progress(count: AnswerCount, settling: Settling | None, left: int) -> str:
    """One line, such as: 41 of about 100 labels · 12 test labels to the next figures. `left` is that many."""
    line = f"{count.given:,} of about {ENOUGH_LABELS} labels"
    if count.given >= ENOUGH_LABELS or is_enough(count, settling):
        line = f"{count.answers:,} labels · {advice(count, settling).rstrip('.')}"
    return f"{line} · {left:,} test label{'s' if left > 1 else ''} to the next figures" if left > 0 else line


def mode(count: AnswerCount, *, scaled: bool) -> Mode:
    """How best to label next: contact sheets until something counts, more like it as long as that is too
    little for figures, then single questions. A sheet is no place for grades and classes."""
    if scaled or count.yes >= FEWEST:
        return "single"
    return "grid" if count.yes else "sheet"


def about_rare(count: AnswerCount, rarity: Rarity | None, sheets: int) -> str:
    """How rare it is, or how rare it looks before anything is known."""
    if rarity is not None and (rarity.rare or rarity.yes):
        return rarity.said(count.measure)
    if count.yes or sheets < EARLY:
        return ""
    return (
        f"Nothing counted on {sheets:,} contact sheets: it may be rare, or not here at all. "
        "An example picture on Describe finds more like it."
    )


def advice_for(concept: Concept) -> Advice:
    """How far the labels of a concept are, as the last look over them tells."""
    app, cache = concept.app, label_cache_of(concept.app)
    looked = concept.newest(look_over)
    count = cache.count(concept.id)
    sheets = 0 if count.yes else app.walls.count(concept.id)
    settling = looked.settling if looked else None
    done = settling.sentence if settling and settling.left else ""
    left = 0  # test labels until the next figures, unless the newest version's say how good it is
    if not done:
        test_set, blind = cache.held_out(concept.id).evaluation, cache.blind(concept.id)
        left = to_go([i in blind for i in test_set], collection_of(app).count_for(concept.id))
        head = app.heads.get(concept.id) if left else None
        found = measured(app.heads.evaluation(concept.id, head.number)) if head else None
        left = 0 if found and verdict(found.report).known else left
    return Advice(
        count=count,
        progress=progress(count, settling, left),
        more=advice(count, settling),
        reason=settling.reason if settling else "",
        rare="" if done else about_rare(count, looked.rarity if looked else None, sheets),
        enough=is_enough(count, settling),
        missing=0 if is_enough(count, settling) else max(ENOUGH_LABELS - count.given, 0),
        mode=mode(count, scaled=concept.row.scale is not None),
        done=done,
    )


def settling_of(app: App, concept_ids: Sequence[int]) -> dict[int, Settling]:
    """By concept id, whether more labels would change anything, where the last look over them tells."""
    looked = app.jobs.store.newest_done_of(kind_of(look_over), concept_ids)
    found = {job.concept_id: (job.result or {}).get("settling") for job in looked}
    return {i: Settling.model_validate(told) for i, told in found.items() if i is not None and told}
