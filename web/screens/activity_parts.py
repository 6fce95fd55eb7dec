"""The panels of Activity as HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from concepts.installation.activity import (
    CallTotalView,
    CallView,
    JobView,
    SettingsView,
)
from concepts.installation.endpoint import ModelReport
from concepts.workbench import Workbench
from web.markup import button, chip, empty, escape, head, icon, link, notice, url
from web.progress import GOING, job_progress
from web.words import ago, count, duration, size

HISTORY = 25
CALLS = 25
VIEWS = (("", "Work"), ("models", "Models and cost"), ("data", "Data and version"))

TITLES = {
    "add pictures": "Adding pictures",
    "add sample": "Getting the sample pictures",
    "re-embed": "Embedding again with another encoder",
    "annotate": "Having the machine label",
    "expand": "Proposing what counts",
    "mine": "Looking for pictures worth asking about",
    "train": "Training",
    "evaluate": "Measuring",
    "learning curve": "Working out what more answers would help",
    "score library": "Looking at the whole library",
    "score files": "Scoring pictures into a file",
    "score": "Scoring pictures into a file",
    "test endpoint": "Testing the model endpoint",
}
STATES = {"done": ("Done", "yes"), "failed": ("Failed", "no"), "cancelled": ("Stopped", "")}
PURPOSES = {
    "expand": "Proposing what counts",
    "annotate": "Labelling pictures",
    "test": "Testing the endpoint",
}
RUNGS = {
    "json_schema": "It answers in the form it is asked for, checked by the endpoint itself.",
    "json_object": "It answers in JSON; the form is said in words and checked here.",
    "text": "It answers in plain words; the form is said in words and checked here.",
}
ENDPOINTS = (
    ("https://api.openai.com/v1", "OpenAI"),
    ("http://127.0.0.1:11434/v1", "Ollama on this computer"),
    ("http://127.0.0.1:1234/v1", "LM Studio on this computer"),
    ("http://127.0.0.1:8000/v1", "vLLM on this computer"),
)


def header(workbench: Workbench, view: str, address: str = "") -> str:
    going = sum(job.state in GOING for job in workbench.installation.recent_jobs())
    tabs = "".join(
        f'<button type="button" class="tab" data-action="show" data-value="{"view=" + name if name else ""}"'
        f"{' aria-current=page' if name == view else ''}>{label}</button>"
        for name, label in VIEWS
    )
    shown = f' data-address="{escape(address)}"' if address else ""
    chips = [chip(f"{count(going, 'job')} going on", "yes")] if going else []
    return head("Activity", *chips, right=f'<nav class="tabs" aria-label="Activity"{shown}>{tabs}</nav>')


# Work


def going_panel(workbench: Workbench, view: str) -> str:
    kinds = None if view == "" else {"test endpoint"} if view == "models" else set()
    jobs = [job for job in workbench.installation.recent_jobs() if job.state in GOING]
    shown = [job_progress(job, job_title(job)) for job in jobs if kinds is None or job.kind in kinds]
    return f'<div class="stack">{"".join(shown)}</div>' if shown else ""


def history_panel(workbench: Workbench, start: int) -> str:
    jobs = workbench.installation.recent_jobs(HISTORY + 1, start)
    ended = [job for job in jobs[:HISTORY] if job.state not in GOING]
    if not ended and not start:
        if jobs:
            return ""
        return empty(
            "Nothing has been done yet",
            "Long work, such as adding pictures or training, shows up here with its progress. It goes on "
            "when you close this page, and after a restart.",
            link("Add pictures", url("/library"), icon_name="images", kind="primary"),
        )
    rows = "".join(_ended(job) for job in ended)
    return f'<section aria-label="What was done"><ul class="jobs panel">{rows}</ul></section>' + _pager(
        "", start, HISTORY, len(jobs) > HISTORY
    )


def job_title(job: JobView) -> str:
    title = TITLES.get(job.kind, job.kind.capitalize())
    return f"{title} · {job.concept}" if job.concept else title


def _ended(job: JobView) -> str:
    word, kind = STATES.get(job.state, (job.state, ""))
    retry = (
        button("Try again", "retry", str(job.id), icon_name="rotate-ccw", kind="small")
        if job.state in ("failed", "cancelled")
        else ""
    )
    took = f"took {duration(job.seconds)}" if job.seconds is not None else "never began"
    facts = [
        f"<dt>{name}</dt><dd>{value}</dd>"
        for name, value in (
            ("Job", str(job.id)),
            ("Begun", f"{job.created:%d %b %Y, %H:%M} UTC"),
            ("Got to", _reached(job)),
            ("Last said", escape(job.message)),
            ("Result", _facts(job.result)),
        )
        if value
    ]
    trouble = f'<p class="trouble">{escape(job.error)}</p>' if job.error and job.state == "failed" else ""
    return (
        f"<li><details><summary>{icon('chevron-right')}{chip(word, kind)}<b>{escape(job_title(job))}</b>"
        f'<span class="soft">{escape(result_in_words(job))}</span><span class="grow"></span>'
        f'<span class="soft when">{ago(job.finished or job.created)}, {took}</span></summary>'
        f"<dl>{''.join(facts)}</dl></details>{trouble}{retry}</li>"
    )


def _reached(job: JobView) -> str:
    if not job.done:
        return ""
    return f"{job.done:,} of {job.total:,}" if job.total else f"{job.done:,}"


def _facts(result: dict[str, Any] | None) -> str:
    """A job's result, flat and short. Lists say how long they are."""
    said = []
    for name, value in (result or {}).items():
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {item}" for key, item in value.items()) or "none"
        elif isinstance(value, list):
            value = count(len(value), "entry", "entries")
        if value in ("", None):
            continue
        said.append(f"{name.replace('_', ' ')}: {value}")
    return escape("; ".join(said))


