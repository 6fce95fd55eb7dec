"""Tools about the person's pictures: adding and searching."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Elicit, Resolve
from pydantic import Field

from concepts.library.uploads import typed_paths
from web.mcp.door import Agreed, Consent, Ctx, ask, bench_of, in_our_words
from web.mcp.showing import Blocks, Job, Many, PictureId, shown, submitted

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


def search_pictures(
    ctx: Ctx,
    words: Annotated[str, Field(max_length=2000, description="What to look for.")] = "",
    like: Annotated[list[PictureId], Field(max_length=20, description="Pictures to look like.")] = [],  # noqa: B006  # never changed
    n: Many = 6,
) -> Blocks:
    """Pictures of the library by words, by pictures, or by both together, the closest first."""
    bench = bench_of(ctx)
    hits = bench.pictures.search(words, like=like, n=n)
    return shown(bench, f"{len(hits)} pictures, the closest first.", [(hit.id, hit.path) for hit in hits])
