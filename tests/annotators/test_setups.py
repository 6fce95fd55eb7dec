"""How pictures are to be annotated, and what that will cost before anybody is asked."""

import pytest

from concepts.collaborator import AUTO
from concepts.collaborator.setups import Setup, estimated, model_of
from concepts.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(
        home=tmp_path,
        openai_base_url="http://127.0.0.1:9/v1",
        vlm_model="small",
        vlm_price="0.15/0.6",
        large_vlm_model="large",
        large_vlm_price="1.5/6",
    )


def test_what_is_asked_for_goes_before_what_was_chosen():
    chosen = Setup("decomposed", large=True)
    assert Setup().over(chosen) == chosen
    assert Setup(examples=True).over(chosen) == Setup("decomposed", large=True, examples=True)
    assert Setup("vlm").over(chosen) == Setup("vlm")
    assert Setup().over(Setup()).annotator == AUTO


def test_the_estimate_grows_with_pictures_steps_examples_repeats_and_price(settings, revision):
    def usd(setup, pictures=1000):
        return estimated(setup, revision.definition, settings, pictures).usd

    one, in_steps = usd(Setup("vlm")), usd(Setup("decomposed"))
    assert 0.1 < one < 1.0
    assert usd(Setup("vlm"), 100) == pytest.approx(one / 10)
    assert one < in_steps < 3 * one
    assert usd(Setup("vlm", repeats=True)) == pytest.approx(3 * one)
    assert in_steps < usd(Setup("decomposed", repeats=True)) < 2 * in_steps  # what is seen isn't asked again
    assert usd(Setup("vlm", examples=True)) > one
    assert usd(Setup("vlm", large=True)) == pytest.approx(10 * one)
    assert usd(Setup()) == one
    assert usd(Setup("builtin")) == 0


def test_without_a_price_the_cost_is_unknown_and_without_a_model_nothing(settings, revision):
    free = settings.model_copy(update={"vlm_price": None})
    assert estimated(Setup(), revision.definition, free, 10).usd is None
    without = settings.model_copy(update={"vlm_model": None})
    assert estimated(Setup(), revision.definition, without, 10).usd == 0
    assert model_of(Setup(large=True), settings)[0] == "large"


def test_an_estimate_says_what_it_follows_from(settings, revision):
    def expected(setup, **more):
        return estimated(setup, revision.definition, settings, 150, **more)

    whole, part = expected(Setup("vlm")), expected(Setup("vlm"), part=True)
    assert whole.calls == part.calls == 150
    assert part.tokens > 1.3 * whole.tokens  # each call has another image
    assert whole.basis == f"150 calls at about {round(whole.tokens / 150, -2):,.0f} tokens each"
    assert expected(Setup("decomposed")).calls == 450
    assert expected(Setup("builtin")).basis == ""
