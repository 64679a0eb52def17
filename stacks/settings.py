"""The settings of a stack, read from `Pulumi.<stack>.yaml` and checked as a whole.

Every mistake is reported at once and by its full key, and a misspelt key is told what it may have meant.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import pulumi
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic.alias_generators import to_camel

from components.architecture import FUNCTIONS
from components.aws.ecr import ecr_address
from components.profile import PROFILES, Profile

NAMESPACE: Final = "marketplace"
REGION_KEY: Final = "aws:region"
LOOPBACK: Final = ("localhost", "127.0.0.1")
MINIMUM_ZONES: Final = 2
WIDEST_PREFIX: Final = 16
NARROWEST_PREFIX: Final = 20
_REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d$")


class SettingsError(pulumi.RunError):
    """A stack's settings are wrong; `problems` has one line for each mistake, by key."""

    def __init__(self, stack: str, problems: Mapping[str, str]) -> None:
        lines = "".join(f"\n  {key}: {problem}" for key, problem in sorted(problems.items()))
        count = f"{len(problems)} settings are" if len(problems) > 1 else "A setting is"
        super().__init__(f"{count} wrong in Pulumi.{stack}.yaml:{lines}")
        self.stack = stack
        self.problems = dict(problems)


def _from_json(value: Any) -> Any:
    """Pulumi hands lists over as JSON text."""
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        return json.loads(value)
    return value


def _address(value: str) -> str:
    """An address of the storefront: over TLS, or on the machine of who develops it."""
    address = urlsplit(value)
    local = address.scheme == "http" and address.hostname in LOOPBACK
    if not address.hostname or address.fragment or address.username or not (address.scheme == "https" or local):
        raise ValueError("expected an https:// address, or http:// on localhost, without a fragment or a user")
    return value


def _origin(value: str) -> str:
    """What browsers send as origin: an address without a path, not even a slash."""
    address = urlsplit(_address(value))
    if value != f"{address.scheme}://{address.netloc}":
        raise ValueError("expected an origin, which ends after the host and port")
    return value


def _network(value: IPv4Network) -> IPv4Network:
    if not WIDEST_PREFIX <= value.prefixlen <= NARROWEST_PREFIX:
        raise ValueError(
            f"expected a /{WIDEST_PREFIX} to a /{NARROWEST_PREFIX}: the subnets take 4096 addresses, "
            "and a network has 65536 at most"
        )
    return value


