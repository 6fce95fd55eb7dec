"""What the templates of Describe are given."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from concepts.collaborator.prompts import Preview, PromptView
from concepts.collaborator.proposals import BUILT_IN
from concepts.definition.document import Definition, same_words
from concepts.definition.questions import DefinitionQuestion
from concepts.definition.revisions import DefinitionChange, Run, definition_of
from concepts.installation.activity import JobView
from concepts.labelling.examples import ExampleView
from concepts.labelling.framed_parts import PartState
from concepts.labelling.mining import CriterionView, QueryView
from concepts.library.browsing import PictureView
from concepts.library.search import FEW_MATCH, HARDLY_KNOWN, NOT_ENGLISH
from concepts.results.concept_views import ConceptView, ScaleView
from concepts.use_cases import Concept
from storage.pictures.formats import PICTURE_SUFFIXES
from web.parts import Notice, place
from web.words import ago, count, size

KINDS = {
    "necessary": "Must be there",
    "included": "Counts too",
    "supporting": "A good sign",
    "excluding": "Doesn’t count",
    "undecided": "Not decided",
}
TAGS = {"necessary": "must", "included": "counts", "supporting": "helps"}
COUNTING = ("necessary", "included", "supporting")
FIRST = {
    True: 3,
    False: 0,
}  # of proposed searches, for what counts and for what doesn't: the others are folded
PARTS = {"criterion": "criteria", "search": "searches", "look-alike": ""}
TASKS = {
    "annotate": "Label a picture",
    "annotate.caption": "Label, step 1: describe it",
    "annotate.question": "Label, step 2: check criteria",
    "annotate.verdict": "Label, step 3: decide",
    "scope.questions": "Ask questions",
    "scope.tree": "Propose what counts",
    "scope.kinds": "Propose more kinds",
    "doubt": "Find what is open",
    "reword": "Reword the definition",
    "differ": "Tell groups apart",
}
WEAK = {HARDLY_KNOWN: "hardly known", NOT_ENGLISH: "not English", FEW_MATCH: "few matches"}
SIGNS = {"added": "added: ", "removed": "removed: ", "same": ""}
ROLES = {"system": "First", "user": "Then"}

Value = dict[str, Any]


class Values:
    """`shown`: the query of addresses of pictures. `owner`: whether the person may change anything."""

    def __init__(self, shown: str, *, owner: bool, reader: str) -> None:
        self._shown, self.owner, self._reader = shown, owner, reader

    def address(self, picture: str) -> str:
        return f"/media/thumbnail/{picture}{self._shown}"

    def by(self, author: str) -> str:
        return "you" if author in ("me", self._reader) else author

    # Criteria

    def counting(
        self, criteria: Sequence[CriterionView], revision: int, hint: str, more: bool, twice: Collection[str]
    ) -> Value:
        """Those that every picture must show, each with the kinds that belong to it, then the others."""
        signals = [one for one in criteria if one.kind == "necessary"]
        near = {s.text: [c for c in criteria if c.of == s.text and c.kind in TAGS] for s in signals}
        rows = []
        for signal in signals:
            kinds = sorted(near[signal.text], key=lambda one: one.kind)
            drawn = [
                self._row(signal, revision, twice),
                *(self._row(one, revision, twice, "under") for one in kinds),
            ]
            if more:
                words = f"More kinds near “{signal.text}”"
                drawn[-1]["more"] = {"signal": signal.text, "words": words}
            rows += drawn
        whole = [one for one in criteria if not one.of and one.kind in ("included", "supporting")]
        rows += [self._row(one, revision, twice) for one in whole]
        return {"hint": hint, "rows": rows, "more": more and not signals}

    def others(
        self, criteria: Sequence[CriterionView], revision: int, kind: str, title: str, twice: Collection[str]
    ) -> Value | None:
        rows = [self._row(one, revision, twice) for one in criteria if one.kind == kind]
        return {"title": title, "rows": rows} if rows else None

    def _row(self, one: CriterionView, revision: int, twice: Collection[str], style: str = "") -> Value:
        at, named = f"{revision}:{one.index}", f"“{one.text}”"
        decisions = (("Counts", "included", "counts"), ("Doesn’t", "excluding", "doesn’t count"))
        return {
            "at": at,
            "place": f"{one.kind} {one.text}",
            "style": style,
            "text": one.text,
            "tag": TAGS.get(one.kind, ""),
            "tagged": f"tag {TAGS.get(one.kind, '')}",
            "origin": one.origin[:1].upper() + one.origin[1:],
            "owner": self.owner,
            "edit": f"Edit {named}",
            "keeps": f"Keep {named}" if one.proposed and self.owner else "",
            "drops": f"Delete {named}",
            "kinds": [
                {"value": kind, "words": words, "selected": "selected" if kind == one.kind else ""}
                for kind, words in KINDS.items()
            ],
            "decisions": [
                {"at": f"{at}:{kind}", "word": word, "what": f"{named} {what}"}
                for word, kind, what in decisions
                if one.kind == "undecided" and self.owner
            ],
            "strip": f"Pictures nearest to {named}",
            # A search for the same words shows them already.
            "found": [] if same_words(one.text) in twice else self.pictures(one.found),
        }

    # Searches

    def pictures(self, found: Sequence[PictureView]) -> list[Value]:
        return [
            {"id": one.id, "src": self.address(one.id), "name": one.path.rpartition("/")[2]} for one in found
        ]

    def searches(self, queries: Sequence[QueryView], revision: int, told: str, better: str) -> Value:
        """`told`: what is said of the description already; `better`: where a better search is. That some
        searches find little is said once, and each of them is marked."""
        weak = any(WEAK.get(one.hint) for one in queries if not (told and one.index is None))
        return {
            "weak": weak,
            "better": better if weak else "",
            "counting": self._side(queries, True, revision),
            "similar": self._side(queries, False, revision),
        }

    def _side(self, queries: Sequence[QueryView], counts: bool, revision: int) -> Value | None:
        """The person's own and the first that were proposed; the others are folded."""
        found = [one for one in queries if one.counts == counts]
        proposed = [one for one in found if one.proposed]
        shown = [one for one in found if not one.proposed] + proposed[: FIRST[counts]]
        folded = proposed[FIRST[counts] :]
        if not found:
            return None
        more = (
            f"{len(folded)} more"
            if counts
            else f"{count(len(folded), 'proposed search', 'proposed searches')}"
        )
        return {
            "key": f"more-{counts}",
            "shown": [self._query(one, revision) for one in shown],
            "folded": [self._query(one, revision) for one in folded],
            "more": more,
        }

    def _query(self, one: QueryView, revision: int) -> Value:
        return {
            "at": f"{revision}:{one.index}",
            "text": one.text,
            "weak": WEAK.get(one.hint, ""),
            "menu": f"query-{'sentence' if one.index is None else one.index}",
            "about": f"More for search “{one.text}”",
            "origin": one.origin + (f", {count(one.brought, 'candidate')}" if one.brought else ""),
            "keeps": one.proposed and self.owner,
            "flips": ""
            if one.index is None or not self.owner
            else "Doesn’t count"
            if one.counts
            else "Counts",
            "strip": f"Found by {one.text}",
            "found": self.pictures(one.found),
        }

    # The rest

    def examples(self, view: ConceptView, given: Sequence[ExampleView]) -> Value:
        def note(one: ExampleView) -> str:
            said = ["not in the library" if one.outside else "", "" if one.used else "not used"]
            return ", ".join(filter(None, said))

        return {
            "concept": f"id:{view.id}",
            "owner": self.owner,
            "accept": "image/*," + ",".join(sorted(PICTURE_SUFFIXES)),
            "rare": view.rare,
            "examples": [
                {
                    "id": one.id,
                    "src": self.address(one.id),
                    "name": f"Example {number}",
                    "word": "counts" if one.counts else "doesn’t",
                    "tone": f"chip {'yes' if one.counts else 'no'}",
                    "drops": f"Remove example {number}",
                    "note": note(one),
                    "owner": self.owner,
                }
                for number, one in enumerate(given, 1)
            ],
        }

    def questions(self, open_ones: Sequence[DefinitionQuestion], asks: bool) -> Value:
        return {
            "asks": asks and self.owner,
            "questions": [
                {
                    "place": f"question-{number}",
                    "question": one.question,
                    "answers": [offered.answer for offered in one.answers],
                    "owner": self.owner,
                }
                for number, one in enumerate(open_ones)
            ],
        }

    def part(self, name: str, part: PartState) -> Value:
        if not part.framed:
            return {"label": place("/label", name), "whole": part.is_part and self.owner}
        more = ""
        if not part.is_part:
            more = " Discern can look for that part in every picture. This embeds all pictures again."
        elif part.missing:
            more = f" {count(part.missing, 'picture')} can’t be judged yet."
        return {
            "said": f"Framed in {count(len(part.framed), 'picture')}.{more}",
            "looks": self.owner and (not part.is_part or part.newer or part.missing > 0),
            "whole": self.owner and part.is_part,
        }

    def history(self, revisions: Sequence[DefinitionChange]) -> Value:
        newest = revisions[-1].number
        return {
            "revisions": [
                {
                    "number": str(one.number),
                    "note": one.note,
                    "by": f"{self.by(one.author)}, {ago(one.created)}",
                    "changes": f"Changes of definition {one.number}" if newest > 1 else "",
                    "newest": one.number == newest,
                    "at": f"{newest}:{one.number}",
                    "back": f"Go back to definition {one.number}"
                    if one.number != newest and self.owner
                    else "",
                }
                for one in reversed(revisions)
            ]
        }

    def prompts(self, prompts: Sequence[PromptView]) -> Value:
        found = {one.name: one for one in prompts}

        def part(name: str) -> Value:
            one = found[name]
            changed = f"{self.by(one.author)}, {ago(one.created)}" if one.own and one.created else ""
            return {
                "name": name,
                "part": name.rpartition(".")[2],
                "by": changed,
                "about": f"Read or change {name}",
            }

        return {
            "tasks": [
                {"name": words, "parts": [part(f"{task}.{one}") for one in ("system", "user")]}
                for task, words in TASKS.items()
            ]
        }

    def sent(
        self,
        prompt: PromptView,
        changes: Sequence[Run] | None,
        sent: Preview | None,
        why: str,
        others: Sequence[str],
    ) -> Value:
        """What is sent with a prompt, or why that can't be shown."""
        told = {"told": "" if self.owner else prompt.text, "changes": runs(changes) if changes else []}
        if sent is None:
            return told | {"to": why}
        nobody = "No model is set for this. A strict endpoint would be sent this."
        return told | {
            "to": f"To {sent.model} at {sent.endpoint}." if sent.model else nobody,
            "pictures": [
                {
                    "at": f"{prompt.name}|{one}",
                    "src": self.address(one),
                    "pressed": "true" if one == sent.picture else "false",
                    "name": f"Show it with picture {number}",
                }
                for number, one in enumerate(others, 1)
            ]
            if len(others) > 1
            else [],
            "messages": [
                {
                    "role": f"{ROLES.get(one.role, one.role)} ({one.role})",
                    "text": one.text,
                    "pictures": [
                        {
                            "src": self.address(each.id),
                            "size": f"{each.width} × {each.height} pixels, {size(each.bytes)} of JPEG",
                        }
                        for each in one.pictures
                    ],
                }
                for one in sent.messages
            ],
            "form": json.dumps(sent.parameters, indent=2, ensure_ascii=False),
        }


