"""CDN / Static Assets on AWS: a CloudFront distribution before a private bucket and the API."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from components.api_gateway.aws import ApiGateway
from components.aws.foundation import EDGE_REGION, AwsFoundation
from components.aws.grant import Grant
from components.aws.names import EDGE, fitted
from components.aws.narrow import on_aws
from components.aws.peer import INTERNET
from components.aws.policy import Statement, policy, sid, tls_only
from components.aws.signal import Signal, Watched
from components.cdn import Cdn as CdnContract
from components.cdn import CdnArgs, CdnEnvironment
from components.cdn.aws.access_log import access_log
from components.cdn.aws.behaviors import api_patterns, refuse_collisions
from components.cdn.aws.headers import response_headers
from components.cdn.aws.site import INDEX, File, files
from components.container_cluster.aws import ContainerCluster
from components.edge_key import HEADER
from components.edge_key.aws import EdgeKey
from components.errors import ComponentError
from components.link import Access
from components.product_images import PUBLIC_PREFIX
from components.waf.aws import Waf

SITE: Final = "site"
API: Final = "api"
IMAGES: Final = "images"
CACHING_OPTIMIZED: Final = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED: Final = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST: Final = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""Policies of CloudFront itself, for an account has few of its own. API Gateway takes no host but its own, and
`Authorization` passes with this policy and with no custom one.
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html"""
MINIMUM_TLS: Final = "TLSv1.2_2021"
READS: Final = ["GET", "HEAD"]
EVERY_METHOD: Final = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
"""A behavior takes these or a few fixed parts of them; which of them a route has, the API knows."""
ORIGIN_SECONDS: Final = 30
"""As long as an HTTP API works on a request."""


class Cdn(CdnContract, Watched):
    """Creates the distribution, the bucket of the site with its files, and who may read it: this distribution alone.

    No answer of the API is kept: those without a user tell what can be bought, which must be true when it is read.
    """

    ENGINE = "cloudfront"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: CdnArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        self._account = foundation
        api = on_aws(args.api, ApiGateway)
        self._key = on_aws(args.key, EdgeKey)
        self._cluster = on_aws(args.cluster, ContainerCluster)
        self._firewall = on_aws(args.firewall, Waf)
        site = files(args.site)
        patterns = api_patterns(api.routes)
        refuse_collisions((*(file.key for file in site), PUBLIC_PREFIX), patterns)
        bucket = self._bucket()
        headers = response_headers(self, foundation)
        access = aws.cloudfront.OriginAccessControl(
            name,
            name=fitted(EDGE, foundation.prefix, name),
            description=f"Site of {foundation.prefix}",
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self.child(),
        )
        origins: list[dict[str, Any]] = [
            {
                "origin_id": SITE,
                "domain_name": bucket.bucket_regional_domain_name,
                "origin_access_control_id": access.id,
            },
            api_origin(api.domain_name, self._key.current),
            {"origin_id": IMAGES, "domain_name": args.images.origin, "origin_access_control_id": access.id},
        ]
        self.distribution = aws.cloudfront.Distribution(
            name,
            comment=foundation.prefix,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            price_class="PriceClass_All" if foundation.profile.paid_edge else "PriceClass_100",
            default_root_object=INDEX,
            web_acl_id=self._firewall.acl_arn,
            origins=origins,
            default_cache_behavior=_files_behavior(SITE, headers),
            ordered_cache_behaviors=[
                {"path_pattern": f"/{PUBLIC_PREFIX}*", **_files_behavior(IMAGES, headers)},
                *(_api_behavior(pattern, headers) for pattern in patterns),
            ],
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            aliases=[args.domain] if args.domain else None,
            viewer_certificate=_certificate(foundation, args.domain),
            opts=self.child(),
        )
        self._upload(site, bucket)
        self._open(bucket)
        if foundation.profile.record_connections:
            access_log(self, foundation, self.distribution)
        if foundation.shield_advanced:
            aws.shield.Protection(
                name,
                name=fitted(EDGE, foundation.prefix, name),
                resource_arn=self.distribution.arn,
                opts=self.child(),
            )
        self.domain_target = self.distribution.domain_name
        self.url = pulumi.Output.concat("https://", args.domain or self.domain_target)
        self.signals = _signals(self.distribution)
        self.register_outputs({"url": self.url})

    @property
    def secret(self) -> aws.secretsmanager.Secret:
        """The secret of the key, which a function that is linked by `rotates` gives its new value."""
        return self._key.secret

    def bind(self, workload: str, access: Access) -> Grant:
        """To change the key: its secret, the rules that ask for it, and this distribution, which sends it."""
        rules = self._account.arn("elasticloadbalancing", "listener-rule/", self._cluster.balancer.arn_suffix, "/*")
        key = self._key.secret.arn
        return Grant(
            statements=(
                Statement(
                    sid=sid("rotate", self.name),
                    actions=(
                        "secretsmanager:DescribeSecret",
                        "secretsmanager:GetSecretValue",
                        "secretsmanager:PutSecretValue",
                        "secretsmanager:UpdateSecretVersionStage",
                    ),
                    resources=(key,),
                ),
                self._key.secrets.encrypt("secretsmanager"),
                # Descriptions of a load balancer take no resource.
                Statement(sid="DescribeRules", actions=("elasticloadbalancing:DescribeRules",), resources=("*",)),
                Statement(sid="ChangeRules", actions=("elasticloadbalancing:ModifyRule",), resources=(rules,)),
                Statement(
                    sid=sid("change", self.name),
                    actions=("cloudfront:GetDistributionConfig", "cloudfront:UpdateDistribution"),
                    resources=(self.distribution.arn,),
                ),
                # A distribution is changed with the web ACL that it names.
                Statement(
                    sid=sid("see", self._firewall.name),
                    actions=("wafv2:GetWebACL",),
                    resources=(self._firewall.acl_arn,),
                ),
            ),
            environment=CdnEnvironment(
                key=key,
                header=HEADER,
                entrance=self._cluster.listener.arn,
                distribution=self.distribution.id,
            ).variables(self.name),
            peers=(INTERNET,),
            apis=("secretsmanager",),
        )

    def _bucket(self) -> aws.s3.Bucket:
        """For the site. S3 encrypts what it stores; a key of the stack would guard what everybody may read."""
        bucket = aws.s3.Bucket(self.name, force_destroy=True, opts=self.child())
        aws.s3.BucketPublicAccessBlock(
            self.name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.child(),
        )
        return bucket

    def _open(self, bucket: aws.s3.Bucket) -> None:
        """To this distribution. It may list the bucket, so that a file that is not there is answered 404, not 403."""
        mine = {"StringEquals": {"AWS:SourceArn": self.distribution.arn}}
        cloudfront = {"Service": "cloudfront.amazonaws.com"}
        everything = pulumi.Output.concat(bucket.arn, "/*")
        aws.s3.BucketPolicy(
            self.name,
            bucket=bucket.id,
            policy=policy(
                Statement(
                    sid="ReadFiles",
                    principal=cloudfront,
                    actions=("s3:GetObject",),
                    resources=(everything,),
                    conditions=mine,
                ),
                Statement(
                    sid="SeeWhatIsMissing",
                    principal=cloudfront,
                    actions=("s3:ListBucket",),
                    resources=(bucket.arn,),
                    conditions=mine,
                ),
                tls_only(everything, "s3:*"),
            ),
            opts=self.child(),
        )

    def _upload(self, site: tuple[File, ...], bucket: aws.s3.Bucket) -> None:
        """Assets before pages: a page that is new asks for assets that are there."""
        assets: list[pulumi.Resource] = []
        for file in site:
            uploaded = aws.s3.BucketObjectv2(
                f"{self.name}-{file.path}",
                bucket=bucket.id,
                key=file.key,
                content=file.text,
                content_base64=None if file.text is not None else b64encode(file.content).decode(),
                content_type=file.content_type,
                cache_control=file.cache_control,
                opts=self.child(depends_on=[] if file.is_asset else list(assets)),
            )
            if file.is_asset:
                assets.append(uploaded)


