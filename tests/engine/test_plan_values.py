"""Values in a plan: references, secrets, options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.engine.small_programs import PREAMBLE, write_program
from toolkit.engine import plan
from toolkit.engine.model import Plan, Resource
from toolkit.engine.values import Secret

SOURCE = """
provider = aws.Provider("main", region="eu-west-1")
on_main = pulumi.ResourceOptions(provider=provider)


class Orders(pulumi.ComponentResource):
    def __init__(self, name, opts):
        props = {"function": "order-database", "engine": "aurora-postgresql",
                 "links": [{"target": "carts", "access": "reads"}]}
        super().__init__("shop:orders:Orders", name, props, opts)
        self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({"url": self.queue.url})


orders = Orders("orders", pulumi.ResourceOptions(providers=[provider], protect=True,
                                                 aliases=[pulumi.Alias(name="sales")]))
source = orders.queue
cluster = aws.rds.Cluster("cluster", engine="aurora-postgresql", manage_master_user_password=True, opts=on_main)


def value(name, **inputs):
    aws.sqs.Queue(name, opts=on_main, **inputs)


value("direct", kms_master_key_id=source.arn)
value("concat", kms_master_key_id=pulumi.Output.concat("a/", source.arn, "/b"))
value("f-string", kms_master_key_id=source.arn.apply(lambda arn: f"x-{arn}-y"))
value("json", policy=pulumi.Output.json_dumps({"Resource": [source.arn, cluster.arn], "Port": cluster.port}))
value("nested", kms_master_key_id=cluster.master_user_secrets[0].secret_arn)
value("number", delay_seconds=cluster.port)
value("number-in-text", kms_master_key_id=pulumi.Output.format("tcp:{0}", cluster.port))
value("through-component", kms_master_key_id=orders.queue.url)
value("secret", kms_master_key_id=pulumi.Output.secret("hunter2"), policy=pulumi.Output.secret(
    pulumi.Output.concat("password=hunter2&arn=", source.arn)))
value("secret-setting", policy=pulumi.Config().require_secret("token").apply(lambda token: f"bearer {token}"))
value("echo", kms_master_key_id=aws.sqs.Queue("named", name="a-given-name", opts=on_main).name)
value("autoname", kms_master_key_id=source.name)
value("several", kms_master_key_id=pulumi.Output.all(source.arn, cluster.arn).apply(lambda both: "|".join(both)))

aws.sqs.Queue("options", fifo_queue=True, opts=pulumi.ResourceOptions(
    provider=provider, depends_on=[cluster], ignore_changes=["tags"], additional_secret_outputs=["url"],
    delete_before_replace=True, retain_on_delete=True, replace_on_changes=["fifoQueue"]))
aws.sqs.Queue("from-stack", name=pulumi.StackReference("organization/shop/base").get_output("name"), opts=on_main)
aws.sqs.Queue("from-invoke", name=aws.sqs.get_queue_output(
    name=source.name, opts=pulumi.InvokeOptions(provider=provider)).url, opts=on_main)
document = aws.iam.get_policy_document_output(
    statements=[{"actions": ["sqs:SendMessage"], "resources": [source.arn]}],
    opts=pulumi.InvokeOptions(provider=provider))
aws.sqs.Queue("document", policy=document.json, opts=on_main)
bucket = aws.s3.Bucket("bucket", opts=on_main)
aws.s3.BucketObject("object", bucket=bucket, content="text", opts=on_main)
pulumi.ComponentResource("shop:shop:Shop", "shop", {"bucket": bucket, "links": 3, "engine": ["none"]})
value("markers", tags={"$ref": "name", "$secret": "plain"})
value("hidden-markers", tags=pulumi.Output.secret(
    {"$ref": "hunter2", "$resource": "hunter2", "$asset": "hunter2", "$unknown": "hunter2"}))
