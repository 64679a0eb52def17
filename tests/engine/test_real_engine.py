"""The real engine is the judge: where the two differ, ours is wrong."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.real_cli import RealEngine, needs_pulumi, real_engine, told_by_ours, told_by_real
from tests.engine.small_programs import write_program
from toolkit.engine.planning import preview
from toolkit.engine.program import Program
from toolkit.engine.symbolic import SymbolicProvider
from toolkit.errors import ToolkitError

pytestmark = [needs_pulumi, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
PROJECT = Path(__file__).parents[2]
STACKS = sorted(file.name.split(".")[1] for file in PROJECT.glob("Pulumi.*.yaml"))

OPTIONS = """
provider = aws.Provider("main", region="eu-west-1")
on_main = pulumi.ResourceOptions(provider=provider)


class Orders(pulumi.ComponentResource):
    def __init__(self, name, opts):
        props = {"function": "order-database", "links": [{"target": "carts", "access": "reads"}]}
        super().__init__("shop:orders:Orders", name, props, opts)
        self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self))
        self.inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
        self.register_outputs({"url": self.queue.url})


class Inner(pulumi.ComponentResource):
    def __init__(self, name, opts):
        super().__init__("shop:orders:Inner", name, {}, opts)
        self.queue = aws.sqs.Queue(f"{name}-queue", opts=pulumi.ResourceOptions(parent=self, protect=False))


orders = Orders("orders", pulumi.ResourceOptions(providers=[provider], protect=True, retain_on_delete=True))
other = Orders("other", pulumi.ResourceOptions(provider=provider, depends_on=[orders]))
key = aws.kms.Key("key", opts=on_main)
aws.sqs.Queue("default-provider")
aws.sqs.Queue("options", tags={"a": orders.queue.arn, "b": pulumi.Output.secret("t")}, fifo_queue=True,
              opts=pulumi.ResourceOptions(provider=provider, depends_on=[orders, key], ignore_changes=["tags.a"],
                                          additional_secret_outputs=["url"], retain_on_delete=True))
aws.sqs.Queue("secret", policy=pulumi.Output.secret(key.arn), name=pulumi.Output.secret("known"), opts=on_main)
aws.sqs.Queue("echo", name=aws.sqs.Queue("named", name="given", opts=on_main).name, opts=on_main)
aws.sqs.Queue("json", policy=pulumi.Output.json_dumps({"Resource": [key.arn, "x"]}), opts=on_main)
aws.s3.BucketObject("file", bucket="files", source=pulumi.FileAsset("Pulumi.yaml"), opts=on_main)
aws.s3.BucketObject("text", bucket="files", source=pulumi.StringAsset("hello"), opts=on_main)
found = aws.sqs.Queue.get("found", "https://sqs/found", opts=on_main)
aws.sqs.Queue("after-found", name=aws.sqs.get_queue_output(name="known", opts=pulumi.InvokeOptions(
    provider=provider)).url, kms_master_key_id=found.arn, opts=on_main)
zones = aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=provider))
for index, zone in enumerate(zones.names):
    aws.sqs.Queue(f"zone-{index}", name=zone, opts=on_main)


def tag(args):
    if args.name == "transformed":
        return pulumi.ResourceTransformResult(
            {**args.props, "tags": {"source": key.arn}}, pulumi.ResourceOptions.merge(
                args.opts, pulumi.ResourceOptions(protect=True, depends_on=[key])))


aws.sqs.Queue("transformed", kms_master_key_id=key.arn, opts=pulumi.ResourceOptions(
    provider=provider, transforms=[tag]))
key.arn.apply(lambda arn: aws.sqs.Queue("inside", opts=on_main))
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    with real_engine(tmp_path_factory.mktemp("real"), SymbolicProvider()) as started:
        yield started


def assert_same_preview(engine: RealEngine, program: Program) -> None:
    real = {urn: told_by_real(state) for urn, state in engine.preview(program.root, program.stack).items()}
    ours = {resource.urn: told_by_ours(resource) for resource in preview(program)}
    assert ours.keys() == real.keys()
    for urn, expected in real.items():
        assert ours[urn] == expected, urn