def api_origin(domain_name: pulumi.Input[str], key: pulumi.Input[str]) -> dict[str, Any]:
    """The API, which is asked over TLS and told the edge's key."""
    return {
        "origin_id": API,
        "domain_name": domain_name,
        "custom_headers": [{"name": HEADER, "value": key}],
        "custom_origin_config": {
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "https-only",
            "origin_ssl_protocols": ["TLSv1.2"],
            "origin_read_timeout": ORIGIN_SECONDS,
            "origin_keepalive_timeout": ORIGIN_SECONDS,
        },
    }


def _files_behavior(origin: str, headers: aws.cloudfront.ResponseHeadersPolicy) -> dict[str, Any]:
    """Kept as long as the file itself says."""
    return {
        "target_origin_id": origin,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": READS,
        "cached_methods": READS,
        "cache_policy_id": CACHING_OPTIMIZED,
        "response_headers_policy_id": headers.id,
        "compress": True,
    }


def _api_behavior(pattern: str, headers: aws.cloudfront.ResponseHeadersPolicy) -> dict[str, Any]:
    return {
        "path_pattern": pattern,
        "target_origin_id": API,
        # A redirect would come after the token had been sent in the clear.
        "viewer_protocol_policy": "https-only",
        "allowed_methods": EVERY_METHOD,
        "cached_methods": READS,
        "cache_policy_id": CACHING_DISABLED,
        "origin_request_policy_id": ALL_VIEWER_EXCEPT_HOST,
        "response_headers_policy_id": headers.id,
        "compress": True,
    }


def _certificate(account: AwsFoundation, domain: str | None) -> dict[str, Any]:
    """For a name of one's own the policy that clients of today have. For its own names CloudFront sets an older one.

    Raises `ComponentError` for a name without a certificate.
    """
    if domain is None:
        return {"cloudfront_default_certificate": True}
    if account.certificate_arn is None:
        raise ComponentError(
            f"CloudFront serves {domain} with a certificate for it only.",
            next_step=f"Set marketplace:certificateArn to one in {EDGE_REGION}.",
        )
    return {
        "acm_certificate_arn": account.certificate_arn,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": MINIMUM_TLS,
    }


def _signals(distribution: aws.cloudfront.Distribution) -> tuple[Signal, ...]:
    return (
        Signal(
            name="errors",
            meaning="One answer in twenty is a 5xx: see which path in the distribution's access log.",
            namespace="AWS/CloudFront",
            metric="5xxErrorRate",
            dimensions={"DistributionId": distribution.id, "Region": "Global"},
            statistic="Average",
            threshold=5,
            period_seconds=300,
            periods=2,
            region=EDGE_REGION,
        ),
    )
