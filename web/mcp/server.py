"""The MCP server: every tool with what a client should know of it before it is called. Most are made from the
use cases (`concepts.use_cases.use_case`)."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, NamedTuple

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.mcpserver import Elicit, MCPServer, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool as Offered
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from concepts import __version__
from concepts.rooms import declared_use_cases
from concepts.use_cases import App, UseCase
from concepts.use_cases.parameters import Given, keyword
from concepts.use_cases.roles import Role
from web.http.access import Access
from web.http.guard import Guard
from web.http.request_log import RequestLog
from web.mcp import by_hand
from web.mcp.door import Agreed, Caller, Consent, Ctx, Door, app_of, ask, caller_of, guarded, in_our_words
from web.mcp.showing import ConceptName, Job, submitted

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
        Tool(_tool_of(one), one.tool.replace("_", " ").capitalize(), reads=one.verb == "GET")
        for one in declared_use_cases()
        if one.tool
    ]
    return [*TOOLS, *made]


def _tool_of(declared: UseCase | UseCase) -> Callable[..., Any]:
    """A tool with the operation's parameters. The person is asked first where it changes something. Of long
    work it returns the job, else what the operation returns."""

    def tool(ctx: Ctx, agreed: Agreed | None = None, **given: Any) -> Any:
        app, who = app_of(ctx), caller_of(ctx)
        method = declared.on(app, given.pop("concept") if declared.is_of_concept else "")
        known = {one.name: _known(one.given, who) for one in declared.parameters if one.given}
        result = method(**given, **known)
        return submitted(app, result.id) if declared.is_job else result

    def agree(ctx: Ctx, **given: Any) -> Elicit[Consent] | Consent:
        with in_our_words():
            return ask(ctx, declared.tool, _question(declared, app_of(ctx), given))

    parameters = [keyword("ctx", Ctx)]
    if declared.is_of_concept:
        parameters.append(keyword("concept", ConceptName))
    for one in declared.parameters:
        if one.given is None:
            parameters.append(keyword(one.name, Annotated[one.type, one.field], one.default))
    _sign(agree, f"agree_to_{declared.name}", parameters, Elicit[Consent] | Consent)
    if declared.verb != "GET":
        parameters.append(keyword("agreed", Annotated[Agreed, Resolve(agree)]))
    _sign(tool, declared.tool, parameters, Job if declared.is_job else declared.result)
    tool.__doc__ = declared.summary + (" A job." if declared.is_job else "")
    return tool


def _known(given: Given | None, who: Caller) -> str | bool | None:
    if given is Given.AUTHOR:
        return who.signature
    if given is Given.READER:
        return who.user if who.role == Role.LABELLER else None
    return None if given is Given.KEY else True  # confined to the folders that the app may read


def _question(declared: UseCase | UseCase, app: App, given: dict[str, Any]) -> str:
    """The operation's own, or the first sentence of its description with what was given."""
    about = [f"“{given['concept']}”"] if declared.is_of_concept else []
    if declared.is_of_concept:
        own = declared.asks(app, given["concept"], {k: v for k, v in given.items() if k != "concept"})
    else:
        own = declared.asks(app, "", given)
    if own:
        return own
    asked = [one for one in declared.parameters if one.name in given and given[one.name] != one.default]
    about += [f"{one.name} {given[one.name]}" for one in asked]
    sentence = " ".join(declared.summary.split()).partition(". ")[0].rstrip(".")
    return f"{sentence}? ({', '.join(about)})" if about else f"{sentence}?"


def _sign(function: Any, name: str, parameters: Sequence[inspect.Parameter], result: Any) -> None:
    """Gives a function the name and signature that the server reads."""
    function.__name__ = function.__qualname__ = name
    function.__signature__ = inspect.Signature(parameters, return_annotation=result)
    function.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": result}


def create_server(door: Door) -> MCPServer[Door]:
    @asynccontextmanager
    async def opened(_: MCPServer[Door]) -> AsyncIterator[Door]:
        yield door

    offered = []
    for tool in tools():
        about = ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.reads,
            destructive_hint=False,
            idempotent_hint=tool.reads,
            open_world_hint=tool.calls_out,
        )
        one = _Strict.from_function(guarded(tool.run), title=tool.title, annotations=about)
        arguments = one.fn_metadata.arg_model
        arguments.model_config["extra"] = "forbid"  # the library would drop unknown fields
        arguments.model_rebuild(force=True)
        one.parameters = arguments.model_json_schema(by_alias=True)
        offered.append(one)
    return MCPServer[Door](
        "discern",
        tools=offered,
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


def http_app(app: App) -> ASGIApp:
    """The server over HTTP at `PATH`, behind the same guard as REST: host, origin, login and roles."""
    access = Access(app.settings, app.database)
    trusting = TransportSecuritySettings(enable_dns_rebinding_protection=False)  # the guard looks at hosts
    served = create_server(Door(app)).streamable_http_app(
        streamable_http_path=PATH, transport_security=trusting
    )

    async def owned(scope: Scope, receive: Receive, send: Send) -> None:
        """The served, where each session belongs to the login that began it."""
        if scope["type"] == "http":
            token = AccessToken(token="", client_id=scope["state"]["user"] or "", scopes=[])
            scope["user"] = AuthenticatedUser(token)
        await served(scope, receive, send)

    return RequestLog(Guard(owned, access))
