"""What which role may do: a table for requests, one for deeds of the trash, and one for tools of assistants.

What is in none is for owners alone, and a test fails for it. Declared use cases bring their own rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from concepts.rooms import declared_use_cases
from concepts.use_cases.parameters import IN_PATH
from concepts.use_cases.roles import Role

OWNER, LABELLER, VIEWER = Role.OWNER, Role.LABELLER, Role.VIEWER


@dataclass(frozen=True)
class Rule:
    """Who may do it, and what an owner later reads of it; empty where that isn't kept."""

    role: Role
    deed: str = ""
    host: bool = False  # about the computer it runs on, so closed to the visitors of a demo


API = "/api/v1"
ONE = "[^/]+"
CONCEPT = f"{API}/concepts/{ONE}"
SCREENS = "library|describe|label|check|results|settings"
OF_THE_HOST = "people|encoder|backup"  # tabs of Settings

# Of the operations, as they are declared.
OPERATIONS = [
    (one.verb, API + IN_PATH.sub(ONE, one.path), Rule(one.role, one.audit, one.host))
    for one in declared_use_cases()
    if one.verb
]

# (method, path, rule), the first that fits. HEAD counts as GET.
ROUTES: list[tuple[str, re.Pattern[str], Rule]] = [
    (method, re.compile(path), rule)
    for method, path, rule in (
        *OPERATIONS,
        # Programs
        ("GET", f"{API}/backup", Rule(OWNER, "made a backup", host=True)),
        ("GET", f"{API}/log", Rule(OWNER, "read the log", host=True)),
        ("GET", f"{CONCEPT}/labels/export", Rule(VIEWER, "exported labels")),
        ("GET", f"{API}/.*", Rule(VIEWER)),
        ("POST", f"{API}/classify", Rule(VIEWER)),
        ("POST", f"{CONCEPT}/labels/import", Rule(LABELLER, "imported labels")),
        ("POST", f"{CONCEPT}/labels/preview", Rule(LABELLER)),
        ("POST", f"{API}/library/captions", Rule(OWNER, "kept captions and columns", host=True)),
        ("POST", f"{CONCEPT}/examples", Rule(OWNER, "changed what counts")),
        ("POST", f"{CONCEPT}/review", Rule(OWNER)),
        ("PATCH", f"{API}/settings", Rule(OWNER, "changed settings", host=True)),
        # The small routes of the screens
        ("GET", f"/app/bundles/{ONE}", Rule(VIEWER, "exported a classifier")),
        ("GET", "/app/rule.zip", Rule(VIEWER, "exported a classifier")),
        ("GET", f"/app/scores/{ONE}", Rule(VIEWER, "downloaded scores")),
        ("GET", f"/app/map/(places|colours|pictures/{ONE}/{ONE})", Rule(VIEWER)),
        ("GET", "/app/version.html", Rule(OWNER, "shared a version as a file")),
        ("POST", "/uploads", Rule(OWNER)),
        ("PUT", f"/uploads/{ONE}/.+", Rule(OWNER)),
        ("GET", f"/media/{ONE}/{ONE}", Rule(VIEWER)),
        ("POST", "/logout", Rule(VIEWER, "logged out")),
        ("GET", "/app/made.zip", Rule(VIEWER)),
        ("GET", "/(healthz|login|begin)", Rule(VIEWER)),
        ("GET", "/login/(elsewhere|callback)", Rule(VIEWER)),
        ("POST", "/begin", Rule(VIEWER)),
        ("POST", "/login", Rule(VIEWER)),
        ("GET", "/web/.*", Rule(VIEWER)),
        # Tools of assistants: what each of them takes is in TOOLS
        *((method, "/mcp", Rule(VIEWER)) for method in ("GET", "POST", "DELETE")),
        # The screens, whose buttons have the role of what they call: `web.handlers.calls`
        ("GET", "/settings/cost/?", Rule(OWNER, host=True)),
        ("GET", f"/settings/({OF_THE_HOST})/?", Rule(VIEWER, host=True)),
        ("GET", f"/(({SCREENS})(/[a-z-]+)?)?/?", Rule(VIEWER)),
        # Gradio's endpoints for its clients
        # Of the page. What an event may do is asked where it is handled: `web.handlers.calls`
        ("GET", "/(config|theme.css|assets/.*|static/.*|manifest.json|favicon.ico)/?", Rule(VIEWER)),
        (
            "GET",
            "/gradio_api/(info|startup-events|heartbeat/.*|queue/data|call/.*|app_id|theme.css)/?",
            Rule(VIEWER),
        ),
        ("POST", "/gradio_api/((run|api|call)/.*|queue/join|reset|cancel|component_server)/?", Rule(VIEWER)),
    )
]

# What one operation does to things of several kinds: the trash, whose rule is the thing's own.
ACTIONS: dict[str, Rule] = {
    "trash-concept": Rule(OWNER, "deleted a concept"),
    "restore-concept": Rule(OWNER, "brought a concept back"),
    "trash-picture": Rule(OWNER, "removed pictures", host=True),
    "restore-picture": Rule(OWNER, "put pictures back", host=True),
    "trash-collection": Rule(OWNER, "removed a collection"),
    "restore-collection": Rule(OWNER, "brought a collection back"),
    "trash-rule": Rule(OWNER, "removed a combination"),
    "restore-rule": Rule(OWNER, "brought a combination back"),
}
ANY_OTHER = Rule(OWNER, host=True)

# What Gradio answers and the page has no use for: files, uploads, proxies, recordings, changing the app.
# Nobody gets it.
CLOSED = re.compile(
    r"/(gradio_api/.*|monitoring(/.*)?|pwa_icon(/.*)?|svelte/.*|openapi\.json|robots\.txt|logout|login/)"
)


# The tools of assistants, by name. An assistant labels as a machine does, so that is for owners, too.
TOOLS: dict[str, Rule] = {
    **dict.fromkeys(("search_pictures", "show_concept", "job"), Rule(VIEWER)),
    "export": Rule(VIEWER, "exported a classifier"),
    "create_concept": Rule(OWNER, "began a concept"),
    **dict.fromkeys(
        ("propose_what_counts", "label_pictures", "have_the_machine_label"),
        Rule(OWNER),
    ),
    **{one.tool: Rule(one.role, one.audit, one.host) for one in declared_use_cases() if one.tool},
}


def rule_of(method: str, path: str) -> Rule | None:
    """What the table says of a request; None where it says nothing."""
    method = "GET" if method in ("HEAD", "OPTIONS") else method
    return next((rule for m, pattern, rule in ROUTES if m == method and pattern.fullmatch(path)), None)


def why_not(rule: Rule, role: Role, demo: bool = False, full: str = "") -> str:
    """Why a role may not do it, in words; empty where it may. `demo`: whether this is a visitor of one.
    `full`: what is said where nothing more of theirs fits."""
    if demo and rule.host:
        return "This is about the computer that the demo runs on, so it is closed here."
    if role < rule.role:
        who = "an owner" if rule.role == OWNER else "a labeller or an owner"
        return full or f"Only {who} may do this."
    return ""
