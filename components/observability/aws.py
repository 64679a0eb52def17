"""Observability on AWS: traces in X-Ray, and CloudWatch alarms and dashboard over the signals of the other components.

Log groups are made by the components that write to them. Lambda and Step Functions may send traces by what they are;
a container service by its link.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.budget import budget
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.names import ALARM, DASHBOARD, fitted
from components.aws.narrow import on_aws
from components.aws.peer import INTERNET
from components.aws.policy import Statement, policy, tls_only
from components.aws.signal import Signal, Watched
from components.component import Component
from components.link import Access
from components.observability import Observability as ObservabilityContract
from components.observability import ObservabilityArgs, ObservabilityEnvironment
from components.secrets_management.aws import Secrets

GRAPHS_PER_ROW = 3
RUNBOOKS = "docs/runbooks"
GRAPH_WIDTH = 8
GRAPH_HEIGHT = 6


class Observability(ObservabilityContract):
    """Creates a topic, an alarm for each signal, and a dashboard that graphs them beside their thresholds.

    Where nobody is on call, only what would be lost has an alarm, and there is no dashboard.
    """

    ENGINE = "cloudwatch-xray"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account, self._args = foundation, args
        topic = self._topic(foundation, args)
        self._topics = {foundation.region: topic}
        if args.monthly_budget_usd and args.email:
            budget(self, foundation, monthly_usd=args.monthly_budget_usd, email=args.email, whole_account=False)
        self.register_outputs({"topic_arn": topic.arn})

    def bind(self, workload: str, access: Access) -> Grant:
        """Permission to send traces, which takes no resource. X-Ray is reached over the internet: an interface endpoint
        costs more than this traffic."""
        return Grant(
            statements=(Statement(sid="SendTraces", actions=("xray:PutTraceSegments",), resources=("*",)),),
            environment=ObservabilityEnvironment(stack=self._account.prefix).variables(self.name),
            peers=(INTERNET,),
        )

    def watch(self, *components: Component) -> None:
        """Makes an alarm for each signal that has a threshold, and a dashboard, the business's figures first."""
        foundation = self._account
        signals = [
            (component.name, signal)
            for component in components
            if isinstance(component, Watched)
            for signal in component.signals
            if signal.lost or foundation.profile.on_call
        ]
        signals.sort(key=lambda one: one[1].threshold is not None)
        for owner, signal in signals:
            if signal.threshold is None:
                continue
            region = signal.region or foundation.region
            if region not in self._topics:
                self._topics[region] = self._topic(foundation, self._args, elsewhere=region)
            self._alarm(foundation, owner, signal, self._topics[region])
        if foundation.profile.on_call:
            self._dashboard(foundation, signals)

    def _dashboard(self, account: AwsFoundation, signals: Sequence[tuple[str, Signal]]) -> None:
        aws.cloudwatch.Dashboard(
            self.name,
            dashboard_name=fitted(DASHBOARD, account.prefix),
            dashboard_body=pulumi.Output.json_dumps(
                {
                    "widgets": [
                        _graph(index, owner, signal, account.region) for index, (owner, signal) in enumerate(signals)
                    ]
                }
            ),
            opts=self.child(),
        )

    def _topic(self, account: AwsFoundation, args: ObservabilityArgs, *, elsewhere: str | None = None) -> aws.sns.Topic:
        """An alarm tells a topic of its own region. `elsewhere` the stack's key does not reach."""
        name = f"{self.name}-{elsewhere}" if elsewhere else self.name
        key = None if elsewhere else on_aws(args.secrets, Secrets).key_arn
        topic = aws.sns.Topic(name, region=elsewhere, kms_master_key_id=key, opts=self.child())
        aws.sns.TopicPolicy(
            name,
            region=elsewhere,
            arn=topic.arn,
            policy=policy(
                Statement(
                    sid="Alarms",
                    principal={"Service": "cloudwatch.amazonaws.com"},
                    actions=("sns:Publish",),
                    resources=(topic.arn,),
                    conditions={"StringEquals": {"aws:SourceAccount": account.account_id}},
                ),
                tls_only(topic.arn, "sns:Publish"),
            ),
            opts=self.child(),
        )
        if args.email:
            aws.sns.TopicSubscription(
                name, region=elsewhere, topic=topic.arn, protocol="email", endpoint=args.email, opts=self.child()
            )
        return topic

    def _alarm(self, account: AwsFoundation, owner: str, signal: Signal, topic: aws.sns.Topic) -> None:
        percentile = signal.statistic.startswith("p")
        aws.cloudwatch.MetricAlarm(
            f"{owner}-{signal.name}",
            name=fitted(ALARM, account.prefix, owner, signal.name),
            region=signal.region if signal.region != account.region else None,
            alarm_description=f"{signal.meaning} Runbook: {runbook(signal)}",
            namespace=signal.namespace,
            metric_name=signal.metric,
            dimensions=signal.dimensions,
            statistic=None if percentile else signal.statistic,
            extended_statistic=signal.statistic if percentile else None,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=signal.threshold,
            period=signal.period_seconds,
            evaluation_periods=signal.periods,
            treat_missing_data="notBreaching",
            alarm_actions=[topic.arn],
            ok_actions=[topic.arn],
            opts=self.child(),
        )


def runbook(signal: Signal) -> str:
    """Where it is written what to do: a file for each kind of signal, whatever component has it (`memory-001`)."""
    return f"{RUNBOOKS}/{signal.name.rstrip('-0123456789')}.md"


def _graph(index: int, owner: str, signal: Signal, region: str) -> dict[str, Any]:
    row, column = divmod(index, GRAPHS_PER_ROW)
    alarmed = signal.threshold is not None
    dimensions = [part for item in signal.dimensions.items() for part in item]
    return {
        "type": "metric",
        "x": column * GRAPH_WIDTH,
        "y": row * GRAPH_HEIGHT,
        "width": GRAPH_WIDTH,
        "height": GRAPH_HEIGHT,
        "properties": {
            "title": f"{owner}: {signal.name}",
            "region": signal.region or region,
            "stat": signal.statistic,
            "period": signal.period_seconds,
            "metrics": [[signal.namespace, signal.metric, *dimensions]],
            **({"annotations": {"horizontal": [{"label": "alarm", "value": signal.threshold}]}} if alarmed else {}),
        },
    }
