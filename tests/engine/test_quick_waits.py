"""Waiting for all outputs together changes nothing but the time that it takes."""

from __future__ import annotations

import time

import pytest

from tests.engine.conftest import WriteProgram
from toolkit.engine.planning import plan
from toolkit.errors import ToolkitError


def test_outputs_that_come_while_others_are_awaited_are_awaited_too(program: WriteProgram) -> None:
    made = plan(
        program(
            """
            import asyncio

            async def create(name, seconds, *next):
                await asyncio.sleep(seconds)
                queue = aws.sqs.Queue(name)
                if next:
                    queue.url.apply(lambda url: create(*next))

            topic = aws.sns.Topic("events")
            topic.arn.apply(lambda arn: create("early", 0.3))
            topic.arn.apply(lambda arn: create("late", 1, "last", 0.3))
            queue = topic.arn.apply(lambda arn: aws.sqs.Queue("inner", tags={"from": arn}))
            pulumi.export("url", queue.apply(lambda inner: inner.url))
            """
        )
    )
    assert {resource.name for resource in made.resources} >= {"events", "inner", "early", "late", "last"}
    assert made.outputs["url"]


FAIL = """
import asyncio

def fail(arn):
    raise ValueError("nothing here")

def start(arn):
    pulumi.Output.from_input(asyncio.sleep(1)).apply(fail)

topic = aws.sns.Topic("events")
topic.arn.apply(lambda arn: asyncio.sleep(30))
"""


@pytest.mark.parametrize("failing", ["fail", "start"], ids=["at once", "an output that comes later"])
def test_an_output_that_fails_ends_the_run_while_others_are_awaited(program: WriteProgram, failing: str) -> None:
    started = time.monotonic()
    with pytest.raises(ToolkitError, match="nothing here"):
        plan(program(f"{FAIL}topic.arn.apply({failing})"))
    assert time.monotonic() - started < 20
