"""What somebody could try with an access token: each is the same refusal, to enter, to refresh, and over the wire.

Most of them are signed with the real key, so that nothing but the trick itself can be why they are refused.
"""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis.errors import Unauthenticated
from gateway.api.session import REFRESH_COOKIE
from gateway.identity import api_key
from gateway.identity.jwt import LIFETIME_S, MAX_CHARACTERS, PROOF_S, REFUSED, AccessTokens, Principal, TokenKeys

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256's group
ISSUER = "https://mail.example"
NOW = 1_800_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
WHO = Principal("per_a", "ses_b", "jti_c")
Attack = tuple[str, str]  # what is tried, and the token


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def raw_signature(signing_input: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    signature: bytes = jwt.get_algorithm_by_name("ES256").sign(signing_input.encode(), key)
    return signature


class Forger:
    """Knows a good token, the key that signed it, and how to change one thing."""

    def __init__(self, token: str, key: ec.EllipticCurvePrivateKey) -> None:
        self.token, self.key = token, key
        self.head, self.body, self.signature = token.split(".")
        self.header: dict[str, Any] = jwt.get_unverified_header(token)
        self.claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})

    def signed(self, head: bytes | None = None, body: bytes | None = None) -> str:
        """With the real key, whatever it says."""
        parts = [self.head if head is None else b64(head), self.body if body is None else b64(body)]
        signing_input = ".".join(parts)
        return f"{signing_input}.{b64(raw_signature(signing_input, self.key))}"

    def attacks(self) -> Iterator[Attack]:
        """All of them."""
        for some in (
            *(self.algorithms, self.public_key_as_secret, self.headers, self.kids, self.header_spellings),
            *(self.keys, self.signatures, self.claims_changed, self.payloads, self.spellings, self.other_credentials),
        ):
            yield from ((f"{some.__name__}: {name}", token) for name, token in some())

    def unforged(self) -> Iterator[Attack]:
        """What may not enter, but may still prove a tab: it is ours, and its time is wrong."""
        for name, moved in (("is over", -LIFETIME_S), ("is from the future", 60)):
            claims = {**self.claims, "iat": self.claims["iat"] + moved, "exp": self.claims["exp"] + moved}
            yield name, self.signed(body=compact(claims))

    def algorithms(self) -> Iterator[Attack]:
        for alg in ("none", "None", "NONE", "nOnE", "none ", "", None, ["ES256"], {"a": 1}, 0, "es256", "ES256 "):
            head = compact({**self.header, "alg": alg})
            yield f"{alg!r}, signed", self.signed(head)
            for signature in ("", "AA", self.signature):
                yield f"{alg!r}, {len(signature)}", f"{b64(head)}.{self.body}.{signature}"
        for alg in ("RS256", "PS256", "ES384", "ES512", "ES256K", "EdDSA", "HS256"):
            yield alg, self.signed(compact({**self.header, "alg": alg}))
        yield "no alg", self.signed(compact({n: v for n, v in self.header.items() if n != "alg"}))

    def public_key_as_secret(self) -> Iterator[Attack]:
        for name, secret in self._public_forms().items():
            for alg, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
                for head in ({**self.header, "alg": alg}, {"alg": alg, "typ": "JWT"}):
                    signing_input = f"{b64(compact(head))}.{self.body}"
                    yield f"{alg} {name}", f"{signing_input}.{b64(hmac.digest(secret, signing_input.encode(), digest))}"
            mac = hmac.digest(secret, f"{self.head}.{self.body}".encode(), "sha256")
            yield f"MAC under our header, {name}", f"{self.head}.{self.body}.{b64(mac + mac)}"

    def _public_forms(self) -> dict[str, bytes]:
        public = self.key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        jwk = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(public))
        return {
            "PEM": pem,
            "PEM without its line end": pem.strip(),
            "PEM of Windows": pem.replace(b"\n", b"\r\n"),
            "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "point": public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
            "compressed point": public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint),
            "JWK": compact(jwk),
            "JWK as printed": json.dumps(jwk).encode(),
            "JWK sorted": json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode(),
            "kid": self.header["kid"].encode(),
            "nothing": b"",
        }

    def headers(self) -> Iterator[Attack]:
        evil = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(OTHER.public_key()))
        point = {"kty": "EC", "crv": "P-256", "x": b64(b"\x01" * 32), "y": b64(b"\x01" * 32)}  # not on the curve
        infinity = {"kty": "EC", "crv": "P-256", "x": b64(b"\x00" * 32), "y": b64(b"\x00" * 32)}
        wrong = {**evil, "crv": "P-384"}
        for changed in (
            *({"jwk": one} for one in (evil, point, infinity, wrong)),
            *({"jku": url} for url in ("https://evil.example/keys", f"{ISSUER}/../evil", "file:///dev/zero")),
            *({name: "https://evil.example/cert"} for name in ("x5u", "x5t", "x5t#S256")),
            *({"x5c": one} for one in (["MIIB"], [], "MIIB")),
            *({"crit": one} for one in (["exp"], ["b64"], [], "exp", None)),
            *({"b64": one} for one in (False, True)),
            *({"b64": False, "crit": ["b64"]}, {"zip": "DEF"}, {"cty": "JWT"}, {"enc": "A256GCM"}, {"url": "x"}),
            *({"typ": one} for one in ("JWT", "jwt", "AT+JWT", "application/at+jwt", "at+jwt ", "", None, ["at+jwt"])),
            *({"typ": one} for one in ("dpop+jwt", "id_token", "logout+jwt", "at+jwt;v=1")),
        ):
            head = compact({**self.header, **changed})
            yield str(changed)[:60], self.signed(head)
            if "jwk" in changed:
                signing_input = f"{b64(head)}.{self.body}"
                yield "signed by it", f"{signing_input}.{b64(raw_signature(signing_input, OTHER))}"
        yield "no typ", self.signed(compact({n: v for n, v in self.header.items() if n != "typ"}))

    def kids(self) -> Iterator[Attack]:
        for kid in (
            *("", " ", "another", self.header["kid"] + " ", self.header["kid"].lower(), self.header["kid"][:-1]),
            *("../../../dev/null", "/dev/null", "..\\keys", "key.pem\x00", "%2e%2e%2f", "file:///etc/hostname"),
            *("' OR 1=1 --", "x' UNION SELECT 'AA", "$(id)", "`id`", "| id", "https://evil.example/k", "\u202e"),
            *(None, 0, True, [], {}, [self.header["kid"]], {"$ne": ""}),
        ):
            yield repr(kid), self.signed(compact({**self.header, "kid": kid}))
        yield "no kid", self.signed(compact({n: v for n, v in self.header.items() if n != "kid"}))

    def header_spellings(self) -> Iterator[Attack]:
        plain = base64.urlsafe_b64decode(self.head + "==")
        for name, head in {
            "another order": compact(dict(reversed(self.header.items()))),
            "blanks": json.dumps(self.header).encode(),
            "a member twice, ours last": b'{"alg":"none",' + plain[1:],
            "a member twice, ours first": plain[:-1] + b',"alg":"none"}',
            "escaped": plain.replace(b'"alg"', b'"\\u0061lg"'),
            "upper-case member": plain.replace(b'"alg"', b'"ALG"'),
            "byte order mark": b"\xef\xbb\xbf" + plain,
            "UTF-16": plain.decode().encode("utf-16"),
            "line end": plain + b"\n",
            "comment": plain[:-1] + b"/**/}",
            "array": b"[" + plain + b"]",
            "deep": b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
            "no JSON": b"\xff\xfe",
            "nothing": b"",
        }.items():
            yield name, self.signed(head)

    def keys(self) -> Iterator[Attack]:
        signing_input = f"{self.head}.{self.body}"
        yield "another key", f"{signing_input}.{b64(raw_signature(signing_input, OTHER))}"
        large = ec.generate_private_key(ec.SECP384R1())
        yield "P-384", f"{signing_input}.{b64(jwt.get_algorithm_by_name('ES384').sign(signing_input.encode(), large))}"
        yield "Ed25519", f"{signing_input}.{b64(ed25519.Ed25519PrivateKey.generate().sign(signing_input.encode()))}"

    def signatures(self) -> Iterator[Attack]:
        raw = base64.urlsafe_b64decode(self.signature + "==")
        r, s = (int.from_bytes(half) for half in (raw[:32], raw[32:]))
        for name, pair in {
            "psychic": (0, 0),
            "r = 0": (0, s),
            "s = 0": (r, 0),
            "r = n": (ORDER, s),
            "s = n": (r, ORDER),
            "both n": (ORDER, ORDER),
            "both 1": (1, 1),
            "r = n - r": (ORDER - r, s),
            "exchanged": (s, r),
            "all ones": (2**256 - 1, 2**256 - 1),
        }.items():
            yield name, self._with(b"".join(one.to_bytes(32) for one in pair))
        for name, signature in {
            "DER": encode_dss_signature(r, s),
            "DER of zeros": encode_dss_signature(0, 0),
            "backwards": raw[::-1],
            "a byte short": raw[:-1],
            "a byte long": raw + b"\0",
            "a byte before": b"\0" + raw,
            "twice": raw + raw,
            "half": raw[:32],
            "nothing": b"",
        }.items():
            yield name, self._with(signature)
        for place in range(0, 64, 9):
            yield f"bit of byte {place}", self._with(raw[:place] + bytes((raw[place] ^ 1,)) + raw[place + 1 :])
        yield "another token's", f"{self.head}.{self.body}.{self.signed(body=b'{}').rpartition('.')[2]}"

    def _with(self, signature: bytes) -> str:
        return f"{self.head}.{self.body}.{b64(signature)}"

    def claims_changed(self) -> Iterator[Attack]:
        wrong: list[Any] = [None, True, False, 0, -1, 1.5, 10**30, -(10**30), "", [], {}, [[]]]
        for name, value in self.claims.items():
            yield f"no {name}", self._saying({n: v for n, v in self.claims.items() if n != name})
            for one in [*wrong, [value], {"": value}]:
                yield f"{name} = {one!r}"[:60], self._saying({**self.claims, name: one})
        for name in ("iss", "aud", "client_id", "exp", "iat"):  # the others are names, of whatever form
            for one in ("x", str(self.claims[name]) + " ", str(self.claims[name])[:-1]):
                yield f"{name} = {one!r}"[:60], self._saying({**self.claims, name: one})
        for name in ("exp", "iat"):
            for number in ("NaN", "Infinity", "-Infinity", "1e309", f"{self.claims[name]}.0", f"{self.claims[name]}e0"):
                yield f"{name} = {number}", self._numbered(name, number)
            yield f"{name} longer", self._saying({**self.claims, name: self.claims[name] + 1})
        for name in ("iss", "aud"):
            for one in (f"{self.claims[name]}/", "https://evil.example", self.claims[name].upper(), ISSUER + ".evil"):
                yield f"{name} = {one}", self._saying({**self.claims, name: one})
            yield (
                f"{name} among others",
                self._saying({**self.claims, name: [self.claims[name], "https://evil.example"]}),
            )
        for extra in ({"nbf": 0}, {"scope": "everything"}, {"admin": True}, {"azp": "x"}, {"": ""}, {"cnf": {}}):
            yield str(extra), self._saying({**self.claims, **extra})

    def _saying(self, claims: dict[str, Any]) -> str:
        return self.signed(body=compact(claims))

    def _numbered(self, name: str, number: str) -> str:
        return self.signed(body=compact({**self.claims, name: "@"}).replace(b'"@"', number.encode()))

    def payloads(self) -> Iterator[Attack]:
        plain = base64.urlsafe_b64decode(self.body + "==")
        for name, body in {
            "blanks": json.dumps(self.claims).encode(),
            "another order": compact(dict(reversed(self.claims.items()))),
            "exp twice, ours last": b'{"exp":9999999999,' + plain[1:],
            "exp twice, ours first": plain[:-1] + b',"exp":9999999999}',
            "sub twice": plain[:-1] + b',"sub":"per_other"}',
            "escaped": plain.replace(b'"sub"', b'"\\u0073ub"'),
            "byte order mark": b"\xef\xbb\xbf" + plain,
            "UTF-16": plain.decode().encode("utf-16"),
            "broken UTF-8": plain.replace(b"per_", b"per\xff"),
            "lone surrogate": plain.replace(b"per_", b"per\\ud800"),
            "line end": plain + b"\n",
            "rest": plain + plain,
            "array": b"[" + plain + b"]",
            "string": compact(plain.decode()),
            "number": b"1",
            "null": b"null",
            "nothing": b"",
            "deep": b'{"a":' + b"[" * 300 + b"]" * 300 + b"}",
            "deeper": b"[" * 100_000,
            "large": compact({**self.claims, "sub": "x" * 100_000}),
        }.items():
            yield name, self.signed(body=body)

    def spellings(self) -> Iterator[Attack]:
        token = self.token
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for end in ("=", "==", "===", ".", "..", " ", "\n", "\t", "\x00", "\r\n", "A", "/", "%00", "\u00a0", "\uff0e"):
            yield f"{end!r} behind", token + end
            yield f"{end!r} before", end + token
            yield f"{end!r} inside", token.replace(".", f"{end}.", 1)
        yield "unused bits", token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
        yield "other alphabet", token.replace("-", "+").replace("_", "/") + "+"
        yield "dots escaped", token.replace(".", "%2E")
        yield "quoted", f'"{token}"'
        yield "upper case", token.upper()
        yield "two segments", f"{self.head}.{self.body}"
        yield "four segments", f"{token}.{self.signature}"
        yield "five segments, as JWE", f"{self.head}..{self.body}.{self.signature}.AA"
        yield "detached", f"{self.head}..{self.signature}"
        parts = {"protected": self.head, "payload": self.body, "signature": self.signature}
        yield "JSON", json.dumps(parts)
        yield "general JSON", json.dumps({"payload": self.body, "signatures": [parts]})
        yield "no dot", token.replace(".", "")
        yield "dots", ".."
        yield "nothing", ""
        yield "too long", token + "A" * MAX_CHARACTERS
        yield "very long", "A" * 60_000

    def other_credentials(self) -> Iterator[Attack]:
        rsa_key = rsa.generate_private_key(65537, 2048)
        yield "an ID token", jwt.encode(self.claims, rsa_key, "RS256", headers={"kid": "k"})
        yield "an ID token that we signed", jwt.encode(self.claims, self.key, "ES256", headers={"kid": "k"})
        yield "a refresh token", b64(b"r" * 32)
        yield "an API key of nobody", api_key.new()
        yield "a mistyped API key", api_key.new()[:-1] + "1"
        yield "half an API key", api_key.PREFIX
        yield "an API key and a token", f"{api_key.new()}.{self.token}"


