"""What a component's event calls: a use case, in the role it declares, for whoever sent the request."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar, cast

import gradio as gr

from concepts.errors import DiscernError
from concepts.rooms import declared_use_cases
from concepts.use_cases.roles import Role
from storage.database import one_moment
from web.advice import VISITOR, in_words
from web.http.roles import Rule, why_not

log = logging.getLogger(__name__)
Function = TypeVar("Function", bound=Callable[..., Any])

# Of events whose handlers are short, which are nearly all: without the queue, and without a veil.
PLAIN: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
# By default, Gradio drops an event while the same one is pending. NEWEST sends one more afterwards. EACH
# sends all: for events with `EventData`, as "always_last" would send the data of the first one again.
NEWEST = PLAIN | {"trigger_mode": "always_last"}
EACH = PLAIN | {"trigger_mode": "multiple"}


@contextmanager
def progress_on(component: gr.Component) -> Iterator[None]:
    """Events defined inside show their progress on this component alone. Otherwise Gradio tells it, at each
    event, to every component that any event has changed so far: a quarter of a second on our page."""
    for events in (PLAIN, NEWEST, EACH):
        events["show_progress_on"] = component
    try:
        yield
    finally:
        for events in (PLAIN, NEWEST, EACH):
            del events["show_progress_on"]


def calls(*use_cases: Callable[..., Any]) -> Callable[[Function], Function]:
    """Marks a handler that calls these use cases: whoever may do all of them may send its event. Without any
    it only reads. The handler needs a parameter of the type `gr.Request`.

    What a use case raises of its own becomes a message on screen.
    """
    rule = _rule_of(use_cases)

    def marked(handler: Function) -> Function:
        @wraps(handler)
        def handled(*values: Any, **named: Any) -> Any:
            with _asked(rule, values, named), one_moment():
                return handler(*values, **named)

        @wraps(handler)
        async def awaited(*values: Any, **named: Any) -> Any:
            with _asked(rule, values, named):
                return await handler(*values, **named)

        chosen: Any = awaited if iscoroutinefunction(handler) else handled
        chosen.rule = rule  # a test asks every event for it
        return cast(Function, chosen)

    return marked


def may(request: gr.Request, *use_cases: Callable[..., Any]) -> bool:
    """Whether whoever asks may do all of these: what they may not is not offered."""
    state = request.state
    return not any(why_not(_RULES[one], state.role, state.demo, state.full) for one in use_cases)


def concept_of(request: gr.Request) -> str | None:
    """The concept in the address of the page, so that a reload or a second tab shows the same."""
    return request.query_params.get("concept") or None


def author_of(request: gr.Request) -> str:
    """Who asks: the name of the login, or "me" where there is none."""
    return request.state.user or "me"


@contextmanager
def _asked(rule: Rule, values: Sequence[Any], named: Mapping[str, Any]) -> Iterator[None]:
    """Of whoever may do it, in a demo of the visitor's own sandbox, and told in a sentence where it fails."""
    request = next(one for one in (*values, *named.values()) if isinstance(one, gr.Request))
    state = request.state
    if refusal := why_not(rule, state.role, state.demo, state.full):
        raise gr.Error(refusal, print_exception=False)
    state.deed = (rule.deed, concept_of(request) or "")
    visitor = VISITOR.set(state.sandbox)
    try:
        yield
    except DiscernError as error:
        raise gr.Error(in_words(error), print_exception=False) from None
    except gr.Error:
        raise
    except Exception:
        log.exception("A screen failed.")
        raise
    finally:
        VISITOR.reset(visitor)


def _rule_of(use_cases: tuple[Callable[..., Any], ...]) -> Rule:
    """The strictest of them."""
    rules = [_RULES[use_case] for use_case in use_cases]
    deed = next((rule.deed for rule in rules if rule.deed), "")
    role = max((rule.role for rule in rules), default=Role.VIEWER)
    return Rule(role, deed, any(rule.host for rule in rules))


_RULES = {
    declared.function: Rule(declared.role, declared.audit, declared.host) for declared in declared_use_cases()
}