def _in_region(value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Zones of the region, two at least: the load balancer and the databases take no fewer."""
    region = info.data.get("region")
    if region and any(not re.fullmatch(f"{region}[a-z]", zone) for zone in value):
        raise ValueError(f"expected zones of {region}, such as {region}a")
    if value and len(set(value)) < MINIMUM_ZONES:
        raise ValueError(f"expected {MINIMUM_ZONES} different zones at least")
    if len(set(value)) < len(value):
        raise ValueError("expected each zone once")
    return value


def _pullable(value: str, info: ValidationInfo) -> str:
    """An image that Lambda can run and Fargate can reach."""
    region = info.data.get("region")
    address = ecr_address(value)
    if info.data.get("cloud") == "aws" and region and not (address and address.region == region):
        raise ValueError(
            f"expected an image in ECR in {region}, which is all that tasks and functions reach "
            f"(<account>.dkr.ecr.{region}.amazonaws.com/<repository>, then :<tag> or @sha256:<digest>)"
        )
    return value


def _profile(value: str) -> str:
    if value not in PROFILES:
        raise ValueError(f"expected one of {', '.join(PROFILES)}")
    return value


def _functions(value: dict[str, str]) -> dict[str, str]:
    for function in value:
        if function not in FUNCTIONS:
            near = difflib.get_close_matches(function, FUNCTIONS, n=1)
            raise ValueError(f"no function {function!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return value


Engines = Annotated[dict[str, str], BeforeValidator(_from_json), AfterValidator(_functions)]
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], BeforeValidator(_from_json)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_from_json)]
Zones = Annotated[tuple[str, ...], BeforeValidator(_from_json), AfterValidator(_in_region)]


class Settings(BaseModel):
    """Everything that a stack can be told. In the file each is `marketplace:` and its name in camel case."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    cloud: Literal["aws", "azure", "gcp"] = "aws"
    profile_name: Annotated[str, AfterValidator(_profile), Field(alias="profile")]
    region: Annotated[str, Field(alias=REGION_KEY, pattern=_REGION.pattern)]
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """The only account the stack may be deployed to; default: whichever the credentials are for."""
    engines: Engines = Field(default_factory=dict)
    """Engine by function id (`cart-cache: elasticache-valkey`), where the architecture's default is not wanted."""
    allow_closed: bool = False
    """Lets an existing customer keep an engine that is closed to new ones."""
    network_cidr: Annotated[IPv4Network, AfterValidator(_network)] = IPv4Network("10.40.0.0/16")
    availability_zones: Zones = ()
    """Default: the region's zones a, b and c. Not every account has those."""
    image: Annotated[str, AfterValidator(_pullable)]
    """Image of all workloads, in ECR in the stack's region. By digest: a tag that moves deploys nothing."""

    currency: Annotated[str, Field(pattern=r"^[a-z]{3}$")] = "usd"
    """ISO 4217, lower case, as Stripe writes it."""
    commission_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 1_000
    """The platform's share of each seller's gross; 100 are one per cent."""
    return_window_days: Annotated[int, Field(ge=1, le=90)] = 14
    """How long a seller's share is held after fulfilment. Stripe lets a platform hold it for 90 days at most."""
    reservation_ttl_seconds: Annotated[int, Field(ge=60, le=3_600)] = 900
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    callback_urls: Annotated[Addresses, Field(min_length=1)] = ("http://localhost:8000/signed-in",)
    logout_urls: Addresses = ("http://localhost:8000/",)
    allowed_origins: Origins = ()
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 2_000
    burst: Annotated[int, Field(ge=1, le=5_000)] = 4_000
    alarm_email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None

    @cached_property
    def profile(self) -> Profile:
        """The levers of `marketplace:profile`."""
        return PROFILES[self.profile_name]

    @property
    def zones(self) -> tuple[str, ...]:
        """Zones the network may use, most important first."""
        return self.availability_zones or tuple(f"{self.region}{letter}" for letter in "abc")

    def environment(self, names: Iterable[str]) -> dict[str, str]:
        """These settings as environment variables: `return_window_days` -> `RETURN_WINDOW_DAYS`."""
        return {name.upper(): str(getattr(self, name)) for name in names}


def load(config: Mapping[str, str], *, stack: str, secret_keys: Iterable[str] = ()) -> Settings:
    """Checks a stack's whole configuration (`namespace:key` -> text); raises `SettingsError`.

    Keys of other namespaces are left to whom they belong. The values of `secret_keys` are never repeated.
    """
    ours = {key: value for key, value in config.items() if key.startswith(f"{NAMESPACE}:") or key == REGION_KEY}
    known = {alias(name): name for name in Settings.model_fields}
    problems = {key: _unknown(key, known) for key in ours if key not in known}
    values = {known[key]: value for key, value in ours.items() if key in known}
    try:
        settings = Settings.model_validate(values, by_name=True, by_alias=False)
    except ValidationError as wrong:
        hidden = set(secret_keys)
        for error in wrong.errors():
            key = alias(str(error["loc"][0]))
            problems[key] = _told(error, repeat=key not in hidden)
        raise SettingsError(stack, problems) from None
    if problems:
        raise SettingsError(stack, problems)
    return settings


def from_pulumi() -> Settings:
    """The settings of the stack that Pulumi is running."""
    from pulumi.runtime import config as runtime

    given = {**runtime.get_config_env(), **runtime.CONFIG.get()}
    return load(given, stack=pulumi.get_stack(), secret_keys=runtime.get_config_secret_keys_env())


def alias(name: str) -> str:
    """Full key of a field: `return_window_days` -> `marketplace:returnWindowDays`."""
    key = Settings.model_fields[name].alias or name
    return key if ":" in key else f"{NAMESPACE}:{key}"


def _unknown(key: str, known: Mapping[str, str]) -> str:
    # Without the namespace, which all keys share and which would make any two look alike.
    names = {name.partition(":")[2].lower(): name for name in known}
    near = difflib.get_close_matches(key.partition(":")[2].lower(), names, n=1, cutoff=0.7)
    return f"unknown key; did you mean {names[near[0]]}?" if near else "unknown key"


def _told(error: Any, *, repeat: bool) -> str:
    """Pydantic's message in one line, with what was given."""
    if error["type"] == "missing":
        return "is required"
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{message}, got {error['input']!r}" if repeat else message
