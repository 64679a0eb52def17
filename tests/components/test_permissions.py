"""What each role may do: exactly what its links take."""

from __future__ import annotations

import json

import pytest
from planned import Planned, Policy

DECRYPT = (["kms:Decrypt"], ["<Key secrets.arn>"])
CONNECT_CARTS = ["elasticache:Connect"]
SEND_TRACES = (["xray:PutTraceSegments"], ["*"])
LAMBDA_RUNTIME = {"WriteLogs", "WriteTraces", "DescribeNetwork", "AttachNetwork"}
UNRESTRICTABLE = {
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "elasticloadbalancing:DescribeRules",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""Actions for which IAM knows no resource."""


def sign_in(user: str) -> tuple[list[str], list[str]]:
    return (
        ["rds-db:connect"],
        [f"arn:aws:rds-db:us-east-1:<accountId>:dbuser:<Cluster orders.clusterResourceId>/{user}"],
    )


READS_WRITES_PRODUCTS = (
    [
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
    ],
    ["<Table products.arn>", "<Table products.arn>/index/*"],
)
LIST_IMAGES = (["s3:ListBucket"], ["<Bucket images.arn>"])
UPLOADS, IMPORTS, PICTURES = (f"<Bucket images.arn>/{prefix}/*" for prefix in ("uploads", "imports", "images"))


EXPECTED: dict[str, Policy] = {
    "catalog": {
        "SendTraces": SEND_TRACES,
        "ReadsWritesProducts": READS_WRITES_PRODUCTS,
        "DecryptDynamodb": DECRYPT,
        "ConnectOrders": sign_in("catalog"),
        "ConnectCarts": (CONNECT_CARTS, ["<ReplicationGroup carts.arn>", "<User carts-catalog.arn>"]),
        "QueriesSearchPost": (["es:ESHttpPost"], ["<Domain search.arn>/products/_search"]),
        "ListImages": LIST_IMAGES,
        "ReadImages": (["s3:GetObject"], [UPLOADS, IMPORTS]),
        "WriteImages": (["s3:PutObject"], [UPLOADS, IMPORTS]),
        "DeleteImages": (["s3:DeleteObject"], [PICTURES]),
    },
    "catalog-import": {
        "ConsumeImagesImports": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            ["<Queue images-imports.arn>"],
        ),
        "ListImages": LIST_IMAGES,
        "ReadImages": (["s3:GetObject"], [UPLOADS, IMPORTS]),
        "ReadsWritesProducts": READS_WRITES_PRODUCTS,
        "DecryptDynamodb": DECRYPT,
        "ConnectOrders": sign_in("catalog-import"),
    },
    "thumbnails": {
        "ConsumeImagesUploads": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            ["<Queue images-uploads.arn>"],
        ),
        "ListImages": LIST_IMAGES,
        "ReadImages": (["s3:GetObject"], [UPLOADS, IMPORTS]),
        "WriteImages": (["s3:PutObject"], [PICTURES]),
        "DeleteImages": (["s3:DeleteObject"], [UPLOADS, PICTURES]),
        "ReadsWritesProducts": READS_WRITES_PRODUCTS,
        "DecryptDynamodb": DECRYPT,
    },
    "checkout": {
        "SendTraces": SEND_TRACES,
        "ConnectOrders": sign_in("checkout"),
        "ConnectCarts": (CONNECT_CARTS, ["<ReplicationGroup carts.arn>", "<User carts-checkout.arn>"]),
        "StartCheckoutFlow": (["states:StartExecution"], ["<StateMachine checkout-flow.arn>"]),
        "PublishEvents": (["sns:Publish"], ["<Topic events.arn>"]),
        "EncryptSns": (["kms:Decrypt", "kms:GenerateDataKey"], ["<Key secrets.arn>"]),
    },
    "checkout-saga": {
        "ConnectOrders": sign_in("checkout-saga"),
        "ConnectCarts": (CONNECT_CARTS, ["<ReplicationGroup carts.arn>", "<User carts-checkout-saga.arn>"]),
        "InferFraud": (["sagemaker:InvokeEndpoint"], ["<Endpoint fraud.arn>"]),
        "ReadStripe": (["secretsmanager:GetSecretValue"], ["<Secret stripe.arn>"]),
        "DecryptSecretsmanager": DECRYPT,
    },
    "dispute": {
        "SendTraces": SEND_TRACES,
        "ConnectOrders": sign_in("dispute"),
    },
    "order-processor": {
        "ConsumeFulfillment": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            ["<Queue fulfillment.arn>"],
        ),
        "ConnectOrders": sign_in("order-processor"),
    },
    "seller": {
        "SendTraces": SEND_TRACES,
        "ConnectOrders": sign_in("seller"),
        "ReadStripe": (["secretsmanager:GetSecretValue"], ["<Secret stripe.arn>"]),
        "DecryptSecretsmanager": DECRYPT,
    },
    "inventory-sync": {
        "FollowsProducts": (
            [
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            ["<Table products.arn>/stream/*"],
        ),
        "ReadsProducts": (
            ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
            ["<Table products.arn>", "<Table products.arn>/index/*"],
        ),
        "DecryptDynamodb": DECRYPT,
        "ConnectOrders": sign_in("inventory-sync"),
        "ConnectCarts": (CONNECT_CARTS, ["<ReplicationGroup carts.arn>", "<User carts-inventory-sync.arn>"]),
        "IndexesSearchGet": (["es:ESHttpGet"], ["<Domain search.arn>/_alias/products*"]),
        "IndexesSearchPost": (
            ["es:ESHttpPost"],
            [
                "<Domain search.arn>/products/_search",
                "<Domain search.arn>/_bulk",
                "<Domain search.arn>/_aliases",
                "<Domain search.arn>/products/_refresh",
            ],
        ),
        "IndexesSearchPut": (
            ["es:ESHttpPut"],
            ["<Domain search.arn>/_index_template/products", "<Domain search.arn>/products-of-*"],
        ),
        "PublishesSearchRejected": (["sqs:SendMessage"], ["<Queue search-rejected.arn>"]),
        "PublishesInventorySyncGivenUp": (["sqs:SendMessage"], ["<Queue inventory-sync-given-up.arn>"]),
        "ConsumeOfferChanges": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            ["<Queue offer-changes.arn>"],
        ),
    },
    "payouts": {
        "ConnectOrders": sign_in("payouts"),
        "ReadStripe": (["secretsmanager:GetSecretValue"], ["<Secret stripe.arn>"]),
        "DecryptSecretsmanager": DECRYPT,
    },
    "payouts-schedule": {
        "Invoke": (["lambda:InvokeFunction"], ["<Function payouts.arn>"]),
        "KeepMissed": (["sqs:SendMessage"], ["<Queue payouts-missed.arn>"]),
    },
    "ranker-schedule": {
        "Invoke": (["lambda:InvokeFunction"], ["<Function ranker.arn>"]),
        "KeepMissed": (["sqs:SendMessage"], ["<Queue ranker-missed.arn>"]),
    },
    "ranker": {
        "ConnectOrders": sign_in("ranker"),
        "ReadsProducts": (
            ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
            ["<Table products.arn>", "<Table products.arn>/index/*"],
        ),
        "DecryptDynamodb": DECRYPT,
        "ConnectCarts": (CONNECT_CARTS, ["<ReplicationGroup carts.arn>", "<User carts-ranker.arn>"]),
    },
    "notifier": {
        "ConsumeMails": (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
            ["<Queue mails.arn>"],
        ),
        "ConnectOrders": sign_in("notifier"),
        "LookUpAuth": (["cognito-idp:AdminGetUser"], ["<UserPool auth.arn>"]),
        "SendNotifications": (
            ["ses:SendEmail", "ses:SendRawEmail"],
            [
                "arn:aws:ses:us-east-1:<accountId>:identity/marketplace.example.com",
                "<ConfigurationSet notifications.arn>",
            ],
        ),
    },
    "migrations": {
        "MasterOrders": (["secretsmanager:GetSecretValue"], ["<Cluster orders.masterUserSecrets.0.secretArn>"]),
        "DecryptSecretsmanager": DECRYPT,
    },
    "checkout-flow": {
        "InvokeCheckoutSaga": (["lambda:InvokeFunction"], ["<Function checkout-saga.arn>"]),
        "PublishFulfillment": (["sqs:SendMessage"], ["<Queue fulfillment.arn>"]),
    },
}


@pytest.mark.parametrize("workload", EXPECTED)
def test_a_workload_may_do_what_its_links_take_and_nothing_else(prod: Planned, workload: str) -> None:
    runtime = LAMBDA_RUNTIME | {"DeliverLogs"}
    allowed = {sid: rights for sid, rights in prod.allowed(workload).items() if sid not in runtime}
    assert allowed == EXPECTED[workload]


@pytest.mark.parametrize("service", ["catalog", "checkout"])
def test_only_the_execution_role_pulls_images_and_writes_logs(prod: Planned, service: str) -> None:
    assert prod.allowed(f"{service}-execution") == {
        "WriteLogs": (["logs:CreateLogStream", "logs:PutLogEvents"], [f"<LogGroup {service}.arn>:*"]),
        "RegistryToken": (["ecr:GetAuthorizationToken"], ["*"]),
        "PullImage": (
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            ["arn:aws:ecr:us-east-1:000000000000:repository/marketplace"],
        ),
    }
    definition = prod.inputs("TaskDefinition", service)
    assert definition["executionRoleArn"] == f"<Role {service}-execution.arn>"
    assert definition["taskRoleArn"] == f"<Role {service}.arn>"


def test_every_resource_is_named_where_iam_lets_it_be(prod: Planned) -> None:
    for role in prod.every("RolePolicy"):
        for sid, (actions, resources) in prod.allowed(role).items():
            assert "*" not in resources or set(actions) <= UNRESTRICTABLE, f"{role}: {sid}"
            assert not any("*" in action for action in actions), f"{role}: {sid}"


def test_roles_have_no_other_policies(prod: Planned) -> None:
    assert not prod.every("RolePolicyAttachment")
    for name in prod.every("Role"):
        assert not {"managedPolicyArns", "inlinePolicies"} & prod.inputs("Role", name).keys()


def test_services_of_aws_assume_roles_for_this_account_only(prod: Planned) -> None:
    trusts = {
        name: json.loads(prod.inputs("Role", name)["assumeRolePolicy"])["Statement"] for name in prod.every("Role")
    }
    assert {name: [s["Principal"]["Service"] for s in statements] for name, statements in trusts.items()} == {
        "catalog": ["ecs-tasks.amazonaws.com"],
        "catalog-execution": ["ecs-tasks.amazonaws.com"],
        "catalog-import": ["lambda.amazonaws.com"],
        "checkout": ["ecs-tasks.amazonaws.com"],
        "checkout-execution": ["ecs-tasks.amazonaws.com"],
        "checkout-flow": ["states.amazonaws.com"],
        "checkout-saga": ["lambda.amazonaws.com"],
        "dispute": ["ecs-tasks.amazonaws.com"],
        "dispute-execution": ["ecs-tasks.amazonaws.com"],
        "edge-key-rotation": ["lambda.amazonaws.com"],
        "fraud": ["sagemaker.amazonaws.com"],
        "migrations": ["lambda.amazonaws.com"],
        "notifier": ["lambda.amazonaws.com"],
        "network-flows": ["vpc-flow-logs.amazonaws.com"],
        "order-processor": ["lambda.amazonaws.com"],
        "payment-webhook": ["lambda.amazonaws.com"],
        "seller": ["ecs-tasks.amazonaws.com"],
        "seller-execution": ["ecs-tasks.amazonaws.com"],
        "payouts": ["lambda.amazonaws.com"],
        "inventory-sync": ["lambda.amazonaws.com"],
        "inventory-sync-schedule": ["scheduler.amazonaws.com"],
        "payouts-schedule": ["scheduler.amazonaws.com"],
        "thumbnails": ["lambda.amazonaws.com"],
        "ranker": ["lambda.amazonaws.com"],
        "ranker-schedule": ["scheduler.amazonaws.com"],
    }
    for (statement,) in trusts.values():
        if statement["Principal"]["Service"] != "lambda.amazonaws.com":
            assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "<accountId>"}}


def test_the_key_is_used_only_through_the_service_that_was_linked(prod: Planned) -> None:
    for workload, service in [("catalog", "dynamodb"), ("checkout-saga", "secretsmanager")]:
        statements = json.loads(prod.inputs("RolePolicy", workload)["policy"])["Statement"]
        (decrypt,) = [s for s in statements if s["Action"] == ["kms:Decrypt"]]
        assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}


def test_a_user_of_the_cart_cache_runs_the_commands_of_its_access(prod: Planned) -> None:
    keys = {
        "checkout": "*",
        "checkout-saga": "*",
        "inventory-sync": "{stock}:*",
        "catalog": "{recommendations}:*",
        "ranker": "{recommendations}:*",
    }
    for workload, pattern in keys.items():
        user = prod.inputs("User", f"carts-{workload}")
        assert user["authenticationMode"] == {"type": "iam"}
        assert user["userId"] == user["userName"] == f"marketplace-prod-{workload}"
        assert user["accessString"].startswith(f"on ~{pattern} resetchannels -@all ")
        assert user["accessString"].endswith(" -@dangerous")
    assert prod.inputs("User", "carts-nobody")["accessString"] == "off ~* resetchannels -@all"
    assert set(prod.every("UserGroupAssociation")) == {f"carts-{workload}" for workload in keys}


def test_each_database_user_is_made_with_the_access_of_its_link(prod: Planned) -> None:
    events = {name: json.loads(prod.inputs("Invocation", name)["input"]) for name in prod.every("Invocation")}
    assert {name: event["roles"] for name, event in events.items()} == {
        "migrations": {},
        "migrations-catalog": {"catalog": "reads-writes"},
        "migrations-catalog-import": {"catalog-import": "reads-writes"},
        "migrations-checkout": {"checkout": "reads-writes"},
        "migrations-checkout-saga": {"checkout-saga": "reads-writes"},
        "migrations-dispute": {"dispute": "reads-writes"},
        "migrations-notifier": {"notifier": "reads-writes"},
        "migrations-order-processor": {"order-processor": "reads-writes"},
        "migrations-payment-webhook": {"payment-webhook": "reads-writes"},
        "migrations-payouts": {"payouts": "reads-writes"},
        "migrations-inventory-sync": {"inventory-sync": "reads"},
        "migrations-ranker": {"ranker": "reads-writes"},
        "migrations-seller": {"seller": "reads-writes"},
    }
    schema = prod.one("Invocation", "migrations").urn
    for name in events.keys() - {"migrations"}:
        assert schema in prod.one("Invocation", name).dependencies


def test_a_new_image_runs_the_migrations_again(prod: Planned) -> None:
    image = prod.container("checkout")["image"]
    assert prod.inputs("Invocation", "migrations")["triggers"]["image"] == image
    for name in prod.every("Invocation"):
        assert json.loads(prod.inputs("Invocation", name)["input"])["image"] == image


def test_another_database_gets_its_schema_and_its_users(prod: Planned) -> None:
    for name in prod.every("Invocation"):
        event = json.loads(prod.inputs("Invocation", name)["input"])
        assert event["database"] == "<Cluster orders.clusterResourceId>"


def test_a_destroy_invokes_nothing(prod: Planned) -> None:
    # Only an invocation of the scope CRUD runs when it is deleted.
    assert {prod.inputs("Invocation", name).get("lifecycleScope") for name in prod.every("Invocation")} == {None}


def test_a_workload_signs_in_to_the_order_database_by_its_own_role_alone(prod: Planned) -> None:
    for workload in ("catalog", "checkout", "checkout-saga", "order-processor", "payouts"):
        actions, resources = prod.allowed(workload)["ConnectOrders"]
        assert actions == ["rds-db:connect"]
        assert [resource.rpartition("/")[2] for resource in resources] == [workload]


def test_giving_access_again_does_not_end_in_taking_it_away(prod: Planned) -> None:
    for name in prod.every("Invocation").keys() - {"migrations"}:
        assert "triggers" not in prod.inputs("Invocation", name)
        assert prod.one("Invocation", name).delete_before_replace is True


@pytest.mark.parametrize("function", ["order-processor", "checkout-saga", "migrations"])
def test_a_functions_code_cannot_touch_the_network_that_lambda_attaches(prod: Planned, function: str) -> None:
    (denied,) = [statement for statement in prod.statements(function) if statement["Effect"] == "Deny"]
    assert set(prod.allowed(function)["AttachNetwork"][0]) <= set(denied["Action"])
    assert denied["Resource"] == ["*"]
    by_code = {"lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:<accountId>:function:*"}
    assert denied["Condition"] == {"ArnLike": by_code}


@pytest.mark.parametrize("workload", ["catalog", "checkout"])
def test_a_service_starts_after_its_permissions_and_its_database_user(prod: Planned, workload: str) -> None:
    dependencies = prod.one("ecs/service:Service", workload).dependencies
    for kind, name in [("RolePolicy", workload), ("Invocation", f"migrations-{workload}"), ("ListenerRule", workload)]:
        assert prod.one(kind, name).urn in dependencies


def test_resources_with_a_policy_of_their_own_refuse_plain_text(prod: Planned) -> None:
    policies = [prod.inputs("QueuePolicy", name)["policy"] for name in prod.every("QueuePolicy")]
    policies += [prod.inputs("SecretPolicy", name)["policy"] for name in prod.every("SecretPolicy")]
    policies += [prod.inputs("TopicPolicy", name)["policy"] for name in prod.every("TopicPolicy")]
    guarded = ("Queue", "Secret", "sns/topic:Topic")
    assert len(policies) == sum(len(prod.every(kind)) for kind in guarded)
    for document in policies:
        denied = [s for s in json.loads(document)["Statement"] if s["Effect"] == "Deny"]
        assert [s["Condition"] for s in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]
