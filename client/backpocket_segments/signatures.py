"""What `help` shows of a client's method: the operation's parameters and result, without the generator."""

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, get_args

from backpocket_segments.calls import Emit

M = TypeVar("M", bound=Callable[..., Any])


def as_method(method: M, operation: Callable[..., Any]) -> M:
    """The method, with the name, documentation and signature of its operation."""
    update_wrapper(method, operation)
    signature = inspect.signature(operation)
    client = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = [client, *signature.parameters.values()]
    result = _result_of(signature.return_annotation)
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=result
    )
    return method


def _result_of(annotation: Any) -> Any:
    """The result of `Steps[result]`, or the item of `Source[item]`."""
    effects, _, result = get_args(annotation)
    items = [get_args(effect)[0] for effect in get_args(effects) if getattr(effect, "__origin__", None) is Emit]
    return items[0] if items else result
