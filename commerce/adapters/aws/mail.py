"""Mail by SES, to the addresses that Cognito knows."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

from commerce.adapters.aws.session import CONFIG, overload_as_outage, session
from commerce.notices import MailRefused
from commerce.ports.mail import Mail


class SesMailer:
    """`commerce.ports.Mailer` from `sender`, under the configuration set `profile`."""

    def __init__(self, sender: str, profile: str) -> None:
        self._sender = sender
        self._profile = profile
        self._client = session().client("sesv2", config=CONFIG)

    async def send(self, mail: Mail) -> str:
        with overload_as_outage():
            return await asyncio.to_thread(self._send, mail)

    def _send(self, mail: Mail) -> str:
        refusals = (self._client.exceptions.MessageRejected, self._client.exceptions.BadRequestException)
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [mail.to]},
                Content={"Raw": {"Data": self._message(mail)}},
                ConfigurationSetName=self._profile,
            )
        except refusals as refused:
            raise MailRefused(str(refused)) from refused
        return answer["MessageId"]

    def _message(self, mail: Mail) -> bytes:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, mail.to, mail.subject
        # Tells other systems not to answer with their own automatic mails.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        return message.as_bytes()


class CognitoDirectory:
    """`commerce.ports.Directory` over a user pool, whose users have their id as their name."""

    def __init__(self, pool_id: str) -> None:
        self._pool_id = pool_id
        self._client = session().client("cognito-idp", config=CONFIG)

    async def address(self, user_id: str) -> str | None:
        with overload_as_outage():
            return await asyncio.to_thread(self._address, user_id)

    def _address(self, user_id: str) -> str | None:
        try:
            user = self._client.admin_get_user(UserPoolId=self._pool_id, Username=user_id)
        except self._client.exceptions.UserNotFoundException:
            return None
        known = {one["Name"]: one.get("Value", "") for one in user["UserAttributes"]}
        return known.get("email") if known.get("email_verified") == "true" else None