def minted() -> Forger:
    return Forger(AccessTokens(TokenKeys(KEY), issuer=ISSUER, audience=ISSUER).mint(WHO, NOW), KEY)


FORGER = minted()
ATTACKS = list(FORGER.attacks())


def test_there_are_many_and_each_is_another() -> None:
    """A list that shrank, or tries one thing twice, or the good token, would prove less than it says."""
    tried = [token for _, token in ATTACKS]
    assert len(tried) > 450
    assert len(set(tried)) > len(tried) * 0.95
    assert tokens().verify(FORGER.token, NOW) == WHO
    assert FORGER.token not in tried


def tokens() -> AccessTokens:
    return AccessTokens(TokenKeys(KEY), issuer=ISSUER, audience=ISSUER)


# By number: a name may hold a key of this run, and whoever runs them side by side must call them alike.
@pytest.mark.parametrize(
    ("name", "token"), ATTACKS, ids=[f"{number}: {name.partition(':')[0]}" for number, (name, _) in enumerate(ATTACKS)]
)
def test_it_opens_nothing_and_refreshes_nothing(name: str, token: str) -> None:
    """Neither before nor after a good token was verified and remembered; one sentence, whatever was wrong."""
    verifier = tokens()
    for _ in range(2):
        for door in (verifier.verify, verifier.prove):
            with pytest.raises(Unauthenticated) as refusal:
                door(token, NOW)
            assert refusal.value.detail == REFUSED, name
            assert refusal.value.__cause__ is None
        verifier.verify(verifier.mint(WHO, NOW), NOW)


