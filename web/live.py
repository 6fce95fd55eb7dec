"""Server-rendered HTML that reacts: buttons and forms with `data-action` in a `gr.HTML` call Python."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import gradio as gr
from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ValidationError

from storage.database import one_moment
from web.http.events import OLD_PAGE
from web.http.roles import ACTIONS, ANY_OTHER, why_not

# Clicks anywhere inside, by mouse, touch or keyboard: buttons are real <button>s, fields are real <form>s.
DELEGATE = """
element.addEventListener('click', (event) => {
  const target = event.target.closest('[data-action]:not(form)');
  if (!target || target.disabled) return;
  trigger('click', {action: target.dataset.action, value: target.dataset.value || '', fields: {}});
});
element.addEventListener('submit', (event) => {
  const form = event.target.closest('form[data-action]');
  if (!form) return;
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form, event.submitter));
  trigger('click', {action: form.dataset.action, value: form.dataset.value || '', fields});
  for (const secret of form.querySelectorAll('input[type=password]')) secret.value = '';
});
"""

# Answers come in a few milliseconds and in order; whatever takes longer is a job. Not part of the API.
QUICK: dict[str, Any] = {
    "queue": False,
    "postprocess": False,  # of HTML and JSON there is nothing to do, in a thread of its own for each
    "show_progress": "hidden",
    "api_visibility": "private",
}

# Pages that are put together at once. With more each takes longer, and so does all else: there is one lock of
# the interpreter.
OPENING = CapacityLimiter(max(os.cpu_count() or 1, 2))

Render = Callable[..., Any]
Shown = dict[Any, Any]  # component → what it shows now; what isn't named stays as it is

Kept = TypeVar("Kept", bound=BaseModel)

FAILED = "Something went wrong. Reload the page. If it happens again, the log says more."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Action:
    """A press of a button in a live area, or a form of it sent off with what was typed."""

    name: str
    value: str
    fields: dict[str, str] = field(default_factory=dict)


def live(elem_id: str, **settings: Any) -> gr.HTML:
    """An HTML area. Fill it with `on_load` and answer its buttons with `on_action`."""
    return gr.HTML(elem_id=elem_id, js_on_load=DELEGATE, **settings)


def memory(at_first: BaseModel) -> gr.JSON:
    """What a page remembers between its events, kept in the browser; `remembered` reads it.

    Not gr.State, which holds a connection open for every tab, and a browser has six.
    """
    return gr.JSON(at_first.model_dump(), visible=False)


def remembered(kind: type[Kept], sent: object) -> Kept:
    """What a page sends back of its `memory`, which may be anything. Raises `gr.Error` for what never was
    one."""
    try:
        return kind.model_validate(sent or {})
    except ValidationError:
        raise gr.Error(OLD_PAGE, print_exception=False) from None


def on_load(blocks: gr.Blocks, render: Render, outputs: Sequence[Any], inputs: Sequence[Any] = ()) -> Any:
    """Renders when the page opens: `render(request, *inputs)`. Two of these come in any order: what shows
    more of the same area is begun by the returned event's `then`."""
    # Not for actions: one that takes long would keep a connection and the moment it sees.
    opened = one_moment()(render)

    async def load(request: gr.Request, *values: Any) -> Any:  # Gradio finds the request by its annotation
        shown = await to_thread.run_sync(_noted, opened, request, *values, limiter=OPENING)
        return _named(shown, outputs)

    return blocks.load(load, list(inputs), outputs, **QUICK)


def on_action(
    area: gr.HTML, handler: Render, inputs: Sequence[Any] = (), outputs: Sequence[Any] = ()
) -> None:
    """Answers the buttons of a live area: `handler(action, request, *inputs)`."""

    def act(event: gr.EventData, request: gr.Request, *values: Any) -> Any:
        action = _pressed(event)
        rule = ACTIONS.get(action.name, ANY_OTHER)
        state = request.state
        if refusal := why_not(rule, state.role, state.demo, state.full):
            raise gr.Error(refusal, print_exception=False)
        request.state.deed = (rule.deed, f"{concept_of(request) or ''} {action.value[:200]}".strip())
        return _named(_noted(handler, action, request, *values), outputs)

    area.click(act, list(inputs), outputs, **QUICK)


def _pressed(event: gr.EventData) -> Action:
    """Raises `gr.Error` for what no button sends."""
    try:
        fields = {str(name): str(text) for name, text in dict(getattr(event, "fields", {})).items()}
        return Action(str(event.action), str(event.value), fields)
    except (AttributeError, TypeError, ValueError):
        raise gr.Error(OLD_PAGE, print_exception=False) from None


def on_event(event: Any, handler: Render, inputs: Sequence[Any] = (), outputs: Sequence[Any] = ()) -> None:
    """Answers an event of a Gradio component (`button.click`): `handler(request, *inputs)`."""

    def run(request: gr.Request, *values: Any) -> Any:
        return _named(_noted(handler, request, *values), outputs)

    event(run, list(inputs), outputs, **QUICK)


def _named(shown: Shown, outputs: Sequence[Any]) -> Shown:
    """What Gradio takes for a dictionary by component: one that names at least one."""
    shown = {area: v.model_dump() if isinstance(v, BaseModel) else v for area, v in shown.items()}
    return shown or {outputs[0]: gr.skip()}


def _noted(handler: Render, *values: Any) -> Shown:
    """What fails is in the log, and a browser, which may have sent nonsense, is told so and no more."""
    try:
        shown: Shown = handler(*values)
    except gr.Error:
        raise
    except Exception:
        log.exception("A screen failed.")
        raise gr.Error(FAILED, print_exception=False) from None
    return shown


def concept_of(request: gr.Request) -> str | None:
    """The concept in the address, so that a reload or a second tab shows the same."""
    return request.query_params.get("concept") or None


def author_of(request: gr.Request) -> str:
    """Who answers: the name of the login, or "me" where there is none."""
    return request.username or "me"
