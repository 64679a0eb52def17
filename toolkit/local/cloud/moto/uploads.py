"""S3: signed forms are held to their policy, which moto leaves unread."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.s3.responses import S3Response


def check_forms() -> None:
    """Replaces one method of moto: a form that its policy does not allow is refused in S3's words."""
    post = S3Response._bucket_response_post

    def checked_post(self: S3Response, request: Any, bucket_name: str) -> Any:
        form = self.form_data
        if form and "policy" in form:
            fields = {name.lower(): value for name, value in form.items()} | {"bucket": bucket_name}
            refusal = refused(fields, len(self.body), datetime.now(UTC))
            if refusal is not None:
                status, code, message = refusal
                error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
                body = f"<?xml version='1.0' encoding='UTF-8'?>{error}"
                return status, {"content-type": "application/xml"}, body
        return post(self, request, bucket_name)

    S3Response._bucket_response_post = checked_post


def refused(fields: Mapping[str, str], size: int, now: datetime) -> tuple[int, str, str] | None:
    """Status, code and message with which S3 refuses a file of `size` bytes with these fields; `None` if it does not.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
    """
    policy = json.loads(base64.b64decode(fields["policy"]))
    if datetime.fromisoformat(policy["expiration"]) < now:
        return 403, "AccessDenied", "Invalid according to Policy: Policy expired."
    for condition in policy["conditions"]:
        if isinstance(condition, list) and condition[0] == "content-length-range":
            if size < int(condition[1]):
                return 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"
            if size > int(condition[2]):
                return 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"
        elif not _holds(condition, fields):
            named = json.dumps(condition).replace("<", "&lt;").replace("&", "&amp;")
            return 403, "AccessDenied", f"Invalid according to Policy: Policy Condition failed: {named}"
    return None


def _holds(condition: Any, fields: Mapping[str, str]) -> bool:
    if isinstance(condition, dict):
        return all(fields.get(name.lower()) == value for name, value in condition.items())
    operator, name, value = condition
    given = fields.get(name.removeprefix("$").lower(), "")
    return bool(given.startswith(value) if operator == "starts-with" else given == value)
