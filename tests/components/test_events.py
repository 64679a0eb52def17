"""Topics, the queues that subscribe to them, and how mail is sent."""

from __future__ import annotations

import json

from planned import Planned

from stacks.workloads import NOTIFICATIONS


def test_a_topic_is_encrypted_under_the_stacks_key(prod: Planned) -> None:
    for name in ("events", "mail-feedback"):
        assert prod.inputs("Topic", name)["kmsMasterKeyId"] == "<Key secrets.arn>"


def test_only_ses_of_this_account_tells_of_bounces_and_no_service_publishes_events(prod: Planned) -> None:
    events = json.loads(prod.inputs("TopicPolicy", "events")["policy"])["Statement"]
    assert [statement["Sid"] for statement in events] == ["TlsOnly"]
    _, service = json.loads(prod.inputs("TopicPolicy", "mail-feedback")["policy"])["Statement"]
    assert service["Principal"] == {"Service": "ses.amazonaws.com"}
    assert service["Condition"] == {"StringEquals": {"aws:SourceAccount": "<accountId>"}}
    key = json.loads(prod.inputs("kms/key:Key", "secrets")["policy"])["Statement"]
    assert [s["Action"] for s in key if s["Principal"] == {"Service": "ses.amazonaws.com"}] == [
        ["kms:Decrypt", "kms:GenerateDataKey*"]
    ]


def test_mails_keep_to_tls_and_what_bounced_is_suppressed_and_told(prod: Planned) -> None:
    made = prod.inputs("ConfigurationSet", "notifications")
    assert made["configurationSetName"] == "marketplace-prod"
    assert made["deliveryOptions"] == {"tlsPolicy": "REQUIRE"}
    assert made["suppressionOptions"] == {"suppressedReasons": ["BOUNCE", "COMPLAINT"]}
    told = prod.inputs("ConfigurationSetEventDestination", "notifications")["eventDestination"]
    assert told["matchingEventTypes"] == ["BOUNCE", "COMPLAINT"]
    assert told["snsDestination"] == {"topicArn": "<Topic mail-feedback.arn>"}


def test_the_queue_of_mails_gets_the_events_that_call_for_mail_and_all_feedback(prod: Planned) -> None:
    events, feedback = (prod.inputs("TopicSubscription", f"mails-{topic}") for topic in ("events", "mail-feedback"))
    assert json.loads(events["filterPolicy"]) == {"type": list(NOTIFICATIONS.events)}
    assert "filterPolicy" not in feedback
    for subscription in (events, feedback):
        assert subscription["endpoint"] == "<Queue mails.arn>"
        assert subscription["rawMessageDelivery"] is True
    tls, topics = json.loads(prod.inputs("QueuePolicy", "mails")["policy"])["Statement"]
    assert tls["Sid"] == "TlsOnly"
    assert topics["Condition"] == {"ArnEquals": {"aws:SourceArn": ["<Topic events.arn>", "<Topic mail-feedback.arn>"]}}


def test_the_inventory_sync_hears_of_offers_and_has_time_for_a_batch(prod: Planned) -> None:
    subscription = prod.inputs("TopicSubscription", "offer-changes-events")
    assert json.loads(subscription["filterPolicy"]) == {"type": ["offer_changed", "product_withdrawn"]}
    assert (subscription["endpoint"], subscription["rawMessageDelivery"]) == ("<Queue offer-changes.arn>", True)
    mapping = prod.inputs("EventSourceMapping", "inventory-sync-offer-changes")
    assert (mapping["eventSourceArn"], mapping["functionName"]) == (
        "<Queue offer-changes.arn>",
        "<Function inventory-sync.arn>",
    )
    assert (
        prod.inputs("Queue", "offer-changes")["visibilityTimeoutSeconds"]
        >= prod.inputs("Function", "inventory-sync")["timeout"]
    )


def test_mail_is_sent_from_the_one_address_of_the_marketplace(prod: Planned) -> None:
    (send,) = [s for s in prod.statements("notifier") if s["Sid"] == "SendNotifications"]
    assert send["Condition"] == {"StringEquals": {"ses:FromAddress": "no-reply@marketplace.example.com"}}


def test_a_run_that_fails_is_told_where_the_next_one_is_far_away(prod: Planned) -> None:
    alarms = [prod.inputs("MetricAlarm", name) for name in prod.every("MetricAlarm")]
    failures = {
        alarm["dimensions"]["FunctionName"]: alarm["threshold"]
        for alarm in alarms
        if (alarm["namespace"], alarm["metricName"]) == ("AWS/Lambda", "Errors")
    }
    assert failures.keys() == {f"<Function {name}.name>" for name in prod.every("Function")}
    callers = [prod.inputs(kind, n) for kind in ("Schedule", "SecretRotation", "Invocation") for n in prod.every(kind)]
    seldom = {f"<Function {name}.name>" for name in prod.every("Function") if f"<Function {name}." in str(callers)}
    assert len(seldom) == 5
    assert {name: limit == 1 for name, limit in failures.items()} == {name: name in seldom for name in failures}
