"""Tools about the person's pictures: adding and searching."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Elicit, Resolve
from pydantic import Field

from concepts.errors import ConflictError, DiscernError
from concepts.library.uploads import typed_paths
from web.mcp.door import Agreed, Consent, Ctx, ask, bench_of, caller_of, in_our_words
from web.mcp.showing import Blocks, Job, Many, PictureId, VersionNumber, shown, submitted
from web.words import count

Paths = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=4096)]],
    Field(
        min_length=1,
        max_length=100,
        description="Full paths of folders, pictures or zip archives of the computer Discern runs on.",
    ),
]


@in_our_words()
def agree_to_add(ctx: Ctx, paths: Paths) -> Elicit[Consent] | Consent:
    return ask(ctx, "add_pictures", f"Add pictures to the library from {', '.join(paths)}?")


def add_pictures(ctx: Ctx, paths: Paths, agreed: Annotated[Agreed, Resolve(agree_to_add)]) -> Job:
    """Adds pictures where they are. Add a folder again to take up what is new in it. A job."""
    bench = bench_of(ctx)
    return submitted(bench, bench.pictures.submit_add(typed_paths("\n".join(paths))))


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
        hits = bench.pictures.search(words, like=like, n=n)
        return shown(bench, f"{len(hits)} pictures, the closest first.", [(hit.id, hit.path) for hit in hits])
    if words or like:
        raise DiscernError("Search by words and pictures, or by a concept: not by both at once.")
    if order == "next":
        found = bench.concept(concept).annotations.next_pictures(n, assistant=caller_of(ctx).assistant)
        first = f"{count(len(found), 'picture')} to judge, each behind its id."
        return shown(bench, first, [(one.id, "") for one in found])
    page = bench.versions.scored_pictures(concept, order, version=version, size=n)
    if page is None:
        raise ConflictError("This version has not looked at the library yet. Train it again first.")
    first = (
        f"Version {page.version} says yes to {page.flagged} of {page.total}, from {page.threshold:.3f} on."
    )
    return shown(bench, first, [(one.id, f"{one.probability:.3f} {one.path}") for one in page.pictures])
