"""Queues, topics, secrets, keys, roles, pools, functions and workflows as the plan declares them."""

from __future__ import annotations

import json

from tests.up.provider.conftest import Cloud

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}
)
DENY = ALLOW.replace("Allow", "Deny")


def test_a_queue_has_the_attributes_and_the_redrive_of_the_plan(cloud: Cloud) -> None:
    dead = cloud.deploy("aws:sqs/queue:Queue", "dead", {})
    redrive = json.dumps({"deadLetterTargetArn": dead.outputs["arn"], "maxReceiveCount": 3})
    queue = cloud.deploy(
        "aws:sqs/queue:Queue",
        "work",
        {"visibilityTimeoutSeconds": 90, "redrivePolicy": redrive, "sqsManagedSseEnabled": True, "tags": {"a": "b"}},
    )
    sqs = cloud.servers.boto("sqs")

    def attributes() -> dict[str, str]:
        return dict(sqs.get_queue_attributes(QueueUrl=queue.outputs["url"], AttributeNames=["All"])["Attributes"])

    assert attributes()["VisibilityTimeout"] == "90"
    assert json.loads(attributes()["RedrivePolicy"])["maxReceiveCount"] == 3
    queue.update(queue.inputs | {"visibilityTimeoutSeconds": 30.0})
    assert attributes()["VisibilityTimeout"] == "30"
    policy = cloud.deploy("aws:sqs/queuePolicy:QueuePolicy", "work", {"queueUrl": queue.id, "policy": ALLOW})
    assert policy.read() is not None
    allowed = cloud.deploy(
        "aws:sqs/redrivePolicy:RedrivePolicy", "work", {"queueUrl": queue.id, "redrivePolicy": redrive}
    )
    queue.update(queue.inputs | {"delaySeconds": 1})
    assert policy.read() is not None
    assert allowed.read() is not None
    policy.delete()
    assert policy.read() is None


def test_a_topic_delivers_to_the_queue_that_subscribed(cloud: Cloud) -> None:
    queue = cloud.deploy("aws:sqs/queue:Queue", "inbox", {})
    topic = cloud.deploy("aws:sns/topic:Topic", "news", {"displayName": "News"})
    subscription = cloud.deploy(
        "aws:sns/topicSubscription:TopicSubscription",
        "inbox",
        {"topic": topic.id, "protocol": "sqs", "endpoint": queue.outputs["arn"], "rawMessageDelivery": True},
    )
    cloud.servers.boto("sns").publish(TopicArn=topic.id, Message="hello")
    messages = cloud.servers.boto("sqs").receive_message(QueueUrl=queue.id)["Messages"]
    assert [message["Body"] for message in messages] == ["hello"]
    policy = cloud.deploy("aws:sns/topicPolicy:TopicPolicy", "news", {"arn": topic.id, "policy": ALLOW})
    policy.delete()
    attributes = cloud.servers.boto("sns").get_topic_attributes(TopicArn=topic.id)["Attributes"]
    assert json.loads(attributes["Policy"])["Id"] == "__default_policy_ID"
    subscription.delete()
    assert subscription.read() is None


def test_a_secret_keeps_its_value_until_it_is_deleted(cloud: Cloud) -> None:
    key = cloud.deploy("aws:kms/key:Key", "secrets", {"description": "secrets", "enableKeyRotation": True})
    secret = cloud.deploy("aws:secretsmanager/secret:Secret", "stripe", {"kmsKeyId": key.outputs["arn"]})
    version = cloud.deploy(
        "aws:secretsmanager/secretVersion:SecretVersion", "stripe", {"secretId": secret.id, "secretString": "s3cret"}
    )
    secrets = cloud.servers.boto("secretsmanager")
    assert secrets.get_secret_value(SecretId=secret.id)["SecretString"] == "s3cret"
    assert version.read() is not None
    secret.delete()
    assert secret.read() is None


