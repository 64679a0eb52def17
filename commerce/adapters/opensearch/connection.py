"""HTTP to the search engine: signed requests, JSON answers."""

from __future__ import annotations

import json
from typing import Any, Final

import aiohttp

from commerce.adapters.opensearch.settings import SearchSettings
from commerce.adapters.tracing import waiting_for
from commerce.errors import InvariantBroken
from commerce.ports.credentials import RequestSigner
from commerce.search import SearchUnavailable

_TOO_MANY: Final = 429
_FIRST_SERVER_ERROR: Final = 500
JSON: Final = "application/json"
LINES: Final = "application/x-ndjson"


class RequestRefused(InvariantBroken):
    """The search engine does not take a request of ours: wrong rights, a wrong index, or a defect."""

    code = "search-request-refused"

    def __init__(self, status: int, kind: str, reason: str) -> None:
        super().__init__(f"The search engine answered {status} {kind}: {reason}", kind=kind)
        self.answered = status
        self.kind = kind


class OpenSearch:
    """A pool of connections, opened when they are first used. Close it with `await engine.aclose()`."""

    def __init__(self, settings: SearchSettings, sign: RequestSigner | None = None) -> None:
        self.settings = settings
        self._sign = sign if settings.service else None
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request with a JSON body. Raises SearchUnavailable, RequestRefused."""
        data = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
        return await self._answer(method, path, data, JSON)

    async def send_lines(self, path: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        """One request with a JSON object a line, as the bulk API takes them."""
        data = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines).encode()
        return await self._answer("POST", path, data, LINES)

    async def _answer(self, method: str, path: str, data: bytes, content_type: str) -> dict[str, Any]:
        url = f"{self.settings.url}{path}"
        headers = {"content-type": content_type}
        if self._sign is not None:
            headers = dict(await self._sign(method, url, headers, data))
        try:
            with waiting_for("opensearch", method):
                async with self._opened().request(method, url, data=data, headers=headers) as response:
                    text = await response.read()
                    status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SearchUnavailable(repr(error)) from error
        if status == _TOO_MANY or status >= _FIRST_SERVER_ERROR:
            raise SearchUnavailable(f"{status}: {text[:500]!r}")
        answer = _object(text, status)
        if status >= 400:
            raise _refused(status, answer)
        return answer

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self.settings.max_connections),
                timeout=aiohttp.ClientTimeout(total=self.settings.timeout.total_seconds()),
            )
        return self._session


def _object(text: bytes, status: int) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise SearchUnavailable(f"{status}, and no JSON: {text[:500]!r}") from error
    return answer if isinstance(answer, dict) else {"answer": answer}


def _refused(status: int, answer: dict[str, Any]) -> RequestRefused:
    error = answer.get("error", answer.get("Message", answer.get("message", "")))
    if isinstance(error, dict):
        return RequestRefused(status, str(error.get("type")), str(error.get("reason")))
    return RequestRefused(status, "error", str(error)[:500])
