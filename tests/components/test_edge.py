"""The public API, sign-in, secrets, and who is told when something is wrong."""

from __future__ import annotations

import json
import re

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from planned import ROOT, Planned, Plans

from components.workload import Service
from services.catalog import endpoints as catalog
from services.catalog import images, imports, search_endpoints
from services.checkout import endpoints as checkout
from services.dispute import administration
from services.dispute import endpoints as cases
from services.http.identity import signed_in
from services.seller import endpoints as seller
from services.seller import support
from stacks.workloads import CATALOG, CHECKOUT, DISPUTE, PAYMENT_WEBHOOK, SELLER

ROUTERS = (
    (CATALOG, (catalog.router, images.router, imports.router, search_endpoints.search_router)),
    (CHECKOUT, (checkout.router,)),
    (SELLER, (seller.router, support.router)),
    (DISPUTE, (cases.router, administration.router)),
)

ROUTES = {
    "GET /catalog/categories": "NONE",
    "GET /catalog/products": "NONE",
    "GET /catalog/products/{product_id}": "NONE",
    "GET /catalog/products/{product_id}/recommendations": "NONE",
    "GET /catalog/recommendations": "JWT",
    "PUT /catalog/products/{product_id}": "JWT",
    "DELETE /catalog/products/{product_id}": "JWT",
    "PUT /catalog/products/{product_id}/offer": "JWT",
    "DELETE /catalog/products/{product_id}/offer": "JWT",
    "GET /catalog/products/{product_id}/images": "JWT",
    "POST /catalog/products/{product_id}/images": "JWT",
    "PUT /catalog/products/{product_id}/images": "JWT",
    "POST /catalog/products/{product_id}/images/{image_id}/confirm": "JWT",
    "GET /catalog/imports": "JWT",
    "POST /catalog/imports": "JWT",
    "GET /catalog/imports/{import_id}": "JWT",
    "GET /catalog/imports/{import_id}/errors": "JWT",
    "PUT /catalog/sellers/me": "JWT",
    "GET /search": "NONE",
    "GET /search/suggestions": "NONE",
    "GET /cart": "JWT",
    "DELETE /cart": "JWT",
    "PUT /cart/items/{offer_id}": "JWT",
    "POST /checkout": "JWT",
    "GET /orders": "JWT",
    "GET /orders/{order_id}": "JWT",
    "POST /orders/{order_id}/authentication": "JWT",
    "POST /orders/{order_id}/cancellation": "JWT",
    "GET /seller/account": "JWT",
    "POST /seller/account": "JWT",
    "POST /seller/account/links": "JWT",
    "GET /seller/orders": "JWT",
    "GET /seller/orders/{order_id}": "JWT",
    "PUT /seller/orders/{order_id}/shipment": "JWT",
    "PUT /seller/orders/{order_id}/delivery": "JWT",
    "GET /seller/balance": "JWT",
    "GET /seller/payouts": "JWT",
    "GET /seller/statement": "JWT",
    "GET /sellers/{seller_id}/balance": "JWT",
    "GET /sellers/{seller_id}/holds": "JWT",
    "PUT /sellers/{seller_id}/orders/{order_id}/hold": "JWT",
    "POST /sellers/{seller_id}/orders/{order_id}/release": "JWT",
    "GET /cases": "JWT",
    "POST /cases": "JWT",
    "GET /cases/{case_id}": "JWT",
    "POST /cases/{case_id}/messages": "JWT",
    "POST /cases/{case_id}/escalation": "JWT",
    "POST /cases/{case_id}/withdrawal": "JWT",
    "GET /admin/cases": "JWT",
    "GET /admin/cases/{case_id}": "JWT",
    "POST /admin/cases/{case_id}/messages": "JWT",
    "POST /admin/cases/{case_id}/escalation": "JWT",
    "PUT /admin/cases/{case_id}/proposal": "JWT",
    "PUT /admin/cases/{case_id}/decision": "JWT",
    "GET /admin/reviews": "JWT",
    "GET /admin/reviews/{order_id}": "JWT",
    "PUT /admin/reviews/{order_id}/verdict": "JWT",
    "GET /admin/suspensions": "JWT",
    "GET /admin/suspensions/{seller_id}": "JWT",
    "PUT /admin/suspensions/{seller_id}": "JWT",
    "POST /admin/suspensions/{seller_id}/end": "JWT",
    "GET /admin/audit": "JWT",
    "GET /admin/orders": "JWT",
    "GET /admin/orders/{order_id}": "JWT",
    "POST /webhooks/stripe": "NONE",
}


