"""The settings of a stack, read from `Pulumi.<stack>.yaml` and checked as a whole.

The common settings are here; those that only one cloud has are beside its components (`components/<cloud>/settings.py`)
and are handed to that cloud's foundation. All mistakes are reported together, each by its full key, with a suggestion
for a misspelled key. Whether a chosen engine can be deployed is checked with the components (`Engines.require`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import SplitResult, urlsplit

import pulumi
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo
from pydantic.alias_generators import to_camel

from components.architecture import FUNCTIONS
from components.cloud import settings_of
from components.cloud_settings import CloudSettings, FromJson
from components.clouds import AVAILABLE, CLOUDS
from components.profile import PROFILES, Profile
from stacks.currencies import CURRENCIES

NAMESPACE: Final = "marketplace"
LAYER_KEY: Final = f"{NAMESPACE}:layer"
IMAGE_KEYS: Final = (f"{NAMESPACE}:image", f"{NAMESPACE}:scorerImage")
"""An environment runs them; a baseline runs nothing."""
CLOUD_KEY: Final = f"{NAMESPACE}:cloud"
LOOPBACK: Final = ("localhost", "127.0.0.1")
DOMAIN: Final = re.compile(r"(?=.{4,253}$)([a-z0-9](-?[a-z0-9])*\.)+[a-z]{2,}")
WIDEST_PREFIX: Final = 16
NARROWEST_PREFIX: Final = 20
LONGEST_HOLD_DAYS: Final = 90
"""Stripe's limit in most countries (docs.stripe.com/connect/manual-payouts)."""

M = TypeVar("M", bound=BaseModel)


class SettingsError(pulumi.RunError):
    """A stack's settings are wrong; `problems` has one line for each mistake, by key."""

    def __init__(self, stack: str, problems: Mapping[str, str]) -> None:
        lines = "".join(f"\n  {key}: {problem}" for key, problem in sorted(problems.items()))
        count = f"{len(problems)} settings are" if len(problems) > 1 else "A setting is"
        super().__init__(f"{count} wrong in Pulumi.{stack}.yaml:{lines}")
        self.stack = stack
        self.problems = dict(problems)


def _address(value: str) -> str:
    """An address of the storefront: over TLS, or on a developer's own machine."""
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


def _origins_of_callbacks(value: Any, info: ValidationInfo) -> Any:
    """Where the storefront signs its users in, it also calls the API from; an empty list lets no browser in."""
    if value is not None:
        return value
    addresses = map(urlsplit, info.data.get("callback_urls", ()))
    return tuple(dict.fromkeys(_as_browsers_send(address) for address in addresses))


def _as_browsers_send(address: SplitResult) -> str:
    """An address's origin: in lower case, without the port that its scheme has anyway."""
    usual = {"http": 80, "https": 443}.get(address.scheme)
    port = "" if address.port in (None, usual) else f":{address.port}"
    return f"{address.scheme}://{address.hostname}{port}"