def result_in_words(job: JobView) -> str:
    """What came of it, in half a sentence."""
    words = RESULTS.get(job.kind)
    return words(job.result) if words and job.result and job.state == "done" else ""


def _added(result: dict[str, Any]) -> str:
    skipped = sum(result.get("skipped", {}).values())
    said = [f"{count(result['added'], 'picture')} added"]
    if result.get("duplicates"):
        said.append(f"{count(result['duplicates'], 'duplicate')}")
    if skipped:
        said.append(f"{count(skipped, 'file')} skipped")
    return ", ".join(said)


RESULTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "add pictures": _added,
    "add sample": _added,
    "re-embed": lambda r: f"{count(r['embedded'], 'picture')} embedded",
    "annotate": lambda r: f"{count(r['annotated'], 'picture')} labelled by {r['annotator']}",
    "expand": lambda r: f"definition {r['revision']}, by {r['author']}",
    "mine": lambda r: f"{count(r['added'], 'picture')} found, {r['candidates']:,} in all",
    "train": lambda r: f"version {r['version']}",
    "evaluate": lambda r: f"version {r['version']}",
    "score files": lambda r: f"{count(r['rows'], 'picture')}, {r['yes']:,} yes",
    "score": lambda r: f"{count(r['rows'], 'picture')}, {r['yes']:,} yes",
    "test endpoint": lambda r: (
        f"{sum(a['works'] for a in r['answers'])} of {count(len(r['answers']), 'model')} answered"
    ),
}


# The endpoint


