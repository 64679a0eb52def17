"""Keys and their aliases."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import Emulator
from toolkit.local.cloud.provider.request import request


class Key(Emulator):
    """`aws:kms/key:Key`; its id is the key id."""

    type: ClassVar[str] = "aws:kms/key:Key"
    replace_on: ClassVar[frozenset[str]] = frozenset(
        {"keyUsage", "customerMasterKeySpec", "multiRegion", "customKeyStoreId"}
    )

    def create(self, inputs: Properties) -> Created:
        kms = self.backends.boto("kms")
        key = kms.create_key(**request(kms, "CreateKey", inputs))["KeyMetadata"]
        if inputs.get("enableKeyRotation"):
            kms.enable_key_rotation(KeyId=key["KeyId"])
        return Created(id=key["KeyId"], outputs={"arn": key["Arn"], "keyId": key["KeyId"]})

    def exists(self, id: str, outputs: Properties) -> bool:
        key = self.backends.boto("kms").describe_key(KeyId=id)["KeyMetadata"]
        return bool(key["KeyState"] != "PendingDeletion")

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        kms = self.backends.boto("kms")
        if inputs.get("policy") and inputs.get("policy") != before.get("policy"):
            kms.put_key_policy(KeyId=id, PolicyName="default", Policy=inputs["policy"])
        if inputs.get("description") != before.get("description"):
            kms.update_key_description(KeyId=id, Description=inputs.get("description", ""))
        rotate = kms.enable_key_rotation if inputs.get("enableKeyRotation") else kms.disable_key_rotation
        rotate(KeyId=id)
        return {}

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("kms").schedule_key_deletion(KeyId=id, PendingWindowInDays=7)


class Alias(Emulator):
    """`aws:kms/alias:Alias`; its id is the alias."""

    type: ClassVar[str] = "aws:kms/alias:Alias"

    def create(self, inputs: Properties) -> Created:
        kms = self.backends.boto("kms")
        kms.create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return Created(id=inputs["name"], outputs=self._outputs(inputs))

    def exists(self, id: str, outputs: Properties) -> bool:
        pages = self.backends.boto("kms").get_paginator("list_aliases").paginate()
        return any(alias["AliasName"] == id for page in pages for alias in page["Aliases"])

    def update(self, id: str, before: Properties, inputs: Properties) -> Properties:
        self.backends.boto("kms").update_alias(AliasName=id, TargetKeyId=inputs["targetKeyId"])
        return self._outputs(inputs)

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("kms").delete_alias(AliasName=id)

    def _outputs(self, inputs: Properties) -> Properties:
        key = self.backends.boto("kms").describe_key(KeyId=inputs["targetKeyId"])["KeyMetadata"]
        return {"arn": key["Arn"].split(":key/")[0] + f":{inputs['name']}", "targetKeyArn": key["Arn"]}
