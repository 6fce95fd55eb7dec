"""What which role may do: one table for requests, one for the buttons of the screens.

What is in neither is for owners alone, and a test fails for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from concepts.installation.users import Role
from concepts.workbench import operations
from concepts.workbench.operation import IN_PATH

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
    (one.verb, API + IN_PATH.sub(ONE, one.path), Rule(one.role, one.operation.audit, one.operation.host))
    for one in operations()
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
        ("GET", "/app/answers(/grid|/own)?", Rule(VIEWER)),
        ("POST", "/app/answers(/batch|/undo|/comment|/elsewhere|/elsewhere/comment)?", Rule(LABELLER)),
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
        # The screens, whose buttons are in ACTIONS
        ("GET", "/settings/cost/?", Rule(OWNER, host=True)),
        ("GET", f"/settings/({OF_THE_HOST})/?", Rule(VIEWER, host=True)),
        *((method, f"/(({SCREENS})(/[a-z-]+)?)?/?", Rule(VIEWER)) for method in ("GET", "POST")),
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

# The buttons and forms of the screens, by what they are called there.
BUTTONS: dict[Rule, str] = {
    Rule(VIEWER): """
        show search narrow open position filter revision card code compare pick page
        around table page-alarms page-missed prompt flagged told protect""",
    Rule(LABELLER): """
        yes no unsure undo answer comment begin-round test-wording""",
    Rule(OWNER): """
        cancel retry mine annotate propose train measure compare-annotators certify keep-line
        threshold again score score-files score-library ask-new ask-where ask-name ask-copy find-open reword
        look-over ask more-kinds try-rule score-table given""",
    Rule(OWNER, host=True): "look-now check find-neighbours tidy draw-map test",
    # What counts
    Rule(OWNER, "began a concept"): "begin",
    Rule(OWNER, "renamed a concept"): "rename",
    Rule(OWNER, "duplicated a concept"): "duplicate",
    Rule(OWNER, "deleted a concept"): "trash-concept",
    Rule(OWNER, "brought a concept back"): "restore-concept",
    Rule(OWNER, "changed what counts"): """
        sentence add-criterion edit-criterion keep-criterion drop-criterion turn-kind add-query keep-query
        flip-query drop-query example drop-example restore scale accept-wording reject-wordings
        answer-question""",
    Rule(OWNER, "changed a prompt"): "save-prompt reset-prompt",
    Rule(OWNER, "changed how pictures are shown"): "protect-concept",
    Rule(OWNER, "chose who labels"): "use-annotator",
    Rule(OWNER, "chose where a concept looks"): "look-in",
    Rule(OWNER, "chose which part counts"): "look-at-part",
    Rule(OWNER, "began to watch a folder", host=True): "watch",
    Rule(OWNER, "stopped watching a folder", host=True): "stop-watch",
    # The library, and the computer it is on
    Rule(OWNER, "added pictures", host=True): "add sample",
    Rule(OWNER, "added pictures"): "uploaded",
    Rule(OWNER, "removed pictures", host=True): "trash-picture",
    Rule(OWNER, "put pictures back", host=True): "restore-picture",
    Rule(OWNER, "emptied the trash", host=True): "empty-trash",
    Rule(OWNER, "had the words in pictures read", host=True): "read-words",
    Rule(OWNER, "changed the encoder", host=True): "reembed",
    Rule(OWNER, "wrote keywords", host=True): "keywords",
    Rule(OWNER, "copied files", host=True): "copy-files",
    Rule(OWNER, "changed settings", host=True): "save",
    # Collections and rules
    Rule(OWNER, "made a collection"): "make-collection",
    Rule(OWNER, "renamed a collection"): "rename-collection",
    Rule(OWNER, "changed a collection"): "put-chosen take-chosen undo-change",
    Rule(OWNER, "removed a collection"): "trash-collection",
    Rule(OWNER, "brought a collection back"): "restore-collection",
    Rule(OWNER, "kept a combination"): "keep-rule",
    Rule(OWNER, "removed a combination"): "trash-rule",
    Rule(OWNER, "brought a combination back"): "restore-rule",
}
ACTIONS = {button: rule for rule, buttons in BUTTONS.items() for button in buttons.split()}
ANY_OTHER = Rule(OWNER, host=True)

# What Gradio answers and the page has no use for: files, uploads, proxies, recordings, changing the app.
# Nobody gets it.
CLOSED = re.compile(
    r"/(gradio_api/.*|monitoring(/.*)?|pwa_icon(/.*)?|svelte/.*|openapi\.json|robots\.txt|logout|login/)"
)


def rule_of_button(action: str) -> Rule:
    return ACTIONS.get(action, ANY_OTHER)


# The tools of assistants, by name. An assistant labels as a machine does, so that is for owners, too.
TOOLS: dict[str, Rule] = {
    **dict.fromkeys(("search_pictures", "show_concept", "job"), Rule(VIEWER)),
    "export": Rule(VIEWER, "exported a classifier"),
    "create_concept": Rule(OWNER, "began a concept"),
    **dict.fromkeys(
        ("propose_what_counts", "label_pictures", "have_the_machine_label"),
        Rule(OWNER),
    ),
    **{
        one.operation.tool: Rule(one.role, one.operation.audit, one.operation.host)
        for one in operations()
        if one.operation.tool
    },
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
