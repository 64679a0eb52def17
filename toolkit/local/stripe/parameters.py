"""Typed parameters of an endpoint, and Stripe's errors for those that do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from toolkit.local.stripe.refusal import Refusal

Item = TypeVar("Item")


def _in_index_order(value: object) -> object:
    """An array arrives as an object keyed by index; the empty string unsets it."""
    if value == "":
        return []
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value


def _flag(value: object) -> object:
    if isinstance(value, str) and value not in ("true", "false"):
        raise ValueError("must be one of true or false")
    return value


def _object_or_unset(value: object) -> object:
    return {} if value == "" else value


Array = Annotated[list[Item], BeforeValidator(_in_index_order)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Metadata = Annotated[dict[str, str], BeforeValidator(_object_or_unset)]
Text = Annotated[str, Field(min_length=1, max_length=5000)]
Currency = Annotated[str, Field(pattern=r"^[A-Za-z]{3}$")]
Amount = Annotated[int, Field(ge=1, le=999_999_999_999)]


class Section(BaseModel):
    """A nested object of parameters; a parameter it does not name is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Parameters(Section):
    """The parameters of one endpoint. `sdk_name` is the Stripe SDK's own type of the same parameters."""

    sdk_name: ClassVar[str | None] = None

    expand: Array[str] = []


class NoParameters(Parameters):
    """An endpoint without parameters of its own."""


class Listing(Parameters):
    """The parameters of every list."""

    limit: Annotated[int, Field(ge=1, le=100)] = 10
    starting_after: str | None = None
    ending_before: str | None = None
    created: int | dict[str, int] | None = None


def merge_metadata(before: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """Metadata after an update: an empty value removes its key, an empty object removes all."""
    return {key: value for key, value in (before | given).items() if value != ""} if given else {}


Model = TypeVar("Model", bound=Parameters)


def read(model: type[Model], raw: dict[str, Any]) -> Model:
    """`raw` as `model`, or Stripe's refusal of the first parameter that does not fit."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _refusal(model, error.errors(include_url=False)) from None


def _refusal(model: type[Parameters], problems: Sequence[Any]) -> Refusal:
    # Stripe names unknown parameters before it looks at values.
    problem = next((one for one in problems if one["type"] == "extra_forbidden"), problems[0])
    path = [str(step) for step in problem["loc"]]
    name = path[0] + "".join(f"[{step}]" for step in path[1:])
    if problem["type"] == "extra_forbidden" and len(path) == 1 and name in known_to_stripe(model):
        message = f"This double does not emulate the parameter {name}, which Stripe accepts"
        return Refusal(message, status=501, kind="api_error", param=name, executed=False)
    message, code = _message(name, problem)
    return Refusal(message, code=code, param=name, executed=False)


def _message(name: str, problem: Any) -> tuple[str, str | None]:
    """Stripe's message and error code for a problem that pydantic found."""
    context = problem.get("ctx", {})
    match problem["type"]:
        case "extra_forbidden":
            answer = f"Received unknown parameter: {name}", "parameter_unknown"
        case "missing":
            answer = f"Missing required param: {name}.", "parameter_missing"
        case "int_parsing" | "int_type" | "int_from_float":
            answer = f"Invalid integer: {problem['input']}", "parameter_invalid_integer"
        case "greater_than_equal":
            answer = f"This value must be greater than or equal to {context['ge']}.", "parameter_invalid_integer"
        case "less_than_equal" if name == "amount":
            answer = "Amount must be no more than $999,999.99", "amount_too_large"
        case "less_than_equal":
            answer = f"This value must be less than or equal to {context['le']}.", "parameter_invalid_integer"
        case "string_too_short":
            answer = f"You passed an empty string for '{name}'.", "parameter_invalid_empty"
        case "literal_error":
            return f"Invalid {name}: must be one of {context['expected']}", None
        case "dict_type" | "model_type" | "model_attributes_type":
            return "Invalid object", None
        case "list_type":
            return "Invalid array", None
        case _:
            return f"Invalid {name}: {problem['msg']}", None
    return answer


def known_to_stripe(model: type[Parameters]) -> frozenset[str]:
    """Names that the Stripe SDK declares for this endpoint: real parameters, although not emulated here."""
    if model.sdk_name is None:
        return frozenset()
    import stripe.params

    options = {"api_key", "content_type", "headers", "idempotency_key", "max_network_retries"}
    options |= {"stripe_account", "stripe_context", "stripe_version"}
    return frozenset(getattr(stripe.params, model.sdk_name).__annotations__) - options