def test_a_key_has_its_policy_and_its_alias(cloud: Cloud) -> None:
    key = cloud.deploy("aws:kms/key:Key", "k", {"policy": ALLOW})
    alias = cloud.deploy("aws:kms/alias:Alias", "secrets", {"targetKeyId": key.id})
    assert alias.id.startswith("alias/secrets-")
    assert alias.outputs["targetKeyArn"] == key.outputs["arn"]
    key.update({"policy": DENY, "description": "new"})
    assert cloud.servers.boto("kms").get_key_policy(KeyId=key.id, PolicyName="default")["Policy"] == DENY
    alias.delete()
    assert alias.read() is None
    key.delete()
    assert key.read() is None


def test_a_role_carries_its_policies_and_can_be_deleted_with_them(cloud: Cloud) -> None:
    role = cloud.deploy("aws:iam/role:Role", "checkout", {"assumeRolePolicy": TRUST, "tags": {"a": "b"}})
    inline = cloud.deploy("aws:iam/rolePolicy:RolePolicy", "checkout", {"role": role.id, "policy": ALLOW})
    managed = cloud.deploy("aws:iam/policy:Policy", "shared", {"policy": ALLOW})
    attachment = cloud.deploy(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "a", {"role": role.id, "policyArn": managed.id}
    )
    iam = cloud.servers.boto("iam")
    inline.update({"role": role.id, "policy": DENY})
    document = iam.get_role_policy(RoleName=role.id, PolicyName=inline.inputs["name"])["PolicyDocument"]
    assert document["Statement"][0]["Effect"] == "Deny"
    for _ in range(7):  # IAM keeps five versions of a managed policy
        managed.update({"policy": DENY})
    assert attachment.read() is not None
    role.delete()
    assert role.read() is None
    assert attachment.read() is None


def test_a_user_pool_signs_its_users_in(cloud: Cloud) -> None:
    pool = cloud.deploy(
        "aws:cognito/userPool:UserPool",
        "auth",
        {
            "usernameAttributes": ["email"],
            "autoVerifiedAttributes": ["email"],
            "mfaConfiguration": "OPTIONAL",
            "softwareTokenMfaConfiguration": {"enabled": True},
            "passwordPolicy": {"minimumLength": 12, "requireNumbers": True, "temporaryPasswordValidityDays": 7},
            "adminCreateUserConfig": {"allowAdminCreateUserOnly": False},
            "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
            "tags": {"a": "b"},
        },
    )
    client = cloud.deploy(
        "aws:cognito/userPoolClient:UserPoolClient",
        "web",
        {
            "userPoolId": pool.id,
            "explicitAuthFlows": ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "accessTokenValidity": 15,
            "tokenValidityUnits": {"accessToken": "minutes"},
        },
    )
    cloud.deploy("aws:cognito/userGroup:UserGroup", "seller", {"userPoolId": pool.id, "name": "seller"})
    cognito = cloud.servers.boto("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool.id, Username="a@example.com", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(
        UserPoolId=pool.id, Username="a@example.com", Password="Secret-password-1", Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=pool.id, Username="a@example.com", GroupName="seller")
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool.id,
        ClientId=client.id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "a@example.com", "PASSWORD": "Secret-password-1"},
    )
    assert answer["AuthenticationResult"]["IdToken"]
    described = cognito.describe_user_pool(UserPoolId=pool.id)["UserPool"]
    assert described["Policies"]["PasswordPolicy"]["MinimumLength"] == 12
    client.update(client.inputs | {"accessTokenValidity": 30})
    found = cognito.describe_user_pool_client(UserPoolId=pool.id, ClientId=client.id)["UserPoolClient"]
    assert found["AccessTokenValidity"] == 30
    client.delete()
    pool.delete()
    assert pool.read() is None


