"""What happened and what is going on: jobs, model calls, and what this installation is."""

from __future__ import annotations

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version

from concepts import __version__
from concepts.settings import Settings, set_by_environment
from concepts.views import About, CallTotalView, CallView, JobView, SettingsView
from storage.calls import Ledger
from storage.jobs import StoredJob

SURE_AFTER = 3.0  # seconds before which a rate says nothing
PACKAGES = ("gradio", "lancedb", "open_clip_torch", "openai", "scikit-learn", "torch")


def job_view(job: StoredJob) -> JobView:
    seconds = job.seconds
    running = job.state == "running"
    rate = job.done / seconds if running and job.done and seconds and seconds > SURE_AFTER else None
    return JobView(
        id=job.id,
        kind=job.kind,
        concept=job.arguments.get("concept"),
        state=job.state,
        done=job.done,
        total=job.total,
        message=job.message,
        error=job.error,
        result=job.result,
        rate=rate,
        seconds=seconds,
        seconds_left=max(job.total - job.done, 0) / rate if rate and job.total else None,
        cancel_requested=job.cancel_requested,
        created=job.created,
        started=job.started,
        finished=job.finished,
    )


def recent_calls(ledger: Ledger, limit: int, offset: int) -> list[CallView]:
    return [
        CallView(
            created=created,
            purpose=call.purpose,
            model=call.model,
            endpoint=call.endpoint,
            outcome=call.outcome,
            tokens_in=call.tokens_in,
            tokens_out=call.tokens_out,
            cost_usd=call.cost_usd,
            latency_ms=call.latency_ms,
            error=call.error,
        )
        for created, call in ledger.recent(limit, offset)
    ]


def call_totals(ledger: Ledger) -> list[CallTotalView]:
    return [CallTotalView.model_validate(vars(total)) for total in ledger.totals()]


def settings_view(settings: Settings) -> SettingsView:
    return SettingsView(
        openai_base_url=settings.openai_base_url,
        has_key=settings.openai_api_key is not None,
        llm_model=settings.llm_model,
        vlm_model=settings.vlm_model,
        llm_price=settings.llm_price,
        vlm_price=settings.vlm_price,
        model_concurrency=settings.model_concurrency,
        fixed=sorted(set_by_environment()),
    )


def about(settings: Settings) -> About:
    return About(
        version=__version__,
        home=str(settings.home),
        python=platform.python_version(),
        packages={name: _version(name) for name in PACKAGES},
        database_bytes=settings.database_path.stat().st_size,
        free_bytes=shutil.disk_usage(settings.home).free,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
