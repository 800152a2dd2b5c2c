"""The errors of training, below the project's root.

SegmentsError
└── TrainingError
    ├── UnusableInput      the data, the mapping or the options cannot make a model
    └── NotEquivalent      the compiled scorer does not agree with the pipeline
"""

from models.errors import SegmentsError


class TrainingError(SegmentsError):
    """Training ended without an artifact."""


class UnusableInput(TrainingError):
    """The data, the mapping or the options cannot make a model; the sentence says what to change."""


class NotEquivalent(TrainingError):
    """The compiled scorer does not agree with the scikit-learn pipeline: a defect, never the input's fault."""