def runs(changes: Sequence[Run]) -> list[Value]:
    """A word diff; empty where the words are the same."""
    if all(run.change == "same" for run in changes):
        return []
    return [{"change": run.change, "sign": SIGNS[run.change], "text": run.text} for run in changes]


def scale_in_words(scale: ScaleView) -> str:
    """Without the names that people gave."""
    if scale.kind == "graded":
        return f"{len(scale.words)} grades"
    return count(len(scale.words), "class", "classes") if scale.kind == "classes" else "yes or no"


# What was done


def saved(note: str, number: int, before: int) -> dict[str, str]:
    said = note[:1].upper() + note[1:]
    return Notice.good(f"{said}.", f"definition/{number}:{before}" if before else "")


def outcome(job: JobView | None, concept: Concept) -> dict[str, str] | None:
    """What came of a job that has just ended."""
    if job is None or job.state != "done" or job.result is None:
        return None
    result: Mapping[str, Any] = job.result
    if job.kind == "mine":
        return Notice.good(f"{count(int(result['candidates']), 'picture')} to look through.")
    if job.kind == "look at parts":
        seen = int(result["pictures"])
        words = f"Found the part in {count(seen, 'picture')}." if seen else "Whole pictures are judged again."
        return Notice.good(f"{words} Train again on Check.")
    why = f" ({result['problem']})" if result.get("problem") else ""
    if job.kind == "ask questions":  # what there is to say beside the questions
        nothing = "" if result["questions"] else "There is nothing to ask right now."
        if why:
            told = nothing or "These questions are about built-in nouns."
            return Notice.bad(f"The model did not answer. {told}{why}")
        return Notice.good(nothing) if nothing else None
    if job.kind == "propose" and result["kinds"] and not result["added"]:
        return Notice.good("No more kinds were found.")
    by = "the built-in words" if result["author"] == BUILT_IN else result["author"]
    after = definition_of(concept, int(result["revision"]))
    told_of = Notice.good(f"Nothing new from {by}.")
    if after.created >= job.created:
        before = definition_of(concept, after.number - 1).definition
        told_of = saved(_added(before, after.definition), after.number, after.number - 1)
    if why:
        said = f"The model did not answer, so the built-in words were used. {told_of['text']}{why}"
        return Notice.bad(said) | {"undo": told_of["undo"]}
    return told_of


def _added(before: Definition, after: Definition) -> str:
    """Such as: 4 searches and 2 look-alikes added, in place of 3 earlier proposals."""
    old, new = _parts_of(before), _parts_of(after)
    come, gone = [what for text, what in new.items() if text not in old], len(old.keys() - new.keys())
    said = [count(come.count(one), one, many) for one, many in PARTS.items() if one in come]
    listed = " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))
    more = f", in place of {count(gone, 'earlier proposal')}" if gone else ""
    return f"{listed or 'nothing'} added{more}"


def _parts_of(definition: Definition) -> dict[str, str]:
    """Each criterion and search, and which of them it is."""
    searches = {query.text: "search" if query.counts else "look-alike" for query in definition.queries}
    return searches | dict.fromkeys((criterion.text for criterion in definition.criteria), "criterion")
