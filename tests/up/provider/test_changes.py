"""A program that changes: the offline engine and this provider do what must be done, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.up.provider.conftest import Cloud
from toolkit.engine.deployment import deploy, destroy
from toolkit.engine.program import Program
from toolkit.engine.state import State

PROGRAM = """
import pulumi, pulumi_aws as aws
on = pulumi.ResourceOptions(provider=aws.Provider("aws", region="us-east-1"))
table = aws.dynamodb.Table("products", billing_mode="PAY_PER_REQUEST", hash_key="id",
                           attributes=[{"name": "id", "type": "S"}], opts=on)
dead = aws.sqs.Queue("dead", opts=on)
work = aws.sqs.Queue("work", delay_seconds=DELAY, redrive_policy=pulumi.Output.json_dumps(
    {"deadLetterTargetArn": dead.arn, "maxReceiveCount": 3}), opts=on)
if EXTRA:
    aws.sns.Topic("news", opts=on)
pulumi.export("url", work.url)
"""


class Project:
    """A small program, deployed again and again."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder, self.cloud = folder, cloud
        self.state = State(folder / "state.json")
        (folder / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text("config: {}\n")

    def deploy(self, *, delay: int = 0, extra: bool = True) -> dict[str, int]:
        program = PROGRAM.replace("DELAY", str(delay)).replace("EXTRA", str(extra))
        (self.folder / "__main__.py").write_text(program)
        done = deploy(Program.load(self.folder, "dev"), self.cloud.provider, self.state)
        return {operation: count for operation, count in done.counts.items() if operation != "same" and count}


@pytest.fixture
def project(tmp_path: Path, cloud: Cloud) -> Project:
    return Project(tmp_path, cloud)


def test_a_changed_input_updates_only_that_and_a_removed_resource_is_deleted(project: Project) -> None:
    sqs, sns = project.cloud.servers.boto("sqs"), project.cloud.servers.boto("sns")
    assert project.deploy() == {"create": 4}
    assert project.deploy() == {}

    assert project.deploy(delay=7) == {"update": 1}
    url = project.state.outputs["url"]
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["DelaySeconds"] == "7"

    assert len(sns.list_topics()["Topics"]) == 1
    assert project.deploy(delay=7, extra=False) == {"delete": 1}
    assert sns.list_topics()["Topics"] == []

    destroy(project.cloud.provider, project.state)
    assert "QueueUrls" not in sqs.list_queues()
    assert project.state.resources == []
