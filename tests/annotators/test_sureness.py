"""How sure an annotator says it is, and that what it says of itself is kept but believed in nothing."""

import pytest

from concepts.collaborator.by_model import DecomposedAnnotator, VlmAnnotator
from concepts.errors import ModelAnswerError
from concepts.language.base import ChatModel, Weighed

SAID = {
    "caption": "One colour.",
    "writing": "",
    "findings": [],
    "evidence": [],
    "rationale": "So.",
    "sure": 95,
}


class Model(ChatModel):
    """A SIMULATED model that rates in turn as told, and knows these chances of its rating, or none."""

    name, endpoint = "simulated", "nowhere"

    def __init__(self, ratings, chances=None, **more):
        self.ratings, self.chances, self.more = ratings, chances, more
        self.samples = []

    def ask(self, messages, answer, *, purpose, sample=0):
        if "rating" in answer.model_fields:
            self.samples.append(sample)
        if sample >= len(self.ratings):
            raise ModelAnswerError("refused")
        said = SAID | {"rating": self.ratings[sample]} | self.more
        return answer.model_validate({name: said[name] for name in answer.model_fields})

    def weigh(self, messages, answer, *, field, purpose):
        assert field == "rating"
        return Weighed(self.ask(messages, answer, purpose=purpose), self.chances)


@pytest.fixture(params=[VlmAnnotator, DecomposedAnnotator])
def judge(request, revision, pictures):
    def judge(model, **changes):
        return request.param(model, concurrency=1, **changes).annotate(revision, pictures("a dog"))[0]

    return judge


@pytest.mark.parametrize(
    ("ratings", "chances", "repeats", "raw", "asked"),
    [
        ([5], {"5": 0.6, "4": 0.2, "1": 0.2}, True, 0.8, 1),  # the endpoint's own are taken
        ([5, 5, 1], None, False, None, 1),
        ([5, 5, 1], None, True, 2.5 / 4, 3),  # and the likeliest rating stands
        ([5, 5], None, True, 2.5 / 3, 3),  # one of the repeats is refused
    ],
)
def test_how_sure_it_is_follows_from_probabilities_or_from_repeats(
    judge, ratings, chances, repeats, raw, asked
):
    model = Model(ratings, chances)
    said = judge(model, repeats=repeats)
    assert (said.rating, said.raw) == (5, raw and pytest.approx(raw))
    assert model.samples == list(range(asked))


def test_what_it_says_of_itself_is_kept_and_believed_in_nothing(judge):
    said = judge(Model([5]))
    assert (said.verbalised, said.raw) == (0.95, None)
    assert judge(Model([5], sure=900)).verbalised is None
    assert judge(Model([5], sure=None)).verbalised is None


def test_how_sure_it_was_of_a_rating_that_its_evidence_forbids_says_nothing(judge):
    cat = {"number": 3, "verdict": "met", "seen": "a cat"}
    said = judge(Model([5], {"5": 1.0}, evidence=[cat], findings=[cat]))
    assert (said.value, said.raw) == ("no", None)
