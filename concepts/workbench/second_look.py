"""Use cases of looking over answers: which are doubtful, what more would change, what figures cover."""

from __future__ import annotations

from functools import partial

from concepts.classifier.coverage import coverage
from concepts.classifier.doubts import Doubts, WorthALook, doubts, worth_a_look
from concepts.classifier.looked_again import (
    Corrected,
    Drawn,
    LookAgain,
    corrected,
    draw,
    said_of,
    second_answers,
    what_came_of_it,
)
from concepts.classifier.rarity import rarity
from concepts.classifier.sample import sample
from concepts.classifier.second_look import Suspect, second_look
from concepts.classifier.settling import settling
from concepts.classifier.training import check_fingerprint, way_of
from concepts.errors import DiscernError
from concepts.jobs import Listener, Progress
from concepts.jobs.job import read_job
from concepts.labels.dataset import Material
from concepts.labels.rows import SPELLINGS
from concepts.learning.fitting import SEED
from concepts.library.browsing import views_of
from concepts.workbench.context import Context
from concepts.workbench.kinds import LookedOver, LookOver
from storage.heads import StoredHead
from storage.labels import Author, LabelEvent, NewLabel
from storage.tables import ConceptRow

SUSPECTS = 50  # that are kept: more than anybody looks at
DOUBTS = 24  # of each kind


