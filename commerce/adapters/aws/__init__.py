"""AWS through boto3: products, files, secrets, sign-in tokens, the checkout flow, the event bus, the fraud scorer."""

from commerce.adapters.aws.checkout_flow import StepFunctionsFlow
from commerce.adapters.aws.event_bus import SnsEventBus
from commerce.adapters.aws.files import S3Files
from commerce.adapters.aws.fraud_scorer import SageMakerScorer
from commerce.adapters.aws.products import DynamoProducts
from commerce.adapters.aws.secrets import SecretsReader
from commerce.adapters.aws.session import OUTAGES
from commerce.adapters.aws.tokens import elasticache_token, rds_token

__all__ = [
    "OUTAGES",
    "DynamoProducts",
    "S3Files",
    "SageMakerScorer",
    "SecretsReader",
    "SnsEventBus",
    "StepFunctionsFlow",
    "elasticache_token",
    "rds_token",
]
