"""Who calls a tool, whether they may, and asking the person before anything is changed."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel
from starlette.requests import Request

from concepts.errors import DiscernError
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from storage.disk import is_refusal, refused
from web.advice import in_words
from web.http.guard import address_of, author_of
from web.http.roles import TOOLS, why_not

LONGEST_NAME = 100  # characters of what an assistant calls itself
LONGEST_SIGNATURE = 200  # as the column has them


@dataclass(frozen=True)
class Door:
    """What every call comes through. `user` and `role` are of whoever started it at this computer; over HTTP
    each request has its own."""

    app: App
    user: str = "me"
    role: Role = Role.OWNER


Ctx = Context[Door, Request]


@dataclass(frozen=True)
class Caller:
    """The person an assistant acts for, from which address (empty at this computer), and the assistant's name
    as it gave it."""

    user: str
    role: Role
    address: str
    assistant: str

    @property
    def signature(self) -> str:
        """What they change is signed with."""
        return (f"{self.user}, by {self.assistant}" if self.assistant else self.user)[:LONGEST_SIGNATURE]


class Consent(BaseModel):
    """A question with no fields: accepting it is the answer."""


Agreed = ElicitationResult[Consent]


def app_of(ctx: Ctx) -> App:
    return ctx.request_context.lifespan_context.app


def caller_of(ctx: Ctx) -> Caller:
    door, request = ctx.request_context.lifespan_context, ctx.request_context.request
    told = ctx.session.client_params
    name = f"{told.client_info.name} {told.client_info.version}" if told else ""
    assistant = "".join(c for c in name if c.isprintable()).strip()[:LONGEST_NAME]
    if request is None:
        return Caller(door.user, door.role, "", assistant)
    return Caller(author_of(request), request.state.role, address_of(request.scope), assistant)


def ask(ctx: Ctx, tool: str, question: str) -> Elicit[Consent] | Consent:
    """The question to the person, where the assistant's program can put it to them. Where it can't, its own
    asking before a tool that changes something is all there is.

    Raises `ToolError` where the role doesn't permit the tool: then nobody is asked.
    """
    permit(ctx, tool)
    capabilities = ctx.client_capabilities
    asking = capabilities.elicitation if capabilities else None
    forms = asking is not None and (asking.form is not None or asking.url is None)
    return Elicit(question, Consent) if forms else Consent()


def permit(ctx: Ctx, tool: str) -> None:
    """Raises `ToolError` where the caller's role doesn't permit it."""
    if refusal := why_not(TOOLS[tool], caller_of(ctx).role):
        raise ToolError(refusal)


def note(ctx: Ctx, deed: str, about: str) -> None:
    """Keeps what was done, for owners to read later."""
    who = caller_of(ctx)
    said = f"{about} by {who.assistant or 'an assistant'}"
    app_of(ctx).audit.add(who.user, deed, said, who.address)


@contextmanager
def in_our_words() -> Iterator[None]:
    """What goes wrong in a way that somebody can mend is told with what to do about it."""
    try:
        yield
    except DiscernError as error:
        raise ToolError(in_words(error)) from error
    except OSError as error:
        if not is_refusal(error):
            raise
        raise ToolError(in_words(refused(error, Path(error.filename or "the data folder")))) from error


def guarded(tool: Callable[..., Any]) -> Callable[..., Any]:
    """A tool that is held to the role of who calls it, does nothing where the person said no, and is kept
    among the deeds where its rule says as what."""
    name = tool.__name__

    def before(ctx: Ctx, agreed: Agreed | None) -> None:
        permit(ctx, name)
        if agreed is not None and not isinstance(agreed, AcceptedElicitation):
            raise ToolError("The person said no. Nothing was done.")

    @functools.wraps(tool)
    async def waiting(ctx: Ctx, **arguments: Any) -> Any:
        with in_our_words():
            before(ctx, arguments.get("agreed"))
            return await tool(ctx, **arguments)

    @functools.wraps(tool)
    def run(ctx: Ctx, **arguments: Any) -> Any:
        with in_our_words():
            before(ctx, arguments.get("agreed"))
            done = tool(ctx, **arguments)
            if deed := TOOLS[name].deed:
                named = [str(arguments[key]) for key in ("name", "concept") if key in arguments]
                about = " ".join([*named, *map(str, arguments.get("paths") or ())])
                note(ctx, deed, f"{name} {about}")
            return done

    return waiting if inspect.iscoroutinefunction(tool) else run
