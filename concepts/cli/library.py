"""`discern library`, `collection` and `trash`: how what they return is printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from concepts.cli.declared import print_plainly, shows
from concepts.cli.output import report_bad, say, say_known, table
from concepts.errors import missing_package
from storage.pictures.videos import EXTRA, PACKAGE

if TYPE_CHECKING:
    from concepts.labelling.columns import ColumnsReport
    from concepts.library.browsing import PictureDetail, PictureView
    from concepts.library.collections import CollectionView, OneCollection
    from concepts.results.emptying import Emptied
    from concepts.results.library import Added, LibraryState
    from concepts.results.trash import Moved, TrashItem


@shows("keep_captions")
def _captions(report: ColumnsReport) -> None:
    columns = ", ".join(f"{name} ({count:,})" for name, count in report.columns.items())
    say(f"{report.kept:,} values are new, of {report.pictures:,} pictures: {columns or 'no columns'}.")
    report_bad(report)


@shows("import_pictures")
def _added(result: Added) -> None:
    say(
        f"{result.added:,} added, {result.duplicates:,} duplicates, {result.unchanged:,} unchanged, "
        f"{sum(result.skipped.values()):,} skipped in {result.seconds:.0f} s."
    )
    if not (result.added or result.duplicates or result.unchanged or result.skipped or result.removed_before):
        say("  No picture was found there.")
    if result.removed_before:
        say(f"  {result.removed_before:,} were removed by you before (see: trash list)")
    if result.videos:
        say(f"  {result.frames:,} frames of {result.videos:,} videos")
    for reason, count in result.skipped.items():
        say(f"  {count:,} skipped: {reason} (see: library info --bad)")
    if result.skipped.get("video"):
        say(f"  Videos need the extra “{EXTRA}”. {missing_package(PACKAGE, EXTRA).advice('in_terminal')}")


@shows("library_state")
def _state(info: LibraryState) -> None:
    rows = [
        ("Pictures", f"{info.pictures:,}, {', '.join(info.formats)}".strip(", ")),
        ("Files", f"{info.sources:,} ({info.exact_duplicates:,} exact duplicates)"),
        ("Near-duplicates", f"{info.near_duplicates:,}"),
        ("Size", f"{info.bytes / 1e6:,.1f} MB"),
        ("Skipped files", f"{info.bad_files:,}"),
        ("In the trash", f"{info.in_bin:,}"),
        ("Waiting for vectors", f"{info.pending:,}"),
        ("Encoder", info.fingerprint or "none yet"),
        ("", info.encoder_note),
        ("Data folder", info.home),
        *(("Folder", f"{folder.path}, {folder.files:,} files") for folder in info.folders),
    ]
    if info.words.looked_at:
        rows.append(("Words", f"looked for in {info.words.looked_at:,} pictures"))
    if found := info.neighbours:
        rows.append(("Neighbours", f"found for {found.pictures:,} of {found.of:,} pictures"))
        if found.recall is not None:
            rows.append(("", f"{found.recall:.1%} of the nearest pictures of each were found"))
        if not found.is_current:
            rows.append(("", "The app finds the rest. To do it now: discern library check --only neighbours"))
    if used := info.vectors:
        rows += [
            ("Vectors", f"{used.least / 1e6:,.1f} MB by themselves"),
            ("", f"{used.table / 1e6:,.1f} MB: the table, with older states of the last hour"),
            ("", f"{used.copied / 1e6:,.1f} MB: its copy, which is read"),
            ("", f"{used.graph / 1e6:,.1f} MB: which pictures are similar"),
            ("", f"{used.others / 1e6:,.1f} MB: of parts of pictures, and of earlier encoders"),
        ]
        if used.is_too_much:
            rows.append(("", "Older states take much of it: discern library check --only tidy"))
    table(("", ""), rows)
    for file in info.bad:
        say(f"{file.path}: {file.message}")


@shows("picture_detail")
def _picture(found: PictureDetail) -> None:
    camera = found.camera
    told: list[tuple[str, Any]] = []
    if camera:
        told = [
            *([("Taken", f"{camera.taken:%Y-%m-%d %H:%M}")] if camera.taken else []),
            *camera.facts.items(),
            *([("Taken at", "north {}, east {}".format(*camera.position))] if camera.position else []),
            *([("File", "gone, or another one by now")] if camera.missing else []),
        ]
    rows = [
        ("Id", found.id),
        ("Picture", f"{found.format}, {found.width} × {found.height}, {found.bytes:,} bytes"),
        ("Added", f"{found.added:%Y-%m-%d %H:%M}"),
        *told,
        *(("At", place) for place in found.places),
        *(("Looks like", other) for other in found.near_duplicates),
        *((column.name, column.value) for column in found.columns),
        *(("Says", f"{said.author}, {said.concept}: {said.value}") for said in found.labels),
    ]
    table(("", ""), rows)


@shows("found_pictures")
def _found(pictures: Sequence[PictureView]) -> None:
    if any(one.caption for one in pictures):
        table(("id", "caption", "path"), [(one.id[:12], one.caption, one.path) for one in pictures])
    elif any(one.score is not None for one in pictures):
        table(("score", "id", "path"), [(one.score, one.id[:12], one.path) for one in pictures])
    else:
        rows = [(one.id[:12], f"{one.width} × {one.height}", one.path) for one in pictures]
        table(("id", "pixels", "path"), rows)


@shows("look_after")
def _checked(report: Any) -> None:
    """What came of the check; of what was done instead, its figures."""
    from concepts.library.health import Checked

    if not isinstance(report, Checked):
        return print_plainly(report)
    said = {
        "without what they are searched by": report.vectors_missing,
        "vectors of no picture": report.vectors_extra,
        "thumbnails missing or damaged": report.thumbnails_missing,
        "files gone": report.files_missing,
        "files changed since (add them again to take them up)": report.files_changed,
        "files that can't be read": report.files_unreadable,
    }
    say(f"{report.pictures:,} pictures in {report.files:,} files.")
    say_known(report.index)
    for what, count in said.items():
        if count:
            say(f"  {count:,} {what}")
    for named in report.named:
        say(f"    {named.what}: {named.place}")
    if report.repaired:
        made = f"{report.thumbnails_made:,} thumbnails made"
        say(f"Repaired: {report.embedded:,} pictures embedded again, {made}.")
        if report.left:
            say(f"{report.left:,} pictures can't be mended: none of their files is there any more.")
    elif not report.is_whole:
        say("Mend it: discern library check --repair")
    else:
        say("Nothing that Discern needs is missing.")


@shows("make_collection")
def _collection(one: CollectionView) -> None:
    say(f"“{one.name}” ({one.id}): {one.pictures:,} pictures, {one.began}.")
    if one.concepts:
        say(f"Looking in it: {', '.join(one.concepts)}.")


@shows("show_collection")
@shows("change_collection")
def _with_changes(one: OneCollection) -> None:
    _collection(one)
    rows = [(c.number, c.deed, c.pictures, c.remaining, c.author) for c in one.changes]
    table(("change", "what", "pictures", "then in it", "by"), rows)


@shows("list_collections")
def _collections(found: Sequence[CollectionView]) -> None:
    rows = [(one.id, one.pictures, one.name, one.began, ", ".join(one.concepts)) for one in found]
    table(("number", "pictures", "name", "how it began", "concepts"), rows)


@shows("put_into_trash")
def _put(moved: Moved) -> None:
    say(f"In the trash: {_names(moved)}.")


@shows("restore")
def _restored(moved: Moved) -> None:
    say(f"Restored: {_names(moved)}.")


def _names(moved: Moved) -> str:
    return f"“{moved.names[0]}”" if moved.names else f"{len(moved.ids):,} pictures"


@shows("list_trash")
def _items(found: Sequence[TrashItem]) -> None:
    rows = [
        (f"{one.when:%Y-%m-%d %H:%M}", one.who, one.kind, one.id[:12], one.labels, one.versions, one.name)
        for one in found
    ]
    table(("when", "by", "what", "id", "labels", "versions", "name"), rows)


@shows("empty_trash")
def _emptied(done: Emptied) -> None:
    say(f"{done.pictures:,} pictures are erased, {done.freed / 1e6:,.1f} MB of files.")
    for what in ("places", "labels", "captions", "candidates", "drawn", "watched", "vectors"):
        say(f"  {getattr(done, what):,} {what}")
    say(f"  {done.thumbnails:,} thumbnails, {done.renditions:,} larger ones, {done.uploads:,} uploads")
    say(f"  {done.scores:,} rows in score files")
    if done.in_archives:
        say(f"  {done.in_archives:,} stay inside uploaded archives, which hold other pictures too")
    named = f", including {', '.join(done.backups)}" if done.backups else ""
    say(f"Older backups still contain them{named}.")
