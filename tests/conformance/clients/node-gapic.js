"use strict";
// The official Node client (npm @google-cloud/scheduler) over REST: every method, unmodified but for its
// endpoint.

const assert = require("assert/strict");
const { CloudSchedulerClient } = require("@google-cloud/scheduler");
const { OAuth2Client, PassThroughClient } = require("google-auth-library");
const { test, run, target } = require("./tap.js");

const url = new URL(process.env.MOONCRON_URL);
const client = new CloudSchedulerClient({
  fallback: true, // REST
  protocol: url.protocol.slice(0, -1),
  apiEndpoint: url.hostname,
  port: Number(url.port),
  authClient: new PassThroughClient(), // no credentials
  projectId: "node",
});

const PARENT = "projects/node/locations/us-central1";
const ACCOUNT = "robot@node.iam.gserviceaccount.com";
const BYTES = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
const job = (id, parent = PARENT) => `${parent}/jobs/${id}`;
const seconds = (n, nanos = 0) => ({ seconds: n, nanos });
const length = (d) => d && Number(d.seconds) + d.nanos / 1e9;

const http = (id, fields = {}) => ({
  name: job(id),
  schedule: "0 4 * * *",
  httpTarget: { uri: "http://127.0.0.1:9/path?q=1" },
  ...fields,
});
const create = async (given, parent = PARENT) =>
  (await client.createJob({ parent, job: given }))[0];
const get = async (id) => (await client.getJob({ name: job(id) }))[0];
const update = async (id, fields, paths) =>
  (await client.updateJob({
    job: { name: job(id), ...fields },
    updateMask: paths && { paths },
  }))[0];

/** The call has to fail with this HTTP status, this word, and a message that matches. */
async function refused(status, word, message, call) {
  const e = await call().then(() => assert.fail("was not refused"), (failure) => failure);
  if (e instanceof assert.AssertionError) throw e;
  assert.equal(Number(e.code), status, e.stack);
  const { error } = JSON.parse(e.message);
  assert.equal(error.code, status);
  assert.equal(error.status, word);
  assert.match(error.message, message);
}

test("creates an HTTP job with every field", async () => {
  const given = http("whole", {
    description: "täglich ☃",
    timeZone: "Europe/Berlin",
    httpTarget: {
      uri: "https://example.com/path?q=1",
      httpMethod: "PUT",
      headers: { "X-One": "a, b", "Content-Type": "text/plain" },
      body: BYTES,
      oidcToken: { serviceAccountEmail: ACCOUNT },
    },
    retryConfig: {
      retryCount: 3,
      maxRetryDuration: seconds(20),
      minBackoffDuration: seconds(1, 500000000),
      maxBackoffDuration: seconds(60),
      maxDoublings: 2,
    },
    attemptDeadline: seconds(120),
  });
  const made = await create(given);
  assert.equal(made.name, given.name);
  assert.equal(made.description, given.description);
  assert.equal(made.schedule, given.schedule);
  assert.equal(made.timeZone, given.timeZone);
  assert.equal(made.target, "httpTarget");
  assert.equal(made.state, "ENABLED");
  assert.equal(made.httpTarget.uri, given.httpTarget.uri);
  assert.equal(made.httpTarget.httpMethod, "PUT");
  assert.deepEqual(made.httpTarget.headers, {
    "X-One": "a, b", "Content-Type": "text/plain", "User-Agent": "Google-Cloud-Scheduler",
  });
  assert.deepEqual(Buffer.from(made.httpTarget.body), BYTES);
  assert.equal(made.httpTarget.oidcToken.serviceAccountEmail, ACCOUNT);
  assert.equal(made.httpTarget.oidcToken.audience, given.httpTarget.uri);
  assert.equal(made.retryConfig.retryCount, 3);
  assert.equal(length(made.retryConfig.maxRetryDuration), 20);
  assert.equal(length(made.retryConfig.minBackoffDuration), 1.5);
  assert.equal(length(made.retryConfig.maxBackoffDuration), 60);
  assert.equal(made.retryConfig.maxDoublings, 2);
  assert.equal(length(made.attemptDeadline), 120);
  assert.ok(length(made.userUpdateTime) > 1.7e9);
  assert.ok(length(made.scheduleTime) >= length(made.userUpdateTime));
  assert.equal(made.lastAttemptTime, null);
  assert.deepEqual(await get("whole"), made);
});

