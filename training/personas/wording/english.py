"""English: whether a value is English, what kind of words it has, and their plurals, singulars and articles.

A value is taken to be English when each of its words is in our own list or in the dictionary of lemminflect, which
is the SPECIALIST Lexicon (Browne, McCray and Srinivasan, National Library of Medicine, 2000): general English in
British and American spelling. Nothing is guessed from the look of a word. The price: a foreign word that English
has too ("Sport", "Mode") passes for English, and a new English word does not until our list has it. Among the
3,000 most frequent longer words of German, Dutch, Italian, Portuguese and Spanish 2–7 % pass, of French 15 %.

Plurals and articles are those of inflect.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from lemminflect import getAllLemmas, getInflection

from training.personas.wording.words import ENGLISH, FUNCTION_WORDS, PERSONS, PREPOSITIONS, PRONOUNS, VERBS

if TYPE_CHECKING:
    import inflect

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_JOINTS: Final = re.compile(r"(\s*[,;/&]\s*|\s+(?:and|or|n)\s+)")
_NO_TEXT: Final = re.compile(r"[\d<>{}\[\]|=@#\"“”]|\w\.\w")
_LISTING: Final = re.compile("[,;/]")
_AGENT: Final = re.compile(r"\w{2,}(er|or|ist|ian|eer|ant|man|woman|person|people)")
_NO_AGENTS: Final = frozenset(
    {"career", "computer", "offer", "order", "paper", "plant", "restaurant", "sector", "water", "weather"}
)
_CANNOT_STAND_IN_A_COMPOUND: Final = PREPOSITIONS | {"a", "an", "the", "or", "going"}


def is_english(text: str) -> bool:
    """Whether all words of a text are English; false for one with digits, code, "high.school", or none."""
    tokens = _words(text)
    return bool(tokens) and not _NO_TEXT.search(text) and all(map(_is_english_word, tokens))


def is_noun_phrase(text: str) -> bool:
    """Whether an English text names something: "change of scenery", "going out", and not "meet people".

    Not so a list with commas or strokes, which is better quoted.
    """
    if _LISTING.search(text):
        return False
    *others, last = _conjuncts(text)
    return _names_something(_words(last)) and all(
        _names_something(_words(one)) or is_adjective(one) for one in others
    )


def is_adjective(text: str) -> bool:
    """Whether an English text ends in an adjective or a participle: "retired", "self employed"."""
    tokens = _words(text)
    if not tokens or PRONOUNS.intersection(tokens):
        return False
    lemmas = _lemmas(tokens[-1])
    return "ADJ" in lemmas or ("VERB" in lemmas and tokens[-1].endswith("ed"))


def is_person(text: str) -> bool:
    """Whether an English text says what somebody is: "nurse", "small business owner", "clerk or manager"."""
    return is_noun_phrase(text) and _is_person_word(_head(_words(_conjuncts(text)[-1]))[-1])


def is_plural(text: str) -> bool:
    """Whether the last word of an English text is a plural."""
    tokens = _words(text)
    return bool(tokens) and _is_plural_word(tokens[-1])


def is_compound(text: str) -> bool:
    """Whether an English text reads well before a noun, with hyphens: "board games", "classical music".

    Not so plurals with an adjective ("cultural offers"), activities with an object ("playing music") and persons.
    """
    tokens = _words(text)
    if _CANNOT_STAND_IN_A_COMPOUND.intersection(tokens) or not is_noun_phrase(text):
        return False
    if len(tokens) == 1:
        return not (_is_plural_word(tokens[0]) and _is_person_word(tokens[0]))
    return not (is_plural(text) and starts_with_adjective(text)) and not _is_activity(tokens[0])


def starts_with_adjective(text: str) -> bool:
    """Whether the first of several words is an adjective: "classical music", "good company"."""
    tokens = _words(text)
    return len(tokens) > 1 and "ADJ" in _lemmas(tokens[0])


def plural(text: str) -> str:
    """The plural of persons: "clerk or manager" → "clerks or managers"; plurals are unchanged."""
    *others, last = _JOINTS.split(text)
    return "".join([*(_plural(one) if is_person(one) else one for one in others), _plural(last)])


def singular(text: str) -> str:
    """The last word in the singular: "board games" → "board game"; "politics" and "arts and crafts" stay."""
    tokens = _words(text)
    if not tokens or _JOINTS.search(text) or not _is_plural_word(tokens[-1]):
        return text
    return f"{text[: -len(tokens[-1])]}{_singular_word(tokens[-1])}"


def possessive(text: str) -> str:
    """ "children" → "children's", "parents" → "parents'"."""
    return f"{text}'" if text.endswith("s") else f"{text}'s"


def third_person(infinitive: str) -> str:
    """A phrase that begins with a verb, after a singular subject: "be into gaming" → "is into gaming"."""
    verb, space, rest = infinitive.partition(" ")
    conjugated = getInflection(verb, "VBZ")
    return f"{'is' if verb == 'be' else conjugated[0] if conjugated else verb}{space}{rest}"


def with_article(text: str) -> str:
    """ "engineer" → "an engineer", "university teacher" → "a university teacher"."""
    return str(_engine().a(text))


# --- words -----------------------------------------------------------------------------------------


@cache
def _engine() -> "inflect.engine":
    # Its import takes a while, which commands that name nobody should not pay. Most of it, 1.5 s of processor time
    # in 1.6, is typeguard rewriting all methods to check the types of arguments, which `python -O` leaves out too.
    import typeguard

    rewriting = typeguard.typechecked
    typeguard.typechecked = lambda target: target  # type: ignore[assignment]
    try:
        import inflect
    finally:
        typeguard.typechecked = rewriting
    return inflect.engine()


@cache
def _lemmas(word: str) -> dict[str, tuple[str, ...]]:
    """The base forms of a word by part of speech, such as NOUN, VERB, ADJ; words of our own list are nouns."""
    for ending, singular_ending in (("", ""), ("s", ""), ("es", ""), ("ies", "y")):
        base = f"{word.removesuffix(ending)}{singular_ending}"
        if word.endswith(ending) and base in ENGLISH:
            return {"NOUN": (base,)}
    lemmas = dict(getAllLemmas(word))
    # The dictionary lacks some plurals, such as "oils".
    if "NOUN" not in lemmas and word.endswith("s") and "NOUN" in getAllLemmas(word[:-1]):
        lemmas["NOUN"] = (word[:-1],)
    return lemmas


def _is_english_word(word: str) -> bool:
    return word in FUNCTION_WORDS or bool(_lemmas(re.sub(r"['’]s?$", "", word)))


def _is_person_word(word: str) -> bool:
    return any(
        lemma in PERSONS or (_AGENT.fullmatch(lemma) is not None and lemma not in _NO_AGENTS)
        for lemma in _lemmas(word).get("NOUN", ())
    )


def _is_plural_word(word: str) -> bool:
    nouns = _lemmas(word).get("NOUN", ())
    # The dictionary has "movies" and "physics" beside "movie" and "physic".
    also = word.endswith("s") and word[:-1] in nouns and not word.endswith("ics")
    return bool(nouns) and (word not in nouns or also)


def _singular_word(word: str) -> str:
    # Only endings: "media" and "dice" read as they are.
    nouns = [noun for noun in _lemmas(word).get("NOUN", ()) if noun != word]
    return nouns[0] if word.endswith("s") and nouns else word


def _is_activity(word: str) -> bool:
    return word.endswith("ing") and "VERB" in _lemmas(word) and word not in ("going", "being")


def _plural(text: str) -> str:
    return text if is_plural(text) or not text.strip() else str(_engine().plural_noun(text))


# --- phrases ---------------------------------------------------------------------------------------


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _conjuncts(text: str) -> list[str]:
    return [one for one in _JOINTS.split(text) if not _JOINTS.fullmatch(one)]


def _head(tokens: list[str]) -> list[str]:
    """The words before the first preposition."""
    end = next((at for at, token in enumerate(tokens) if at and token in PREPOSITIONS), len(tokens))
    return tokens[:end]


def _names_something(tokens: list[str]) -> bool:
    """Whether the head ends in a noun or an activity, and is no verb with its object."""
    head = _head(tokens)
    if not head or tokens[-1] in PREPOSITIONS:
        return False
    # "Going out" is one, "easy-going" is none; "helping others" is one, and "help others" a statement.
    if _is_activity(head[0]) or head[0] == "going":
        return True
    if PRONOUNS.intersection(head) or _is_verb(head):
        return False
    return _is_activity(head[-1]) or "NOUN" in _lemmas(head[-1])


def _is_verb(head: list[str]) -> bool:
    first, lemmas = head[0], _lemmas(head[0])
    if len(head) > 1 and first in VERBS:
        return True
    return lemmas.keys() == {"VERB"} and first in lemmas["VERB"]
