"""The site's files as objects of a bucket, each with the caching that fits it.

Everything in `assets/` is stored under a name with a digest of its content, and the pages are written to ask for that
name: a browser may keep an asset for ever, and asks for each page anew. Nothing has to be invalidated.
"""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.errors import ComponentError

ASSETS: Final = "assets"
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_ANEW: Final = "no-cache"
INDEX: Final = "index.html"
TEXTS: Final = frozenset({".html", ".css", ".js", ".json", ".svg", ".txt", ".webmanifest"})


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of the site."""

    path: str
    """In the folder: `assets/style.css`."""
    key: str
    """In the bucket: `assets/style-1f2e3d4c.css`."""
    content: bytes
    content_type: str
    cache_control: str

    @property
    def is_asset(self) -> bool:
        return self.path.startswith(f"{ASSETS}/")

    @property
    def text(self) -> str | None:
        """What it says, if it is a text."""
        return self.content.decode() if Path(self.path).suffix in TEXTS else None


def files(folder: Path) -> tuple[File, ...]:
    """Every file of the site, the assets first: a page that is new asks for assets that are there.

    Raises `ComponentError` for a folder without a start page.
    """
    if not (folder / INDEX).is_file():
        raise ComponentError(f"The site {folder} has no {INDEX}.", next_step="Name the folder that has the start page.")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    assets = [path for path in paths if path.parent.relative_to(folder).parts[:1] == (ASSETS,)]
    named = {path.relative_to(folder).as_posix(): _fingerprinted(path, folder) for path in assets}
    stored = [
        File(
            path=path,
            key=key,
            content=(folder / path).read_bytes(),
            content_type=_content_type(path),
            cache_control=FOR_EVER,
        )
        for path, key in named.items()
    ]
    pages = [path for path in paths if path not in assets]
    return (*stored, *(_page(path, folder, named) for path in pages))


def _fingerprinted(path: Path, folder: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return path.with_name(f"{path.stem}-{digest}{path.suffix}").relative_to(folder).as_posix()


def _page(path: Path, folder: Path, named: Mapping[str, str]) -> File:
    name = path.relative_to(folder).as_posix()
    content = path.read_text(encoding="utf-8")
    for asset, key in named.items():
        content = content.replace(f"/{asset}", f"/{key}")
    return File(
        path=name,
        key=name,
        content=content.encode(),
        content_type=_content_type(name),
        cache_control=ASK_ANEW,
    )


def _content_type(name: str) -> str:
    # Python's own table, because a machine's may differ, and with it what is deployed.
    found = mimetypes.types_map.get(Path(name).suffix.lower(), "application/octet-stream")
    return f"{found}; charset=utf-8" if Path(name).suffix in TEXTS else found
