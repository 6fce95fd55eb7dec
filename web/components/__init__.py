"""Components of our own for Gradio: each a subclass of `gr.HTML` in a folder with its script and its style.

A template is a constant: Gradio compiles it as JavaScript, so a file called `${…}.jpg` would run there.
What comes from people reaches the page as `textContent`, or as an attribute that the script sets.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any


def begins(script: str, events: Iterable[str], **fixed: Any) -> str:
    """The `js_on_load` of a component whose module at `script` begins with these events.

    What is `fixed` is written here, as a component that gets a value before it is shown loses its own props.
    The address is made whole by the page's: a browser may draw two apps of one host in one process, where
    compiled text that both have asks the app that it was compiled for first.
    """
    return (
        f"const events = {json.dumps(list(events))};\n"
        f"const fixed = {json.dumps(fixed)};\n"
        "const all = new Proxy(props, {get: (own, name) => own[name] ?? fixed[name]});\n"
        f"import(new URL({json.dumps(script)}, document.baseURI))"
        ".then(({begin}) => begin(element, {props: all, watch, trigger, events}));"
    )
