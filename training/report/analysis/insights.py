"""Insights: findings in sentences with their numbers. Where nothing exceeds chance, a sentence says so.

"Beyond chance" means a two-sided z beyond 1 % with Bonferroni's correction over all comparisons of one topic.
Personas are made from these answers, so that differences between them describe them, and do not prove that they
are real.
"""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from models.persona import Persona
from models.scoring.columns import FloatArray, NumberColumn
from training.data.dataset import Dataset
from training.personas.traits import MIN_COUNT, MIN_LIFT, z_threshold
from training.personas.wording.phrases import plural_phrase
from training.personas.wording.terms import Term, term_of
from training.report.analysis.counts.answers import Crossed, FieldTable, Holders, holders_of
from training.report.analysis.counts.bands import Bands
from training.report.analysis.counts.roles import age_field, gift_field, season_field, value_label
from training.report.analysis.counts.tables import MOST_GIFTS, shares_by_band
from training.report.document import Insight
from training.text import in_quotes, listed, number, percent

Topic = Literal["age_and_gifts", "season", "history_and_hobbies", "personas", "quality"]

_MOST_TRENDS: Final = 3
_MOST_SEASONS: Final = 2
_MOST_PAIRS: Final = 2
# Smaller differences between the youngest and the oldest are not worth a sentence, however significant.
_LEAST_CHANGE: Final = 0.05


def age_and_gifts(dataset: Dataset, ages: Bands | None) -> tuple[Insight, ...]:
    """How gift categories change with age: the largest changes beyond chance."""
    age, gifts = age_field(dataset), gift_field(dataset)
    column = dataset.columns[age.name] if age else None
    if ages is None or age is None or gifts is None or not isinstance(column, NumberColumn):
        return ()
    gifts_held = holders_of(dataset, gifts, MOST_GIFTS)
    shares, answers = shares_by_band(ages, gifts_held)
    z, change = trends(column.values, gifts_held), shares[-1] - shares[0]
    if not len(z) or answers.min() < MIN_COUNT:
        return ()
    real = np.abs(z) > z_threshold(len(z))
    steady = np.array([_steady(shares[:, code]) for code in range(len(change))])
    enough = ((shares * answers[:, None]).round()[[0, -1]] >= MIN_COUNT).all(axis=0)
    sure = real & steady & enough & (np.abs(change) >= _LEAST_CHANGE) & (np.sign(z) == np.sign(change))
    order = [code for code in np.argsort(-np.abs(change).round(9), kind="stable").tolist() if sure[code]]
    if not order:
        none = f"No {gifts.title} value moves with {age.title}"
        return (_insight("age_and_gifts", f"{none} {_all_the_way(bool(real.any()))}."),)
    return tuple(
        _insight("age_and_gifts", _trend(gifts_held, code, age.title, ages, shares[:, code]))
        for code in order[:_MOST_TRENDS]
    )


def _steady(shares: FloatArray) -> bool:
    """Whether shares by band change in one direction, with steps back of at most a fifth of the whole change."""
    change = shares[-1] - shares[0]
    return bool((np.diff(shares) * np.sign(change) >= -abs(change) / 5).all())


def _all_the_way(any_real: bool) -> str:
    """The wording where nothing is worth a sentence, whether or not something is beyond chance."""
    return "much and all the way" if any_real else "by more than chance"


def trends(numbers: FloatArray, gifts_held: Holders) -> FloatArray:
    """For each value the z of its holders' mean number against everyone's, (values,), by permutation variance."""
    both = np.flatnonzero(gifts_held.answered & ~np.isnan(numbers))
    ticks, centred = gifts_held.ticks[both], numbers[both] - (numbers[both].mean() if len(both) else 0.0)
    share = np.asarray(ticks.sum(axis=0), np.float64).ravel() / max(len(both), 1)
    variance = share * (1 - share) * float((centred**2).sum()) * len(both) / max(len(both) - 1, 1)
    z: FloatArray = np.zeros(len(share))
    np.divide(np.asarray(ticks.T @ centred).ravel(), np.sqrt(variance), where=variance > 1e-12, out=z)
    return z


