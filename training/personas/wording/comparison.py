"""The sentences of a comparison, and its text."""

from collections.abc import Iterator, Sequence

from models.profile.vocabulary import label
from models.storage.comparison import Comparison, Match, MetricChange, PersonaAt, VerdictChange, VocabularyChange
from training.text import listed, percent_tenths


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """What changed, the most important first."""
    return tuple(_sentences(comparison))


def _sentences(comparison: Comparison) -> Iterator[str]:
    personas = comparison.personas
    yield f"{_living(comparison)}; {_moving(personas.changed_share)}."
    for row, persona in enumerate(personas.before):
        if persona in personas.retired:
            yield f"Gone: {_person(persona)}{_flow('now', personas.transitions[row], personas.after)}."
    for column, persona in enumerate(personas.after):
        if persona in personas.born:
            flow = [row[column] for row in personas.transitions]
            yield f"New: {_person(persona)}{_flow('before', flow, personas.before)}."
    yield from (_renamed(match) for match in personas.matches if match.before.name != match.after.name)
    yield from (sentence for change in comparison.verdicts if (sentence := _verdict(change)))
    if comparison.vocabulary:
        gained = sum(change.gained for change in comparison.vocabulary)
        lost = sum(change.lost for change in comparison.vocabulary)
        yield f"Values newly known: {gained}; no longer known: {lost}."
    yield f"Both models scored {comparison.reference.description}"


def _living(comparison: Comparison) -> str:
    alive, total = len(comparison.personas.matches), len(comparison.personas.before)
    if total == 1:
        return "The one persona lives on" if alive else "The one persona does not live on"
    if alive == total:
        return f"All {total} personas live on"
    return f"{alive or 'None'} of {total} personas {'lives' if alive == 1 else 'live'} on"


def _moving(share: float) -> str:
    return f"{percent_tenths(share)} of the profiles change persona" if share else "no profile changes persona"


def _person(persona: PersonaAt) -> str:
    return f"“{persona.name}” ({percent_tenths(persona.share)})"


def _flow(when: str, counts: Sequence[int], personas: Sequence[PersonaAt]) -> str:
    """The persona that most of a persona's members have in the other model; "" without members."""
    if not sum(counts):
        return ""
    most = max(range(len(counts)), key=counts.__getitem__)
    return (
        f", {when} mostly in “{personas[most].name}” ({percent_tenths(counts[most] / sum(counts))} of its members)"
    )


def _renamed(match: Match) -> str:
    return f"“{match.before.name}” is now called “{match.after.name}”."


def _verdict(change: VerdictChange) -> str:
    before, after = change.before, change.after
    if after is None or (before and before.outcome == after.outcome):
        return ""
    if after.outcome == "not_judged":
        return "" if before is None else after.sentence
    if before is None or before.outcome == "not_judged":
        return "" if after.passed else f"Not as wanted: {after.sentence}"
    return f"{'As wanted now' if after.passed else 'No longer as wanted'}: {after.sentence}"


# --- as text ---------------------------------------------------------------------------------------


def as_text(comparison: Comparison) -> str:
    """The whole comparison as text of about 100 columns."""
    parts = [_heading(comparison), "\n".join(comparison.sentences), _persona_lines(comparison)]
    parts += [_transition_lines(comparison), _metric_lines(comparison.metrics)]
    if comparison.vocabulary:
        parts.append("\n".join(["Values by field", *map(_vocabulary_line, comparison.vocabulary)]))
    return "\n\n".join(parts)


def _heading(comparison: Comparison) -> str:
    sides = {"before": comparison.before, "after": comparison.after}
    return "\n".join(f"{when:7} {side.version}  {side.origin.description}" for when, side in sides.items())


def _persona_lines(comparison: Comparison) -> str:
    personas = comparison.personas
    lines = ["Personas       before    after  overlap"]
    lines += [
        f"  lives on  {_share(match.before):>9} {_share(match.after):>8} {match.overlap:8.2f}  {_names(match)}"
        for match in personas.matches
    ]
    lines += [f"  gone      {_share(persona):>9} {'':17}  {persona.name}" for persona in personas.retired]
    lines += [f"  new       {'':9} {_share(persona):>8} {'':8}  {persona.name}" for persona in personas.born]
    return "\n".join(lines)


def _share(persona: PersonaAt) -> str:
    return percent_tenths(persona.share)


def _names(match: Match) -> str:
    renamed = match.before.name != match.after.name
    return f"{match.before.name} → {match.after.name}" if renamed else match.before.name


def _transition_lines(comparison: Comparison) -> str:
    personas = comparison.personas
    columns = "".join(f"{f'B{number}':>8}" for number in range(1, len(personas.after) + 1))
    lines = [f"Profiles, before (A) and after (B)\n      {columns}"]
    for number, (persona, counts) in enumerate(zip(personas.before, personas.transitions, strict=True), 1):
        lines.append(f"  {f'A{number}':4}{''.join(f'{count:8,}' for count in counts)}  A{number} {persona.name}")
    lines += [f"  B{number} {persona.name}" for number, persona in enumerate(personas.after, 1)]
    return "\n".join([*lines, f"  Adjusted Rand index {personas.adjusted_rand:.3f} (1: the same groups)"])


def _metric_lines(metrics: Sequence[MetricChange]) -> str:
    lines = [f"  {metric.title:26}{_metric(metric.before):>10}{_metric(metric.after):>10}" for metric in metrics]
    return "\n".join([f"{'Training':28}{'before':>10}{'after':>10}", *lines])


def _metric(value: float | int | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def _vocabulary_line(change: VocabularyChange) -> str:
    gained, lost = _some("+", change.gained, change.gained_values), _some("−", change.lost, change.lost_values)
    return f"  {label(change.field)}: {'; '.join(filter(None, [gained, lost]))}"


def _some(sign: str, count: int, values: Sequence[str]) -> str:
    if not count:
        return ""
    more = [f"{count - len(values)} more"] if count > len(values) else []
    return f"{sign}{count} ({listed([*map(label, values), *more])})"