def endpoint_form(workbench: Workbench) -> str:
    now = workbench.installation.endpoint_settings()
    listed = _last_report(workbench)
    models = "".join(f'<option value="{escape(m)}">' for m in (listed.get("models", ()) if listed else ()))
    known = "".join(f'<option value="{a}" label="{name}">' for a, name in ENDPOINTS)
    price = "Its price in US dollars per million tokens, in/out"
    address = "list=known-endpoints inputmode=url"
    fields = (
        _field(now, "openai_base_url", "Address", "https://api.openai.com/v1", address)
        + _key_field(now)
        + '<div class="columns">'
        + _field(now, "llm_model", "Model for words, which proposes what counts", "", "list=known-models")
        + _field(now, "llm_price", price, "0.15/0.60")
        + _field(now, "vlm_model", "Model that sees, which labels pictures", "", "list=known-models")
        + _field(now, "vlm_price", price, "0.15/0.60")
        + _field(now, "model_concurrency", "Questions at the same time", "4", "type=number min=1 max=64")
        + "</div>"
    )
    return (
        f'<div class="panel"><h2>Model endpoint</h2><p class="say">{_who_does_the_work(now)}</p><p>Any '
        "OpenAI-compatible endpoint will do, also one on this computer. What is sent to it: definitions, and "
        "small versions of the pictures it labels. Nothing else, and nothing to anyone else.</p>"
        f'<form data-action="save" autocomplete="off">{fields}<datalist id="known-models">{models}</datalist>'
        f'<datalist id="known-endpoints">{known}</datalist><div class="row actions">'
        '<button class="btn primary" type="submit" name="then" value="test">Save and test</button>'
        '<button class="btn" type="submit">Save</button><span class="soft">A test asks two short questions '
        "and costs a fraction of a cent.</span></div></form></div>"
    )


def _who_does_the_work(now: SettingsView) -> str:
    where = escape(now.openai_base_url or ("https://api.openai.com/v1" if now.has_key else ""))
    words, sees = escape(now.llm_model or ""), escape(now.vlm_model or "")
    if not where or not (words or sees):
        return "The built-in words and encoder do the work; no model is asked."
    if words and words == sees:
        return f"{words} proposes what counts and labels pictures, at {where}."
    if words and sees:
        return f"{words} proposes what counts and {sees} labels pictures, at {where}."
    if words:
        return f"{words} proposes what counts, at {where}. Pictures are labelled by the built-in encoder."
    return f"{sees} labels pictures, at {where}. What counts is proposed from built-in words."


def _field(now: SettingsView, name: str, label: str, placeholder: str, attributes: str = "") -> str:
    value = getattr(now, name)
    fixed = name in now.fixed
    note = f'<p class="soft" id="{name}-note">Set where Discern was started.</p>' if fixed else ""
    described = f' aria-describedby="{name}-note" disabled' if fixed else ""
    kind = "" if "type=" in attributes else 'type="text"'
    return (
        f'<div class="field"><label for="{name}">{label}</label>'
        f'<input id="{name}" name="{name}" {kind} {attributes} '
        f'value="{escape("" if value is None else str(value))}" placeholder="{placeholder}" maxlength="500" '
        f'autocapitalize="off" spellcheck="false"{described}>{note}</div>'
    )


def _key_field(now: SettingsView) -> str:
    if "openai_api_key" in now.fixed:
        state = "The key is set where Discern was started."
        return f'<div class="field"><span class="soft">{state}</span></div>'
    held = "A key is kept; leave empty to keep it" if now.has_key else "None is needed for most local servers"
    remove = (
        '<label class="choice"><input type="checkbox" name="remove_key" value="1">Take the key away</label>'
        if now.has_key
        else ""
    )
    return (
        '<div class="field"><label for="openai_api_key">Key</label><input id="openai_api_key" '
        f'name="openai_api_key" type="password" autocomplete="new-password" placeholder="{held}" '
        f'maxlength="500">{remove}<p class="soft">It is kept in the data folder, readable by you alone, and '
        "never shown again.</p></div>"
    )


def test_panel(workbench: Workbench) -> str:
    job = workbench.installation.latest_endpoint_test()
    if job is None:
        return ""
    if job.state in GOING:
        return '<div class="panel"><h2>What it can do</h2><p class="soft">Asking …</p></div>'
    again = button("Test again", "test", icon_name="rotate-ccw", kind="small")
    title = f'<div class="row"><h2>What it can do</h2><span class="grow"></span>{again}</div>'
    if job.state != "done" or not job.result:
        said = notice(job.error or "The test was stopped.", "bad")
        return f'<div class="panel test">{title}{said}</div>'
    report = job.result
    models = report["models"]
    lines = [_line(True, f"{report['address']} answers.")]
    if models:
        lines.append(_line(True, f"It lists {count(len(models), 'model')}."))
    elif report["models_note"]:
        lines.append(_line(None, report["models_note"]))
    lines += [
        line for answer in report["answers"] for line in _model_lines(ModelReport.model_validate(answer))
    ]
    if not report["answers"]:
        lines.append(_line(None, "No model is named yet. Name one above; the ones it lists are suggested."))
    when = f'<p class="soft">Tested {ago(job.finished or job.created)}.</p>'
    return f'<div class="panel test">{title}<ul>{"".join(lines)}</ul>{when}</div>'


