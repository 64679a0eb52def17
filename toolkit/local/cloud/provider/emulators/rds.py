"""Aurora PostgreSQL clusters as databases of the real PostgreSQL on this machine."""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import Any, ClassVar

from toolkit.engine.provider import Created, Properties, ProviderError
from toolkit.local.cloud.provider.emulator import ACCOUNT, Emulator

HOST = "127.0.0.1"
RDS_ROLES = (
    # The two roles that every RDS PostgreSQL has: who may grant, and who signs in with an IAM token.
    "DO $$ BEGIN CREATE ROLE rds_iam NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "DO $$ BEGIN CREATE ROLE rds_superuser NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "GRANT rds_iam TO rds_superuser WITH ADMIN OPTION",
    "GRANT pg_monitor, pg_signal_backend TO rds_superuser",
)


class Cluster(Emulator):
    """`aws:rds/cluster:Cluster`: a database and its master role; a managed master password becomes a secret.

    `endpoint` and `port` are those of the server on this machine, so everything derived from them connects.
    """

    type: ClassVar[str] = "aws:rds/cluster:Cluster"
    decided_by_server: ClassVar[frozenset[str]] = frozenset({"port"})
    replace_on: ClassVar[frozenset[str]] = frozenset(
        {"clusterIdentifier", "databaseName", "masterUsername", "engine", "storageEncrypted", "kmsKeyId"}
    )

    def create(self, inputs: Properties) -> Created:
        if not str(inputs.get("engine", "")).endswith("postgresql"):
            raise ProviderError(f"this machine runs PostgreSQL clusters, not {inputs.get('engine')!r}")
        database, master = str(inputs.get("databaseName") or "postgres"), str(inputs["masterUsername"])
        server = self.backends.postgres
        server.execute(
            *RDS_ROLES,
            f"DO $$ BEGIN CREATE ROLE {_quoted(master)} LOGIN CREATEROLE CREATEDB; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$",
            f"GRANT rds_superuser TO {_quoted(master)}",
        )
        if database != "postgres":
            server.execute(f"DROP DATABASE IF EXISTS {_quoted(database)} WITH (FORCE)")
            server.execute(f"CREATE DATABASE {_quoted(database)} OWNER {_quoted(master)}")
            server.execute(f"ALTER SCHEMA public OWNER TO {_quoted(master)}", database=database)
        identifier = inputs["clusterIdentifier"]
        outputs: Properties = {
            "arn": f"arn:aws:rds:{self.region_of(inputs)}:{ACCOUNT}:cluster:{identifier}",
            "clusterResourceId": f"cluster-{hashlib.sha256(identifier.encode()).hexdigest()[:26].upper()}",
            "databaseName": database,
            "endpoint": HOST,
            "readerEndpoint": HOST,
            "port": server.port,
            "masterUserSecrets": [],
        }
        if inputs.get("manageMasterUserPassword"):
            outputs["masterUserSecrets"] = [self._managed_secret(outputs["clusterResourceId"], master, inputs)]
        return Created(id=identifier, outputs=outputs)

    def exists(self, id: str, outputs: Properties) -> bool:
        database = str(outputs["databaseName"]).replace("'", "''")
        try:
            self.backends.postgres.execute(
                f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') "
                "THEN RAISE EXCEPTION 'gone'; END IF; END $$"
            )
        except Exception as error:
            if "gone" not in str(error):
                raise
            return False
        return True

    def delete(self, id: str, outputs: Properties) -> None:
        database, master = str(outputs["databaseName"]), str(outputs["masterUsername"])
        if database != "postgres":
            self.backends.postgres.execute(f"DROP DATABASE IF EXISTS {_quoted(database)} WITH (FORCE)")
        # The roles that sign in with an IAM token were made inside this database; a server has one cluster.
        self.backends.postgres.execute(
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT m.member::regrole AS name FROM pg_auth_members m "
            "WHERE m.roleid = 'rds_iam'::regrole AND m.member <> 'rds_superuser'::regrole "
            "LOOP EXECUTE format('DROP ROLE %s', r.name); END LOOP; END $$",
            f"DROP ROLE IF EXISTS {_quoted(master)}",
        )
        for secret in outputs.get("masterUserSecrets") or ():
            self.backends.boto("secretsmanager").delete_secret(
                SecretId=secret["secretArn"], ForceDeleteWithoutRecovery=True
            )

    def _managed_secret(self, resource_id: str, master: str, inputs: Properties) -> dict[str, Any]:
        key = {"KmsKeyId": inputs["masterUserSecretKmsKeyId"]} if inputs.get("masterUserSecretKmsKeyId") else {}
        made = self.backends.boto("secretsmanager").create_secret(
            Name=f"rds!{resource_id.lower()}-{secrets.token_hex(4)}",
            SecretString=json.dumps({"username": master, "password": secrets.token_urlsafe(24)}),
            Tags=[{"Key": "aws:secretsmanager:owningService", "Value": "rds"}],
            **key,
        )
        return {
            "kmsKeyId": inputs.get("masterUserSecretKmsKeyId", "alias/aws/secretsmanager"),
            "secretArn": made["ARN"],
            "secretStatus": "active",
        }


class ClusterInstance(Emulator):
    """`aws:rds/clusterInstance:ClusterInstance`: the server that already runs; adding one changes nothing here."""

    type: ClassVar[str] = "aws:rds/clusterInstance:ClusterInstance"
    replace_on: ClassVar[frozenset[str]] = frozenset({"identifier", "clusterIdentifier", "engine"})

    def create(self, inputs: Properties) -> Created:
        identifier = inputs["identifier"]
        return Created(
            id=identifier,
            outputs={
                "arn": f"arn:aws:rds:{self.region_of(inputs)}:{ACCOUNT}:db:{identifier}",
                "endpoint": HOST,
                "port": self.backends.postgres.port,
                "writer": True,
            },
        )

    def exists(self, id: str, outputs: Properties) -> bool:
        return True

    def delete(self, id: str, outputs: Properties) -> None:
        """The server stays: it belongs to the machine."""


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
