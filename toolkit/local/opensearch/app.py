"""The server as an ASGI application."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from time import perf_counter
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from toolkit.local.opensearch.cluster import Cluster
from toolkit.local.opensearch.refusal import Refusal
from toolkit.local.opensearch.stored_index import Write

VERSION = "3.4.0"
"""Of the OpenSearch whose answers this server's are compared with."""

_Answer = dict[str, Any] | Response
_Handler = Callable[[Cluster, Request, bytes], _Answer]


def create_app(cluster: Cluster) -> Starlette:
    """The application. It closes `cluster` when it shuts down. Requests are answered one after another, but for
    searches: two at a time, because a search only reads, and tantivy works outside of Python's lock."""
    searching = CapacityLimiter(2)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        cluster.close()

    def route(path: str, method: str, handler: _Handler) -> Route:
        async def handle(request: Request) -> Response:
            body = await request.body()
            try:
                if handler is _search:
                    answer = await run_sync(handler, cluster, request, body, limiter=searching)
                else:
                    answer = handler(cluster, request, body)
            except Refusal as refusal:
                return JSONResponse(refusal.body(), status_code=refusal.status)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return Route(path, handle, methods=[method])

    return Starlette(
        routes=[
            route("/", "GET", _root),
            route("/_cluster/health", "GET", _health),
            route("/_bulk", "POST", _bulk),
            route("/_aliases", "POST", _aliases),
            route("/_alias/{alias}", "GET", _alias),
            route("/_index_template/{name}", "GET", _template),
            route("/_index_template/{name}", "PUT", _put_template),
            route("/{index}/_search", "POST", _search),
            route("/{index}/_count", "POST", _count),
            route("/{index}/_refresh", "POST", _refresh),
            route("/{index}/_doc/{id:path}", "GET", _document),
            route("/{index}", "GET", _describe),
            route("/{index}", "PUT", _create),
            route("/{index}", "DELETE", _delete),
        ],
        lifespan=lifespan,
    )


def _root(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    return {"cluster_name": "marketplace", "version": {"distribution": "opensearch", "number": VERSION}}


def _health(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    return {"cluster_name": "marketplace", "status": "green", "timed_out": False, "number_of_nodes": 1}


def _bulk(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    started = perf_counter()
    items = []
    lines = iter(body.splitlines())
    for line in lines:
        [(kind, about)] = _parsed(line).items()
        if kind != "index" or about.get("version_type") != "external":
            reason = "this server takes the action index with external versions only"
            raise Refusal(400, "illegal_argument_exception", reason)
        write = Write(id=str(about["_id"]), version=int(about["version"]), source=_parsed(next(lines, b"")))
        items.append((str(about["_index"]), bool(about.get("require_alias")), write))
    answers = []
    for (_, _, write), (name, outcome) in zip(items, cluster.bulk(items), strict=True):
        told: dict[str, Any] = {"_index": name, "_id": write.id}
        if isinstance(outcome, Refusal):
            told |= {"status": outcome.status, "error": outcome.cause()}
        else:
            told |= {"status": 201 if outcome == "created" else 200, "result": outcome, "_version": write.version}
        answers.append({"index": told})
    errors = any("error" in told for answer in answers for told in answer.values())
    return {"took": _milliseconds(started), "errors": errors, "items": answers}


def _aliases(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    cluster.change_aliases(_parsed(body)["actions"])
    return {"acknowledged": True}


def _alias(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    alias = request.path_params["alias"]
    if alias not in cluster.aliases:
        return JSONResponse({"error": f"alias [{alias}] missing", "status": 404}, status_code=404)
    return {name: {"aliases": {alias: {}}} for name in sorted(cluster.aliases[alias])}


def _template(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    name = request.path_params["name"]
    if name not in cluster.templates:
        raise Refusal(404, "resource_not_found_exception", f"index template matching [{name}] not found")
    return {"index_templates": [{"name": name, "index_template": cluster.templates[name]}]}


def _put_template(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    cluster.put_template(request.path_params["name"], _parsed(body))
    return {"acknowledged": True}


def _search(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    started = perf_counter()
    found = cluster.one(request.path_params["index"]).search(_parsed(body))
    return {"took": _milliseconds(started), "timed_out": False, **found}


def _count(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    return {"count": sum(index.count() for index in cluster.named(request.path_params["index"]).values())}


def _refresh(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    shards = len(cluster.named(request.path_params["index"]))
    return {"_shards": {"total": shards, "successful": shards, "failed": 0}}


def _document(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    id = request.path_params["id"]
    known = cluster.one(request.path_params["index"]).source(id)
    if known is None:
        return JSONResponse({"_id": id, "found": False}, status_code=404)
    return {"_id": id, "_version": known[0], "found": True, "_source": known[1]}


def _describe(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    return dict(cluster.described(request.path_params["index"]))


def _create(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    cluster.create(request.path_params["index"], _parsed(body or b"{}"))
    return {"acknowledged": True, "shards_acknowledged": True, "index": request.path_params["index"]}


def _delete(cluster: Cluster, request: Request, body: bytes) -> _Answer:
    cluster.delete(request.path_params["index"])
    return {"acknowledged": True}


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise Refusal(400, "parse_exception", "request body is not JSON") from error
    if not isinstance(parsed, dict):
        raise Refusal(400, "parse_exception", "request body is no JSON object")
    return parsed


def _milliseconds(started: float) -> int:
    return round((perf_counter() - started) * 1000)
