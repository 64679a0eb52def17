"""Catalog database, order database, cart cache: encrypted, restorable, and hard to lose in production."""

from __future__ import annotations

import itertools

import pytest
from planned import Planned, Plans

KEY = "<Key secrets.arn>"


def test_the_order_database_is_aurora_with_identity_sign_in_over_tls(prod: Planned) -> None:
    cluster = prod.inputs("rds/cluster:Cluster", "orders")
    assert cluster["engine"] == "aurora-postgresql"
    assert cluster["iamDatabaseAuthenticationEnabled"] is True
    assert cluster["serverlessv2ScalingConfiguration"] == {"minCapacity": 0.5, "maxCapacity": 32}
    assert cluster["kmsKeyId"] == KEY
    assert cluster["storageEncrypted"] is True
    parameters = prod.inputs("ClusterParameterGroup", "orders")["parameters"]
    assert {"name": "rds.force_ssl", "value": "1"} in parameters
    assert {prod.inputs("ClusterInstance", name)["instanceClass"] for name in ("orders-0", "orders-1")} == {
        "db.serverless"
    }


def test_nobody_holds_the_order_databases_master_password(prod: Planned) -> None:
    cluster = prod.inputs("rds/cluster:Cluster", "orders")
    assert cluster["manageMasterUserPassword"] is True
    assert cluster["masterUserSecretKmsKeyId"] == KEY
    assert "masterPassword" not in cluster


def test_the_order_databases_logs_are_kept_no_longer_than_the_profile_says(prod: Planned) -> None:
    identifier = prod.inputs("rds/cluster:Cluster", "orders")["clusterIdentifier"]
    logs = prod.inputs("LogGroup", "orders-postgresql")
    assert logs["name"] == f"/aws/rds/cluster/{identifier}/postgresql"
    assert prod.one("LogGroup", "orders-postgresql").urn in prod.one("rds/cluster:Cluster", "orders").dependencies


def test_an_order_database_does_not_claim_to_pause_while_it_is_polled_each_second(dev: Planned) -> None:
    cluster = dev.inputs("rds/cluster:Cluster", "orders")
    assert cluster["serverlessv2ScalingConfiguration"] == {"minCapacity": 0.5, "maxCapacity": 2}
    assert "ORDERS_QUIET_SECONDS" not in dev.environment("checkout")
    assert dev.inputs("Schedule", "payouts")["scheduleExpression"] == "rate(1 minute)"


def test_an_order_database_sleeps_where_nobody_keeps_it_awake(plans: Plans) -> None:
    branch = plans.of("dev", alwaysAwake="false")
    cluster = branch.inputs("rds/cluster:Cluster", "orders")
    assert cluster["serverlessv2ScalingConfiguration"] == {
        "minCapacity": 0, "maxCapacity": 2, "secondsUntilAutoPause": 300
    }  # fmt: skip
    # A function is frozen with its connection: the server ends it.
    assert {"name": "idle_session_timeout", "value": "360000"} in branch.inputs("ClusterParameterGroup", "orders")[
        "parameters"
    ]
    for workload in ("checkout", "dispute", "payouts", "migrations"):
        assert branch.environment(workload)["ORDERS_QUIET_SECONDS"] == "21600", workload
    # All at once, so that it wakes once for all of them; services look at whole multiples of the same time.
    assert {branch.inputs("Schedule", name)["scheduleExpression"] for name in branch.every("Schedule")} == {
        "cron(0 0/6 * * ? *)"
    }
    for name in branch.every("TargetGroup"):
        assert branch.inputs("TargetGroup", name)["healthCheck"]["path"] == "/healthz"


