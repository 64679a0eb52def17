"""The account's own switches on AWS, for one region and, where they have none, for the whole account."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.account import Account as AccountContract
from components.account import AccountArgs
from components.aws.budget import budget
from components.aws.foundation import AwsFoundation


class Account(AccountContract):
    """Creates no resource that costs anything: no bucket can be made public, disks are encrypted, and nobody gives an
    ECS resource tags, which policies look at, without the right to.

    Two stacks that set these for one account undo each other's destroy, so that a baseline has them and nothing else.
    """

    def __init__(
        self, name: str, foundation: AwsFoundation, args: AccountArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        aws.s3.AccountPublicAccessBlock(
            name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            # Deleting it would open buckets of stacks that know nothing of this one.
            opts=self.guarded(retain_on_delete=True),
        )
        aws.ebs.EncryptionByDefault(name, enabled=True, opts=self.guarded(retain_on_delete=True))
        aws.ecs.AccountSettingDefault(f"{name}-tags", name="tagResourceAuthorization", value="on", opts=self.child())
        if args.monthly_budget_usd and args.email:
            budget(self, foundation, monthly_usd=args.monthly_budget_usd, email=args.email, whole_account=True)
        self.register_outputs({})
