"""What happened and what is going on: jobs, model calls, and what this installation is."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from concepts import __version__
from concepts.jobs.progress import COUNTED
from concepts.settings import Settings, secrets_in, set_by_environment
from concepts.view import View
from storage.calls import CallTotal, Ledger, Spent
from storage.database import Database
from storage.jobs import StoredJob

SURE_AFTER = 1.0  # seconds of counting before which a rate says nothing
PACKAGES = ("gradio", "lancedb", "open_clip_torch", "openai", "scikit-learn", "torch")


class JobView(View):
    """Long work. `state`: queued, running, interrupted (goes on by itself), done, failed, cancelled."""

    id: int
    kind: str
    concept: str | None
    state: str
    done: int
    total: int | None
    message: str
    error: str  # why it failed, in words
    details: str  # of a failure, for whoever mends it: the traceback
    result: dict[str, Any] | None
    rate: float | None  # steps a second, once it says something
    seconds: float | None
    seconds_left: float | None
    cancel_requested: bool
    created: datetime
    started: datetime | None
    finished: datetime | None
    calls: int = 0  # to model endpoints
    cost_usd: float | None = None  # of these, as far as they had a price; none where none had


class CallView(View):
    """A call to a model endpoint, answered or not. `cost_usd` is none where no price is set."""

    created: datetime
    purpose: str
    model: str
    endpoint: str
    outcome: str
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    latency_ms: int
    error: str


class DeedView(View):
    """Who did what, from which address (empty for the command line)."""

    created: datetime
    who: str
    address: str
    what: str
    about: str


class CallCounts(View):
    """`unpriced` were answered without a price being set."""

    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    unpriced: int


class CallTotalView(CallCounts):
    """All calls for one purpose to one model for one concept, none for those that belong to no concept."""

    concept: str | None
    purpose: str
    model: str


class CallSum(CallCounts):
    """All calls of one concept, for one purpose or to one model; `name` is empty for calls of no concept."""

    name: str


class ModelCosts(View):
    """What model calls cost: `totals` of all calls, the dearest first, and a page of single `calls`."""

    totals: list[CallTotalView]
    calls: list[CallView]


class SettingsView(View):
    """The endpoint as it is set. The key is never told, only whether there is one."""

    openai_base_url: str | None
    has_key: bool
    llm_model: str | None
    vlm_model: str | None
    large_vlm_model: str | None = None
    critic_model: str | None = None
    llm_price: str | None
    vlm_price: str | None
    large_vlm_price: str | None = None
    critic_price: str | None = None
    prices: str | None = None
    model_concurrency: int
    reasoning_effort: str
    answer_tokens: int
    picture_side: int | None = None
    picture_detail: str | None = None
    request_timeout: int
    request_fields: str | None = None
    fixed: list[str]  # names that the environment decides, which can't be changed here


class About(View):
    version: str
    home: str
    python: str
    packages: dict[str, str]
    database_bytes: int
    free_bytes: int


def job_view(job: StoredJob, concept: str | None, spent: Spent | None = None) -> JobView:
    """`concept` is the name of the concept it is about, `spent` what its calls cost."""
    rate = _rate(job) if job.state == "running" else None
    return JobView(
        id=job.id,
        kind=job.kind,
        concept=concept,
        state=job.state,
        done=job.done,
        total=job.total,
        message=job.message,
        error=job.error,
        details=job.details or "",
        result=job.result,
        rate=rate,
        seconds=job.seconds,
        seconds_left=max(job.total - job.done, 0) / rate if rate and job.total else None,
        cancel_requested=job.cancel_requested,
        created=job.created,
        started=job.started,
        finished=job.finished,
        calls=spent.calls if spent else 0,
        cost_usd=spent.cost_usd if spent else None,
    )


def _rate(job: StoredJob) -> float | None:
    """Steps a second from the first count of this run on: what is loaded before that is no work."""
    first, since = job.memory.get(COUNTED, (0, 0.0))
    now, began = time.time(), job.started.timestamp() if job.started else 0.0
    first, since = (first, since) if since >= began else (0, began)
    return (job.done - first) / (now - since) if job.done > first and now - since > SURE_AFTER else None


def recent_calls(ledger: Ledger, limit: int, offset: int) -> list[CallView]:
    return [
        CallView.model_validate(vars(call) | {"created": created})
        for created, call in ledger.recent(limit, offset)
    ]


def call_totals(totals: Sequence[CallTotal], names: Mapping[int, str]) -> list[CallTotalView]:
    """`names` of concepts, by id."""
    return [
        CallTotalView.model_validate(vars(total) | {"concept": names.get(total.concept_id or 0)})
        for total in totals
    ]


def call_sums(totals: Sequence[CallTotalView], by: Literal["concept", "purpose", "model"]) -> list[CallSum]:
    """The totals added up by one of what they are told apart by; the dearest first."""
    groups: dict[str, list[CallTotalView]] = {}
    for total in totals:
        groups.setdefault(getattr(total, by) or "", []).append(total)
    sums = [
        CallSum(
            name=name,
            **{count: sum(getattr(one, count) for one in group) for count in CallCounts.model_fields},
        )
        for name, group in groups.items()
    ]
    return sorted(sums, key=lambda one: (-one.cost_usd, -one.calls, one.name))


def settings_view(settings: Settings) -> SettingsView:
    known = settings.model_dump(include=set(SettingsView.model_fields))
    if secrets_in(known["openai_base_url"] or ""):  # of the environment
        known["openai_base_url"] = known["openai_base_url"].partition("?")[0]
    return SettingsView(
        **known,
        has_key=settings.openai_api_key is not None,
        fixed=sorted(set_by_environment()),
    )


def about(settings: Settings, database: Database) -> About:
    return About(
        version=__version__,
        home=str(settings.home),
        python=platform.python_version(),
        packages={name: _version(name) for name in PACKAGES},
        database_bytes=database.size_bytes(),
        free_bytes=shutil.disk_usage(settings.home).free,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
