"""The tool that searches the person's pictures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from concepts.errors import ConflictError, DiscernError
from concepts.workbench.operation import PictureId
from web.mcp.door import Ctx, bench_of, caller_of
from web.mcp.showing import Blocks, Many, VersionNumber, shown
from web.words import count

Order = Annotated[
    Literal["top", "bottom", "borderline", "next"],
    Field(
        description="With a concept: the surest yes, the surest no, those close to the threshold, or those "
        "whose labels would help most now and that you have not judged."
    ),
]


def search_pictures(
    ctx: Ctx,
    words: Annotated[str, Field(max_length=2000, description="What to look for.")] = "",
    like: Annotated[list[PictureId], Field(max_length=20, description="Pictures to look like.")] = [],  # noqa: B006  # never changed
    concept: Annotated[
        str, Field(max_length=120, description="In place of words and pictures: by what it has learned.")
    ] = "",
    order: Order = "top",
    version: VersionNumber = None,
    n: Many = 6,
) -> Blocks:
    """Pictures of the library: by words, by pictures or by both, the closest first; or by a concept. With
    order “next” look at each, judge it by the definition (show_concept), and say so with label_pictures."""
    bench = bench_of(ctx)
    if not concept:
        hits = bench.library.search(words, like=like, n=n)
        return shown(bench, f"{len(hits)} pictures, the closest first.", [(hit.id, hit.path) for hit in hits])
    if words or like:
        raise DiscernError("Search by words and pictures, or by a concept: not by both at once.")
    if order == "next":
        found = bench.concept(concept).annotations.next_pictures(n, assistant=caller_of(ctx).assistant)
        first = f"{count(len(found), 'picture')} to judge, each behind its id."
        return shown(bench, first, [(one.id, "") for one in found])
    page = bench.concept(concept).scores.page(order, version=version, limit=n)
    if page is None:
        raise ConflictError("This version has not looked at the library yet. Train it again first.")
    first = (
        f"Version {page.version} says yes to {page.flagged} of {page.total}, from {page.threshold:.3f} on."
    )
    return shown(bench, first, [(one.id, f"{one.probability:.3f} {one.path}") for one in page.pictures])
