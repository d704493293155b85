"""Requests of clients that are not installed here, sent as they were recorded: gcloud 528, Go
(google.golang.org/api), Ruby (google-api-client) and firebase-tools 15; and what the official clients
decode either way, to the byte. Each row is a step; the steps of a client follow each other."""

import socket

from tap import equal, run, test
from wire import ADDRESS, call, exchange

JSON = ("Content-Type", "application/json")
EMPTY = ("Content-Length", "0")
GCLOUD = [("Accept", "application/json"), ("Accept-Encoding", "gzip, deflate"),
          ("User-Agent", "google-cloud-sdk gcloud/528.0.0"), ("Connection", "keep-alive")]
GO = [("User-Agent", "google-api-go-client/0.5"), ("X-Goog-Api-Client", "gl-go/1.19 gdcl/0.61"),
      ("Accept-Encoding", "gzip")]
RUBY = [("Accept-Encoding", "gzip,deflate"), ("User-Agent", "google-api-ruby-client/0.50.0 Linux/6"),
        ("Accept", "*/*"), ("Date", "Thu, 01 Oct 2026 05:20:14 GMT")]
RUBY_GET = RUBY + [("Content-Type", "application/x-www-form-urlencoded"), EMPTY]
FIREBASE = [("Authorization", "Bearer owner"), JSON, ("X-Client-Version", "FirebaseCLI/15.34.0"),
            ("User-Agent", "FirebaseCLI/15.34.0"), ("Connection", "close")]

DEFAULTS = {"maxBackoffDuration": "3600s", "maxDoublings": 5, "minBackoffDuration": "5s"}
CLEAR_TOKEN = ("httpTarget.oidcToken.serviceAccountEmail,httpTarget.oidcToken.audience,"
               "httpTarget.oauthToken.serviceAccountEmail,httpTarget.oauthToken.scope").replace(",", "%2C")


def jobs(client):
    return f"projects/{client}/locations/us-central1/jobs"


def path(client, rest=""):
    return f"/v1/{jobs(client)}{rest}"


def has(**members):
    def check(answer):
        for name, want in members.items():
            equal(answer.get(name), want)
    return check


def target(**members):
    return lambda answer: has(**members)(answer["httpTarget"])


def ids(*want):
    return lambda answer: equal([one["name"].split("/")[-1] for one in answer["jobs"]], list(want))


def refused(word, code):
    return lambda answer: equal((answer["error"]["status"], answer["error"]["code"]), (word, code))


