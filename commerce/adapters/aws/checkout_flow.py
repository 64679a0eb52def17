"""Start the checkout saga on Step Functions."""

from __future__ import annotations

import asyncio
import json

from botocore.config import Config

from commerce.adapters.aws.session import CONFIG, session
from commerce.adapters.telemetry import amazon_trace, traceparent


class StepFunctionsFlow:
    """`commerce.ports.CheckoutFlow` over the state machine `arn`.

    The execution's name is built from the order and the attempt, so a repeated start changes nothing. The current trace
    goes along: to X-Ray in a header, and to the functions in the execution's input.
    """

    def __init__(self, arn: str) -> None:
        self._arn = arn
        # The parameters are made below and need no check, which is a tenth of the request's processor time.
        self._client = session().client("stepfunctions", config=CONFIG.merge(Config(parameter_validation=False)))

    async def start(self, order_id: str, attempt: int = 1) -> None:
        name = order_id if attempt == 1 else f"{order_id}-{attempt}"
        body = {"order_id": order_id} | ({"traceparent": parent} if (parent := traceparent()) else {})
        # `to_thread` takes the context along, and with it the trace.
        await asyncio.to_thread(self._start, name, json.dumps(body))

    def _start(self, name: str, body: str) -> None:
        try:
            if header := amazon_trace():
                self._client.start_execution(stateMachineArn=self._arn, name=name, input=body, traceHeader=header)
            else:
                self._client.start_execution(stateMachineArn=self._arn, name=name, input=body)
        except self._client.exceptions.ExecutionAlreadyExists:
            return
