"""Files and archives that a program gives to a resource: what is hashed, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from toolkit.engine.assets import asset_from_wire, asset_to_wire
from toolkit.engine.provider import Asset
from toolkit.errors import ToolkitError


def given(folder: Path, *, archive: bool = False, **members: Any) -> Asset:
    return asset_from_wire(members, archive=archive, root=folder)


@pytest.mark.parametrize("archive", [False, True])
def test_another_content_of_a_path_is_another_hash(tmp_path: Path, *, archive: bool) -> None:
    file = tmp_path / "code.zip"
    file.write_text("first")
    first = given(tmp_path, archive=archive, path="code.zip")
    file.write_text("second")
    second = given(tmp_path, archive=archive, path="code.zip")
    assert first.hash != second.hash
    assert first.kind == second.kind == ("archive" if archive else "file")
    assert asset_to_wire(first) == {"hash": first.hash, "path": "code.zip"}


def test_another_member_of_an_archive_is_another_hash(tmp_path: Path) -> None:
    one, other = (given(tmp_path, text=text) for text in ("one", "other"))
    hashes = {given(tmp_path, archive=True, assets=assets).hash for assets in ({"a": one}, {"a": other}, {"b": one})}
    assert len(hashes) == 3


def test_a_text_is_no_path(tmp_path: Path) -> None:
    assert given(tmp_path, text="no such file").location == "no such file"


@pytest.mark.parametrize(
    ("members", "archive", "said"),
    [
        ({"path": "none.txt"}, False, "none.txt does not exist"),
        ({"path": "none.zip"}, True, "none.zip does not exist"),
        ({"path": "folder"}, False, "give it as a FileArchive"),
        ({"path": "plain.txt"}, True, "neither a folder nor an archive"),
        ({"uri": "ftp://files/a"}, False, "not of the scheme"),
        ({"uri": "https://files/plain.txt"}, True, "does not end like an archive"),
    ],
)
def test_what_the_real_engine_refuses_is_refused(
    tmp_path: Path, members: dict[str, str], said: str, *, archive: bool
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain.txt").write_text("plain")
    with pytest.raises(ToolkitError) as raised:
        given(tmp_path, archive=archive, **members)
    assert said in raised.value.message
