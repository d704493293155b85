"""What we send for a credential beside what Python's google-auth sends for the same file.
Usage: check.py LUA PEER.  Prints TAP."""

import base64
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.parse

import google.auth
import google.auth.transport.requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.auth import jwt
from google.auth.crypt import EsVerifier

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../clients"))
from tap import equal, run, test  # noqa: E402

LUA, PEER = sys.argv[1:3]
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
folder = tempfile.TemporaryDirectory()


def put(name, content):
    path = os.path.join(folder.name, name)
    with open(path, "w", encoding="ascii") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def pem_key(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def certificate(name):
    """A private key and its self-signed certificate, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(serialization.Encoding.PEM).decode()


class Recorder(google.auth.transport.requests.Request):
    """Takes the request that google-auth would send, and grants it."""

    def __call__(self, url, method="GET", body=None, headers=None, timeout=None, **tls):
        self.sent = {"url": url, "method": method, "body": (body or b"").decode(), "headers": headers, **tls}

        class Response:
            status = 200
            headers = {}
            data = json.dumps({"access_token": "at", "expires_in": 3600, "token_type": "Bearer"}).encode()

        return Response


def theirs(path, audience=None):
    credential, _ = google.auth.load_credentials_from_file(path, scopes=SCOPES, request=Recorder())
    if audience:
        credential = credential.with_gdch_audience(audience)
    request = Recorder()
    credential.refresh(request)
    return request.sent


def ours(path, audience=None, env=None):
    with open(path, encoding="ascii") as file:
        credential = file.read()
    question = {"what": "step", "credential": credential, "scopes": " ".join(SCOPES), "env": env or {},
                "now": int(time.time())}
    if audience:
        question["audience"] = audience
    answer = subprocess.run([LUA, PEER], input=json.dumps(question), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(answer.stdout)


def content_type(headers):
    return {name.lower(): value for name, value in headers.items()}["content-type"]


# ---- X.509 ----

key, leaf = certificate("leaf")
_, authority = certificate("ca")
_, root = certificate("root")
KEY, LEAF = put("key.pem", pem_key(key)), put("leaf.pem", leaf + authority)
CONFIG = put("certificate_config.json", {"cert_configs": {"workload": {"cert_path": LEAF, "key_path": KEY}}})


def workload(**source):
    return put("workload.json", {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:mtls",
        "token_url": "https://sts.mtls.googleapis.com/v1/token",
        "credential_source": {"certificate": source},
    })


def form(body):
    fields = dict(urllib.parse.parse_qsl(body, strict_parsing=True))
    fields["subject_token"] = json.loads(fields["subject_token"])
    return fields


def same_exchange(path, env=None):
    mine, other = ours(path, env=env), theirs(path)
    for field in ("url", "method"):
        equal(mine[field], other[field])
    equal(form(mine["body"]), form(other["body"]))
    equal(content_type(mine["headers"]), content_type(other["headers"]))
    equal((mine["certificate"], mine["key"]), other["cert"])
    equal(len(form(mine["body"])["subject_token"][0]) > 100, True)


@test("the exchange of a certificate is google-auth's")
def _():
    same_exchange(workload(certificate_config_location=CONFIG))


for name, value in (("GOOGLE_API_CERTIFICATE_CONFIG", CONFIG), ("CLOUDSDK_CONFIG", folder.name)):
    @test(f"the exchange of a certificate that {name} leads to is google-auth's")
    def _(name=name, value=value):
        os.environ[name] = value
        same_exchange(workload(use_default_certificate_config=True), {name: value})
        del os.environ[name]


for why, chain in (
    ("a chain", authority + root),
    ("a chain that begins with the certificate", leaf + authority + root),
    ("an empty chain", "\n"),
):
    @test(f"the exchange of a certificate with {why} is google-auth's")
    def _(chain=chain):
        same_exchange(workload(
            certificate_config_location=CONFIG, trust_chain_path=put("chain.pem", chain)))


# ---- Google Distributed Cloud ----


@test("the exchange of a service identity is google-auth's, and its signature holds")
def _():
    identity = ec.generate_private_key(ec.SECP256R1())
    path = put("gdch.json", {
        "type": "gdch_service_account",
        "format_version": "1",
        "project": "p",
        "name": "robot",
        "private_key": pem_key(identity),
        "private_key_id": "kid",
        "token_uri": "https://service-identity.gdc.example/authenticate",
        "ca_cert_path": put("ca.pem", authority),
    })
    mine, other = ours(path, "https://api.gdc.example"), theirs(path, "https://api.gdc.example")
    for field in ("url", "method"):
        equal(mine[field], other[field])
    equal(mine["ca_bundle"], other["verify"])
    equal(content_type(mine["headers"]), content_type(other["headers"]))
    bodies = [json.loads(sent["body"]) for sent in (mine, other)]
    tokens = [body.pop("subject_token") for body in bodies]
    equal(bodies[0], bodies[1])
    equal(jwt.decode_header(tokens[0]), jwt.decode_header(tokens[1]))
    claims = [jwt.decode(token, verify=False) for token in tokens]
    equal(*({**each, "iat": 0, "exp": each["exp"] - each["iat"]} for each in claims))
    signed, _, signature = tokens[0].rpartition(".")
    public = identity.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    equal(EsVerifier.from_string(public).verify(signed.encode(), raw), True)


run("python google-auth")
