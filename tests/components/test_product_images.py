"""The product image store: private, encrypted, and readable in part by the CDN alone."""

from __future__ import annotations

import json

from planned import Planned

QUEUES = ("images-uploads", "images-imports")


def test_nobody_reads_the_bucket_from_outside(prod: Planned) -> None:
    block = prod.inputs("BucketPublicAccessBlock", "images")
    assert all(block[name] for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls"))
    assert block["restrictPublicBuckets"] is True
    assert prod.inputs("BucketOwnershipControls", "images")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (rule,) = prod.inputs("BucketServerSideEncryptionConfiguration", "images")["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}


def test_the_bucket_takes_tls_only_and_shows_its_pictures_to_the_accounts_distributions(prod: Planned) -> None:
    policy = json.loads(prod.inputs("BucketPolicy", "images")["policy"])
    tls, distributions = policy["Statement"]
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", ["s3:*"])
    assert tls["Resource"] == ["<Bucket images.arn>", "<Bucket images.arn>/*"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert distributions["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert distributions["Action"] == ["s3:GetObject"]
    assert distributions["Resource"] == ["<Bucket images.arn>/images/*"]
    assert distributions["Condition"] == {
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::<accountId>:distribution/*"}
    }


def test_uploads_go_by_themselves_and_only_production_keeps_what_was_deleted(prod: Planned, dev: Planned) -> None:
    def days(stack: Planned) -> dict[str, object]:
        rules = stack.inputs("BucketLifecycleConfiguration", "images")["rules"]
        return {rule["id"]: rule.get("expiration") or rule["noncurrentVersionExpiration"] for rule in rules}

    uploads = {"uploads": {"days": 1}, "imports": {"days": 30}}
    assert days(prod) == {**uploads, "former-versions": {"noncurrentDays": 30}}
    assert days(dev) == uploads
    assert prod.inputs("BucketVersioning", "images")["versioningConfiguration"] == {"status": "Enabled"}
    assert not dev.every("BucketVersioning")
    assert (prod.inputs("Bucket", "images")["forceDestroy"], dev.inputs("Bucket", "images")["forceDestroy"]) == (
        False,
        True,
    )


def test_browsers_of_the_storefront_may_send_forms_and_nothing_else(prod: Planned) -> None:
    (rule,) = prod.inputs("BucketCorsConfiguration", "images")["corsRules"]
    assert rule["allowedMethods"] == ["POST"]
    api = prod.inputs("Api", "api")["corsConfiguration"]
    assert rule["allowedOrigins"] == api["allowOrigins"]


def test_each_prefix_of_uploads_has_its_queue(prod: Planned) -> None:
    notification = prod.one("BucketNotification", "images")
    told = prod.inputs("BucketNotification", "images")["queues"]
    assert {one["filterPrefix"]: one["queueArn"] for one in told} == {
        "uploads/": "<Queue images-uploads.arn>",
        "imports/": "<Queue images-imports.arn>",
    }
    assert {tuple(one["events"]) for one in told} == {("s3:ObjectCreated:*",)}
    # S3 tries the queue when it is told of it: the queue must let it in before.
    assert {prod.one("QueuePolicy", name).urn for name in QUEUES} <= set(notification.dependencies)
    # A picture that is written must not be taken for one that was uploaded.
    assert not any("images/".startswith(one["filterPrefix"]) for one in told)


def test_only_this_bucket_sends_to_its_queues(prod: Planned) -> None:
    for name in QUEUES:
        allow, tls = json.loads(prod.inputs("QueuePolicy", name)["policy"])["Statement"]
        assert (allow["Principal"], allow["Action"]) == ({"Service": "s3.amazonaws.com"}, ["sqs:SendMessage"])
        assert allow["Resource"] == [f"<Queue {name}.arn>"]
        assert allow["Condition"] == {
            "ArnEquals": {"aws:SourceArn": "<Bucket images.arn>"},
            "StringEquals": {"aws:SourceAccount": "<accountId>"},
        }
        assert tls["Sid"] == "TlsOnly"
        redrive = json.loads(prod.inputs("RedrivePolicy", f"{name}-dead-letters")["redrivePolicy"])
        assert redrive["deadLetterTargetArn"] == f"<Queue {name}-dead-letters.arn>"


def test_an_upload_stays_hidden_as_long_as_a_picture_may_take(prod: Planned) -> None:
    source = prod.inputs("EventSourceMapping", "thumbnails-images-uploads")
    assert source["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["batchSize"] == 1
    hidden = prod.inputs("Queue", "images-uploads")["visibilityTimeoutSeconds"]
    assert hidden >= 6 * prod.inputs("Function", "thumbnails")["timeout"]
