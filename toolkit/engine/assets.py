"""Files, texts and archives given to a resource, and the hash by which a change of them is noticed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.engine.provider import Asset, Properties


def asset_from_wire(members: Properties, *, archive: bool, root: Path | None) -> Asset:
    """Reads Pulumi's asset object. With a `root`, hashes the content; without, trusts the recorded hash."""
    if archive and isinstance(members.get("assets"), dict):
        parts: dict[str, Asset] = dict(sorted(members["assets"].items()))
        digest = hashlib.sha256("".join(f"{name}\0{part.hash}\0" for name, part in parts.items()).encode())
        return Asset(kind="archive", location="", hash=digest.hexdigest(), members=parts)
    field = next((name for name in ("path", "text", "uri") if members.get(name)), "text")
    location = str(members.get(field) or "")
    kind = "archive" if archive else {"path": "file"}.get(field, field)
    recorded = str(members.get("hash") or "")
    return Asset(kind=kind, location=location, hash=recorded if root is None else _hash(field, location, root))


def asset_to_wire(asset: Asset) -> dict[str, Any]:
    if asset.members:
        return {"hash": asset.hash, "assets": dict(asset.members)}
    field = {"file": "path", "text": "text", "uri": "uri"}.get(asset.kind)
    if field is None:
        field = "uri" if "://" in asset.location else "path"
    return {"hash": asset.hash, field: asset.location}


def _hash(field: str, location: str, root: Path) -> str:
    digest = hashlib.sha256()
    path = root / location
    if field != "path":
        digest.update(location.encode())
    elif path.is_dir():
        for file in _files(path):
            digest.update(f"{file.relative_to(path).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    elif path.exists():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