def test_a_token_out_of_its_time_opens_nothing_and_proves_its_tab() -> None:
    """Both sides of the ten minutes; the proof ends half an hour later."""
    for name, token in minted().unforged():
        with pytest.raises(Unauthenticated):
            tokens().verify(token, NOW)
        assert tokens().prove(token, NOW).session_id == WHO.session_id, name
        with pytest.raises(Unauthenticated):
            tokens().prove(token, NOW + LIFETIME_S + PROOF_S + 60)


def test_clocks_may_differ_by_seconds_and_jump() -> None:
    """A token of a replica that is 5 s ahead is good, of one that is a minute ahead not.

    A clock that jumps ten minutes either way refuses what was minted before, remembered or not; what it mints is good.
    """
    verifier = tokens()
    assert verifier.verify(verifier.mint(WHO, NOW + 5), NOW) == WHO
    for ahead in (6, 60, 600):
        with pytest.raises(Unauthenticated):
            tokens().verify(verifier.mint(WHO, NOW + ahead), NOW)
    token = verifier.mint(WHO, NOW)
    assert verifier.verify(token, NOW) == WHO
    for jumped in (NOW - 600, NOW + 600):
        with pytest.raises(Unauthenticated):
            verifier.verify(token, jumped)
        assert verifier.verify(verifier.mint(WHO, jumped), jumped) == WHO
        assert verifier.prove(token, jumped).jti == WHO.jti


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP521R1(), ec.SECP256K1()], ids=lambda curve: curve.name)
def test_a_key_of_another_curve_is_no_key(curve: ec.EllipticCurve) -> None:
    """One algorithm means one curve, for signing and for believing."""
    wrong = ec.generate_private_key(curve)
    with pytest.raises(TypeError, match="P-256"):
        TokenKeys(wrong)
    with pytest.raises(TypeError, match="P-256"):
        TokenKeys(KEY, [wrong.public_key()])


