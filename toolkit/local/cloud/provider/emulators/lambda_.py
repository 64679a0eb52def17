"""Lambda functions and who may call them; this machine's pollers run their event source mappings."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request

NAMES = {
    "name": "FunctionName",
    "imageUri": "Code.ImageUri",
    "s3Bucket": "Code.S3Bucket",
    "s3Key": "Code.S3Key",
    "imageConfig": "ImageConfig",
}
CONFIGURATION_NAMES = {"name": "FunctionName", "imageConfig": "ImageConfig"}


class LambdaFunction(Emulator):
    """`aws:lambda/function:Function`: registered in moto, which forwards its calls to a worker process."""

    type: ClassVar[str] = "aws:lambda/function:Function"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "packageType"})

    def create(self, inputs: Properties) -> Created:
        client = self.backends.boto("lambda")
        arguments = request(client, "CreateFunction", _configuration(inputs), rename=NAMES)
        arguments.setdefault("Code", {"ZipFile": b"this machine runs the source folder"})
        made = client.create_function(**arguments)
        return Created(id=inputs["name"], outputs=_outputs(made))

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("lambda").get_function(FunctionName=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        client = self.backends.boto("lambda")
        if inputs.get("imageUri") != before.get("imageUri"):
            client.update_function_code(FunctionName=id, ImageUri=inputs["imageUri"])
        arguments = request(client, "UpdateFunctionConfiguration", _configuration(inputs), rename=CONFIGURATION_NAMES)
        return _outputs(client.update_function_configuration(**arguments))

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("lambda").delete_function(FunctionName=id)


class Permission(Emulator):
    """`aws:lambda/permission:Permission`; its id is the statement's."""

    type: ClassVar[str] = "aws:lambda/permission:Permission"
    replace_on: ClassVar[frozenset[str]] = frozenset(
        {"action", "function", "principal", "sourceArn", "sourceAccount", "statementId", "qualifier"}
    )
    named_by = "statementId"

    def create(self, inputs: Properties) -> Created:
        client = self.backends.boto("lambda")
        client.add_permission(**request(client, "AddPermission", inputs, rename={"function": "FunctionName"}))
        return Created(id=inputs["statementId"])

    def exists(self, id: str, outputs: Properties) -> bool:
        return id in self.backends.boto("lambda").get_policy(FunctionName=outputs["function"])["Policy"]

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("lambda").remove_permission(FunctionName=outputs["function"], StatementId=id)


class EventInvokeConfig(Emulator):
    """`aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig`; its id is the function's name."""

    type: ClassVar[str] = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    replace_on: ClassVar[frozenset[str]] = frozenset({"functionName", "qualifier"})

    def create(self, inputs: Properties) -> Created:
        self._put(inputs)
        return Created(id=inputs["functionName"])

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("lambda").get_function_event_invoke_config(FunctionName=id)
        return True

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self.delete(id, before)  # moto keeps the first one that it is given
        self._put(inputs)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("lambda").delete_function_event_invoke_config(FunctionName=id)

    def _put(self, inputs: Properties) -> None:
        client = self.backends.boto("lambda")
        client.put_function_event_invoke_config(**request(client, "PutFunctionEventInvokeConfig", inputs))


def _configuration(inputs: Properties) -> Properties:
    """Pulumi names `commands` what Lambda calls `Command`; the source stays on this machine."""
    configuration = {key: value for key, value in inputs.items() if key not in {"code", "vpcConfig"}}
    if inputs.get("imageConfig"):
        image = inputs["imageConfig"]
        configuration["imageConfig"] = {
            "command": image.get("commands"),
            "entryPoint": image.get("entryPoints"),
            "workingDirectory": image.get("workingDirectory"),
        }
    return configuration


def _outputs(function: Properties) -> Properties:
    arn = str(function["FunctionArn"])
    region = arn.split(":")[3]
    return {
        "arn": arn,
        "qualifiedArn": f"{arn}:$LATEST",
        "version": "$LATEST",
        "invokeArn": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
        "lastModified": function.get("LastModified", ""),
        "codeSha256": function.get("CodeSha256", ""),
    }