def _network(value: IPv4Network) -> IPv4Network:
    if not WIDEST_PREFIX <= value.prefixlen <= NARROWEST_PREFIX:
        raise ValueError(
            f"expected a /{WIDEST_PREFIX} to a /{NARROWEST_PREFIX}: the subnets need 4096 addresses, and "
            "use 65536 at most"
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


def _profile_of(name: str, protect: bool | None, always_awake: bool) -> Profile:
    profile = PROFILES[name]
    if always_awake:
        profile = replace(profile, quiet_hours=None)
    return profile if protect is None else replace(profile, protect_data=protect)


def _profile_has(info: ValidationInfo, lever: str) -> bool:
    """Whether the chosen profile, where it is good, has this lever set."""
    name = info.data.get("profile_name")
    return bool(name and getattr(_profile_of(name, info.data.get("protect"), always_awake=False), lever))


def _alarm_email(value: str | None, info: ValidationInfo) -> str | None:
    if value is None and _profile_has(info, "protect_data"):
        raise ValueError("is required where data is protected: otherwise nobody receives the alarms")
    return value


def _budget(value: int | None, info: ValidationInfo) -> int | None:
    if value is not None and info.data.get("alarm_email") is None:
        raise ValueError("needs marketplace:alarmEmail: who hears when it is exceeded")
    return value


def _mail_from(value: str | None, info: ValidationInfo) -> str | None:
    if value is None and _profile_has(info, "own_mail"):
        raise ValueError("is required in this profile: the cloud's own sender stops after a few mails a day")
    return value


def _above_review(value: float, info: ValidationInfo) -> float:
    review = info.data.get("fraud_review_from")
    if review is not None and value < review:
        raise ValueError(f"expected at least fraudReviewFrom, which is {review}")
    return value


def _within_the_hold(value: int, info: ValidationInfo) -> int:
    window = info.data.get("return_window_days")
    if window is not None and value + window > LONGEST_HOLD_DAYS:
        raise ValueError(
            f"expected at most {LONGEST_HOLD_DAYS - window}: with a returnWindowDays of {window} a share would be held "
            f"for {value + window} days, and Stripe lets money be held for {LONGEST_HOLD_DAYS} days at most"
        )
    return value


def _domain(value: str | None, info: ValidationInfo) -> str | None:
    """A name under which the chosen cloud can serve the marketplace."""
    if value is not None and not DOMAIN.fullmatch(value):
        raise ValueError("expected a domain in lower case, without https:// and without a path")
    section: CloudSettings | None = info.data.get("cloud_settings")
    if section and (wrong := section.domain_problem(value)):
        raise ValueError(wrong)
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError(f"expected one of {', '.join(sorted(CURRENCIES))}")
    return value


Mail = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Choices = Annotated[dict[str, str], FromJson, AfterValidator(_functions)]
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], FromJson]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], FromJson]


