"""The CloudFront distribution as it was deployed, with its response headers and the rules of its web ACL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from toolkit.engine.provider import Properties
from toolkit.engine.state import ResourceState
from toolkit.errors import ToolkitError
from toolkit.local.gateway.distribution import API, Behavior, Distribution

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HEADERS_POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
WEB_ACL = "aws:wafv2/webAcl:WebAcl"
BUCKET = "aws:s3/bucket:Bucket"


def deployed_distribution(deployed: Sequence[ResourceState]) -> Distribution | None:
    """The stack's distribution, `None` where it has none.

    Raises:
        ToolkitError: there are several, or an origin is neither a bucket of the stack nor its API.
    """
    found = [resource.outputs for resource in deployed if resource.type == DISTRIBUTION]
    if len(found) > 1:
        raise ToolkitError(
            f"the stack has {len(found)} distributions, this machine's gateway serves one",
            next_step="deploy one of them per stack",
        )
    return _distribution(found[0], deployed) if found else None


def _distribution(outputs: Properties, deployed: Sequence[ResourceState]) -> Distribution:
    origins = {str(origin["originId"]): origin for origin in outputs["origins"]}
    names = {id: _origin(origin, deployed) for id, origin in origins.items()}
    ordered = outputs.get("orderedCacheBehaviors") or ()
    behaviors = (*ordered, {"pathPattern": "*", **outputs["defaultCacheBehavior"]})
    acl = _outputs(deployed, WEB_ACL, "arn", outputs.get("webAclId"))
    policy = outputs["defaultCacheBehavior"].get("responseHeadersPolicyId")
    return Distribution(
        behaviors=tuple(
            Behavior(
                pattern=str(behavior["pathPattern"]),
                origin=names[str(behavior["targetOriginId"])],
                methods=tuple(behavior["allowedMethods"]),
            )
            for behavior in behaviors
        ),
        start_page=str(outputs.get("defaultRootObject") or ""),
        headers=_security_headers((_by_id(deployed, HEADERS_POLICY, policy) or {}).get("securityHeadersConfig") or {}),
        origin_headers={
            str(header["name"]).lower(): str(header["value"])
            for id, origin in origins.items()
            if names[id] == API
            for header in origin.get("customHeaders") or ()
        },
        rules=tuple(sorted((acl or {}).get("rules") or (), key=lambda rule: int(rule["priority"]))),
    )


def _origin(origin: Mapping[str, Any], deployed: Sequence[ResourceState]) -> str:
    domain = str(origin["domainName"])
    for resource in deployed:
        if resource.type == BUCKET and resource.outputs.get("bucketRegionalDomainName") == domain:
            return resource.id
    if ".execute-api." in domain:
        return API
    raise ToolkitError(
        f"the distribution's origin {domain} is neither a bucket of the stack nor its API",
        next_step="take it out of the program, or deploy what it belongs to",
    )


def _security_headers(config: Mapping[str, Any]) -> dict[str, str]:
    transport = config.get("strictTransportSecurity") or {}
    directives = [f"max-age={int(transport['accessControlMaxAgeSec'])}"] if transport else []
    directives += ["includeSubDomains"] if transport.get("includeSubdomains") else []
    directives += ["preload"] if transport.get("preload") else []
    headers = {
        "content-security-policy": (config.get("contentSecurityPolicy") or {}).get("contentSecurityPolicy"),
        "referrer-policy": (config.get("referrerPolicy") or {}).get("referrerPolicy"),
        "strict-transport-security": "; ".join(directives),
        "x-content-type-options": "nosniff" if config.get("contentTypeOptions") else None,
        "x-frame-options": (config.get("frameOptions") or {}).get("frameOption"),
    }
    return {name: str(value) for name, value in headers.items() if value}


def _outputs(deployed: Iterable[ResourceState], type: str, output: str, value: Any) -> Properties | None:
    return next((one.outputs for one in deployed if one.type == type and one.outputs.get(output) == value), None)


def _by_id(deployed: Iterable[ResourceState], type: str, id: Any) -> Properties | None:
    return next((one.outputs for one in deployed if one.type == type and one.id == id), None)
