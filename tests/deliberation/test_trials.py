"""Other wordings, judged on answers they were not written from."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.collaborator.deliberation import halves
from concepts.collaborator.trials import (
    ASK,
    ERROR,
    FINALISTS,
    MOST_RIGHT,
    MOST_WRONG,
    Turn,
    Vote,
    WordingCandidate,
    evidence_in_all,
    evidence_of,
    f1_of,
    is_better,
    is_hopeless,
    judged,
    sift,
    some,
    telling,
    votes_of,
)
from concepts.definition.document import Criterion, Definition

CURRENT = Definition(name="Fruit", description="Fruit on a shelf.")


def wording(text: str) -> WordingCandidate:
    criterion = Criterion(kind="excluding", text=text, origin="model")
    return WordingCandidate(CURRENT.model_copy(update={"criteria": (criterion,)}), "because", "feedback")


def answers(n: int) -> dict[str, str]:
    return {f"picture {i}": "no" if i % 2 else "yes" for i in range(n)}


OTHER = {"yes": "no", "no": "yes"}


def judge_that_errs(truth, rates):
    """Of each wording's text (empty: the current) the share of pictures it has wrong, each picture by a draw
    that follows from both alone."""

    def judge(definition, ids):
        text = definition.criteria[0].text if definition.criteria else ""
        draws = {i: int.from_bytes(hashlib.sha256(f"{text} {i}".encode()).digest()[:4]) / 2**32 for i in ids}
        return {i: OTHER[truth[i]] if draw < rates[text] else truth[i] for i, draw in draws.items()}

    return judge


def chosen(write, judge):
    """Some of what the machine has wrong and of what it has right, what it says, and its F1."""
    said, rng = judge(CURRENT, list(write)), np.random.default_rng(0)
    wrong, right = ([i for i in write if (said[i] == write[i]) is agrees] for agrees in (False, True))
    return some(wrong, MOST_WRONG, rng), some(right, MOST_RIGHT, rng), said, 0.9


def sifted(texts, write, judge):
    """Wordings of these texts on the answers that inspired them."""
    return sift([wording(text) for text in texts], *chosen(write, judge), write, judge)


def tried(truth, rates, inspire=None):
    """All wordings but the current one, judged on the answers that did not `inspire` them, or every other."""
    inspire, judge = inspire or list(truth)[::2], judge_that_errs(truth, rates)
    rest = {i: said for i, said in truth.items() if i not in inspire}
    found = sifted([text for text in rates if text], {i: truth[i] for i in inspire}, judge)
    return judged(CURRENT, found, rest, judge, 0.9)


def test_a_wording_that_mends_most_mistakes_is_called_better_and_a_worse_one_not_judged():
    trials = tried(answers(160), {"": 0.3, "no citrus": 0.05})
    assert trials[0].verdict == "better"
    assert trials[0].after - trials[0].before > 0.1 * trials[0].judging
    assert tried(answers(160), {"": 0.1, "no fruit at all": 0.5}) == []


def test_a_wording_that_is_as_often_wrong_is_hardly_ever_called_better():
    called = 0
    for seed in range(200):
        truth = {f"{seed} {i}": v for i, v in answers(120).items()}
        rates = {"": 0.2} | {f"{seed} wording {k}": 0.2 for k in range(6)}
        called += any(trial.verdict == "better" for trial in tried(truth, rates))
    assert called / 200 <= ERROR


TURNS = {f"p{i}": Turn("yes", "no") for i in range(12)}
NONE = dict.fromkeys(TURNS, "no")


@pytest.mark.parametrize(
    ("answers", "f1", "chosen_by", "better"),
    [
        (NONE, 0.9, [Vote(True, 0.5)], True),
        (NONE | dict.fromkeys(list(TURNS)[:6], "yes"), 0.9, [Vote(True, 0.5)], False),
        ({i: "yes" if n % 3 == 0 else "no" for n, i in enumerate(TURNS)}, 0.5, [], False),
    ],
    ids=["none is a yes", "half are", "one in three is, and most yeses are wrong anyway"],
)
def test_answers_for_the_current_words_count_against_others(answers, f1, chosen_by, better):
    assert is_better(evidence_in_all(chosen_by, 1, votes_of(TURNS, answers, f1))) == better


def test_answers_that_mostly_speak_for_the_current_words_end_the_asking():
    turns = dict(list(TURNS.items())[:6])
    assert is_hopeless(votes_of(turns, dict.fromkeys(turns, "yes"), 0.9))
    assert not is_hopeless(votes_of(turns, dict.fromkeys(turns, "no"), 0.9))
    assert evidence_of(votes_of(turns, dict.fromkeys(turns, "unsure"), 0.9)) == 1


@given(
    st.lists(st.lists(st.booleans(), min_size=2, max_size=2), min_size=3, max_size=3),
    st.lists(st.floats(0.1, 9), min_size=3, max_size=3),
)
def test_the_best_of_several_is_no_more_than_a_fair_bet_on_all_of_them(said, stakes):
    votes = [[Vote(for_new, 0.5) for for_new in one] for one in said]
    shares = [stake / sum(stakes) for stake in stakes]
    fair = sum(share * evidence_of(one) for share, one in zip(shares, votes, strict=True))
    for share, one in zip(shares, votes, strict=True):
        assert evidence_in_all(one, share, []) <= (1 + fair) / 2 + 1e-12


def test_the_answers_that_judge_help_to_say_which_wordings_are_left():
    truth = answers(160)
    rates = {"": 0.3, "good": 0.0} | {f"as good {n}": 0.28 for n in range(5)}
    trials = tried(truth, rates, list(truth)[:20])
    assert len(trials) <= FINALISTS
    assert trials[0].definition.criteria[0].text == "good"


@given(st.lists(st.tuples(*[st.sampled_from(["yes", "no"])] * 2), max_size=20))
def test_f1_is_twice_what_both_call_yes_of_all_that_either_does(pairs):
    machine, person = (dict(enumerate(said)) for said in ([m for m, _ in pairs], [p for _, p in pairs]))
    both = pairs.count(("yes", "yes"))
    either = list(machine.values()).count("yes") + list(person.values()).count("yes")
    assert f1_of(machine, person) == (2 * both / either if either else 0)


def test_pictures_that_would_settle_it_are_those_about_which_the_machine_changes_its_mind():
    truth = answers(80)
    judge = judge_that_errs(truth, {"": 0.5, "no citrus": 0.0})
    turns = telling(CURRENT, wording("no citrus").definition, list(truth), judge)
    assert len(turns) == ASK
    assert all(turn.then == truth[i] != turn.now for i, turn in turns.items())


def test_a_wording_that_mends_nothing_costs_no_more_questions():
    truth, asked = answers(80), []
    judge = judge_that_errs(truth, {"": 0.2, "useless": 1.0})

    def counting(definition, ids):
        asked.append(len(ids))
        return judge(definition, ids)

    wrong, *rest = chosen(truth, judge)
    sift([wording("useless")], wrong, *rest, truth, counting)

    assert asked == [len(wrong)]


def test_pictures_that_nobody_could_judge_count_on_neither_side():
    truth = answers(60)

    def judge(definition, ids):
        if not definition.criteria:
            return {i: OTHER[truth[i]] for i in ids}
        return {i: truth[i] for i in ids if int(i.split()[1]) % 4}

    (trial,) = judged(CURRENT, sifted(["x"], truth, judge), truth, judge, 0.9)
    assert (trial.judging, trial.fixed) == (45, 45)


@given(st.dictionaries(st.text(max_size=4), st.sampled_from("abcdefgh"), max_size=30), st.data())
def test_look_alikes_are_in_one_half_and_what_was_remarked_on_is_read(groups, data):
    commented = data.draw(st.sets(st.sampled_from(sorted(groups)))) if groups else set()
    write, judge = halves(groups, commented, "key")
    assert sorted(write + judge) == sorted(groups)
    assert not {groups[i] for i in write} & {groups[i] for i in judge}
    assert commented <= set(write)


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=2), max_size=20), st.text(max_size=4))
def test_more_answers_move_no_picture_into_the_half_that_judges(groups, remarked):
    _, before = halves(groups, (), "key")
    _, after = halves(groups | {"new": "new group"}, [remarked], "key")
    assert set(after) - {"new"} <= set(before)
