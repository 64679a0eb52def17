"""Names of AWS resources: what each service takes, and how a stack's name is made to fit.

Only names that the stack gives are here. Where none is given, Pulumi makes one of the resource's own name and a few
random characters, which owes nothing to the stack's name.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from components.errors import ComponentError

_PLAIN: Final = re.compile(r"[a-z](?:-?[a-z0-9])*")
"""Lower-case letters, digits and single dashes, with a letter first: every service takes it."""
_DIGITS_OF_A_DIGEST: Final = 8


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a service takes as a name, if it is plain."""

    what: str
    longest: int
    reserved: tuple[str, ...] = ()
    """Words that it must not contain."""


ALARM: Final = Rule(what="CloudWatch alarm", longest=255)
API: Final = Rule(what="API Gateway API", longest=128)
BUDGET: Final = Rule(what="budget", longest=100)
CACHE: Final = Rule(what="ElastiCache user or user group", longest=40)
CLUSTER: Final = Rule(what="ECS cluster", longest=255)
DASHBOARD: Final = Rule(what="CloudWatch dashboard", longest=255)
DATABASE: Final = Rule(what="RDS cluster", longest=63)
ENDPOINT: Final = Rule(what="SageMaker endpoint", longest=63)
DELIVERY: Final = Rule(what="CloudWatch log delivery", longest=60)
EDGE: Final = Rule(what="CloudFront policy", longest=64)
FIREWALL: Final = Rule(what="WAF web ACL", longest=100)
"""A log group's name has some words before it."""
KEY: Final = Rule(what="KMS alias", longest=256 - len("alias/"))
SEARCH_COLLECTION: Final = Rule(what="OpenSearch Serverless collection or policy", longest=32)
SEARCH_DOMAIN: Final = Rule(what="OpenSearch domain", longest=28)
MAIL: Final = Rule(what="SES configuration set", longest=64)
SIGN_IN: Final = Rule(
    what="Cognito sign-in domain", longest=63 - len("-123456789012"), reserved=("amazon", "aws", "cognito")
)
"""The account's id comes after it."""
LEARNING: Final = Rule(what="Personalize resource", longest=63)
SNAPSHOT: Final = Rule(what="RDS snapshot", longest=255 - 64)
"""The name of a subnet group comes after it."""
TASK: Final = Rule(what="ECS task family", longest=255)


def plain(text: str) -> str:
    """`text` as it is, if it is plain; else what is plain of it, with a digest that keeps it apart from others.

    Raises `ComponentError` where nothing is left to begin a name with.
    """
    if _PLAIN.fullmatch(text):
        return text
    left = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not left[:1].isalpha():
        raise ComponentError(
            f"AWS takes no name that begins like {text!r}.", next_step="Let it begin with a letter from a to z."
        )
    return f"{left}-{_digest(text)}"


def fitted(rule: Rule, *parts: str) -> str:
    """The parts, joined by dashes, as a name that `rule` takes; what has to change carries a digest of the whole.

    Raises `ComponentError` for parts of which no such name can be made.
    """
    whole = name = "-".join(parts)
    while any(word in name for word in rule.reserved):
        name = re.sub("|".join(rule.reserved), "", name)
    if name != whole or len(name) > rule.longest:
        start = re.sub("-+", "-", name)[: rule.longest - _DIGITS_OF_A_DIGEST - 1].strip("-")
        name = f"{start}-{_digest(whole)}"
    if not _PLAIN.fullmatch(name):
        raise ComponentError(
            f"{whole!r} cannot be made into the name of: {rule.what}.",
            next_step="Use lower-case letters, digits and single dashes, with a letter first.",
        )
    return name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS_OF_A_DIGEST]
