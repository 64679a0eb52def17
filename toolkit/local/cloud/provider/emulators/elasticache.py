"""ElastiCache as the real Redis or Valkey of this machine, with the plan's users as its ACL users."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from toolkit.engine.provider import Created, Properties, ProviderError
from toolkit.local.cloud.provider.emulator import ACCOUNT, Emulator

HOST = "127.0.0.1"
KEY_PERMISSION = re.compile(r"^%(?:R|W|RW|WR)~")


class ReplicationGroup(Emulator):
    """`aws:elasticache/replicationGroup:ReplicationGroup`: the server on this machine."""

    type: ClassVar[str] = "aws:elasticache/replicationGroup:ReplicationGroup"
    decided_by_server: ClassVar[frozenset[str]] = frozenset({"port"})
    replace_on: ClassVar[frozenset[str]] = frozenset(
        {"replicationGroupId", "subnetGroupName", "atRestEncryptionEnabled", "kmsKeyId", "dataTieringEnabled"}
    )

    def create(self, inputs: Properties) -> Created:
        identifier = inputs["replicationGroupId"]
        return Created(
            id=identifier,
            outputs={
                "arn": f"arn:aws:elasticache:{self.region_of(inputs)}:{ACCOUNT}:replicationgroup:{identifier}",
                "primaryEndpointAddress": HOST,
                "readerEndpointAddress": HOST,
                "configurationEndpointAddress": HOST,
                "port": self.backends.redis.port,
            },
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        return bool(self._redis().ping())

    def delete(self, id: str, outputs: Properties) -> None:
        self._redis().flushall()

    def _redis(self) -> Any:
        return client(self.backends.redis.url)


class ServerlessCache(Emulator):
    """`aws:elasticache/serverlessCache:ServerlessCache`: the server on this machine."""

    type: ClassVar[str] = "aws:elasticache/serverlessCache:ServerlessCache"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "engine", "kmsKeyId", "subnetIds"})

    def create(self, inputs: Properties) -> Created:
        endpoint = {"address": HOST, "port": self.backends.redis.port}
        return Created(
            id=inputs["name"],
            outputs={
                "arn": f"arn:aws:elasticache:{self.region_of(inputs)}:{ACCOUNT}:serverlesscache:{inputs['name']}",
                "endpoints": [endpoint],
                "readerEndpoints": [endpoint],
                "status": "available",
            },
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        return bool(client(self.backends.redis.url).ping())

    def delete(self, id: str, outputs: Properties) -> None:
        client(self.backends.redis.url).flushall()


class User(Emulator):
    """`aws:elasticache/user:User`: an ACL user with the plan's access string.

    It needs neither the password nor the IAM token of AWS: the server listens on loopback only.
    """

    type: ClassVar[str] = "aws:elasticache/user:User"
    replace_on: ClassVar[frozenset[str]] = frozenset({"userId", "userName"})

    def create(self, inputs: Properties) -> Created:
        self._grant(inputs)
        arn = f"arn:aws:elasticache:{self.region_of(inputs)}:{ACCOUNT}:user:{inputs['userId']}"
        return Created(id=inputs["userId"], outputs={"arn": arn})

    def exists(self, id: str, outputs: Properties) -> bool:
        return outputs["userName"] in client(self.backends.redis.url).acl_users()

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._grant(inputs)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        if outputs["userName"] != "default":
            redis = client(self.backends.redis.url)
            redis.execute_command("ACL", "DELUSER", outputs["userName"])
            redis.execute_command("ACL", "SAVE")

    def _grant(self, inputs: Properties) -> None:
        name = str(inputs["userName"])
        if name == "default":
            return  # the plan disables it; on this machine it is the administrator's own
        redis = client(self.backends.redis.url)
        rules = str(inputs["accessString"]).split()
        try:
            redis.execute_command("ACL", "SETUSER", name, "reset", "nopass", *rules)
        except Exception as error:
            # Servers before Redis 7 know no read or write permission per key pattern: they get the whole pattern.
            older = [KEY_PERMISSION.sub("~", rule) for rule in rules]
            if older == rules:
                raise ProviderError(f"Redis refused the access string of {name!r}: {error}") from error
            redis.execute_command("ACL", "SETUSER", name, "reset", "nopass", *older)
        redis.execute_command("ACL", "SAVE")


def client(url: str) -> Any:
    """The administrator's connection."""
    import redis

    return redis.Redis.from_url(url, decode_responses=True)
