"""Verdicts: on a measured value and its threshold, or that a check could not be made."""

from models.storage.manifest import NOT_JUDGED, Verdict
from training.text import percent_tenths


def at_most(name: str, value: float, threshold: float, measured: str, wanted: str = "") -> Verdict:
    """Passes up to the threshold. `measured`: the value in a clause; `wanted`: the threshold as text, by default
    in per cent.
    """
    sentence = f"{measured}; at most {wanted or percent_tenths(threshold)} is wanted."
    return judged(name, value <= threshold, sentence, value, threshold)


def at_least(name: str, value: float, threshold: float, measured: str, wanted: str = "") -> Verdict:
    """Passes from the threshold on. Arguments as of `at_most`."""
    sentence = f"{measured}; at least {wanted or percent_tenths(threshold)} is wanted."
    return judged(name, value >= threshold, sentence, value, threshold)


def judged(
    name: str, passed: bool, sentence: str, value: float | None = None, threshold: float | None = None
) -> Verdict:
    """The verdict of a check that was made."""
    outcome = "passed" if passed else "failed"
    return Verdict.model_validate(
        {"name": name, "outcome": outcome, "sentence": sentence, "value": value, "bound": threshold}
    )


def not_judged(name: str, why: str) -> Verdict:
    """The verdict of a check that could not be made; `why`: a sentence."""
    return Verdict(name=name, outcome="not_judged", sentence=f"{NOT_JUDGED}{name.replace('_', ' ')}. {why}")