def test_a_program_with_every_option_previews_the_same(engine: RealEngine, tmp_path: Path) -> None:
    program = write_program(tmp_path / "options", OPTIONS)
    engine.init(program.root, "dev")
    assert_same_preview(engine, program)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project: the CLI writes a salt into the settings of a stack that it creates."""
    copy = tmp_path_factory.mktemp("project")
    for file in PROJECT.glob("Pulumi*.yaml"):
        shutil.copy(file, copy)
    for folder in ("stacks", "components", "functions", "commerce", "web"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


VALUES = """
class Shop(pulumi.ComponentResource):
    def __init__(self, name, properties):
        super().__init__("shop:shop:Shop", name, properties)


bucket = aws.s3.Bucket("bucket")
inner = Shop("inner", {"links": 3, "function": ["f"], "engine": {"cylinders": 4}})
aws.s3.BucketObject("object", bucket=bucket, content="text")
aws.s3.BucketObject("seen", bucket=bucket, content="text", opts=pulumi.ResourceOptions(transforms=[lambda args: None]))
Shop("outer", {"links": "none", "function": "order-database", "engine": ["a"]})
aws.sqs.Queue("asked", name=aws.sqs.get_queue_output(name=aws.sqs.Queue("queue", name="known")).url)
try:
    pulumi.runtime.invoke("aws:sqs/none:none", {})
except Exception:
    aws.sqs.Queue("after-a-failed-data-source")
aws.sqs.Queue("imported", name="given", opts=pulumi.ResourceOptions(import_="https://sqs/given"))
pulumi.runtime.register_invoke_transform(lambda args: pulumi.InvokeTransformResult(
    {**args.args, "name": "transformed"}, args.opts))
aws.sqs.Queue("asked-otherwise", name=aws.sqs.get_queue(name="known").url)
later = aws.sqs.get_queue_output(name="known", opts=pulumi.InvokeOutputOptions(depends_on=[inner, bucket]))
aws.sqs.Queue("asked-later", name=later.url)
pulumi.export("bucket", bucket)
pulumi.export("not a number", [float("nan"), float("inf"), float("-inf")])
"""


def test_a_program_with_unusual_values_previews_the_same(engine: RealEngine, tmp_path: Path) -> None:
    program = write_program(tmp_path / "values", VALUES)
    engine.init(program.root, "dev")
    assert_same_preview(engine, program)


SETTINGS = """
settings = pulumi.Config()
aws.sqs.Queue("settings", tags={name: settings.require(name) for name in ("a", "b", "c", "d", "e")})
aws.sqs.Queue("secret", policy=settings.require_secret("token"))
db = settings.require_secret_object("db")
aws.sqs.Queue("inside", policy=db.apply(lambda db: db["password"]), name=db.apply(lambda db: db["host"]))
"""


def test_settings_are_read_the_same(engine: RealEngine, tmp_path: Path) -> None:
    written = {"a": "no", "b": "9:30", "c": "010", "d": "{b: off, a: [1.0, <&>]}", "e": "2026-01-31", "db": "{host: h}"}
    folder = write_program(tmp_path / "settings", SETTINGS, written).root
    engine.init(folder, "dev")
    engine.ok(folder, "config", "set", "--stack", "dev", "--secret", "token", "hush")
    engine.ok(folder, "config", "set", "--stack", "dev", "--secret", "--path", "db.password", "hush")
    assert_same_preview(engine, Program.load(folder, "dev"))


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_of_the_project_previews_the_same(
    engine: RealEngine, project: Path, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(project))
    engine.init(project, stack)
    assert_same_preview(engine, Program.load(project, stack))


ABSENT = "urn:pulumi:dev::shop::pulumi:providers:aws::absent"
WIRE = """
from pulumi.resource import DependencyProviderResource as Provider
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest as Request


def queue(**fields):
    settings = {"type": "aws:sqs/queue:Queue", "name": "a", "custom": True} | fields
    pulumi.runtime.settings.get_monitor().RegisterResource(Request(**settings))


"""
"""What a program sends, without the SDK's own checks."""


