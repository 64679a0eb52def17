"""CloudWatch log groups."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import ACCOUNT, Emulator


class LogGroup(Emulator):
    """`aws:cloudwatch/logGroup:LogGroup`; its id is its name. The processes log to files: `marketplace logs`."""

    type: ClassVar[str] = "aws:cloudwatch/logGroup:LogGroup"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "logGroupClass"})

    def create(self, inputs: Properties) -> Created:
        arguments = {"tags": dict(inputs["tags"])} if inputs.get("tags") else {}
        self.backends.boto("logs").create_log_group(logGroupName=inputs["name"], **arguments)
        self._retain(inputs)
        arn = f"arn:aws:logs:{self.region_of(inputs)}:{ACCOUNT}:log-group:{inputs['name']}"
        return Created(id=inputs["name"], outputs={"arn": arn})

    def exists(self, id: str, outputs: Properties) -> bool:
        groups = self.backends.boto("logs").describe_log_groups(logGroupNamePrefix=id)["logGroups"]
        return any(group["logGroupName"] == id for group in groups)

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._retain(inputs)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("logs").delete_log_group(logGroupName=id)

    def _retain(self, inputs: Properties) -> None:
        if inputs.get("retentionInDays"):
            self.backends.boto("logs").put_retention_policy(
                logGroupName=inputs["name"], retentionInDays=int(inputs["retentionInDays"])
            )
