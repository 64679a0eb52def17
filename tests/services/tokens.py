"""What arrives at a service from a signed-in user."""

from __future__ import annotations

import base64
import json


def signed_in(user_id: str, *groups: str) -> dict[str, str]:
    """The headers behind the gateway: the user that it verified, and the token that the client sent."""
    return {"x-user-id": user_id, "authorization": bearer(sub=user_id, **{"cognito:groups": list(groups)})}


def bearer(**claims: object) -> str:
    parts = ({"alg": "RS256"}, claims)
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"Bearer {'.'.join(encoded)}.signature"
