"""The distribution on this machine: firewall, behaviors, files, headers."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.local.test_gateway import Service, service
from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError
from toolkit.local.gateway.api import Api, GatewaySettings, Route
from toolkit.local.gateway.application import Gateway
from toolkit.local.gateway.deployed_distributions import deployed_distribution
from toolkit.local.gateway.distribution import API, Behavior, Distribution
from toolkit.local.gateway.edge import Edge
from toolkit.local.gateway.firewall import Firewall, Request

__all__ = ["service"]

READS = ("GET", "HEAD")
EVERY = (*READS, "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
WEBHOOKS = {"regexMatchStatement": {"regexString": "^(/webhooks/.*)$", "fieldToMatch": {"uriPath": {}}}}
RULES: list[dict[str, Any]] = [
    {
        "name": "body-size",
        "priority": 0,
        "action": {"block": {"customResponse": {"responseCode": 413}}},
        "statement": {
            "andStatement": {
                "statements": [
                    {"sizeConstraintStatement": {"size": 16_384, "fieldToMatch": {"body": {}}}},
                    {"notStatement": {"statement": WEBHOOKS}},
                ]
            }
        },
    },
    {
        "name": "rate",
        "priority": 1,
        "action": {"block": {"customResponse": {"responseCode": 429}}},
        "statement": {
            "rateBasedStatement": {
                "limit": 10,
                "aggregateKeyType": "IP",
                "evaluationWindowSec": 300,
                "scopeDownStatement": {"notStatement": {"statement": WEBHOOKS}},
            }
        },
    },
    {
        "name": "common",
        "priority": 2,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": {"name": "AWSManagedRulesCommonRuleSet"}},
    },
]


def client(target: str, **distribution: Any) -> httpx.AsyncClient:
    """A viewer of a distribution whose API and bucket are both `target`."""
    routes = [
        Route(method="POST", path="/echo", service="echo"),
        Route(method="POST", path="/webhooks/x", service="echo"),
    ]
    gateway = Gateway(GatewaySettings(api=Api(routes=tuple(routes)), services={"echo": target}))
    made = Distribution(
        behaviors=(
            Behavior(pattern="/echo", origin=API, methods=EVERY),
            Behavior(pattern="/webhooks/*", origin=API, methods=EVERY),
            Behavior(pattern="*", origin="shop-files", methods=READS),
        ),
        start_page="index.html",
        headers={"x-frame-options": "DENY"},
        **distribution,
    )
    transport = httpx.ASGITransport(Edge(made, gateway, target))
    return httpx.AsyncClient(transport=transport, base_url="http://shop.example")


async def test_a_request_to_the_api_gets_there_with_the_distributions_own_header(service: tuple[str, Service]) -> None:
    async with client(service[0], origin_headers={"x-origin-key": "right"}) as viewer:
        answer = await viewer.post("/echo", content=b"{}", headers={"x-origin-key": "forged"})
    assert answer.status_code == 200
    assert [value for name, value in answer.json()["headers"] if name == "x-origin-key"] == ["right"]
    assert answer.headers["x-frame-options"] == "DENY"


async def test_every_other_path_is_a_file_of_the_bucket(service: tuple[str, Service]) -> None:
    async with client(service[0]) as viewer:
        start, file = await viewer.get("/"), await viewer.get("/assets/a b.css?x=1")
    assert [answer.json()["path"] for answer in (start, file)] == [
        "/shop-files/index.html",
        "/shop-files/assets/a%20b.css",
    ]
    assert file.headers["x-frame-options"] == "DENY"


async def test_a_file_is_only_read(service: tuple[str, Service]) -> None:
    async with client(service[0]) as viewer:
        assert (await viewer.delete("/index.html")).status_code == 403
        assert (await viewer.put("/nothing")).status_code == 403


async def test_a_caller_who_names_the_apis_own_host_goes_past_the_distribution(service: tuple[str, Service]) -> None:
    host = {"host": "abc123.execute-api.us-east-1.amazonaws.com"}
    async with client(service[0], origin_headers={"x-origin-key": "right"}) as viewer:
        answer = await viewer.post("/echo", headers=host)
    assert "x-origin-key" not in dict(answer.json()["headers"])
    assert "x-frame-options" not in answer.headers


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_is_refused_for_its_size_except_where_large_ones_belong(
    service: tuple[str, Service], chunked: bool
) -> None:
    async def pieces() -> Any:
        for _ in range(5):
            yield b"x" * 4_000

    def body() -> Any:
        return pieces() if chunked else b"x" * 20_000

    async with client(service[0], rules=tuple(RULES)) as viewer:
        assert (await viewer.post("/echo", content=body())).status_code == 413
        passed = await viewer.post("/webhooks/x", content=body())
    assert passed.json()["body"] == "x" * 20_000


async def test_an_address_that_comes_too_often_is_refused_and_others_are_not(service: tuple[str, Service]) -> None:
    async with client(service[0], rules=tuple(RULES)) as viewer:

        async def answers(address: str, path: str = "/echo") -> list[int]:
            headers = {"x-forwarded-for": f"198.51.100.1, {address}"}
            return [(await viewer.post(path, headers=headers)).status_code for _ in range(12)]

        assert await answers("203.0.113.7") == [200] * 10 + [429] * 2
        assert await answers("203.0.113.8") == [200] * 10 + [429] * 2
        assert await answers("203.0.113.7", "/webhooks/x") == [200] * 12
        # Every client of this machine has the same address.
        assert [(await viewer.post("/echo")).status_code for _ in range(12)] == [200] * 12


def test_a_rate_forgets_what_is_older_than_its_window() -> None:
    now = [0.0]
    firewall = Firewall(RULES, clock=lambda: now[0])
    request = Request(path="/echo", address="203.0.113.7", body_bytes=0)
    assert [firewall.refusal(request) for _ in range(11)] == [None] * 10 + [429]
    now[0] = 301
    assert firewall.refusal(request) is None


def resource(type: str, id: str, **outputs: Any) -> ResourceState:
    urn = f"urn:pulumi:dev::marketplace::{type}::{id}"
    return ResourceState(urn=urn, type=type, name=id, id=id, inputs=outputs, outputs=outputs)


def deployed(**changes: Any) -> list[ResourceState]:
    api = {"originId": "api", "domainName": "abc.execute-api.us-east-1.amazonaws.com"}
    api["customHeaders"] = [{"name": "X-Origin-Key", "value": "right"}]  # type: ignore[assignment]
    outputs = {
        "origins": [{"originId": "site", "domainName": "files.s3.us-east-1.amazonaws.com"}, api],
        "defaultCacheBehavior": {"targetOriginId": "site", "allowedMethods": ["GET"], "responseHeadersPolicyId": "h"},
        "orderedCacheBehaviors": [{"pathPattern": "/cart", "targetOriginId": "api", "allowedMethods": ["GET", "PUT"]}],
        "defaultRootObject": "index.html",
        "webAclId": "arn:acl",
    }
    security = {
        "contentTypeOptions": {"override": True},
        "frameOptions": {"frameOption": "DENY"},
        "strictTransportSecurity": {"accessControlMaxAgeSec": 60, "includeSubdomains": True},
    }
    return [
        resource("aws:s3/bucket:Bucket", "shop-files", bucketRegionalDomainName="files.s3.us-east-1.amazonaws.com"),
        resource("aws:wafv2/webAcl:WebAcl", "acl", arn="arn:acl", rules=list(reversed(RULES))),
        resource("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy", "h", securityHeadersConfig=security),
        resource("aws:cloudfront/distribution:Distribution", "edge", **(outputs | changes)),
    ]


def test_the_distribution_is_served_as_it_was_deployed() -> None:
    made = deployed_distribution(deployed())
    assert made is not None
    assert [(one.pattern, one.origin) for one in made.behaviors] == [("/cart", API), ("*", "shop-files")]
    assert made.origin_headers == {"x-origin-key": "right"}
    assert made.headers["strict-transport-security"] == "max-age=60; includeSubDomains"
    assert [rule["name"] for rule in made.rules] == ["body-size", "rate", "common"]
    assert json.loads(made.model_dump_json())["start_page"] == "index.html"
    assert deployed_distribution([]) is None


def test_an_origin_that_is_not_of_the_stack_is_refused() -> None:
    with pytest.raises(ToolkitError, match=r"cdn\.example\.com is neither a bucket of the stack nor its API"):
        deployed_distribution(deployed(origins=[{"originId": "site", "domainName": "cdn.example.com"}]))
