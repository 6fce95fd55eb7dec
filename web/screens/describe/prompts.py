"""The prompts of a concept: a list, and one of them to read, change and see as it will be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from concepts.collaborator.prompts import (
    LONGEST,
    pictures_to_preview,
    preview_prompt,
    prompt_changes,
    prompt_in_use,
    prompts_in_use,
    set_prompt,
)
from concepts.errors import DiscernError
from concepts.use_cases import Concept
from web.advice import in_words
from web.handlers import PLAIN, author_of, calls
from web.parts import FOCUS, Notice, data_view
from web.screens.describe.doing import Doing, Shown
from web.screens.describe.values import Values

HERE = Path(__file__).parent
PICTURES = 8  # that a preview can be shown with
KEPT = " A changed text makes another annotator. Earlier suggestions are kept, and pictures get new ones."


class PromptEditor:
    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        self.list = data_view(HERE / "prompts.html", "describe-prompts")
        with gr.Column(visible=False, elem_id="describe-prompt", elem_classes="form-in-place") as self.form:
            self.name = gr.Textbox(visible=False, value="")
            self.text = gr.Textbox(
                label="What the model is told", value="", lines=12, max_lines=30, max_length=LONGEST
            )
            self.said = Notice("describe-prompt-said").view
            with gr.Row():
                self.save = gr.Button("Save", size="md", scale=0)
                self.reset = gr.Button("Back to the default", size="md", scale=0)
                close = gr.Button("Close", size="md", scale=0)
        self.sent = data_view(HERE / "sent.html", "describe-sent")
        shown = [self.list, self.form, self.name, self.text, self.said, self.reset, self.save, self.sent]
        near = FOCUS("#describe-prompt textarea")
        self.list.read(self.read, None, shown, **PLAIN).then(None, js=near)
        self.sent.beside(self.read, None, shown, **PLAIN)
        self.save.click(self.keep, [self.name, self.text], shown, **PLAIN)
        self.reset.click(self.back, self.name, shown, **PLAIN)
        close.click(self.close, None, [self.form, self.sent], **PLAIN)

    @calls()
    def read(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        name, _, picture = str(chosen.value).partition("|")
        return self._shown(name, request, picture=picture)

    @calls(set_prompt)
    def keep(self, name: str, text: str, request: gr.Request) -> Shown:
        try:
            set_prompt(self._doing.concept(request), name, text, author=author_of(request))
        except DiscernError as error:  # what was typed stays, to be mended
            return {self.said: Notice.bad(f"{in_words(error)} Nothing was changed.")}
        return self._shown(name, request, Notice.good("Saved."))

    @calls(set_prompt)
    def back(self, name: str, request: gr.Request) -> Shown:
        set_prompt(self._doing.concept(request), name, "", author=author_of(request))
        return self._shown(name, request, Notice.good("Back to the default."))

    @calls()
    def close(self, request: gr.Request) -> list[Any]:
        return [gr.Column(visible=False), None]

    def closed(self) -> Shown:
        return {self.form: gr.Column(visible=False), self.sent: None}

    def listed(self, concept: Concept, values: Values) -> Shown:
        return {self.list: values.prompts(prompts_in_use(concept))}

    def _shown(
        self, name: str, request: gr.Request, said: dict[str, str] | None = None, picture: str = ""
    ) -> Shown:
        concept, values = self._doing.concept(request), self._doing.values(request)
        prompt = prompt_in_use(concept, name)
        try:
            sent, why = preview_prompt(concept, name, picture or None), ""
        except DiscernError as error:
            sent, why = None, in_words(error)
        others = pictures_to_preview(concept, PICTURES) if sent and sent.picture else []
        changes = prompt_changes(concept, name) if prompt.own else None
        filled = ", ".join(f"{{{{ {one} }}}}" for one in prompt.variables)
        info = (
            f"Keep these, which are filled in when it is sent: {filled}."
            if filled
            else "Nothing is filled in here."
        )
        if name.startswith("annotate."):
            info += KEPT
        return {
            **self.listed(concept, values),
            self.form: gr.Column(visible=True),
            self.name: name,
            self.text: gr.Textbox(
                value=prompt.text, label=f"What the model is told ({name})", info=info, visible=values.owner
            ),
            self.said: said,
            self.save: gr.Button(visible=values.owner),
            self.reset: gr.Button(visible=values.owner and prompt.own),
            self.sent: values.sent(prompt, changes, sent, why, others),
        }