@pytest.fixture(scope="module")
def refused(engine: RealEngine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project for programs that neither engine accepts."""
    folder = write_program(tmp_path_factory.mktemp("refused"), "").root
    engine.init(folder, "dev")
    return folder


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("aws.sqs.Queue('twice')\naws.sqs.Queue('twice')", "uplicate resource URN"),
        ("pulumi.CustomResource('aws:sqs/queue:Qeue', 'a', {})", "there is no resource type 'aws:sqs/queue:Qeue'"),
        ("raise ValueError('no such seller')", "no such seller"),
        ("aws.sqs.get_queue(name='a')\n1 / 0", "division by zero"),
        ("pulumi.export('a', pulumi.FileAsset('none.txt'))", "none.txt"),
        ("aws.s3.BucketObject('o', bucket='b', source=pulumi.FileAsset('.'))", "refused"),
        ("aws.s3.BucketObject('o', bucket='b', source=pulumi.RemoteAsset('ftp://a/b'))", "ftp"),
        ("aws.lambda_.Function('f', role='r', code=pulumi.FileArchive('none.zip'))", "none.zip"),
        ("aws.lambda_.Function('f', role='r', code=pulumi.FileArchive('__main__.py'))", "__main__.py"),
        ("aws.lambda_.Function('f', role='r', code=pulumi.RemoteArchive('file:///none.zip'))", "/none.zip"),
        (
            "aws.lambda_.Function('f', role='r', code=pulumi.AssetArchive({'a': pulumi.FileAsset('nested.txt')}))",
            "nested.txt",
        ),
        ("import datetime\npulumi.export('at', datetime.datetime.now())", "unexpected input of type datetime for at"),
        ("pulumi.runtime.invoke('aws:sqs/none:none', {})", "invocation of aws:sqs/none:none returned an error"),
        ("aws.sqs.Queue('a', delay_seconds=float('nan'))", "cannot convert float NaN to integer"),
        (f"queue(parent='{ABSENT}')", ABSENT),
        ("queue(parent='nonsense')", "nonsense"),
        (f"queue(provider='{ABSENT}::id')", f"unknown provider '{ABSENT}::id'"),
        (f"aws.sqs.get_queue('a', opts=pulumi.InvokeOptions(provider=Provider('{ABSENT}::id')))", "unknown provider"),
        ("queue(dependencies=['nonsense'])", "nonsense"),
        ("queue(deletedWith='nonsense')", "nonsense"),
        ("queue(aliasURNs=['nonsense'])", "nonsense"),
        ("aws.sqs.Queue('a', opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(parent='nonsense')]))", "nonsense"),
        ("aws.sqs.Queue('a', opts=pulumi.ResourceOptions(version='1.2'))", "atch"),
        ("aws.Provider('a', opts=pulumi.ResourceOptions(version='nonsense'))", "atch"),
        ("queue(customTimeouts={'create': '5 minutes'})", "5 minutes"),
        ("queue(hideDiffs=['tags['])", "bracket"),
        ("queue(type='aws:sqs')", "aws:sqs"),
        ("aws.sqs.Queue.get('a', '')", "aws:sqs/queue:Queue"),
        ("aws.Provider('a', opts=pulumi.ResourceOptions(import_='x'))", "provider resources may not be read"),
        ("pulumi.CustomResource('pulumi:providers:aws', 'a', {}, pulumi.ResourceOptions(id='x'))", "may not be read"),
        ("pulumi.runtime.invoke('pulumi:pulumi:none', {})", "unrecognized function name: 'pulumi:pulumi:none'"),
        ("pulumi.ComponentResource('a:b:C', 'c')\npulumi.ComponentResource('a:b:C', 'c')", "uplicate resource URN"),
        (
            "c = pulumi.ComponentResource('a:b:C', 'c')\nc.register_outputs({})\nc.register_outputs({})",
            "urn:pulumi:dev::shop::a:b:C::c",
        ),
    ],
)
def test_both_refuse_the_same_programs(engine: RealEngine, refused: Path, source: str, said: str) -> None:
    program = write_program(refused, WIRE + source)
    told = engine.run(program.root, "preview", "--stack", "dev")
    assert told.returncode != 0
    assert said in told.stdout + told.stderr
    with pytest.raises(ToolkitError) as raised:
        preview(program)
    assert said in raised.value.message
