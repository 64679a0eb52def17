"""People who use the marketplace: they sign in at the user pool and speak HTTP to the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from toolkit.errors import ToolkitError

PASSWORD: Final = "Demo-Passw0rd!-on-this-machine"  # noqa: S105 - of the demo users of an emulator on loopback


@dataclass(frozen=True, kw_only=True)
class UserPool:
    """Where people sign in."""

    id: str
    client_id: str


class Visitor:
    """A browser, with a token once its user is signed in."""

    def __init__(self, gateway_url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=gateway_url, headers=headers, timeout=30.0, trust_env=False)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **parameters: str) -> Any:
        """The JSON of a page; a refusal is a `ToolkitError` with the problem's own words."""
        return self._answer(self._http.get(path, params=parameters))

    def answers(self, path: str) -> bool:
        """Whether a page is there now: an engine may still be on its way."""
        return self._http.get(path).is_success

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._answer(self._http.put(path, json=body))

    def post(self, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        return self._answer(self._http.post(path, json=body, headers=headers))

    def delete(self, path: str) -> None:
        self._answer(self._http.delete(path))

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        if response.is_success:
            return response.json() if response.content else None
        request = response.request
        raise ToolkitError(
            f"{request.method} {request.url.path} was answered {response.status_code}: {response.text[:500]}",
            next_step="see `marketplace logs` of the gateway and of the service behind it",
        )


def sign_in(cognito: Any, pool: UserPool, email: str, *, group: str | None = None) -> str:
    """A real token for a demo user, who is signed up first if the pool does not know them.

    `cognito` is a boto3 client: an administrator signs the user up and in, which needs no mailbox.
    """
    try:
        cognito.admin_get_user(UserPoolId=pool.id, Username=email)
    except cognito.exceptions.UserNotFoundException:
        attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(
            UserPoolId=pool.id, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS"
        )
        cognito.admin_set_user_password(UserPoolId=pool.id, Username=email, Password=PASSWORD, Permanent=True)
    if group is not None:
        cognito.admin_add_user_to_group(UserPoolId=pool.id, Username=email, GroupName=group)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=pool.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
    )
    return str(answer["AuthenticationResult"]["AccessToken"])
