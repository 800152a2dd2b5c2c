"""The profile class of this process: the gifting profile, or the class that the variable PROFILE names.

It is read once, when `models.profile` is imported, since routes, tables and scorers are built from it. Only the
environment counts: a `.env` file is read later.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

from pydantic import BaseModel

from models.errors import ProfileShapeError
from models.profile.field_kinds import declared_fields
from models.profile.profile import Profile

VARIABLE: Final = "PROFILE"


def chosen_profile(environment: Mapping[str, str]) -> type[BaseModel]:
    """The class that PROFILE names as `package.module:Class`; the gifting profile where it is unset or empty.

    The module is looked for where Python finds modules, the current folder included. Raises `ProfileShapeError`
    where it cannot be imported, or the class cannot serve as a profile.
    """
    name = environment.get(VARIABLE, "").strip()
    return _named(name) if name else Profile


def _named(name: str) -> type[BaseModel]:
    module_name, _, class_name = name.partition(":")
    if not module_name or not class_name:
        raise ProfileShapeError(f"PROFILE is '{name}', but package.module:Class is wanted.")
    if "" not in sys.path and "." not in sys.path:
        # A program that is started as a file has the file's folder there instead.
        sys.path.append(".")
    try:
        module = import_module(module_name)
    except ImportError as error:
        raise ProfileShapeError(
            f"PROFILE names the module '{module_name}', which cannot be imported ({error}). Start in the folder "
            "that holds it, or add that folder to PYTHONPATH."
        ) from error
    profile_class = getattr(module, class_name, None)
    if not (isinstance(profile_class, type) and issubclass(profile_class, BaseModel)):
        raise ProfileShapeError(
            f"PROFILE names '{class_name}', but {module_name} has no pydantic model of that name."
        )
    _require_usable(profile_class)
    return profile_class


def _require_usable(profile_class: type[BaseModel]) -> None:
    declared_fields(profile_class)
    config = profile_class.model_config
    if not config.get("frozen") or config.get("extra") != "forbid":
        raise ProfileShapeError(
            f"{profile_class.__name__} needs model_config = ConfigDict(frozen=True, extra='forbid'): a profile "
            "does not change, and an unknown field is an error and not lost."
        )
