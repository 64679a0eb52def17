"""What the application takes from the cloud it runs on. A cloud is one module that implements `Cloud`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, Protocol

from pydantic import AfterValidator

from commerce.errors import MarketplaceError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from commerce.adapters.edge_settings import EdgeSettings
    from commerce.adapters.postgres.settings import DatabaseSettings
    from commerce.adapters.redis.settings import CacheSettings
    from commerce.ports import (
        CheckoutFlow,
        CredentialsSource,
        DeadLetters,
        EdgeKeys,
        EventBus,
        Files,
        FraudScorer,
        PasswordSource,
        Products,
        Rankings,
        RequestSigner,
        Secrets,
    )
    from commerce.ports.mail import Directory, Mailer

CLOUDS: Final[Mapping[str, str]] = {"aws": "commerce.adapters.aws.cloud"}
"""The module of each cloud. Its constant `CLOUD` is imported when the cloud is chosen, and its SDK with it."""


class Cloud(Protocol):
    """The adapters of one cloud. Nothing connects before it is used."""

    @property
    def outages(self) -> tuple[type[Exception], ...]:
        """The errors by which the cloud's SDK says that a service cannot be reached."""
        ...

    @property
    def database_sign_in_role(self) -> str | None:
        """The database role whose members sign in with the cloud's identities; None where the cloud makes the users."""
        ...

    def database_password(self, settings: DatabaseSettings) -> PasswordSource:
        """Passwords for the order database, made from the process's own identity."""
        ...

    def cache_credentials(self, settings: CacheSettings) -> CredentialsSource:
        """Credentials for the cart cache, made from the process's own identity."""
        ...

    def products(self, collection: str) -> Products:
        """The products in the collection of this name."""
        ...

    def files(self, store: str) -> Files:
        """The files in the store of this name."""
        ...

    def fraud_scorer(self, scorer_id: str) -> FraudScorer: ...

    def learned_rankings(self, own: Rankings, *, views: str, model: str | None) -> Rankings:
        """Rankings of the cloud's own learner, which is told views by the id `views`, over `own`."""
        ...

    def dead_letters(self, queue: str) -> DeadLetters:
        """The queue with this address or name, where what cannot be handled is kept."""
        ...

    def search_signer(self, service: str) -> RequestSigner:
        """Signs requests to the search engine, which `service` calls by its name, with the process's own identity."""
        ...

    def checkout_flow(self, flow_id: str) -> CheckoutFlow: ...

    def event_bus(self, topic: str) -> EventBus:
        """The bus that `topic` names."""
        ...

    def mailer(self, sender: str, profile: str) -> Mailer:
        """Mail from the address `sender`, in the way that `profile` names."""
        ...

    def directory(self, directory_id: str) -> Directory: ...

    def secrets(self) -> Secrets: ...

    def span_exporter(self, collector: str | None = None) -> SpanExporter:
        """Hands traces to the cloud: to the `collector` (host:port) beside the process, else to the service itself."""
        ...

    def edge_keys(self, settings: EdgeSettings) -> EdgeKeys:
        """The key that the edge sends to the services."""
        ...


class UnknownCloud(MarketplaceError):
    """CLOUD names a cloud that there are no adapters for."""

    code = "unknown-cloud"
    title = "There are no adapters for this cloud"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no cloud {name!r}. Set CLOUD to one of: {', '.join(CLOUDS)}.", cloud=name)


def load(name: str) -> Cloud:
    """The cloud called `name`. Raises UnknownCloud."""
    cloud: Cloud = importlib.import_module(CLOUDS[_known(name)]).CLOUD
    return cloud


def _known(name: str) -> str:
    if name not in CLOUDS:
        raise UnknownCloud(name)
    return name


def _valid(name: str) -> str:
    try:
        return _known(name)
    except UnknownCloud as unknown:
        raise ValueError(unknown.detail) from unknown


CloudName = Annotated[str, AfterValidator(_valid)]
"""The setting CLOUD."""
