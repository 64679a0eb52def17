"""The public keys with which the identity provider signs tokens, read again as it rotates them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, Final

import jwt

from services.http.problems import HttpError

ALGORITHM: Final = "RS256"
READ_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = 1.0
LIFETIME_SECONDS: Final = 300.0
_log = logging.getLogger(__name__)


class KeysUnavailable(HttpError):
    """The identity provider's keys cannot be read, and the token is signed with a key that is not known yet."""

    status = 503
    code = "signing-keys-unavailable"
    title = "Tokens cannot be verified right now"
    headers: ClassVar[Mapping[str, str]] = {"retry-after": "1"}

    def __init__(self) -> None:
        super().__init__("The identity provider's keys cannot be read. The token was not judged. Try again.")


class SigningKeys:
    """The keys by their id.

    They are read when a token names a key that is not known, but at most once per `PAUSE_SECONDS`: forged tokens
    cannot make this process call the provider more often. After `LIFETIME_SECONDS` they are read again in the
    background, so that a withdrawn key is no longer accepted. While the provider is away the known keys stay.

    PyJWT reads and parses the keys. Its own cache is not used: it blocks the event loop, forgets known keys when they
    expire while the provider is away, and reads again for each forged token then.
    """

    def __init__(self, url: str, read: Callable[[], Sequence[jwt.PyJWK]] | None = None) -> None:
        self._read = read or jwt.PyJWKClient(url, cache_jwk_set=False, timeout=READ_SECONDS).get_signing_keys
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        # A thread of its own: a provider that hangs must not use up the threads in which the stores are called.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="signing-keys")

    async def check(self) -> None:
        """Raises KeysUnavailable when no keys are known and none can be read."""
        if not self._keys:
            await self._renewed()

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """The key, or None when the provider has no such key. Raises KeysUnavailable when the keys cannot be read."""
        if not self.still_valid(key_id):
            await self._renewed()
        return self._keys.get(key_id)

    def still_valid(self, key_id: str) -> bool:
        """Whether the key has not been withdrawn, as of the last time the keys were read."""
        if time.monotonic() - self._read_at >= LIFETIME_SECONDS:
            self._renew()
        return key_id in self._keys

    async def _renewed(self) -> None:
        reading = self._renew()
        if reading is not None:
            # Shared by all who wait: a client that hangs up must not cancel it.
            await asyncio.shield(reading)
        if self._read_at < self._tried_at:
            raise KeysUnavailable

    def _renew(self) -> asyncio.Task[None] | None:
        """The reading that runs, or a new one; None when the last one was less than `PAUSE_SECONDS` ago."""
        if self._reading is None or self._reading.done():
            if time.monotonic() - self._tried_at < PAUSE_SECONDS:
                return None
            self._tried_at = time.monotonic()
            self._reading = asyncio.create_task(self._read_all())
        return self._reading

    async def _read_all(self) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                keys = await asyncio.get_running_loop().run_in_executor(self._thread, self._read)
        except Exception as error:  # whatever the provider answers instead of keys, they are not available
            _log.error("the signing keys could not be read", extra={"error": repr(error)})
            return
        self._keys = {key.key_id: key for key in keys if key.key_id and key.algorithm_name == ALGORITHM}
        self._read_at = time.monotonic()
