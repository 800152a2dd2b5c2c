"""The errors of the project's core, one tree. Errors know no HTTP status; `service/http/error_table.py` does.

    SegmentsError
    ├── ProfileShapeError          a class cannot serve as a profile
    └── ModelError
        ├── NoActiveModel          the registry has no version in force
        ├── ModelNotFound          no version of that name
        └── ArtifactError          a version folder cannot be used
            ├── ArtifactDamaged        bytes, checksums, shapes or golden predictions do not agree
            ├── ArtifactUnsupported    written in a format, or for a profile, that we do not read
            └── ArtifactNotWritten     the folder could not be written whole

Training and service hang their own errors below `SegmentsError`, each beside the code that raises it.
Every message says what is wrong and, where there is something to do, what to do next.
"""


class SegmentsError(Exception):
    """The root: everything that this project raises on purpose."""


class ProfileShapeError(SegmentsError):
    """A pydantic class was offered as a profile, but a field declares no kind or an unusable one."""


class ModelError(SegmentsError):
    """Something about a segment model or the folder of its versions."""


class NoActiveModel(ModelError):
    """No version is in force: train one, or activate one of those that exist."""


class ModelNotFound(ModelError):
    """The registry holds no version of that name."""


class ArtifactError(ModelError):
    """A version folder cannot be used."""


class ArtifactDamaged(ArtifactError):
    """The files are not what was written: a checksum, a shape or a golden prediction differs."""


class ArtifactUnsupported(ArtifactError):
    """The files are whole, but of a format or a profile shape that this code does not read."""


class ArtifactNotWritten(ArtifactError):
    """The folder could not be written whole (disk full, no permission); nothing was left behind."""
