"use strict";
// Google's generated Node client (npm googleapis, cloudscheduler v1 and v1beta1): plain JSON in and out,
// no `$alt`, masks as the user writes them.

const assert = require("assert/strict");
const { google } = require("googleapis");
const { test, run, target } = require("./tap.js");

const rootUrl = `${process.env.MOONCRON_URL}/`;
const options = { version: "v1", rootUrl, retry: false };
const { jobs, ...locations } = (() => {
  const api = google.cloudscheduler(options).projects.locations;
  return { jobs: api.jobs, list: api.list.bind(api), get: api.get.bind(api), cmek: api.getCmekConfig.bind(api),
    operations: api.operations };
})();
const beta = google.cloudscheduler({ ...options, version: "v1beta1" }).projects.locations.jobs;

const PARENT = "projects/apis/locations/us-central1";
const ACCOUNT = "robot@apis.iam.gserviceaccount.com";
const BODY = Buffer.from([0, 1, 254, 255]);
const name = (id) => `${PARENT}/jobs/${id}`;
const http = (id, fields = {}) => ({
  name: name(id),
  schedule: "0 4 * * *",
  httpTarget: { uri: "http://127.0.0.1:9/path" },
  ...fields,
});
const create = async (requestBody, more = {}) =>
  (await jobs.create({ parent: PARENT, requestBody, ...more })).data;

async function refused(status, word, message, call) {
  const e = await call().then(() => assert.fail("was not refused"), (failure) => failure);
  if (e instanceof assert.AssertionError) throw e;
  assert.equal(Number(e.status ?? e.code), status, e.stack);
  assert.match(e.message, message);
  assert.equal(e.response.data.error.status, word);
  assert.equal(e.response.headers.get?.("content-type") ?? e.response.headers["content-type"],
    "application/json; charset=UTF-8");
}

test("creates jobs of the three targets and gets them as they were answered", async () => {
  const made = [
    await create(http("http", {
      description: "ü",
      timeZone: "America/New_York",
      httpTarget: {
        uri: "https://example.com/x",
        httpMethod: "PUT",
        headers: { "X-A": "1" },
        body: BODY.toString("base64"),
        oidcToken: { serviceAccountEmail: ACCOUNT },
      },
      retryConfig: { retryCount: 2, minBackoffDuration: "1.500s" },
      attemptDeadline: "30s",
    })),
    await create({ name: name("pubsub"), schedule: "every 5 minutes",
      pubsubTarget: { topicName: "projects/apis/topics/t", attributes: { a: "b" } } }),
    await create({ name: name("gae"), schedule: "every day 04:00",
      appEngineHttpTarget: { httpMethod: "GET", relativeUri: "/cron" } }),
  ];
  assert.equal(made[0].state, "ENABLED");
  assert.equal(made[0].httpTarget.httpMethod, "PUT");
  assert.equal(made[0].httpTarget.body, "AAH+/w==");
  assert.equal(made[0].httpTarget.oidcToken.audience, "https://example.com/x");
  assert.deepEqual(made[0].retryConfig, { retryCount: 2, maxRetryDuration: "0s",
    minBackoffDuration: "1.500s", maxBackoffDuration: "3600s", maxDoublings: 5 });
  assert.equal(made[0].attemptDeadline, "30s");
  assert.match(made[0].scheduleTime, /^\d{4}-\d\d-\d\dT\d\d:00:00Z$/);
  assert.deepEqual(Object.keys(made[1]), ["name", "pubsubTarget", "userUpdateTime", "state", "status",
    "scheduleTime", "schedule", "timeZone"]);
  assert.equal(made[2].appEngineHttpTarget.httpMethod, "GET");
  for (const job of made) {
    assert.deepEqual((await jobs.get({ name: job.name })).data, job);
  }
});

test("lists in pages; an empty list is {}", async () => {
  const parent = "projects/apis/locations/asia-east1";
  assert.deepEqual((await jobs.list({ parent })).data, {});
  const names = ["a", "b", "c"].map((id) => `${parent}/jobs/${id}`);
  for (const one of names) await jobs.create({ parent, requestBody: http("x", { name: one }) });
  const first = (await jobs.list({ parent, pageSize: 2 })).data;
  assert.deepEqual(first.jobs.map((job) => job.name), names.slice(0, 2));
  const second = (await jobs.list({ parent, pageSize: 2, pageToken: first.nextPageToken })).data;
  assert.deepEqual(second.jobs.map((job) => job.name), names.slice(2));
  assert.equal(second.nextPageToken, undefined);
});

