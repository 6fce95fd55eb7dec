"""Which way a definition is expanded here: by the language model that is set, or by the built-in words."""

from __future__ import annotations

from concepts.definition import Definition
from concepts.encoders.sentences import SentenceEncoder
from concepts.expansion import expand
from concepts.language import chat_model
from concepts.settings import Settings
from concepts.vocabulary import Vocabulary
from storage.calls import Ledger

BUILT_IN = "built-in vocabulary"


def propose(definition: Definition, settings: Settings, ledger: Ledger) -> tuple[Definition, str]:
    """The expanded definition and who proposed it. Raises what the model's call raises."""
    model = chat_model(settings, "llm", ledger)
    vocabulary = Vocabulary(SentenceEncoder().encode)
    return expand(definition, model, vocabulary), model.name if model else BUILT_IN
