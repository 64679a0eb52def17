"""Autoscaling of a container service, by CPU and by requests."""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_aws as aws

from components.component import Component

CPU_PERCENT: Final = 60
REQUESTS_PER_TASK: Final = 3000
"""Requests a minute that one task takes before another is started."""
COOL_DOWN_SECONDS: Final = 120


def follow_load(
    owner: Component,
    *,
    cluster: aws.ecs.Cluster,
    service: aws.ecs.Service,
    balancer: aws.lb.LoadBalancer,
    targets: aws.lb.TargetGroup,
) -> None:
    """Keeps the number of tasks where both CPU and requests per task are on target; the higher need wins."""
    profile = owner.foundation.profile
    target = aws.appautoscaling.Target(
        owner.name,
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=pulumi.Output.concat("service/", cluster.name, "/", service.name),
        min_capacity=profile.minimum_replicas,
        max_capacity=profile.maximum_replicas,
        opts=owner.child(),
    )
    metrics: dict[str, tuple[dict[str, pulumi.Input[str]], int]] = {
        "cpu": ({"predefined_metric_type": "ECSServiceAverageCPUUtilization"}, CPU_PERCENT),
        "requests": (
            {
                "predefined_metric_type": "ALBRequestCountPerTarget",
                "resource_label": pulumi.Output.concat(balancer.arn_suffix, "/", targets.arn_suffix),
            },
            REQUESTS_PER_TASK,
        ),
    }
    for name, (metric, value) in metrics.items():
        aws.appautoscaling.Policy(
            f"{owner.name}-{name}",
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": metric,
                "target_value": value,
                "scale_in_cooldown": COOL_DOWN_SECONDS,
                "scale_out_cooldown": COOL_DOWN_SECONDS // 4,
            },
            opts=owner.child(),
        )
