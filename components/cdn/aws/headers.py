"""What browsers are told with every answer."""

from __future__ import annotations

from typing import Final

import pulumi_aws as aws

from components.aws.foundation import AwsFoundation
from components.aws.names import EDGE, fitted
from components.component import Component

TWO_YEARS: Final = 63_072_000
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""The site loads nothing from elsewhere, runs no script written into a page, and is shown in no frame."""


def response_headers(owner: Component, account: AwsFoundation) -> aws.cloudfront.ResponseHeadersPolicy:
    """The policy for every behavior. The API's own answers keep what else they say; CORS stays the API's."""
    return aws.cloudfront.ResponseHeadersPolicy(
        owner.name,
        name=fitted(EDGE, account.prefix, owner.name),
        comment=f"Security headers of {account.prefix}",
        security_headers_config={
            "content_security_policy": {"content_security_policy": CONTENT_SECURITY_POLICY, "override": True},
            "content_type_options": {"override": True},
            "frame_options": {"frame_option": "DENY", "override": True},
            "referrer_policy": {"referrer_policy": "strict-origin-when-cross-origin", "override": True},
            "strict_transport_security": {
                "access_control_max_age_sec": TWO_YEARS,
                "include_subdomains": True,
                "preload": False,
                "override": True,
            },
        },
        opts=owner.child(),
    )
