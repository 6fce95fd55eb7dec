"""Use cases of combining finished concepts by and, or, not: try a rule, keep it, take it away as one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from concepts.classifier.training import check_fingerprint, check_has_learned
from concepts.classifier.versions import file_stem
from concepts.combining import text
from concepts.combining.agreement import agreement, learned_from
from concepts.combining.library import LibraryRule, RuleCache
from concepts.combining.probability import places
from concepts.combining.views import (
    Agreement,
    CombinationView,
    Member,
    MemberSaid,
    RuleOrder,
    RulePicture,
    Tried,
    assumption_of,
)
from concepts.definition.names import checked_name
from concepts.errors import ConflictError, DiscernError, UnknownCombinationError
from concepts.export.checksums import CHECKSUMS_FILE
from concepts.export.rules import Combined, Expression
from concepts.export.run import ExportResult, export_heads
from concepts.jobs import Listener, Progress
from concepts.labels.consensus import Decision
from concepts.workbench.context import SCORED_AT_ONCE, Context
from concepts.workbench.exported import changed, exported
from concepts.workbench.kinds import LibraryScored, TryRule
from concepts.workbench.versions import Versions
from storage.combinations import CombinationStore, StoredCombination
from storage.heads import StoredHead
from storage.names import key_of
from storage.tables import ConceptRow
from storage.vectors.protocol import VectorReader

MOST_MEMBERS = 20
READ: TypeAdapter[Expression] = TypeAdapter(Expression)


@dataclass(frozen=True)
class _Rule:
    """A rule whose concepts are known, each with the version that speaks for it."""

    members: tuple[tuple[ConceptRow, StoredHead], ...]
    expression: Expression

    @property
    def heads(self) -> list[StoredHead]:
        return [head for _, head in self.members]

    @property
    def text(self) -> str:
        return text.text_of(self.expression, [concept.name for concept, _ in self.members])

    @property
    def views(self) -> tuple[Member, ...]:
        return tuple(
            Member(concept=concept.name, version=head.number, threshold=head.threshold)
            for concept, head in self.members
        )


class Combining:
    """Rules over finished concepts. Nobody answers anything for them."""

    def __init__(self, context: Context, versions: Versions) -> None:
        self._context = context
        self._versions = versions
        self._store = CombinationStore(context.database)
        self._cache = RuleCache()
        context.jobs.register(TryRule, self._try)

    def could_be_combined(self) -> list[str]:
        """Concepts with a version for the library's encoder, in the order of the alphabet."""
        if self._context.collection.library.encoder() is None:
            return []
        ready = self._context.heads.newest_are_for(self._context.collection.recorded().fingerprint)
        return sorted((c.name for c in self._context.store.all() if c.id in ready), key=str.casefold)

    def read(self, rule: str) -> tuple[Expression, list[str]]:
        """A rule as it is understood, and the names of its concepts by their place. Raises `RuleTextError`,
        and what there is to say of a concept that can't be part of one."""
        found = self._read(rule)
        return found.expression, [concept.name for concept, _ in found.members]

    def tried(
        self,
        rule: str,
        *,
        kept: str = "",
        threshold: float | None = None,
        order: RuleOrder = "top",
        start: int = 0,
        size: int = 24,
    ) -> Tried | None:
        """What a rule of the newest versions, or the one `kept` under a name, makes of the library. None
        where that is large and wasn't looked at with it yet: `submit_try` does that."""
        found, line = self._asked(rule, kept)
        line = _checked(line if threshold is None else threshold)
        for head in found.heads:
            check_fingerprint(head, self._context.collection)
        vectors = self._looked_in(found)
        ready = self._cache.has(found.expression, found.heads, vectors)
        if len(vectors.ids) > SCORED_AT_ONCE and not ready:
            return None
        return self._looked(
            found, self._cache.of(found.expression, found.heads, vectors), line, order, start, size
        )

    def try_now(
        self,
        rule: str,
        *,
        kept: str = "",
        threshold: float | None = None,
        order: RuleOrder = "top",
        start: int = 0,
        size: int = 24,
        listener: Listener | None = None,
    ) -> Tried:
        """The same, and waits."""

        def look() -> Tried | None:
            return self.tried(rule, kept=kept, threshold=threshold, order=order, start=start, size=size)

        page = look()
        if page is None:
            self._context.jobs.resume(self.submit_try(rule, kept=kept), listener)
            page = look()
        assert page is not None
        return page

    def submit_try(self, rule: str, *, kept: str = "") -> int:
        """Has a rule look at every picture of a large library; returns the job's id."""
        self._asked(rule, kept)
        return self._context.jobs.submit(TryRule(rule, kept))

    def keep(self, name: str, rule: str, *, threshold: float = 0.5, author: str) -> CombinationView:
        """Keeps a rule under a name, with the versions that speak for its concepts now. Kept again under the
        same name it has the next number; the ones before stay what they are."""
        name, found = checked_name(name), self._read(rule)
        for concept, head in found.members:
            check_fingerprint(head, self._context.collection)
            check_has_learned(head)
            if key_of(concept.name) == key_of(name):
                raise ConflictError(f"“{concept.name}” is one of its own concepts. Give it another name.")
        members = [(concept.id, head.number) for concept, head in found.members]
        expression = found.expression.model_dump(mode="json")
        return self._view(self._store.add(name, members, expression, _checked(threshold), author))

    def kept(self, limit: int | None = None, offset: int = 0) -> list[CombinationView]:
        """The rules that were kept, the last first; all of them or a page."""
        return [self._view(stored) for stored in self._store.all(limit, offset)]

    def one(self, name: str, number: int | None = None) -> CombinationView:
        """The newest of this name, or an older one. Raises `UnknownCombinationError`."""
        return self._view(self._stored(name, number))

    def export(
        self, name: str, out: Path, *, number: int | None = None, page: bool = False, int8: bool = False
    ) -> ExportResult:
        """Writes a kept rule with its versions as one folder of files that run anywhere, measured first where
        that can be done; with a `page` for browsers. Raises `DiscernError` for `int8`."""
        stored = self._stored(name, number)
        _check_no_int8(stored.name, int8)
        found = self._of(stored)
        for concept, head in found.members:
            if self._context.material(concept, head.definition_number).evaluation_labels()[0]:
                self._versions.evaluate(concept.name, version=head.number)
        return self._write(stored, found, out, page)

    def archive(
        self, name: str, number: int | None = None, *, page: bool = False, int8: bool = False
    ) -> Path:
        """The zip of that, written when first asked for and when a member was measured again."""
        stored = self._stored(name, number)
        _check_no_int8(stored.name, int8)
        found = self._of(stored)
        stem = file_stem(stored.name, stored.number) + ("-with-page" if page else "")
        folder = self._context.settings.home / "bundles" / "combined" / stem
        archive = folder.with_name(folder.name + ".zip")
        with self._context.database.alone("bundles"):
            whole = archive.is_file() and (folder / CHECKSUMS_FILE).is_file()
            since = max(changed(self._context, *one) for one in found.members)
            if not whole or archive.stat().st_mtime <= max(since, stored.created.timestamp()):
                self._write(stored, found, folder, page)
        return archive

    def _write(self, stored: StoredCombination, found: _Rule, out: Path, page: bool) -> ExportResult:
        rule = Combined(name=stored.name, threshold=stored.threshold, expression=found.expression)
        versions = [exported(self._context, *one) for one in found.members]
        return export_heads(self._context.collection, versions, out, page=page, rule=rule)

    def _try(self, job: TryRule, progress: Progress) -> LibraryScored:
        found, _ = self._asked(job.rule, job.kept)
        for head in found.heads:
            check_fingerprint(head, self._context.collection)
        progress.report(0, None, "looking at every picture")
        vectors = self._looked_in(found)
        return LibraryScored(pictures=len(self._cache.of(found.expression, found.heads, vectors).ids))

    def _looked_in(self, found: _Rule) -> VectorReader:
        """A rule says something of the pictures that all of its concepts look in."""
        return self._context.collection.frames.common(concept.id for concept, _ in found.members)

    # Rules from text and from SQL

    def _asked(self, rule: str, kept: str) -> tuple[_Rule, float]:
        if not kept:
            return self._read(rule), 0.5
        stored = self._stored(kept)
        return self._of(stored), stored.threshold

    def _read(self, rule: str) -> _Rule:
        members: list[tuple[ConceptRow, StoredHead]] = []

        def place_of(name: str) -> int:
            concept = self._context.concept(name)
            place = next((i for i, (other, _) in enumerate(members) if other.id == concept.id), len(members))
            if place == len(members):
                if place == MOST_MEMBERS:
                    raise DiscernError(f"A rule combines at most {MOST_MEMBERS} concepts.")
                members.append((concept, self._context.head(concept, None)))
            return place

        expression = text.parse(rule, place_of)
        return _Rule(tuple(members), expression)

    def _of(self, stored: StoredCombination) -> _Rule:
        concepts = [self._context.store.get(concept_id) for concept_id, _ in stored.members]
        numbers = [number for _, number in stored.members]
        heads = [self._context.head(c, number) for c, number in zip(concepts, numbers, strict=True)]
        return _Rule(tuple(zip(concepts, heads, strict=True)), READ.validate_python(stored.expression))

    def _stored(self, name: str, number: int | None = None) -> StoredCombination:
        stored = self._store.get(name, number)
        if stored is None or stored.removed:
            raise UnknownCombinationError(name)
        return stored

    def _view(self, stored: StoredCombination) -> CombinationView:
        problem, members = "", tuple[Member, ...]()
        try:
            found = self._of(stored)
            members, rule = found.views, found.text
            for head in found.heads:
                check_fingerprint(head, self._context.collection)
        except DiscernError as error:  # a member is in the trash, or the library has another encoder
            problem = str(error)
            names = self._context.store.names([concept_id for concept_id, _ in stored.members])
            in_order = [names.get(concept_id, "?") for concept_id, _ in stored.members]
            rule = text.text_of(READ.validate_python(stored.expression), in_order)
        return CombinationView(
            name=stored.name,
            number=stored.number,
            rule=rule,
            threshold=stored.threshold,
            members=members,
            author=stored.author,
            created=stored.created,
            problem=problem,
        )

    # What a rule makes of the library

    def _looked(
        self, found: _Rule, rule: LibraryRule, line: float, order: RuleOrder, start: int, size: int
    ) -> Tried:
        answers = [self._context.counts.decisions(concept.id).now() for concept, _ in found.members]
        waiting: set[str] = set()
        for (concept, _), of in zip(found.members, answers, strict=True):
            waiting |= self._context.store.kept_apart(concept.id) - of.keys()
        listed = rule.places(order, line, waiting)
        names = [concept.name for concept, _ in found.members]
        twice = tuple(names[place] for place, times in places(found.expression).items() if times > 1)
        flag = np.float32(line)
        return Tried(
            rule=found.text,
            threshold=line,
            members=found.views,
            total=len(rule.ids),
            listed=len(listed),
            flagged=int((rule.probability >= flag).sum()),
            nearly=int(rule.nearly(line).sum()),
            surely=int((rule.low >= flag).sum()),
            possibly=int((rule.high >= flag).sum()),
            by_decisions=int(rule.by_decisions(found.expression, [h.threshold for h in found.heads]).sum()),
            twice=twice,
            assumption=assumption_of(len(names), twice),
            agreement=self._agreement(found, rule, line, answers),
            order=order,
            start=start,
            pictures=self._pictures(found, rule, line, answers, listed[start : start + size].tolist()),
        )

    def _agreement(
        self, found: _Rule, rule: LibraryRule, line: float, answers: Sequence[dict[str, Decision]]
    ) -> Agreement | None:
        learned = []
        for concept, head in found.members:
            material = self._context.material(concept, head.definition_number)
            learned.append(learned_from(material, head.label_sequence, self._context.collection))
        return agreement(rule, found.expression, line, answers, learned)

    def _pictures(
        self,
        found: _Rule,
        rule: LibraryRule,
        line: float,
        answers: Sequence[dict[str, Decision]],
        rows: Sequence[int],
    ) -> tuple[RulePicture, ...]:
        ids = rule.ids.at(np.array(rows, np.int64))
        paths = self._context.collection.paths(ids)
        shown = []
        for picture_id, row in zip(ids, rows, strict=True):
            said = tuple(
                MemberSaid(
                    concept=concept.name,
                    probability=float(rule.members[row, place]),
                    decision="yes" if rule.members[row, place] >= np.float32(head.threshold) else "no",
                    said=of[picture_id].value if picture_id in (of := answers[place]) else "",
                )
                for place, (concept, head) in enumerate(found.members)
            )
            probability = float(rule.probability[row])
            shown.append(
                RulePicture(
                    id=picture_id,
                    path=paths.get(picture_id, ""),
                    probability=probability,
                    low=float(rule.low[row]),
                    high=float(rule.high[row]),
                    flagged=bool(rule.probability[row] >= np.float32(line)),
                    members=said,
                )
            )
        return tuple(shown)


def _checked(threshold: float) -> float:
    if not 0 < threshold < 1:
        raise DiscernError(f"How sure it has to be lies between 0 and 1; {threshold:g} doesn't.")
    return threshold


def _check_no_int8(name: str, asked: bool) -> None:
    if asked:
        raise DiscernError(
            f"“{name}” combines concepts, and there is no int8 form of that: what int8 changes is measured "
            "for one concept at a time, which says nothing of the rule. Take it without int8, or each of its "
            "concepts alone with it."
        )
