"""AWS as the application sees it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from commerce.adapters.aws.checkout_flow import StepFunctionsFlow
from commerce.adapters.aws.dead_letters import SqsDeadLetters
from commerce.adapters.aws.event_bus import SnsEventBus
from commerce.adapters.aws.files import S3Files
from commerce.adapters.aws.fraud_scorer import SageMakerScorer
from commerce.adapters.aws.mail import CognitoDirectory, SesMailer
from commerce.adapters.aws.products import DynamoProducts
from commerce.adapters.aws.secrets import SecretsReader
from commerce.adapters.aws.session import OUTAGES
from commerce.adapters.aws.signing import SigV4Signer
from commerce.adapters.aws.tokens import elasticache_token, rds_token

if TYPE_CHECKING:
    from commerce.adapters.aws.edge_keys import CloudFrontKeys
    from commerce.adapters.aws.personalize import PersonalizedRankings
    from commerce.adapters.aws.traces import XRayExporter
    from commerce.adapters.cloud import Cloud
    from commerce.adapters.edge_settings import EdgeSettings
    from commerce.adapters.postgres.settings import DatabaseSettings
    from commerce.adapters.redis.settings import CacheSettings
    from commerce.ports import CredentialsSource, PasswordSource, Rankings


class Aws:
    """`commerce.adapters.cloud.Cloud` on boto3."""

    outages = OUTAGES
    database_sign_in_role = "rds_iam"

    def database_password(self, settings: DatabaseSettings) -> PasswordSource:
        """IAM tokens for RDS and Aurora."""

        async def password() -> str:
            return await asyncio.to_thread(rds_token, settings.host, settings.port, settings.user)

        return password

    def cache_credentials(self, settings: CacheSettings) -> CredentialsSource:
        """IAM tokens for ElastiCache, signed for the replication group `settings.instance`."""

        async def credentials() -> tuple[str, str]:
            return settings.user, await asyncio.to_thread(elasticache_token, settings.instance, settings.user)

        return credentials

    def products(self, collection: str) -> DynamoProducts:
        """The collection is a DynamoDB table."""
        return DynamoProducts(collection)

    def files(self, store: str) -> S3Files:
        """The store is a bucket of S3."""
        return S3Files(store)

    def fraud_scorer(self, scorer_id: str) -> SageMakerScorer:
        """The SageMaker endpoint whose name is `scorer_id`."""
        return SageMakerScorer(scorer_id)

    def learned_rankings(self, own: Rankings, *, views: str, model: str | None) -> PersonalizedRankings:
        """Amazon Personalize, by the ARNs of an event tracker and a campaign; imported where a stack has it."""
        from commerce.adapters.aws.personalize import PersonalizedRankings

        return PersonalizedRankings(own, tracker=views, campaign=model)

    def dead_letters(self, queue: str) -> SqsDeadLetters:
        """The queue is the URL of an SQS queue."""
        return SqsDeadLetters(queue)

    def search_signer(self, service: str) -> SigV4Signer:
        """Signature version 4 for `es` or `aoss`."""
        return SigV4Signer(service)

    def checkout_flow(self, flow_id: str) -> StepFunctionsFlow:
        """The state machine whose ARN is `flow_id`."""
        return StepFunctionsFlow(flow_id)

    def event_bus(self, topic: str) -> SnsEventBus:
        """The SNS topic whose ARN is `topic`."""
        return SnsEventBus(topic)

    def mailer(self, sender: str, profile: str) -> SesMailer:
        """SES; `profile` is a configuration set."""
        return SesMailer(sender, profile)

    def directory(self, directory_id: str) -> CognitoDirectory:
        """The Cognito user pool with this id."""
        return CognitoDirectory(directory_id)

    def secrets(self) -> SecretsReader:
        """Secrets Manager: a secret's name is its ARN or its own name."""
        return SecretsReader()

    def span_exporter(self, collector: str | None = None) -> XRayExporter:
        """X-Ray; the collector is the daemon that Lambda runs. Imported where traces are recorded."""
        from commerce.adapters.aws.traces import XRayExporter, to_the_daemon, to_the_service

        return XRayExporter(to_the_daemon(collector) if collector else to_the_service())

    def edge_keys(self, settings: EdgeSettings) -> CloudFrontKeys:
        """CloudFront sends it, the load balancer asks for it; imported for the one function that changes it."""
        from commerce.adapters.aws.edge_keys import CloudFrontKeys

        return CloudFrontKeys(settings)


CLOUD: Final[Cloud] = Aws()
