"""An OpenID Connect provider, as a process: `python -m tests.oidc_provider PORT`.

It signs real tokens and checks what it is sent as a strict one does: redirect address, client, secret,
PKCE, each code once. Who signs in is said by the test, which is the browser: `claims` (JSON) behind the
address that the console leads to; `fault` makes the provider lie.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "batchconsole", "of the client"
KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "1"})
CODES = {}


class Provider(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/.well-known/openid-configuration":
            self.answer(self.metadata())
        elif url.path == "/keys":
            self.answer({"keys": [KEY.as_dict(private=False)]})
        elif url.path == "/authorize":
            self.authorize(query)
        else:
            self.answer({"error": "not_found"}, 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sent = {name: values[0] for name, values in parse_qs(body).items()}
        grant = CODES.pop(sent.get("code"), None)
        if self.client() != (CLIENT_ID, CLIENT_SECRET):
            self.answer({"error": "invalid_client"}, 401)
        elif grant is None or grant["redirect_uri"] != sent.get("redirect_uri"):
            self.answer({"error": "invalid_grant"}, 400)
        elif grant["code_challenge"] != s256(sent.get("code_verifier", "")):
            self.answer({"error": "invalid_grant", "error_description": "PKCE"}, 400)
        else:
            token = self.id_token(grant)
            self.answer({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def authorize(self, query):
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        if wanted.items() - query.items() or not query.get("nonce") or not query.get("state"):
            return self.answer({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe()
        CODES[code] = query
        where = f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"
        self.send_response(302)
        self.send_header("Location", where)
        self.end_headers()

    def id_token(self, grant):
        now, fault = int(time.time()), grant.get("fault")
        claims = {"iss": self.issuer(), "aud": CLIENT_ID, "iat": now, "exp": now + 300,
                  "nonce": grant["nonce"], **json.loads(grant["claims"])}  # fmt: skip
        claims |= {
            "nonce": {"nonce": "another"},
            "no-nonce": {"nonce": None},
            "audience": {"aud": "another client"},
            "audience-of-azp": {"aud": "another client", "azp": CLIENT_ID},
            "issuer": {"iss": "https://elsewhere.example"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
        }.get(fault, {})
        claims = {name: value for name, value in claims.items() if value is not None}
        if fault == "secret":
            key = OctKey.import_key(CLIENT_SECRET.ljust(32, "x"))
            return jwt.encode({"alg": "HS256"}, claims, key, algorithms=["HS256"])
        if fault == "unsigned":
            parts = ({"alg": "none"}, claims)
            return ".".join([*(base64url(json.dumps(part).encode()) for part in parts), ""])
        key = OTHER_KEY if fault == "signature" else KEY
        return jwt.encode({"alg": "RS256", "kid": "1"}, claims, key)

    def metadata(self):
        issuer = self.issuer()
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/keys",
            # More than anybody should take.
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    def issuer(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def client(self):
        basic = self.headers.get("Authorization", "").removeprefix("Basic ")
        name, _, secret = base64.b64decode(basic).decode().partition(":")
        return unquote(name), unquote(secret)

    def answer(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def s256(verifier):
    return base64url(hashlib.sha256(verifier.encode()).digest())


def base64url(value):
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Provider).serve_forever()
