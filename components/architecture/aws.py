"""The AWS column of the mapping table, checked on 2026-11-22.

Where AWS's lifecycle notices and the Terraform provider's "Service Deprecation" issues name no closure,
the source is the service's own guide and the note says "No closure found."
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from components.architecture.lifecycle import Lifecycle, Version, available, closed, retired
from components.architecture.model import Cell, Engine
from components.architecture.stripe import PAYMENTS

_CHECKED = date(2026, 11, 22)
_DOCS = "https://docs.aws.amazon.com"


def _open(path: str, note: str = "") -> Lifecycle:
    return available(_CHECKED, f"{_DOCS}/{path}", f"No closure found. {note}".strip())


def _version(id: str, ends_on: date, *, long_term: bool = False) -> Version:
    """A version of Aurora PostgreSQL."""
    calendar = f"{_DOCS}/AmazonRDS/latest/AuroraPostgreSQLReleaseNotes/aurorapostgresql-release-calendar.html"
    return Version(id=id, ends_on=ends_on, as_of=date(2026, 11, 27), source=calendar, long_term=long_term)


CLOUDFRONT = Engine(
    id="cloudfront",
    title="Amazon CloudFront",
    lifecycle=_open("AmazonCloudFront/latest/DeveloperGuide/Introduction.html"),
)
WAF_SHIELD = Engine(
    id="waf-shield",
    title="AWS WAF + Shield",
    lifecycle=_open(
        "waf/latest/developerguide/what-is-aws-waf.html",
        "Shield Standard comes with the account; Shield Advanced is a paid commitment and opt-in.",
    ),
)
API_GATEWAY = Engine(
    id="api-gateway",
    title="Amazon API Gateway",
    lifecycle=_open("apigateway/latest/developerguide/welcome.html"),
)
COGNITO = Engine(
    id="cognito",
    title="Amazon Cognito",
    lifecycle=_open("cognito/latest/developerguide/what-is-amazon-cognito.html"),
)
FARGATE = Engine(
    id="ecs-fargate",
    title="Amazon ECS Fargate",
    lifecycle=_open("AmazonECS/latest/developerguide/AWS_Fargate.html"),
)
APP_RUNNER = Engine(
    id="app-runner",
    title="AWS App Runner",
    lifecycle=closed(
        _CHECKED,
        "https://github.com/hashicorp/terraform-provider-aws/issues/47161",
        closed_on=date(2026, 4, 30),
        successor="ecs-fargate",
    ),
)
LAMBDA = Engine(id="lambda", title="AWS Lambda", lifecycle=_open("lambda/latest/dg/welcome.html"))
STEP_FUNCTIONS = Engine(
    id="step-functions",
    title="AWS Step Functions",
    lifecycle=_open("step-functions/latest/dg/welcome.html"),
)
DYNAMODB = Engine(
    id="dynamodb",
    title="Amazon DynamoDB",
    lifecycle=_open("amazondynamodb/latest/developerguide/Introduction.html"),
)
AURORA = Engine(
    id="aurora-postgresql",
    title="Amazon Aurora PostgreSQL",
    lifecycle=_open("AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html"),
    versions=(
        _version("17.5", date(2026, 12, 31)),
        _version("17.6", date(2027, 4, 30)),
        _version("17.7", date(2030, 2, 28), long_term=True),
        _version("17.9", date(2027, 9, 30)),
        _version("17.10", date(2027, 12, 31)),
    ),
)
OPENSEARCH = Engine(
    id="opensearch",
    title="Amazon OpenSearch Service",
    lifecycle=_open("opensearch-service/latest/developerguide/what-is.html"),
)
OPENSEARCH_SERVERLESS = Engine(
    id="opensearch-serverless",
    title="Amazon OpenSearch Serverless",
    lifecycle=_open(
        "opensearch-service/latest/developerguide/serverless-scale-to-zero.html",
        "Scales to zero when idle; the first request then waits 10 to 30 s.",
    ),
)
ELASTICACHE_REDIS = Engine(
    id="elasticache-redis",
    title="Amazon ElastiCache Redis",
    lifecycle=_open("AmazonElastiCache/latest/dg/WhatIs.html", "ElastiCache's Redis OSS engine stays supported."),
)
ELASTICACHE_VALKEY = Engine(
    id="elasticache-valkey",
    title="Amazon ElastiCache for Valkey",
    lifecycle=_open("AmazonElastiCache/latest/dg/WhatIs.html"),
)
S3 = Engine(id="s3", title="Amazon S3", lifecycle=_open("AmazonS3/latest/userguide/Welcome.html"))
PERSONALIZE = Engine(
    id="personalize",
    title="Amazon Personalize",
    lifecycle=available(
        _CHECKED,
        "https://docs.amazonaws.cn/en_us/personalize/latest/dg/document-history.md",
        "No closure found; last feature 2025-11-30.",
    ),
)
OWN_RANKING = Engine(
    id="own-ranking",
    title="Own ranking on AWS Lambda and ElastiCache",
    lifecycle=available(
        _CHECKED,
        f"{_DOCS}/lambda/latest/dg/welcome.html",
        "Code of this repository; it lives as long as the services that it runs on.",
    ),
)
FRAUD_DETECTOR = Engine(
    id="fraud-detector",
    title="Amazon Fraud Detector",
    lifecycle=closed(
        _CHECKED,
        "https://docs.aws.amazon.com/frauddetector/latest/ug/doc-history.html",
        closed_on=date(2025, 11, 7),
        successor="sagemaker",
        note="AWS points to SageMaker, AutoGluon and AWS WAF.",
    ),
)
SAGEMAKER = Engine(
    id="sagemaker",
    title="Amazon SageMaker AI",
    lifecycle=_open("sagemaker/latest/dg/serverless-endpoints.html"),
)
SQS = Engine(
    id="sqs", title="Amazon SQS", lifecycle=_open("AWSSimpleQueueService/latest/SQSDeveloperGuide/welcome.html")
)
SQS_DLQ = Engine(
    id="sqs-dlq",
    title="Amazon SQS DLQ",
    lifecycle=_open("AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"),
)
SNS_SES = Engine(id="sns-ses", title="Amazon SNS + SES", lifecycle=_open("ses/latest/dg/Welcome.html"))
PINPOINT = Engine(
    id="pinpoint",
    title="Amazon Pinpoint",
    lifecycle=retired(
        _CHECKED,
        "https://aws.amazon.com/pinpoint/getting-started",
        retires_on=date(2026, 10, 30),
        successor="sns-ses",
        note="Its SMS APIs live on as AWS End User Messaging.",
    ),
)
SECRETS_MANAGER = Engine(
    id="secrets-manager",
    title="AWS Secrets Manager",
    lifecycle=_open("secretsmanager/latest/userguide/intro.html"),
)
CLOUDWATCH_XRAY = Engine(
    id="cloudwatch-xray",
    title="Amazon CloudWatch + X-Ray",
    lifecycle=available(
        _CHECKED,
        "https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon-eos.html",
        "The service continues. The X-Ray SDK and daemon are in maintenance since 2026-02-25: send traces by "
        "OpenTelemetry.",
    ),
)

_CONTAINERS = Cell(named=FARGATE, others=(APP_RUNNER,))
_EVENTS = Cell(named=LAMBDA)

CELLS: Final[Mapping[str, Cell]] = MappingProxyType(
    {
        "cdn": Cell(named=CLOUDFRONT),
        "waf": Cell(named=WAF_SHIELD),
        "api-gateway": Cell(named=API_GATEWAY),
        "auth": Cell(named=COGNITO),
        "catalog-service": _CONTAINERS,
        "checkout-service": _CONTAINERS,
        "seller-service": _CONTAINERS,
        "dispute-service": _CONTAINERS,
        "order-processor": _EVENTS,
        "inventory-sync": _EVENTS,
        "payment-webhook": _EVENTS,
        "checkout-orchestration": Cell(named=STEP_FUNCTIONS),
        "catalog-database": Cell(named=DYNAMODB),
        "order-database": Cell(named=AURORA),
        "product-search": Cell(named=OPENSEARCH, others=(OPENSEARCH_SERVERLESS,)),
        "cart-cache": Cell(
            named=ELASTICACHE_REDIS,
            others=(ELASTICACHE_VALKEY,),
            preferred="elasticache-valkey",
            reason="The named service is ElastiCache, with Redis OSS and Valkey as its engines. Valkey answers the "
            "same protocol and runs the same Lua, stays open source in its newest versions, and is encrypted at rest "
            "unless told otherwise, which Redis OSS is not.",
        ),
        "product-images": Cell(named=S3),
        "recommendations": Cell(
            named=PERSONALIZE,
            others=(OWN_RANKING,),
            preferred="own-ranking",
            reason="Personalize has nothing to recommend before a solution is trained on a thousand interactions, and "
            "its campaign is billed by the hour while nobody asks. The marketplace's own ranking works on the first "
            "deployment and costs what its function runs.",
        ),
        "fraud-detection": Cell(named=FRAUD_DETECTOR, others=(SAGEMAKER,)),
        "payments": PAYMENTS,
        "fulfillment-queue": Cell(named=SQS),
        "dead-letter-queue": Cell(named=SQS_DLQ),
        "notifications": Cell(named=SNS_SES, others=(PINPOINT,)),
        "secrets-management": Cell(named=SECRETS_MANAGER),
        "observability": Cell(named=CLOUDWATCH_XRAY),
    }
)
"""The cell of each function, by function id."""
