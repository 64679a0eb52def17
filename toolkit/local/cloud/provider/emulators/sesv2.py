"""How mails are sent. moto keeps the mails; whom SES tells of bounces is only recorded."""

from __future__ import annotations

from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import ACCOUNT, Emulator


class ConfigurationSet(Emulator):
    """`aws:sesv2/configurationSet:ConfigurationSet`; its id is its name."""

    type: ClassVar[str] = "aws:sesv2/configurationSet:ConfigurationSet"
    replace_on: ClassVar[frozenset[str]] = frozenset({"configurationSetName"})

    def create(self, inputs: Properties) -> Created:
        name = inputs["configurationSetName"]
        self.backends.boto("sesv2").create_configuration_set(ConfigurationSetName=name)
        return Created(
            id=name, outputs={"arn": f"arn:aws:ses:{self.region_of(inputs)}:{ACCOUNT}:configuration-set/{name}"}
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        self.backends.boto("sesv2").get_configuration_set(ConfigurationSetName=id)
        return True

    def delete(self, id: str, outputs: Properties) -> None:
        self.backends.boto("sesv2").delete_configuration_set(ConfigurationSetName=id)