def season(dataset: Dataset, tables: Sequence[FieldTable], personas: Sequence[Persona]) -> tuple[Insight, ...]:
    """The occasions that personas shop for more than others, and the personas that share them."""
    spec = season_field(dataset)
    table = next((table for table in tables if spec and table.spec.name == spec.name), None)
    if table is None or not table.is_frequent.any():
        return ()
    if len(personas) == 1:
        return (_insight("season", _leading(table)),)
    threshold = z_threshold(len(personas) * int(table.is_frequent.sum()))
    real = table.is_frequent & (table.table.residuals > threshold) & (table.table.counts >= MIN_COUNT)
    above = real & (table.table.lifts >= MIN_LIFT)
    strongest = table.table.residuals.max(axis=0).round(9)
    # First the occasion that most personas share.
    codes = sorted(
        np.flatnonzero(above.any(axis=0)).tolist(), key=lambda at: (-above[:, at].sum(), -strongest[at])
    )
    if not codes:
        much = "much" if real.any() else "by more than chance"
        return (_insight("season", f"No persona's {table.spec.title} differs from everyone's {much}."),)
    return tuple(
        _insight("season", _shoppers(table, code, np.flatnonzero(above[:, code]).tolist(), personas))
        for code in codes[:_MOST_SEASONS]
    )


def history_and_hobbies(pairs: Crossed | None) -> tuple[Insight, ...]:
    """The pairs of hobby and gift with the largest lifts, each hobby and each gift once."""
    if pairs is None or not pairs.enough.any():
        return ()
    threshold = z_threshold(int(pairs.enough.sum()))
    real = pairs.enough & (pairs.residuals > threshold)
    sure = real & (pairs.lifts >= MIN_LIFT)
    cells = sorted(np.argwhere(sure).tolist(), key=lambda cell: -round(float(pairs.lifts[tuple(cell)]), 9))
    if not cells:
        fields = f"{pairs.first.spec.title} and {pairs.second.spec.title}"
        much = "much" if real.any() else "by more than chance"
        return (_insight("history_and_hobbies", f"No pair of {fields} goes together {much}."),)
    chosen = _each_once(cells)[:_MOST_PAIRS]
    return tuple(_insight("history_and_hobbies", _pair(pairs, one, other)) for one, other in chosen)


def _each_once(cells: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Of cells, best first, those whose row and column have not occurred before."""
    chosen: list[tuple[int, int]] = []
    for one, other in cells:
        if all(one != first and other != second for first, second in chosen):
            chosen.append((one, other))
    return chosen


def _trend(gifts_held: Holders, code: int, age: str, ages: Bands, shares: FloatArray) -> str:
    does = plural_phrase(gifts_held.spec, [_term(gifts_held, code)])
    moves = "rises" if shares[-1] > shares[0] else "falls"
    first = f"{percent(float(shares[0]))} ({ages.labels[0]})"
    last = f"{percent(float(shares[-1]))} ({ages.labels[-1]})"
    return f"The share who {does} {moves} with {age}: from {first} to {last}."


def _term(table: FieldTable | Holders, code: int) -> Term:
    return term_of(table.values[code], table.written_forms)


def _leading(table: FieldTable) -> str:
    order = np.argsort(-table.table.everyone.round(9), kind="stable").tolist()
    phrases = [
        f"{percent(float(table.table.everyone[code]))} {plural_phrase(table.spec, [_term(table, code)])}"
        for code in order[:2]
        if table.is_frequent[code]
    ]
    return f"Of everyone, {listed(phrases)}."


def _shoppers(table: FieldTable, code: int, above: Sequence[int], personas: Sequence[Persona]) -> str:
    does, everyone = plural_phrase(table.spec, [_term(table, code)]), percent(float(table.table.everyone[code]))
    phrases = [(quoted(personas[cluster]), percent(float(table.table.shares[cluster, code]))) for cluster in above]
    if len(phrases) == 1:
        name, share = phrases[0]
        return f"Of {name} {share} {does}, against {everyone} of everyone; no other persona stands out."
    together = listed([f"{name} ({share})" for name, share in phrases])
    return f"{together} {'both' if len(phrases) == 2 else 'all'} {does} more than everyone ({everyone})."


def _pair(pairs: Crossed, one: int, other: int) -> str:
    hobby = plural_phrase(pairs.first.spec, [_term(pairs.first, one)])
    gift = value_label(pairs.second.spec, pairs.second.values[other], pairs.second.written_forms)
    share, everyone = percent(float(pairs.shares[one, other])), percent(float(pairs.everyone[other]))
    times = number(float(pairs.lifts[one, other]))
    return (
        f"Of all that people who {hobby} name as {pairs.second.spec.title}, {gift} is {share}, which is {times} × "
        f"everyone's {everyone}."
    )


def _insight(topic: Topic, sentence: str) -> Insight:
    return Insight(topic=topic, sentence=sentence)


def quoted(persona: Persona) -> str:
    """The name in quotation marks."""
    return in_quotes(persona.name)
