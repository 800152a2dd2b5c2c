"""`.env.example`: every setting of the service with its description and its default, commented out."""

from service.settings import Settings

HEAD = """\
# Settings of the service. Copy this file to .env, and take away the # before a setting to change it. The value
# here is the default; a setting without one is unset. A variable of the environment takes precedence.
# Made from service/settings.py by `make docs`.
"""


def env_example() -> str:
    """The text of `.env.example`: the service's own settings first, then the bounds that training shares."""
    names = sorted(Settings.model_fields, key=lambda name: name not in Settings.__annotations__)
    return "\n".join([HEAD, *(_entry(name) for name in names)])


def _entry(name: str) -> str:
    field = Settings.model_fields[name]
    return f"# {field.description}\n#{name.upper()}={_value(field.get_default())}\n"


def _value(default: object) -> str:
    """A default as a `.env` file holds it."""
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case _:
            return str(default)
