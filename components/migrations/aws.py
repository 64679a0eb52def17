"""Migrations on AWS: a Lambda and its invocations."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.image_function import ImageFunction
from components.aws.narrow import on_aws
from components.aws.signal import Watched
from components.link import Access, administers
from components.migrations import Migrations as MigrationsContract
from components.migrations import MigrationsArgs, digest
from components.network.aws import Network
from components.secrets_management.aws import Secrets


class Migrations(MigrationsContract, Watched):
    """Creates the Lambda and one invocation for the schema; `admit` adds one for each user.

    Each invocation is a resource: it runs when it is created and again when a migration is added, and a failure
    stops the deployment before the new code of any workload starts.
    """

    ENGINE = "lambda"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: MigrationsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        links = [administers(args.database)]
        super().__init__(name, foundation, function=args.workload.function, links=links, opts=opts)
        body = ImageFunction(
            self,
            foundation,
            workload=args.workload,
            image=args.image,
            network=on_aws(args.network, Network),
            secrets=on_aws(args.secrets, Secrets),
            environment=args.environment,
            links=links,
        )
        self._function = body.function
        self._schema = digest(args.folder)
        self._migrated = self._invoke(name, {}, after=[])
        args.database.admits = self
        self.signals = body.signals
        self.register_outputs({"schema": self._schema})

    def admit(self, user: str, access: Access) -> Sequence[pulumi.Resource]:
        """Creates the database user of a workload, after the schema is there."""
        return [self._invoke(f"{self.name}-{user}", {user: access.value}, after=[self._migrated])]

    def _invoke(self, name: str, roles: dict[str, str], after: list[pulumi.Resource]) -> aws.lambda_.Invocation:
        return aws.lambda_.Invocation(
            name,
            function_name=self._function.name,
            input=json.dumps({"schema": self._schema, "roles": roles}, sort_keys=True),
            triggers={"schema": self._schema},
            opts=self.child(depends_on=after),
        )