pulumi.export("infinite", float("-inf"))
aws.sqs.Queue.get("found", "https://sqs/found", opts=on_main)
aws.sqs.Queue.get("found-within", "https://sqs/within", opts=pulumi.ResourceOptions(parent=orders))


def tag(args):
    if args.name == "transformed":
        return pulumi.ResourceTransformResult(
            {**args.props, "tags": {"source": source.arn}}, pulumi.ResourceOptions.merge(
                args.opts, pulumi.ResourceOptions(protect=True, depends_on=[cluster])))


aws.sqs.Queue("transformed", opts=pulumi.ResourceOptions(provider=provider, transforms=[tag]))
pulumi.export("url", source.url)
pulumi.export("password", pulumi.Output.secret("hunter2"))
"""

QUEUE = "urn:pulumi:dev::shop::shop:orders:Orders$aws:sqs/queue:Queue::orders-queue"
CLUSTER = "urn:pulumi:dev::shop::aws:rds/cluster:Cluster::cluster"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder: Path = tmp_path_factory.mktemp("values")
    program = write_program(folder, SOURCE, {"shop:token": "{secure: v1:abc}"})
    base: Mapping[str, Any] = {"organization/shop/base": {"name": Secret("base-queue")}}
    return plan(replace(program, stack_outputs=base))


def resource(made: Plan, name: str) -> Resource:
    return next(item for item in made.resources if item.name == name)


def ref(urn: str, *path: str | int) -> dict[str, Any]:
    return {"$ref": [urn, *path]}


@pytest.mark.parametrize(
    ("name", "property", "expected"),
    [
        ("direct", "kmsMasterKeyId", ref(QUEUE, "arn")),
        ("concat", "kmsMasterKeyId", {"$concat": ["a/", ref(QUEUE, "arn"), "/b"]}),
        ("f-string", "kmsMasterKeyId", {"$concat": ["x-", ref(QUEUE, "arn"), "-y"]}),
        (
            "json",
            "policy",
            {
                "$concat": [
                    '{"Resource": ["',
                    ref(QUEUE, "arn"),
                    '", "',
                    ref(CLUSTER, "arn"),
                    '"], "Port": ',
                    ref(CLUSTER, "port"),
                    "}",
                ]
            },
        ),
        ("nested", "kmsMasterKeyId", ref(CLUSTER, "masterUserSecrets", 0, "secretArn")),
        ("number", "delaySeconds", ref(CLUSTER, "port")),
        ("number-in-text", "kmsMasterKeyId", {"$concat": ["tcp:", ref(CLUSTER, "port")]}),
        ("through-component", "kmsMasterKeyId", ref(QUEUE, "url")),
        ("several", "kmsMasterKeyId", {"$concat": [ref(QUEUE, "arn"), "|", ref(CLUSTER, "arn")]}),
        ("echo", "kmsMasterKeyId", "a-given-name"),
        ("autoname", "kmsMasterKeyId", ref(QUEUE, "name")),
        ("transformed", "tags", {"source": ref(QUEUE, "arn")}),
    ],
)
def test_a_reference_survives(made: Plan, name: str, property: str, expected: Any) -> None:
    assert resource(made, name).inputs[property] == expected


def test_secrets_stay_marked_and_their_literal_parts_are_never_shown(made: Plan) -> None:
    secret = resource(made, "secret").inputs
    assert secret["kmsMasterKeyId"] == {"$secret": "[secret]"}
    assert secret["policy"] == {"$secret": {"$concat": ["[secret]", ref(QUEUE, "arn")]}}
    assert resource(made, "secret-setting").inputs["policy"] == {"$secret": "[secret]"}
    assert made.outputs["password"] == {"$secret": "[secret]"}
    assert "hunter2" not in made.model_dump_json()


def test_a_key_of_the_program_that_looks_like_a_marker_is_none(made: Plan) -> None:
    assert resource(made, "markers").inputs["tags"] == {"$$ref": "name", "$$secret": "plain"}
    hidden = dict.fromkeys(("$$ref", "$$resource", "$$asset", "$$unknown"), "[secret]")
    assert resource(made, "hidden-markers").inputs["tags"] == {"$secret": hidden}


def test_a_secret_output_of_another_stack_stays_secret(made: Plan) -> None:
    assert resource(made, "from-stack").inputs["name"] == {"$secret": "[secret]"}


def test_options_are_recorded(made: Plan) -> None:
    options = resource(made, "options")
    assert options.dependencies == (CLUSTER,)
    assert options.ignore_changes == ("tags",)
    assert options.replace_on_changes == ("fifoQueue",)
    assert options.additional_secret_outputs == ("url",)
    assert options.delete_before_replace is True
    assert options.retain_on_delete


def test_a_name_that_is_left_out_is_made_up_the_same_way_every_time(made: Plan) -> None:
    name = resource(made, "options").inputs["name"]
    assert name.startswith("options-")
    assert name.endswith(".fifo")
    assert len(name) == len("options-1234567.fifo")


def test_protection_provider_and_older_names_come_from_the_parent(made: Plan) -> None:
    queue = resource(made, "orders-queue")
    assert queue.protect
    assert queue.provider == "urn:pulumi:dev::shop::pulumi:providers:aws::main"
    assert queue.aliases == ("urn:pulumi:dev::shop::shop:orders:Orders$aws:sqs/queue:Queue::sales-queue",)
    assert queue.function == "order-database"


def test_a_transform_changes_inputs_and_options(made: Plan) -> None:
    transformed = resource(made, "transformed")
    assert transformed.protect
    assert CLUSTER in transformed.dependencies


def test_a_data_source_can_be_referred_to_and_its_arguments_are_known(made: Plan) -> None:
    subject, property = resource(made, "from-invoke").inputs["name"]["$ref"]
    asked = next(invoke for invoke in made.invokes if f"invoke:{invoke.id}" == subject)
    assert property == "url"
    assert asked.args == {"name": ref(QUEUE, "name")}


def test_a_policy_document_is_computed_without_an_account(made: Plan) -> None:
    policy = resource(made, "document").inputs["policy"]
    assert ref(QUEUE, "arn") in policy["$concat"]
    assert '"Action": "sqs:SendMessage"' in policy["$concat"][0]


def test_a_resource_given_as_an_input_is_its_id_and_stays_whole_for_a_component(made: Plan) -> None:
    bucket = resource(made, "bucket").urn
    assert resource(made, "object").inputs["bucket"] == ref(bucket, "id")
    assert resource(made, "shop").inputs["bucket"] == {"$resource": bucket}


def test_an_infinite_number_is_shown_in_a_form_of_its_own(made: Plan) -> None:
    assert made.outputs["infinite"] == {"$number": "-inf"}


def test_a_resource_that_is_only_read_is_marked_external(made: Plan) -> None:
    found = resource(made, "found")
    assert found.external
    assert found.id == "https://sqs/found"


def test_a_resource_is_read_by_the_provider_that_it_names_or_inherits(made: Plan) -> None:
    main = "urn:pulumi:dev::shop::pulumi:providers:aws::main"
    assert resource(made, "found").provider == main
    assert resource(made, "found-within").provider == main


def test_functions_and_links_come_from_the_components(made: Plan) -> None:
    assert made.cloud == "aws"
    (function,) = made.functions
    assert (function.id, function.title, function.engine) == ("order-database", "Order Database", "aurora-postgresql")
    assert function.lifecycle["status"] == "available"
    (link,) = made.links
    assert (link.source, link.target, link.access) == ("orders", "carts", "reads")


def test_every_resource_has_the_line_that_declared_it(made: Plan) -> None:
    source = resource(made, "orders-queue").source
    assert source is not None
    line = int(source.removeprefix("__main__.py:"))
    assert "aws.sqs.Queue(f" in (PREAMBLE + SOURCE).splitlines()[line - 1]


def test_there_are_no_findings(made: Plan) -> None:
    assert made.findings == []
