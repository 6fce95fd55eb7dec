"""Waves: pictures that measure, drawn with known probabilities, each wave when the last is answered.

Half of a wave is drawn from everything alike. The other half is drawn where a head that was frozen before the
draw says yes, and where it hesitates: a class of one in fifty would otherwise be met once in fifty answers.
Within a stratum any picture is as likely as any other, so what is counted there can be multiplied up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Floats, Rows

LOOKS = (30, 60, 120, 240, 480)  # answers after which there are figures: each time there are twice as many
FEW_LEFT = 3  # pictures of a wave without an answer, from which on the next wave is drawn
FIRST = 12  # pictures of the first wave: there is a head early, and the more of the first thirty it can aim
# How often an interval may miss after so many answers: whoever looks each time and stops at one is wrong once
# in twenty at most. Most of it falls to where people decide; many answers make it narrow anyway.
ERRORS = {FIRST: 0.002, 30: 0.004, 60: 0.018, 120: 0.018, 240: 0.005, 480: 0.003}
SHARE = 0.2  # of a small library: the rest has to be left to learn from
EVERY = 3  # one question in three is about a picture that measures
CATCHING_UP = 2  # and one in two where learning came first
HEAD_START = 1.5  # times as many questions as the first look has pictures all teach
UNIFORM = 0.5  # of a wave; narrower intervals with less are wrong more often (methods: 2604.18569)
TO_THE_FLAGGED = 2 / 3  # of what isn't uniform; the rest goes to the pictures next in line
HESITATES = 3  # times as many pictures are next in line as are flagged
COMMON = (
    0.25  # share that is flagged, from which on chance meets enough of it, and aiming would widen intervals
)


@dataclass(frozen=True)
class Strata:
    """Where a library is cut: boundaries (s - 1,) rising logits. A picture lies in stratum
    `searchsorted(boundaries, logit, "right")`: the highest one is what the frozen head flags."""

    boundaries: tuple[float, ...]

    def of(self, logits: Floats) -> Rows:
        """(n,) stratum of each picture."""
        return np.searchsorted(np.array(self.boundaries), logits, side="right")


def next_size(drawn: int, pictures: int) -> int:
    """How many pictures the next wave has, after `drawn`: up to the next look, of a small library less."""
    most = int(SHARE * pictures)
    first = FIRST if most > LOOKS[0] else most
    end = first if not drawn else next((look for look in LOOKS if look > drawn), drawn)
    return max(min(end, most) - drawn, 0)


def error_at(answers: int) -> float:
    """How often an interval that rests on so many answers may miss."""
    return next((error for look, error in ERRORS.items() if answers <= look), min(ERRORS.values()))


def looked_at(answered: int, drawn: int, pictures: int) -> int:
    """How many of the first pictures, in the order drawn, there are figures of: those up to the last look
    that all have an answer, or all of a library too small for more. Looking more often would be wrong more
    often than the figures say."""
    most = int(SHARE * pictures)
    looks = [look for look in LOOKS if look <= max(drawn, most)]
    if answered == drawn and drawn and not next_size(drawn, pictures):
        looks.append(drawn)
    return max((look for look in looks if look <= answered), default=0)


def next_look(answered: int, pictures: int) -> int:
    """After how many answers there are the next figures: of a small library after all it has to give. 0 where
    there are no more."""
    most = min(int(SHARE * pictures), LOOKS[-1])
    look = next((look for look in LOOKS if look > answered), 0)
    return min(look, most) if look and most > answered else 0


def to_go(answered: Sequence[bool], pictures: int) -> int:
    """How many more test labels bring the next figures; 0 where there are no more. `answered`: whether each
    picture has one, in the order drawn: figures wait for the first ones, whatever came before its turn."""
    first = next((n for n, one in enumerate(answered) if not one), len(answered))
    look = next_look(looked_at(first, len(answered), pictures), pictures)
    return look - sum(answered[:look])


def about_waiting(counted: int, answered: int, pictures: int, undecided: int = 0) -> str:
    """Which of the test labels figures rest on, and when the next come: such as 30 of 57. `undecided` of
    the counted say neither yes nor no. Empty where no answer waits."""
    waiting = answered - counted
    if not counted or waiting <= 0:
        return ""
    without = f", without {undecided:,} that say neither yes nor no" if undecided else ""
    following = next_look(counted, pictures)
    then = f"at {following:,}" if following > answered else "when all pictures drawn before are labelled"
    return (
        f"These figures rest on the first {counted:,} of {answered:,} test labels{without}. "
        f"The next come {then}."
    )


def measures_next(since: int, answered: int, measured: int, first_look: int) -> bool:
    """Whether the next question is about a picture that measures, `since` questions after the last such one,
    when `answered` were asked, `measured` of them to measure.

    There are no figures before the first look, so what measures until then can wait: the first 45 questions
    teach, then every second one measures. The look comes after 105 answers, with one in three from the start
    after 90; who stops earlier has taught more.
    """
    if measured >= first_look:
        return since >= EVERY - 1
    return not teaches_first(answered, first_look) and since >= CATCHING_UP - 1


def teaches_first(answered: int, first_look: int) -> bool:
    """Whether so few pictures were asked about that test pictures can wait."""
    return answered < HEAD_START * first_look


def strata(logits: Floats, boundary: float, size: int) -> Strata:
    """Three strata of n pictures by what a frozen head says of them: flagged, next in line, the rest.

    logits (n,); `boundary` is the head's threshold as a logit. So that a careless head can't starve a
    stratum, at least as many pictures as half a wave has count as flagged. Without three different values,
    and where much is flagged, there is one stratum.
    """
    n, rising = len(logits), np.sort(logits)
    said = int((logits >= boundary).sum())
    if not n or rising[0] == rising[-1] or said > max(COMMON * n, 1):
        return Strata(())
    flagged = max(said, min(size // 2, n // 8), 1)
    following = min(HESITATES * flagged, (n - flagged) // 2)
    cuts = {float(rising[min(n - flagged - following, n - 1)]), float(rising[min(n - flagged, n - 1)])}
    return Strata(tuple(sorted(cut for cut in cuts if cut > rising[0])))


def allocation(sizes: Sequence[int], size: int) -> list[int]:
    """How many pictures to draw from strata of these sizes, the flagged ones last; none more than it has."""
    total = sum(sizes)
    size = min(size, total)
    if len(sizes) == 1 or not size:
        return [size, *[0] * (len(sizes) - 1)]
    share = UNIFORM * size * np.array(sizes) / total
    aimed = (1 - UNIFORM) * size
    share[-1] += TO_THE_FLAGGED * aimed
    share[-2] += (1 - TO_THE_FLAGGED) * aimed
    most = np.array(sizes)  # what doesn't fit goes to where there is the most room
    taken = np.minimum(np.floor(share).astype(np.int64), most)
    while taken.sum() < size:
        wanting = np.where(taken < most, share - taken, -np.inf)
        if (wanting <= 0).all():
            wanting = np.where(taken < most, (most - taken).astype(np.float64), -np.inf)
        taken[int(np.argmax(wanting))] += 1
    return [int(n) for n in taken]


def draw(stratum: Rows, size: int, rng: np.random.Generator) -> Rows:
    """Rows of at most `size` of n pictures, in random order; stratum (n,) from 0 on."""
    count = int(stratum.max()) + 1 if len(stratum) else 1
    members = [np.flatnonzero(stratum == s) for s in range(count)]
    taken = allocation([len(rows) for rows in members], size)
    drawn = [rng.choice(rows, n, replace=False) for rows, n in zip(members, taken, strict=True) if n]
    return rng.permutation(np.concatenate(drawn)) if drawn else np.empty(0, np.int64)
