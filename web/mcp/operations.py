"""Tools made from the operations that the handles declare (`concepts.workbench.operation`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from mcp.server.mcpserver import Elicit, Resolve

from concepts.installation.users import Role
from concepts.workbench import Workbench, operations
from concepts.workbench.operation import Declared, Given, keyword
from web.mcp.door import Agreed, Caller, Consent, Ctx, ask, bench_of, caller_of, in_our_words
from web.mcp.showing import ConceptName, Job, submitted


def declared_tools() -> list[Declared]:
    """The operations that assistants are offered."""
    return [one for one in operations() if one.operation.tool]


def reads(declared: Declared) -> bool:
    """Whether it changes nothing."""
    return declared.verb == "GET"


def tool_of(declared: Declared) -> Callable[..., Any]:
    """A tool with the operation's parameters. The person is asked first where it changes something. Of long
    work it returns the job, else what the operation returns."""

    def tool(ctx: Ctx, agreed: Agreed | None = None, **given: Any) -> Any:
        bench, who = bench_of(ctx), caller_of(ctx)
        method = declared.on(bench, given.pop("concept") if declared.is_of_concept else "")
        known = {one.name: _known(one.given, who) for one in declared.parameters if one.given}
        result = method(**given, **known)
        return submitted(bench, result.id) if declared.is_job else result

    def agree(ctx: Ctx, **given: Any) -> Elicit[Consent] | Consent:
        with in_our_words():
            return ask(ctx, declared.operation.tool, _question(declared, bench_of(ctx), given))

    parameters = [keyword("ctx", Ctx)]
    if declared.is_of_concept:
        parameters.append(keyword("concept", ConceptName))
    for one in declared.parameters:
        if one.given is None:
            parameters.append(keyword(one.name, Annotated[one.type, one.field], one.default))
    _sign(agree, f"agree_to_{declared.name}", parameters, Elicit[Consent] | Consent)
    if not reads(declared):
        parameters.append(keyword("agreed", Annotated[Agreed, Resolve(agree)]))
    _sign(tool, declared.operation.tool, parameters, Job if declared.is_job else declared.result)
    tool.__doc__ = declared.summary + (" A job." if declared.is_job else "")
    return tool


def _known(given: Given | None, who: Caller) -> str | bool | None:
    if given is Given.AUTHOR:
        return who.signature
    if given is Given.READER:
        return who.user if who.role == Role.LABELLER else None
    return None if given is Given.KEY else True  # confined to the folders that the app may read


def _question(declared: Declared, bench: Workbench, given: dict[str, Any]) -> str:
    """The operation's own, or the first sentence of its description with what was given."""
    about = [f"“{given['concept']}”"] if declared.is_of_concept else []
    if own := declared.operation.question:
        method = declared.on(bench, given.pop("concept") if declared.is_of_concept else "")
        return str(own(method.__self__, **given))  # type: ignore[attr-defined]  # a method of the part
    asked = [one for one in declared.parameters if one.name in given and given[one.name] != one.default]
    about += [f"{one.name} {given[one.name]}" for one in asked]
    sentence = " ".join(declared.summary.split()).partition(". ")[0].rstrip(".")
    return f"{sentence}? ({', '.join(about)})" if about else f"{sentence}?"


def _sign(function: Any, name: str, parameters: Sequence[inspect.Parameter], result: Any) -> None:
    """Gives a function the name and signature that the server reads."""
    function.__name__ = function.__qualname__ = name
    function.__signature__ = inspect.Signature(parameters, return_annotation=result)
    function.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": result}
