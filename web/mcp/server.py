"""The MCP server: every tool with what a client should know of it before it is called."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool as Offered
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from concepts import __version__
from concepts.workbench import Workbench
from web.http.access import Access
from web.http.guard import Guard
from web.http.request_log import RequestLog
from web.mcp import by_hand
from web.mcp.door import Door, guarded
from web.mcp.operations import declared_tools, reads, tool_of

PATH = "/mcp"
FIRST = 3  # wrong arguments that are told
LONGEST = 100  # characters of a name or a value that is wrong
INSTRUCTIONS = """Discern turns a subjective visual concept into a small image classifier. The usual order:
show_concept, create_concept, propose_what_counts, the same with only_search, then search_pictures with order
“next” and label_pictures, train, show_concept, export. Tools that take long answer with a job at once: ask
`job` with wait_seconds for its end.

The person decides what counts. Your labels are kept as a machine's, with your name; they count as far as they
agree with the person's own answers, which they give in the app, on Label. Pictures that measure are answered
by people only: without such answers there are no figures, so ask the person for some. Report figures with
their intervals, as show_concept says them."""


class Tool(NamedTuple):
    """`reads`: it changes nothing. `calls_out`: it may ask a model endpoint."""

    run: Callable[..., Any]
    title: str
    reads: bool = False
    calls_out: bool = False


# Beside those that are made from operations: they show pictures, or say beforehand what it costs.
TOOLS = (
    Tool(by_hand.show_concept, "Library and concepts", reads=True),
    Tool(by_hand.create_concept, "Begin a concept"),
    Tool(by_hand.propose_what_counts, "Propose what counts", calls_out=True),
    Tool(by_hand.search_pictures, "Search pictures", reads=True),
    Tool(by_hand.label_pictures, "Label pictures as a machine"),
    Tool(by_hand.have_the_machine_label, "Have the annotator label", calls_out=True),
    Tool(by_hand.export, "Export a classifier", reads=True),
    Tool(by_hand.job, "Jobs", reads=True),
)


def tools() -> list[Tool]:
    """All of them."""
    made = [
        Tool(tool_of(one), one.operation.tool.replace("_", " ").capitalize(), reads=reads(one))
        for one in declared_tools()
    ]
    return [*TOOLS, *made]


def create_server(door: Door) -> MCPServer[Door]:
    @asynccontextmanager
    async def opened(_: MCPServer[Door]) -> AsyncIterator[Door]:
        yield door

    return MCPServer[Door](
        "discern",
        tools=[_strict(tool) for tool in tools()],
        title="Discern",
        version=__version__,
        instructions=INSTRUCTIONS,
        lifespan=opened,
        log_level="WARNING",
    )


class _Strict(Offered):
    """A tool whose wrong arguments are told in sentences: the library shows the model what Pydantic dumps."""

    async def run(self, *given: Any, **named: Any) -> Any:
        try:
            return await super().run(*given, **named)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(self._in_words(error.__cause__.errors())) from error.__cause__
            raise

    def _in_words(self, wrong: list[Any]) -> str:
        said = [self._sentence(one) for one in wrong[:FIRST]]
        if len(wrong) > FIRST:
            said.append(f"And {len(wrong) - FIRST:,} more.")
        return " ".join([*said, "Nothing was done."]).encode(errors="replace").decode()  # half of a pair

    def _sentence(self, wrong: Any) -> str:
        """Which argument is wrong, as what it was given, and what it may be."""
        name = ".".join(map(str, wrong["loc"]))[:LONGEST]
        if wrong["type"] == "missing":
            return f"The argument {name} is missing."
        if wrong["type"] == "extra_forbidden":
            known = f" {self.name} takes {', '.join(self.parameters['properties'])}."
            return f"There is no argument {name}." + (known if len(wrong["loc"]) == 1 else "")
        value = json.dumps(wrong["input"], ensure_ascii=False, default=str)
        shown = value if len(value) <= LONGEST else f"{value[:LONGEST]}…"
        allowed = re.sub(r"^\w+ should ", "", wrong["msg"]).replace(" after validation", "")
        if wrong["type"] == "model_type":
            allowed = "be an object"
        return f"The argument {name} is {shown}. It should {allowed}."


def _strict(tool: Tool) -> Offered:
    """The tool as the server offers it. Unknown fields are an error: the library would drop them."""
    about = ToolAnnotations(
        title=tool.title,
        read_only_hint=tool.reads,
        destructive_hint=False,
        idempotent_hint=tool.reads,
        open_world_hint=tool.calls_out,
    )
    offered = _Strict.from_function(guarded(tool.run), title=tool.title, annotations=about)
    arguments = offered.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    offered.parameters = arguments.model_json_schema(by_alias=True)
    return offered


def http_app(workbench: Workbench) -> ASGIApp:
    """The server over HTTP at `PATH`, behind the same guard as REST: host, origin, login and roles."""
    access = Access(workbench.context.settings, workbench.context.database)
    trusting = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the guard looks at hosts
    app = create_server(Door(workbench)).streamable_http_app(
        streamable_http_path=PATH, transport_security=trusting
    )
    return RequestLog(Guard(_owned(app), access))


def _owned(app: ASGIApp) -> ASGIApp:
    """Wrap the app so that each session belongs to the login that began it."""

    async def called(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            token = AccessToken(token="", client_id=scope["state"]["user"] or "", scopes=[])
            scope["user"] = AuthenticatedUser(token)
        await app(scope, receive, send)

    return called
