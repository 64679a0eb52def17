"""Files, texts and archives given to a resource, and the hash by which a change of them is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from toolkit.engine.provider import Asset, Properties
from toolkit.errors import ToolkitError

_ARCHIVES: Final = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
"""The endings by which the real engine knows an archive."""
_CORRECT: Final = "correct the asset in the program, or build the file first"


class AssetUnreadable(ToolkitError):
    """A file is not there or cannot be read."""


def asset_from_wire(members: Properties, *, archive: bool, root: Path | None) -> Asset:
    """Reads Pulumi's asset object. With a `root`, hashes the content; without, trusts the recorded hash.

    Raises:
        ToolkitError: with a `root`, what the real engine refuses too: a file that is a folder, an archive in no
            known format, a URI of an unknown scheme.
        AssetUnreadable: it is not there or cannot be read, perhaps because another run of the program writes it.
    """
    if archive and isinstance(members.get("assets"), dict):
        parts: dict[str, Asset] = dict(sorted(members["assets"].items()))
        digest = hashlib.sha256("".join(f"{name}\0{part.hash}\0" for name, part in parts.items()).encode())
        return Asset(kind="archive", location="", hash=digest.hexdigest(), members=parts)
    field = next((name for name in ("path", "text", "uri") if members.get(name)), "text")
    location = str(members.get(field) or "")
    kind = "archive" if archive else {"path": "file"}.get(field, field)
    if root is None:
        return Asset(kind=kind, location=location, hash=str(members.get("hash") or ""))
    if field == "uri":
        _check_uri(location, archive=archive)
    elif field == "path":
        _check_path(root / location, archive=archive)
    try:
        return Asset(kind=kind, location=location, hash=_hash(field, location, root))
    except OSError as error:
        raise AssetUnreadable(
            f"the asset {root / location} cannot be read: {error}",
            next_step="let nothing else change it meanwhile, check its permissions and run again",
        ) from error


def asset_to_wire(asset: Asset) -> dict[str, Any]:
    if asset.members:
        return {"hash": asset.hash, "assets": dict(asset.members)}
    field = {"file": "path", "text": "text", "uri": "uri"}.get(asset.kind)
    if field is None:
        field = "uri" if "://" in asset.location else "path"
    return {"hash": asset.hash, field: asset.location}


def _check_path(path: Path, *, archive: bool) -> None:
    if not path.exists():
        raise AssetUnreadable(f"the {'archive' if archive else 'file'} {path} does not exist", next_step=_CORRECT)
    if archive and not path.is_dir() and not path.name.endswith(_ARCHIVES):
        raise _refusal(f"{path} is neither a folder nor an archive ({', '.join(_ARCHIVES)})")
    if path.is_dir() and not archive:
        raise _refusal(f"{path} is a folder; give it as a FileArchive")


def _check_uri(uri: str, *, archive: bool) -> None:
    """Checks all but what would need the network."""
    parts = urlsplit(uri)
    if parts.scheme not in ("file", "http", "https"):
        raise _refusal(f"the URI {uri!r} is not of the scheme file, http or https")
    if parts.scheme == "file":
        _check_path(Path(unquote(parts.path)), archive=archive)
    elif archive and not parts.path.endswith(_ARCHIVES):
        raise _refusal(f"the URI {uri!r} does not end like an archive ({', '.join(_ARCHIVES)})")


def _refusal(message: str) -> ToolkitError:
    return ToolkitError(message, next_step=_CORRECT)


def _hash(field: str, location: str, root: Path) -> str:
    digest = hashlib.sha256()
    path = root / location
    if field != "path":
        digest.update(location.encode())
    elif path.is_dir():
        for file in _files(path):
            digest.update(f"{file.relative_to(path).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    else:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
