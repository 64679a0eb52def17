"""Only adapters and the functions' entries know in which cloud they run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLOUDS = {"aws", "azure", "gcp"}
WORDS = re.compile(
    r"\b(aws|amazon|lambda_?handler|powertools|boto3?|botocore|cognito|dynamo(db)?|arns?|elasticache|ecs|fargate|sqs"
    r"|azure|entra|gcp|google|firestore)\b|_arn\b|_ARN\b",
    re.IGNORECASE,
)


def neutral_files() -> list[Path]:
    """Services and functions, but for each function's entry per cloud, what Lambda's entries share, and the renderer
    of the workflow of one cloud."""
    files = [*(ROOT / "services").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    own = {ROOT / "functions" / "aws_lambda.py", ROOT / "functions" / "checkout" / "asl.py"}
    return sorted(path for path in files if path.stem not in CLOUDS and path not in own)


@pytest.mark.parametrize("path", neutral_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_application_names_no_cloud(path: Path) -> None:
    assert [found.group() for found in WORDS.finditer(path.read_text("utf-8"))] == []


def test_the_words_are_found_where_they_belong() -> None:
    entry = (ROOT / "functions" / "order_processor" / "aws.py").read_text("utf-8")
    assert WORDS.search(entry)