def test_everything_but_browsing_takes_a_signed_in_user(prod: Planned) -> None:
    found = {}
    for name in prod.every("Route"):
        if name.startswith("api-"):
            route = prod.inputs("apigatewayv2/route:Route", name)
            found[route["routeKey"]] = route["authorizationType"]
            behind = "payment-webhook" if "webhooks" in name else "services"
            assert route["target"] == f"integrations/<Integration api-{behind}.id>"
            assert ("authorizerId" in route) == (route["authorizationType"] == "JWT")
    assert found == ROUTES


@pytest.mark.parametrize(("service", "routers"), ROUTERS)
def test_the_routes_of_a_service_are_those_that_its_code_answers(
    service: Service, routers: tuple[APIRouter, ...]
) -> None:
    answered = {
        (method, route.path, not asks_for_a_token(route.dependant))
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert {(route.method, route.path, route.public) for route in service.routes} == answered


def asks_for_a_token(dependant: Dependant) -> bool:
    return dependant.call is signed_in or any(map(asks_for_a_token, dependant.dependencies))


def test_a_preflight_is_left_to_the_api_which_asks_it_for_no_token(prod: Planned) -> None:
    methods = {
        prod.inputs("apigatewayv2/route:Route", name)["routeKey"].split()[0]
        for name in prod.every("Route")
        if name.startswith("api-")
    }
    assert not methods & {"ANY", "OPTIONS"}
    assert methods <= set(prod.inputs("Api", "api")["corsConfiguration"]["allowMethods"])


def test_the_api_reaches_the_internal_load_balancer_through_its_vpc_link(prod: Planned) -> None:
    assert set(prod.every("Integration")) == {"api-services", "api-payment-webhook"}
    for name in prod.every("Integration"):
        integration = prod.inputs("Integration", name)
        assert "requestParameters" not in integration
        if name == "api-payment-webhook":
            continue
        assert integration["connectionType"] == "VPC_LINK"
        assert integration["connectionId"] == "<VpcLink api.id>"
        assert integration["integrationUri"] == "<Listener cluster.arn>"


def test_the_api_calls_the_payment_webhook_with_the_raw_body_and_may_call_it_on_its_route_only(prod: Planned) -> None:
    integration = prod.inputs("Integration", "api-payment-webhook")
    assert integration["integrationType"] == "AWS_PROXY"
    assert integration["integrationUri"] == "<Function payment-webhook.invokeArn>"
    assert integration["payloadFormatVersion"] == "2.0"
    permission = prod.inputs("Permission", "api-payment-webhook")
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["sourceArn"] == "<Api api.executionArn>/*/POST/webhooks/stripe"
    assert permission["function"] == "<Function payment-webhook.name>"


def test_the_payment_webhook_has_a_limit_of_its_own_on_a_route_that_exists(prod: Planned) -> None:
    stage = prod.inputs("Stage", "api")
    assert stage["routeSettings"] == [
        {
            "routeKey": "POST /webhooks/stripe",
            "throttlingRateLimit": 100,
            "throttlingBurstLimit": 200,
            "detailedMetricsEnabled": False,
        }
    ]
    route = prod.one("apigatewayv2/route:Route", "api-post-webhooks-stripe").urn
    assert route in prod.one("Stage", "api").dependencies


def test_the_address_to_register_is_the_route_of_the_handler(prod: Planned) -> None:
    (route,) = PAYMENT_WEBHOOK.routes
    assert (
        prod.readable(prod.plan.outputs)["stripe_webhook_url"] == f"https://<Distribution edge.domainName>{route.path}"
    )


def test_a_route_is_changed_only_after_the_services_behind_it(prod: Planned) -> None:
    services = {prod.one("ecs/service:Service", name).urn for name in ("catalog", "checkout")}
    assert services <= set(prod.one("Integration", "api-services").dependencies)


def test_tokens_are_checked_against_the_user_pool_and_its_client(prod: Planned) -> None:
    assert prod.inputs("Authorizer", "api")["jwtConfiguration"] == {
        "issuer": "https://<UserPool auth.endpoint>",
        "audiences": ["<UserPoolClient auth-storefront.id>"],
    }


def test_the_stage_throttles_and_logs_every_request(prod: Planned) -> None:
    stage = prod.inputs("Stage", "api")
    assert stage["defaultRouteSettings"]["throttlingRateLimit"] == 2000
    assert stage["defaultRouteSettings"]["throttlingBurstLimit"] == 4000
    assert stage["accessLogSettings"]["destinationArn"] == "<LogGroup api.arn>"
    assert json.loads(stage["accessLogSettings"]["format"])["status"] == "$context.status"


def test_browsers_may_call_from_the_storefront_only(prod: Planned, dev: Planned) -> None:
    cors = prod.inputs("Api", "api")["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://marketplace.example.com"]
    assert dev.inputs("Api", "api")["corsConfiguration"]["allowOrigins"] == ["http://localhost:8000"]


def test_users_are_buyers_sellers_support_or_administrators(prod: Planned) -> None:
    assert {prod.inputs("UserGroup", name)["name"] for name in prod.every("UserGroup") if name != "carts"} == {
        "buyer",
        "seller",
        "support",
        "admin",
    }


def test_the_storefront_signs_in_by_code_and_keeps_no_secret(prod: Planned) -> None:
    client = prod.inputs("UserPoolClient", "auth-storefront")
    assert client["generateSecret"] is False
    assert client["allowedOauthFlows"] == ["code"]
    assert client["callbackUrls"] == ["https://marketplace.example.com/signed-in"]
    assert set(client["explicitAuthFlows"]) == {
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    }
    assert client["preventUserExistenceErrors"] == "ENABLED"


def test_a_sign_in_lasts_an_hour_and_is_renewed_for_a_month(prod: Planned) -> None:
    client = prod.inputs("UserPoolClient", "auth-storefront")
    lasts = [client[f"{token}TokenValidity"] for token in ("access", "id", "refresh")]
    assert lasts == [60, 60, 30]
    assert client["tokenValidityUnits"] == {"accessToken": "minutes", "idToken": "minutes", "refreshToken": "days"}
    assert client["enableTokenRevocation"] is True


def test_the_sign_in_pages_have_a_style_without_which_cognito_shows_none(prod: Planned) -> None:
    assert prod.inputs("UserPoolDomain", "auth")["managedLoginVersion"] == 2
    assert prod.inputs("ManagedLoginBranding", "auth-storefront") == {
        "clientId": "<UserPoolClient auth-storefront.id>",
        "useCognitoProvidedValues": True,
        "userPoolId": "<UserPool auth.id>",
    }


def test_the_stripe_secret_has_no_value_in_the_program(prod: Planned) -> None:
    assert prod.children("stripe") == {"Secret": {"stripe"}, "SecretPolicy": {"stripe"}}
    assert prod.inputs("Secret", "stripe")["kmsKeyId"] == "<Key secrets.arn>"
    assert prod.readable(prod.plan.outputs)["stripe_webhook_url"] == (
        "https://<Distribution edge.domainName>/webhooks/stripe"
    )


def test_the_key_rotates_and_only_this_accounts_logs_use_it_directly(prod: Planned) -> None:
    key = prod.inputs("Key", "secrets")
    assert key["enableKeyRotation"] is True
    statements = {s["Sid"]: s for s in json.loads(key["policy"])["Statement"]}
    assert statements["Account"]["Principal"] == {"AWS": "arn:aws:iam::<accountId>:root"}
    assert statements["Logs"]["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:us-east-1:<accountId>:log-group:*"}
    }


