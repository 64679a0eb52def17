"""A mistake in a program is reported in one line with its place, never as a traceback of the engine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.engine.small_programs import PREAMBLE, WriteProgram
from toolkit.engine import plan
from toolkit.errors import ToolkitError

FIRST_LINE = PREAMBLE.count("\n") + 1


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\nraise ValueError('no such seller')", f"__main__.py:{FIRST_LINE + 1}: ValueError: no such seller"),
        ("def broken(:", f"__main__.py:{FIRST_LINE}: SyntaxError"),
        ("import absent_module", f"__main__.py:{FIRST_LINE}: ModuleNotFoundError: No module named 'absent_module'"),
        (
            "aws.sqs.Queue('a').url.apply(lambda url: 1 / 0)",
            f"__main__.py:{FIRST_LINE}: ZeroDivisionError: division by zero",
        ),
        ("raise pulumi.RunError('set shop:currency')", f"__main__.py:{FIRST_LINE}: set shop:currency"),
        (
            "aws.sqs.Queue('a', visibility=3)",
            f"__main__.py:{FIRST_LINE}: TypeError",
        ),
        (
            "aws.sqs.Queue('twice')\naws.sqs.Queue('twice')",
            f"duplicate resource URN urn:pulumi:dev::shop::aws:sqs/queue:Queue::twice, "
            f"made at __main__.py:{FIRST_LINE} and again at __main__.py:{FIRST_LINE + 1}",
        ),
        (
            "pulumi.CustomResource('aws:sqs/queue:Qeue', 'a', {})",
            "a (aws:sqs/queue:Qeue): there is no resource type 'aws:sqs/queue:Qeue' in pulumi_aws",
        ),
        (
            "pulumi.CustomResource('acme:index:Thing', 'a', {})",
            "a (acme:index:Thing): 'acme:index:Thing' needs the package 'pulumi_acme', which is not installed",
        ),
        (
            "pulumi.StackReference('organization/shop/base')",
            "the program reads the outputs of the stack 'organization/shop/base', which the offline engine does not",
        ),
        (
            "class Remote(pulumi.ComponentResource):\n"
            "    def __init__(self):\n"
            "        super().__init__('acme:index:Remote', 'a', {}, None, True)\n"
            "Remote()",
            "acme:index:Remote is a component of a plugin, which the offline engine does not do",
        ),
        (
            "import datetime\npulumi.export('at', datetime.datetime.now())",
            "ValueError: While processing input: 'at'",
        ),
        (
            "pulumi.runtime.invoke('aws:sqs/none:none', {})",
            f"__main__.py:{FIRST_LINE}: Exception: invoke of aws:sqs/none:none failed",
        ),
        (
            "pulumi.StackReference('organization/shop/base')\n"
            "try:\n"
            "    aws.sqs.get_queue(name='a')\n"
            "except Exception as error:\n"
            "    print(error)",
            "the program reads the outputs of the stack 'organization/shop/base'",
        ),
        ("pulumi.CustomResource('nope', 'a', {})", "type 'nope' of a is not a valid type token"),
        (
            "aws.sqs.Queue('a', opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding("
            "before_create=[lambda args: None])))",
            "the program uses resource hooks, which the offline engine does not do",
        ),
        (
            "from pulumi import dynamic\n"
            "class Own(dynamic.Resource):\n"
            "    pass\n"
            "Own(dynamic.ResourceProvider(), 'a', {})",
            "a has a dynamic provider, which the offline engine does not do",
        ),
        (
            "aws.sqs.Queue('a', opts=pulumi.ResourceOptions(provider=pulumi.resource.DependencyProviderResource("
            "'urn:pulumi:dev::shop::pulumi:providers:aws::absent::id')))",
            "unknown provider 'urn:pulumi:dev::shop::pulumi:providers:aws::absent::id' for aws:sqs/queue:Queue",
        ),
        (
            "aws.sqs.Queue('a', opts=pulumi.ResourceOptions(aliases=['nonsense']))",
            "`aliases` of a (aws:sqs/queue:Queue): invalid URN 'nonsense'",
        ),
        (
            "aws.sqs.Queue('a', opts=pulumi.ResourceOptions(depends_on=[pulumi.resource.DependencyResource("
            "'urn:pulumi:dev::shop::a:b:C::absent')]))",
            "`depends_on` of a (aws:sqs/queue:Queue): could not find resource urn:pulumi:dev::shop::a:b:C::absent",
        ),
        ("aws.sqs.Queue.get('a', '')", "a (aws:sqs/queue:Queue) is read without an id"),
        (
            "c = pulumi.ComponentResource('a:b:C', 'c')\nc.register_outputs({})\nc.register_outputs({})",
            "urn:pulumi:dev::shop::a:b:C::c registers its outputs twice",
        ),
        ("import sys\nsys.exit(3)", f"__main__.py:{FIRST_LINE + 1}: SystemExit: 3"),
        ("import os\nos._exit(3)", "the program of stack dev ended before it was done"),
    ],
    ids=lambda value: None,
)
def test_a_mistake_is_reported_with_its_place(program: WriteProgram, source: str, expected: str) -> None:
    with pytest.raises(ToolkitError) as raised:
        plan(program(source))
    assert raised.value.message.startswith(expected)
    assert raised.value.next_step
    if "offline engine" in expected:
        assert "pulumi" in raised.value.next_step or "--outputs" in raised.value.next_step
    assert "Traceback" not in raised.value.message


def test_a_program_has_its_own_modules_and_each_run_the_same_environment(
    program: WriteProgram, capfd: pytest.CaptureFixture[str]
) -> None:
    written = program(
        """
        import atexit, os, sys
        import toolkit.own
        assert os.environ.setdefault("RUN", str(toolkit.own.RUN)) == "once"
        assert os.environ.pop("HOME")
        os.environ["RUN"] = "changed"
        assert os.path.exists("Pulumi.yaml")
        os.chdir("/")
        assert len(sys.argv) == 1
        sys.argv.append("changed")
        sys.stdout.write("hello")
        atexit.register(lambda: print("goodbye"))
        sys.exit(0)
        """
    )
    (written.root / "queue.py").write_text("raise ValueError('not the standard one')")
    (written.root / "toolkit").mkdir()
    (written.root / "toolkit" / "__init__.py").touch()
    (written.root / "toolkit" / "own.py").write_text("RUN = 'once'")
    assert [item.name for item in plan(written, thorough=True).resources] == ["shop-dev"]
    assert capfd.readouterr().err == "hellogoodbye\n"


def test_a_program_has_its_own_module_of_the_name_of_the_engine(program: WriteProgram) -> None:
    written = program("import toolkit\nassert toolkit.OWN")
    (written.root / "toolkit.py").write_text("OWN = True")
    assert plan(written).resources


def test_an_encrypted_setting_that_must_be_a_number_is_refused_in_words(program: WriteProgram) -> None:
    with pytest.raises(ToolkitError, match="shop:port is encrypted: only pulumi can read it"):
        plan(program("pulumi.Config().require_secret_int('port')", {"port": "{secure: v1:abc}"}))


def test_a_provider_must_be_explicit_where_default_ones_are_disabled(program: WriteProgram) -> None:
    with pytest.raises(ToolkitError, match="default provider for 'aws' disabled: 'aws:sqs/queue:Queue' must use"):
        plan(program("aws.sqs.Queue('a')", {"pulumi:disable-default-providers": "['*']"}))


def test_the_process_of_a_program_ends_quietly_when_the_engine_has_died() -> None:
    launcher = [sys.executable, "-m", "toolkit.engine.launcher"]
    done = subprocess.run(launcher, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
