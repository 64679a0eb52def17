"""Fraud Detection on AWS: the scorer's container on a serverless endpoint of SageMaker."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.identity import Identity
from components.aws.image import pull
from components.aws.logs import log_group
from components.aws.names import ENDPOINT, fitted
from components.aws.narrow import on_aws
from components.aws.peer import INTERNET
from components.aws.policy import Statement, sid
from components.aws.signal import Signal, Watched
from components.aws.sizes import SCORER_CONCURRENCY
from components.fraud_detection import FraudDetection as FraudDetectionContract
from components.fraud_detection import FraudDetectionArgs, FraudDetectionEnvironment
from components.link import Access
from components.secrets_management.aws import Secrets

VARIANT: Final = "scorer"
MEMORY_MIB: Final = 1024
"""The smallest there is; the scorer takes a tenth of it."""
MICROSECONDS: Final = 1_000_000


class FraudDetection(FraudDetectionContract, Watched):
    """Creates model, configuration and endpoint, the role that they run under, and their log group.

    Model and configuration are never changed in place: a new image makes new ones, the endpoint moves to them, and the
    old ones go last. SageMaker would otherwise lose the configuration under a running endpoint.

    A serverless endpoint runs in no network of ours, and SageMaker takes no key of ours for it. It needs neither: the
    container holds a model, and sees numbers that name nobody.
    """

    ENGINE = "sagemaker"

    def __init__(
        self,
        name: str,
        foundation: AwsFoundation,
        args: FraudDetectionArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        endpoint_name = fitted(ENDPOINT, foundation.prefix, name)
        # SageMaker chooses the path. A group that it makes itself would keep the logs for ever, unencrypted.
        path = f"/aws/sagemaker/Endpoints/{endpoint_name}"
        logs = log_group(self, name, path, on_aws(args.secrets, Secrets).key_arn)
        identity = Identity(self, foundation, service="sagemaker.amazonaws.com")
        identity.grant((), _runtime(args.image, foundation, logs))
        model = aws.sagemaker.Model(
            name,
            execution_role_arn=identity.role_arn,
            primary_container={"image": args.image, "mode": "SingleModel"},
            opts=self.child(depends_on=identity.after),
        )
        configuration = aws.sagemaker.EndpointConfiguration(
            name,
            production_variants=[
                {
                    "variant_name": VARIANT,
                    "model_name": model.name,
                    "serverless_config": {
                        "memory_size_in_mb": MEMORY_MIB,
                        "max_concurrency": SCORER_CONCURRENCY[foundation.profile.database_size],
                    },
                }
            ],
            opts=self.child(),
        )
        self.endpoint = aws.sagemaker.Endpoint(
            name,
            name=endpoint_name,
            endpoint_config_name=configuration.name,
            # The role must outlive the endpoint, which uses it until it is gone.
            opts=self.child(depends_on=[logs, *identity.after]),
        )
        self.scorer_id = self.endpoint.name
        self.signals = _signals(self.endpoint)
        self.register_outputs({"scorer_id": self.scorer_id})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to ask the endpoint, over the way to the internet that the caller has for its payments anyway:
        an interface endpoint costs more each month than all the questions."""
        return Grant(
            statements=(
                Statement(
                    sid=sid("infer", self.name), actions=("sagemaker:InvokeEndpoint",), resources=(self.endpoint.arn,)
                ),
            ),
            environment=FraudDetectionEnvironment(scorer=self.endpoint.name).variables(self.name),
            peers=(INTERNET,),
        )


def _runtime(image: str, account: AwsFoundation, logs: aws.cloudwatch.LogGroup) -> Grant:
    """What SageMaker does under the role: pull the image, write logs and metrics."""
    return Grant(
        statements=(
            *pull(image, account),
            Statement(
                sid="WriteLogs",
                actions=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
                resources=(pulumi.Output.concat(logs.arn, ":*"),),
            ),
            Statement(
                sid="WriteMetrics",
                actions=("cloudwatch:PutMetricData",),
                resources=("*",),
                conditions={"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/Endpoints"}},
            ),
        )
    )


def _signals(endpoint: aws.sagemaker.Endpoint) -> tuple[Signal, ...]:
    dimensions: dict[str, pulumi.Input[str]] = {"EndpointName": endpoint.name, "VariantName": VARIANT}
    return (
        Signal(
            name="errors",
            meaning="The scorer fails: orders are decided by the rules. Read its log group.",
            namespace="AWS/SageMaker",
            metric="Invocation5XXErrors",
            dimensions=dimensions,
            threshold=10,
            period_seconds=300,
        ),
        Signal(
            name="refusals",
            meaning="The scorer refuses what it is sent: the callers' features and the model's are not the same.",
            namespace="AWS/SageMaker",
            metric="Invocation4XXErrors",
            dimensions=dimensions,
            threshold=10,
            period_seconds=300,
        ),
        Signal(
            name="latency",
            meaning="The scorer takes longer than its callers wait: orders are decided by the rules.",
            namespace="AWS/SageMaker",
            metric="ModelLatency",
            dimensions=dimensions,
            statistic="p90",
            threshold=1.5 * MICROSECONDS,
            period_seconds=300,
            periods=3,
        ),
    )
