"""The panels of Library as HTML. A press that leads elsewhere carries the whole place: `q=words&like=id`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from concepts.library.browsing import PictureView, Repetition
from concepts.library.search import Hit
from concepts.workbench import Workbench
from web.markup import button, chip, dialog, empty, escape, file_name, head, icon, pictures, thumbnail, url
from web.words import ago, count, duration, size

PAGE = 48
BAD_FILES = 50
GROUPS = 12
VIEWS = (("", "Pictures"), ("health", "Health"), ("encoder", "Encoder"))
ANSWERS = {"yes": ("counts", "yes"), "no": ("doesn’t count", "no"), "unsure": ("unsure", "maybe")}


def header(workbench: Workbench, view: str, address: str = "") -> str:
    info = workbench.pictures.library_info()
    chips = [chip(count(info.pictures, "picture"))] if info.pictures else []
    if info.pending:
        chips.append(chip(f"{info.pending:,} not searchable yet", "maybe"))
    if info.bad_files:
        chips.append(chip(f"{count(info.bad_files, 'file')} skipped", "maybe"))
    tabs = "".join(
        f'<button type="button" class="tab" data-action="show" data-value="{"view=" + name if name else ""}"'
        f"{' aria-current=page' if name == view else ''}>{label}</button>"
        for name, label in VIEWS
    )
    shown = f' data-address="{escape(address)}"' if address else ""
    return head("Library", *chips, right=f'<nav class="tabs" aria-label="Library"{shown}>{tabs}</nav>')


# Adding


def adding_panel(*, is_open: bool) -> str:
    return (
        f'<details class="panel adding"{" open" if is_open else ""}><summary>{icon("plus")}<b>Add '
        "pictures</b>"
        '<span class="soft">a folder of this computer, or files from yours</span></summary>'
        '<div class="columns"><form data-action="add"><label for="add-paths">Folders, zip archives or '
        "lists on the "
        "computer Discern runs on, one a line</label>"
        '<textarea id="add-paths" name="paths" rows="4" placeholder="/home/ana/Pictures" required></textarea>'
        '<p class="soft">They are read where they are, with everything inside; nothing is copied or changed. '
        "A list is a CSV, JSONL or Parquet file with a column <code>path</code>.</p>"
        '<button class="btn primary" type="submit">Add</button></form>'
        f'<div class="drop" data-drop>{icon("upload")}<b>Drop pictures, folders or zip archives here</b>'
        '<p class="soft">JPEG, PNG, WebP, GIF, TIFF, BMP, HEIC, AVIF. They are kept in Discern’s data '
        "folder.</p>"
        '<label class="btn" for="upload-files">Choose files</label>'
        '<input id="upload-files" class="visually-hidden" type="file" multiple '
        'accept="image/*,.heic,.heif,.avif,.zip"></div></div></details>'
    )


# Browsing and searching


def pictures_panel(workbench: Workbench, place: dict[str, str]) -> str:
    words, like = place.get("q", ""), place.get("like", "")
    if not workbench.pictures.library_info().pictures:
        return empty(
            "No pictures yet",
            "Add a folder above, or begin with the sample: 962 free photos and drawings.",
            button("Get the sample pictures", "sample", icon_name="download"),
        )
    return f'<section aria-label="Pictures">{_search_form(words, like)}{_results(workbench, place)}</section>'


def _search_form(words: str, like: str) -> str:
    liked = ""
    if like:
        without = button(
            "Without it", "show", urlencode({"q": words} if words else {}), icon_name="x", kind="small"
        )
        liked = (
            f'<div class="like">{thumbnail(like, "The picture to search with", lazy=False)}<span>Like this'
            f"{', but …' if not words else ', and'}</span>"
            f"{without}</div>"
        )
    kept = urlencode({"like": like} if like else {})
    placeholder = "… but with a person" if like else "a ripe tomato"
    clear = button("All pictures", "show", "", icon_name="x") if words or like else ""
    return (
        f'<form class="search" role="search" data-action="search" data-value="{escape(kept)}">{liked}'
        '<label class="visually-hidden" for="search-words">Search by words</label>'
        f'<input id="search-words" name="q" type="search" value="{escape(words)}" '
        f'placeholder="{placeholder}" '
        'maxlength="300" autocomplete="off"><button class="btn primary" type="submit">'
        f"{icon('search')}Search</button>"
        f"{clear}</form>"
    )


def _results(workbench: Workbench, place: dict[str, str]) -> str:
    words, like = place.get("q", ""), place.get("like", "")
    if words or like:
        hits = workbench.pictures.search(words, like=[like] if like else [], n=PAGE)
        return (
            f'<p class="soft" role="status">The {len(hits)} nearest, best first. The figure is how near '
            f"({_scale(words, like)}); it is no certainty.</p>{pictures(map(_hit, hits), action='open')}"
        )
    page = workbench.pictures.browse(PAGE, place.get("at", ""))
    pager = (
        '<nav class="row pager" aria-label="Pages">'
        + _turn("Newest", "", "rotate-ccw", bool(page.newer))
        + _turn("Newer", page.newer, "arrow-left", bool(page.newer))
        + _turn("Older", page.older, "arrow-right", bool(page.older))
        + "</nav>"
    )
    tiles = pictures(((p.id, file_name(p.path), "") for p in page.pictures), action="open")
    return tiles + pager


def _hit(hit: Hit) -> tuple[str, str, str]:
    return hit.id, file_name(hit.path), f"{hit.score:.2f}  {file_name(hit.path)}"


def _scale(words: str, like: str) -> str:
    return "in standard deviations, words and picture weighing the same" if words and like else "a cosine"


def _turn(label: str, at: str, icon_name: str, possible: bool) -> str:
    value = escape(urlencode({"at": at}) if at else "")
    off = "" if possible else " disabled"
    return (
        f'<button type="button" class="btn" data-action="show" data-value="{value}"{off}>'
        f"{icon(icon_name)}{label}</button>"
    )


# One picture


def picture_dialog(workbench: Workbench, picture_id: str) -> str:
    picture = workbench.pictures.picture(picture_id)
    name = file_name(picture.places[0]) if picture.places else "A picture"
    near = ""
    if picture.near_duplicates:
        tiles = pictures(((i, "near-duplicate", " ") for i in picture.near_duplicates), action="open")
        near = f"<h3>Looks the same ({len(picture.near_duplicates)})</h3>{tiles}"
    said = "".join(
        f'<li class="row"><a href="{url("/label", label.concept)}">{escape(label.concept)}</a>'
        f"{chip(*ANSWERS.get(label.value, (label.value, '')))}<span class='soft'>"
        f"{escape(_who(label.author, label.author_kind))}</span></li>"
        for label in picture.labels
    )
    places = "".join(f"<li><code>{escape(place)}</code></li>" for place in picture.places)
    facts = (
        f"{picture.width:,} × {picture.height:,} pixels, {escape(picture.format)}, {size(picture.bytes)}, "
        f"added {ago(picture.added)}"
    )
    answers = f"<ul>{said}</ul>" if said else "<p class='soft'>For no concept yet.</p>"
    more = button(
        "More like this", "show", urlencode({"like": picture_id}), icon_name="scan-search", kind="primary"
    )
    return dialog(
        name,
        f'<div class="detail"><div class="large"><img src="/media/picture/{escape(picture_id)}" '
        f'alt="{escape(name)}">'
        f'</div><div class="about"><p>{facts}</p><div class="row">'
        f"{more}"
        '<button type="button" class="btn" data-turn="-1" aria-label="Picture before">'
        f'{icon("arrow-left")}</button><button type="button" class="btn" data-turn="1" aria-label="Picture '
        'after">'
        f"{icon('arrow-right')}</button></div>"
        f"<h3>{'Where it is' if len(picture.places) < 2 else f'At {len(picture.places)} places'}</h3>"
        f'<ul class="places">{places}</ul><h3>Labelled</h3>'
        f"{answers}{near}</div></div>",
    )


def _who(author: str, kind: str) -> str:
    if kind == "annotator":
        return "the machine"
    return f"{author} (simulated)" if kind == "simulated" else "you" if author == "me" else author


# Health


def health_panel(workbench: Workbench, place: dict[str, str]) -> str:
    info = workbench.pictures.library_info()
    per_picture = size(info.bytes // info.pictures) if info.pictures else "–"
    figures = (
        f'<p class="say">{count(info.pictures, "picture")}, {size(info.bytes)} in '
        f"{count(info.sources, 'file')}.</p>"
        f'<p class="soft">{per_picture} a picture. Data of Discern itself: <code>{escape(info.home)}</code>'
        "</p>"
    )
    return (
        f'<div class="stack"><section class="panel" aria-label="Sizes"><h2>Sizes</h2>{figures}</section>'
        f"{_bad_files(workbench, info.bad_files, place)}{_exact(workbench, info.exact_duplicates, place)}"
        f"{_near(workbench, info.near_duplicates, place)}</div>"
    )


def _bad_files(workbench: Workbench, total: int, place: dict[str, str]) -> str:
    first = int(place["bad"]) if place.get("bad", "").isdecimal() else 0
    title = f'<section class="panel" aria-label="Skipped files"><h2>Skipped files ({total:,})</h2>'
    if not total:
        return title + "<p>Every file that was found could be read.</p></section>"
    rows = "".join(
        f"<tr><td><code>{escape(file.path)}</code></td><td>{escape(file.message)}</td></tr>"
        for file in workbench.pictures.bad_files(BAD_FILES, first)
    )
    more = (
        button("More", "show", urlencode({"view": "health", "bad": first + BAD_FILES}), kind="small")
        if first + BAD_FILES < total
        else ""
    )
    return (
        f"{title}<p>Everything else went on without them. Mend a file and add its folder again: it leaves "
        "this list."
        '</p><div class="scroll" tabindex="0" role="group" aria-label="Skipped files">'
        '<table class="figures"><thead><tr><th>File</th><th>What is wrong</th></tr></thead><tbody>'
        f"{rows}</tbody>"
        f"</table></div>{more}</section>"
    )


def _exact(workbench: Workbench, total: int, place: dict[str, str]) -> str:
    title = f'<section class="panel" aria-label="Exact copies"><h2>Exact copies ({total:,})</h2>'
    if not total:
        return title + "<p>No picture is there twice.</p></section>"
    found = workbench.pictures.exact_duplicates(GROUPS, place.get("copies", ""))
    rows = "".join(
        f'<li><button type="button" class="tile small" data-action="open" data-value="{group.key}">'
        f"{thumbnail(group.key, file_name(group.places[0]))}</button><ul class='places'>"
        + "".join(f"<li><code>{escape(path)}</code></li>" for path in group.places)
        + "</ul></li>"
        for group in found
    )
    return (
        f"{title}<p>The same bytes at several places count as one picture.</p><ul class='copies'>{rows}</ul>"
        f"{_more(found, 'copies')}</section>"
    )


def _near(workbench: Workbench, total: int, place: dict[str, str]) -> str:
    title = f'<section class="panel" aria-label="Near-duplicates"><h2>Near-duplicates ({total:,})</h2>'
    if not total:
        return title + "<p>No two pictures look the same.</p></section>"
    found = workbench.pictures.near_duplicates(GROUPS, place.get("near", ""))
    rows = "".join(f'<div class="strip">{"".join(map(_small, group.pictures))}</div>' for group in found)
    return (
        f"{title}<p>They look the same (by a perceptual hash). All are kept, but never split between "
        "learning and "
        f"measuring, and you are asked about one of them only.</p><div class='look-alikes'>{rows}</div>"
        f"{_more(found, 'near')}</section>"
    )


def _small(picture: PictureView) -> str:
    return (
        f'<button type="button" class="tile small" data-action="open" data-value="{picture.id}">'
        f"{thumbnail(picture.id, file_name(picture.path))}</button>"
    )


def _more(found: Sequence[Repetition], name: str) -> str:
    if len(found) < GROUPS:
        return ""
    return button("More", "show", urlencode({"view": "health", name: found[-1].key}), kind="small")


# The encoder


def encoder_panel(workbench: Workbench) -> str:
    info = workbench.pictures.library_info()
    if info.encoder is None:
        return empty("No encoder yet", f"It is chosen when the first pictures are added. {info.encoder_note}")
    choices = (
        (
            "auto",
            "The best there is",
            "An open_clip model, where its files are here or can be fetched; else built in.",
        ),
        ("embedded", "Built in", "No download: good for things and scenes, weaker for words and moods."),
        (
            "custom",
            "Another one",
            "An open_clip model by name, hf-hub:organisation/model or local-dir:/path.",
        ),
    )
    options = "".join(
        '<label class="choice"><input type="radio" name="choice" '
        f'value="{value}"{" checked" if value == "auto" else ""}>'
        f'<span><b>{label}</b><br><span class="soft">{note}</span></span></label>'
        for value, label, note in choices
    )
    return (
        '<div class="columns"><section class="panel" aria-label="Encoder"><h2>The encoder of this '
        "library</h2>"
        f'<p class="say">{escape(info.encoder)}</p><p>{escape(info.encoder_note)}</p>'
        f'<p class="soft">Fingerprint <code>{escape(str(info.fingerprint))}</code>: every vector, version '
        "and "
        "exported classifier carries it, and none is ever mixed with another.</p></section>"
        '<section class="panel" aria-label="Change it"><h2>Change it: every picture is embedded again</h2>'
        '<form data-action="reembed"><fieldset class="choices"><legend>Which one?</legend>'
        f"{options}</fieldset>"
        '<label for="encoder-name">Name of another one</label><input id="encoder-name" name="name" '
        'placeholder="ViT-B-32-256/datacomp_s34b_b86k" maxlength="300" autocomplete="off">'
        f"{_consequences(workbench, info.pictures)}"
        f'<button class="btn primary" type="submit">Embed {count(info.pictures, "picture")} again</button>'
        "</form>"
        "</section></div>"
    )


def _consequences(workbench: Workbench, number: int) -> str:
    job = workbench.installation.latest_job(("add pictures", "add sample"))
    rate = (job.result or {}).get("pictures_per_second") if job else None
    how_long = f" At the speed of the last adding: {duration(number / rate)}." if rate else ""
    return (
        '<ul class="consequences">'
        f"<li>It takes a while, in the background; you can go on meanwhile.{how_long}</li>"
        "<li>Until it is done the library works with the encoder it has. Stopped half-way, nothing "
        "changes.</li>"
        "<li>Definitions, answers and exported classifiers stay. Versions have to be trained again: one "
        "press.</li>"
        "</ul>"
    )
