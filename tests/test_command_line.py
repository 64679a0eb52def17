"""What the command line does before any command."""

from __future__ import annotations

import os

import pytest

from toolkit.cli import stay_on_this_machine


def test_commands_reach_loopback_whatever_the_shell_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "intranet.example")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("AWS_PROFILE", "work")
    stay_on_this_machine()
    assert os.environ["no_proxy"] == "intranet.example,127.0.0.1,localhost"
    assert os.environ["NO_PROXY"] == "127.0.0.1,localhost"
    assert "AWS_PROFILE" not in os.environ
