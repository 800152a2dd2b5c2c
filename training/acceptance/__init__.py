"""Whether a candidate may become the active model: evaluation, acceptance checks, golden predictions."""
