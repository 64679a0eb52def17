"""What Lambda knows of a Lambda function besides its code."""

from __future__ import annotations

import os
import sys
import time
import uuid
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LambdaConfiguration:
    """The configuration that the runtime and the context object show to the handler."""

    name: str
    """The physical name, by which the cloud's services call it."""
    timeout_seconds: float
    memory_mib: int
    arn: str

    def environment(self, handler: str) -> dict[str, str]:
        """The variables that Lambda's runtime sets for every Lambda function."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mib),
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": f"{time.strftime('%Y/%m/%d', time.gmtime())}/[$LATEST]{uuid.uuid4().hex}",
            "LAMBDA_TASK_ROOT": os.getcwd(),  # noqa: PTH109 - a string for the environment
            "TZ": ":UTC",
            "_HANDLER": handler,
        }
