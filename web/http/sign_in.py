"""Signing in through another service that speaks OpenID Connect, for those it is known of by name; and what
must be set before other computers can reach the app.

The authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE (RFC 7636), state and nonce. What
a sign-in is about is kept by the browser until it comes back, signed, for ten minutes.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2 as httpx
from itsdangerous import BadSignature, URLSafeTimedSerializer

from concepts.errors import DiscernError, SettingsError
from concepts.installation.users import Users, signing_in
from concepts.settings import Settings

SECONDS = 600  # until a sign-in that was begun has to be over
TIMEOUT = 15.0  # seconds, of one request to the service
METADATA_AGAIN_AFTER = 3600.0  # seconds
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # no shared secret, never none
LEEWAY = 60  # seconds that clocks may differ


class SignInError(DiscernError):
    """Nobody was signed in, and why, in words for the person."""


class SignIn:
    """With the service, client and names of the settings."""

    def __init__(self, settings: Settings, secret: bytes) -> None:
        check_sign_in(settings)
        self._settings = settings
        self._provider = (settings.openid_provider_url or "").rstrip("/")
        client_secret = settings.oauth_client_secret
        self._client_secret = client_secret.get_secret_value() if client_secret else ""
        self._signer = URLSafeTimedSerializer(secret, salt="discern sign-in")
        self._metadata: tuple[float, dict[str, Any]] | None = None

    @property
    def service(self) -> str:
        """Its name, for the button."""
        return urlsplit(self._provider).hostname or self._provider

    def begin(self, redirect_uri: str, target: str) -> tuple[str, str]:
        """Where the browser goes, and what it has to bring back. `target` is where the person wanted to go.
        Raises `SignInError`."""
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        with self._client(redirect_uri) as client:
            address, state = client.create_authorization_url(
                self._address("authorization_endpoint"),
                state=secrets.token_urlsafe(32),
                code_verifier=verifier,
                nonce=nonce,
            )
        return str(address), str(self._signer.dumps([state, nonce, verifier, redirect_uri, target]))

    def finish(self, kept: str, answer: Mapping[str, str]) -> tuple[str, str]:
        """The name of who signed in, and where they wanted to go. `answer` is what the service had the
        browser say. Raises `SignInError`."""
        try:
            state, nonce, verifier, redirect_uri, target = self._signer.loads(kept, max_age=SECONDS)
        except (BadSignature, ValueError, TypeError):
            raise SignInError("This sign-in was begun too long ago or elsewhere. Begin it anew.") from None
        if not hmac.compare_digest(answer.get("state", "").encode(), str(state).encode()):
            raise SignInError("This answer belongs to another sign-in. Begin it anew.")
        if "code" not in answer:
            raise SignInError(f"{self.service} signed nobody in. Begin it anew.")
        from authlib.common.errors import AuthlibBaseError  # optional: see `check_sign_in`

        try:
            with self._client(str(redirect_uri)) as client:
                token: dict[str, Any] = client.fetch_token(
                    self._address("token_endpoint"),
                    grant_type="authorization_code",
                    code=answer["code"],
                    code_verifier=str(verifier),
                )
        except (AuthlibBaseError, httpx.HTTPError, ValueError) as error:
            raise SignInError(f"{self.service} didn't confirm the sign-in. Begin it anew.") from error
        name = self._name_in(token, str(nonce))
        if name not in signing_in(self._settings):
            raise SignInError(f"{name} is not among those who may come in here. Ask whoever runs it.")
        return name, str(target)

    # What is asked of the service

    def _name_in(self, token: Mapping[str, Any], nonce: str) -> str:
        """Of an ID token that the service signed, for us, for this sign-in, and that still holds."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        client_id = self._settings.oauth_client_id
        try:
            keys = KeySet.import_key_set(cast(Any, self._get(self._address("jwks_uri"))))
            read = jwt.decode(str(token["id_token"]), keys, algorithms=ALGORITHMS)
            claims = CodeIDToken(
                read.claims,
                read.header,
                {"iss": {"value": self._address("issuer")}, "aud": {"value": client_id}},
                {"nonce": nonce, "client_id": client_id, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise SignInError(f"What {self.service} said of the sign-in can't be trusted.") from error
        name = claims.get("preferred_username")
        if not isinstance(name, str) or not name:
            raise SignInError(f"{self.service} told no name.")
        return name

    def _client(self, redirect_uri: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self._settings.oauth_client_id,
            self._client_secret,
            scope=self._settings.oauth_scopes,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=TIMEOUT,
            follow_redirects=False,
        )

    def _address(self, name: str) -> str:
        """Of what the service says of itself (OpenID Connect Discovery 1.0)."""
        now = time.monotonic()
        if self._metadata is None or now - self._metadata[0] > METADATA_AGAIN_AFTER:
            found = self._get(f"{self._provider}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self._provider:
                raise SignInError(f"{self.service} calls itself {found.get('issuer')}.")
            self._metadata = now, found
        address = self._metadata[1].get(name)
        if not isinstance(address, str):
            raise SignInError(f"{self.service} doesn't say its {name}.")
        return address

    def _get(self, address: str) -> dict[str, Any]:
        try:
            answer = httpx.get(address, timeout=TIMEOUT, follow_redirects=False)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise SignInError(f"{self.service} can't be reached now. Try again in a moment.") from error
        return found


def check_sign_in(settings: Settings) -> None:
    """Raises `SettingsError` where names may sign in and something is missing for it."""
    if not settings.oauth_users:
        return
    signing_in(settings)
    needed = ("openid_provider_url", "oauth_client_id", "oauth_client_secret")
    missing = [name.upper() for name in needed if not getattr(settings, name)]
    if missing:
        raise SettingsError(
            f"DISCERN_OAUTH_USERS names who may sign in; {', '.join(missing)} must be set too."
        )
    if find_spec("authlib") is None:
        raise SettingsError("Signing in needs Authlib. Install it: pip install -r requirements-oauth.txt.")


def check_exposure(settings: Settings) -> None:
    """Raises `SettingsError` where other computers could reach an app that asks nobody who they are, and
    where people sign in elsewhere and something is missing for it."""
    check_sign_in(settings)
    if settings.is_exposed and not (settings.insecure or settings.demo or Users(settings).records()):
        raise SettingsError(
            "Discern would be open to everyone who can reach it. Add a user (discern users add "
            "NAME, or DISCERN_USERS=name:password), leave out DISCERN_HOST, DISCERN_TRUSTED_PROXIES and "
            "DISCERN_ALLOWED_HOSTS, or say DISCERN_INSECURE=1 where something else keeps strangers out."
        )
