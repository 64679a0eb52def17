"""The marketplace's one public address: what is served from where, and what is never kept."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

import pytest
from planned import Planned

from components.cdn.aws import API, CACHING_DISABLED, CACHING_OPTIMIZED, IMAGES, SITE, api_origin
from components.cdn.aws.behaviors import api_patterns, refuse_collisions
from components.cdn.aws.site import files
from components.errors import ComponentError
from components.workload import Route

MANAGED = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


def distribution(stack: Planned) -> dict[str, Any]:
    return stack.inputs("Distribution", "edge")


def behavior_of(stack: Planned, path: str) -> dict[str, Any]:
    """As CloudFront chooses: the first pattern that matches, else the default."""
    inputs = distribution(stack)
    for behavior in inputs.get("orderedCacheBehaviors", []):
        if fnmatch.fnmatchcase(path, behavior["pathPattern"]):
            return dict(behavior)
    return dict(inputs["defaultCacheBehavior"])


def every_route(stack: Planned) -> list[str]:
    routes = [
        stack.inputs("apigatewayv2/route:Route", name) for name in stack.every("Route") if name.startswith("api-")
    ]
    return [route["routeKey"] for route in routes]


def test_every_route_of_the_api_reaches_it_and_no_answer_is_kept(stack: Planned) -> None:
    keys = every_route(stack)
    assert len(keys) >= 11
    for key in keys:
        method, path = key.split()
        behavior = behavior_of(stack, re.sub(r"\{[^}]+\}", "7", path))
        assert behavior["targetOriginId"] == API, key
        assert behavior["cachePolicyId"] == CACHING_DISABLED, key
        # All headers of the caller but the host, `Authorization` among them.
        assert behavior["originRequestPolicyId"] == MANAGED, key
        assert {method, "OPTIONS"} <= set(behavior["allowedMethods"]), key
        assert behavior["viewerProtocolPolicy"] == "https-only", key


@pytest.mark.parametrize("path", ["/", "/index.html", "/assets/style-600e17ec.css", "/nothing", "/ordersheet"])
def test_every_other_path_is_a_file_of_the_site(stack: Planned, path: str) -> None:
    behavior = behavior_of(stack, path)
    assert behavior["targetOriginId"] == SITE
    assert behavior["cachePolicyId"] == CACHING_OPTIMIZED
    assert behavior["allowedMethods"] == ["GET", "HEAD"]
    assert behavior["compress"] is True
    assert behavior["viewerProtocolPolicy"] == "redirect-to-https"


def test_pictures_come_from_the_image_store_and_are_kept(stack: Planned) -> None:
    behavior = behavior_of(stack, "/images/p-1/i-1/320.webp")
    assert (behavior["targetOriginId"], behavior["cachePolicyId"]) == (IMAGES, CACHING_OPTIMIZED)
    assert behavior["allowedMethods"] == ["GET", "HEAD"]
    # What sellers upload is in the same bucket, and reached by no path.
    assert behavior_of(stack, "/uploads/p-1")["targetOriginId"] == SITE


def test_the_children_of_the_edge(prod: Planned, dev: Planned) -> None:
    assert prod.children("edge") == {
        "Distribution": {"edge"},
        "OriginAccessControl": {"edge"},
        "ResponseHeadersPolicy": {"edge"},
        "Bucket": {"edge", "edge-log"},
        "BucketPublicAccessBlock": {"edge", "edge-log"},
        "BucketPolicy": {"edge", "edge-log"},
        "BucketLifecycleConfiguration": {"edge-log"},
        "BucketObjectv2": {"edge-index.html", "edge-assets/catalog.js", "edge-assets/style.css"},
        "LogDeliverySource": {"edge-log"},
        "LogDeliveryDestination": {"edge-log"},
        "LogDelivery": {"edge-log"},
    }
    assert {kind for kind, _ in dev.children("edge").items() if kind.startswith("Log")} == set()


def test_only_this_distribution_reads_the_sites_bucket(stack: Planned) -> None:
    mine = {"StringEquals": {"AWS:SourceArn": "<Distribution edge.arn>"}}
    service = {"Service": "cloudfront.amazonaws.com"}
    policy = json.loads(stack.inputs("BucketPolicy", "edge")["policy"])
    assert policy["Statement"] == [
        {
            "Sid": "ReadFiles",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:GetObject"],
            "Resource": ["<Bucket edge.arn>/*"],
            "Condition": mine,
        },
        {
            "Sid": "SeeWhatIsMissing",
            "Effect": "Allow",
            "Principal": service,
            "Action": ["s3:ListBucket"],
            "Resource": ["<Bucket edge.arn>"],
            "Condition": mine,
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": ["<Bucket edge.arn>/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    access = stack.inputs("OriginAccessControl", "edge")
    assert (access["signingBehavior"], access["signingProtocol"]) == ("always", "sigv4")
    for name in stack.every("BucketPublicAccessBlock"):
        assert set(stack.inputs("BucketPublicAccessBlock", name).values()) == {True, f"<Bucket {name}.id>"}


def test_the_edge_speaks_modern_tls_and_http_and_is_behind_the_firewall(stack: Planned) -> None:
    inputs = distribution(stack)
    assert inputs["httpVersion"] == "http2and3"
    assert inputs["isIpv6Enabled"] is True
    # For its own names CloudFront decides about TLS itself; see the test of a name of one's own.
    assert inputs["viewerCertificate"] == {"cloudfrontDefaultCertificate": True}
    assert inputs["webAclId"] == "<WebAcl firewall.arn>"
    assert inputs["defaultRootObject"] == "index.html"
    # They would take the place of the API's own answers too.
    assert "customErrorResponses" not in inputs


def test_where_the_edge_answers_is_a_lever(prod: Planned, dev: Planned) -> None:
    assert (distribution(prod)["priceClass"], distribution(dev)["priceClass"]) == ("PriceClass_All", "PriceClass_100")


def test_the_api_is_asked_by_its_own_name_over_tls(stack: Planned) -> None:
    # The plan hides what is written beside a secret, and shows what refers to other resources.
    site, api, images = distribution(stack)["origins"]
    assert api["domainName"].startswith("<Api api.id>")
    assert site["domainName"] == "<Bucket edge.bucketRegionalDomainName>"
    assert images["domainName"] == "<Bucket images.bucketRegionalDomainName>"
    assert site["originAccessControlId"] == images["originAccessControlId"] == "<OriginAccessControl edge.id>"
    written = api_origin("api.example.com", "key")
    assert written["custom_origin_config"]["origin_protocol_policy"] == "https-only"
    assert written["custom_origin_config"]["origin_ssl_protocols"] == ["TLSv1.2"]
    assert written["custom_headers"] == [{"name": "x-edge-key", "value": "key"}]


def test_browsers_are_told_what_the_site_may_do(stack: Planned) -> None:
    told = stack.inputs("ResponseHeadersPolicy", "edge")["securityHeadersConfig"]
    assert "default-src 'none'" in told["contentSecurityPolicy"]["contentSecurityPolicy"]
    assert "unsafe" not in told["contentSecurityPolicy"]["contentSecurityPolicy"]
    assert told["frameOptions"] == {"frameOption": "DENY", "override": True}
    assert told["strictTransportSecurity"]["accessControlMaxAgeSec"] == 63_072_000
    for behavior in [distribution(stack)["defaultCacheBehavior"], *distribution(stack)["orderedCacheBehaviors"]]:
        assert behavior["responseHeadersPolicyId"] == "<ResponseHeadersPolicy edge.id>"


def test_the_access_log_needs_no_acl_and_comes_from_this_account_alone(prod: Planned) -> None:
    (deliver, _) = json.loads(prod.inputs("BucketPolicy", "edge-log")["policy"])["Statement"]
    assert deliver["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert deliver["Resource"] == ["<Bucket edge-log.arn>/*"]
    assert deliver["Condition"]["StringEquals"]["aws:SourceAccount"] == "<accountId>"
    source = "arn:aws:logs:us-east-1:<accountId>:delivery-source:marketplace-prod-edge"
    assert deliver["Condition"]["ArnLike"] == {"aws:SourceArn": source}
    assert prod.inputs("LogDeliverySource", "edge-log")["resourceArn"] == "<Distribution edge.arn>"
    assert {prod.inputs(f"LogDelivery{part}", "edge-log")["region"] for part in ("", "Source", "Destination")} == {
        "us-east-1"
    }
    (rule,) = prod.inputs("BucketLifecycleConfiguration", "edge-log")["rules"]
    assert rule["expiration"] == {"days": 365}


def test_a_page_asks_for_assets_by_the_digest_of_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "style.css").write_text("a {}")
    (tmp_path / "index.html").write_text('<link href="/assets/style.css">')
    asset, page = files(tmp_path)
    assert re.fullmatch(r"assets/style-[0-9a-f]{8}\.css", asset.key)
    assert page.content == f'<link href="/{asset.key}">'.encode()
    assert (asset.content_type, page.content_type) == ("text/css; charset=utf-8", "text/html; charset=utf-8")
    assert "immutable" in asset.cache_control
    assert page.cache_control == "no-cache"
    (tmp_path / "assets" / "style.css").write_text("b {}")
    changed, _ = files(tmp_path)
    assert changed.key != asset.key
    assert changed.path == asset.path


def test_assets_are_stored_before_the_pages_that_ask_for_them(stack: Planned) -> None:
    page = stack.one("BucketObjectv2", "edge-index.html")
    assets = {stack.one("BucketObjectv2", f"edge-assets/{name}").urn for name in ("style.css", "catalog.js")}
    assert assets <= set(page.dependencies)


def test_a_site_without_a_start_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match=r"no index\.html"):
        files(tmp_path)


def test_a_route_that_could_be_a_page_is_refused() -> None:
    with pytest.raises(ComponentError, match=r"begin with a fixed word"):
        api_patterns([Route(method="GET", path="/{anything}")])


def test_more_kinds_of_routes_than_a_distribution_tells_apart_are_refused() -> None:
    with pytest.raises(ComponentError, match=r"75 ways; a distribution tells 74"):
        api_patterns([Route(method="GET", path=f"/kind-{number}") for number in range(75)])


def test_a_file_that_no_browser_would_get_is_refused() -> None:
    patterns = api_patterns([Route(method="GET", path="/cart"), Route(method="GET", path="/orders/{id}")])
    assert patterns == ["/cart", "/orders/*"]
    refuse_collisions(["index.html", "assets/cart.js"], patterns)
    with pytest.raises(ComponentError, match=r"orders/help\.html has a path of the API"):
        refuse_collisions(["orders/help.html"], patterns)
