"""An identity provider: signs access tokens, and publishes its keys over HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://issuer.example/users"
AUDIENCE = "shop"
AUDIENCE_CLAIM = "client_id"
GROUPS_CLAIM = "cognito:groups"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class IdentityProvider:
    """`keys` are published under their ids. `reads` counts how often they were fetched; `away` answers 503."""

    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=lambda: {"first": new_key()})
    reads: int = 0
    away: bool = False
    keys_url: str = ""

    def settings(self) -> dict[str, Any]:
        """The settings of a service that accepts this provider's tokens."""
        return {
            "cloud": "aws",
            "auth_issuer": ISSUER,
            "auth_audience": AUDIENCE,
            "auth_audience_claim": AUDIENCE_CLAIM,
            "auth_keys_url": self.keys_url,
            "auth_groups_claim": GROUPS_CLAIM,
        }

    def token(self, user_id: str, *groups: str, key_id: str | None = None, **claims: Any) -> str:
        """An access token as Cognito writes it; a claim that is given as None is left out."""
        now = int(time.time())
        usual = {
            "sub": user_id,
            "iss": ISSUER,
            AUDIENCE_CLAIM: AUDIENCE,
            "iat": now,
            "exp": now + 3600,
            GROUPS_CLAIM: [*groups],
        }
        chosen = key_id or next(iter(self.keys))
        body = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(body, self.keys[chosen], "RS256", {"kid": chosen})

    def published(self) -> bytes:
        keys = [
            RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": key_id, "alg": "RS256", "use": "sig"}
            for key_id, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()

    @contextmanager
    def serving(self) -> Iterator[IdentityProvider]:
        """Publishes the keys at `keys_url` while the context is open."""
        provider = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.reads += 1
                self.send_response(503 if provider.away else 200)
                self.end_headers()
                self.wfile.write(b"" if provider.away else provider.published())

            def log_message(self, *_: object) -> None:
                return None

        server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self.keys_url = f"http://127.0.0.1:{server.server_port}/keys.json"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


PROVIDER = IdentityProvider()
"""The provider of every test that only needs signed-in users. The fixture `provider` serves its keys."""


def signed_in(user_id: str, *groups: str) -> dict[str, str]:
    """The headers of a signed-in user's request."""
    return bearer(PROVIDER.token(user_id, *groups))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
