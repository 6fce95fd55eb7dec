"""A small real OpenID provider on loopback: discovery, authorize, token, keys, and ID tokens that it signs.

It checks what a provider has to: client and secret, redirect address, PKCE, and that a code is used once. Who
signs in is whoever `person` says, without a page in between. With `spoil` its ID tokens are wrong in one way.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from local_server import Handler, LocalServer

CLIENT, SECRET = "discern-client", "a long client secret"
Claims = dict[str, Any]
KEYS = [RSAKey.generate_key(2048, {"kid": "one"}, private=True) for _ in range(2)]  # its own, and another


class LocalOidc(LocalServer):
    def __init__(self) -> None:
        self.key = KEYS[0]
        self.asked: dict[str, dict[str, str]] = {}  # code → what authorize was asked
        self.begin_anew()
        provider = self

        class Provides(Handler):
            def do_GET(self) -> None:  # noqa: N802
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/.well-known/openid-configuration":
                    self._json(provider.metadata)
                elif parts.path == "/jwks":
                    self._json({"keys": [provider.key.as_dict(private=False)]})
                elif parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.authorize(query))
                    self.end_headers()
                else:
                    self._json({"error": "not_found"}, 404)

            def do_POST(self) -> None:  # noqa: N802
                form = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
                _, _, basic = self.headers.get("Authorization", "").partition(" ")
                user, _, password = base64.b64decode(basic).decode().partition(":")
                known = (user, password) == (CLIENT, SECRET)
                answer = provider.token(form) if known else {"error": "invalid_client"}
                self._json(answer, 400 if "error" in answer else 200)

            def _json(self, value: dict[str, Any], status: int = 200) -> None:
                self.send(status, json.dumps(value).encode(), "application/json", {})

        super().__init__(Provides)

    def begin_anew(self) -> None:
        """As if nobody had changed anything."""
        self.person: Claims = {"sub": "1", "preferred_username": "ana"}
        self.spoil: Callable[[Claims], None] = lambda claims: None
        self.sign: Callable[[Claims], str] = self._sign
        self.redirects: set[str] | None = None  # the addresses it sends people back to; None: any

    @property
    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
        }

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert "openid" in query["scope"].split()
        assert query["code_challenge_method"] == "S256"
        assert self.redirects is None or query["redirect_uri"] in self.redirects
        code = secrets.token_urlsafe(16)
        self.asked[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> dict[str, Any]:
        asked = self.asked.pop(form.get("code", ""), None)
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        if not asked or proven != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return {"error": "invalid_grant"}
        claims = {
            "iss": self.address,
            "aud": CLIENT,
            "exp": int(time.time()) + 300,
            "iat": int(time.time()),
            "nonce": asked["nonce"],
        } | self.person
        self.spoil(claims)
        return {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": self.sign(claims)}

    def _sign(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def sign_with_public_key_as_secret(self, claims: Claims) -> str:
        """The old trick: the public key, which everybody has, taken for a shared secret."""
        secret = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": "one"}, claims, secret)

    def sign_with_another_key(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEYS[1])

    def sign_not_at_all(self, claims: Claims) -> str:
        header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"one"}').rstrip(b"=").decode()
        body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        return f"{header}.{body}."
