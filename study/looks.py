"""Every look at a confirming list is written down beside it: each makes what it shows a little less new."""

from __future__ import annotations

from datetime import UTC, datetime

from study.study import Found, Study


def note_look(study: Study, found: Found) -> list[str]:
    """All looks at the list so far, this one included; none for a tuning list. The same study again, with
    nothing new in it, is no look."""
    if found.file.kind != "confirming":
        return []
    file = study.concepts.with_suffix(".looks.txt")
    looks = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    what = f"{', '.join(study.methods)}; budgets {', '.join(map(str, study.budgets))}; {study.seeds} seeds"
    if study.start_positives:
        what += f"; {study.start_positives} given"
    if not any(look.partition(": ")[2] == what for look in looks):
        looks.append(f"{datetime.now(UTC).date()}: {what}")
        file.write_text("\n".join(looks) + "\n", encoding="utf-8")
    return looks
