"""The analysis of a run as JSON: everything that the figures and the story are made from."""

import json
from dataclasses import asdict

from models.manifest import Manifest
from training.dataset import Dataset
from training.fit import Fit


def report_json(dataset: Dataset, fitted: Fit, manifest: Manifest) -> str:
    """`report.json`: the manifest's findings, the curve of k, variance against chance, and data quality."""
    components = fitted.components
    report = {
        "version": manifest.version,
        "created_at": manifest.created_at.isoformat(),
        "origin": manifest.origin.model_dump(mode="json"),
        "choice_of_k": {
            "k": fitted.k,
            "sentence": fitted.choice.sentence,
            "curve": [asdict(candidate) for candidate in fitted.choice.curve],
        },
        "components": {
            "kept": components.kept,
            "beat_chance": components.beat_chance,
            "eigenvalues": components.eigenvalues.tolist(),
            "chance": components.chance.tolist(),
        },
        "metrics": manifest.metrics,
        "verdicts": [verdict.model_dump() for verdict in manifest.verdicts],
        "personas": [persona.model_dump(mode="json") for persona in manifest.personas],
        "data": {
            "profiles": len(dataset),
            "refused": dict(dataset.refusals.by_reason),
            "notes": list(dataset.notes),
        },
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
