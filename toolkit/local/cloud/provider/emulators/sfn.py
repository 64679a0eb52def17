"""Step Functions state machines."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request

LOG_DESTINATION = "logDestination"


class StateMachine(Emulator):
    """`aws:sfn/stateMachine:StateMachine`; its id is its ARN. The emulator interprets the definition."""

    type: ClassVar[str] = "aws:sfn/stateMachine:StateMachine"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "type"})

    def create(self, inputs: Properties) -> Created:
        client = self.backends.boto("stepfunctions")
        made = client.create_state_machine(**request(client, "CreateStateMachine", _arguments(inputs)))
        arn = made["stateMachineArn"]
        return Created(
            id=arn, outputs={"arn": arn, "creationDate": made["creationDate"].isoformat(), "status": "ACTIVE"}
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("stepfunctions").describe_state_machine(stateMachineArn=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        client = self.backends.boto("stepfunctions")
        client.update_state_machine(stateMachineArn=id, **request(client, "UpdateStateMachine", _arguments(inputs)))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("stepfunctions").delete_state_machine(stateMachineArn=id)


def _arguments(inputs: Properties) -> Properties:
    """The log destination is one ARN in Pulumi and a list of structures in the API."""
    logging = inputs.get("loggingConfiguration")
    if not logging or not logging.get(LOG_DESTINATION):
        return {key: value for key, value in inputs.items() if key != "loggingConfiguration"}
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": logging[LOG_DESTINATION]}}]
    kept = {key: value for key, value in logging.items() if key != LOG_DESTINATION}
    return inputs | {"loggingConfiguration": kept | {"destinations": destinations}}
