"""Which access tokens a service accepts, and how it comes by the keys to verify them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.http import signing_keys, tokens
from services.http.signing_keys import KeysUnavailable, SigningKeys
from services.http.tokens import Caller, InvalidToken, TokenRules, TokenVerifier
from tests.services.tokens import AUDIENCE, AUDIENCE_CLAIM, GROUPS_CLAIM, ISSUER, PROVIDER, IdentityProvider, new_key
from toolkit.local.cloud.moto import MotoServer

HOUR = 3600


@pytest.fixture
def idp() -> Iterator[IdentityProvider]:
    """An identity provider of this test's own."""
    with IdentityProvider(keys=dict(PROVIDER.keys)).serving() as serving:
        yield serving


@pytest.fixture
def verifier(idp: IdentityProvider) -> TokenVerifier:
    return TokenVerifier(rules(idp))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are read again at once."""
    monkeypatch.setattr(signing_keys, "PAUSE_SECONDS", 0.0)


def rules(idp: IdentityProvider, **changed: str) -> TokenRules:
    usual = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "audience_claim": AUDIENCE_CLAIM,
        "keys_url": idp.keys_url,
        "subject_claim": "sub",
        "groups_claim": GROUPS_CLAIM,
    }
    return TokenRules(**usual | changed)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


async def test_a_token_names_the_user_and_the_groups(idp: IdentityProvider, verifier: TokenVerifier) -> None:
    caller = await verifier.verify(idp.token("ann", "seller", "buyer"))
    assert caller == Caller(user_id="ann", groups=frozenset({"seller", "buyer"}))


async def test_the_claims_are_the_ones_that_the_settings_name(idp: IdentityProvider) -> None:
    verifier = TokenVerifier(rules(idp, subject_claim="oid", groups_claim="roles"))
    caller = await verifier.verify(idp.token("ann", "seller", oid="a-1", roles=["buyer"]))
    assert caller == Caller(user_id="a-1", groups=frozenset({"buyer"}))


@pytest.mark.parametrize("groups", [None, "seller", {"seller": True}, [["seller"]], 1])
async def test_groups_that_are_no_list_of_names_are_no_groups(
    idp: IdentityProvider, verifier: TokenVerifier, groups: object
) -> None:
    assert (await verifier.verify(idp.token("ann", **{GROUPS_CLAIM: groups}))).groups == frozenset()


@pytest.mark.parametrize(
    ("claim", "claims"),
    [
        ("client_id", {"client_id": AUDIENCE}),
        ("client_id", {"client_id": AUDIENCE, "aud": "other"}),
        ("aud", {"aud": AUDIENCE}),
        ("aud", {"aud": ["other", AUDIENCE]}),
        ("aud", {"aud": AUDIENCE, "client_id": "other"}),
    ],
)
async def test_a_token_is_meant_for_us_by_the_claim_that_the_settings_name(
    idp: IdentityProvider, claim: str, claims: dict[str, Any]
) -> None:
    verifier = TokenVerifier(rules(idp, audience_claim=claim))
    assert (await verifier.verify(idp.token("ann", **{"client_id": None} | claims))).user_id == "ann"


@pytest.mark.parametrize("claims", [{"aud": None}, {"aud": "other"}, {"aud": ["other"]}, {"aud": []}])
async def test_a_token_for_another_audience_is_refused_whatever_its_client(
    idp: IdentityProvider, claims: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken, match="another audience"):
        await TokenVerifier(rules(idp, audience_claim="aud")).verify(idp.token("ann", **claims))


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://issuer.example/others"}, "not valid"),
        ({"iss": None}, "not valid"),
        ({"client_id": "other"}, "another audience"),
        ({"client_id": None}, "another audience"),
        ({"client_id": None, "aud": AUDIENCE}, "another audience"),
        ({"exp": int(time.time()) - 60}, "expired"),
        ({"exp": None}, "not valid"),
        ({"nbf": int(time.time()) + HOUR}, "not valid yet"),
        ({"iat": int(time.time()) + HOUR}, "not valid yet"),
        ({"sub": None}, "names no user"),
        ({"sub": ""}, "names no user"),
    ],
)
async def test_a_token_that_breaks_a_rule_is_refused(
    idp: IdentityProvider, verifier: TokenVerifier, claims: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidToken, match=reason):
        await verifier.verify(idp.token("ann", "seller", **claims))


async def test_a_signature_of_another_key_is_refused(idp: IdentityProvider, verifier: TokenVerifier) -> None:
    attacker = IdentityProvider()
    with pytest.raises(InvalidToken, match="The token is not valid"):
        await verifier.verify(attacker.token("ann", "seller"))


async def test_a_changed_claim_is_refused(idp: IdentityProvider, verifier: TokenVerifier) -> None:
    header, payload, signature = idp.token("ann", "buyer").split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = encoded(claims | {GROUPS_CLAIM: ["seller"]})
    with pytest.raises(InvalidToken, match="The token is not valid"):
        await verifier.verify(f"{header}.{forged}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
@pytest.mark.parametrize("signature", ["", "c2lnbmF0dXJl"])
async def test_a_token_that_asks_not_to_be_verified_is_refused(
    idp: IdentityProvider, verifier: TokenVerifier, algorithm: str, signature: str
) -> None:
    _, payload, _ = idp.token("ann", "seller").split(".")
    header = encoded({"alg": algorithm, "typ": "JWT", "kid": "first"})
    with pytest.raises(InvalidToken):
        await verifier.verify(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("form", [PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1])
async def test_the_public_key_is_no_shared_secret(
    idp: IdentityProvider, verifier: TokenVerifier, form: PublicFormat
) -> None:
    _, payload, _ = idp.token("ann", "seller").split(".")
    signed = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{payload}"
    public = idp.keys["first"].public_key().public_bytes(Encoding.PEM, form)
    mac = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), hashlib.sha256)).decode().rstrip("=")
    with pytest.raises(InvalidToken):
        await verifier.verify(f"{signed}.{mac}")


async def test_other_algorithms_of_the_same_key_are_refused(idp: IdentityProvider, verifier: TokenVerifier) -> None:
    claims = jwt.decode(idp.token("ann"), options={"verify_signature": False})
    for algorithm in ("RS384", "RS512", "PS256"):
        with pytest.raises(InvalidToken):
            await verifier.verify(jwt.encode(claims, idp.keys["first"], algorithm, {"kid": "first"}))


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "ey.ey.ey", "e30.e30.", "bm8.bm8.bm8", "\x00.\x00.\x00"])
async def test_what_is_no_token_is_refused_without_a_look_at_the_keys(
    idp: IdentityProvider, verifier: TokenVerifier, token: str
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.verify(token)
    assert idp.reads == 0


async def test_keys_are_read_once_for_all_who_wait(idp: IdentityProvider, verifier: TokenVerifier) -> None:
    callers = await asyncio.gather(*(verifier.verify(idp.token(f"user-{number}")) for number in range(20)))
    assert [caller.user_id for caller in callers] == [f"user-{number}" for number in range(20)]
    assert idp.reads == 1


async def test_a_new_key_is_found_and_the_old_one_is_accepted_until_it_is_withdrawn(
    idp: IdentityProvider, verifier: TokenVerifier, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = idp.token("ann")
    await verifier.verify(old)
    idp.keys["second"] = new_key()
    await verifier.verify(idp.token("ann", key_id="second"))
    await verifier.verify(old)
    assert idp.reads == 2

    del idp.keys["first"]
    monkeypatch.setattr(signing_keys, "LIFETIME_SECONDS", 0.0)
    async with asyncio.timeout(5):
        with pytest.raises(InvalidToken, match="unknown key"):
            while True:
                await verifier.verify(old)
                await asyncio.sleep(0.01)


async def test_a_flood_of_unknown_keys_reaches_the_provider_once_a_second(
    idp: IdentityProvider, verifier: TokenVerifier
) -> None:
    attacker = IdentityProvider(keys={f"forged-{number}": new_key() for number in range(3)})
    forged = [attacker.token("ann", key_id=key_id) for key_id in attacker.keys]
    started = time.monotonic()
    while (lasted := time.monotonic() - started) < 1.5:
        answers = await asyncio.gather(*(verifier.verify(one) for one in forged), return_exceptions=True)
        assert {type(answer) for answer in answers} == {InvalidToken}
    assert 2 <= idp.reads <= 1 + lasted
    assert (await verifier.verify(idp.token("ann"))).user_id == "ann"


async def test_a_flood_does_not_keep_calling_a_provider_that_is_away(
    idp: IdentityProvider, verifier: TokenVerifier
) -> None:
    idp.away = True
    started = time.monotonic()
    while (lasted := time.monotonic() - started) < 1.5:
        with pytest.raises(KeysUnavailable):
            await verifier.verify(idp.token("ann"))
        await asyncio.sleep(0)
    assert 2 <= idp.reads <= 1 + lasted


async def test_while_the_provider_is_away_known_keys_verify_and_unknown_ones_are_not_judged(
    idp: IdentityProvider, verifier: TokenVerifier, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "LIFETIME_SECONDS", 0.0)
    await verifier.verify(idp.token("ann"))
    idp.away = True
    idp.keys["second"] = new_key()
    assert KeysUnavailable.status == 503
    for _ in range(3):
        assert (await verifier.verify(idp.token("bob"))).user_id == "bob"
        with pytest.raises(KeysUnavailable):
            await verifier.verify(idp.token("ann", key_id="second"))
    idp.away = False
    assert (await verifier.verify(idp.token("ann", key_id="second"))).user_id == "ann"


async def test_a_provider_that_does_not_answer_in_time_is_away(
    idp: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_keys, "READ_SECONDS", 0.05)
    verifier = TokenVerifier(rules(idp), SigningKeys(idp.keys_url, read=lambda: time.sleep(0.5) or []))
    started = time.monotonic()
    with pytest.raises(KeysUnavailable):
        await verifier.verify(idp.token("ann"))
    assert time.monotonic() - started < 0.4


@pytest.mark.parametrize("answer", [b"", b"no json", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct"}]}'])
async def test_nonsense_from_the_provider_is_an_outage(
    idp: IdentityProvider, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(IdentityProvider, "published", lambda _: answer)
    with pytest.raises(KeysUnavailable):
        await verifier.verify(idp.token("ann"))


async def test_a_client_that_hangs_up_does_not_end_the_reading_for_the_others(
    idp: IdentityProvider, verifier: TokenVerifier
) -> None:
    gone, stays = (asyncio.create_task(verifier.verify(idp.token(user))) for user in ("ann", "bob"))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await stays).user_id == "bob"
    assert idp.reads == 1


async def test_a_token_is_verified_once_and_no_longer_accepted_when_it_expires(
    idp: IdentityProvider, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    decode = jwt.decode

    def counted(token: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        verified.append(token)
        return decode(token, *arguments, **options)

    monkeypatch.setattr(jwt, "decode", counted)
    monkeypatch.setattr(tokens, "CLOCK_SKEW_SECONDS", 0)
    token = idp.token("ann", exp=int(time.time()) + 2)
    for _ in range(3):
        await verifier.verify(token)
    assert verified == [token]
    await asyncio.sleep(2.1)
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(token)


async def test_what_is_remembered_is_bounded(
    idp: IdentityProvider, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAXIMUM_REMEMBERED", 3)
    for number in range(10):
        await verifier.verify(idp.token(f"user-{number}"))
    assert len(verifier._remembered) == 3


async def test_a_token_that_cognito_signed_is_accepted(moto_server: MotoServer) -> None:
    cognito = boto3.client(
        "cognito-idp", "us-east-1", endpoint_url=moto_server.url, aws_access_key_id="t", aws_secret_access_key="t"
    )
    pool = cognito.create_user_pool(PoolName="tokens")["UserPool"]["Id"]
    password = "Passw0rd!"
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="shop", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    user = cognito.admin_create_user(UserPoolId=pool, Username="ann")["User"]
    subject = next(one["Value"] for one in user["Attributes"] if one["Name"] == "sub")
    cognito.admin_set_user_password(UserPoolId=pool, Username="ann", Password=password, Permanent=True)
    cognito.create_group(UserPoolId=pool, GroupName="seller")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="ann", GroupName="seller")
    signed_in = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": password},
    )
    verifier = TokenVerifier(
        TokenRules(
            issuer=f"https://cognito-idp.us-east-1.amazonaws.com/{pool}",
            audience=client,
            audience_claim="client_id",
            keys_url=f"{moto_server.url}/{pool}/.well-known/jwks.json",
            subject_claim="sub",
            groups_claim=GROUPS_CLAIM,
            required_claims={"token_use": "access"},
        )
    )
    with pytest.raises(InvalidToken, match="not an access token"):
        await verifier.verify(signed_in["AuthenticationResult"]["IdToken"])
    caller = await verifier.verify(signed_in["AuthenticationResult"]["AccessToken"])
    assert caller == Caller(user_id=subject, groups=frozenset({"seller"}))