class Settings(BaseModel):
    """All settings of a stack. In the file each is `marketplace:` and its name in camel case."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    layer: Literal["environment", "baseline"] = "environment"
    """`baseline` for what several environments of an account share."""
    baseline: Annotated[str | None, Field(pattern=r"^[^/\s]+/[^/\s]+/[^/\s]+$")] = None
    """`<organization>/<project>/<stack>` of the baseline that the environment stands on; default: a network of its
    own."""
    github_repository: Annotated[str | None, Field(pattern=r"^[\w.-]+/[\w.-]+$")] = None
    """`owner/name` of the repository whose pipeline deploys; default: no pipeline may sign in. Only in a baseline."""
    github_ids: Annotated[str | None, Field(pattern=r"^\d+/\d+$")] = None
    """The numbers of its owner and of itself. Required with it."""
    github_environment: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "production"
    """Environment of GitHub whose jobs may deploy."""
    cloud_settings: CloudSettings
    """What only the chosen cloud has: region, image, account. In the file its settings stand among the others."""
    profile_name: Annotated[str, AfterValidator(_profile), Field(alias="profile")]
    protect: bool | None = None
    """Whether data refuses to be deleted; default: as the profile says. The profile's `keep_backups` still decides what
    a deleted database leaves behind."""
    always_awake: bool = False
    """The order database never sleeps, and work is looked for all the time, also where the profile lets it sleep."""
    engines: Choices = Field(default_factory=dict)
    """Engine id by function id (see docs/providers.md): what the stack expects to be deployed."""
    allow_closed: bool = False
    """Lets an existing customer keep an engine that is closed to new ones."""
    network_cidr: Annotated[IPv4Network, AfterValidator(_network)] = IPv4Network("10.40.0.0/16")

    currency: Annotated[str, AfterValidator(_currency)] = "usd"
    """ISO 4217, lower case, as Stripe writes it: one of `stacks/currencies.py`."""
    commission_basis_points: Annotated[int, Field(ge=0, le=10_000)] = 1_000
    """The marketplace's share of each seller's gross; 100 are one per cent."""
    refund_commission: bool = True
    """Whether the marketplace gives its commission back in proportion with a refund; else the seller bears it whole."""
    return_window_days: Annotated[int, Field(ge=1, le=LONGEST_HOLD_DAYS)] = 14
    """How long a seller's share is held after the delivery."""
    delivery_days: Annotated[
        int, Field(ge=0, le=30), AfterValidator(_within_the_hold), Field(validate_default=True)
    ] = 10
    """When an order whose delivery nobody reports counts as delivered, after it was fulfilled."""
    fraud_review_from: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Probability of fraud from which an order waits for an administrator. See docs/fraud-model.md."""
    fraud_refuse_from: Annotated[float, Field(gt=0, le=1), AfterValidator(_above_review)] = 0.97
    """Probability of fraud from which an order is refused; not below `fraud_review_from`."""
    reservation_ttl_seconds: Annotated[int, Field(ge=60, le=3_600)] = 900
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    callback_urls: Annotated[Addresses, Field(min_length=1)] = ("http://localhost:8000/signed-in",)
    logout_urls: Addresses = ("http://localhost:8000/",)
    allowed_origins: Annotated[
        Origins, BeforeValidator(_origins_of_callbacks), Field(default=None, validate_default=True)
    ]
    """Origins whose pages may call the API from a browser; default: those of the callback URLs."""
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] = 2_000
    burst: Annotated[int, Field(ge=1, le=5_000)] = 4_000
    domain: Annotated[str | None, AfterValidator(_domain), Field(validate_default=True)] = None
    """The marketplace's own name, such as `shop.example.com`; default: one of the cloud's. You point it to the output
    `domain_target` yourself."""
    firewall_counts_only: bool = False
    """The firewall's rules against attacks refuse nothing, and count: for the first days before real customers."""
    alarm_email: Annotated[Mail | None, AfterValidator(_alarm_email), Field(validate_default=True)] = None
    """Who receives the alarms. Required where data is protected."""
    monthly_budget_usd: Annotated[int | None, Field(ge=1), AfterValidator(_budget)] = None
    """What a month may cost, in US dollars: of the stack, and of the whole account in a baseline. Who receives alarms
    hears when most of it is spent, and when the month is forecast to exceed it; nothing is stopped."""
    mail_from: Annotated[Mail | None, AfterValidator(_mail_from), Field(validate_default=True)] = None
    """Address that sign-in mails come from, which the cloud must know as yours. Required in a profile with own mail."""

    @cached_property
    def profile(self) -> Profile:
        """The levers of `marketplace:profile`, with `marketplace:protect` and `marketplace:alwaysAwake`."""
        return _profile_of(self.profile_name, self.protect, self.always_awake)

    @property
    def cloud(self) -> str:
        """`marketplace:cloud`: the id of the cloud that `cloud_settings` are of."""
        return self.cloud_settings.CLOUD

    def environment(self, names: Iterable[str]) -> dict[str, str]:
        """These settings as environment variables: `return_window_days` -> `RETURN_WINDOW_DAYS`."""
        return {name.upper(): str(getattr(self, name)) for name in names}


def load(config: Mapping[str, str], *, stack: str, secret_keys: Iterable[str] = ()) -> Settings:
    """Checks a stack's whole configuration (`namespace:key` -> text); raises `SettingsError`.

    Keys of other namespaces are ignored. The values of `secret_keys` are never repeated.
    """
    problems: dict[str, str] = {}
    section = _section(config.get(CLOUD_KEY), problems)
    common_keys = _keys(Settings, exclude="cloud_settings")
    cloud_keys = _keys(section) if section else {}
    known = common_keys | cloud_keys | {CLOUD_KEY: "cloud"}
    ours = {key: value for key, value in config.items() if key.startswith(f"{NAMESPACE}:") or key in known}
    if section:
        problems |= {key: _unknown(key, known) for key in ours if key not in known}
        problems |= _misspelled(config, cloud_keys)
    hidden = frozenset(secret_keys)
    cloud_settings = _validated(section, cloud_keys, ours, problems, hidden) if section else None
    settings = _validated(Settings, common_keys, ours, problems, hidden, cloud_settings=cloud_settings)
    if section and config.get(LAYER_KEY, "environment") == "environment":
        problems |= {key: "is required" for key in IMAGE_KEYS if key not in config}
    if settings:
        problems |= _of_the_layer(settings)
    if problems or settings is None:
        raise SettingsError(stack, problems)
    return settings


