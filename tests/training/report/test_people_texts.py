"""A report calls personas what people call them."""

from models.storage.persona_texts import PersonaTexts
from tests.support.sample_report import NAMES, sample_report
from training.report.document import Insight
from training.report.people_texts import with_texts

SENTENCE = Insight(topic="personas", sentence=f"“{NAMES[0]}” give early, “{NAMES[1]}” do not.")


def test_people_s_names_stand_in_the_cards_and_in_sentences() -> None:
    report = sample_report(insights=(SENTENCE,))
    renamed = with_texts(report, {report.personas[0].id: PersonaTexts(name="Winterlinge")})
    assert renamed.personas[0].name == "Winterlinge"
    assert renamed.insights[0].sentence == f"“Winterlinge” give early, “{NAMES[1]}” do not."


def test_exchanged_names_are_not_confused() -> None:
    report = sample_report(insights=(SENTENCE,))
    one, other = report.personas[:2]
    swapped = with_texts(report, {one.id: PersonaTexts(name=NAMES[1]), other.id: PersonaTexts(name=NAMES[0])})
    assert [persona.name for persona in swapped.personas[:2]] == [NAMES[1], NAMES[0]]
    assert swapped.insights[0].sentence == f"“{NAMES[1]}” give early, “{NAMES[0]}” do not."


def test_report_without_texts_is_unchanged() -> None:
    assert with_texts(sample_report(), {"p_other": PersonaTexts(name="X")}) == sample_report()
