"""An OpenSearch domain inside the network."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.logs import log_group
from components.aws.names import SEARCH_DOMAIN, fitted
from components.aws.peer import Peer
from components.aws.policy import Statement, policy, sid
from components.aws.signal import Signal
from components.aws.sizes import OPENSEARCH_NODES, instances
from components.component import Component
from components.link import Access
from components.network.aws import Network
from components.product_search import ProductSearchEnvironment
from components.secrets_management.aws import Secrets

ENGINE_VERSION: Final = "OpenSearch_3.1"
VOLUME_GIB: Final = 10
"""The least that a node takes: 100,000 products need one of them."""
LOGS: Final = {"application": "ES_APPLICATION_LOGS", "slow": "SEARCH_SLOW_LOGS"}
CREATED_WITHIN: Final = "120m"
"""AWS takes half an hour as a rule, and longer than the provider's own hour now and then."""
SERVICE: Final = "es"

SEARCH: Final = (("es:ESHttpPost", "products/_search"),)
INDEX: Final = (
    *SEARCH,
    ("es:ESHttpPost", "_bulk"),
    ("es:ESHttpPost", "_aliases"),
    ("es:ESHttpGet", "_alias/products*"),
    ("es:ESHttpPut", "_index_template/products"),
    ("es:ESHttpPut", "products-of-*"),
    ("es:ESHttpPost", "products/_refresh"),
)
"""Method and path of every request that the application sends (`commerce/adapters/opensearch`)."""


class SearchDomain:
    """Creates the domain with its security group and logs, as children of `owner`.

    Only roles of this account reach it, each for the paths that its link says, over TLS and from the network.
    """

    def __init__(self, owner: Component, account: AwsFoundation, network: Network, secrets: Secrets) -> None:
        self._name = owner.name
        profile = account.profile
        nodes = instances(profile)
        self._security_group = aws.ec2.SecurityGroup(
            owner.name,
            description=f"OpenSearch of {owner.name}",
            vpc_id=network.vpc_id,
            tags={"Name": f"{account.prefix}-{owner.name}"},
            opts=owner.child(),
        )
        domain_name = fitted(SEARCH_DOMAIN, account.prefix, owner.name)
        logs, publishing = _logs(owner, account, secrets)
        self._domain = aws.opensearch.Domain(
            owner.name,
            domain_name=domain_name,
            engine_version=ENGINE_VERSION,
            cluster_config={
                "instance_type": OPENSEARCH_NODES[profile.search_size],
                "instance_count": nodes,
                "zone_awareness_enabled": nodes > 1,
                "zone_awareness_config": {"availability_zone_count": nodes} if nodes > 1 else None,
            },
            ebs_options={"ebs_enabled": True, "volume_type": "gp3", "volume_size": VOLUME_GIB},
            vpc_options={
                "subnet_ids": network.data_subnet_ids[:nodes],
                "security_group_ids": [self._security_group.id],
            },
            encrypt_at_rest={"enabled": True, "kms_key_id": secrets.key_arn},
            node_to_node_encryption={"enabled": True},
            domain_endpoint_options={
                "enforce_https": True,
                "tls_security_policy": "Policy-Min-TLS-1-2-PFS-2023-10",
            },
            # The account leaves it to its roles' own policies, which name methods and paths.
            access_policies=policy(
                Statement(
                    sid="Account",
                    principal={"AWS": account.root},
                    actions=("es:ESHttp*",),
                    resources=(account.arn(SERVICE, f"domain/{domain_name}/*"),),
                )
            ),
            log_publishing_options=[
                {"log_type": kind, "cloudwatch_log_group_arn": logs[log].arn} for log, kind in LOGS.items()
            ],
            auto_tune_options={"desired_state": "DISABLED"},  # t3 nodes have none
            software_update_options={"auto_software_update_enabled": True},
            opts=owner.child(
                depends_on=[publishing],
                custom_timeouts=pulumi.CustomTimeouts(create=CREATED_WITHIN, update=CREATED_WITHIN),
                # What a new domain starts with: a version is raised by hand, with a rebuild to go back to.
                ignore_changes=["engineVersion"],
            ),
        )
        self.host: pulumi.Output[str] = self._domain.endpoint
        self.signals = _signals(self._domain, account)

    def bind(self, workload: str, access: Access) -> Grant:
        """Exactly the requests of the access, by method and path."""
        requests = SEARCH if access is Access.QUERIES else INDEX
        methods = sorted({action for action, _ in requests})
        return Grant(
            statements=tuple(
                Statement(
                    sid=sid(access, self._name, action.removeprefix("es:ESHttp").lower()),
                    actions=(action,),
                    resources=tuple(
                        pulumi.Output.concat(self._domain.arn, "/", path) for one, path in requests if one == action
                    ),
                )
                for action in methods
            ),
            environment=ProductSearchEnvironment(host=self.host, service=SERVICE).variables(self._name),
            peers=(Peer(name=self._name, port=443, security_group_id=self._security_group.id),),
        )


def _logs(
    owner: Component, account: AwsFoundation, secrets: Secrets
) -> tuple[dict[str, aws.cloudwatch.LogGroup], pulumi.Resource]:
    """The log groups, and the permission of OpenSearch to write to them."""
    groups = {
        log: log_group(owner, f"{owner.name}-{log}", f"/{account.prefix}/{owner.name}/{log}", secrets.key_arn)
        for log in LOGS
    }
    publishing = aws.cloudwatch.LogResourcePolicy(
        owner.name,
        policy_name=f"{account.prefix}-{owner.name}",
        policy_document=policy(
            Statement(
                sid="PublishLogs",
                principal={"Service": "es.amazonaws.com"},
                actions=("logs:CreateLogStream", "logs:PutLogEvents"),
                resources=tuple(pulumi.Output.concat(group.arn, ":*") for group in groups.values()),
                conditions={"StringEquals": {"aws:SourceAccount": account.account_id}},
            )
        ),
        opts=owner.child(),
    )
    return groups, publishing


def _signals(domain: aws.opensearch.Domain, account: AwsFoundation) -> tuple[Signal, ...]:
    dimensions = {"DomainName": domain.domain_name, "ClientId": account.account_id}
    return (
        Signal(
            name="red",
            meaning="The search index is lost: search answers 503. If AWS does not restore it, rebuild it.",
            namespace="AWS/ES",
            metric="ClusterStatus.red",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=1,
            period_seconds=60,
            periods=3,
        ),
        Signal(
            name="writes-blocked",
            meaning="The search engine takes no writes, so the index grows old: its disk or its memory is full.",
            namespace="AWS/ES",
            metric="ClusterIndexWritesBlocked",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=1,
            period_seconds=300,
        ),
        Signal(
            name="memory",
            meaning="The search engine is short of memory: take larger nodes (`search_size`).",
            namespace="AWS/ES",
            metric="JVMMemoryPressure",
            dimensions=dimensions,
            statistic="Maximum",
            threshold=92,
            period_seconds=300,
            periods=3,
        ),
    )