async def test_every_attack_meets_the_same_answer_over_tls(gateway: Any) -> None:
    """Status, body and headers alike, whatever was wrong: the trace id is all that differs. Also to refresh."""
    tab, cookie = await gateway.session()
    forger = Forger(tab["access_token"], gateway.tokens._keys._current)
    tried = [*forger.attacks(), *forger.unforged()]
    sent = [token for _, token in tried if token.isascii() and token.isprintable() and len(token) < 8000]
    sent = [
        token for token in sent if token and token == token.strip()
    ]  # blanks around a header's value are no part of it
    assert len(sent) > 400
    answers = [await gateway.who(token) for token in sent]
    answers.append(await gateway.client.get("/api/v1/who"))
    assert {answer.status_code for answer in answers} == {401}
    assert len({told(answer) for answer in answers}) == 1
    for token in sent[::10]:
        if token not in {one for _, one in forger.unforged()} and len(token) <= MAX_CHARACTERS:
            assert told(await gateway.refresh(token, cookie)) == told(answers[0])
    assert (await gateway.who(tab["access_token"])).status_code == 200


def told(answer: httpx.Response) -> str:
    """All of an answer but what is new in each: the id, and how much of a limit is left."""
    changing = {"x-request-id", "ratelimit", "ratelimit-policy", "date"}
    headers = {name: value for name, value in answer.headers.items() if name not in changing}
    return json.dumps([answer.status_code, headers, {**answer.json(), "trace_id": ""}], sort_keys=True)


