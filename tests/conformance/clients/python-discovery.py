"""Google's discovery-based Python client (google-api-python-client), with the discovery document that it
ships: every method, plain JSON in and out."""

import os

import google.auth.credentials
from google.api_core.client_options import ClientOptions
from googleapiclient import discovery
from googleapiclient.errors import HttpError

from tap import Target, equal, run, test

LOCATIONS = discovery.build(
    "cloudscheduler", "v1",
    client_options=ClientOptions(api_endpoint=os.environ["MOONCRON_URL"]),
    credentials=google.auth.credentials.AnonymousCredentials(),
    static_discovery=True,
).projects().locations()
JOBS = LOCATIONS.jobs()
PARENT = "projects/discovery/locations/us-central1"


def job(short):
    return f"{PARENT}/jobs/{short}"


def http(short, **fields):
    return {"name": job(short), "schedule": "0 4 * * *", "httpTarget": {"uri": "https://example.com/"}, **fields}


def create(body):
    return JOBS.create(parent=PARENT, body=body).execute()


def refused(status, word, call):
    try:
        call.execute()
    except HttpError as e:
        equal(e.resp.status, status)
        assert f'"status": "{word}"' in e.content.decode(), e.content
        return e.reason
    raise AssertionError("was not refused")


@test("creates and gets")
def _():
    made = create(http("h", httpTarget={
        "uri": "https://example.com/", "httpMethod": "PUT", "body": "AAH-_w==", "headers": {"X-A": "1"}}))
    equal(made["httpTarget"]["httpMethod"], "PUT")
    equal(made["httpTarget"]["body"], "AAH+/w==")
    equal(made["state"], "ENABLED")
    equal(JOBS.get(name=job("h")).execute(), made)


@test("lists in pages; nothing is {}")
def _():
    equal(JOBS.list(parent="projects/discovery/locations/asia-east1").execute(), {})
    for short in ("i", "j"):
        create(http(short))
    names, request = [], JOBS.list(parent=PARENT, pageSize=2)
    while request is not None:
        answer = request.execute()
        names += [one["name"] for one in answer["jobs"]]
        request = JOBS.list_next(request, answer)
    equal(names, [job("h"), job("i"), job("j")])


@test("patches with and without a mask")
def _():
    now = JOBS.patch(name=job("h"), updateMask="httpTarget.headers,schedule", body={
        "schedule": "0 5 * * *", "httpTarget": {"headers": {"X-B": "2"}}}).execute()
    equal(now["schedule"], "0 5 * * *")
    equal(now["httpTarget"]["body"], "AAH+/w==")
    equal("X-A" in now["httpTarget"]["headers"], False)
    now = JOBS.patch(name=job("h"), body={"description": "d"}).execute()
    equal(now["description"], "d")
    equal(now["schedule"], "0 5 * * *")


@test("pauses, resumes and runs")
def _():
    target = Target()
    create(http("run", httpTarget={"uri": target.url, "body": "AAH+/w=="}))
    equal(JOBS.pause(name=job("run"), body={}).execute()["state"], "PAUSED")
    refused(400, "FAILED_PRECONDITION", JOBS.run(name=job("run"), body={}))
    equal(JOBS.resume(name=job("run")).execute()["state"], "ENABLED")
    equal(JOBS.run(name=job("run"), body={}).execute()["name"], job("run"))
    equal(target.next()[3], b"\x00\x01\xfe\xff")


@test("deletes with an empty object")
def _():
    equal(JOBS.delete(name=job("run")).execute(), {})
    equal(refused(404, "NOT_FOUND", JOBS.get(name=job("run"))), "Job not found.")


@test("lists and gets locations")
def _():
    places = LOCATIONS.list(name="projects/discovery").execute()["locations"]
    assert LOCATIONS.get(name=PARENT).execute() in places


@test("selects fields")
def _():
    equal(JOBS.get(name=job("h"), fields="schedule,httpTarget(httpMethod)").execute(),
          {"schedule": "0 5 * * *", "httpTarget": {"httpMethod": "PUT"}})


@test("is refused with the words of the API")
def _():
    assert "already exists" in refused(409, "ALREADY_EXISTS", JOBS.create(parent=PARENT, body=http("h")))
    for fields in ({"schedule": "x"}, {"timeZone": "x"}, {"httpTarget": {"uri": "x"}}, {"nothing": 1},
                   {"pubsubTarget": {}}, {"attemptDeadline": "1s"}, {"retryConfig": {"retryCount": 6}}):
        refused(400, "INVALID_ARGUMENT", JOBS.create(parent=PARENT, body=http("bad", **fields)))
    refused(501, "UNIMPLEMENTED", LOCATIONS.getCmekConfig(name=PARENT + "/cmekConfig"))


run("python google-api-python-client")
