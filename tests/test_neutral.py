"""Contracts, profiles, workloads and stacks name no thing of one cloud.

Every cloud plays a contract by its own means, so a word such as `arn` in a contract is a promise that two of the
three cannot keep. Identifiers, strings and comments count alike: what a reader is told must hold on every cloud.
"""

from __future__ import annotations

import io
import itertools
import keyword
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.clouds import CLOUDS

ROOT = Path(__file__).resolve().parent.parent

AWS = """
    aws, amazon, arn, user pool, visibility timeout, dynamodb, aurora, rds, acu, capacity unit, elasticache, sqs, sns,
    ses, eventbridge, lambda, reserved concurrency, provisioned concurrency, cognito, ecr, ecs, eks, ec2, fargate,
    cpu unit, task definition, target group, listener, priority, elb, alb, security group, vpc, privatelink,
    interface endpoint, iam, sts, kms, s3, cloudwatch, cloudfront, cloudtrail, log group, xray, secrets manager,
    step function, asl, sagemaker, bedrock, pinpoint, route53, t4g, m7g, r7g
"""
AZURE = """
    azure, microsoft, entra, key vault, cosmos, resource group, service bus, event grid, event hub, logic app,
    container app, app service, application gateway, front door, application insights, app insights, log analytics,
    managed identity, role assignment, storage account, service principal, apim, aks, acr, azapi
"""
GCP = """
    gcp, google, pubsub, firestore, bigquery, bigtable, cloud run, cloud sql, cloud storage, cloud task, cloud armor,
    cloud function, cloud scheduler, memorystore, spanner, alloydb, gke, apigee, vertex, service account,
    secret manager, artifact registry, eventarc, firebase, identity platform, gcs, stackdriver, workload identity
"""
TERMS = frozenset(re.sub(r"\s", "", term) for cloud in (AWS, AZURE, GCP) for term in cloud.split(","))
"""Words of one cloud, in the singular and without spaces: `keyvault`.

`priority` is the rank of a rule on AWS's load balancer.
"""
WORD = re.compile(r"[A-Z]+s?(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")

EXEMPT = {*CLOUDS, "architecture"}
"""Folders of components that are of one cloud, or hold the mapping from functions to the services of each."""
CONTRACTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *(path for path in ROOT.glob("components/*/*.py") if not EXEMPT & {path.parent.name, path.stem}),
        *(path for path in ROOT.glob("components/*.py") if path.name != "clouds.py"),
        *ROOT.glob("stacks/*.py"),
    )
)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_it_names_no_thing_of_one_cloud(contract: str) -> None:
    found = [f"{contract}:{line}: {term}" for line, term in terms_in((ROOT / contract).read_text())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("source", "term"),
    [
        ("user_pool_id: str", "userpool"),
        ("def grant(secretArn): ...", "arn"),
        ("class DynamoDBTable: ...", "dynamodb"),
        ("ARNs = ()", "arn"),
        ("event_hubs = ()", "eventhub"),
        ("KEY = 'ORDERS_SECRET_ARN'", "arn"),
        ("name = f'the {kind} of S3'", "s3"),
        ("x = 1  # seconds, as the Key Vault counts them", "keyvault"),
        ('"""Sends to a service\n    bus."""', "servicebus"),
        ("import pulumi_gcp", "gcp"),
    ],
)
def test_a_term_is_found_however_it_is_written(source: str, term: str) -> None:
    assert [found for _, found in terms_in(source)] == [term]


@pytest.mark.parametrize("source", ["key = lambda item: item", "learn = 'the vault key'", "service, bus = 1, 2"])
def test_a_word_that_only_resembles_a_term_is_not_found(source: str) -> None:
    assert list(terms_in(source)) == []


def terms_in(source: str) -> Iterator[tuple[int, str]]:
    """Line and term of everything in a module that belongs to one cloud."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if keyword.iskeyword(token.string):
            continue  # `lambda`
        words = [word.lower() for word in WORD.findall(token.string)]
        pairs = [first + second for first, second in itertools.pairwise(words)]
        for word in (*words, *pairs):
            if (term := word if word in TERMS else word.removesuffix("s")) in TERMS:
                yield token.start[0], term
