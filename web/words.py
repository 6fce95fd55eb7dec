"""Numbers and moments as people say them."""

from __future__ import annotations

from datetime import UTC, datetime


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Such as: just now, 5 minutes ago, yesterday, 12 March 2026."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{count(int(seconds // 60), 'minute')} ago"
    if seconds < 86_400:
        return f"{count(int(seconds // 3600), 'hour')} ago"
    if seconds < 2 * 86_400:
        return "yesterday"
    if seconds < 30 * 86_400:
        return f"{int(seconds // 86_400)} days ago"
    return f"{moment.day} {moment:%B %Y}"


def clock(moment: datetime) -> str:
    """By a clock that knows no zone, such as: 14 July 2021, 10:30."""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def duration(seconds: float) -> str:
    """Such as: 40 seconds, about 3 minutes, about 2 hours."""
    if seconds < 60:
        return count(max(1, round(seconds)), "second")
    if seconds < 90 * 60:
        return f"about {count(round(seconds / 60), 'minute')}"
    return f"about {count(round(seconds / 3600), 'hour')}"


def size(number: int) -> str:
    """Bytes, such as: 812 KB, 3.4 MB."""
    value = float(number)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:,.0f} {unit}" if unit in ("bytes", "KB") else f"{value:,.1f} {unit}"


def count(number: int, one: str, many: str = "") -> str:
    """Such as: 1 picture, 5,421 pictures."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def dollars(amount: float) -> str:
    """Such as: $12.40, $0.0031, under $0.0001."""
    if 0 < amount < 0.0001:
        return "under $0.0001"
    return f"${amount:,.2f}" if amount >= 1 or amount == 0 else f"${amount:.4f}"


def percent(share: float) -> str:
    """Such as: 40 %, and never a certainty: over 99 %, under 1 %."""
    if share >= 0.995:
        return "over 99 %"
    return "under 1 %" if share < 0.005 else f"{100 * share:.0f} %"


def sure(probability: float) -> str:
    """Such as: 40 % sure."""
    if 0.01 <= probability <= 0.99:
        return f"{100 * probability:.0f} % sure"
    return "hardly 1 % sure" if probability < 0.5 else "over 99 % sure"
