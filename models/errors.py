"""The errors of the project's core, one tree. Errors know no HTTP status; `service/http/error_table.py` does.

    SegmentsError
    ├── ProfileShapeError          a class is not usable as a profile
    └── ModelError
        ├── NoActiveModel          the registry has no active version
        ├── ModelNotFound          no version of that name
        └── ArtifactError          a version folder is not usable
            ├── ArtifactDamaged        checksums, shapes or golden predictions differ
            ├── ArtifactUnsupported    of a format or a profile that this code does not read
            └── ArtifactNotWritten     the folder could not be written completely

Training and service derive their own errors from `SegmentsError`, beside the code that raises them. Every message
says what is wrong and, where possible, what to do next.
"""


class SegmentsError(Exception):
    """The root of all errors that this project raises on purpose."""


class ProfileShapeError(SegmentsError):
    """A class is not usable as a profile: a field declares no kind, or an unusable one."""


class ModelError(SegmentsError):
    """An error of a segment model or of the folder of versions."""


class NoActiveModel(ModelError):
    """There is no active version: train one, or activate an existing one."""


class ModelNotFound(ModelError):
    """The registry holds no version of that name."""


class ArtifactError(ModelError):
    """A version folder is not usable."""


class ArtifactDamaged(ArtifactError):
    """The files are not those that were written: a checksum, a shape or a golden prediction differs."""


class ArtifactUnsupported(ArtifactError):
    """The files are intact, but of a format or a profile that this code does not read."""


class ArtifactNotWritten(ArtifactError):
    """The folder could not be written completely (disk full, no permission); nothing was left behind."""
