"""User pools, their app clients, groups and domains."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request

USER_POOL_NAMES = {
    "name": "PoolName",
    "passwordPolicy": "Policies.PasswordPolicy",
    "schemas": "Schema",
    "tags": "UserPoolTags",
}
CLIENT_NAMES = {"name": "ClientName", "generateSecret": "GenerateSecret"}


class UserPool(Emulator):
    """`aws:cognito/userPool:UserPool`; its id is the pool id."""

    type: ClassVar[str] = "aws:cognito/userPool:UserPool"
    replace_on: ClassVar[frozenset[str]] = frozenset({"usernameAttributes", "usernameConfiguration", "aliasAttributes"})

    def create(self, inputs: Properties) -> Created:
        cognito = self.backends.boto("cognito-idp")
        arguments = request(cognito, "CreateUserPool", inputs, rename=USER_POOL_NAMES)
        pool = cognito.create_user_pool(**arguments)["UserPool"]
        self._require_mfa(pool["Id"], inputs)
        endpoint = f"cognito-idp.{self.region_of(inputs)}.amazonaws.com/{pool['Id']}"
        return Created(id=pool["Id"], outputs={"arn": pool["Arn"], "endpoint": endpoint})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("cognito-idp").describe_user_pool(UserPoolId=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        cognito = self.backends.boto("cognito-idp")
        names = {key: path for key, path in USER_POOL_NAMES.items() if key not in {"schemas", "name"}}
        cognito.update_user_pool(UserPoolId=id, **request(cognito, "UpdateUserPool", inputs, rename=names))
        self._require_mfa(id, inputs)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("cognito-idp").delete_user_pool(UserPoolId=id)

    def _require_mfa(self, pool_id: str, inputs: Properties) -> None:
        software_token = inputs.get("softwareTokenMfaConfiguration")
        if software_token and inputs.get("mfaConfiguration", "OFF") != "OFF":
            self.backends.boto("cognito-idp").set_user_pool_mfa_config(
                UserPoolId=pool_id,
                SoftwareTokenMfaConfiguration={"Enabled": bool(software_token.get("enabled"))},
                MfaConfiguration=inputs["mfaConfiguration"],
            )


class UserPoolClient(Emulator):
    """`aws:cognito/userPoolClient:UserPoolClient`; its id is the client id, the audience of the tokens."""

    type: ClassVar[str] = "aws:cognito/userPoolClient:UserPoolClient"
    replace_on: ClassVar[frozenset[str]] = frozenset({"userPoolId", "generateSecret"})

    def create(self, inputs: Properties) -> Created:
        cognito = self.backends.boto("cognito-idp")
        arguments = request(cognito, "CreateUserPoolClient", inputs, rename=CLIENT_NAMES)
        client = cognito.create_user_pool_client(**arguments)["UserPoolClient"]
        return Created(id=client["ClientId"], outputs={"clientSecret": client.get("ClientSecret", "")})

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("cognito-idp").describe_user_pool_client(UserPoolId=outputs["userPoolId"], ClientId=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        cognito = self.backends.boto("cognito-idp")
        arguments = request(cognito, "UpdateUserPoolClient", inputs, rename={"name": "ClientName"})
        cognito.update_user_pool_client(ClientId=id, **arguments)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("cognito-idp").delete_user_pool_client(UserPoolId=outputs["userPoolId"], ClientId=id)


class UserGroup(Emulator):
    """`aws:cognito/userGroup:UserGroup`; its id is `<pool>/<group>`."""

    type: ClassVar[str] = "aws:cognito/userGroup:UserGroup"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "userPoolId"})

    def create(self, inputs: Properties) -> Created:
        cognito = self.backends.boto("cognito-idp")
        cognito.create_group(**request(cognito, "CreateGroup", inputs, rename={"name": "GroupName"}))
        return Created(id=f"{inputs['userPoolId']}/{inputs['name']}")

    def exists(self, id: str, outputs: Properties) -> bool:
        pool_id, name = id.split("/", 1)
        self.backends.boto("cognito-idp").get_group(UserPoolId=pool_id, GroupName=name)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        cognito = self.backends.boto("cognito-idp")
        cognito.update_group(**request(cognito, "UpdateGroup", inputs, rename={"name": "GroupName"}))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        pool_id, name = id.split("/", 1)
        self.backends.boto("cognito-idp").delete_group(UserPoolId=pool_id, GroupName=name)


class UserPoolDomain(Emulator):
    """`aws:cognito/userPoolDomain:UserPoolDomain`; its id is the domain."""

    type: ClassVar[str] = "aws:cognito/userPoolDomain:UserPoolDomain"
    replace_on: ClassVar[frozenset[str]] = frozenset({"domain", "userPoolId"})

    def create(self, inputs: Properties) -> Created:
        cognito = self.backends.boto("cognito-idp")
        cognito.create_user_pool_domain(**request(cognito, "CreateUserPoolDomain", inputs))
        return Created(id=inputs["domain"])

    def exists(self, id: str, outputs: Properties) -> bool:
        answer = self.backends.boto("cognito-idp").describe_user_pool_domain(Domain=id)
        return bool(answer["DomainDescription"])

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("cognito-idp").delete_user_pool_domain(Domain=id, UserPoolId=outputs["userPoolId"])


class ResourceServer(Emulator):
    """`aws:cognito/resourceServer:ResourceServer`; its id is `<pool>|<identifier>`."""

    type: ClassVar[str] = "aws:cognito/resourceServer:ResourceServer"
    replace_on: ClassVar[frozenset[str]] = frozenset({"identifier", "userPoolId"})

    def create(self, inputs: Properties) -> Created:
        cognito = self.backends.boto("cognito-idp")
        cognito.create_resource_server(**request(cognito, "CreateResourceServer", inputs))
        scopes = [f"{inputs['identifier']}/{scope['scopeName']}" for scope in inputs.get("scopes") or ()]
        return Created(id=f"{inputs['userPoolId']}|{inputs['identifier']}", outputs={"scopeIdentifiers": scopes})

    def exists(self, id: str, outputs: Properties) -> bool:
        pool_id, identifier = id.split("|", 1)
        self.backends.boto("cognito-idp").describe_resource_server(UserPoolId=pool_id, Identifier=identifier)
        return True

    def delete(self, id: str, outputs: Properties) -> None:
        """It goes with its pool: the emulator has no call that deletes one."""
