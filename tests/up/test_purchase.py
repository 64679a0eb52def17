"""What `marketplace up` promises: a purchase, a receipt, nothing left behind, nothing done twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import httpx
import psutil
import pytest

from tests.up.conftest import REGION, FirstRun, Running, marketplace
from toolkit.errors import ToolkitError
from toolkit.local.processes.ports import free_port
from toolkit.local.stack.machine import Machine
from toolkit.local.stack.topology import topology
from toolkit.local.state.folder import ENTRIES, MARKER


def test_the_order_is_fulfilled_and_split_between_two_sellers(first_run: FirstRun) -> None:
    report = first_run.report
    assert report["status"] == "fulfilled"
    assert report["order_id"]
    assert report["currency"] == "usd"
    assert len(report["sellers"]) == 2
    assert sum(seller["gross"] for seller in report["sellers"]) == report["total"] > 0
    for seller in report["sellers"]:
        assert seller["commission"] == round(seller["gross"] * 0.10)
        assert seller["net"] == seller["gross"] - seller["commission"]
        assert seller["state"] == "held"
        held = datetime.fromisoformat(seller["held_until"]) - datetime.now(UTC)
        assert timedelta(days=23, hours=23) < held < timedelta(days=24), "10 days for the delivery, 14 to return it"


def test_the_report_tells_resources_and_seconds(first_run: FirstRun) -> None:
    resources, seconds = first_run.report["resources"], first_run.report["seconds"]
    assert resources["create"] == resources["total"] > 100
    assert resources["emulated"] + resources["recorded"] == resources["total"]
    assert {"plan", "servers", "resources", "processes", "health", "purchase", "total"} <= set(seconds)


def test_the_same_command_goes_on_without_planning(first_run: FirstRun) -> None:
    again = first_run.again
    assert "plan" not in again["seconds"]
    assert again["resources"]["same"] == again["resources"]["total"] == first_run.report["resources"]["total"]
    assert again["status"] == "fulfilled"
    assert again["order_id"] != first_run.report["order_id"]


def test_a_purge_knows_everything_that_a_run_writes_into_its_folder(first_run: FirstRun) -> None:
    written = {entry.name for entry in first_run.state.iterdir()} - {MARKER}
    assert {name for name in written if not any(fnmatchcase(name, ours) for ours in ENTRIES)} == set()


def test_once_leaves_nothing_running(first_run: FirstRun) -> None:
    assert first_run.left == []


def test_up_takes_over_after_a_crash_and_changes_nothing(running: Running, first_run: FirstRun) -> None:
    resources = running.report["resources"]
    assert "plan" in running.report["seconds"]
    assert (resources["create"], resources["update"], resources["replace"], resources["delete"]) == (0, 0, 0, 0)
    assert resources["same"] == resources["total"] == first_run.report["resources"]["total"]
    assert running.report["order_id"] != first_run.report["order_id"]
    assert running.report["status"] == "fulfilled"


def test_what_was_bought_before_is_still_there(running: Running, first_run: FirstRun) -> None:
    orders = [row["order_id"] for row in running.sql("SELECT order_id FROM orders")]
    assert first_run.report["order_id"] in orders


def test_all_processes_together_need_less_than_two_gigabytes(running: Running) -> None:
    status = json.loads(marketplace("status", "--json", "--state", str(running.state)).stdout)
    assert status["running"]
    assert {"moto", "postgres", "redis", "stripe", "catalog", "checkout", "checkout-saga", "gateway"} <= {
        process["name"] for process in status["processes"] if process["running"]
    }
    owner = psutil.Process(running.owner.pid).memory_full_info().pss
    assert status["memory_bytes"] + owner < 2e9


def test_every_workload_acts_as_its_own_role_and_knows_no_secret(running: Running) -> None:
    planned = topology(running.resources)
    workloads = [*planned.services, *planned.workers, *planned.models]
    roles = [workload.role_arn for workload in workloads]
    assert len(set(roles)) == len(workloads) > 10
    listed = httpx.get(f"http://127.0.0.1:{running.ports['moto']}/moto-api/data.json").json()
    sessions = {session["session_name"]: session["role_arn"] for session in listed["sts"]["AssumedRole"]}
    for workload in workloads:
        assert sessions[workload.name] == workload.role_arn
        assert not any("sk_test" in value for value in workload.environment.values())
    [saga] = [worker for worker in planned.workers if worker.name == "checkout-saga"]
    assert saga.environment["STRIPE_SECRET"].startswith("arn:aws:secretsmanager:")


def test_logs_are_shown_by_name_and_an_unknown_name_lists_them(running: Running) -> None:
    shown = marketplace("logs", "checkout", "--state", str(running.state))
    assert shown.returncode == 0
    assert '"service": "checkout"' in shown.stdout
    unknown = marketplace("logs", "checkuot", "--state", str(running.state))
    assert unknown.returncode == 1
    assert "checkout" in unknown.stderr


def test_a_second_up_beside_a_running_one_is_refused(running: Running) -> None:
    refused = marketplace("up", "--once", "--json", "--state", str(running.state), "--port", str(free_port()))
    assert refused.returncode == 1
    error = json.loads(refused.stdout)
    assert "another process" in error["error"]
    assert "down" in error["next_step"]


def test_everything_lives_in_the_region_of_the_stack(running: Running) -> None:
    arns = [str(found.outputs.get("arn", "")) for found in running.resources if found.custom]
    places = {tuple(arn.split(":")[2:4]) for arn in arns if arn.startswith("arn:aws:")}
    edge = {service for service, region in places if region not in ("", REGION)}
    assert edge == {"logs", "wafv2"}, "CloudFront's firewall and its log can only be made in us-east-1"
    assert running.outputs("aws:sqs/queue:Queue", "fulfillment")["arn"].split(":")[3] == REGION
    assert REGION in running.outputs("aws:cognito/userPool:UserPool", "auth")["endpoint"]


def test_a_state_folder_stays_with_the_region_of_its_stack(tmp_path: Path) -> None:
    with Machine(tmp_path, region=REGION) as machine:
        machine.lock()
    assert Machine(tmp_path).region == REGION
    other = Machine(tmp_path, region="us-east-1")
    with pytest.raises(ToolkitError, match=f"of the region {REGION}, not of us-east-1"):
        other.lock()