def _of_the_layer(settings: Settings) -> dict[str, str]:
    """Settings that the stack's layer lacks, or has no use for."""
    environment = settings.layer == "environment"
    wrong = {
        "baseline": (
            not environment and settings.baseline is not None,
            "names what an environment stands on; a baseline stands on nothing",
        ),
        "githubRepository": (
            environment and settings.github_repository is not None,
            "the pipeline signs in by the baseline: set it there",
        ),
        "githubIds": (
            (settings.github_repository is None) != (settings.github_ids is None),
            "githubRepository and githubIds come together: GitHub signs with the name or with the numbers",
        ),
    }
    return {f"{NAMESPACE}:{key}": problem for key, (applies, problem) in wrong.items() if applies}


def from_pulumi() -> Settings:
    """The settings of the stack that Pulumi is running."""
    from pulumi.runtime import config as runtime

    given = {**runtime.get_config_env(), **runtime.CONFIG.get()}
    return load(given, stack=pulumi.get_stack(), secret_keys=runtime.get_config_secret_keys_env())


def _section(cloud: str | None, problems: dict[str, str]) -> type[CloudSettings] | None:
    """The settings class of the chosen cloud; what is wrong with the choice goes to `problems`."""
    if cloud is None:
        problems[CLOUD_KEY] = f"is required: one of {', '.join(AVAILABLE)}"
    elif cloud not in CLOUDS:
        problems[CLOUD_KEY] = f"expected one of {', '.join(CLOUDS)}, got {cloud!r}"
    elif cloud not in AVAILABLE:
        problems[CLOUD_KEY] = f"this release has no components for {CLOUDS[cloud].label}; use {', '.join(AVAILABLE)}"
    else:
        return settings_of(cloud)
    return None


def _keys(model: type[BaseModel], *, exclude: str = "") -> dict[str, str]:
    """Field by its full key: `marketplace:returnWindowDays` -> `return_window_days`."""
    keys = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if name != exclude:
            keys[key if ":" in key else f"{NAMESPACE}:{key}"] = name
    return keys


def _validated(
    model: type[M],
    keys: Mapping[str, str],
    given: Mapping[str, str],
    problems: dict[str, str],
    hidden: frozenset[str],
    **more: Any,
) -> M | None:
    """An instance of the values given for its keys; each mistake goes to `problems` instead."""
    values = {name: given[key] for key, name in keys.items() if key in given}
    try:
        return model.model_validate(values | more, by_name=True, by_alias=False)
    except ValidationError as wrong:
        key_of = {name: key for key, name in keys.items()}
        for error in wrong.errors():
            # The cloud's settings have no key as a whole: what is wrong in them was reported by each.
            if key := key_of.get(str(error["loc"][0])):
                problems[key] = _message(error, repeat=key not in hidden)
        return None


def _misspelled(config: Mapping[str, str], cloud_keys: Iterable[str]) -> dict[str, str]:
    """Keys that look like one in the cloud's own namespace. What else is there is for the cloud's provider."""
    foreign = [key for key in cloud_keys if not key.startswith(f"{NAMESPACE}:")]
    return {
        key: f"unknown key; did you mean {near[0]}?"
        for key in config
        if key not in foreign and (near := difflib.get_close_matches(key, foreign, n=1, cutoff=0.85))
    }


def _unknown(key: str, known: Iterable[str]) -> str:
    # Without the namespace, which all keys share and which would make any two look alike.
    names = {name.partition(":")[2].lower(): name for name in known}
    near = difflib.get_close_matches(key.partition(":")[2].lower(), names, n=1, cutoff=0.7)
    return f"unknown key; did you mean {names[near[0]]}?" if near else "unknown key"


def _message(error: Any, *, repeat: bool) -> str:
    """Pydantic's message in one line, with what was given."""
    if error["type"] == "missing":
        return "is required"
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{message}, got {error['input']!r}" if repeat and error["input"] not in (None, ()) else message