def _model_lines(answer: ModelReport) -> list[str]:
    does = "understands words" if answer.role == "llm" else "sees pictures"
    doesnt = "did not understand words" if answer.role == "llm" else "did not take a picture"
    if not answer.works:
        return [_line(False, f"{answer.model} {doesnt}: {answer.problem}")]
    speed = f" It took {max(answer.seconds, 0.1):.1f} seconds." if answer.seconds is not None else ""
    right = "and answered rightly" if answer.correct else "but answered wrongly, so don’t rely on it"
    lines = [_line(bool(answer.correct), f"{answer.model} {does} {right}.{speed}")]
    lines.append(_line(answer.structured == "json_schema" or None, RUNGS[answer.structured]))
    if answer.listed is False:
        lines.append(_line(None, f"{answer.model} is not in the endpoint’s list, but it answers."))
    return lines


def _line(good: bool | None, text: str) -> str:
    """Good, bad, or neither: said by an icon and a word, not by colour alone."""
    name, kind, word = {
        True: ("check", "yes", "Good: "),
        False: ("x", "no", "Problem: "),
        None: ("info", "maybe", "Note: "),
    }[good]
    return (
        f'<li class="finding {kind}">{icon(name)}<span><span class="visually-hidden">{word}</span>'
        f"{escape(text)}</span></li>"
    )


def _last_report(workbench: Workbench) -> dict[str, Any] | None:
    job = workbench.installation.latest_endpoint_test()
    return job.result if job and job.state == "done" else None


# Calls and cost