test("creates an HTTP job with an OAuth token and the service's defaults", async () => {
  const made = await create(http("oauth", {
    httpTarget: {
      uri: "https://pubsub.googleapis.com/v1/projects/node/topics/t:publish",
      oauthToken: { serviceAccountEmail: ACCOUNT },
    },
  }));
  assert.equal(made.httpTarget.authorizationHeader, "oauthToken");
  assert.equal(made.httpTarget.oauthToken.scope, "https://www.googleapis.com/auth/cloud-platform");
  assert.equal(made.httpTarget.httpMethod, "POST");
  assert.equal(length(made.attemptDeadline), 180);
  assert.equal(made.timeZone, "UTC");
});

test("creates a Pub/Sub job, and nothing is filled in", async () => {
  const made = await create({
    name: job("pubsub"),
    schedule: "every 5 minutes",
    pubsubTarget: { topicName: "projects/node/topics/t", data: BYTES, attributes: { a: "1", b: "" } },
  });
  assert.equal(made.target, "pubsubTarget");
  assert.deepEqual(Buffer.from(made.pubsubTarget.data), BYTES);
  assert.deepEqual(made.pubsubTarget.attributes, { a: "1", b: "" });
  assert.equal(made.retryConfig, null);
  assert.equal(made.attemptDeadline, null);
});

test("creates an App Engine job", async () => {
  const made = await create({
    name: job("gae"),
    schedule: "every day 04:00",
    appEngineHttpTarget: {
      httpMethod: "POST",
      appEngineRouting: { service: "s", version: "v" },
      headers: { "User-Agent": "mine" },
      body: BYTES,
    },
  });
  assert.equal(made.target, "appEngineHttpTarget");
  assert.equal(made.appEngineHttpTarget.relativeUri, "/");
  assert.equal(made.appEngineHttpTarget.appEngineRouting.host, "v.s.node.appspot.com");
  assert.deepEqual(Buffer.from(made.appEngineHttpTarget.body), BYTES);
  assert.equal(made.appEngineHttpTarget.headers["User-Agent"],
    "mine AppEngine-Google; (+http://code.google.com/appengine)");
  assert.equal(made.attemptDeadline, null);
});

test("creates a job without a name", async () => {
  const given = http("x");
  delete given.name;
  const made = await create(given);
  assert.match(made.name, /^projects\/node\/locations\/us-central1\/jobs\/[\w-]+$/);
  await client.deleteJob({ name: made.name });
});

test("lists in pages, by itself or by hand, and nothing as an empty list", async () => {
  const parent = "projects/node/locations/europe-west1";
  assert.deepEqual((await client.listJobs({ parent }))[0], []);
  const names = [1, 2, 3, 4, 5].map((i) => job(`page-${i}`, parent));
  for (const name of names) await create(http("x", { name }), parent);
  const all = (await client.listJobs({ parent, pageSize: 2 }))[0];
  assert.deepEqual(all.map((j) => j.name), names);
  const seen = [];
  for await (const one of client.listJobsAsync({ parent, pageSize: 3 })) seen.push(one.name);
  assert.deepEqual(seen, names);
  const [page, request] = await client.listJobs({ parent, pageSize: 2 }, { autoPaginate: false });
  assert.deepEqual(page.map((j) => j.name), names.slice(0, 2));
  await client.deleteJob({ name: names[1] }); // the token outlives the job it was made at
  const [rest, last] = await client.listJobs({ ...request, pageSize: 500 }, { autoPaginate: false });
  assert.deepEqual(rest.map((j) => j.name), names.slice(2));
  assert.equal(last, null);
});

test("updates what a mask names: nested, cleared, a map as a whole", async () => {
  const before = await get("whole");
  let now = await update("whole", {
    description: "not named by the mask",
    schedule: "0 5 * * *",
    httpTarget: { uri: "https://example.com/other", headers: { "X-Two": "2" } },
  }, ["schedule", "http_target.uri", "http_target.headers"]);
  assert.equal(now.description, before.description);
  assert.equal(now.schedule, "0 5 * * *");
  assert.equal(now.httpTarget.uri, "https://example.com/other");
  assert.equal(now.httpTarget.headers["X-Two"], "2");
  assert.equal(now.httpTarget.headers["X-One"], undefined);
  assert.equal(now.httpTarget.httpMethod, "PUT");
  assert.deepEqual(Buffer.from(now.httpTarget.body), BYTES);
  assert.deepEqual(now.retryConfig, before.retryConfig);
  now = await update("whole", {}, ["description", "retry_config"]);
  assert.equal(now.description, "");
  assert.equal(now.retryConfig, null);
});