def test_every_log_group_expires_and_is_encrypted(prod: Planned, dev: Planned) -> None:
    for stack, days in ((prod, 365), (dev, 7)):
        for name in stack.every("LogGroup"):
            logs = stack.inputs("LogGroup", name)
            assert (logs["retentionInDays"], logs["kmsKeyId"]) == (days, "<Key secrets.arn>"), name


def test_every_alarm_tells_somebody_what_it_means(prod: Planned) -> None:
    alarms = {name: prod.inputs("MetricAlarm", name) for name in prod.every("MetricAlarm")}
    assert {"fulfillment-late", "fulfillment-dead-letters-messages", "checkout-flow-failures"} <= alarms.keys()
    for name, alarm in alarms.items():
        assert alarm["alarmActions"] == ["<Topic observability.arn>"], name
        meaning, _, path = alarm["alarmDescription"].partition(" Runbook: ")
        assert meaning.endswith((".", "?")) or ":" in meaning, name
        runbook = (ROOT / path).read_text()
        for heading in ("## What to look at\n\n- ", "## What to do\n\n- ", "## When to wake somebody\n\n"):
            assert heading in runbook, f"{path}: {heading}"
        assert ("statistic" in alarm) != ("extendedStatistic" in alarm), name


def test_every_kind_of_alarm_has_its_runbook_and_every_runbook_its_alarm(prod: Planned) -> None:
    sources = [path.read_text() for path in (ROOT / "components").rglob("*.py")]
    named = {name for source in sources for name in re.findall(r'Signal\(\s*name="([a-z-]+)"', source)}
    alarms = [prod.inputs("MetricAlarm", name)["alarmDescription"] for name in prod.every("MetricAlarm")]
    used = {f"{name}.md" for name in named} | {said.rpartition("/")[2] for said in alarms}
    written = {path.name for path in (ROOT / "docs" / "runbooks").iterdir()}
    assert written == used | {"budget.md", "secrets.md"}, "a budget and a rotation of a secret have no metric"


