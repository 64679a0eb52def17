"""EventBridge rules, their targets, and schedules."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request


class EventRule(Emulator):
    """`aws:cloudwatch/eventRule:EventRule`; its id is its name."""

    type: ClassVar[str] = "aws:cloudwatch/eventRule:EventRule"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "eventBusName"})

    def create(self, inputs: Properties) -> Created:
        return Created(id=inputs["name"], outputs=self._put(inputs))

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("events").describe_rule(Name=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        return self._put(inputs)

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("events").delete_rule(Name=id)

    def _put(self, inputs: Properties) -> Properties:
        events = self.backends.boto("events")
        return {"arn": events.put_rule(**request(events, "PutRule", inputs))["RuleArn"]}


class EventTarget(Emulator):
    """`aws:cloudwatch/eventTarget:EventTarget`; its id is `<rule>-<target>`."""

    type: ClassVar[str] = "aws:cloudwatch/eventTarget:EventTarget"
    replace_on: ClassVar[frozenset[str]] = frozenset({"rule", "targetId", "eventBusName"})
    named_by = "targetId"

    def create(self, inputs: Properties) -> Created:
        self._put(inputs)
        return Created(id=f"{inputs['rule']}-{inputs['targetId']}")

    def exists(self, id: str, outputs: Properties) -> bool:
        targets = self.backends.boto("events").list_targets_by_rule(Rule=outputs["rule"])["Targets"]
        return any(target["Id"] == outputs["targetId"] for target in targets)

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self._put(inputs)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("events").remove_targets(Rule=outputs["rule"], Ids=[outputs["targetId"]])

    def _put(self, inputs: Properties) -> None:
        target = {"Id": inputs["targetId"], "Arn": inputs["arn"]}
        target |= {"Input": inputs["input"]} if inputs.get("input") else {}
        target |= {"RoleArn": inputs["roleArn"]} if inputs.get("roleArn") else {}
        self.backends.boto("events").put_targets(Rule=inputs["rule"], Targets=[target])


class Schedule(Emulator):
    """`aws:scheduler/schedule:Schedule`; its id is `<group>/<name>`."""

    type: ClassVar[str] = "aws:scheduler/schedule:Schedule"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "groupName"})

    def create(self, inputs: Properties) -> Created:
        scheduler = self.backends.boto("scheduler")
        made = scheduler.create_schedule(**request(scheduler, "CreateSchedule", inputs))
        return Created(
            id=f"{inputs.get('groupName', 'default')}/{inputs['name']}", outputs={"arn": made["ScheduleArn"]}
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        group, name = id.split("/", 1)
        self.backends.boto("scheduler").get_schedule(GroupName=group, Name=name)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        scheduler = self.backends.boto("scheduler")
        scheduler.update_schedule(**request(scheduler, "UpdateSchedule", inputs))
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        group, name = id.split("/", 1)
        self.backends.boto("scheduler").delete_schedule(GroupName=group, Name=name)
