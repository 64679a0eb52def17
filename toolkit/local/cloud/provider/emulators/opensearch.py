"""OpenSearch domains and serverless collections as the search engine of this machine."""

from __future__ import annotations

import json
import urllib.request
from typing import ClassVar

from toolkit.engine.provider import Created, Properties
from toolkit.local.cloud.provider.emulator import ACCOUNT, Emulator

SECONDS = 10


class Domain(Emulator):
    """`aws:opensearch/domain:Domain`; its id is its ARN."""

    type: ClassVar[str] = "aws:opensearch/domain:Domain"
    replace_on: ClassVar[frozenset[str]] = frozenset({"domainName"})
    named_by = "domainName"

    def create(self, inputs: Properties) -> Created:
        name = inputs["domainName"]
        arn = f"arn:aws:es:{self.region_of(inputs)}:{ACCOUNT}:domain/{name}"
        address = self.backends.opensearch.address
        outputs = {"arn": arn, "domainId": f"{ACCOUNT}/{name}", "endpoint": address, "dashboardEndpoint": address}
        return Created(id=arn, outputs=outputs)

    def exists(self, id: str, outputs: Properties) -> bool:
        return answers(self.backends.opensearch.address)

    def delete(self, id: str, outputs: Properties) -> None:
        empty(self.backends.opensearch.address)


class ServerlessCollection(Emulator):
    """`aws:opensearch/serverlessCollection:ServerlessCollection`, which never sleeps here."""

    type: ClassVar[str] = "aws:opensearch/serverlessCollection:ServerlessCollection"
    replace_on: ClassVar[frozenset[str]] = frozenset({"name", "type", "collectionGroupName", "standbyReplicas"})

    def create(self, inputs: Properties) -> Created:
        name = inputs["name"]
        arn = f"arn:aws:aoss:{self.region_of(inputs)}:{ACCOUNT}:collection/{name}"
        endpoint = f"https://{self.backends.opensearch.address}"
        outputs = {"arn": arn, "collectionEndpoint": endpoint, "dashboardEndpoint": f"{endpoint}/_dashboards"}
        return Created(id=name, outputs=outputs)

    def exists(self, id: str, outputs: Properties) -> bool:
        return answers(self.backends.opensearch.address)

    def delete(self, id: str, outputs: Properties) -> None:
        empty(self.backends.opensearch.address)


def answers(address: str) -> bool:
    """Whether the server answers."""
    with urllib.request.urlopen(f"http://{address}/_cluster/health", timeout=SECONDS) as answer:
        return bool(answer.status == 200)


def empty(address: str) -> None:
    """Deletes every index."""
    with urllib.request.urlopen(f"http://{address}/*", timeout=SECONDS) as answer:
        names = list(json.load(answer))
    for name in names:
        request = urllib.request.Request(f"http://{address}/{name}", method="DELETE")
        urllib.request.urlopen(request, timeout=SECONDS).close()  # noqa: S310
