"""Auth / Roles on AWS: a Cognito user pool."""

from __future__ import annotations

import json

import pulumi
import pulumi_aws as aws

from components.auth import ROLES, AuthArgs, AuthDirectoryEnvironment, AuthEnvironment
from components.auth import Auth as AuthContract
from components.aws.foundation import AwsFoundation
from components.aws.grant import Grant
from components.aws.names import SIGN_IN, fitted
from components.aws.peer import INTERNET
from components.aws.policy import Statement, sid
from components.link import Access

FLOWS = (
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    # Only callers with cognito-idp:AdminInitiateAuth on this pool can use it: the purchase of `make up`.
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
)
MINIMUM_PASSWORD = 12


class Auth(AuthContract):
    """Creates the pool, its groups, its sign-in pages and the storefront's public client (code flow with PKCE)."""

    ENGINE = "cognito"

    def __init__(
        self, name: str, foundation: AwsFoundation, args: AuthArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(name, foundation, opts=opts)
        pool = self._pool(foundation, args.sender)
        for role, meaning in ROLES.items():
            aws.cognito.UserGroup(
                f"{name}-{role}", name=role, description=meaning, user_pool_id=pool.id, opts=self.child()
            )
        aws.cognito.UserPoolDomain(
            name,
            # Unique in the region over all accounts.
            domain=pulumi.Output.concat(fitted(SIGN_IN, foundation.prefix), "-", foundation.account_id),
            user_pool_id=pool.id,
            managed_login_version=2,
            opts=self.child(),
        )
        client = self._client(pool, args)
        # Managed login shows no page for a client without a style of its own.
        aws.cognito.ManagedLoginBranding(
            f"{name}-storefront",
            user_pool_id=pool.id,
            client_id=client.id,
            use_cognito_provided_values=True,
            opts=self.child(),
        )
        self.directory_id = pool.id
        self._arn = pool.arn
        self.client_id = client.id
        self.issuer = pulumi.Output.concat("https://", pool.endpoint)
        self.register_outputs({"issuer": self.issuer, "client_id": self.client_id, "directory_id": self.directory_id})

    def bind(self, workload: str, access: Access) -> Grant:
        """What tokens must say, and the way to the keys they are signed with, which are public; or permission to look
        up one user at a time by their id, whose name it is in this pool."""
        if access is Access.READS:
            look_up = Statement(
                sid=sid("look-up", self.name), actions=("cognito-idp:AdminGetUser",), resources=(self._arn,)
            )
            where = AuthDirectoryEnvironment(directory=self.directory_id)
            return Grant(statements=(look_up,), environment=where.variables(self.name), peers=(INTERNET,))
        environment = AuthEnvironment(
            issuer=self.issuer,
            audience=self.client_id,
            audience_claim="client_id",
            keys_url=pulumi.Output.concat(self.issuer, "/.well-known/jwks.json"),
            groups_claim="cognito:groups",
            required_claims=json.dumps({"token_use": "access"}),
        )
        return Grant(environment=environment.variables(self.name), peers=(INTERNET,))

    def _pool(self, foundation: AwsFoundation, sender: str | None) -> aws.cognito.UserPool:
        return aws.cognito.UserPool(
            self.name,
            user_pool_tier="ESSENTIALS",
            username_attributes=["email"],
            auto_verified_attributes=["email"],
            username_configuration={"case_sensitive": False},
            password_policy={
                "minimum_length": MINIMUM_PASSWORD,
                "require_lowercase": True,
                "require_numbers": True,
                "require_symbols": True,
                "require_uppercase": True,
                "temporary_password_validity_days": 1,
            },
            mfa_configuration="OPTIONAL",
            software_token_mfa_configuration={"enabled": True},
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            email_configuration=_mail(foundation, sender) if sender else None,
            user_attribute_update_settings={"attributes_require_verification_before_updates": ["email"]},
            deletion_protection="ACTIVE" if foundation.profile.protect_data else "INACTIVE",
            opts=self.guarded(),
        )

    def _client(self, pool: aws.cognito.UserPool, args: AuthArgs) -> aws.cognito.UserPoolClient:
        return aws.cognito.UserPoolClient(
            f"{self.name}-storefront",
            user_pool_id=pool.id,
            # A browser cannot keep a secret, so the client uses PKCE.
            generate_secret=False,
            allowed_oauth_flows_user_pool_client=True,
            allowed_oauth_flows=["code"],
            allowed_oauth_scopes=["openid", "email", "profile"],
            callback_urls=list(args.callback_urls),
            logout_urls=list(args.logout_urls),
            supported_identity_providers=["COGNITO"],
            explicit_auth_flows=list(FLOWS),
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=60,
            id_token_validity=60,
            refresh_token_validity=30,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            opts=self.child(),
        )


def _mail(account: AwsFoundation, sender: str) -> aws.cognito.UserPoolEmailConfigurationArgs:
    """Mails by SES: Cognito's own sender stops after 50 a day, for the whole account."""
    identity = account.ses_identity or sender.rpartition("@")[2]
    return aws.cognito.UserPoolEmailConfigurationArgs(
        email_sending_account="DEVELOPER",
        from_email_address=sender,
        source_arn=account.arn("ses", f"identity/{identity}"),
    )
