"""Secrets, their values and their resource policies."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request


class Secret(Emulator):
    """`aws:secretsmanager/secret:Secret`; its id is the secret's ARN."""

    type: ClassVar[str] = "aws:secretsmanager/secret:Secret"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})

    def create(self, inputs: Properties) -> Created:
        client = self.backends.boto("secretsmanager")
        answer = client.create_secret(**request(client, "CreateSecret", inputs))
        return Created(id=answer["ARN"], outputs={"arn": answer["ARN"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        return "DeletedDate" not in self.backends.boto("secretsmanager").describe_secret(SecretId=id)

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        client = self.backends.boto("secretsmanager")
        client.update_secret(SecretId=id, **request(client, "UpdateSecret", inputs))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("secretsmanager").delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)


class SecretVersion(Emulator):
    """`aws:secretsmanager/secretVersion:SecretVersion`: one value of a secret."""

    type: ClassVar[str] = "aws:secretsmanager/secretVersion:SecretVersion"
    replace_on: ClassVar[frozenset[str]] = frozenset({"secretId", "secretString", "secretBinary"})

    def create(self, inputs: Properties) -> Created:
        client = self.backends.boto("secretsmanager")
        answer = client.put_secret_value(**request(client, "PutSecretValue", inputs))
        version = answer["VersionId"]
        return Created(id=f"{answer['ARN']}|{version}", outputs={"arn": answer["ARN"], "versionId": version})

    def exists(self, id: str, outputs: Properties) -> bool:
        arn, version = id.rsplit("|", 1)
        versions = self.backends.boto("secretsmanager").describe_secret(SecretId=arn)["VersionIdsToStages"]
        return version in versions

    def delete(self, id: str, outputs: Properties) -> None:
        """A version goes with its secret: Secrets Manager has no call that deletes one."""


class SecretPolicy(Emulator):
    """`aws:secretsmanager/secretPolicy:SecretPolicy`."""

    type: ClassVar[str] = "aws:secretsmanager/secretPolicy:SecretPolicy"
    replace_on: ClassVar[frozenset[str]] = frozenset({"secretArn"})

    def create(self, inputs: Properties) -> Created:
        self._put(inputs["secretArn"], inputs["policy"])
        return Created(id=inputs["secretArn"])

    def exists(self, id: str, outputs: Properties) -> bool:
        return bool(self.backends.boto("secretsmanager").get_resource_policy(SecretId=id).get("ResourcePolicy"))

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._put(id, inputs["policy"])
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("secretsmanager").delete_resource_policy(SecretId=id)

    def _put(self, arn: str, policy: str) -> None:
        self.backends.boto("secretsmanager").put_resource_policy(SecretId=arn, ResourcePolicy=policy)
