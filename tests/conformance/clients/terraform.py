"""What Terraform's google_cloud_scheduler_job does, request by request: create, `:resume`, read, an empty
plan, PATCH of the whole job without a mask, pause, destroy. `drift` compares as the provider does."""

from tap import equal, run, test
from wire import call

PARENT = "projects/terraform/locations/us-central1"
HEADERS = [("User-Agent", "Terraform/1.9 terraform-provider-google"), ("Content-Type", "application/json"),
           ("Accept-Encoding", "gzip")]
ACCOUNT = "a@b.iam.gserviceaccount.com"


def request(method, rest, body=None, want=200):
    # the provider's endpoint ends with `/v1/`
    return call(method, f"/v1/{PARENT}/jobs{rest}?alt=json", HEADERS, body, want)


def without_injected(headers):
    """The headers less those that the service adds by itself."""
    kept = {}
    for name, value in (headers or {}).items():
        agent = value == "Google-Cloud-Scheduler" or value.startswith("AppEngine-Google")
        default = name == "Content-Type" and value == "application/octet-stream"
        google = name.startswith(("X-Google-", "X-AppEngine-"))
        if not (name == "User-Agent" and agent or default or google
                or name in ("Content-Length", "Authorization")):
            kept[name] = value
    return kept


def drift(config, found, at=""):
    """Paths at which the found job differs from the configuration."""
    paths = []
    for key, want in config.items():
        got = found.get(key)
        where = f"{at}{key}"
        if key == "headers":
            got, want = without_injected(got), without_injected(want)
        elif key == "uri":
            got, want = got.rstrip("/"), want.rstrip("/")
        if isinstance(want, dict) and key not in ("headers", "attributes"):
            paths += drift(want, got or {}, where + ".")
        elif got != want:
            paths.append(f"{where}: {got!r}, not {want!r}")
    return paths


CONFIGS = {
    "http": {
        "description": "d", "schedule": "*/8 * * * *", "timeZone": "America/New_York", "attemptDeadline": "320s",
        "retryConfig": {"retryCount": 1, "maxRetryDuration": "0s", "minBackoffDuration": "5s",
                        "maxBackoffDuration": "3600s", "maxDoublings": 5},
        "httpTarget": {"httpMethod": "POST", "uri": "https://example.com", "body": "eyJmb28iOiJiYXIifQ==",
                       "headers": {"Content-Type": "application/json"}},
    },
    "oidc": {
        "schedule": "*/8 * * * *", "timeZone": "Etc/UTC", "attemptDeadline": "180s",
        "httpTarget": {"httpMethod": "GET", "uri": "https://example.com/ping",
                       "oidcToken": {"serviceAccountEmail": ACCOUNT, "audience": "https://example.com/ping"}},
    },
    "oauth": {
        "schedule": "*/8 * * * *", "timeZone": "Etc/UTC", "attemptDeadline": "180s",
        "httpTarget": {"httpMethod": "GET", "uri": "https://cloudscheduler.googleapis.com/v1/x",
                       "oauthToken": {"serviceAccountEmail": ACCOUNT,
                                      "scope": "https://www.googleapis.com/auth/cloud-platform"}},
    },
    "pubsub": {
        "schedule": "*/2 * * * *", "timeZone": "Etc/UTC",
        "pubsubTarget": {"topicName": "projects/terraform/topics/t", "data": "dGVzdA==", "attributes": {"a": "b"}},
    },
    "app-engine": {
        "schedule": "*/4 * * * *", "timeZone": "Europe/London", "attemptDeadline": "320s",
        "retryConfig": {"retryCount": 3, "minBackoffDuration": "1s", "maxBackoffDuration": "10s",
                        "maxRetryDuration": "10s", "maxDoublings": 2},
        "appEngineHttpTarget": {"httpMethod": "POST", "relativeUri": "/ping",
                                "appEngineRouting": {"service": "web", "version": "prod", "instance": "my-instance-001"}},
    },
}

for short, config in CONFIGS.items():
    @test(f"applies {short}; the plan after it is empty")
    def _(short=short, config=config):
        request("POST", "", {"name": f"{PARENT}/jobs/{short}", **config})
        equal(request("POST", f"/{short}:resume", {})["state"], "ENABLED")
        equal(drift(config, request("GET", f"/{short}")), [])

    @test(f"changes {short} by a PATCH without a mask; the plan after it is empty")
    def _(short=short, config=config):
        changed = {**config, "schedule": "0 1 * * *", "description": "changed"}
        request("PATCH", f"/{short}", {"name": f"{PARENT}/jobs/{short}", **changed})
        found = request("GET", f"/{short}")
        equal(drift(changed, found), [])
        equal(found["state"], "ENABLED")


@test("pauses and resumes when `paused` changes")
def _():
    equal(request("POST", "/http:pause", {})["state"], "PAUSED")
    equal(request("PATCH", "/http", {**CONFIGS["http"], "description": "p"})["state"], "PAUSED")
    equal(request("POST", "/http:resume", {})["state"], "ENABLED")


@test("hears of a name that is taken")
def _():
    equal(request("POST", "", {"name": f"{PARENT}/jobs/http", **CONFIGS["http"]}, 409)["error"]["status"],
          "ALREADY_EXISTS")


@test("destroys, and finds nothing after it")
def _():
    for short in CONFIGS:
        equal(request("DELETE", f"/{short}"), {})
        equal(request("GET", f"/{short}", want=404)["error"]["message"], "Job not found.")


run("terraform")