def test_an_image_function_keeps_its_settings_and_an_invocation_runs_its_handler(cloud: Cloud) -> None:
    role = cloud.deploy("aws:iam/role:Role", "migrations", {"assumeRolePolicy": TRUST})
    declared = {
        "packageType": "Image",
        "imageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/marketplace:latest",
        "imageConfig": {"commands": ["functions.migrations.handler.handler"]},
        "role": role.outputs["arn"],
        "timeout": 120,
        "memorySize": 256,
        "architectures": ["arm64"],
        "environment": {"variables": {"ORDERS_HOST": "127.0.0.1"}},
    }
    function = cloud.deploy("aws:lambda/function:Function", "migrations", declared)
    trigger = {"functionName": function.outputs["name"], "input": "{}", "triggers": {"image": "1"}}
    invocation = cloud.deploy("aws:lambda/invocation:Invocation", "migrate", trigger)
    [call] = cloud.servers.calls
    assert call.handler == "functions.migrations.handler.handler"
    assert call.environment == (("ORDERS_HOST", "127.0.0.1"),)
    assert (call.role_arn, call.function.timeout_seconds) == (role.outputs["arn"], 120)
    assert invocation.outputs["result"] == '{"migrated": 1}'
    invocation.delete()
    assert len(cloud.servers.calls) == 1

    function.update(declared | {"timeout": 60, "environment": {"variables": {"A": "b"}}})
    configuration = cloud.servers.boto("lambda").get_function_configuration(FunctionName=function.id)
    assert (configuration["Timeout"], configuration["Environment"]["Variables"]) == (60, {"A": "b"})
    function.delete()
    assert function.read() is None


def test_an_invocation_with_a_lifecycle_runs_on_update_and_delete_too(cloud: Cloud) -> None:
    role = cloud.deploy("aws:iam/role:Role", "migrations", {"assumeRolePolicy": TRUST})
    function = cloud.deploy(
        "aws:lambda/function:Function",
        "migrations",
        {
            "packageType": "Image",
            "imageUri": "x/y:1",
            "imageConfig": {"commands": ["a.b"]},
            "role": role.outputs["arn"],
        },
    )
    declared = {"functionName": function.outputs["name"], "input": '{"v": 1}', "lifecycleScope": "CRUD"}
    invocation = cloud.deploy("aws:lambda/invocation:Invocation", "migrate", declared)
    invocation.update(declared | {"input": '{"v": 2}'})
    invocation.delete()
    told = [json.loads(call.event)["tf"] for call in cloud.servers.calls]
    assert told == [
        {"action": "create", "prev_input": None},
        {"action": "update", "prev_input": {"v": 1}},
        {"action": "delete", "prev_input": {"v": 2}},
    ]


