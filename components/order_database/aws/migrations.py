"""Migrations on AWS: a Lambda and its invocations."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.image_function import ImageFunction
from components.aws.signal import Watched
from components.link import Access, Target, administers
from components.network.aws import Network
from components.order_database.migrations import Migrations as MigrationsContract
from components.order_database.migrations import MigrationsArgs, digest
from components.secrets_management.aws import Secrets


class Migrations(MigrationsContract, Watched):
    """Creates the Lambda and one invocation for the schema; `create_user` adds one for each user.

    Each invocation is a resource: it runs when it is created and again with another image, migration or database, and a
    failure stops the deployment before the new code of any workload starts. The image is what carries the migrations,
    so the function compares the digests and fails when the image is older than this checkout.

    Deleting invokes nothing, so a destroy needs no function that still runs and no database that still answers. A
    workload that is removed loses what it signed in by: its role with `rds-db:connect`, and its way through the
    network. Its database user has no password, and stays without a way in.
    """

    def __init__(
        self,
        foundation: AwsFoundation,
        args: MigrationsArgs,
        *,
        database: Target,
        database_id: pulumi.Input[str],
        network: Network,
        secrets: Secrets,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`database_id` changes when the database is replaced, so that the migrations run again."""
        links = [administers(database)]
        super().__init__(args.workload.name, foundation, function=args.workload.function, links=links, opts=opts)
        body = ImageFunction(
            self,
            foundation,
            workload=args.workload,
            image=args.image,
            network=network,
            secrets=secrets,
            environment=args.environment,
            links=links,
            seldom=True,
        )
        self._function = body.function
        self._schema = digest(args.folder)
        self._image = args.image
        self._database_id = database_id
        self._migrated = aws.lambda_.Invocation(
            self.name,
            function_name=self._function.name,
            input=self._event({}),
            triggers={"image": self._image, "schema": self._schema},
            opts=self.child(),
        )
        self.signals = body.signals
        self.register_outputs({"schema": self._schema})

    def create_user(self, user: str, access: Access) -> pulumi.Resource:
        """Creates a workload's database user, once the schema is there. It must exist before the workload signs in."""
        invocation: pulumi.Resource = aws.lambda_.Invocation(
            f"{self.name}-{user}",
            function_name=self._function.name,
            input=self._event({user: access.value}),
            # In a stack of an earlier release the old invocation takes the access away when it is replaced, so it goes
            # before the new one gives it again.
            opts=self.child(depends_on=[self._migrated], delete_before_replace=True),
        )
        return invocation

    def _event(self, roles: dict[str, str]) -> pulumi.Output[str]:
        """The function reads `schema` and `roles`. The rest makes the event differ for another image or database."""
        return pulumi.Output.json_dumps(
            {"database": self._database_id, "image": self._image, "roles": roles, "schema": self._schema}
        )
