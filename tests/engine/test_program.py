"""Reading a project folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolkit.engine.program import Program
from toolkit.errors import ToolkitError


def write(folder: Path, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"Pulumi.{name}.yaml").write_text(content)
    return folder


def test_settings_get_their_full_key_and_become_text(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text(
        "name: shop\nmain: code/\nconfig:\n  region: {default: eu-west-1}\n  currency: usd\n"
    )
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "__main__.py").touch()
    write(
        tmp_path,
        prod="config:\n  aws:region: us-east-1\n  shop:on: true\n  shop:n: 3\n  currency: eur\n  shop:l: [1]\n",
    )
    program = Program.load(tmp_path, "prod")
    assert program.config == {
        "shop:region": "eu-west-1",
        "shop:currency": "eur",
        "aws:region": "us-east-1",
        "shop:on": "true",
        "shop:n": "3",
        "shop:l": "[1]",
    }
    assert program.main == tmp_path / "code" / "__main__.py"
    assert program.folder == tmp_path / "code"


def test_an_encrypted_setting_is_a_secret_without_its_value(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "__main__.py").touch()
    write(tmp_path, dev="config:\n  shop:key:\n    secure: v1:abc\n")
    program = Program.load(tmp_path, "dev")
    assert program.secret_keys == ("shop:key",)
    assert "v1:abc" not in program.config["shop:key"]


def test_an_unknown_stack_lists_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    write(tmp_path, dev="", prod="")
    with pytest.raises(ToolkitError, match="there is no stack 'test'") as raised:
        Program.load(tmp_path, "test")
    assert raised.value.next_step == "use one of dev, prod"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name: [", "expected the node content"),
        ("description: x\n", "has no `name`"),
        ("- a\n", "is not a mapping"),
    ],
)
def test_a_wrong_project_file_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(content)
    write(tmp_path, dev="")
    with pytest.raises(ToolkitError, match=said):
        Program.load(tmp_path, "dev")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match=r"there is no Pulumi.yaml"):
        Program.load(tmp_path, "dev")
