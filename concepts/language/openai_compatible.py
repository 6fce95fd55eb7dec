"""Chat models behind an OpenAI-compatible endpoint: OpenAI, Azure, vLLM, Ollama, LM Studio, llama.cpp."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from concepts.errors import ModelAnswerError, NoPriceError
from concepts.language.base import Answer, AsksQuestions, Message, ModelQuestion, UnfitAnswerError, Weighed
from concepts.language.calling import (
    DEFAULT_AT_ONCE,
    TIMEOUT_SECONDS,
    EndpointCaller,
    Patience,
    UsableReply,
    pace_of,
)
from concepts.language.capabilities import CapabilityMemory
from concepts.language.connection import openai_client, without_credentials
from concepts.language.ledger import Budget, Ledger, Price
from concepts.language.prompts import load_prompt
from concepts.language.replies import read_answer, recalled, to_keep, weighed

DEFAULT_ENDPOINT = "https://api.openai.com/v1"


class OpenAICompatibleModel(AsksQuestions):
    """One model of one endpoint: OpenAI, vLLM, Ollama, LM Studio, llama.cpp. Thread-safe. Each attempt is a
    row of the ledger, failed ones too.

    An answer is committed with its ledger row the moment it arrives, so a killed run never pays for it
    again. Only a call that was in flight when the process died is lost. Of those who ask the same at the same
    time one pays, for all.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str | None,
        base_url: str | None,
        ledger: Ledger,
        cache: Path,
        price: Price | None = None,
        budget: Budget | None = None,
        at_once: int = DEFAULT_AT_ONCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if budget is not None and price is None:
            raise NoPriceError(model)
        url = base_url or DEFAULT_ENDPOINT
        self.name = model
        self.endpoint = without_credentials(url)
        self._ledger = ledger
        self._memory = CapabilityMemory(cache, self.endpoint, model)
        self._caller = EndpointCaller(
            openai_client(url, api_key, TIMEOUT_SECONDS),
            ledger=ledger,
            pace=pace_of(self.endpoint, model, at_once),
            price=price,
            budget=budget,
            secrets=[secret for secret in (api_key, urlsplit(url).password) if secret],
            sleep=sleep,
        )

    def __repr__(self) -> str:
        return f"OpenAICompatibleModel({self.name!r}, endpoint={self.endpoint!r})"

    def _said(self, question: ModelQuestion[Answer]) -> Weighed[Answer]:
        known = recalled(question, self._ledger.answer(question.key))
        if known is not None:
            return known
        with self._ledger.asking(question.key):
            known = recalled(question, self._ledger.answer(question.key))  # by whoever asked meanwhile
            if known is not None:
                return known
            value, said = self._answer(question)
            found = weighed(question, value, said.reply)
            self._ledger.record(said.call, to_keep(question, found))
            return found

    def _answer(self, question: ModelQuestion[Answer]) -> tuple[Answer, UsableReply]:
        """An answer that fits, and its call, still to be recorded with it.

        An endpoint that takes a form and does not keep to it is asked in the next one. Where the model is to
        blame, it is shown its mistake, once.
        """
        dialect, proven = self._memory.dialect
        patience = Patience()
        asked, shown = list(question.messages), False
        while True:
            said = self._caller.call(asked, question, dialect, patience, proven=proven)
            proven = proven and said.dialect == dialect
            dialect = said.dialect
            try:
                value = read_answer(question, said.reply)
            except UnfitAnswerError as unfit:
                problem = self._caller.clean(str(unfit))
                self._ledger.record(replace(said.call, outcome=unfit.outcome, error=problem))
                ignores = unfit.ignores_form and self._memory.ignored(dialect)
                if not unfit.ignores_form:
                    self._memory.worked(dialect)
                if ignores and dialect.below is not None:
                    dialect, proven = dialect.below, False
                    asked, shown = list(question.messages), False
                elif not shown and patience.left > 0:
                    schema = json.dumps(question.form.limited)
                    repair = load_prompt("repair").render(problem=str(unfit), schema=schema)
                    mistake = [Message("assistant", said.reply.text), Message("user", repair)]
                    asked, shown = [*question.messages, *mistake], True
                else:
                    message = f"{self.name} answered twice with something that can't be used: {unfit}"
                    raise ModelAnswerError(self._caller.clean(message), outcome=unfit.outcome) from None
                continue
            self._memory.worked(dialect)
            return value, said
