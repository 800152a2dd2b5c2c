"""The ids of personas: opaque, minted once."""

import base64
import hashlib

from training.config import TrainingConfig


def mint(fingerprint: str, config: TrainingConfig, count: int) -> tuple[str, ...]:
    """`count` new persona ids. The same data and configuration mint the same ones, so that a run repeats."""
    source = f"{fingerprint}|{config.model_dump_json()}"
    return tuple(_id(f"{source}|{number}") for number in range(count))


def _id(source: str) -> str:
    digest = hashlib.sha256(source.encode()).digest()[:10]
    return "p_" + base64.b32encode(digest).decode().rstrip("=").lower()
