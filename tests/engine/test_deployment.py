"""Deployments by the offline engine: order, failures, protection, and the state that is written."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from tests.engine.memory_cloud import MemoryCloud
from tests.engine.small_programs import WriteProgram
from toolkit.engine.deployment import ProtectedError, deploy, destroy
from toolkit.engine.provider import Created, Properties
from toolkit.engine.state import State
from toolkit.engine.values import Secret
from toolkit.errors import ToolkitError

CHAIN = """
first = aws.sqs.Queue("first", name="first", policy=pulumi.Output.secret("hush"))
second = aws.sqs.Queue("second", name="second", kms_master_key_id=first.arn)
third = aws.sqs.Queue("third", name="third", opts=pulumi.ResourceOptions(depends_on=[second]))
pulumi.export("arn", second.arn)
pulumi.export("policy", first.policy)
"""


def test_a_second_deployment_changes_nothing(program: WriteProgram, tmp_path: Path) -> None:
    cloud, file = MemoryCloud(), tmp_path / "state.json"
    done = deploy(program(CHAIN), cloud, State(file))
    assert done.counts == {"create": 3}
    assert cloud.journal == ["create first", "create second", "create third"]
    assert done.outputs == {"arn": "arn:id-1", "policy": "hush"}
    written = file.read_text()
    again = deploy(program(CHAIN), cloud, State(file))
    assert again.counts == {"same": 3}
    assert not again.changed
    assert file.read_text() == written


def test_secrets_are_marked_in_the_state_and_the_file_is_private(program: WriteProgram, tmp_path: Path) -> None:
    state = State(tmp_path / "state.json")
    done = deploy(program(CHAIN), MemoryCloud(), state)
    reopened = State(tmp_path / "state.json")
    first = next(item for item in reopened.resources if item.name == "first")
    assert first.inputs["policy"] == Secret("hush")
    assert first.outputs["policy"] == Secret("hush")
    assert reopened.outputs["policy"] == Secret("hush")
    assert next(item for item in done.resources if item.name == "first").outputs["policy"] == "hush"
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    assert "hush" not in repr(first)


def test_a_value_that_becomes_secret_later_is_secret_in_the_state(program: WriteProgram, tmp_path: Path) -> None:
    source = """
    queue = aws.sqs.Queue("queue", name="queue", policy="hush", tags={"a": "quiet"})
    pulumi.export("policy", queue.policy)
    pulumi.export("url", queue.url)
    """
    cloud, file = MemoryCloud(), tmp_path / "state.json"
    deploy(program(source), cloud, State(file))
    source = source.replace('"hush"', 'pulumi.Output.secret("hush")')
    source = source.replace('"quiet"}', 'pulumi.Output.secret("quiet")}, opts=SECRET_URL')
    source = 'SECRET_URL = pulumi.ResourceOptions(additional_secret_outputs=["url"])\n' + textwrap.dedent(source)
    assert not deploy(program(source), cloud, State(file)).changed
    state = State(file)
    queue = next(item for item in state.resources if item.name == "queue")
    assert queue.outputs["policy"] == Secret("hush")
    assert queue.outputs["tags"] == {"a": Secret("quiet")}
    assert state.outputs == {"policy": Secret("hush"), "url": Secret("https://id-0")}


def test_dependents_are_deleted_first(program: WriteProgram) -> None:
    cloud, state = MemoryCloud(), State()
    deploy(program(CHAIN), cloud, state)
    cloud.journal.clear()
    assert destroy(cloud, state).counts == {"delete": 3}
    assert cloud.journal == ["delete third", "delete second", "delete first"]
    assert state.resources == []
    assert cloud.things == {}


def test_a_failed_step_keeps_what_was_done_and_the_next_deployment_continues(
    program: WriteProgram, tmp_path: Path
) -> None:
    cloud, file = MemoryCloud(), tmp_path / "state.json"
    with pytest.raises(ToolkitError, match=r"second \(aws:sqs/queue:Queue\): the cloud is out of queues") as raised:
        deploy(program(CHAIN.replace('name="second"', 'name="broken"')), cloud, State(file))
    assert raised.value.next_step.startswith("see __main__.py:")
    assert [item.name for item in State(file).resources if item.type.endswith("Queue")] == ["first"]
    assert len(cloud.things) == 1
    assert deploy(program(CHAIN), cloud, State(file)).counts == {"same": 1, "create": 2}


def test_a_bug_in_a_provider_names_the_resource_and_keeps_what_was_done(program: WriteProgram, tmp_path: Path) -> None:
    class Buggy(MemoryCloud):
        def create(self, urn: str, type: str, news: Properties, *, preview: bool) -> Created:
            if news["name"] == "second":
                raise KeyError("arn")
            return super().create(urn, type, news, preview=preview)

    cloud, file = Buggy(), tmp_path / "state.json"
    with pytest.raises(ToolkitError, match=r"second \(aws:sqs/queue:Queue\): KeyError: 'arn'") as raised:
        deploy(program(CHAIN), cloud, State(file))
    assert raised.value.next_step.startswith("see __main__.py:")
    assert [item.name for item in State(file).resources if item.type.endswith("Queue")] == ["first"]


def test_a_refused_input_names_the_property_and_the_line(program: WriteProgram) -> None:
    with pytest.raises(ToolkitError, match="is refused: name: is not a name") as raised:
        deploy(program('aws.sqs.Queue("a", name="invalid")'), MemoryCloud(), State())
    assert "__main__.py:" in raised.value.next_step


def test_a_protected_resource_is_neither_deleted_nor_replaced(program: WriteProgram) -> None:
    cloud, state = MemoryCloud(), State()
    source = 'aws.sqs.Queue("a", name="a", opts=pulumi.ResourceOptions(protect=True))\naws.sqs.Queue("b", name="b")'
    deploy(program(source), cloud, state)
    with pytest.raises(ToolkitError, match=r"protected, so not deleted: a \(aws:sqs/queue:Queue\)"):
        destroy(cloud, state)
    with pytest.raises(ProtectedError):
        deploy(program('aws.sqs.Queue("b", name="b")'), cloud, state)
    with pytest.raises(ToolkitError, match="is protected, and its name cannot change without replacing it"):
        deploy(program(source.replace('name="a"', 'name="c"')), cloud, state)
    assert sorted(thing["name"] for thing in cloud.things.values()) == ["a", "b"]


def test_a_made_up_name_is_kept_by_an_update_and_not_by_a_replacement(program: WriteProgram) -> None:
    cloud, state = MemoryCloud(), State()
    source = 'aws.sqs.Queue("a", delay_seconds=1, kms_master_key_id="k1")'
    deploy(program(source), cloud, state)
    (first,) = [thing["name"] for thing in cloud.things.values()]
    deploy(program(source.replace("=1", "=2")), cloud, state)
    assert [thing["name"] for thing in cloud.things.values()] == [first]
    deploy(program(source.replace("k1", "k2")), cloud, state)
    (second,) = [thing["name"] for thing in cloud.things.values()]
    assert first != second
    assert cloud.journal == ["create a", "update a", "create a", "delete a"]


def test_what_must_be_replaced_with_a_resource_is_deleted_before_it(program: WriteProgram) -> None:
    cloud, state = MemoryCloud(delete_before_replace=True), State()
    deploy(program(CHAIN), cloud, state)
    cloud.journal.clear()
    deploy(program(CHAIN.replace('name="first"', 'name="other"')), cloud, state)
    assert cloud.journal == ["delete second", "delete first", "create first", "create second"]


def test_a_resource_can_be_imported_and_read(program: WriteProgram) -> None:
    cloud, state = MemoryCloud(), State()
    cloud.things["existing"] = {"name": "old"}
    source = """
    taken = aws.sqs.Queue("taken", name="old", opts=pulumi.ResourceOptions(import_="existing"))
    pulumi.export("arn", aws.sqs.Queue.get("read", "existing").arn)
    """
    done = deploy(program(source), cloud, state)
    assert done.counts == {"import": 1}
    assert done.outputs == {"arn": "arn:existing"}
    assert cloud.journal == []


def test_the_state_of_another_stack_is_refused(program: WriteProgram) -> None:
    state = State()
    state.stack = "shop/prod"
    with pytest.raises(ToolkitError, match="is the state of shop/prod, not of shop/dev"):
        deploy(program(""), MemoryCloud(), state)


def test_a_stack_with_an_encrypted_setting_is_not_deployed(program: WriteProgram) -> None:
    with pytest.raises(ToolkitError, match="the settings shop:key are encrypted, and only pulumi can read them"):
        deploy(program("", {"shop:key": "{secure: v1:abc}"}), MemoryCloud(), State())


@pytest.mark.parametrize(
    "source",
    [
        """
        renamed = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])
        aws.sqs.Queue("a", name="a", opts=renamed)
        aws.sqs.Queue("b", name="b", opts=renamed)
        """,
        """
        old = aws.sqs.Queue("old", name="old")
        aws.sqs.Queue("b", name="b", opts=pulumi.ResourceOptions(
            aliases=[pulumi.Alias(name="old")], depends_on=[old]))
        """,
        """
        b = aws.sqs.Queue("b", name="old", opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")]))
        aws.sqs.Queue("old", name="old", opts=pulumi.ResourceOptions(depends_on=[b]))
        """,
    ],
    ids=["two aliases", "an alias of a live resource", "a name that an alias took"],
)
def test_two_resources_cannot_be_the_same_old_one(program: WriteProgram, source: str) -> None:
    cloud, state = MemoryCloud(), State()
    deploy(program('aws.sqs.Queue("old", name="old")'), cloud, state)
    with pytest.raises(ToolkitError, match="duplicate resource alias"):
        deploy(program(source), cloud, state)


def test_what_is_deleted_with_another_resource_is_not_deleted_itself(program: WriteProgram, tmp_path: Path) -> None:
    source = """
    whole = aws.sqs.Queue("whole", name="whole")
    part = aws.sqs.Queue("part", name="part", opts=pulumi.ResourceOptions(deleted_with=whole))
    """
    cloud, file = MemoryCloud(), tmp_path / "state.json"
    deploy(program(source), cloud, State(file))
    cloud.journal.clear()
    destroy(cloud, State(file))
    assert cloud.journal == ["delete whole"]
    assert State(file).resources == []


def test_a_damaged_state_is_refused_with_the_next_step(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text('{"version": 1, "resou')
    with pytest.raises(ToolkitError, match="is damaged") as raised:
        State(file)
    assert "deploy anew" in raised.value.next_step
    file.write_text(json.dumps({"version": 99}))
    with pytest.raises(ToolkitError, match="of version 99"):
        State(file)
