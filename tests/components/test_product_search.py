"""Product search: a domain that is always there, or a collection that sleeps."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from planned import Planned

from toolkit.engine.model import Plan

KEY = "<Key secrets.arn>"


def test_production_has_a_node_in_each_of_two_zones_encrypted_and_inside_the_network(prod: Planned) -> None:
    domain = prod.inputs("opensearch/domain:Domain", "search")
    assert domain["clusterConfig"] == {
        "instanceType": "t3.small.search",
        "instanceCount": 2,
        "zoneAwarenessEnabled": True,
        "zoneAwarenessConfig": {"availabilityZoneCount": 2},
    }
    assert domain["vpcOptions"] == {
        "subnetIds": ["<Subnet network-data-a.id>", "<Subnet network-data-b.id>"],
        "securityGroupIds": ["<SecurityGroup search.id>"],
    }
    assert domain["encryptAtRest"] == {"enabled": True, "kmsKeyId": KEY}
    assert domain["nodeToNodeEncryption"] == {"enabled": True}
    assert domain["domainEndpointOptions"] == {
        "enforceHttps": True,
        "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }
    assert {one["logType"] for one in domain["logPublishingOptions"]} == {"ES_APPLICATION_LOGS", "SEARCH_SLOW_LOGS"}


def test_only_roles_of_the_account_reach_the_domain(prod: Planned) -> None:
    domain = prod.inputs("opensearch/domain:Domain", "search")
    [statement] = json.loads(domain["accessPolicies"])["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::<accountId>:root"}
    assert statement["Resource"] == [f"arn:aws:es:us-east-1:<accountId>:domain/{domain['domainName']}/*"]


def test_a_throw_away_stack_has_a_collection_that_costs_nothing_while_nobody_searches(dev: Planned) -> None:
    group = dev.inputs("ServerlessCollectionGroup", "search")
    assert (group["generation"], group["standbyReplicas"]) == ("NEXTGEN", "ENABLED")
    [limits] = group["capacityLimits"]
    assert (limits["minSearchCapacityInOcu"], limits["minIndexingCapacityInOcu"]) == (0, 0)
    collection = dev.inputs("ServerlessCollection", "search")
    assert (collection["type"], collection["collectionGroupName"]) == ("SEARCH", group["name"])
    assert not dev.every("Domain")
    assert dev.component("search").inputs["engine"] == "opensearch-serverless"


def test_the_collection_lets_in_each_role_with_what_its_link_takes(dev: Planned) -> None:
    policy = dev.inputs("ServerlessAccessPolicy", "search-catalog")
    [entry] = json.loads(policy["policy"])
    name = dev.inputs("ServerlessCollection", "search")["name"]
    assert entry["Principal"] == ["<Role catalog.arn>"]
    assert entry["Rules"] == [
        {
            "ResourceType": "index",
            "Resource": [f"index/{name}/products*"],
            "Permission": ["aoss:DescribeIndex", "aoss:ReadDocument"],
        }
    ]
    assert dev.allowed("catalog")["QueriesSearch"] == (["aoss:APIAccessAll"], ["<ServerlessCollection search.arn>"])


def test_the_catalog_knows_where_to_search_and_reaches_it(prod: Planned) -> None:
    [container] = json.loads(prod.inputs("TaskDefinition", "catalog")["containerDefinitions"])[:1]
    environment = {one["name"]: one["value"] for one in container["environment"] if one["name"].startswith("SEARCH_")}
    assert environment == {
        "SEARCH_HOST": "<Domain search.endpoint>",
        "SEARCH_SERVICE": "es",
        "SEARCH_TLS": "verify-full",
    }
    egress = prod.inputs("SecurityGroupEgressRule", "catalog-to-search")
    assert (egress["fromPort"], egress["referencedSecurityGroupId"]) == (443, "<SecurityGroup search.id>")


def test_nobody_writes_to_search_with_a_link_of_a_store(declare: Callable[[str], Plan]) -> None:
    with pytest.raises(Exception, match="does not offer the access 'reads-writes'"):
        declare(
            """
            from components.network import NetworkArgs
            from components.product_search import ProductSearchArgs

            on = foundation()
            secrets = cloud.Secrets("secrets", on, SecretsArgs())
            network = cloud.Network("network", on, NetworkArgs(cidr="10.0.0.0/16", secrets=secrets))
            reads_writes(cloud.ProductSearch("search", on, ProductSearchArgs(network=network, secrets=secrets)))
            """
        )


def test_the_inventory_sync_follows_the_catalogs_table(prod: Planned) -> None:
    mapping = prod.inputs("EventSourceMapping", "inventory-sync-products")
    assert mapping["eventSourceArn"] == "<Table products.streamArn>"
    assert mapping["functionName"] == "<Function inventory-sync.arn>"
    assert (mapping["startingPosition"], mapping["bisectBatchOnFunctionError"]) == ("TRIM_HORIZON", True)
    assert (mapping["batchSize"], mapping["maximumBatchingWindowInSeconds"]) == (100, 1)
    assert mapping["destinationConfig"] == {"onFailure": {"destinationArn": "<Queue inventory-sync-given-up.arn>"}}
    alarms = prod.every("MetricAlarm")
    assert {"inventory-sync-late", "inventory-sync-messages", "search-rejected-messages", "search-red"} <= alarms.keys()


def test_the_inventory_sync_knows_its_stores_and_where_rejected_documents_go(prod: Planned) -> None:
    variables = prod.inputs("Function", "inventory-sync")["environment"]["variables"]
    assert variables["SEARCH_REJECTED_QUEUE"] == "<Queue search-rejected.url>"
    assert variables["PRODUCTS_COLLECTION"] == "<Table products.name>"
    assert variables["SEARCH_HOST"] == "<Domain search.endpoint>"


def test_what_cannot_be_followed_is_refused(declare: Callable[[str], Plan]) -> None:
    with pytest.raises(Exception, match="does not offer the access 'follows'"):
        declare(
            """
            on = foundation()
            follows(cloud.Secrets("secrets", on, SecretsArgs()))
            """
        )
