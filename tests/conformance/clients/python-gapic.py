"""The official Python client (google-cloud-scheduler) over REST: every method, unmodified but for its
endpoint."""

import os
import re
import urllib.parse

import google.auth.exceptions
import google.auth.transport.requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import scheduler_v1 as scheduler
from google.cloud.location import locations_pb2
from google.cloud.scheduler_v1.services.cloud_scheduler.transports import CloudSchedulerRestTransport
from google.oauth2 import id_token
from google.protobuf import duration_pb2, field_mask_pb2

from tap import Target, equal, run, test

ADDRESS = urllib.parse.urlsplit(os.environ["MOONCRON_URL"])
CLIENT = scheduler.CloudSchedulerClient(
    transport=CloudSchedulerRestTransport(
        host=ADDRESS.netloc, url_scheme=ADDRESS.scheme, credentials=AnonymousCredentials()
    )
)
PARENT = "projects/python/locations/us-central1"
ACCOUNT = "robot@python.iam.gserviceaccount.com"
BYTES = bytes(range(256))
State = scheduler.Job.State
Method = scheduler.HttpMethod


def job(name, parent=PARENT):
    return f"{parent}/jobs/{name}"


def http(short, **fields):
    given = {
        "name": job(short),
        "schedule": "0 4 * * *",
        "http_target": {"uri": "http://127.0.0.1:9/path?q=1"},
    }
    given.update(fields)
    return scheduler.Job({key: value for key, value in given.items() if value is not None})


def create(given, parent=PARENT):
    return CLIENT.create_job(parent=parent, job=given)


def get(name):
    return CLIENT.get_job(name=job(name))


def update(name, paths=None, **fields):
    mask = field_mask_pb2.FieldMask(paths=paths) if paths else None
    return CLIENT.update_job(job=scheduler.Job(name=job(name), **fields), update_mask=mask)


def seconds(n):
    return duration_pb2.Duration(seconds=int(n), nanos=int(n % 1 * 1e9))


def length(delta):
    return delta.total_seconds()


def refused(kind, message, call):
    """The call has to fail as this exception, with a message that matches."""
    try:
        call()
    except exceptions.GoogleAPICallError as e:
        said = e.response.json()["error"]
        assert type(e) is kind, repr(e)
        equal(said["code"], e.code)
        assert re.search(message, said["message"]), said["message"]
        return e
    raise AssertionError("was not refused")


@test("creates an HTTP job with every field")
def _():
    given = http(
        "whole",
        description="täglich ☃",
        time_zone="Europe/Berlin",
        http_target={
            "uri": "https://example.com/path?q=1",
            "http_method": Method.PUT,
            "headers": {"X-One": "a, b", "Content-Type": "text/plain"},
            "body": BYTES,
            "oidc_token": {"service_account_email": ACCOUNT},
        },
        retry_config={
            "retry_count": 3,
            "max_retry_duration": seconds(20),
            "min_backoff_duration": seconds(1.5),
            "max_backoff_duration": seconds(60),
            "max_doublings": 2,
        },
        attempt_deadline=seconds(120),
    )
    made = create(given)
    for field in ("name", "description", "schedule", "time_zone", "retry_config", "attempt_deadline"):
        equal(getattr(made, field), getattr(given, field))
    equal(made.state, State.ENABLED)
    equal(made.http_target.uri, "https://example.com/path?q=1")
    equal(made.http_target.http_method, Method.PUT)
    equal(made.http_target.body, BYTES)
    equal(dict(made.http_target.headers), {
        "X-One": "a, b", "Content-Type": "text/plain", "User-Agent": "Google-Cloud-Scheduler"})
    equal(made.http_target.oidc_token.service_account_email, ACCOUNT)
    equal(made.http_target.oidc_token.audience, "https://example.com/path?q=1")
    assert made.schedule_time >= made.user_update_time
    assert "last_attempt_time" not in made
    equal(made.status.code, -1)
    equal(get("whole"), made)


@test("creates an HTTP job with an OAuth token and the service's defaults")
def _():
    made = create(http("oauth", http_target={
        "uri": "https://pubsub.googleapis.com/v1/projects/python/topics/t:publish",
        "oauth_token": {"service_account_email": ACCOUNT},
    }))
    equal(made.http_target.oauth_token.scope, "https://www.googleapis.com/auth/cloud-platform")
    equal(made.http_target.http_method, Method.POST)
    equal(length(made.attempt_deadline), 180)
    equal(made.time_zone, "UTC")


@test("creates a Pub/Sub job, and nothing is filled in")
def _():
    made = create(http("pubsub", http_target=None, schedule="every 5 minutes", pubsub_target={
        "topic_name": "projects/python/topics/t", "data": BYTES, "attributes": {"a": "1", "b": ""}}))
    equal(made.pubsub_target.data, BYTES)
    equal(dict(made.pubsub_target.attributes), {"a": "1", "b": ""})
    assert "retry_config" not in made
    assert "attempt_deadline" not in made


