"""Reading a project folder."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("no", "no"),
        ("off", "off"),
        ("9:30", "9:30"),
        ("True", "true"),
        ("~", ""),
        ("1_000", "1000"),
        ("0x1F", "31"),
        ("010", "8"),
        ("089", "89"),
        ("1.50", "1.5"),
        ("1e3", "1000"),
        ("1e21", "1e+21"),
        ("12345678901234567890", "12345678901234567890"),
        ("2026-01-31", "2026-01-31 00:00:00 +0000 UTC"),
        ("2026-13-31", "2026-13-31"),
        ("'010'", "010"),
        ("{b: no, a: [1.0, ~, <é>]}", '{"a":[1,null,"\\u003cé\\u003e"],"b":"no"}'),
    ],
)
def test_a_setting_has_the_text_that_the_real_cli_gives_it(tmp_path: Path, written: str, text: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "__main__.py").touch()
    write(tmp_path, dev=f"config:\n  shop:on: {written}\n")
    assert Program.load(tmp_path, "dev").config == {"shop:on": text}


@pytest.mark.parametrize(
    ("declared", "given", "said"),
    [
        ("port: {type: integer}", "", "stack 'dev' is missing the settings port"),
        ("port: {description: of the gateway}", "", "stack 'dev' is missing the settings port"),
        ("port: {type: integer}", "port: http", "shop:port is not of the type 'integer'"),
        ("port: {type: integer, default: http}", "", "shop:port is not of the type 'integer'"),
        ("on: {type: boolean}", "on: no", "shop:on is not of the type 'boolean'"),
        ("zones: {type: array, items: {type: integer}}", "zones: [a]", "shop:zones is not of the type 'array'"),
        ("key: {type: string, secret: true}", "key: clear", "the setting shop:key must be encrypted"),
        ("port: 1", "port: .inf", "the setting shop:port is inf"),
        ("port: 1", "at: 2026-01-31 10:00:00", "is a time, which the real CLI would rewrite"),
    ],
)
def test_a_setting_that_the_project_does_not_allow_is_refused(
    tmp_path: Path, declared: str, given: str, said: str
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nconfig:\n  {declared}\n")
    (tmp_path / "__main__.py").touch()
    write(tmp_path, dev=f"config: {{{given}}}\n" if "[" not in given else f"config:\n  {given}\n")
    with pytest.raises(ToolkitError, match=said):
        Program.load(tmp_path, "dev")


@pytest.mark.parametrize("key", ["stackConfigDir", "config"])
def test_settings_may_be_in_a_folder_of_their_own(tmp_path: Path, key: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\n{key}: stacks\n")
    (tmp_path / "__main__.py").touch()
    (tmp_path / "stacks").mkdir()
    write(tmp_path / "stacks", dev="config:\n  shop:n: 3\n")
    assert Program.load(tmp_path, "dev").config == {"shop:n": "3"}


def test_an_object_with_an_encrypted_member_is_a_secret_without_it(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "__main__.py").touch()
    write(tmp_path, dev="config:\n  shop:db:\n    host: a\n    password:\n      secure: v1:abc\n")
    program = Program.load(tmp_path, "dev")
    assert program.secret_keys == ("shop:db",)
    assert json.loads(program.config["shop:db"]) == {
        "host": "a",
        "password": "[shop:db is encrypted: only pulumi can read it]",
    }


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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"config: [1, 2]\n", "`config` in .* is not a mapping"),
        (b"config: hello\n", "`config` in .* is not a mapping"),
        (b"config:\n  5: 6\n", "the key 5 of `config`"),
        (b"config:\n  ~: 6\n", "the key None of `config`"),
        (b"config:\n  shop:a: 1\n  shop:a: 2\n", r"Pulumi\.dev\.yaml:3: the key 'shop:a' is already on line 2"),
        (b"config: {}\nconfig: {}\n", "the key 'config' is already on line 1"),
        (b"config:\n  shop:a: {x: 1, x: 2}\n", "the key 'x' is already on line 2"),
        (b"config:\n  shop:key: caf\xe9\n", "cannot be read: not UTF-8 text"),
    ],
)
def test_a_wrong_stack_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "Pulumi.dev.yaml").write_bytes(content)
    with pytest.raises(ToolkitError, match=said):
        Program.load(tmp_path, "dev")


def test_a_folder_in_the_place_of_a_stack_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\n")
    (tmp_path / "Pulumi.dev.yaml").mkdir()
    with pytest.raises(ToolkitError, match="cannot be read: Is a directory"):
        Program.load(tmp_path, "dev")


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match=r"there is no Pulumi.yaml"):
        Program.load(tmp_path, "dev")