test("takes a mask that names what cannot be set", async () => {
  const now = await update("whole", { schedule: "0 6 * * *" }, ["name", "state", "schedule"]);
  assert.equal(now.schedule, "0 6 * * *");
  assert.equal(now.name, job("whole"));
});

test("swaps a token for the other and takes it away", async () => {
  let now = await update("oauth", {
    httpTarget: { oidcToken: { serviceAccountEmail: ACCOUNT, audience: "a" } },
  }, ["http_target.oidc_token"]);
  assert.equal(now.httpTarget.authorizationHeader, "oidcToken");
  assert.equal(now.httpTarget.oauthToken, undefined);
  now = await update("oauth", {}, ["http_target.oidc_token"]);
  assert.equal(now.httpTarget.authorizationHeader, undefined);
});

test("updates without a mask what the body has", async () => {
  const before = await get("pubsub");
  const now = await update("pubsub", { description: "new" });
  assert.equal(now.description, "new");
  assert.deepEqual(now.pubsubTarget, before.pubsubTarget);
  assert.equal(now.schedule, before.schedule);
});

test("moves a job to another kind of target", async () => {
  await create(http("kind"));
  const now = await update("kind", {
    pubsubTarget: { topicName: "projects/node/topics/t", data: Buffer.from("x") },
  }, ["pubsub_target"]);
  assert.equal(now.target, "pubsubTarget");
  assert.equal(now.httpTarget, undefined);
});

test("pauses, resumes, and lets an enabled job be resumed", async () => {
  const [paused] = await client.pauseJob({ name: job("whole") });
  assert.equal(paused.state, "PAUSED");
  assert.equal(paused.scheduleTime, null);
  await refused(400, "FAILED_PRECONDITION", /Job\.state must be ENABLED for RunJob\./,
    () => client.runJob({ name: job("whole") }));
  assert.equal((await update("whole", { description: "still" }, ["description"])).state, "PAUSED");
  for (let i = 0; i < 2; i++) {
    const [resumed] = await client.resumeJob({ name: job("whole") });
    assert.equal(resumed.state, "ENABLED");
    assert.ok(resumed.scheduleTime);
  }
});

test("runs a job at once; the target receives its bytes", async () => {
  const sink = await target();
  await create(http("run", {
    httpTarget: { uri: `${sink.url}/in?x=1`, httpMethod: "PUT", headers: { "X-Mine": "1" }, body: BYTES },
  }));
  const [answer] = await client.runJob({ name: job("run") });
  assert.equal(answer.name, job("run"));
  const request = await sink.next();
  assert.equal(`${request.method} ${request.url}`, "PUT /in?x=1");
  assert.deepEqual(request.whole, BYTES);
  assert.equal(request.headers["x-mine"], "1");
  assert.equal(request.headers["x-cloudscheduler"], "true");
  assert.equal(request.headers["x-cloudscheduler-jobname"], "run");
  assert.equal(request.headers["content-type"], "application/octet-stream");
  assert.equal(request.headers["user-agent"], "Google-Cloud-Scheduler");
});

test("sends an OIDC token that Google's own library verifies", async () => {
  const sink = await target();
  const audience = `${sink.url}/secured`;
  await create(http("oidc", {
    httpTarget: { uri: audience, headers: { Authorization: "mine" }, oidcToken: { serviceAccountEmail: ACCOUNT } },
  }));
  await client.runJob({ name: job("oidc") });
  const [scheme, token] = (await sink.next()).headers.authorization.split(" ");
  assert.equal(scheme, "Bearer");
  const discovery = await (await fetch(`${url.origin}/.well-known/openid-configuration`)).json();
  assert.equal(discovery.issuer, url.origin);
  const certs = await (await fetch(`${url.origin}/oauth2/v1/certs`)).json();
  const verifier = new OAuth2Client();
  const ticket = await verifier.verifySignedJwtWithCertsAsync(token, certs, audience, [url.origin]);
  assert.equal(ticket.getPayload().email, ACCOUNT);
  assert.equal(ticket.getPayload().email_verified, true);
  await assert.rejects(
    () => verifier.verifySignedJwtWithCertsAsync(token, certs, "https://other/", [url.origin]), /audience/);
  await assert.rejects(
    () => verifier.verifySignedJwtWithCertsAsync(`${token.slice(0, -8)}AAAAAAAA`, certs, audience, [url.origin]),
    /signature/);
});

test("deletes", async () => {
  await client.deleteJob({ name: job("kind") });
  await refused(404, "NOT_FOUND", /^Job not found\.$/, () => get("kind"));
});

