"""Ids, ARNs and addresses in the form each service gives them, for resources that are only recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from toolkit.engine.provider import Properties
from toolkit.local.cloud.provider.emulator import ACCOUNT

ID_PREFIXES: Final[Mapping[str, str]] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "sg",
    "aws:ec2/eip:Eip": "eipalloc",
    "aws:ec2/flowLog:FlowLog": "fl",
    "aws:ec2/internetGateway:InternetGateway": "igw",
    "aws:ec2/natGateway:NatGateway": "nat",
    "aws:ec2/networkAcl:NetworkAcl": "acl",
    "aws:ec2/route:Route": "r-rtb",
    "aws:ec2/routeTable:RouteTable": "rtb",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
    "aws:ec2/securityGroup:SecurityGroup": "sg",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "sgrule",
    "aws:ec2/subnet:Subnet": "subnet",
    "aws:ec2/vpc:Vpc": "vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
}
"""EC2's resource id prefixes (EC2 user guide, "Resource IDs"); 17 hex digits follow."""

SERVICES: Final[Mapping[str, str]] = {
    "alb": "elasticloadbalancing",
    "apigatewayv2": "apigateway",
    "appautoscaling": "application-autoscaling",
    "cfg": "config",
    "lb": "elasticloadbalancing",
    "vpc": "ec2",
}
"""ARN service names that differ from the SDK's module."""

BALANCER_KINDS: Final = {"network": "net", "gateway": "gwy"}


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What a recorded resource's identity is made from."""

    type: str
    physical_name: str
    named: bool
    """Whether it has a physical name; else it is known by an invented id."""
    digest: str
    """64 hex digits: the same on every machine, another one for a replacement."""
    region: str
    inputs: Properties

    @property
    def arn_prefix(self) -> str:
        module = self.type.split(":")[1].split("/", maxsplit=1)[0]
        return f"arn:aws:{SERVICES.get(module, module)}:{self.region}:{ACCOUNT}:"


def identity(recording: Recording) -> Properties:
    """`id`, `arn` and whatever else follows from them."""
    if recording.type in FORMS:
        return FORMS[recording.type](recording)
    kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", recording.type.rsplit(":", 1)[-1]).lower()
    if recording.type in ID_PREFIXES:
        identifier = f"{ID_PREFIXES[recording.type]}-0{recording.digest[:16]}"
    elif recording.type.startswith("aws:apigatewayv2/"):
        identifier = _alphanumeric(recording.digest, 6)
    elif recording.named:
        identifier = recording.physical_name
    else:
        identifier = f"{kind}-{recording.digest[:17]}"
    return {"id": identifier, "arn": f"{recording.arn_prefix}{kind}/{identifier}"}


def _load_balancer(recording: Recording) -> Properties:
    name, digest = recording.physical_name, recording.digest
    kind = BALANCER_KINDS.get(str(recording.inputs.get("loadBalancerType")), "app")
    suffix = f"{kind}/{name}/{digest[:16]}"
    host = f"{'internal-' if recording.inputs.get('internal') else ''}{name}-{int(digest[:8], 16)}"
    dns_name = f"{host}.{recording.region}.elb.amazonaws.com"
    return _by_arn(f"{recording.arn_prefix}loadbalancer/{suffix}") | {"arnSuffix": suffix, "dnsName": dns_name}


def _target_group(recording: Recording) -> Properties:
    suffix = f"targetgroup/{recording.physical_name}/{recording.digest[:16]}"
    return _by_arn(f"{recording.arn_prefix}{suffix}") | {"arnSuffix": suffix}


def _listener(recording: Recording) -> Properties:
    balancer = str(recording.inputs["loadBalancerArn"]).replace(":loadbalancer/", ":listener/")
    return _by_arn(f"{balancer}/{recording.digest[:16]}")


def _listener_rule(recording: Recording) -> Properties:
    listener = str(recording.inputs["listenerArn"]).replace(":listener/", ":listener-rule/")
    return _by_arn(f"{listener}/{recording.digest[:16]}")


def _api(recording: Recording) -> Properties:
    api, region = _alphanumeric(recording.digest, 10), recording.region
    return {
        "id": api,
        "arn": f"arn:aws:apigateway:{region}::/apis/{api}",
        "apiEndpoint": f"https://{api}.execute-api.{region}.amazonaws.com",
        "executionArn": f"arn:aws:execute-api:{region}:{ACCOUNT}:{api}",
    }


def _stage(recording: Recording) -> Properties:
    api, name, region = str(recording.inputs["apiId"]), recording.physical_name, recording.region
    path = "" if name == "$default" else name
    return {
        "id": name,
        "arn": f"arn:aws:apigateway:{region}::/apis/{api}/stages/{name}",
        "executionArn": f"arn:aws:execute-api:{region}:{ACCOUNT}:{api}/{name}",
        "invokeUrl": f"https://{api}.execute-api.{region}.amazonaws.com/{path}",
    }


def _repository(recording: Recording) -> Properties:
    name = recording.physical_name
    url = f"{ACCOUNT}.dkr.ecr.{recording.region}.amazonaws.com/{name}"
    return {
        "id": name,
        "arn": f"{recording.arn_prefix}repository/{name}",
        "repositoryUrl": url,
        "registryId": ACCOUNT,
    }


def _event_source_mapping(recording: Recording) -> Properties:
    digest = recording.digest
    uuid = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    function = str(recording.inputs["functionName"])
    return {
        "id": uuid,
        "uuid": uuid,
        "arn": f"{recording.arn_prefix}event-source-mapping:{uuid}",
        "functionArn": function if function.startswith("arn:") else f"{recording.arn_prefix}function:{function}",
        "state": "Enabled" if recording.inputs.get("enabled", True) else "Disabled",
    }


FORMS: Final[Mapping[str, Callable[[Recording], Properties]]] = {
    "aws:apigatewayv2/api:Api": _api,
    "aws:apigatewayv2/stage:Stage": _stage,
    "aws:ecr/repository:Repository": _repository,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _event_source_mapping,
    "aws:lb/listener:Listener": _listener,
    "aws:lb/listenerRule:ListenerRule": _listener_rule,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:lb/targetGroup:TargetGroup": _target_group,
}


def _by_arn(arn: str) -> Properties:
    return {"id": arn, "arn": arn}


def _alphanumeric(digest: str, length: int) -> str:
    digits = "abcdefghijklmnopqrstuvwxyz0123456789"
    number, text = int(digest, 16), ""
    for _ in range(length):
        number, rest = divmod(number, len(digits))
        text += digits[rest]
    return text
