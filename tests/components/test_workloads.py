"""Container services, event functions, the workflow and the queue between them."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path

import pytest
from planned import ROOT, Planned

from components.checkout_orchestration.aws import substituted
from components.container_service.aws.patterns import path_patterns
from components.errors import ComponentError
from components.order_database.migrations import digest
from components.workload import Route
from stacks.workloads import CATALOG, CHECKOUT


@pytest.mark.parametrize("service", ["catalog", "checkout", "seller"])
def test_a_container_runs_on_arm_as_a_user_on_a_read_only_file_system(prod: Planned, service: str) -> None:
    definition = prod.inputs("TaskDefinition", service)
    assert definition["runtimePlatform"] == {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}
    container = prod.container(service)
    assert container["readonlyRootFilesystem"] is True
    assert container["user"] == "10001:10001"
    assert container["mountPoints"] == [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}]
    assert container["logConfiguration"]["options"]["awslogs-group"] == f"/marketplace-prod/{service}"


def test_the_image_runs_as_the_user_that_the_task_names() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "USER 10001:10001" in dockerfile
    assert 'VOLUME ["/tmp"]' in dockerfile


@pytest.mark.parametrize("service", ["catalog", "checkout", "seller"])
def test_a_deployment_that_does_not_come_up_is_rolled_back(prod: Planned, service: str) -> None:
    deployed = prod.inputs("ecs/service:Service", service)
    assert deployed["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert deployed["networkConfiguration"]["assignPublicIp"] is False
    assert deployed["networkConfiguration"]["subnets"] == [f"<Subnet network-private-{zone}.id>" for zone in "abc"]


@pytest.mark.parametrize("service", ["catalog", "checkout", "seller"])
def test_the_number_of_tasks_belongs_to_the_autoscaling(prod: Planned, service: str) -> None:
    assert prod.one("ecs/service:Service", service).ignore_changes == ["desiredCount"]
    target = prod.inputs("appautoscaling/target:Target", service)
    assert (target["minCapacity"], target["maxCapacity"]) == (2, 20)
    assert target["resourceId"] == f"service/marketplace-prod/<Service {service}.name>"
    requests = prod.inputs("appautoscaling/policy:Policy", f"{service}-requests")
    label = requests["targetTrackingScalingPolicyConfiguration"]["predefinedMetricSpecification"]["resourceLabel"]
    assert label == f"<LoadBalancer cluster.arnSuffix>/<TargetGroup {service}.arnSuffix>"


def test_the_load_balancer_is_internal_and_sends_each_path_to_its_service(prod: Planned) -> None:
    assert prod.inputs("LoadBalancer", "cluster")["internal"] is True
    forwarded = {
        name: prod.inputs("ListenerRule", name)["actions"][0]["targetGroupArn"] for name in prod.every("ListenerRule")
    }
    assert forwarded["checkout-2"] == forwarded["checkout"] == "<TargetGroup checkout.arn>"
    # The plan hides the conditions, for they hold the edge's key. Their patterns follow from the routes.
    assert path_patterns(CHECKOUT.routes) == ["/cart", "/cart/items/*", "/checkout", "/orders", "/orders/*"]
    assert {"/catalog/products", "/catalog/products/*"} <= set(path_patterns(CATALOG.routes))


def test_a_path_is_taken_over_before_it_is_given_up(prod: Planned) -> None:
    assert prod.one("ListenerRule", "checkout-2").urn in prod.one("ListenerRule", "checkout").dependencies


def test_services_share_no_path_so_that_their_rules_need_no_order() -> None:
    for one, other in ((CATALOG, CHECKOUT), (CHECKOUT, CATALOG)):
        paths = [route.path for route in one.routes]
        assert not [path for path in paths for p in path_patterns(other.routes) if fnmatch.fnmatchcase(path, p)]


def test_a_pattern_that_another_one_covers_is_left_out() -> None:
    routes = [Route(method="GET", path=path) for path in ("/a/{id}/b", "/a/{id}", "/a", "/ab/{id}")]
    assert path_patterns(routes) == ["/a/*", "/a", "/ab/*"]


def test_capacity_is_interruptible_where_the_profile_says_so(prod: Planned, dev: Planned) -> None:
    strategies = "capacityProviderStrategies"
    assert prod.inputs("ecs/service:Service", "catalog")[strategies][0]["capacityProvider"] == "FARGATE"
    assert dev.inputs("ecs/service:Service", "catalog")[strategies][0]["capacityProvider"] == "FARGATE_SPOT"


@pytest.mark.parametrize("function", ["order-processor", "checkout-saga", "payouts", "migrations"])
def test_a_function_is_traced_and_logs_to_a_group_of_its_own(prod: Planned, function: str) -> None:
    deployed = prod.inputs("Function", function)
    assert deployed["packageType"] == "Image"
    assert deployed["architectures"] == ["arm64"]
    assert deployed["tracingConfig"] == {"mode": "Active"}
    assert deployed["loggingConfig"]["logGroup"] == f"/marketplace-prod/{function}"
    assert deployed["vpcConfig"]["securityGroupIds"] == [f"<SecurityGroup {function}.id>"]


def test_the_order_processor_takes_batches_and_reports_failures_by_message(prod: Planned) -> None:
    source = prod.inputs("EventSourceMapping", "order-processor-fulfillment")
    assert source["eventSourceArn"] == "<Queue fulfillment.arn>"
    assert source["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["scalingConfig"] == {"maximumConcurrency": 50}


def test_a_message_that_cannot_be_handled_ends_in_the_dead_letter_queue(prod: Planned) -> None:
    redrive = prod.inputs("RedrivePolicy", "fulfillment-dead-letters")
    assert redrive["queueUrl"] == "<Queue fulfillment.url>"
    assert json.loads(redrive["redrivePolicy"]) == {
        "deadLetterTargetArn": "<Queue fulfillment-dead-letters.arn>",
        "maxReceiveCount": 5,
    }
    allow = prod.inputs("RedriveAllowPolicy", "fulfillment-dead-letters")
    assert json.loads(allow["redriveAllowPolicy"])["sourceQueueArns"] == ["<Queue fulfillment.arn>"]
    for queue in prod.every("Queue"):
        assert prod.inputs("Queue", queue)["sqsManagedSseEnabled"] is True


def test_a_message_stays_hidden_six_times_as_long_as_its_handler_may_run(prod: Planned) -> None:
    hidden = prod.inputs("Queue", "fulfillment")["visibilityTimeoutSeconds"]
    assert hidden >= 6 * prod.inputs("Function", "order-processor")["timeout"]


def test_a_schedule_calls_its_function_once_and_leaves_the_rest_to_the_next_call(prod: Planned) -> None:
    schedule = prod.inputs("Schedule", "payouts")
    assert schedule["scheduleExpression"] == "rate(1 minute)"
    assert schedule["flexibleTimeWindow"] == {"mode": "OFF"}
    target = schedule["target"]
    assert (target["arn"], target["roleArn"]) == ("<Function payouts.arn>", "<Role payouts-schedule.arn>")
    assert json.loads(target["input"]) == {"trigger": "schedule"}
    assert target["deadLetterConfig"] == {"arn": "<Queue payouts-missed.arn>"}
    assert target["retryPolicy"] == {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 60}
    called = prod.inputs("FunctionEventInvokeConfig", "payouts")
    assert (called["maximumRetryAttempts"], called["maximumEventAgeInSeconds"]) == (0, 60)
    assert prod.one("RolePolicy", "payouts-schedule").urn in prod.needs(prod.one("Schedule", "payouts"))


def test_a_call_that_the_scheduler_could_not_make_raises_an_alarm(prod: Planned) -> None:
    alarm = prod.inputs("MetricAlarm", "payouts-missed")
    assert alarm["dimensions"] == {"QueueName": "<Queue payouts-missed.name>"}
    assert alarm["threshold"] == 1


def test_the_workflow_is_the_rendered_saga_with_its_function_and_queue(prod: Planned) -> None:
    machine = prod.inputs("StateMachine", "checkout-flow")
    assert machine["type"] == "STANDARD"
    assert machine["tracingConfiguration"] == {"enabled": True}
    states = json.loads(machine["definition"])["States"]
    assert states["authorize"]["Parameters"]["FunctionName"] == "<Function checkout-saga.arn>"
    assert "${" not in machine["definition"]
    assert "<Queue fulfillment.url>" in machine["definition"]


def test_a_placeholder_without_a_value_is_refused(tmp_path: Path) -> None:
    definition = tmp_path / "saga.json"
    definition.write_text('{"Resource": "${somewhere_else}"}')
    with pytest.raises(ComponentError, match=r"\$\{somewhere_else\}"):
        substituted(definition, {})


def test_a_missing_workflow_says_how_to_render_it(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match=r"python -m functions\.checkout\.asl"):
        substituted(tmp_path / "none.json", {})


def test_the_migrations_run_again_when_one_is_added_or_changed(tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("CREATE TABLE a ()")
    first = digest(tmp_path)
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE b ()")
    second = digest(tmp_path)
    (tmp_path / "0002_second.sql").write_text("CREATE TABLE c ()")
    assert len({first, second, digest(tmp_path)}) == 3


def test_a_folder_without_migrations_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match="no migrations"):
        digest(tmp_path)
