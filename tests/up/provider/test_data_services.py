"""PostgreSQL, Redis and DynamoDB as the plan declares them."""

from __future__ import annotations

import json

import asyncpg
import pytest
import redis

from tests.up.provider.conftest import Cloud

CLUSTER = {
    "engine": "aurora-postgresql",
    "databaseName": "orders",
    "masterUsername": "administrator",
    "manageMasterUserPassword": True,
}


async def test_a_cluster_is_a_database_whose_managed_secret_names_its_master(cloud: Cloud) -> None:
    cluster = cloud.deploy("aws:rds/cluster:Cluster", "orders", CLUSTER)
    [secret] = cluster.outputs["masterUserSecrets"]
    value = cloud.servers.boto("secretsmanager").get_secret_value(SecretId=secret["secretArn"])
    credentials = json.loads(value["SecretString"])
    connection = await asyncpg.connect(
        host=cluster.outputs["endpoint"],
        port=cluster.outputs["port"],
        database=cluster.outputs["databaseName"],
        user=credentials["username"],
        password=credentials["password"],
    )
    try:
        await connection.execute("CREATE ROLE admitted LOGIN")
        await connection.execute("GRANT rds_iam TO admitted")
        await connection.execute("CREATE TABLE offers (id text)")
        assert await connection.fetchval("SELECT current_setting('is_superuser')") == "off"
    finally:
        await connection.close()

    assert cluster.read() is not None
    cluster.delete()
    assert cluster.read() is None
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(host="127.0.0.1", port=cluster.outputs["port"], user="postgres", database="orders")


def test_an_updated_cluster_keeps_the_endpoint_that_the_server_has(cloud: Cloud) -> None:
    cluster = cloud.deploy("aws:rds/cluster:Cluster", "orders", CLUSTER | {"port": 5432})
    cluster.update(CLUSTER | {"port": 5432, "backupRetentionPeriod": 7})
    assert cluster.outputs["port"] == cloud.servers.postgres.port
    cluster.delete()


def test_a_cache_user_may_do_what_its_access_string_says_and_survives_in_the_acl_file(cloud: Cloud) -> None:
    group = cloud.deploy("aws:elasticache/replicationGroup:ReplicationGroup", "carts", {"description": "carts"})
    user = cloud.deploy(
        "aws:elasticache/user:User",
        "checkout",
        {
            "userName": "checkout",
            "engine": "valkey",
            "accessString": "on ~cart:* resetchannels -@all +@read +@write +@connection",
            "authenticationMode": {"type": "iam"},
        },
    )
    address = f"redis://checkout:a-token@{group.outputs['primaryEndpointAddress']}:{group.outputs['port']}"
    with redis.Redis.from_url(address) as cache:
        cache.set("cart:1", "x")
        with pytest.raises(redis.exceptions.NoPermissionError):
            cache.set("other", "x")
    assert "user checkout on" in (cloud.servers.redis.folder / "users.acl").read_text()
    assert user.read() is not None
    user.delete()
    assert user.read() is None


def test_key_permissions_of_newer_servers_become_whole_patterns_on_older_ones(cloud: Cloud) -> None:
    user = cloud.deploy(
        "aws:elasticache/user:User", "reader", {"userName": "reader", "accessString": "on %R~cart:* -@all +@read"}
    )
    with redis.Redis.from_url(f"redis://reader:t@127.0.0.1:{cloud.servers.redis.port}") as cache:
        assert cache.get("cart:none") is None
    user.delete()


def test_the_default_cache_user_stays_the_administrators(cloud: Cloud) -> None:
    cloud.deploy("aws:elasticache/user:User", "off", {"userName": "default", "accessString": "off ~* -@all"}).delete()
    with redis.Redis.from_url(cloud.servers.redis.url) as administrator:
        assert administrator.ping()


def test_a_table_has_its_indexes_and_expiry(cloud: Cloud) -> None:
    declared = {
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "product_id",
        "attributes": [{"name": "product_id", "type": "S"}],
        "ttl": {"attributeName": "expiration", "enabled": True},
        "deletionProtectionEnabled": True,
    }
    table = cloud.deploy("aws:dynamodb/table:Table", "products", declared)
    dynamodb = cloud.servers.boto("dynamodb")
    assert dynamodb.describe_table(TableName=table.id)["Table"]["TableArn"] == table.outputs["arn"]
    assert dynamodb.describe_time_to_live(TableName=table.id)["TimeToLiveDescription"]["AttributeName"] == "expiration"

    attributes = [*declared["attributes"], {"name": "seller_id", "type": "S"}]
    index = {"name": "by_seller", "hashKey": "seller_id", "projectionType": "ALL"}
    table.update(declared | {"attributes": attributes, "globalSecondaryIndexes": [index]})
    [made] = dynamodb.describe_table(TableName=table.id)["Table"]["GlobalSecondaryIndexes"]
    assert made["IndexName"] == "by_seller"
    table.delete()
    assert table.read() is None