@test("creates an App Engine job")
def _():
    made = create(http("gae", http_target=None, schedule="every day 04:00", app_engine_http_target={
        "app_engine_routing": {"service": "s", "version": "v"}, "body": BYTES}))
    target = made.app_engine_http_target
    equal(target.http_method, Method.POST)
    equal(target.relative_uri, "/")
    equal(target.app_engine_routing.host, "v.s.python.appspot.com")
    equal(target.body, BYTES)
    equal(target.headers["User-Agent"], "AppEngine-Google; (+http://code.google.com/appengine)")
    equal(target.headers["Content-Type"], "application/octet-stream")


@test("creates a job without a name")
def _():
    made = create(http("x", name=None))
    assert re.fullmatch(PARENT + r"/jobs/[\w-]+", made.name), made.name
    CLIENT.delete_job(name=made.name)


@test("lists in pages, by itself or by hand, and nothing as an empty list")
def _():
    parent = "projects/python/locations/europe-west1"
    equal(list(CLIENT.list_jobs(parent=parent)), [])
    names = [job(f"page-{i}", parent) for i in range(5)]
    for name in names:
        create(http("x", name=name), parent)
    pages = list(CLIENT.list_jobs(request={"parent": parent, "page_size": 2}).pages)
    equal([[one.name for one in page.jobs] for page in pages], [names[:2], names[2:4], names[4:]])
    token = pages[0].next_page_token
    CLIENT.delete_job(name=names[1])  # the token outlives the job it was made at
    rest = CLIENT.list_jobs(request={"parent": parent, "page_token": token})
    equal([one.name for one in rest], names[2:])


@test("updates what a mask names: nested, cleared, a map as a whole")
def _():
    before = get("whole")
    now = update(
        "whole",
        ["schedule", "http_target.uri", "http_target.headers"],
        description="not named by the mask",
        schedule="0 5 * * *",
        http_target={"uri": "https://example.com/other", "headers": {"X-Two": "2"}},
    )
    equal(now.description, before.description)
    equal(now.schedule, "0 5 * * *")
    equal(now.http_target.uri, "https://example.com/other")
    equal(dict(now.http_target.headers), {
        "X-Two": "2", "User-Agent": "Google-Cloud-Scheduler", "Content-Type": "application/octet-stream"})
    equal(now.http_target.http_method, Method.PUT)
    equal(now.http_target.body, BYTES)
    equal(now.retry_config, before.retry_config)
    now = update("whole", ["description", "retry_config"])
    equal(now.description, "")
    assert "retry_config" not in now


@test("takes a mask that names what cannot be set")
def _():
    now = update("whole", ["name", "state", "schedule"], schedule="0 6 * * *")
    equal(now.schedule, "0 6 * * *")


@test("swaps a token for the other and takes it away")
def _():
    now = update("oauth", ["http_target.oidc_token"],
                 http_target={"oidc_token": {"service_account_email": ACCOUNT, "audience": "a"}})
    equal(now.http_target.oidc_token.audience, "a")
    assert "oauth_token" not in now.http_target
    now = update("oauth", ["http_target.oidc_token"])
    assert "oidc_token" not in now.http_target


@test("updates without a mask what the body has")
def _():
    before = get("pubsub")
    now = update("pubsub", description="new")
    equal(now.description, "new")
    equal(now.pubsub_target, before.pubsub_target)
    equal(now.schedule, before.schedule)


@test("moves a job to another kind of target")
def _():
    create(http("kind"))
    now = update("kind", ["pubsub_target"], pubsub_target={
        "topic_name": "projects/python/topics/t", "data": b"x"})
    equal(now.pubsub_target.data, b"x")
    assert "http_target" not in now


@test("pauses, resumes, and lets an enabled job be resumed")
def _():
    paused = CLIENT.pause_job(name=job("whole"))
    equal(paused.state, State.PAUSED)
    assert "schedule_time" not in paused
    refused(exceptions.BadRequest, r"Job\.state must be ENABLED for RunJob\.",
            lambda: CLIENT.run_job(name=job("whole")))
    equal(update("whole", ["description"], description="still").state, State.PAUSED)
    for _ in range(2):
        resumed = CLIENT.resume_job(name=job("whole"))
        equal(resumed.state, State.ENABLED)
        assert "schedule_time" in resumed


@test("runs a job at once; the target receives its bytes")
def _():
    target = Target()
    create(http("run", http_target={
        "uri": target.url + "/in?x=1", "http_method": "PUT", "headers": {"X-Mine": "1"}, "body": BYTES}))
    equal(CLIENT.run_job(name=job("run")).name, job("run"))
    method, path, headers, body = target.next()
    equal((method, path, body), ("PUT", "/in?x=1", BYTES))
    equal(headers["X-Mine"], "1")
    equal(headers["X-CloudScheduler-JobName"], "run")


