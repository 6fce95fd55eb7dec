"""Putting proposals into a definition: what the person wrote stays, first and unchanged."""

from __future__ import annotations

from collections.abc import Iterable

from concepts.definition.document import Criterion, Definition, Origin, Query

LONGEST = 300  # characters of a criterion or query
FROM_THE_SENTENCE = "from your sentence"


def as_the_person_wrote_it(definition: Definition) -> Definition:
    """Without earlier proposals."""
    return definition.model_copy(
        update={
            "criteria": tuple(c for c in definition.criteria if c.origin == "person"),
            "queries": tuple(q for q in definition.queries if q.origin == "person"),
        }
    )


def with_proposals(
    written: Definition,
    origin: Origin,
    criteria: Iterable[Criterion],
    counts: Iterable[str],
    lookalikes: Iterable[str],
) -> Definition:
    """With new criteria and queries behind those that are there; one whose words are there is left out."""
    known = {criterion.text.casefold() for criterion in written.criteria}
    proposed = []
    for criterion in criteria:
        if criterion.text.casefold() not in known:
            proposed.append(criterion)
            known.add(criterion.text.casefold())
    searched = {query.text.casefold() for query in written.queries}
    queries = []
    for texts, count in ((counts, True), (lookalikes, False)):
        new = [text for text in distinct(texts) if text.casefold() not in searched]
        queries += [Query(text=text, counts=count, origin=origin) for text in new]
        searched.update(text.casefold() for text in new)
    return Definition(
        **written.model_dump(exclude={"criteria", "queries"}),
        criteria=(*written.criteria, *proposed),
        queries=(*written.queries, *queries),
    )


def answers_as_text(definition: Definition, nothing: str = "(none)") -> str:
    """What was asked and answered, for a prompt; `nothing` where nothing was."""
    said = [f"{one.question} – {one.answer or '(skipped)'}" for one in definition.asked]
    return "\n".join(said) or nothing


def distinct(texts: Iterable[str]) -> list[str]:
    """Without white space around, empty ones, over-long ones and repetitions."""
    kept: dict[str, str] = {}
    for text in texts:
        tidy = " ".join(text.split())
        if 0 < len(tidy) <= LONGEST:
            kept.setdefault(tidy.casefold(), tidy)
    return list(kept.values())
