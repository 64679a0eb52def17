"""The whole state of moto in one file: written while it serves, read at the next start."""

from __future__ import annotations

import copyreg
import functools
import importlib
import io
import logging
import marshal
import os
import pickle
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import moto
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from moto.core.base_backend import AccountSpecificBackend, BackendDict

from toolkit.errors import ToolkitError
from toolkit.local.cloud.moto.step_functions import Interrupted, NoHistory, take_interrupted

ATTEMPTS = 20
EXECUTIONS = "moto.stepfunctions.parser.backend.execution"
LOCK = type(threading.Lock())
REENTRANT_LOCK = type(threading.RLock())

log = logging.getLogger(__name__)


class Snapshot:
    """A file that holds every backend of moto."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def save(self) -> bool:
        """Replaces the file at once; a state that changes while it is read is read again. False: not this time."""
        for attempt in range(ATTEMPTS):
            try:
                content = _dump(_backends())
                break
            except RuntimeError:  # a dictionary changed its size during iteration
                if attempt == ATTEMPTS - 1:
                    log.warning("no snapshot this time: the state changes faster than it can be read")
                    return False
            except Exception:  # moto must go on serving
                log.exception("no snapshot: moto holds something that cannot be written down")
                return False
        part = self._file.with_suffix(".part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            output.write(content)
        part.replace(self._file)
        return True

    def restore(self) -> list[Interrupted]:
        """Puts back what was saved, but for the executions that were running: those it returns."""
        interrupted: list[Interrupted] = []
        if not self._file.exists():
            return interrupted
        try:
            with self._file.open("rb") as content:
                saved = pickle.load(content)  # noqa: S301 - our own file, readable by its owner alone
            if saved["moto"] != moto.__version__:
                raise ValueError(f"written by moto {saved['moto']}, this is moto {moto.__version__}")
            for (module, name), accounts in saved["backends"].items():
                services = _backend_dict(module, name)
                for (account, region), backend in accounts.items():
                    dict.__setitem__(services[account], region, backend)
                    interrupted += take_interrupted(backend)
        except Exception as failure:
            raise ToolkitError(
                f"the AWS state in {self._file} cannot be read: {failure}",
                next_step="discard the state of this machine with `marketplace down --purge`, then start again",
            ) from failure
        return interrupted


class _Pickler(pickle.Pickler):
    """Pickles what moto keeps in memory and pickle refuses: keys, locks, live executions."""

    def reducer_override(self, value: Any) -> Any:
        # Called for every object of the state, so the choice is made once for each type.
        kind: Any = type(value)
        reduce = _reducer(kind)
        return NotImplemented if reduce is None else reduce(value)


@functools.cache
def _reducer(kind: type) -> Callable[[Any], Any] | None:
    """How values of a type are reduced, `None` where pickle knows that."""
    if kind is defaultdict:
        return None
    if kind.__module__ == EXECUTIONS:
        return _reduced_execution
    return next((reduce for family, reduce in _REDUCERS if issubclass(kind, family)), None)


def _reduced_key(key: RSAPrivateKey | EllipticCurvePrivateKey) -> Any:
    return _private_key, (key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),)


def _reduced_function(function: FunctionType) -> Any:
    """One inside a function has no name to be found by."""
    if "<locals>" not in function.__qualname__ or function.__closure__ is not None:
        return NotImplemented
    return _function, (marshal.dumps(function.__code__), function.__module__)


def _reduced_defaultdict(mapping: Any) -> Any:
    """A subclass, whose constructor needs more than a factory."""
    state = (vars(mapping), {"default_factory": mapping.default_factory})
    return copyreg.__newobj__, (type(mapping),), state, None, iter(list(mapping.items()))  # type: ignore[attr-defined]


def _reduced_execution(execution: Any) -> Any:
    """The interpreter's threads end with the process."""
    return object.__new__, (type(execution),), vars(execution) | {"exec_worker": NoHistory()}


_REDUCERS: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (RSAPrivateKey, _reduced_key),
    (EllipticCurvePrivateKey, _reduced_key),
    (threading.Condition, lambda _: (threading.Condition, ())),
    (REENTRANT_LOCK, lambda _: (threading.RLock, ())),
    (LOCK, lambda _: (threading.Lock, ())),
    (FunctionType, _reduced_function),
    (defaultdict, _reduced_defaultdict),
    (weakref.WeakValueDictionary, lambda mapping: (weakref.WeakValueDictionary, (dict(mapping),))),
    (BackendDict, lambda services: (_backend_dict, (services.backend.__module__, services.backend.__qualname__))),
    (
        AccountSpecificBackend,
        lambda one: (_account, (one.backend.__module__, one.backend.__qualname__, one.account_id)),
    ),
)


def _dump(backends: dict[Any, Any]) -> bytes:
    output = io.BytesIO()
    _Pickler(output, protocol=5).dump({"moto": moto.__version__, "backends": backends})
    return output.getvalue()


def _backends() -> dict[tuple[str, str], dict[tuple[str, str], Any]]:
    return {
        (services.backend.__module__, services.backend.__qualname__): {
            (account, region): backend
            for account, regions in list(services.items())
            for region, backend in list(regions.items())
        }
        for services in list(BackendDict._instances)
    }


def _backend_dict(module: str, backend: str) -> Any:
    """The registry in which moto looks a service's backends up, found by the class of the backends."""
    for value in vars(importlib.import_module(module)).values():
        if isinstance(value, BackendDict) and value.backend.__qualname__ == backend:
            return value
    raise LookupError(f"moto has no registry of {backend} in {module}")


def _private_key(pem: bytes) -> Any:
    return load_pem_private_key(pem, None)


def _function(code: bytes, module: str) -> FunctionType:
    """A function inside a function, such as the factory of a `defaultdict`."""
    return FunctionType(marshal.loads(code), vars(importlib.import_module(module)))  # noqa: S302 - our own file


def _account(module: str, backend: str, account: str) -> Any:
    return _backend_dict(module, backend)[account]
