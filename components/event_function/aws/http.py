"""The trigger of a function that answers requests of the API: an integration, and the permission to call it."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.errors import ComponentError
from components.event_function.aws import EventFunction

LONGEST_SECONDS = 29
"""The API gives up after 30 seconds at most; the caller must hear of a function's own time-out before."""


def answer_requests(owner: Component, api: aws.apigatewayv2.Api, function: EventFunction) -> pulumi.Output[str]:
    """Lets `api`, which belongs to `owner`, call the function on its routes; returns the id of the integration.

    The event has the body as the caller sent it, in base64 where it is not text. Raises `ComponentError` for a function
    that may work for longer than the API waits.
    """
    workload = function.workload
    if workload.timeout_seconds > LONGEST_SECONDS:
        raise ComponentError(
            f"{workload.name!r} answers requests and may work for {workload.timeout_seconds} s; the API waits for "
            f"{LONGEST_SECONDS} s at most.",
            next_step="Give it a shorter time-out.",
        )
    name = f"{owner.name}-{function.name}"
    for number, route in enumerate(workload.routes, start=1):
        aws.lambda_.Permission(
            name if number == 1 else f"{name}-{number}",
            action="lambda:InvokeFunction",
            function=function.lambda_function.name,
            principal="apigateway.amazonaws.com",
            # Any stage, this method, this path: each path parameter is a wildcard there.
            source_arn=pulumi.Output.concat(api.execution_arn, "/*/", route.method, _pattern(route.path)),
            opts=owner.child(),
        )
    integration = aws.apigatewayv2.Integration(
        name,
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_method="POST",
        integration_uri=function.lambda_function.invoke_arn,
        payload_format_version="2.0",
        timeout_milliseconds=LONGEST_SECONDS * 1000,
        opts=owner.child(),
    )
    answered: pulumi.Output[str] = integration.id
    return answered


def _pattern(path: str) -> str:
    return "/".join("*" if segment.startswith("{") else segment for segment in path.split("/"))