async def test_a_token_is_taken_from_one_bearer_header_and_nowhere_else(gateway: Any) -> None:
    """The scheme in any case (RFC 9110); no second header, no list, no other scheme, query, cookie or form."""
    token = (await gateway.sign_in())["access_token"]
    for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
        answer = await gateway.client.get("/api/v1/who", headers={"authorization": f"{scheme} {token}"})
        assert answer.status_code == 200
    good = ("authorization", f"Bearer {token}")
    refusals = [
        await gateway.client.get("/api/v1/who", headers=headers)
        for headers in (
            *([good, good], [good, ("authorization", "Bearer x")], [("authorization", "Basic x"), good]),
            *(
                [("authorization", value)]
                for value in (token, f"Bearer  {token}", f"Bearer{token}", f"Bearer\t{token}")
            ),
            *([("authorization", f"{scheme} {token}")] for scheme in ("Basic", "DPoP", "Token", "JWT", "Bearer,")),
            *(
                [("authorization", value)]
                for value in (f"Bearer {token}, Bearer {token}", f"Bearer {token} x", "Bearer")
            ),
            *([("cookie", f"{name}={token}")] for name in ("access_token", REFRESH_COOKIE)),
            [("x-access-token", token)],
        )
    ]
    refusals.append(await gateway.client.get("/api/v1/who", params={"access_token": token}))
    assert {answer.status_code for answer in refusals} == {401}
    assert len({told(answer) for answer in refusals}) == 1


async def test_a_replay_after_revocation_is_refused_in_both_spellings(gateway: Any) -> None:
    """ECDSA has a second signature, (r, n - s), which verifies: so what is denied is the jti, never the text.

    We could refuse the upper half of s, and would have to make our own signatures so; nothing would be gained, because
    nothing but the cache is named by a token's text, and there the twin is verified like any other.
    """
    tab, cookie = await gateway.session()
    token = tab["access_token"]
    head, body, signature = token.split(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    twin = f"{head}.{body}.{b64(raw[:32] + (ORDER - int.from_bytes(raw[32:])).to_bytes(32))}"
    assert gateway.tokens.verify(token, time.time()) == gateway.tokens.verify(twin, time.time())
    assert {(await gateway.who(one)).status_code for one in (token, twin)} == {200}
    assert (await gateway.refresh(token, cookie)).status_code == 200
    refusals = [await gateway.who(one) for one in (token, twin)]
    assert {answer.status_code for answer in refusals} == {401}
