"""A plan reports what it cannot trace or repeat as a finding, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.small_programs import write_program
from toolkit.engine import plan
from toolkit.engine.model import Finding, Plan

SOURCE = """
import base64
import random

source = aws.sqs.Queue("source")


def value(name, text):
    aws.sqs.Queue(name, kms_master_key_id=text)


value("upper", source.arn.apply(lambda arn: arn.upper()))
value("split", source.arn.apply(lambda arn: arn.split(":")[0]))
value("base64", source.arn.apply(lambda arn: base64.b64encode(arn.encode()).decode()))
value("compared", source.arn.apply(lambda arn: "yes" if arn.startswith("arn:") else "no"))
value("measured", source.arn.apply(lambda arn: str(len(arn))))
aws.sqs.Queue("flag", fifo_queue=aws.sqs.get_queue_output(name=source.name).apply(lambda found: found.id > "m"))
value("mixed", source.arn.apply(lambda arn: f"{arn}-{base64.b64encode(arn.encode()).decode()}"))
value("random", str(random.random()))
value("traced", source.arn.apply(lambda arn: f"arn={arn}"))
value("not-computed", "as it is")

source.url.apply(lambda url: aws.sqs.Queue("inside"))
pulumi.log.warn("the queue has no dead-letter queue")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Finding]:
    folder: Path = tmp_path_factory.mktemp("findings")
    return by_name(plan(write_program(folder, SOURCE), thorough=True))


def by_name(made: Plan) -> dict[str, Finding]:
    return {finding.urn.split("::")[-1] if finding.urn else finding.kind: finding for finding in made.findings}


@pytest.mark.parametrize("name", ["upper", "split", "base64", "compared", "measured", "mixed"])
def test_a_value_that_hides_where_it_comes_from_is_found(found: dict[str, Finding], name: str) -> None:
    finding = found[name]
    assert finding.kind == "lossy-value"
    assert finding.property == "kmsMasterKeyId"
    assert "source" in finding.message
    assert finding.source is not None
    assert finding.source.startswith("__main__.py:")


def test_a_flag_computed_from_an_unknown_value_is_found(found: dict[str, Finding]) -> None:
    assert found["flag"].kind == "lossy-value"


def test_a_resource_made_inside_an_apply_is_found(found: dict[str, Finding]) -> None:
    assert found["inside"].kind == "created-inside-apply"


def test_a_value_that_differs_from_run_to_run_is_found(found: dict[str, Finding]) -> None:
    assert found["random"].kind == "not-repeatable"


def test_a_warning_of_the_program_is_passed_on(found: dict[str, Finding]) -> None:
    assert found["warning"].message == "the queue has no dead-letter queue"


def test_nothing_else_is_found(found: dict[str, Finding]) -> None:
    expected = {"upper", "split", "base64", "compared", "measured", "mixed", "flag", "inside", "random", "warning"}
    assert found.keys() == expected


def test_a_quick_plan_finds_all_that_one_run_can_show(found: dict[str, Finding], tmp_path: Path) -> None:
    assert by_name(plan(write_program(tmp_path, SOURCE))).keys() == found.keys() - {"mixed", "random"}


KNOWN = """
vpc = aws.ec2.Vpc.get("vpc", "vpc-1")
port = aws.lb.Listener("listener", port=80, load_balancer_arn="arn", default_actions=[]).port
source = aws.sqs.Queue("source", fifo_queue=True, delay_seconds=5, name="q", tags={"stage": "b"})


def queue(logical, **inputs):
    aws.sqs.Queue(logical, **inputs)


aws.ec2.Subnet("read-id", vpc_id=vpc.id)
queue("port", delay_seconds=port)
queue("port-beside-a-reference", name=pulumi.Output.format("{0}:{1}", source.url, port))
queue("number", delay_seconds=source.delay_seconds.apply(lambda seconds: seconds + 1))
queue("flag", fifo_queue=source.fifo_queue, content_based_deduplication=source.fifo_queue.apply(lambda fifo: not fifo))
queue("text", name=source.name, tags=source.tags)
after = pulumi.InvokeOutputOptions(depends_on=[source])
queue("asked", name=aws.sqs.get_queue_output(name="known", opts=after).url)
queue("asked-by-name", name=aws.sqs.get_queue_output(name=source.name).url)

queue("lossy-read", name=vpc.arn.apply(lambda arn: "yes" if arn.startswith("arn:") else "no"))
queue("lossy-upper-read", name=vpc.arn.apply(lambda arn: arn.upper()))
queue("lossy-flag", fifo_queue=source.arn.apply(lambda arn: arn.startswith("arn:")))
queue("lossy-port", delay_seconds=source.arn.apply(lambda arn: 80 if arn else 81))
queue("lossy-asked", name=aws.sqs.get_queue_output(name="known", opts=after).url.apply(lambda url: url.upper()))
queue("lossy-asked-fixed", name=aws.sqs.get_queue_output(name="known", opts=after).url.apply(lambda url: "fixed"))
"""


@pytest.mark.parametrize("thorough", [False, True])
def test_a_value_that_is_known_or_traced_is_no_finding(tmp_path: Path, *, thorough: bool) -> None:
    made = plan(write_program(tmp_path, KNOWN), thorough=thorough)
    assert all(finding.kind == "lossy-value" for finding in made.findings)
    lossy = {"read", "upper-read", "flag", "port", "asked", "asked-fixed"}
    assert by_name(made).keys() == {f"lossy-{name}" for name in lossy}


LOSSY = """
inner = aws.sqs.Queue("inner", delay_seconds=1)
other = aws.sqs.Queue("other")
after = pulumi.InvokeOutputOptions(depends_on=[inner])
aws.sqs.Queue("asked", name=aws.sqs.get_queue_output(name="after", opts=after).url)
asked = aws.sqs.get_queue_output(name="known").url


def value(logical, *parts):
    aws.sqs.Queue(logical, name=pulumi.Output.all(*parts).apply(lambda all: f"{all[0]} {all[1].startswith('arn')}"))


value("lossy-beside-another-data-source", asked, inner.arn)
value("lossy-beside-a-digit", other.arn.apply(lambda arn: f"{arn} 1"), inner.arn)
"""


def test_a_value_is_not_traced_by_what_another_one_waits_for_or_by_a_digit(tmp_path: Path) -> None:
    found = by_name(plan(write_program(tmp_path, LOSSY)))
    assert found.keys() == {"lossy-beside-another-data-source", "lossy-beside-a-digit"}
    assert all("inner" in finding.message for finding in found.values())
