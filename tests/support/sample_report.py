"""Made-up reports, as of an analysis of a few thousand simulated profiles."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from models.persona import GiftAffinity, Persona, Trait
from models.storage.manifest import Origin, Verdict
from tests.support.sample_analysis import (
    CONFIDENCE,
    GIFTS,
    TITLES,
    VALUES,
    choice_of_k,
    components,
    data_quality,
    density,
    gifts_by_age,
    history_by_hobby,
    lifts,
    profile_map,
    snake_row,
)
from tests.support.sample_descriptors import descriptor_report
from tests.support.sample_lengths import length_comparison
from tests.support.sample_segments import segments
from tests.support.sample_stability import STRUCTURE, whole_stability
from training.report.content.answers import AnswerShare, FieldAnswers, NumberAnswer
from training.report.document import (
    ChoiceOfK,
    Components,
    DataQuality,
    Insight,
    PersonaDetail,
    Report,
)

NAMES = (
    "Early-planning Christmas shoppers",
    "Yoga-loving wellness givers",
    "Tech-loving gadget givers",
    "Bookish kitchenware givers",
    "Hands-on practical givers",
)
SHARES = (0.24, 0.21, 0.2, 0.19, 0.16)


def sample_report(names: tuple[str, ...] = NAMES, **changes: Any) -> Report:
    """A report with everything in it, of as many personas as names."""
    rng = np.random.default_rng(5)
    k = len(names)
    shares = np.array([SHARES[n % len(SHARES)] for n in range(k)])
    fields: dict[str, Any] = {
        **_frame(k),
        "choice": choice_of_k(k, rng),
        "components": components(rng),
        "personas": tuple(_persona(n, name, float(shares[n] / shares.sum())) for n, name in enumerate(names)),
        "details": tuple(_detail(n) for n in range(k)),
        "silhouettes": tuple(tuple(sorted(rng.normal(0.25, 0.12, 160), reverse=True)) for _ in range(k)),
        "maps": (profile_map("pca", k, rng), profile_map("tsne", k, rng)),
        "lifts": lifts(k, rng),
        "snake": tuple(snake_row(title, k, rng) for title in TITLES),
        "history_by_hobby": history_by_hobby(rng),
        "gifts_by_age": gifts_by_age(rng),
        "density": density(rng),
        "stability": whole_stability(k, rng),
        "structure": STRUCTURE,
        "lengths": length_comparison(k),
        "segments": segments(k, rng),
        "descriptors": descriptor_report(k, rng),
        "confidence": CONFIDENCE,
        "insights": INSIGHTS,
        "data": data_quality(k, rng),
    }
    return Report(**{**fields, **changes})


# The optional parts of a report that take a while to draw.
UNDRAWN: dict[str, None] = dict.fromkeys(
    ("density", "stability", "structure", "descriptors", "segments", "lengths", "confidence")
)


def one_persona_report() -> Report:
    """The report of profiles that form one cloud."""
    everyone = ("Everyone",)
    choice = ChoiceOfK(k=1, sentence="The gap statistic does not rise above one segment.", rows=3_000)
    return sample_report(
        everyone,
        choice=choice,
        silhouettes=((),),
        lifts=(),
        snake=(),
        **UNDRAWN,
    )


def minimal_report() -> Report:
    """A report with its required fields alone."""
    return Report(
        **_frame(1),
        choice=ChoiceOfK(k=1, sentence="1 persona was asked for.", rows=0),
        components=Components(kept=1, beat_chance=0, eigenvalues=(), chance=()),
        personas=(
            Persona(id="p_0", name="Everyone", sentence="All.", size=2, share=1.0, traits=(), gift_affinities=()),
        ),
        details=(PersonaDetail(answers=(), silhouette=None, stability=None),),
        silhouettes=(),
        data=DataQuality(profiles=2, distinct=2, refused={}, notes=(), fields=(), list_lengths=()),
    )


def _frame(k: int) -> dict[str, Any]:
    """The fields of a report besides the analysis."""
    description = "3,000 simulated profiles: a stand-in until there are real ones."
    return {
        "version": "20261101-120000-0a1b2c3d",
        "created_at": datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        "headline": f"{k} kinds of gift buyers; a quarter are early-planning Christmas shoppers.",
        "origin": Origin(
            source="simulated", simulated=True, description=description, rows=3_000, fingerprint="0f" * 32
        ),
        "metrics": {
            "rows": 3_000,
            "personas": k,
            "silhouette": 0.252,
            "explained_variance": 0.106,
            "scorer_ties": 0,
        },
        "verdicts": (
            Verdict(name="structure", outcome="passed", sentence="8 principal components beat chance."),
            Verdict(
                name="smallest_persona",
                outcome="failed",
                sentence="The smallest persona holds 1.6% of the profiles.",
            ),
            Verdict(
                name="stability", outcome="not_judged", sentence="Not judged: stability. There is one persona."
            ),
        ),
    }


INSIGHTS = (
    Insight(topic="personas", sentence="Christmas shoppers plan 13 days further ahead than everyone."),
    Insight(topic="history_and_hobbies", sentence="Those who bake give kitchenware 2.4 × as often as everyone."),
    Insight(topic="age_and_gifts", sentence="Electronics fall from 44 % at 13–24 to 12 % at 65 and over."),
    Insight(topic="season", sentence="Christmas is the occasion of 23 % of the profiles."),
    Insight(topic="quality", sentence="Occupation is answered by 61 % of the profiles only."),
)


def _persona(number: int, name: str, share: float) -> Persona:
    traits = tuple(
        Trait(field="hobbies", value=value, share=0.5, lift=2.6, sentence=f"2.6 × as likely to be into {value}")
        for value in VALUES["hobbies"][number % 4 : number % 4 + 5]
    )
    affinities = tuple(
        GiftAffinity(category=GIFTS[(number * 2 + n) % len(GIFTS)], share=0.55 - 0.06 * n, lift=2.4 - 0.3 * n)
        for n in range(7)
    )
    return Persona(
        id=f"p_{number}",
        name=name,
        sentence="People who tend to shop for Christmas, give gift cards, and buy about 33 days ahead.",
        size=round(3_000 * share),
        share=share,
        traits=traits,
        gift_affinities=affinities,
    )


def _detail(number: int) -> PersonaDetail:
    reading = AnswerShare(value="reading", members=205, share=0.41, share_everyone=0.4, lift=1.02)
    baking = AnswerShare(value="baking", members=150, share=0.3, share_everyone=0.1, lift=2.9)
    christmas = AnswerShare(value="Christmas", members=300, share=0.6, share_everyone=0.4, lift=1.5)
    answers = (
        FieldAnswers(title="age", answered=500, number=NumberAnswer(median=39, low=29, high=47)),
        FieldAnswers(title="hobbies", answered=500, common=(reading, baking), distinctive=(baking,)),
        FieldAnswers(title="occasion", answered=500, common=(christmas,)),
    )
    return PersonaDetail(
        answers=answers, silhouette=0.3 - 0.05 * (number % 6), stability=0.92 - 0.08 * (number % 6)
    )