def test_the_order_database_starts_with_a_version_of_long_term_support_and_stays_there(
    prod: Planned, changed: Planned
) -> None:
    assert prod.inputs("rds/cluster:Cluster", "orders")["engineVersion"] == "17.7"
    assert prod.inputs("ClusterInstance", "orders-0")["autoMinorVersionUpgrade"] is False
    assert changed.inputs("rds/cluster:Cluster", "orders")["engineVersion"] == "17.10"
    assert changed.inputs("ClusterInstance", "orders-0")["autoMinorVersionUpgrade"] is True


def test_a_minor_version_that_aws_installed_is_not_taken_back(prod: Planned) -> None:
    assert prod.one("rds/cluster:Cluster", "orders").ignore_changes == ["engineVersion"]
    assert prod.one("ReplicationGroup", "carts").ignore_changes == ["engineVersion"]
    for name in prod.every("ClusterInstance"):
        assert "engineVersion" not in prod.inputs("ClusterInstance", name)


def test_a_replaced_order_database_makes_room_for_its_name(prod: Planned) -> None:
    assert prod.one("rds/cluster:Cluster", "orders").delete_before_replace is True


def test_the_last_snapshot_of_one_stack_does_not_stand_in_the_way_of_the_next(prod: Planned) -> None:
    snapshot = prod.inputs("rds/cluster:Cluster", "orders")["finalSnapshotIdentifier"]
    assert snapshot == "marketplace-prod-final-<SubnetGroup orders.name>"


def test_what_a_deleted_database_leaves_behind_can_be_read(prod: Planned, changed: Planned) -> None:
    for stack in (prod, changed):
        cluster = stack.inputs("rds/cluster:Cluster", "orders")
        assert (cluster["skipFinalSnapshot"], cluster["deleteAutomatedBackups"]) == (False, False)
        assert stack.one("Key", "secrets").retain_on_delete


def test_protection_is_lifted_by_a_setting_of_its_own(prod: Planned, changed: Planned) -> None:
    assert not [r.name for r in changed.plan.resources if r.protect]
    assert changed.inputs("rds/cluster:Cluster", "orders")["deletionProtection"] is False
    assert changed.inputs("UserPool", "auth")["deletionProtection"] == "INACTIVE"
    assert changed.inputs("LoadBalancer", "cluster")["enableDeletionProtection"] is False
    assert {r.urn for r in prod.plan.resources if r.protect} <= changed.resources.keys()


