import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.language.replies import strange_script

ENGLISH = "You judge whether a picture shows a concept: a rusty swing."


@pytest.mark.parametrize(
    ("question", "answer", "strange"),
    [
        (ENGLISH, "ржавые качели во дворе", "CYRILLIC"),
        (ENGLISH, "公園にある錆びたブランコと滑り台です", "CJK"),
        (ENGLISH, "eine rostige Schaukel im Hof", None),  # the same script: not told apart
        (ENGLISH, "a sign that says ЗАКРЫТО beside the swing", None),  # quoted from the picture
        (ENGLISH, "качели", None),  # too short to say
        (ENGLISH + " 錆びたブランコ", "公園にある錆びたブランコと滑り台です", None),
        (ENGLISH + " ржавые качели", "a rusty swing in the yard", None),
    ],
)
def test_an_answer_mostly_in_a_script_that_the_question_is_not_in_is_strange(
    question: str, answer: str, strange: str | None
) -> None:
    assert strange_script({"rating": 4, "evidence": [{"text": answer}]}, question) == strange


@given(st.text(max_size=80))
def test_what_the_question_says_itself_is_never_strange(text: str) -> None:
    assert strange_script({"why": text}, f"{ENGLISH} {text}") is None
