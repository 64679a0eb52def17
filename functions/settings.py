"""What every function finds in its environment."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict

from commerce.adapters.cloud import CloudName


class FunctionSettings(BaseSettings):
    """`CLOUD` names the cloud whose adapters are used; `SERVICE_NAME` and `LOG_LEVEL` are for the log lines."""

    model_config = SettingsConfigDict(frozen=True)

    cloud: CloudName
    service_name: str
    log_level: str = "INFO"
