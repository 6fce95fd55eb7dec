"""What a study compares: combinations of registered ways, by names joined with a plus sign."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from concepts.errors import DiscernError
from concepts.learning.acquisition import ACQUISITIONS, Strategy
from concepts.learning.base import Votes
from concepts.learning.heads import HEADS
from concepts.learning.machine_labels import MachineLabels, bounded, most_agreeing, votes_of
from concepts.learning.scorers import SCORERS
from study.annotators import SIMULATED_ANNOTATORS, Ratings
from study.peers import PEERS
from study.scorers import ZERO_SHOT
from study.soft_targets import soft_targets
from study.walls import WALL, WALLS

DEFAULT = "default"  # what the app does today
BY_HEAD = "by_head"  # the library in the order of the exported head alone
NO_WALL = "no_wall"  # who never takes up the wall that is offered
FIRST_WALLS = "first_walls"  # who takes up none once something counts
PARTS = "parts"  # who frames what counts in the first few pictures of it
BORROWED = "borrowed"  # whose other concepts of the list are finished, and lend what they have in common
UNREAD = "unmarked_unread"  # nothing is learned from what was passed over on a wall
AGGREGATIONS: dict[str, Callable[[Votes, Ratings], MachineLabels]] = {
    "bounded": lambda person, ratings: bounded(person, votes_of(ratings)),
    "most_agreeing": lambda person, ratings: most_agreeing(person, votes_of(ratings)),
    "soft_targets": soft_targets,
}
WORDS = {f"from_{name}": name for name in ZERO_SHOT}


@dataclass(frozen=True)
class StudyMethod:
    """`ways` learn and ask; `scorer` ranks the library, and where it is empty the app's own way does; a
    `wall` is looked through where it is due, without `later` only as long as there is no yes; what was
    `unmarked` on it is learned from as a weak no; simulated `annotator`s label the pool, and
    `aggregation` says what that counts for. Where the direction of the words is what a zero-shot scorer makes
    of them, `words` names it. With `parts` it looks at the part of each picture that is like what was framed.
    A `peer` is another project's rule in place of all of this."""

    ways: Strategy = field(default_factory=Strategy)
    scorer: str = ""
    wall: str = WALL
    later: bool = True
    unmarked: bool = True
    annotator: str = ""
    aggregation: str = "bounded"
    words: str = ""
    parts: bool = False
    borrowed: bool = False
    peer: str = ""


def study_method(text: str) -> StudyMethod:
    """`margin`, `lda+random`, `no_wall`, `logistic+margin+by_head`, `default+annotator85`: each name a way to
    ask, a head, a way to rank the library, a wall, a simulated annotator, a way to aggregate, or `from_zpe`,
    the words as a zero-shot scorer has them; what isn't named is the app's own. A peer, such as `rocchio`,
    stands alone.

    Raises `DiscernError`, which lists what there is.
    """
    if text in PEERS:
        return StudyMethod(peer=text)
    method = StudyMethod()
    for name in text.removeprefix(f"{DEFAULT}+").split("+") if text != DEFAULT else []:
        if name in ACQUISITIONS:
            method = replace(method, ways=replace(method.ways, acquisition=name))
        elif name in HEADS:
            method = replace(method, ways=replace(method.ways, head=name))
        elif name in SCORERS or name == BY_HEAD:
            method = replace(method, scorer=name)
        elif name in WALLS:
            method = replace(method, wall=name)
        elif name == NO_WALL:
            method = replace(method, wall="")
        elif name == FIRST_WALLS:
            method = replace(method, later=False)
        elif name == PARTS:
            method = replace(method, parts=True)
        elif name == BORROWED:
            method = replace(method, borrowed=True)
        elif name == UNREAD:
            method = replace(method, unmarked=False)
        elif name in SIMULATED_ANNOTATORS:
            method = replace(method, annotator=name)
        elif name in AGGREGATIONS:
            method = replace(method, aggregation=name)
        elif name in WORDS:
            method = replace(method, words=WORDS[name])
        else:
            raise DiscernError(
                f"“{name}” is no method. Join with +: {', '.join(known_names())}; "
                f"or name one alone: {', '.join([DEFAULT, *PEERS])}."
            )
    return method


def known_names() -> Sequence[str]:
    off = (BY_HEAD, NO_WALL, FIRST_WALLS, UNREAD, PARTS, BORROWED)
    groups = (ACQUISITIONS, HEADS, SCORERS, WALLS, off, SIMULATED_ANNOTATORS, AGGREGATIONS, WORDS)
    return list(dict.fromkeys(name for group in groups for name in group))
