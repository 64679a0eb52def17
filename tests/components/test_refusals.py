"""Stacks that cannot work are refused where they are written, in words that say what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from components.cloud import load
from components.errors import CloudNotAvailable
from toolkit.engine.model import Plan
from toolkit.errors import ToolkitError

Declare = Callable[[str], Plan]

SERVICES = """
    from components.container_cluster import ContainerClusterArgs
    from components.edge_key import EdgeKeyArgs
    from components.event_function import EventFunctionArgs
    from components.fulfillment_queue import FulfillmentQueueArgs
    from components.network import NetworkArgs

    on = foundation()
    secrets = cloud.Secrets("secrets", on, SecretsArgs())
    edge_key = cloud.EdgeKey("edge-key", on, EdgeKeyArgs(secrets=secrets))
    network = cloud.Network("network", on, NetworkArgs(cidr="10.0.0.0/16", secrets=secrets))

    def worker(*links, timeout_seconds=30, every_minutes=None):
        workload = Handler(
            name="worker", function="order-processor", package="functions.worker", timeout_seconds=timeout_seconds,
            every_minutes=every_minutes)
        return cloud.EventFunction("worker", on, EventFunctionArgs(
            workload=workload, network=network, secrets=secrets, links=links, image=IMAGE))
"""


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_cloud_without_components_says_which_clouds_have_them(cloud: str) -> None:
    with pytest.raises(CloudNotAvailable, match=rf"'{cloud}'.*Choose one of: aws"):
        load(cloud)


def test_a_link_that_makes_no_sense_names_those_that_do(declare: Declare) -> None:
    source = SERVICES + 'worker(starts(cloud.FulfillmentQueue("queue", on, FulfillmentQueueArgs())))\n'
    with pytest.raises(ToolkitError, match=r"'queue' does not offer the access 'starts'.*publishes, consumes"):
        declare(source.replace("worker(starts", "    worker(starts"))


def test_a_queue_that_would_deliver_twice_is_refused(declare: Declare) -> None:
    source = SERVICES + (
        '    queue = cloud.FulfillmentQueue("queue", on, FulfillmentQueueArgs(handling_seconds=20))\n'
        "    worker(consumes(queue), timeout_seconds=30)\n"
    )
    with pytest.raises(ToolkitError, match=r"Give the queue at least handling_seconds=30"):
        declare(source)


@pytest.mark.parametrize(("timeout_seconds", "every_minutes"), [(61, 1), (30, 0)])
def test_a_schedule_that_would_run_a_function_beside_itself_is_refused(
    declare: Declare, timeout_seconds: int, every_minutes: int
) -> None:
    source = SERVICES + f"    worker(timeout_seconds={timeout_seconds}, every_minutes={every_minutes})\n"
    with pytest.raises(ToolkitError, match=rf"'worker' is called every {every_minutes} minutes .* shorter time-out"):
        declare(source)


def test_an_engine_that_this_release_does_not_deploy_is_refused(declare: Declare) -> None:
    source = """
        from components.cart_cache import CartCacheArgs

        on = foundation(**{"cart-cache": "elasticache-redis"})
        cloud.CartCache("carts", on, CartCacheArgs(network=None, secrets=None))
    """
    with pytest.raises(ToolkitError, match=r"'elasticache-redis'.*Choose 'elasticache-valkey'"):
        declare(source)


def test_an_engine_that_is_closed_is_refused_with_the_one_to_choose(declare: Declare) -> None:
    source = """
        from components.container_service import ContainerServiceArgs

        on = foundation(**{"catalog-service": "app-runner"})
        workload = Service(name="catalog", function="catalog-service", module="m", routes=())
        cloud.ContainerService("catalog", on, ContainerServiceArgs(
            workload=workload, cluster=None, secrets=None, image=None))
    """
    with pytest.raises(ToolkitError, match=r"2026-04-30.*Choose 'ecs-fargate'"):
        declare(source)


def test_two_statements_of_one_name_are_refused_and_neither_is_lost(declare: Declare) -> None:
    source = SERVICES + (
        '    queues = [cloud.FulfillmentQueue(n, on, FulfillmentQueueArgs()) for n in ("a-queue", "a_queue")]\n'
        "    worker(*(publishes(queue) for queue in queues))\n"
    )
    with pytest.raises(ToolkitError, match=r"'worker' is given two different statements 'PublishAQueue'"):
        declare(source)


def test_an_image_that_nothing_could_pull_is_refused(declare: Declare) -> None:
    source = SERVICES + (
        "    from components.container_service import ContainerServiceArgs\n"
        "    shared = ContainerClusterArgs(network=network, edge_key=edge_key)\n"
        '    cluster = cloud.ContainerCluster("cluster", on, shared)\n'
        '    shop = Service(name="shop", function="catalog-service", module="services.shop", routes=())\n'
        '    cloud.ContainerService("shop", on, ContainerServiceArgs(\n'
        '        workload=shop, cluster=cluster, secrets=secrets, image="docker.io/shop:1"))\n'
    )
    with pytest.raises(ToolkitError, match=r"'docker\.io/shop:1' is not in ECR in eu-west-1"):
        declare(source)


@pytest.mark.parametrize("seconds", [0, 901])
def test_a_function_cannot_run_longer_than_lambda_lets_it(declare: Declare, seconds: int) -> None:
    with pytest.raises(ToolkitError, match="a Lambda has 1 to 900"):
        declare(SERVICES + f"    worker(timeout_seconds={seconds})\n")


def test_an_api_of_the_cloud_that_the_network_has_no_endpoint_for_is_refused(declare: Declare) -> None:
    with pytest.raises(ToolkitError, match=r"no endpoint for the AWS API 'rekognition'"):
        declare(SERVICES + '    network.endpoints.peer("rekognition")\n')
