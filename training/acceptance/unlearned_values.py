"""What a candidate did not learn of the values in its file, in a sentence beside how the file was read."""

from models.storage.manifest import Origin
from training.acceptance.candidate import Candidate
from training.report.analysis.counts.quality import values_to_learn
from training.text import count, percent


def with_unlearned(candidate: Candidate) -> Origin:
    """The origin with a note on the values that the candidate does not know, by field with counts."""
    origin, reading = candidate.origin, candidate.origin.reading
    if reading is None:
        return origin
    fields = [
        f"{count(field.unknown, 'value')} of {field.title} ({percent(field.unknown_share)} of all that were given)"
        for field in values_to_learn(candidate.dataset, candidate.fit.encoder)
        if field.unknown
    ]
    if not fields:
        return origin
    note = f"Not learned, because too few profiles hold them: {'; '.join(fields)}."
    return origin.model_copy(update={"reading": reading.model_copy(update={"notes": (*reading.notes, note)})})
