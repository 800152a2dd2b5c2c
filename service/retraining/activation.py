"""Whether a retrain activates its model."""

from models.storage.artifact import LoadedArtifact
from service.retraining.jobs import RetrainRequest


def decide_activation(request: RetrainRequest, loaded: LoadedArtifact, active: str | None) -> tuple[bool, str]:
    """Whether to activate a new model, and a sentence that says why. `active`: the version that is active now."""
    failed = _failed_checks(loaded, active)
    who = f" for {request.by}" if request.by else ""
    match request.activate:
        case "never":
            return False, f"It waits for review, as was asked{who} (activate: never)."
        case "always":
            despite = f", although a check failed: {failed}" if failed else "."
            return True, f"It was activated, as was asked{who} (activate: always){despite}"
        case "auto" if failed:
            return False, f"It waits for review, because a check failed: {failed}"
        case _:
            return True, f"It was activated: {_no_failure(loaded)}"


def _failed_checks(loaded: LoadedArtifact, active: str | None) -> str:
    """A sentence for each check that failed; one more where the model was compared with one no longer active."""
    sentences = [verdict.sentence for verdict in loaded.manifest.verdicts_that("failed")]
    previous = loaded.manifest.previous
    if previous is not None and previous != active:
        sentences.append(f"It was compared with {previous}, which is not active any more.")
    return " ".join(sentences)


def _no_failure(loaded: LoadedArtifact) -> str:
    """What can be said of checks of which none failed."""
    unjudged = [verdict.name for verdict in loaded.manifest.verdicts_that("not_judged")]
    if not unjudged:
        return "every check passed."
    return f"no check failed, but {len(unjudged)} of {len(loaded.manifest.verdicts)} could not be made: " + (
        f"{', '.join(unjudged)}."
    )