G, F = path("gcloud"), path("firebase")
STEPS = {
    "gcloud": [
        ("finds the region by the locations' labels", 200, "GET",
         "/v1/projects/gcloud/locations?alt=json&pageSize=100", [*GCLOUD, EMPTY], None,
         lambda answer: equal(answer["locations"][0]["labels"]["cloud.googleapis.com/region"],
                              answer["locations"][0]["locationId"])),
        ("creates an HTTP job", 200, "POST", f"{G}?alt=json", [*GCLOUD, JSON], {
            "attemptDeadline": "180s", "description": "d", "name": f"{jobs('gcloud')}/h",
            "httpTarget": {"body": "aGk=", "headers": {"X-A": "1"}, "httpMethod": "POST",
                           "oidcToken": {"serviceAccountEmail": "a@b.iam.gserviceaccount.com"},
                           "uri": "https://example.com/"},
            "retryConfig": DEFAULTS, "schedule": "0 4 * * *", "timeZone": "Etc/UTC"},
         has(timeZone="Etc/UTC", state="ENABLED",
             retryConfig={"maxRetryDuration": "0s", **DEFAULTS})),
        ("creates a Pub/Sub job", 200, "POST", f"{G}?alt=json", [*GCLOUD, JSON], {
            "name": f"{jobs('gcloud')}/p", "pubsubTarget": {"data": "aGk=", "topicName": "projects/gcloud/topics/t"},
            "retryConfig": DEFAULTS, "schedule": "every 5 minutes", "timeZone": "Etc/UTC"},
         has(attemptDeadline=None)),
        ("creates an App Engine job", 200, "POST", f"{G}?alt=json", [*GCLOUD, JSON], {
            "appEngineHttpTarget": {"appEngineRouting": {"service": "s"}, "httpMethod": "POST", "relativeUri": "/"},
            "name": f"{jobs('gcloud')}/a", "retryConfig": DEFAULTS, "schedule": "every day 04:00",
            "timeZone": "Etc/UTC"},
         lambda answer: equal(answer["appEngineHttpTarget"]["appEngineRouting"],
                              {"service": "s", "host": "s.gcloud.appspot.com"})),
        ("lists", 200, "GET", f"{G}?alt=json&pageSize=100", [*GCLOUD, EMPTY], None, ids("a", "h", "p")),
        ("describes", 200, "GET", f"{G}/h?alt=json", [*GCLOUD, EMPTY], None, has(description="d")),
        ("updates a field among defaults that its mask leaves out", 200, "PATCH",
         f"{G}/h?alt=json&updateMask=schedule", [*GCLOUD, JSON], {
             "httpTarget": {"httpMethod": "POST"}, "name": f"{jobs('gcloud')}/h",
             "retryConfig": {**DEFAULTS, "maxDoublings": 16}, "schedule": "0 5 * * *"},
         has(schedule="0 5 * * *", retryConfig={"maxRetryDuration": "0s", **DEFAULTS})),
        ("clears a field", 200, "PATCH", f"{G}/h?alt=json&updateMask=description", [*GCLOUD, JSON],
         {"name": f"{jobs('gcloud')}/h"}, has(description=None)),
        ("clears the token", 200, "PATCH", f"{G}/h?alt=json&updateMask={CLEAR_TOKEN}", [*GCLOUD, JSON],
         {"httpTarget": {"httpMethod": "POST"}, "name": f"{jobs('gcloud')}/h"},
         target(oidcToken=None, oauthToken=None, uri="https://example.com/")),
        ("removes a header with a null", 200, "PATCH", f"{G}/h?alt=json&updateMask=httpTarget.headers",
         [*GCLOUD, JSON], {"httpTarget": {"headers": {"X-A": None, "X-B": "2"}}, "name": f"{jobs('gcloud')}/h"},
         target(headers={"Content-Type": "application/octet-stream", "User-Agent": "Google-Cloud-Scheduler",
                         "X-B": "2"})),
        ("pauses", 200, "POST", f"{G}/h:pause?alt=json", [*GCLOUD, JSON], b"{}", has(state="PAUSED")),
        ("is told why a paused job does not run", 400, "POST", f"{G}/h:run?alt=json", [*GCLOUD, JSON], b"{}",
         refused("FAILED_PRECONDITION", 400)),
        ("resumes", 200, "POST", f"{G}/h:resume?alt=json", [*GCLOUD, JSON], b"{}", has(state="ENABLED")),
        ("runs", 200, "POST", f"{G}/h:run?alt=json", [*GCLOUD, JSON], b"{}", has(name=f"{jobs('gcloud')}/h")),
        ("deletes", 200, "DELETE", f"{G}/h?alt=json", [*GCLOUD, EMPTY], None, lambda answer: equal(answer, {})),
        ("misses what was deleted", 404, "GET", f"{G}/h?alt=json", [*GCLOUD, EMPTY], None,
         refused("NOT_FOUND", 404)),
    ],
    "go": [
        ("creates, with a newline at the end", 200, "POST", path("go", "?alt=json&prettyPrint=false"),
         [*GO, JSON], b'{"httpTarget":{"body":"AAH+/w==","uri":"https://example.com/"},"name":"'
         + jobs("go").encode() + b'/g","schedule":"0 4 * * *"}\n', target(body="AAH+/w==", httpMethod="POST")),
        ("pauses with a newline", 200, "POST", path("go", "/g:pause?alt=json&prettyPrint=false"), [*GO, JSON],
         b"{}\n", has(state="PAUSED")),
        ("lists a page", 200, "GET", path("go", "?alt=json&pageSize=2&prettyPrint=false"), GO, None, ids("g")),
        ("patches", 200, "PATCH", path("go", "/g?alt=json&prettyPrint=false&updateMask=timeZone"), [*GO, JSON],
         b'{"timeZone":"EST"}\n', has(timeZone="EST", state="PAUSED")),
        ("deletes", 200, "DELETE", path("go", "/g?alt=json&prettyPrint=false"), GO, None,
         lambda answer: equal(answer, {})),
    ],
    "ruby": [
        ("creates with the URL-safe alphabet and a bare ?", 200, "POST", path("ruby", "?"), [*RUBY, JSON],
         {"name": f"{jobs('ruby')}/r", "schedule": "0 4 * * *",
          "httpTarget": {"uri": "https://example.com/", "body": "AAH-_w=="}}, target(body="AAH+/w==")),
        ("gets, with a form's content type", 200, "GET", path("ruby", "/r?"), RUBY_GET, None,
         has(schedule="0 4 * * *")),
        ("lists", 200, "GET", path("ruby", "?"), RUBY_GET, None, ids("r")),
        ("pauses", 200, "POST", path("ruby", "/r:pause?"), [*RUBY, JSON], b"{}", has(state="PAUSED")),
        ("deletes", 200, "DELETE", path("ruby", "/r?"), RUBY_GET, None, lambda answer: equal(answer, {})),
    ],
    "gapic": [
        ("creates with numbers and is answered with numbers", 200, "POST",
         path("gapic", "?$alt=json%3Benum-encoding=int"), [JSON],
         {"name": f"{jobs('gapic')}/g", "schedule": "0 4 * * *",
          "httpTarget": {"uri": "https://example.com/", "httpMethod": 4, "headers": {}}},
         lambda answer: equal((answer["state"], answer["httpTarget"]["httpMethod"]), (1, 4))),
        ("encodes the parameter's name", 200, "GET", path("gapic", "/g?%24alt=json%3Benum-encoding%3Dint"), [JSON],
         None, has(state=1)),
        ("gets words when it asks for none", 200, "GET", path("gapic", "/g"), [JSON], None, has(state="ENABLED")),
        ("clears with an empty job, which node sends as a text", 200, "PATCH",
         path("gapic", "/g?updateMask=time_zone&$alt=json%3Benum-encoding=int"), [JSON], b'""', has(timeZone="UTC")),
    ],
    "firebase": [
        ("misses the job of a new function", 404, "GET", f"{F}/firebase-schedule-f", FIREBASE, None,
         refused("NOT_FOUND", 404)),
        ("creates it", 200, "POST", F, FIREBASE,
         {"name": f"{jobs('firebase')}/firebase-schedule-f", "schedule": "every 5 minutes",
          "timeZone": "America/Los_Angeles",
          "pubsubTarget": {"topicName": "projects/firebase/topics/firebase-schedule-f",
                           "attributes": {"scheduled": "true"}}},
         has(attemptDeadline=None, retryConfig=None)),
        ("patches with a mask that holds the name", 200, "PATCH",
         f"{F}/firebase-schedule-f?updateMask=name%2CtimeZone%2CpubsubTarget%2Cschedule%2C"
         "retryConfig.maxDoublings", FIREBASE,
         {"name": f"{jobs('firebase')}/firebase-schedule-f", "schedule": "every 10 minutes", "timeZone": "UTC",
          "pubsubTarget": {"topicName": "projects/firebase/topics/firebase-schedule-f",
                           "attributes": {"scheduled": "true"}}, "retryConfig": {"maxDoublings": 3}},
         has(schedule="every 10 minutes", attemptDeadline=None)),
        ("deletes", 200, "DELETE", f"{F}/firebase-schedule-f", FIREBASE, None,
         lambda answer: equal(answer, {})),
    ],
}

