"""Which way a definition is expanded here: by the language model that is set, or by the built-in words."""

from __future__ import annotations

from concepts.definition.document import Definition
from concepts.definition.expansion import expand
from concepts.definition.vocabulary import Vocabulary
from concepts.encoders.sentences import SentenceEncoder
from concepts.language import chat_model
from concepts.library.collection import Collection
from concepts.settings import Settings
from storage.calls import Ledger

BUILT_IN = "built-in vocabulary"
WORDS_OF_EXAMPLES = 4


def propose(
    definition: Definition, settings: Settings, ledger: Ledger, collection: Collection
) -> tuple[Definition, str]:
    """The expanded definition and who proposed it. Raises what the model's call raises."""
    model = chat_model(settings, "llm", ledger)
    vocabulary = Vocabulary(SentenceEncoder().encode)
    hints = words_of_examples(definition, collection, vocabulary)
    return expand(definition, model, vocabulary, hints), model.name if model else BUILT_IN


def words_of_examples(definition: Definition, collection: Collection, vocabulary: Vocabulary) -> list[str]:
    """Nouns for what the example pictures show. Only the embedded encoder has pictures and nouns in one
    space; with another there are none."""
    recorded = collection.library.encoder()
    examples = list(definition.examples)
    if not examples or recorded is None or recorded.name != "embedded":
        return []
    from concepts.encoders.embedded import FEATURES

    shown = collection.index().vectors(examples)[:, FEATURES:].mean(axis=0)
    return [noun.name for noun in vocabulary.nearest_to(shown, WORDS_OF_EXAMPLES)]
