"""Fraud detection: its children, what SageMaker may do, and what a caller is given."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from planned import Planned

from toolkit.engine.model import Plan
from toolkit.errors import ToolkitError


def test_the_endpoint_runs_the_scorers_image_without_a_server_of_ours(stack: Planned) -> None:
    model = stack.inputs("sagemaker/model:Model", "fraud")
    assert model["primaryContainer"]["image"].endswith("-scorer")
    assert "vpcConfig" not in model, "a serverless endpoint takes no network"
    [variant] = stack.inputs("EndpointConfiguration", "fraud")["productionVariants"]
    assert variant["serverlessConfig"]["memorySizeInMb"] == 1024
    assert not {"instanceType", "initialInstanceCount"} & variant.keys()
    assert "kmsKeyArn" not in stack.inputs("EndpointConfiguration", "fraud"), "that key is for instances' disks"


def test_another_image_makes_another_model_and_the_endpoint_keeps_its_name(stack: Planned) -> None:
    """SageMaker loses a configuration that is changed under a running endpoint: model and configuration have names of
    their own each time."""
    for kind in ("sagemaker/model:Model", "EndpointConfiguration"):
        assert re.fullmatch(r"fraud-[0-9a-f]{7}", stack.inputs(kind, "fraud")["name"]), "named anew by Pulumi"
    assert stack.inputs("sagemaker/endpoint:Endpoint", "fraud")["name"] == f"marketplace-{stack.plan.stack}-fraud"


def test_a_caller_may_ask_this_endpoint_and_nothing_else(stack: Planned) -> None:
    actions, resources = stack.allowed("checkout-saga")["InferFraud"]
    assert actions == ["sagemaker:InvokeEndpoint"]
    assert resources == ["<Endpoint fraud.arn>"]


def test_sagemaker_pulls_the_image_and_writes_the_endpoints_own_logs(stack: Planned) -> None:
    allowed = stack.allowed("fraud")
    assert set(allowed) == {"RegistryToken", "PullImage", "WriteLogs", "WriteMetrics"}
    assert allowed["PullImage"][1] == ["arn:aws:ecr:us-east-1:000000000000:repository/marketplace"]
    assert allowed["WriteLogs"][1] == ["<LogGroup fraud.arn>:*"]
    group = stack.inputs("LogGroup", "fraud")
    assert group["name"] == f"/aws/sagemaker/Endpoints/marketplace-{stack.plan.stack}-fraud"


def test_a_service_that_is_closed_to_new_customers_is_refused_even_where_it_is_allowed(
    declare: Callable[[str], Plan],
) -> None:
    for closed, message in (("", "closed to new customers"), (", allow_closed=True", "no component for it")):
        with pytest.raises(ToolkitError, match=message):
            declare(
                f"""
                from components.fraud_detection import FraudDetectionArgs

                settings = AwsSettings(region="eu-west-1", image=IMAGE, scorer_image=IMAGE)
                engines = Engines(chosen={{"fraud-detection": "fraud-detector"}}{closed})
                on = cloud.foundation(settings, prefix="test", profile=EPHEMERAL, tags={{}}, engines=engines)
                secrets = cloud.Secrets("secrets", on, SecretsArgs())
                cloud.FraudDetection("fraud", on, FraudDetectionArgs(image=IMAGE, secrets=secrets))
                """
            )