for client, steps in STEPS.items():
    for claim, status, method, where, headers, body, check in steps:
        @test(f"{client} {claim}")
        def _(status=status, method=method, where=where, headers=headers, body=body, check=check):
            check(call(method, where, headers, body, status))


@test("a body in chunks is the same body")
def _():
    body = b'{"schedule":"0 4 * * *","httpTarget":{"uri":"https://example.com/"}}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
    status, _, text = exchange("POST", path("chunks"), [JSON, ("Transfer-Encoding", "chunked")], chunks)
    equal(status, 200)
    assert b"0 4 * * *" in text


@test("requests that follow each other without waiting are answered in order")
def _():
    with socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=60) as connection:
        connection.sendall(b"".join(
            b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (where.encode(), ending)
            for where, ending in ((path("none"), b""), (path("none", "/x"), b""),
                                  ("/v1/projects/p/locations/l", b"Connection: close\r\n"))))
        text = b""
        while part := connection.recv(65536):
            text += part
    equal([line.split()[1] for line in text.split(b"\n") if line.startswith(b"HTTP/1.1 ")],
          [b"200", b"404", b"200"])


@test("a job of more than a megabyte is refused in the API's words")
def _():
    body = {"schedule": "0 4 * * *", "httpTarget": {"uri": "https://example.com/", "body": "A" * (3 << 20)}}
    refused("INVALID_ARGUMENT", 400)(call("POST", path("large"), [JSON], body, 400))


run("recorded")