test("patches with a mask in either spelling, and without one", async () => {
  const patch = async (updateMask, requestBody) =>
    (await jobs.patch({ name: name("http"), updateMask, requestBody })).data;
  let now = await patch("httpTarget.uri,description", { httpTarget: { uri: "https://example.com/y" } });
  assert.equal(now.httpTarget.uri, "https://example.com/y");
  assert.equal(now.httpTarget.body, "AAH+/w==");
  assert.equal(now.description, undefined);
  now = await patch("http_target.headers,time_zone", {
    timeZone: "UTC", httpTarget: { headers: { "X-B": "2" } } });
  assert.equal(now.httpTarget.headers["X-A"], undefined);
  assert.equal(now.httpTarget.headers["X-B"], "2");
  now = await patch(undefined, { schedule: "0 5 * * *", name: name("http"), state: "PAUSED" });
  assert.equal(now.schedule, "0 5 * * *");
  assert.equal(now.state, "ENABLED");
  assert.equal(now.httpTarget.uri, "https://example.com/y");
});

test("pauses, resumes and runs; a target receives the bytes", async () => {
  const sink = await target();
  await create(http("run", { httpTarget: { uri: sink.url, body: BODY.toString("base64") } }));
  assert.equal((await jobs.pause({ name: name("run") })).data.state, "PAUSED");
  assert.equal((await jobs.resume({ name: name("run") })).data.state, "ENABLED");
  assert.equal((await jobs.run({ name: name("run"), requestBody: {} })).data.name, name("run"));
  const request = await sink.next();
  assert.equal(request.method, "POST");
  assert.deepEqual(request.whole, BODY);
});

test("deletes with an empty object", async () => {
  assert.deepEqual((await jobs.delete({ name: name("run") })).data, {});
  await refused(404, "NOT_FOUND", /^Job not found\.$/, () => jobs.get({ name: name("run") }));
});

test("selects fields and leaves out white space", async () => {
  const { data } = await jobs.list({ parent: PARENT, fields: "jobs(name,httpTarget/uri)", prettyPrint: false });
  assert.deepEqual(data.jobs.find((job) => job.name === name("http")),
    { name: name("http"), httpTarget: { uri: "https://example.com/y" } });
});

test("passes over the parameters of every Google API", async () => {
  const { data } = await jobs.get({ name: name("http"), alt: "json", key: "k", quotaUser: "u",
    uploadType: "x", upload_protocol: "y", "$.xgafv": "2", access_token: "t", oauth_token: "t" });
  assert.equal(data.name, name("http"));
});

test("lists and gets locations", async () => {
  const { data } = await locations.list({ name: "projects/apis" });
  assert.ok(data.locations.some((place) => place.locationId === "us-central1"));
  assert.deepEqual((await locations.get({ name: PARENT })).data,
    data.locations.find((place) => place.name === PARENT));
});

test("serves v1beta1 too", async () => {
  const job = (await beta.create({ parent: PARENT, requestBody: http("beta") })).data;
  assert.deepEqual((await beta.get({ name: name("beta") })).data, job);
  assert.ok((await beta.list({ parent: PARENT })).data.jobs.length > 2);
  assert.equal((await beta.patch({ name: name("beta"), updateMask: "description",
    requestBody: { description: "x" } })).data.description, "x");
  assert.equal((await beta.pause({ name: name("beta") })).data.state, "PAUSED");
  assert.equal((await beta.resume({ name: name("beta") })).data.state, "ENABLED");
  assert.deepEqual((await beta.delete({ name: name("beta") })).data, {});
});

test("says by name what is not implemented", async () => {
  await refused(501, "UNIMPLEMENTED", /getCmekConfig/, () => locations.cmek({ name: `${PARENT}/cmekConfig` }));
  await refused(501, "UNIMPLEMENTED", /operations\.list/, () => locations.operations.list({ name: PARENT }));
  await refused(501, "UNIMPLEMENTED", /filter/,
    () => beta.list({ parent: PARENT, filter: 'target_config="HttpConfig"' }));
});

test("refuses with the message and the word of the API", async () => {
  await refused(409, "ALREADY_EXISTS", /already exists/, () => create(http("http")));
  await refused(400, "INVALID_ARGUMENT", /schedule or timezone are invalid/,
    () => create(http("bad", { schedule: "x" })));
  await refused(400, "INVALID_ARGUMENT", /^Invalid JSON payload received\. Unknown name "htpTarget" at 'job'/,
    () => create(http("bad", { htpTarget: {} })));
  await refused(400, "INVALID_ARGUMENT", /oneof field 'target' is already set/,
    () => create(http("bad", { pubsubTarget: {} })));
  await refused(400, "INVALID_ARGUMENT", /http_method/,
    () => create(http("bad", { httpTarget: { uri: "https://example.com/", httpMethod: "POKE" } })));
  await refused(400, "INVALID_ARGUMENT", /attempt_deadline/,
    () => create(http("bad", { attemptDeadline: "soon" })));
  await refused(400, "INVALID_ARGUMENT", /^Invalid mask for Job: nothing/,
    () => jobs.patch({ name: name("http"), updateMask: "nothing", requestBody: {} }));
  await refused(400, "FAILED_PRECONDITION", /must be ENABLED for RunJob/, async () => {
    await jobs.pause({ name: name("http") });
    return jobs.run({ name: name("http"), requestBody: {} });
  });
});

run("node googleapis");
