"""Short-lived sign-in tokens for the order database and the cart cache: requests signed with the process's own role.

Signing is local and needs no network, but reading the role's credentials may: call these off the event loop.
"""

from __future__ import annotations

from urllib.parse import urlencode

from botocore.model import ServiceId
from botocore.signers import RequestSigner

from commerce.adapters.aws.session import session
from commerce.errors import InvalidRequest

_VALID_SECONDS = 900  # the longest that both services accept


def rds_token(host: str, port: int, user: str) -> str:
    """The password of `user` at an RDS or Aurora endpoint for the next 15 minutes."""
    return _signed("rds-db", f"{host}:{port}", {"Action": "connect", "DBUser": user})


def elasticache_token(cluster: str, user: str) -> str:
    """The password of `user` at the replication group `cluster` for the next 15 minutes."""
    return _signed("elasticache", cluster.lower(), {"Action": "connect", "User": user})


def _signed(service: str, authority: str, query: dict[str, str]) -> str:
    current = session()
    credentials = current.get_credentials()
    if credentials is None or current.region_name is None:
        raise InvalidRequest("Signing in needs AWS credentials and AWS_REGION in the environment.", service=service)
    signer = RequestSigner(ServiceId(service), current.region_name, service, "v4", credentials, current.events)
    url = f"https://{authority}/?{urlencode(query)}"
    token: str = signer.generate_presigned_url(
        {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}},
        operation_name="connect",
        expires_in=_VALID_SECONDS,
        region_name=current.region_name,
    )
    return token.removeprefix("https://")