def costs_panel(workbench: Workbench, start: int) -> str:
    totals = workbench.installation.call_totals()
    if not totals:
        return (
            '<div class="panel"><h2>Calls and cost</h2><p class="soft">No model was asked so far. Every '
            "question will be listed here with its tokens and its cost.</p></div>"
        )
    calls = workbench.installation.model_calls(CALLS + 1, start)
    rows = "".join(_total_row(total) for total in totals)
    table = (
        '<table class="figures"><thead><tr><th>For</th><th>Model</th><th class="num">Calls</th>'
        '<th class="num">Tokens in</th><th class="num">out</th><th class="num">Cost</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    listed = "".join(_call_row(call) for call in calls[:CALLS])
    recent = (
        '<table class="figures calls"><thead><tr><th>When</th><th>For</th><th>Model</th><th>Outcome</th>'
        '<th class="num">Seconds</th><th class="num">Tokens in</th><th class="num">out</th>'
        f'<th class="num">Cost</th></tr></thead><tbody>{listed}</tbody></table>'
    )
    return (
        f'<div class="panel"><h2>Calls and cost</h2><p class="say">{_spent(totals)}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Cost by purpose">{table}</div>'
        '<h3>Calls, newest first</h3><div class="scroll" tabindex="0" role="region" aria-label="Calls">'
        f"{recent}</div>"
        f"{_pager('models', start, CALLS, len(calls) > CALLS)}</div>"
    )


def _spent(totals: list[CallTotalView]) -> str:
    calls, answered = sum(t.calls for t in totals), sum(t.answered for t in totals)
    unpriced, cost = sum(t.unpriced for t in totals), sum(t.cost_usd for t in totals)
    said = f"{count(calls, 'question')}, {answered:,} answered"
    if unpriced == answered:
        return escape(f"{said}; no price is set, so the cost isn’t known.")
    but = f", besides {unpriced:,} without a price" if unpriced else ""
    return escape(f"{said}, for {dollars(cost)}{but}.")


def _total_row(total: CallTotalView) -> str:
    cost = "no price set" if total.unpriced and not total.cost_usd else dollars(total.cost_usd)
    return (
        f"<tr><td>{escape(PURPOSES.get(total.purpose, total.purpose))}</td><td>{escape(total.model)}</td>"
        f'<td class="num">{total.calls:,}</td><td class="num">{total.tokens_in:,}</td>'
        f'<td class="num">{total.tokens_out:,}</td><td class="num">{cost}</td></tr>'
    )


def _call_row(call: CallView) -> str:
    kind = "yes" if call.outcome == "answered" else "no"
    error = f'<br><small class="soft">{escape(call.error[:300])}</small>' if call.error else ""
    tokens = [("" if n is None else f"{n:,}") for n in (call.tokens_in, call.tokens_out)]
    return (
        f"<tr><td>{ago(call.created)}</td><td>{escape(PURPOSES.get(call.purpose, call.purpose))}</td>"
        f"<td>{escape(call.model)}</td><td>{chip(call.outcome, kind)}{error}</td>"
        f'<td class="num">{call.latency_ms / 1000:.1f}</td><td class="num">{tokens[0]}</td>'
        f'<td class="num">{tokens[1]}</td>'
        f'<td class="num">{"" if call.cost_usd is None else dollars(call.cost_usd)}</td></tr>'
    )


def dollars(amount: float) -> str:
    """Such as: $12.40, $0.0031, under $0.0001."""
    if 0 < amount < 0.0001:
        return "under $0.0001"
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


# Data and version


def data_panel(workbench: Workbench) -> str:
    about, library = workbench.installation.about(), workbench.pictures.library_info()
    packages = "".join(
        f"<tr><td>{escape(name)}</td><td class='num'>{escape(number)}</td></tr>"
        for name, number in about.packages.items()
    )
    backup = link("Download a backup", "/api/v1/backup", icon_name="download", kind="primary")
    whole = link("With the small pictures", "/api/v1/backup?thumbnails=true", icon_name="download")
    held = count(library.pictures, "picture")
    restore = f"python -m concepts library reembed {escape(library.encoder or 'auto')}"
    rest = link("REST for programs", "/api/v1/docs", icon_name="external-link")
    return (
        '<div class="columns"><div class="panel"><h2>Your data</h2>'
        f'<p class="say">{held} and everything you said about them, in one folder.</p>'
        f'<p><code>{escape(about.home)}</code></p><p class="soft">The database has '
        f"{size(about.database_bytes)}; {size(about.free_bytes)} are free on this disk. Your own pictures "
        "stay where they are.</p><h3>Backup</h3><p>Definitions, answers, trained versions and settings, as "
        "they are at this moment, in one zip. You can go on working meanwhile.</p>"
        f'<div class="row">{backup}{whole}</div><details class="restore"><summary>{icon("chevron-right")}How '
        "to restore</summary><ol><li>Unpack the zip into an empty folder.</li><li>Start Discern with "
        "<code>DISCERN_HOME</code> set to it.</li><li>Make the vectors again from your pictures: "
        f"<code>{restore}</code>, or Library, Encoder.</li></ol><p class='soft'>Pictures, keys and passwords "
        "are not in it.</p></details></div>"
        f'<div class="panel"><h2>Discern {escape(about.version)}</h2><p class="soft">Python '
        f'{escape(about.python)}</p><table class="figures"><tbody>{packages}</tbody></table>'
        f'<div class="row links">{rest}{_log_out(workbench)}</div></div></div>'
    )


def _log_out(workbench: Workbench) -> str:
    if not workbench.installation.has_users():
        return ""
    return '<form method="post" action="/logout"><button class="btn" type="submit">Log out</button></form>'


def _pager(view: str, start: int, page: int, more: bool) -> str:
    def to(label: str, place: int) -> str:
        return button(
            label, "show", urlencode(({"view": view} if view else {}) | {"from": place}), kind="small"
        )

    newer = to("Newer", start - page) if start else ""
    older = to("Older", start + page) if more else ""
    return f'<div class="row pager">{newer}{older}</div>' if newer or older else ""