def test_a_state_machine_runs_its_definition_and_takes_a_new_one(cloud: Cloud) -> None:
    role = cloud.deploy("aws:iam/role:Role", "flow", {"assumeRolePolicy": TRUST})
    group = cloud.deploy("aws:cloudwatch/logGroup:LogGroup", "flow", {"name": "/flow", "retentionInDays": 30})
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    declared = {
        "roleArn": role.outputs["arn"],
        "definition": json.dumps(definition),
        "loggingConfiguration": {
            "level": "ERROR",
            "includeExecutionData": False,
            "logDestination": f"{group.outputs['arn']}:*",
        },
        "tracingConfiguration": {"enabled": True},
    }
    machine = cloud.deploy("aws:sfn/stateMachine:StateMachine", "checkout", declared)
    definition["StartAt"], definition["States"] = "B", {"B": {"Type": "Succeed"}}
    machine.update(declared | {"definition": json.dumps(definition)})
    found = cloud.servers.boto("stepfunctions").describe_state_machine(stateMachineArn=machine.id)
    assert json.loads(found["definition"])["StartAt"] == "B"
    (destination,) = found["loggingConfiguration"]["destinations"]
    assert destination == {"cloudWatchLogsLogGroup": {"logGroupArn": f"{group.outputs['arn']}:*"}}
    machine.delete()
    group.update({"name": "/flow", "retentionInDays": 7})
    assert cloud.servers.boto("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    group.delete()
    assert group.read() is None


def test_every_change_of_a_task_definition_is_a_new_revision_that_the_service_takes(cloud: Cloud) -> None:
    cluster = cloud.deploy("aws:ecs/cluster:Cluster", "services", {})
    declared = {
        "family": "catalog",
        "cpu": "256",
        "memory": "512",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": json.dumps([{"name": "app", "image": "x:1", "essential": True}]),
    }
    first = cloud.deploy("aws:ecs/taskDefinition:TaskDefinition", "catalog", declared)
    service = cloud.deploy(
        "aws:ecs/service:Service",
        "catalog",
        {"cluster": cluster.id, "taskDefinition": first.outputs["arn"], "desiredCount": 2},
    )
    assert first.diff(declared | {"cpu": "512"}).replaces == ["cpu"]
    second = cloud.deploy("aws:ecs/taskDefinition:TaskDefinition", "catalog", declared | {"cpu": "512"})
    assert second.outputs["arn"] == f"{first.outputs['arnWithoutRevision']}:2"
    service.update(service.inputs | {"taskDefinition": second.outputs["arn"]})
    service.delete()
    assert service.read() is None
    first.delete()
    cluster.delete()


def test_a_schedule_and_a_rule_fire_what_the_plan_says(cloud: Cloud) -> None:
    role = cloud.deploy("aws:iam/role:Role", "scheduler", {"assumeRolePolicy": TRUST})
    queue = cloud.deploy("aws:sqs/queue:Queue", "work", {})
    schedule = cloud.deploy(
        "aws:scheduler/schedule:Schedule",
        "release",
        {
            "scheduleExpression": "rate(5 minutes)",
            "flexibleTimeWindow": {"mode": "OFF"},
            "target": {"arn": queue.outputs["arn"], "roleArn": role.outputs["arn"], "input": "{}"},
        },
    )
    rule = cloud.deploy("aws:cloudwatch/eventRule:EventRule", "hourly", {"scheduleExpression": "rate(1 hour)"})
    target = cloud.deploy(
        "aws:cloudwatch/eventTarget:EventTarget", "work", {"rule": rule.id, "arn": queue.outputs["arn"]}
    )
    assert target.read() is not None
    target.delete()
    assert target.read() is None
    rule.delete()
    schedule.delete()
    assert schedule.read() is None


def test_a_function_is_told_what_to_do_with_a_call_that_failed(cloud: Cloud) -> None:
    role = cloud.deploy("aws:iam/role:Role", "fn", {"assumeRolePolicy": TRUST})
    inputs = {"packageType": "Image", "imageUri": "shop:1", "role": role.outputs["arn"]}
    function = cloud.deploy("aws:lambda/function:Function", "fn", inputs)
    kind = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    config = cloud.deploy(kind, "fn", {"functionName": function.id, "maximumRetryAttempts": 1})
    config.update(config.inputs | {"maximumRetryAttempts": 0, "maximumEventAgeInSeconds": 60})
    known = cloud.servers.boto("lambda").get_function_event_invoke_config(FunctionName=function.id)
    assert (known["MaximumRetryAttempts"], known["MaximumEventAgeInSeconds"]) == (0, 60)
    config.delete()
    assert config.read() is None


def test_a_bucket_is_emptied_first_only_where_the_plan_allows_it(cloud: Cloud) -> None:
    bucket = cloud.deploy("aws:s3/bucket:Bucket", "images", {"forceDestroy": True})
    cloud.servers.boto("s3").put_object(Bucket=bucket.id, Key="a.png", Body=b"x")
    bucket.delete()
    assert bucket.read() is None


def test_an_object_has_the_content_and_the_caching_of_the_plan(cloud: Cloud) -> None:
    bucket = cloud.deploy("aws:s3/bucket:Bucket", "files", {"forceDestroy": True})
    page = cloud.deploy(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "index.html",
        {"bucket": bucket.id, "key": "index.html", "content": "hello", "contentType": "text/html"},
    )
    cloud.deploy(
        "aws:s3/bucketObjectv2:BucketObjectv2", "dot", {"bucket": bucket.id, "key": "d.gif", "contentBase64": "R0lG"}
    )
    s3 = cloud.servers.boto("s3")
    page.update(page.inputs | {"content": "hello again", "cacheControl": "no-cache"})
    stored = s3.get_object(Bucket=bucket.id, Key="index.html")
    assert (stored["Body"].read(), stored["ContentType"], stored["CacheControl"]) == (
        b"hello again",
        "text/html",
        "no-cache",
    )
    assert s3.get_object(Bucket=bucket.id, Key="d.gif")["Body"].read() == b"GIF"
    page.delete()
    assert page.read() is None
    bucket.delete()
    assert bucket.read() is None
