"""The words that turn a meaning round in English, the sayings that look like it, and where a clause begins.

All are lower-case, with straight apostrophes, as the reader of `negations` sees them.
"""

from __future__ import annotations

Words = tuple[str, ...]


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def _sayings(listed: str) -> tuple[Words, ...]:
    """Separated by a bar. Longest first, so that "except for" is found before "except"."""
    return tuple(sorted((tuple(saying.split()) for saying in listed.split("|")), key=len, reverse=True))


# Sayings with a negation in them that exclude nothing. `not only X but Y` also takes the `but` with it.
NOT_ONLY = _sayings("not only|not just|not merely|not simply|not solely|not exclusively")
NO_NEGATION = _sayings(
    "nothing but|none but|nobody but|no one but|no less|no fewer|no more than|no later than|"
    "nothing less than|nothing other than|nothing else than|none other than|no other than|no matter|"
    "no doubt|no wonder|no problem|no end of|no man's land|not to mention|not least|not unlike|"
    "not uncommon|not without|last but not least|more often than not|whether or not|if not|"
    "not far from|not to be missed|why not|with or without|with and without|can't be missed|"
    "cannot be missed|can not be missed|can't be overlooked|cannot be overlooked|can't be mistaken|"
    "cannot be mistaken|can't miss|cannot miss|can't go wrong|can't help|cannot help|never fail|"
    "never fails|never ending|doesn't matter|does not matter|don't matter|do not matter|don't care|"
    "don't mind|no smoking|no entry|no parking|no trespassing|no stopping|no swimming|no fishing|"
    "no exit|no diving|no u-turn|no through road|no dogs allowed|no pets allowed"
)
# Negations that say less than "none of it": what they are about is left as it was written.
PARTIAL = _set(
    "always necessarily all every everything everyone yet longer both usually often sure likely enough unless"
)

# What comes behind is excluded, wherever it stands.
EXCEPT = _sayings("except|except for|excepting|excluding|other than|apart from|aside from")
ANYWHERE = EXCEPT + _sayings(
    "without|without any|rather than|instead of|as opposed to|with no|lacking|devoid of|anything but|"
    "everything but|not including|not counting|but not|and not|but no|and no|but never|and never|"
    "but without|but neither|and neither"
)
# The same at the start of a clause alone: elsewhere a "not" belongs to a word, not to the list.
AT_START = _sayings(
    "not|no|never|none of|neither|nor|not even|not any|no to|exception|exceptions|exclude|excludes|"
    "excluded|leave out|leaving out|ignore|ignoring|skip|avoid|there is no|there are no|there's no|"
    "there should be no|there must be no|there can be no|nothing with|nobody with|no kind of|"
    "no sort of|not a single"
)
REST_OF_OPENER = _set("from of for than but to even any")  # its words behind the one that negates
AUXILIARY = _set("do does did is are was were should must can could will would may might has have")
NEGATED = frozenset(f"{word}n't" for word in AUXILIARY) | _set("can't won't cannot shan't ain't")
# "It must not show people", "that have no cars": verbs that only say that something is in the picture.
HAVING = _set("show shows contain contains include includes have has wear depict depicts feature")
SHOWING = HAVING | _set("be count want mean take pick choose use accept label mark add see like")
SUBJECTS = _sayings(
    "it|they|this|the picture|the pictures|the photo|the photos|the image|the images|a picture|a photo|"
    "an image|pictures|photos|images|you|we|i|please"
)

# "Toys don't count": what may stand behind the negation, and then behind that.
PERMITTED = _set("count counts counted fine ok okay allowed acceptable welcome good qualify qualifies wanted")
COUNTING = PERMITTED | _set("belong belongs included it one ones meant apply considered relevant that part")
OUT = _set("excluded out unwanted forbidden disqualified irrelevant banned")
BEHIND = (
    COUNTING
    | _set("as towards toward for either at here though too of be to in because since even anyway")
    | _set("neither please with what i we")
)
CONDITIONS = _set("unless if when except where until while")

# Any of these that is understood in none of the ways above makes its sentence one to be left alone.
NEGATION = NEGATED | _set(
    "not no never none nor neither nobody nothing nowhere without except excepting excluding excluded "
    "exclude unless lacking"
)

# Words that may stand between the start of a clause and its "not".
BEFORE_NOT = _set("definitely certainly absolutely also surely so please obviously and but yet then just or")
RELATIVE = _set("that which who whose where when whom")
PRONOUNS = _set("it they he she these those this that them such neither one ones both some others")

# Behind the comma of a list a new clause begins with these, and the list goes on with those.
NEW_CLAUSE = _set(
    "with which who where because since as if when while so though although just also only it they he "
    "she we i you there this these those preferably ideally usually must should then instead but "
    "always rather please including"
)
LIST_GOES_ON = _set("or nor even especially particularly such like say whether e i")
VERBS = _set(
    "is are must should can may has have was were will does do shows show count counts looks look "
    "contains contain"
)
AFTER_BUT = _set("with also must should it they only in on at still")

# What nothing is left without: cut off the ends of what is left over.
SMALL_ENDS = _set(
    "and or but that which who is are be it they there a an the with of in on to has have does do did "
    "must should can may as where when if for so was were"
)
POLITE = _set("please thanks either though too anyway obviously")
DETERMINERS = _set("a an the any some no this these those my our your")
PREPOSITIONS = _set(
    "of on in at with from for by under over near to behind inside without into against around between about"
)
# With these inside, the items of a list share more than their commas say.
LIMITING = _set("only just merely simply solely")
SHARED = (
    RELATIVE
    | CONDITIONS
    | LIMITING
    | _set(
        "even such like including especially both either same excluding apart together whether as one ones "
        "not full particularly say too very being looking"
    )
)

# Plurals without an s, and singulars with one.
PLURALS = {"children": "child", "men": "man", "women": "woman", "people": "person", "mice": "mouse"}
PLURALS |= {"feet": "foot", "teeth": "tooth", "geese": "goose", "bus": "bus", "gas": "gas"}
