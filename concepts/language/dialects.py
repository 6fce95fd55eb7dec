"""What an endpoint accepts, found by asking once and remembered.

"OpenAI-compatible" endpoints differ: some take no `json_schema`, newer models want another name for the
length limit, or no temperature. What is rejected for such a reason is sent again in another dialect.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from concepts.language.base import Message
from concepts.language.prompts import load_prompt
from storage.files import write_whole

Rung = Literal["json_schema", "json_object", "text"]
_NEXT_RUNG: dict[Rung, Rung] = {"json_schema": "json_object", "json_object": "text"}


@dataclass(frozen=True)
class Dialect:
    """How to ask: the rung of the structured-output ladder and the parameters that may be sent."""

    rung: Rung = "json_schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True

    def messages(self, messages: list[Message], schema: dict[str, Any]) -> list[Message]:
        """Below `json_schema` the schema has to be said in words."""
        if self.rung == "json_schema":
            return messages
        instruction = load_prompt("schema").render(schema=json.dumps(schema))
        first, *rest = messages
        if first.role == "system":
            return [replace(first, text=f"{first.text}\n\n{instruction}"), *rest]
        return [Message("system", instruction), *messages]

    def parameters(self, name: str, schema: dict[str, Any], max_tokens: int) -> dict[str, Any]:
        parameters: dict[str, Any] = {self.limit: max_tokens}
        if self.temperature:
            parameters["temperature"] = 0
        if self.rung == "json_schema":
            described = {"name": name, "schema": schema, "strict": True}
            parameters["response_format"] = {"type": "json_schema", "json_schema": described}
        elif self.rung == "json_object":
            parameters["response_format"] = {"type": "json_object"}
        return parameters

    def after_rejection(self, status: int | None, message: str, *, proven: bool) -> Dialect | None:
        """The dialect to try next, or None where the rejection has another reason.

        A 500 speaks against a rung only until the rung has worked once (llama-cpp-python answers
        `json_schema` so); afterwards it is the endpoint's bad moment.
        """
        if status not in (400, 404, 422, 500) or (status == 500 and proven):
            return None
        if status in (400, 422):
            if self.limit == "max_tokens" and "max_completion_tokens" in message:
                return replace(self, limit="max_completion_tokens")
            if self.temperature and "temperature" in message:
                return replace(self, temperature=False)
        if self.rung == "text":
            return None
        return replace(self, rung=_NEXT_RUNG[self.rung])


class DialectMemory:
    """The dialect of one endpoint and model: in memory for all threads, in a JSON file across processes."""

    def __init__(self, folder: Path, endpoint: str, model: str) -> None:
        digest = hashlib.sha256(f"{endpoint}\n{model}".encode()).hexdigest()[:16]
        self._file = folder / "dialects" / f"{digest}.json"
        self._lock = threading.Lock()
        try:
            self._dialect = TypeAdapter(Dialect).validate_json(self._file.read_bytes())
            self._proven = True
        except (OSError, ValidationError):
            self._dialect, self._proven = Dialect(), False

    @property
    def current(self) -> tuple[Dialect, bool]:
        """The dialect to use, and whether the endpoint has answered in it."""
        with self._lock:
            return self._dialect, self._proven

    def worked(self, dialect: Dialect) -> None:
        with self._lock:
            if self._proven and dialect == self._dialect:
                return
            self._dialect, self._proven = dialect, True
            write_whole(self._file, json.dumps(asdict(dialect)).encode())
