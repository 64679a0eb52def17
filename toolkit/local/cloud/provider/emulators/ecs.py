"""Clusters, task definitions and services: registered in the emulator, run as processes of this machine."""

from __future__ import annotations

import json
from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request


class Cluster(Emulator):
    """`aws:ecs/cluster:Cluster`; its id is its ARN."""

    type: ClassVar[str] = "aws:ecs/cluster:Cluster"

    def create(self, inputs: Properties) -> Created:
        made = self.backends.boto("ecs").create_cluster(clusterName=inputs["name"])["cluster"]
        return Created(id=made["clusterArn"], outputs={"arn": made["clusterArn"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        found = self.backends.boto("ecs").describe_clusters(clusters=[id])["clusters"]
        return any(cluster["status"] == "ACTIVE" for cluster in found)

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("ecs").delete_cluster(cluster=id)


class TaskDefinition(Emulator):
    """`aws:ecs/taskDefinition:TaskDefinition`; every change is a new revision of the family, as on AWS."""

    type: ClassVar[str] = "aws:ecs/taskDefinition:TaskDefinition"
    replace_on: ClassVar[frozenset[str]] = frozenset(
        {
            "family", "containerDefinitions", "cpu", "memory", "executionRoleArn", "taskRoleArn", "networkMode",
            "requiresCompatibilities", "runtimePlatform", "volumes", "ephemeralStorage", "pidMode", "ipcMode",
        }
    )  # fmt: skip

    def create(self, inputs: Properties) -> Created:
        ecs = self.backends.boto("ecs")
        properties = inputs | {"containerDefinitions": json.loads(inputs["containerDefinitions"])}
        made = ecs.register_task_definition(**request(ecs, "RegisterTaskDefinition", properties))["taskDefinition"]
        arn = made["taskDefinitionArn"]
        return Created(
            id=inputs["family"],
            outputs={"arn": arn, "arnWithoutRevision": arn.rsplit(":", 1)[0], "revision": made["revision"]},
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        found = self.backends.boto("ecs").describe_task_definition(taskDefinition=outputs["arn"])
        return bool(found["taskDefinition"]["status"] == "ACTIVE")

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("ecs").deregister_task_definition(taskDefinition=outputs["arn"])


class Service(Emulator):
    """`aws:ecs/service:Service`; its id is its ARN."""

    type: ClassVar[str] = "aws:ecs/service:Service"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "cluster", "launchType", "schedulingStrategy"})

    def create(self, inputs: Properties) -> Created:
        made = self.backends.boto("ecs").create_service(
            cluster=inputs.get("cluster", "default"),
            serviceName=inputs["name"],
            taskDefinition=inputs["taskDefinition"],
            desiredCount=int(inputs.get("desiredCount", 1)),
        )["service"]
        return Created(id=made["serviceArn"], outputs={"arn": made["serviceArn"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        found = self.backends.boto("ecs").describe_services(cluster=outputs["cluster"], services=[id])["services"]
        return any(service["status"] == "ACTIVE" for service in found)

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self.backends.boto("ecs").update_service(
            cluster=inputs.get("cluster", "default"),
            service=before["name"],
            taskDefinition=inputs["taskDefinition"],
            desiredCount=int(inputs.get("desiredCount", 1)),
        )
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("ecs").delete_service(cluster=outputs["cluster"], service=outputs["name"], force=True)