def test_where_nobody_is_on_call_only_what_would_be_lost_has_an_alarm(prod: Planned, dev: Planned) -> None:
    assert {name.rpartition("-")[2] for name in dev.every("MetricAlarm")} == {"messages"}
    assert dev.every("MetricAlarm").keys() < prod.every("MetricAlarm").keys()
    assert not dev.every("Dashboard")


def test_somebody_hears_before_a_month_costs_more_than_foreseen(plans: Plans) -> None:
    of_stack = plans.of("prod").inputs("Budget", "observability")
    of_account = plans.of("baseline").inputs("Budget", "account")
    assert (of_stack["limitAmount"], of_stack["limitUnit"], of_stack["timeUnit"]) == ("625", "USD", "MONTHLY")
    assert of_stack["costFilters"] == [{"name": "TagKeyValue", "values": ["user:Stack$prod"]}]
    assert "costFilters" not in of_account
    for told in (of_stack, of_account):
        kinds = {one["notificationType"]: one["threshold"] for one in told["notifications"]}
        assert kinds == {"ACTUAL": 80, "FORECASTED": 100}
        for one in told["notifications"]:
            assert one["subscriberEmailAddresses"] == ["alarms@marketplace.example.com"]
    assert not plans.of("dev").every("Budget")


def test_a_route_costs_no_metrics_of_its_own(stack: Planned) -> None:
    stage = stack.inputs("apigatewayv2/stage:Stage", "api")
    for settings in (stage["defaultRouteSettings"], *stage["routeSettings"]):
        assert settings["detailedMetricsEnabled"] is False


def test_an_alarm_on_a_rate_has_a_threshold_for_each_second(prod: Planned) -> None:
    alarm = prod.inputs("MetricAlarm", "orders-deadlocks")
    assert alarm["statistic"] == "Average"
    assert alarm["threshold"] == pytest.approx(5 / alarm["period"])


def test_productions_alarms_reach_somebody(prod: Planned) -> None:
    subscription = prod.inputs("TopicSubscription", "observability")
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "alarms@marketplace.example.com")


def test_productions_sign_in_mails_come_from_a_verified_sender(prod: Planned, dev: Planned) -> None:
    assert prod.inputs("UserPool", "auth")["emailConfiguration"] == {
        "emailSendingAccount": "DEVELOPER",
        "fromEmailAddress": "no-reply@marketplace.example.com",
        "sourceArn": "arn:aws:ses:us-east-1:<accountId>:identity/marketplace.example.com",
    }
    assert "emailConfiguration" not in dev.inputs("UserPool", "auth")


def test_mails_are_sent_under_the_identity_that_the_settings_name(changed: Planned) -> None:
    identity = changed.inputs("UserPool", "auth")["emailConfiguration"]["sourceArn"]
    assert identity.endswith(":identity/no-reply@marketplace.example.com")


def test_the_dashboard_shows_every_alarm(prod: Planned) -> None:
    body = json.loads(prod.inputs("Dashboard", "observability")["dashboardBody"])
    alarmed = [widget for widget in body["widgets"] if "annotations" in widget["properties"]]
    assert len(alarmed) == len(prod.every("MetricAlarm"))
    corners = [(widget["x"], widget["y"]) for widget in body["widgets"]]
    assert len(set(corners)) == len(corners)
