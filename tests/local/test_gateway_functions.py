"""Lambda integrations: the event that a function gets, and the response that its answer becomes."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from tests.local.test_gateway import Service
from toolkit.local.gateway.api import Api, GatewaySettings, Route, Throttle
from toolkit.local.gateway.application import Gateway
from toolkit.local.gateway.functions import Request, event, response
from toolkit.local.lambda_functions.workers import Invocation, NoWorker, Workers

HOOK = Route(method="POST", path="/hooks/{name}", function="hook")
RAW = b'{"a":  "\xc3\xa9"}\n'


def sent(body: bytes, content_type: str = "application/json; charset=utf-8") -> Request:
    return Request(method="POST", path="/hooks/stripe", query="a=1&a=2&b=", body=body, client="192.0.2.1",
                   headers={"content-type": content_type, "cookie": "x=1; y=2"}, protocol="HTTP/1.1")  # fmt: skip


def test_text_travels_as_it_is_and_the_event_describes_the_request() -> None:
    made = event(HOOK, sent(RAW))
    assert (made["body"].encode(), made["isBase64Encoded"]) == (RAW, False)
    assert (made["version"], made["routeKey"]) == ("2.0", "POST /hooks/{name}")
    assert made["pathParameters"] == {"name": "stripe"}
    assert made["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert made["cookies"] == ["x=1", "y=2"]
    assert made["requestContext"]["http"]["sourceIp"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"\x00\xff", "application/octet-stream"), (b"\xff", "application/json"), (b"PNG", "image/png"), (b"a", "")],
)
def test_what_is_not_text_travels_in_base64(body: bytes, content_type: str) -> None:
    made = event(HOOK, sent(body, content_type))
    assert (base64.b64decode(made["body"]), made["isBase64Encoded"]) == (body, True)


def test_an_answer_becomes_the_response_that_it_describes() -> None:
    described = {"statusCode": 201, "headers": {"X-A": "b"}, "body": base64.b64encode(b"\x00").decode(),
                 "isBase64Encoded": True, "cookies": ["c=1"]}  # fmt: skip
    status, headers, body = response(json.dumps(described).encode())
    assert (status, body) == (201, b"\x00")
    assert {(b"x-a", b"b"), (b"set-cookie", b"c=1")} <= set(headers)
    assert response(b'{"plain": 1}')[::2] == (200, b'{"plain": 1}')


@pytest.mark.parametrize("answer", [b"no json", b'{"statusCode": "x"}', b'{"statusCode": 200, "body": {"a": 1}}'])
def test_an_answer_that_is_none_is_a_fault(answer: bytes) -> None:
    assert response(answer)[0] == 500


class _Workers:
    def __init__(self, answers: list[Invocation | Exception]) -> None:
        self.answers = answers
        self.events: list[bytes] = []

    def invoke(self, function_name: str, payload: bytes, *, trace: str | None = None) -> Invocation:
        assert function_name == "hook"
        self.events.append(payload)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_the_gateway_calls_the_function_and_answers_500_for_its_errors(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = Invocation(payload=b'{"statusCode": 200, "body": "ok"}', function_error=None, request_id="r")
    bad = Invocation(payload=b"{}", function_error="Unhandled", request_id="r")
    workers = _Workers([good, bad, NoWorker("hook")])
    monkeypatch.setattr(Workers, "invoke", lambda _self, *given, **named: workers.invoke(*given, **named))
    echo = Service()
    server = await echo.serve()
    port = server.sockets[0].getsockname()[1]
    limited = HOOK.model_copy(update={"throttle": Throttle(rate=0.001, burst=3)})
    api = Api(routes=(limited, Route(method="GET", path="/echo", service="echo")), throttle=Throttle(rate=9, burst=9))
    listing = tmp_path_factory.mktemp("workers") / "workers.json"
    gateway = Gateway(GatewaySettings(api=api, services={"echo": f"http://127.0.0.1:{port}"}, workers=listing))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://api") as client:
        answers = [
            await client.post("/hooks/stripe", content=RAW, headers={"content-type": "text/plain"}) for _ in "1234"
        ]
        assert [one.status_code for one in answers] == [200, 500, 500, 429], "a limit of its own"
        assert answers[0].text == "ok"
        assert json.loads(workers.events[0])["body"].encode() == RAW
        assert (await client.get("/echo")).status_code == 200
    server.close()
