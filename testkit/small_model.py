"""A small but real model with random numbers, written as an artifact: quick and deterministic."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from models.affinities.counts import AffinityCounts, FieldCounts, PairCounts
from models.persona import GiftAffinity, GiverTexts, Persona, Trait
from models.profile import Profile
from models.segment_model import SegmentModel
from models.storage.arrays import field_manifests
from models.storage.artifact import AFFINITIES, PIPELINE, REPORT
from models.storage.manifest import Manifest, Origin
from models.storage.writing import write_artifact
from testkit import ROOT
from testkit.small_scorer import small_scorer
from training.acceptance.golden_predictions import golden_predictions

GIVER_TEXTS = GiverTexts(
    sentence="People like you were made up for a test.", traits=("People like you are 2 × …",)
)
NAMES = ("Tech-loving gadget givers", "Early-planning wellness givers", "Practical home givers")


def small_personas() -> tuple[Persona, ...]:
    """Three personas, each with a trait and an affinity."""
    return tuple(
        Persona(
            id=f"p_{number}",
            name=name,
            sentence=f"{name}, made up for a test.",
            size=100 * (3 - number),
            share=(3 - number) / 6,
            traits=(Trait(field="hobbies", value="value_0", share=0.5, lift=2.0, sentence="2 × …"),),
            gift_affinities=(GiftAffinity(category="value_1", share=0.4, lift=1.6),),
        )
        for number, name in enumerate(NAMES)
    )


def small_manifest(seed: int = 0, **changes: Any) -> Manifest:
    """The manifest of `small_scorer(seed)`, with golden predictions that reproduce."""
    scorer, personas = small_scorer(seed), small_personas()
    version = f"20261101-12000{seed}-0000000{seed}"
    golden = golden_predictions(SegmentModel(version, scorer, personas), Profile, seed)
    fields: dict[str, Any] = {
        "version": version,
        "created_at": datetime(2026, 11, 1, 12, 0, seed, tzinfo=UTC),
        "origin": Origin(
            source="simulated",
            simulated=True,
            description="Made up for a test.",
            rows=600,
            fingerprint="0" * 64,
        ),
        "configuration": {"k": 3, "seed": seed},
        "libraries": {"numpy": np.__version__},
        "metrics": {"rows": 600, "silhouette": 0.25},
        "choice_of_k": "3 personas were asked for.",
        "fields": field_manifests(scorer),
        "personas": personas,
        "giver_texts": {persona.id: GIVER_TEXTS for persona in personas},
        "golden": golden,
    }
    return Manifest(**{**fields, **changes})


SMALL_COUNTS = AffinityCounts(
    fields=(
        FieldCounts(
            field=None,
            values=("value_1", "value_2", "value_3"),
            answered=(250, 200, None),
            counts=((160, 100, None), (20, 90, None), (None, None, None)),
            others=(2, 2, 7),
            prior=3.0,
        ),
        FieldCounts(
            field="age",
            values=("up to 30", "more than 30"),
            answered=(280, 200, 100),
            counts=((150, 130), (80, 120), (50, 50)),
            others=(0, 0),
            prior=40.0,
        ),
        FieldCounts(
            field="store_preference",
            values=("online", "shop"),
            answered=(200, 150, 90),
            counts=((40, 160), (100, 50), (45, 45)),
            others=(0, 0),
            prior=None,
        ),
    ),
    pairs=(
        PairCounts(
            field="last_gift_category",
            by="store_preference",
            values=("value_1", "value_2"),
            by_values=("online", "shop"),
            answered=(120, 100, None),
            prior=4.0,
            persona=(0, 0, 1),
            value=(0, 0, 1),
            by_value=(0, 1, 0),
            count=(20, 60, 30),
            others=(2, 2, 7),
        ),
    ),
)


def write_small_model(root: Path, seed: int = 0, **changes: Any) -> Path:
    """Write the model below `root`, and return its folder."""
    others = {
        AFFINITIES: lambda path: path.write_text(SMALL_COUNTS.model_dump_json(), encoding="utf-8"),
        PIPELINE: lambda path: path.write_bytes(b"for analysts"),
        REPORT: lambda path: path.write_text("{}", encoding="utf-8"),
    }
    return write_artifact(root, small_manifest(seed, **changes), small_scorer(seed), others)


def copy_old_model(root: Path, written: int) -> Path:
    """Copy the model that an older release wrote, in format 1 or 2, below `root`; returns its folder."""
    (folder,) = (ROOT / "tests" / "data" / f"format-{written}").iterdir()
    copied: Path = shutil.copytree(folder, root / folder.name)
    return copied
