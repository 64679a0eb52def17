"""Token buckets."""

from __future__ import annotations

import time

from toolkit.local.gateway.api import Throttle


class TokenBucket:
    """Holds `burst` tokens, regains `rate` per second; a request takes one."""

    def __init__(self, throttle: Throttle) -> None:
        self._rate = throttle.rate
        self._burst = float(throttle.burst)
        self._tokens = self._burst
        self._filled_at = time.monotonic()

    def take(self) -> bool:
        """Whether the request may pass."""
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
