"""Verdicts on a measured value and its threshold."""

from models.storage.manifest import Verdict


def at_most(name: str, value: float, threshold: float, measured: str, wanted: str = "") -> Verdict:
    """Passes up to the threshold. `measured`: the value in a clause; `wanted`: the threshold as text, by default
    in per cent.
    """
    sentence = f"{measured}; at most {wanted or f'{threshold:.1%}'} is wanted."
    return Verdict(name=name, passed=value <= threshold, sentence=sentence, value=value, bound=threshold)


def at_least(name: str, value: float, threshold: float, measured: str, wanted: str) -> Verdict:
    """Passes from the threshold on. Arguments as of `at_most`."""
    sentence = f"{measured}; at least {wanted} is wanted."
    return Verdict(name=name, passed=value >= threshold, sentence=sentence, value=value, bound=threshold)
