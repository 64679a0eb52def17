"""Any service as an application for a test, wired by the types of its dependencies.

A port is played by its adapter in PostgreSQL where there is one, else by the one in memory; what a service builds of
ports is built of these. So a service that is new is tested with the others, without a word here.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import typing
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from fastapi import FastAPI
from pydantic_core import PydanticUndefined

from commerce.adapters import memory, postgres
from commerce.adapters.memory import MemoryMarket
from commerce.adapters.postgres import DatabaseSettings, connect_pool
from commerce.ports import PaymentGateway
from commerce.seller_accounts import AccountLink, AccountState
from components.workload import Service
from stacks.workloads import SERVICES
from tests.services.tokens import PROVIDER

VALUES: Mapping[str, Any] = {"currency": "usd"}
"""Settings that are no free text."""


class Processor:
    """A payment processor that knows every account, none of them ready."""

    async def create_account(self, *, seller_id: str, country: str, email: str) -> str:
        return f"acct_{seller_id}"

    async def account(self, account_id: str) -> AccountState:
        return AccountState(
            account_id=account_id,
            as_of=datetime.now(UTC),
            transfers="inactive",
            card_payments="inactive",
            payouts_enabled=False,
            details_submitted=False,
        )

    async def account_link(self, account_id: str, *, return_url: str, refresh_url: str) -> AccountLink:
        return AccountLink(url=f"https://processor.example/{account_id}", expires_at=datetime.now(UTC))


def services() -> list[Service]:
    """The services of the stack whose callers sign in."""
    return [service for service in SERVICES if "open" in str(inspect.signature(_creator(service)))]


def application(service: Service, dsn: str | None = None) -> FastAPI:
    """The service's application; without a database it only refuses, with one its lifespan opens all that it needs."""
    create = _creator(service)
    hints = typing.get_type_hints(create)
    settings_type, opener = (hint for name, hint in hints.items() if name != "return")
    settings = _settings(settings_type)
    if dsn is None:
        return typing.cast("FastAPI", create(settings))
    wanted = _dependencies(opener)

    @asynccontextmanager
    async def opened(settings: Any) -> AsyncIterator[Any]:
        pool = await connect_pool(DatabaseSettings.from_dsn(dsn), 1, 4)
        try:
            yield _wired(wanted, settings, pool, {PaymentGateway: Processor(), MemoryMarket: MemoryMarket()})
        finally:
            await pool.close()

    return typing.cast("FastAPI", create(settings, opened))


def _creator(service: Service) -> Callable[..., FastAPI]:
    created: Callable[..., FastAPI] = importlib.import_module(f"{service.module}.app").create_app
    return created


def _settings(wanted: Any) -> Any:
    values: dict[str, Any] = dict(PROVIDER.settings())
    for name, one in wanted.model_fields.items():
        if name not in values and one.default is PydanticUndefined and one.default_factory is None:
            values[name] = VALUES.get(name, 14 if one.annotation is int else "none")
    return wanted(**values)


def _dependencies(opener: Any) -> Any:
    """`Catalog` of `Callable[[CatalogSettings], AbstractAsyncContextManager[Catalog]] | None`."""
    [callable_type] = [one for one in typing.get_args(opener) if one is not type(None)]
    context = typing.get_args(callable_type)[1]
    return typing.get_args(context)[0]


def _wired(wanted: Any, settings: Any, pool: asyncpg.Pool, made: dict[Any, Any]) -> Any:
    """An instance of `wanted`: made before, an adapter of this port, or built of what its constructor takes."""
    if wanted not in made:
        name = getattr(wanted, "__name__", "")
        if hasattr(postgres, f"Postgres{name}"):
            made[wanted] = getattr(postgres, f"Postgres{name}")(pool)
        elif hasattr(memory, f"Memory{name}"):
            made[wanted] = _built(getattr(memory, f"Memory{name}"), settings, pool, made)
        elif name == "CheckoutFlow":
            made[wanted] = memory.MemoryFlow()
        else:
            made[wanted] = _built(wanted, settings, pool, made)
    return made[wanted]


def _built(kind: Any, settings: Any, pool: asyncpg.Pool, made: dict[Any, Any]) -> Any:
    hints = typing.get_type_hints(kind if dataclasses.is_dataclass(kind) else kind.__init__)
    arguments: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.default is not inspect.Parameter.empty or parameter.kind in (
            inspect.Parameter.VAR_POSITIONAL,
            inspect.Parameter.VAR_KEYWORD,
        ):
            continue
        value = _value(name, hints.get(name), settings, pool, made)
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            named[name] = value
        else:
            arguments.append(value)
    return kind(*arguments, **named)


def _value(name: str, hint: Any, settings: Any, pool: asyncpg.Pool, made: dict[Any, Any]) -> Any:
    if name == "checks":
        return {"orders": lambda: pool.execute("SELECT 1")}
    if hasattr(settings, name):
        return getattr(settings, name)
    if hint is timedelta:
        return timedelta(days=14)
    if hint in (str, int):
        return VALUES.get(name, hint())
    return _wired(hint, settings, pool, made)


def operations(app: FastAPI) -> Iterable[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation of the API, without those that watch the process."""
    for path, methods in app.openapi()["paths"].items():
        if path not in ("/healthz", "/readyz"):
            for method, operation in methods.items():
                yield method.upper(), path, operation