test("lists and gets locations", async () => {
  const places = [];
  for await (const place of client.listLocationsAsync({ name: "projects/node" })) places.push(place);
  assert.ok(places.length > 20);
  const name = "projects/node/locations/us-central1";
  const [place] = await client.getLocation({ name });
  assert.equal(place.name, name);
  assert.equal(place.locationId, "us-central1");
  assert.deepEqual(place.labels, { "cloud.googleapis.com/region": "us-central1" });
  assert.deepEqual(places.find((p) => p.name === name), place);
});

for (const [method, call] of Object.entries({
  get: (name) => client.getJob({ name }),
  update: (name) => client.updateJob({ job: { name, description: "x" }, updateMask: { paths: ["description"] } }),
  delete: (name) => client.deleteJob({ name }),
  pause: (name) => client.pauseJob({ name }),
  resume: (name) => client.resumeJob({ name }),
  run: (name) => client.runJob({ name }),
})) {
  test(`${method} of a missing job is NOT_FOUND`, () =>
    refused(404, "NOT_FOUND", /^Job not found\.$/, () => call(job("missing"))));
}

test("a name that is taken is ALREADY_EXISTS", () =>
  refused(409, "ALREADY_EXISTS", /^Job projects\/node\/locations\/us-central1\/jobs\/whole already exists\.$/,
    () => create(http("whole"))));

const withTarget = (fields) => ({ httpTarget: { uri: "https://example.com/", ...fields } });
for (const [why, fields, message] of [
  ["schedule", { schedule: "61 * * * *" }, /schedule or timezone are invalid.*minute/],
  ["missing schedule", { schedule: "" }, /schedule or timezone are invalid/],
  ["time zone", { timeZone: "Mars/Base" }, /schedule or timezone are invalid.*Mars\/Base/],
  ["target that is missing", { httpTarget: undefined }, /no target/],
  ["uri", { httpTarget: { uri: "ftp://x/" } }, /uri/],
  ["body of a GET", withTarget({ httpMethod: "GET", body: BYTES }), /GET request cannot have a body/],
  ["header's name", withTarget({ headers: { "a b": "c" } }), /header/],
  ["retry count", { retryConfig: { retryCount: 6 } }, /^invalid retry count/],
  ["fractional window", { retryConfig: { maxRetryDuration: seconds(1, 5e8) } }, /nanos cannot be set/],
  ["deadline", { attemptDeadline: seconds(10) }, /attempt_deadline must be between 15s and 30m0s/],
  ["description", { description: "x".repeat(501) }, /description/],
  ["name", { name: `${PARENT}/jobs/a.b` }, /^Job name must be formatted/],
  ["name of another place", { name: "projects/node/locations/asia-east1/jobs/a" }, /us-central1/],
  ["OAuth token for another's host", withTarget({ oauthToken: { serviceAccountEmail: ACCOUNT } }),
    /Invalid url for HttpRequest\.oauth_token/],
  ["token without an account", withTarget({ oidcToken: { audience: "a" } }), /service_account_email/],
  ["Pub/Sub message without data", { httpTarget: undefined,
    pubsubTarget: { topicName: "projects/node/topics/t" } }, /neither data nor an attribute/],
  ["topic of another project", { httpTarget: undefined,
    pubsubTarget: { topicName: "projects/other/topics/t", attributes: { a: "b" } } }, /project/],
  ["App Engine method", { httpTarget: undefined, appEngineHttpTarget: { httpMethod: "PATCH" } }, /PATCH/],
  ["App Engine path", { httpTarget: undefined, appEngineHttpTarget: { relativeUri: "x" } }, /relative_uri/],
]) {
  test(`a bad ${why} is INVALID_ARGUMENT`, () =>
    refused(400, "INVALID_ARGUMENT", message, () => create(http("bad", fields))));
}

test("a bad mask is INVALID_ARGUMENT", () =>
  refused(400, "INVALID_ARGUMENT", /^Invalid mask for Job: http_target\.url/,
    () => update("whole", {}, ["http_target.url"])));

test("a negative page size and a made-up token are INVALID_ARGUMENT", async () => {
  await refused(400, "INVALID_ARGUMENT", /page_size/,
    () => client.listJobs({ parent: PARENT, pageSize: -1 }));
  await refused(400, "INVALID_ARGUMENT", /page_token/,
    () => client.listJobs({ parent: PARENT, pageToken: "made up" }));
});

run("node @google-cloud/scheduler");
