"""The real Pulumi engine, where it is installed, deploys the same stack through the same provider."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from tests.engine.memory_cloud import MemoryCloud
from tests.up.conftest import ROOT, project_with, unbalanced
from toolkit.engine.program import Program
from toolkit.errors import ToolkitError
from toolkit.local.cloud.provider import LocalProvider
from toolkit.local.deployers.choice import choose
from toolkit.local.processes.ports import free_port
from toolkit.local.stack.deployment import LocalStack, Settings
from toolkit.local.stack.steps import Steps

pytestmark = pytest.mark.skipif(shutil.which("pulumi") is None, reason="there is no `pulumi` on PATH")


@pytest.mark.timeout(600)  # it creates the whole stack, changes and deletes it
def test_the_real_engine_deploys_changes_and_destroys_the_stack_and_sells_the_same(tmp_path: Path) -> None:
    settings = Settings(root=ROOT, stack="dev", state=tmp_path / "state", port=free_port(), engine="pulumi")
    with LocalStack(settings, Steps(Console(quiet=True))) as stack:
        run, receipt = stack.up(), stack.buy()
        assert receipt.status == "fulfilled"
        assert len(receipt.sellers) == 2
        assert run.resources.create == run.resources.total > 100

        deployer, provider = choose("pulumi", settings.state), LocalProvider(stack.machine)
        again = deployer.deploy(Program.load(ROOT, "dev"), provider)
        assert again.changes == {"create": 0, "update": 0, "replace": 0, "delete": 0, "same": run.resources.create}

        shorter = project_with(tmp_path, "returnWindowDays: 14", "returnWindowDays: 7")
        changed = deployer.deploy(Program.load(shorter, "dev"), provider)
        # The order processor's function, the seller service, and a new revision of that service's task definition.
        expected = {"create": 0, "update": 2, "replace": 1, "delete": 0, "same": run.resources.create - 3}
        assert changed.changes == expected
        with pytest.raises(ToolkitError, match="pulumi engine deployed"):
            choose("offline", settings.state)

        assert unbalanced(stack.machine.postgres.dsn("marketplace")) == []
        stack.supervisor.stop()
        assert deployer.destroy(Program.load(ROOT, "dev"), provider) == run.resources.create
        assert "QueueUrls" not in stack.machine.boto("sqs").list_queues()
        assert stack.machine.boto("cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []
        provider.close()


def test_the_real_engine_takes_the_program_and_its_settings_from_where_the_project_has_them(tmp_path: Path) -> None:
    code, settings = tmp_path / "code", tmp_path / "settings"
    code.mkdir()
    settings.mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\nmain: code/\nstackConfigDir: settings\n")
    (settings / "Pulumi.dev.yaml").write_text("encryptionsalt: v1:another:one\nconfig:\n  shop:name: off\n")
    (code / "queues.py").write_text("import pulumi\nNAME = pulumi.Config().require('name')\n")
    (code / "__main__.py").write_text("import pulumi_aws, queues\npulumi_aws.sqs.Queue('queue', name=queues.NAME)\n")
    program, cloud = Program.load(tmp_path, "dev"), MemoryCloud()
    deployer = choose("pulumi", tmp_path / "state")
    for expected in ("create", "same"):
        changes = deployer.deploy(program, cloud).changes
        assert {operation: count for operation, count in changes.items() if count} == {expected: 1}
    assert [thing["name"] for thing in cloud.things.values()] == ["off"]
    deployer.require_destroyable(program)
    assert deployer.destroy(program, cloud) == 1
    assert cloud.things == {}