def test_a_throw_away_order_database_leaves_nothing_behind(dev: Planned) -> None:
    cluster = dev.inputs("rds/cluster:Cluster", "orders")
    assert cluster["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in cluster
    assert not dev.one("Key", "secrets").retain_on_delete
    assert set(dev.every("ClusterInstance")) == {"orders-0"}


@pytest.mark.parametrize(
    ("where", "protected", "thrown_away"),
    [
        (("rds/cluster:Cluster", "orders", "deletionProtection"), True, False),
        (("dynamodb/table:Table", "products", "deletionProtectionEnabled"), True, False),
        (("UserPool", "auth", "deletionProtection"), "ACTIVE", "INACTIVE"),
        (("LoadBalancer", "cluster", "enableDeletionProtection"), True, False),
        (("Secret", "stripe", "recoveryWindowInDays"), 30, 0),
        (("Key", "secrets", "deletionWindowInDays"), 30, 7),
    ],
)
def test_production_guards_what_a_throw_away_stack_lets_go(
    prod: Planned, dev: Planned, where: tuple[str, str, str], protected: object, thrown_away: object
) -> None:
    kind, name, property = where
    assert prod.inputs(kind, name)[property] == protected
    assert dev.inputs(kind, name)[property] == thrown_away


def test_pulumi_itself_refuses_to_delete_productions_data(prod: Planned, dev: Planned) -> None:
    assert {r.name for r in prod.plan.resources if r.protect} == {
        "auth",
        "edge-log",
        "images",
        "orders",
        "products",
        "secrets",
        "stripe",
    }
    assert not any(r.protect for r in dev.plan.resources)


def test_the_catalog_database_can_be_restored_and_followed(prod: Planned) -> None:
    table = prod.inputs("Table", "products")
    assert table["pointInTimeRecovery"] == {"enabled": True, "recoveryPeriodInDays": 35}
    assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
    assert table["hashKey"] == "product_id"
    assert table["globalSecondaryIndexes"] == [
        {"name": "by-category", "hashKey": "category", "rangeKey": "product_id", "projectionType": "ALL"}
    ]
    assert table["streamViewType"] == "NEW_AND_OLD_IMAGES"


def test_the_cart_cache_never_evicts_a_counter(prod: Planned) -> None:
    assert prod.inputs("elasticache/parameterGroup:ParameterGroup", "carts")["parameters"] == [
        {"name": "maxmemory-policy", "value": "noeviction"}
    ]
    assert prod.inputs("ReplicationGroup", "carts")["parameterGroupName"] == "<ParameterGroup carts.name>"


def test_the_cart_cache_is_valkey_over_tls_with_users_only(prod: Planned) -> None:
    group = prod.inputs("ReplicationGroup", "carts")
    assert group["engine"] == "valkey"
    assert group["transitEncryptionEnabled"] is True
    assert group["transitEncryptionMode"] == "required"
    assert group["atRestEncryptionEnabled"] is True
    assert group["kmsKeyId"] == KEY
    assert group["userGroupIds"] == ["marketplace-prod-carts"]
    assert "authToken" not in group
    users = prod.one("UserGroup", "carts")
    assert users.ignore_changes == ["userIds"]
    assert users.inputs["engine"] == "valkey"


def test_the_group_of_users_has_a_member_from_the_start_and_takes_one_change_at_a_time(prod: Planned) -> None:
    assert prod.inputs("UserGroup", "carts")["userIds"] == ["marketplace-prod-nobody"]
    members = [r for r in prod.plan.resources if r.type.endswith("UserGroupAssociation")]
    for earlier, later in itertools.pairwise(members):
        assert earlier.urn in later.dependencies


def test_the_cart_cache_survives_a_zone_in_production_only(prod: Planned, dev: Planned) -> None:
    group = prod.inputs("ReplicationGroup", "carts")
    assert (group["numCacheClusters"], group["automaticFailoverEnabled"], group["multiAzEnabled"]) == (2, True, True)
    group = dev.inputs("ReplicationGroup", "carts")
    assert (group["numCacheClusters"], group["automaticFailoverEnabled"], group["multiAzEnabled"]) == (1, False, False)


def test_a_cache_is_not_attached_to_a_group_of_users_that_is_being_changed(prod: Planned) -> None:
    cache = prod.one("ReplicationGroup", "carts").urn
    for name in prod.every("UserGroupAssociation"):
        assert cache in prod.one("UserGroupAssociation", name).dependencies


def test_each_node_of_the_cart_cache_has_its_alarm(prod: Planned, dev: Planned) -> None:
    assert cache_alarms(prod) == {"carts-memory-001": "001", "carts-memory-002": "002"}
    assert cache_alarms(dev) == {}


def cache_alarms(stack: Planned) -> dict[str, str]:
    """Alarms on metrics of ElastiCache, and the number of the node they watch."""
    alarms = {name: stack.inputs("MetricAlarm", name) for name in stack.every("MetricAlarm")}
    group = "<ReplicationGroup carts.replicationGroupId>-"
    return {
        name: alarm["dimensions"]["CacheClusterId"].removeprefix(group)
        for name, alarm in alarms.items()
        if alarm["namespace"] == "AWS/ElastiCache"
    }


def test_data_stores_stand_in_the_data_subnets(prod: Planned) -> None:
    subnets = [f"<Subnet network-data-{zone}.id>" for zone in "abc"]
    assert prod.inputs("rds/subnetGroup:SubnetGroup", "orders")["subnetIds"] == subnets
    assert prod.inputs("elasticache/subnetGroup:SubnetGroup", "carts")["subnetIds"] == subnets
