import pytest

from concepts.collaborator.builtin import BuiltinAnnotator
from concepts.definition.document import Criterion
from concepts.errors import DiscernError


@pytest.fixture
def annotator(encoder, background):
    return BuiltinAnnotator(encoder, background)


def test_what_the_definition_describes_is_rated_above_what_it_does_not(annotator, revision, pictures):
    dog, car, cat = annotator.annotate(
        revision, pictures("a dog playing outdoors in a park", "a red car in a garage", "a cat on a sofa")
    )
    assert (dog.value, car.value, cat.value) == ("yes", "no", "no")
    assert dog.rating > max(car.rating, cat.rating)
    assert [e.verdict for e in dog.evidence[:2]] == ["met", "met"]
    assert cat.evidence[2].verdict == "met"
    assert cat.evidence[2].score > dog.evidence[2].score


def test_the_rationale_names_the_strongest_evidence(annotator, revision, pictures):
    dog, wolf, violin = annotator.annotate(
        revision, pictures("a dog running in a park", "a wolf in the wild", "a violin on a table")
    )
    assert dog.rationale.startswith("Closest to “a dog running in a park” (+")
    assert "“a wolf in the wild”" in wolf.rationale
    assert "doesn't count" in wolf.rationale
    assert wolf.rating < dog.rating
    assert "“a dog” does not seem to hold" in violin.rationale
    assert all(result.rationale.endswith(".") for result in (dog, wolf, violin))


def test_a_definition_of_a_name_and_a_sentence_is_enough(annotator, described, pictures):
    dog, car = annotator.annotate(described(name="dog", description="a dog"), pictures("a puppy", "a car"))
    assert dog.rating > car.rating
    assert dog.evidence == ()


def test_a_picture_is_judged_alike_in_any_batch(annotator, revision, pictures):
    many = pictures("a dog", "a car", "a cat", "a park")
    assert annotator.annotate(revision, many)[1] == annotator.annotate(revision, many[1:2])[0]


def test_of_the_kinds_under_a_necessary_criterion_one_is_enough(annotator, described, pictures):
    kinds = [Criterion(kind="included", text=text, of="a pet animal") for text in ("a cat", "a dog")]
    tree = described(
        Criterion(kind="necessary", text="a pet animal"), *kinds, name="pets", description="cats and dogs"
    )
    cat, dog, street = annotator.annotate(tree, pictures("a cat", "a dog", "a rainy street"))
    assert cat.rating > 3 < dog.rating
    assert street.rating <= 2


def test_a_kind_that_is_not_decided_is_never_a_yes(annotator, described, pictures):
    undecided = Criterion(kind="undecided", text="a dog on a sofa")
    open_one = described(undecided, name="dogs outside", description="dogs playing outdoors")
    (sofa,) = annotator.annotate(open_one, pictures("a dog on a sofa"))
    assert sofa.evidence[0].verdict == "met"
    assert sofa.rating <= 3


def test_another_background_has_another_fingerprint_and_too_small_a_one_is_refused(encoder, background):
    one, other = BuiltinAnnotator(encoder, background), BuiltinAnnotator(encoder, background[:35])
    assert one.fingerprint != other.fingerprint
    assert encoder.fingerprint in one.fingerprint
    with pytest.raises(DiscernError, match="30 pictures or more, and there are"):
        BuiltinAnnotator(encoder, background[:10])