@test("sends an OIDC token that Google's own library verifies")
def _():
    target = Target()
    audience = target.url + "/secured"
    create(http("oidc", http_target={"uri": audience, "oidc_token": {"service_account_email": ACCOUNT}}))
    CLIENT.run_job(name=job("oidc"))
    scheme, token = target.next()[2]["Authorization"].split(" ")
    equal(scheme, "Bearer")

    def verify(wanted):
        return id_token.verify_token(token, google.auth.transport.requests.Request(), audience=wanted,
                                     certs_url=os.environ["MOONCRON_URL"] + "/oauth2/v1/certs")

    claims = verify(audience)
    equal((claims["iss"], claims["email"], claims["email_verified"], claims["exp"] - claims["iat"]),
          (os.environ["MOONCRON_URL"], ACCOUNT, True, 3600))
    try:
        verify("https://other/")
    except google.auth.exceptions.GoogleAuthError:
        return
    raise AssertionError("verified for another audience")


@test("deletes")
def _():
    CLIENT.delete_job(name=job("kind"))
    refused(exceptions.NotFound, r"^Job not found\.$", lambda: get("kind"))


@test("lists and gets locations")
def _():
    places = CLIENT.list_locations(locations_pb2.ListLocationsRequest(name="projects/python")).locations
    assert len(places) > 20
    name = "projects/python/locations/us-central1"
    place = CLIENT.get_location(locations_pb2.GetLocationRequest(name=name))
    equal(place.name, name)
    equal(place.location_id, "us-central1")
    equal(dict(place.labels), {"cloud.googleapis.com/region": "us-central1"})
    assert place in places


for method, call in {
    "get": CLIENT.get_job,
    "delete": CLIENT.delete_job,
    "pause": CLIENT.pause_job,
    "resume": CLIENT.resume_job,
    "run": CLIENT.run_job,
    "update": lambda name: update(name.split("/")[-1], ["description"], description="x"),
}.items():
    @test(f"{method} of a missing job is NOT_FOUND")
    def _(call=call):
        e = refused(exceptions.NotFound, r"^Job not found\.$", lambda: call(name=job("missing")))
        equal(e.code, 404)


@test("a name that is taken is ALREADY_EXISTS")
def _():
    refused(exceptions.Conflict, f"Job {job('whole')} already exists", lambda: create(http("whole")))


def to_http(**fields):
    return {"http_target": {"uri": "https://example.com/", **fields}}


for why, fields, message in [
    ("schedule", {"schedule": "61 * * * *"}, "schedule or timezone are invalid.*minute"),
    ("missing schedule", {"schedule": None}, "schedule or timezone are invalid"),
    ("time zone", {"time_zone": "Mars/Base"}, "schedule or timezone are invalid.*Mars/Base"),
    ("target that is missing", {"http_target": None}, "no target"),
    ("uri", {"http_target": {"uri": "ftp://x/"}}, "uri"),
    ("body of a GET", to_http(http_method="GET", body=BYTES), "GET request cannot have a body"),
    ("header's name", to_http(headers={"a b": "c"}), "header"),
    ("retry count", {"retry_config": {"retry_count": 6}}, "^invalid retry count"),
    ("fractional window", {"retry_config": {"max_retry_duration": seconds(1.5)}}, "nanos cannot be set"),
    ("deadline", {"attempt_deadline": seconds(10)}, "attempt_deadline must be between 15s and 30m0s"),
    ("description", {"description": "x" * 501}, "description"),
    ("name", {"name": PARENT + "/jobs/a.b"}, "^Job name must be formatted"),
    ("name of another place", {"name": "projects/python/locations/asia-east1/jobs/a"}, "us-central1"),
    ("OAuth token for another's host", to_http(oauth_token={"service_account_email": ACCOUNT}),
     r"Invalid url for HttpRequest\.oauth_token"),
    ("token without an account", to_http(oidc_token={"audience": "a"}), "service_account_email"),
    ("Pub/Sub message without data", {"http_target": None, "pubsub_target": {
        "topic_name": "projects/python/topics/t"}}, "neither data nor an attribute"),
    ("topic of another project", {"http_target": None, "pubsub_target": {
        "topic_name": "projects/other/topics/t", "data": b"x"}}, "project"),
    ("App Engine method", {"http_target": None, "app_engine_http_target": {"http_method": "PATCH"}}, "PATCH"),
    ("App Engine path", {"http_target": None, "app_engine_http_target": {"relative_uri": "x"}}, "relative_uri"),
]:
    @test(f"a bad {why} is INVALID_ARGUMENT")
    def _(fields=fields, message=message):
        e = refused(exceptions.BadRequest, message, lambda: create(http("bad", **fields)))
        assert e.details, "says which field"


@test("a bad mask is INVALID_ARGUMENT")
def _():
    refused(exceptions.BadRequest, "^Invalid mask for Job: httpTarget.url",
            lambda: update("whole", ["http_target.url"]))


@test("a negative page size and a made-up token are INVALID_ARGUMENT")
def _():
    for request in ({"page_size": -1}, {"page_token": "made up"}):
        refused(exceptions.BadRequest, next(iter(request)),
                lambda request=request: CLIENT.list_jobs(request={"parent": PARENT, **request}))




run("python google-cloud-scheduler")
