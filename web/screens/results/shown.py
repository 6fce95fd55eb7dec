"""What Results shows, as values for its templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt

from concepts.bundle import usage
from concepts.encoders.base import ELSEWHERE, GIVEN, MAY_BE_PASSED_ON, licence_of, registered_as
from concepts.library.collection import collection_of
from concepts.results.concept_views import ConceptView
from concepts.results.rules import WrittenTable
from concepts.results.scores import ScoredFile
from concepts.results.versions import file_stem
from concepts.results.watching import WatchView
from concepts.use_cases import App
from web.parts import place as address
from web.rule_rows import Row, RuleBar
from web.screens.results.place import Place
from web.words import ago, count, percent

STANDINGS = {
    "open": ("promise not tested yet", "maybe"),
    "kept": ("as promised", "yes"),
    "broken": ("below the promise", "no"),
}
PROMISES = {"certified": "guaranteed", "measured": "lower end of its test", "given": "your choice"}


def groups_of(bar: RuleBar) -> list[dict[str, Any]]:
    """The rule as rows of concepts, each with what can be made of it."""
    rows = bar.rows or []
    style = "row rule-group" if len(rows) > 1 else "row"
    return [{"style": style, "terms": [_term(bar, one) for one in row]} for row in rows]


def _term(bar: RuleBar, one: Row) -> dict[str, Any]:
    ways = [("Exclude", one.no) if one.wanted else ("Include", one.yes)]
    ways += [("Join by “or”", one.by_or)] if one.joined == "and" else []
    ways += [("Join by “and”", one.by_and)] if one.joined == "or" else []
    ways += [("Remove", one.without)] if one.without else []
    return {
        "joined": " ".join(filter(None, (one.joined, "" if one.wanted else "not"))),
        "concept": one.concept,
        "menu": f"results-term-{one.number}",
        "ways": [{"words": words, "address": bar.to(rule)} for words, rule in ways],
    }


def saved_rules(bar: RuleBar, may_trash: bool) -> list[dict[str, Any]] | None:
    return [
        {
            "name": one.name,
            "address": bar.to_saved(one.name),
            "about": f"{one.rule}, from {percent(one.threshold)}; {one.author}, {ago(one.created)}",
            "problem": one.problem,
            "may": may_trash,
            "trash": f"Move {one.name} to trash",
        }
        for one in bar.saved
    ] or None


def written_files(files: Sequence[ScoredFile | WrittenTable]) -> list[dict[str, str]] | None:
    return [
        {
            "about": _about(one),
            "more": f"{count(one.rows, 'picture')}, {_in_it(one)}, {ago(one.finished)}",
            "address": f"/app/scores/{one.job}",
            "words": f"Download {one.suffix.upper()}",
        }
        for one in files
    ] or None


def _about(one: ScoredFile | WrittenTable) -> str:
    if isinstance(one, WrittenTable):
        left_out = f", {one.left_out:,} left out" if one.left_out else ""
        return f"All concepts: {one.concepts:,}{left_out}"
    return f"{one.folder or 'Your library'}, version {one.version}"


def _in_it(one: ScoredFile | WrittenTable) -> str:
    if isinstance(one, WrittenTable):
        return count(one.concepts, "concept")
    return f"{one.yes:,} flagged" + (f", {count(one.skipped, 'bad file')} skipped" if one.skipped else "")


def watches_of(
    watches: Sequence[WatchView], place: Place, *, labels: bool, stops: bool
) -> list[dict[str, Any]]:
    """The going ones first."""
    in_order = sorted(watches, key=lambda one: one.stopped is not None)
    return [_watch(one, place, labels=labels, stops=stops) for one in in_order]


def _watch(watch: WatchView, place: Place, *, labels: bool, stops: bool) -> dict[str, Any]:
    right, sent = watch.precision, watch.deliveries
    chips = [("no longer watched", "")] if watch.stopped else []
    chips += [("can’t scan", "no")] if watch.problem else [("scanning", "")] if watch.looking else []
    chips += [STANDINGS[right.standing]] if right.standing in STANDINGS else []
    by = f"version {watch.version}" if watch.version else "the newest version"
    messages = (
        f"Messages to {watch.webhook}: {sent.delivered:,} delivered, {sent.waiting:,} waiting"
        f"{f', {sent.dead:,} failed' if sent.dead else ''}. {sent.problem}"
    )
    promise = ""
    if right.promised is not None:
        how = f" ({PROMISES[watch.promised_by]})" if watch.promised_by in PROMISES else ""
        promise = f"Promise: at least {100 * right.promised:.0f} % right{how}."
    return {
        "id": str(watch.id),
        "folder": watch.folder,
        "chips": [{"words": words, "style": f"chip {kind}"} for words, kind in chips],
        "seen": f"{count(watch.seen, 'picture')} seen, {watch.flagged:,} flagged, by {by}.",
        "last": f"Last new picture {ago(watch.last)}." if watch.last else "No new pictures yet.",
        "problem": watch.problem,
        "messages": messages if watch.webhook else "",
        "drawn": f"{right.answered:,} of {count(right.asked, 'drawn picture')} labelled.",
        "promise": promise,
        "sentence": right.sentence,
        "sentence_style": "notice bad" if right.standing == "broken" else "notice",
        "address": address("/results", place.concept, watch=watch.id),
        "label": address("/label", place.concept)
        if labels and right.asked > right.answered and not watch.stopped
        else "",
        "going": stops and watch.stopped is None,
    }


def goes_along(app: App) -> bool:
    """Whether the encoder may be in the file, as far as its licence says."""
    encoder = collection_of(app).recorded().name
    return registered_as(encoder) not in {*ELSEWHERE, GIVEN} or licence_of(encoder) in MAY_BE_PASSED_ON


def blocks_of(card: str) -> list[dict[str, Any]]:
    """A text in Markdown as headings, paragraphs, items, tables and code, each as plain text."""
    blocks: list[dict[str, Any]] = []
    inside: list[str] = []
    for token in MarkdownIt("js-default").parse(card):
        if token.nesting:
            inside = [*inside, token.type] if token.nesting > 0 else inside[:-1]
            if token.type == "table_open":
                blocks.append({"rows": []})
            elif token.type == "tr_open":
                blocks[-1]["rows"].append([])
        elif token.type == "fence":
            blocks.append({"code": token.content})
        elif token.type == "inline":
            text = "".join(" " if one.type == "softbreak" else one.content for one in token.children or ())
            if "table_open" in inside:
                blocks[-1]["rows"][-1].append(text)
            elif "heading_open" in inside:
                blocks.append({"heading": text})
            else:
                blocks.append({"item" if "list_item_open" in inside else "text": text})
    return blocks


def code_of(app: App, view: ConceptView) -> list[dict[str, str]]:
    """Code that uses the bundle, and what it needs to run."""
    number = view.heads[-1].number
    folder = file_stem(view.name, number)
    archive = f"{folder}.zip"
    encoder = collection_of(app).recorded()
    vectors = usage.with_numpy(folder, encoder.fingerprint, encoder.dimension)
    shell, python = usage.anywhere(folder), usage.from_pictures_alone(folder)
    needs = "requirements.txt"
    if not goes_along(app):  # a large one may be missing all the same; its card says so
        columns = view.scale.kind != "yes or no"
        shell = usage.anywhere(folder, encoder.name)
        python = usage.from_pictures(archive, encoder.name, columns=columns)
        needs = "Discern"
    snippets = [
        ("Command line, anywhere", "Python", shell),
        ("Python, from pictures", needs, python),
        ("Python, from vectors", "NumPy and safetensors", vectors),
        ("ONNX Runtime, from vectors", "", usage.with_onnx(folder)),
        ("Command line", "Discern", usage.in_a_shell(archive)),
        ("REST", "this Discern", usage.over_rest(view.name, number)),
    ]
    return [
        {"title": title, "needs": f"needs {needs}" if needs else "", "code": code}
        for title, needs, code in snippets
    ]