class SecondLook:
    """It trains several heads, so it is a job; screens show what came of the last one, as of then."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(LookOver, self._look_over)

    def newest(self, name: str) -> LookedOver | None:
        """What came of the last look, perhaps at fewer answers or another library."""
        return self._context.jobs.newest_done(LookOver, self._context.concept(name).id)

    def current(self, name: str, listener: Listener | None = None) -> LookedOver:
        """As things are now; waits for it where something has changed since the last look."""
        concept = self._context.concept(name)
        newest = self._context.jobs.newest_done(LookOver, concept.id)
        asked = self._asked(concept)
        return newest if newest and newest.at == asked.at else self._context.jobs.run(asked, listener)

    def submit(self, name: str) -> int:
        """Looks in the background; returns the job's id."""
        return self._context.jobs.submit(self._asked(self._context.concept(name)))

    def keep_up(self, name: str) -> None:
        """The same, where something has changed since the last look, and none is going on or has failed at
        just this."""
        concept = self._context.concept(name)
        if not self._context.counts.now(concept.id).answers:
            return
        asked = self._asked(concept)
        last = self._context.jobs.store.latest([LookOver.kind], concept.id)
        if last is None or (last.finished is not None and read_job(LookOver, last) != asked):
            self._context.jobs.submit(asked)

    def suspects(self, name: str, n: int = 20) -> list[Suspect]:
        """At most n answers that all other answers spoke against at the last look, to be looked at again and
        never changed by itself. Those that somebody has answered since are left out."""
        concept = self._context.concept(name)
        found = self._context.jobs.newest_done(LookOver, concept.id)
        if found is None or not found.suspects:
            return []
        since, _ = self._context.log.changed_since(concept.id, found.answers)
        since |= self._context.collection.removed.hidden().ids
        inside = set(self._inside(concept, [suspect.id for suspect in found.suspects]))
        return [one for one in found.suspects if one.id in inside and one.id not in since][:n]

    def doubts(self, name: str) -> Doubts | None:
        """What the newest version had wrong and could not place at the last look, without those that somebody
        has answered since. None where no version was looked at."""
        concept = self._context.concept(name)
        looked = self._context.jobs.newest_done(LookOver, concept.id)
        if looked is None or looked.doubts is None:
            return None
        since, _ = self._context.log.changed_since(concept.id, looked.answers)
        since |= self._context.collection.removed.hidden().ids
        shown = [doubt.id for doubt in (*looked.doubts.wrong, *looked.doubts.unsure)]
        inside = set(self._inside(concept, shown))
        wrong, unsure = (
            [doubt for doubt in kind if doubt.id in inside and doubt.id not in since]
            for kind in (looked.doubts.wrong, looked.doubts.unsure)
        )
        return looked.doubts.model_copy(update={"wrong": wrong, "unsure": unsure})

    def worth(self, name: str, n: int = 20) -> list[WorthALook]:
        """At most n pictures of each kind that are worth a second look, as the last look has it and in the
        order in which they are shown: answers that all others speak against, further ones that the version
        would get wrong, and what it can't place. Without those that somebody has answered since."""
        found = [worth_a_look("spoken against", one) for one in self.suspects(name, n)]
        doubts, shown = self.doubts(name), {one.id for one in found}
        if doubts is None:
            return found
        wrong = [one for one in doubts.wrong if one.id not in shown][:n]
        found += [worth_a_look("would get wrong", one) for one in wrong]
        return found + [worth_a_look("can’t place", one) for one in doubts.unsure[:n]]

    def again(self, name: str, author: str) -> LookAgain:
        """The blind second look of this person at answers that measure, for the newest version."""
        concept, head = self._context.version(name, None)
        drawn, said = self._drawn_again(concept, head, Author(author))
        order = drawn.mixed(concept.seed)
        answers = second_answers(said, order)
        ahead = [i for i in order if i not in answers][:1]
        shown = views_of(self._context.collection.library.pictures(ahead))
        return LookAgain(
            version=head.number,
            asked=len(order),
            answered=len(answers),
            next=shown[0] if shown else None,
            sentence=what_came_of_it(drawn, answers),
        )

    def answer_again(self, name: str, picture_id: str, value: str, *, author: str, key: str) -> None:
        """Keeps what somebody says at their second look: beside the first answer, which goes on to measure.
        Raises `DiscernError` for a picture that isn't of it, or is answered."""
        concept, head = self._context.version(name, None)
        who = Author(author)
        if value not in ("yes", "no", "unsure"):
            raise DiscernError(f"“{value}” is no answer. Say yes, no or unsure.")
        drawn, said = self._drawn_again(concept, head, who)
        if picture_id not in drawn.mixed(concept.seed):
            raise DiscernError("This picture isn’t one of those to look at again.")
        if second_answers(said, [picture_id]):
            return
        number = self._context.revision(concept).number
        label = NewLabel(key, picture_id, SPELLINGS[value], who, number, repeat=True)
        self._context.log.append(concept.id, [label])

    def corrected(self, name: str) -> list[Corrected]:
        """The pictures that measure and were answered otherwise since; their first answers measure."""
        return self.corrected_in(self._context.material(self._context.concept(name)))

    def corrected_in(self, material: Material) -> list[Corrected]:
        """The same, for who has read the answers already."""
        found = corrected(material)
        paths = self._context.collection.paths([one.id for one in found])
        return [one.model_copy(update={"path": paths.get(one.id, "")}) for one in found]

    def _inside(self, concept: ConceptRow, ids: list[str]) -> list[str]:
        """Those the concept looks in now; what came of a look is of then."""
        return self._context.collection.frames.among(concept.id, ids)

    def _drawn_again(
        self, concept: ConceptRow, head: StoredHead, author: Author
    ) -> tuple[Drawn, dict[str, list[LabelEvent]]]:
        check_fingerprint(head, self._context.collection)
        material = self._context.material(concept)
        events = self._context.log.of_author(concept.id, author, material.measuring)
        said = said_of(events, author)
        return draw(material, head, said, concept.seed), said

    def _asked(self, concept: ConceptRow) -> LookOver:
        newest = self._context.heads.get(concept.id)
        return LookOver(
            concept.id,
            answers=self._context.log.last_sequence(concept.id),
            definition=self._context.revision(concept).number,
            library=self._context.collection.vectors_for(concept.id).version,
            version=newest.number if newest else 0,
        )

    def _look_over(self, job: LookOver, progress: Progress) -> LookedOver:
        concept = self._context.store.get(job.concept_id)
        asked = self._asked(concept)  # there may be more answers than when it was asked for
        material, collection = self._context.material(concept), self._context.collection
        newest = self._context.heads.get(concept.id)
        steps = partial(progress.report, total=6)  # small ones: between them it stands aside
        steps(0, message="looking for answers that the others speak against")
        doubtful = second_look(material, collection, self._context.log, SUSPECTS)
        inside = set(material.looks_at(suspect.id for suspect in doubtful))
        doubtful = [suspect for suspect in doubtful if suspect.id in inside]
        steps(1, message="looking at what the last answers changed")
        settled = settling(material, way_of(newest) if newest else "auto")
        steps(2, message="looking at what figures cover")
        drawn = sample(material, collection, partial(steps, 2, message="looking at what figures cover"))
        steps(3, message="looking at what figures cover")
        alike = [drawn.ids[row] for row in drawn.alike(SEED)]  # as good as drawn with equal chances
        covered = coverage(alike, material.index, collection.library.near_groups)
        steps(4, message="looking at how rare it is")
        rare = rarity(drawn, material, self._context.walls.of(concept.id))
        steps(5, message="looking for what the version has wrong")
        fits = newest is not None and newest.fingerprint == collection.recorded().fingerprint
        log = self._context.log
        return LookedOver(
            answers=asked.answers,
            definition=asked.definition,
            library=asked.library,
            counted=len(material.decisions),
            suspects=doubtful,
            settling=settled,
            rarity=rare,
            coverage=covered,
            version=newest.number if newest else 0,
            doubts=doubts(material, collection, log, newest, DOUBTS) if newest and fits else None,
        )
