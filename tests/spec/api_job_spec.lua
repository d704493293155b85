local job = require "mooncron.api.job"
local json = require "mooncron.json"

local PARENT <const> = "projects/P/locations/R"
local NAME <const> = PARENT .. "/jobs/hello"

local function http(fields)
  local target = { uri = "https://example.com/run" }
  for key, value in pairs(fields or {}) do
    target[key] = value
  end
  return target
end

local function with(fields)
  local given = { name = NAME, schedule = "* * * * *", http_target = http() }
  for key, value in pairs(fields) do
    given[key] = value ~= json.null and value or nil
  end
  return given
end

local function read_json(text)
  local value = assert(json.decode(text))
  return job.from_json(value)
end

-- The create answer recorded from the service in October 2026, names shortened; and jobs that the
-- rules of the reference make.
local TEXTS <const> = {
  {
    [[
{
  "name": "projects/fireemu-oracle-sbx/locations/us-central1/jobs/fe-c01",
  "pubsubTarget": {
    "topicName": "projects/fireemu-oracle-sbx/topics/fe",
    "data": "c2VlZC1vbmx5"
  },
  "userUpdateTime": "2026-10-01T05:19:59.866550Z",
  "state": "ENABLED",
  "status": {
    "code": -1
  },
  "scheduleTime": "2026-10-01T05:21:00Z",
  "schedule": "* * * * *",
  "timeZone": "UTC"
}
]],
    "the recorded create answer",
  },
  {
    [[
{
  "name": "projects/P/locations/R/jobs/hello",
  "description": "say \"hi\"\n\u0001 é",
  "httpTarget": {
    "uri": "https://example.com/",
    "httpMethod": "PUT",
    "headers": {
      "A": "1",
      "B/c": "2"
    },
    "body": "AAH+/w==",
    "oidcToken": {
      "serviceAccountEmail": "a@b.c",
      "audience": "x"
    }
  },
  "state": "PAUSED",
  "status": {},
  "lastAttemptTime": "2026-10-01T05:21:00.061563Z",
  "retryConfig": {
    "retryCount": 3,
    "maxRetryDuration": "0s",
    "minBackoffDuration": "5s",
    "maxBackoffDuration": "3600s",
    "maxDoublings": 5
  },
  "schedule": "every 5 minutes",
  "timeZone": "Etc/UTC",
  "attemptDeadline": "1.500s"
}
]],
    "every kind of member, in the order of the field numbers",
  },
  {
    [[
{
  "appEngineHttpTarget": {
    "httpMethod": "GET",
    "appEngineRouting": {
      "service": "s",
      "version": "v",
      "instance": "i",
      "host": "i.v.s.p.appspot.com"
    },
    "relativeUri": "/x"
  },
  "satisfiesPzs": true
}
]],
    "App Engine, and the field of the newer discovery document",
  },
  { "{}\n", "nothing at all" },
}

describe("job from and to JSON", function()
  for _, row in ipairs(TEXTS) do
    it("gives the same bytes back: " .. row[2], function()
      local value = assert(read_json(row[1]))
      assert.equal(row[1], json.pretty(job.to_json(value), job.order))
    end)

    it("keeps a canonical job as it is in Lua form: " .. row[2], function()
      local value = assert(read_json(row[1]))
      assert.same(value, (job.from_lua(value)))
    end)
  end

  local SAME <const> = {
    { '{"httpTarget":{"httpMethod":1}}', { http_target = { http_method = "POST" } },
      "enum number" },
    { '{"http_target":{"http_method":"GET"}}', { http_target = { http_method = "GET" } },
      "snake_case" },
    { '{"httpTarget":{"httpMethod":0,"headers":{}}}', { http_target = {} }, "defaults are absent" },
    { '{"httpTarget":{"body":"AAH-_w"}}', { http_target = { body = "\0\1\254\255" } },
      "Ruby's base64" },
    { '{"httpTarget":{"body":"AAH+/w=="}}', { http_target = { body = "\0\1\254\255" } }, "base64" },
    { '{"description":null,"httpTarget":null}', {}, "null is absent" },
    { '{"httpTarget":{"headers":{"A":null}}}', { http_target = {} },
      "gcloud nulls a removed header" },
    { '{"retryConfig":{"retryCount":"3"}}', { retry_config = { retry_count = 3 } },
      "number as text" },
    { '{"retryConfig":{"retryCount":0}}', { retry_config = {} },
      "message present, scalar default" },
    { '{"attemptDeadline":"090s"}', { attempt_deadline = "90s" }, "durations are canonical" },
    { '{"attemptDeadline":"1.5s"}', { attempt_deadline = "1.500s" }, "three digits" },
    { '{"attemptDeadline":"0s"}', { attempt_deadline = "0s" }, "zero is a value" },
    { '{"status":{"code":5,"details":[{"@type":"x"}]}}',
      { status = { code = 5, details = { { ["@type"] = "x" } } } }, "Any passes" },
  }
  for _, row in ipairs(SAME) do
    it("reads " .. row[1] .. ": " .. row[3], function()
      local value, problems = read_json(row[1])
      assert.is_nil(problems)
      assert.same(row[2], value)
    end)
  end

  it("writes enums by number when asked", function()
    local value = { state = "PAUSED", http_target = { http_method = "POST" } }
    assert.same(
      { state = 2, httpTarget = { httpMethod = 1 } },
      job.to_json(value, { int_enums = true })
    )
  end)

  it("omits defaults that somebody set by hand", function()
    local value = { description = "", state = "STATE_UNSPECIFIED", status = { code = 0 },
      http_target = { headers = {}, body = "" }, satisfies_pzs = false }
    assert.same({ status = {}, httpTarget = {} }, job.to_json(value))
  end)

  local BAD <const> = {
    { '{"x":1}', "x", "Unknown name \"x\" at 'job': Cannot find field.", "unknown field" },
    { '{"httpTarget":{"url":1}}', "http_target.url",
      "Unknown name \"url\" at 'job.http_target': Cannot find field.", "unknown deeper" },
    { '{"description":5}', "description", "Invalid value at 'job.description' (TYPE_STRING), 5",
      "type" },
    { '{"httpTarget":[1]}', "http_target",
      "(type.googleapis.com/google.cloud.scheduler.v1.HttpTarget)", "list" },
    { '{"httpTarget":{"httpMethod":"POTS"}}', "http_target.http_method", '"POTS"', "enum name" },
    { '{"httpTarget":{"httpMethod":9}}', "http_target.http_method", ", 9", "enum number" },
    { '{"httpTarget":{"body":"A"}}', "http_target.body", "(TYPE_BYTES)", "base64 too short" },
    { '{"httpTarget":{"body":"AA=A"}}', "http_target.body", "(TYPE_BYTES)", "padding inside" },
    { '{"attemptDeadline":90}', "attempt_deadline", "protobuf.Duration), 90",
      "duration as a number" },
    { '{"attemptDeadline":"90"}', "attempt_deadline", '"90"', "duration without its unit" },
    { '{"retryConfig":{"retryCount":1.5}}', "retry_config.retry_count", "1.5", "fraction" },
    { '{"httpTarget":{"headers":{"A":1}}}', "http_target.headers", "TYPE_STRING", "map value" },
    { '{"timeZone":"UTC","time_zone":"UTC"}', "time_zone", "given twice", "both spellings" },
    { '{"httpTarget":{},"pubsubTarget":{}}', "http_target", "oneof field 'target'", "two targets" },
    { '[]', nil, "schedule", "an empty list is an empty object to cjson", ok = true },
    { '[1]', "", "job must be an object", "a list" },
  }
  for _, row in ipairs(BAD) do
    it("refuses " .. row[1] .. ": " .. row[4], function()
      local value, problems = read_json(row[1])
      if row.ok then
        assert.same({}, value)
        return
      end
      assert.is_nil(value)
      assert.equal(1, #problems)
      assert.equal(row[2], problems[1].path)
      assert.is_truthy(
        job.error(problems).message:find(row[3], 1, true), job.error(problems).message
      )
    end)
  end

  it("passes over unknown fields and enum names of a newer server when lenient", function()
    local value = assert(json.decode '{"x":1,"state":"ARCHIVED","httpTarget":{"y":{},"uri":"u"}}')
    assert.same(
      { state = "ARCHIVED", http_target = { uri = "u" } },
      (job.from_json(value, { lenient = true }))
    )
  end)
end)

describe("job from Lua", function()
  local SAME <const> = {
    { { http_target = { http_method = "post" } }, { http_target = { http_method = "POST" } },
      "case" },
    { { http_target = { body = { b = { 1, 2.5 }, a = "x/é" } } },
      { http_target = { body = '{"a":"x/é","b":[1,2.5]}' } }, "a table is sent as JSON, sorted" },
    { { pubsub_target = { data = "raw" } }, { pubsub_target = { data = "raw" } }, "plain bytes" },
    { { attempt_deadline = 90 }, { attempt_deadline = "90s" }, "seconds" },
    { { attempt_deadline = 20.5 }, { attempt_deadline = "20.500s" }, "fraction of seconds" },
    { { attempt_deadline = "1h30m" }, { attempt_deadline = "5400s" }, "units" },
    { { http_target = { headers = { N = 3 } } }, { http_target = { headers = { N = "3" } } },
      "number" },
  }
  for i, row in ipairs(SAME) do
    it(("reads row %d: %s"):format(i, row[3]), function()
      local value, problems = job.from_lua(row[1])
      assert.is_nil(problems)
      assert.same(row[2], value)
    end)
  end

  it("collects all problems, with hints", function()
    local _, problems = job.from_lua {
      htp_target = {}, timezone = "UTC", uri = "x", attempt_deadline = "soon",
      http_target = { method = "GET", http_method = "PSOT" },
    }
    local lines = {}
    for i, violation in ipairs(job.error(problems).details[1].fieldViolations) do
      lines[i] = violation.description
    end
    assert.same({
      "http_target.http_method 'PSOT': is not a known http method, did you mean 'POST'?",
      "http_target.method: no such field, did you mean 'http_method'?",
      "attempt_deadline: 'soon' is not a duration: write 90s, 1.5s, 15m or 1h30m",
      "htp_target: no such field, did you mean 'http_target'?",
      "timezone: no such field, did you mean 'time_zone'?",
      "uri: no such field, did you mean 'http_target.uri'?",
    }, lines)
  end)

  it("refuses a body that is not expressible, a loop too", function()
    local loop = {}
    loop.loop = loop
    for _, body in ipairs { { print }, { 0 / 0 }, loop, { 1, x = 2 } } do
      local _, problems = job.from_lua { http_target = { body = body } }
      assert.equal("http_target.body", problems[1].path)
    end
  end)
end)

local function schedule_check(text, zone)
  if zone == "Mars" then
    return nil, { message = "is not a time zone", path = "time_zone" }
  elseif text == "bad" then
    return nil, { message = "minute 61 is not in 0-59" }
  end
  return true
end

local CTX <const> = { parent = PARENT, check_schedule = schedule_check }

describe("job.validate", function()
  local LONG <const> = ("x"):rep(500)
  local GOOD <const> = {
    { with {}, "the least" },
    { with { name = json.null }, "a name is invented" },
    { with { name = PARENT .. "/jobs/" .. LONG, description = ("é"):rep(500) }, "longest" },
    { with { attempt_deadline = "15s" }, "shortest deadline" },
    { with { attempt_deadline = "1800s" }, "longest deadline" },
    { with { retry_config = { retry_count = 5, max_doublings = 16 } },
      "five retries are accepted" },
    { with { http_target = http { uri = "HTTP://[::1]:80/x y" } }, "encoded by the service" },
    { with { http_target = http { body = "x", http_method = "PATCH" } }, "body" },
    { with { http_target = http { uri = "https://run.googleapis.com/x",
      oauth_token = { service_account_email = "a@b.c" } } }, "OAuth for a Google API" },
    { with { http_target = http { headers = { A = ("x"):rep(80 * 1024 - 2) } } },
      "largest headers" },
    { with { http_target = json.null, pubsub_target = { topic_name = "projects/P/topics/t",
      data = "x" },
      attempt_deadline = "1s" }, "a Pub/Sub job's deadline is ignored" },
    { with { http_target = json.null, pubsub_target = { topic_name = "projects/123/topics/t",
      attributes = { a = "" } } }, "a number may be the project" },
    { with { http_target = json.null, app_engine_http_target = { relative_uri = "/a?b#c",
      body = "x" },
      attempt_deadline = "0s" }, "App Engine" },
    { with { http_target = json.null, app_engine_http_target = {}, attempt_deadline = "86415s" },
      "24h15s" },
  }
  for _, row in ipairs(GOOD) do
    it("accepts " .. row[2], function()
      local ok, problems = job.validate(row[1], CTX)
      assert.is_true(ok, problems and tostring(job.error(problems)))
    end)
  end

  local RETRY <const> =
    "invalid retry count. The retry_count must be a positive integer less than 5: invalid argument"
  local SCHEDULE <const> = "The provided schedule or timezone are invalid."
  local BAD <const> = {
    { with { name = "hello" }, "name", "Job name must be formatted: " },
    { with { name = PARENT .. "/jobs/a.b" }, "name", "Job name must be formatted: " },
    { with { name = PARENT .. "/jobs/" .. LONG .. "x" }, "name", "Job name must be formatted: " },
    { with { name = "projects/P/locations/S/jobs/a" }, "name" },
    { with { description = ("é"):rep(501) }, "description" },
    { with { http_target = json.null }, "" },
    { with { pubsub_target = { topic_name = "projects/P/topics/t", data = "x" } },
      "pubsub_target" },
    { with { schedule = json.null }, "schedule", SCHEDULE },
    { with { schedule = "bad" }, "schedule", SCHEDULE },
    { with { time_zone = "Mars" }, "time_zone", SCHEDULE },
    { with { http_target = {} }, "http_target.uri" },
    { with { http_target = http { uri = "ftp://x/" } }, "http_target.uri" },
    { with { http_target = http { uri = "https:///x" } }, "http_target.uri" },
    { with { http_target = http { uri = "https://x/\r\n" } }, "http_target.uri" },
    { with { http_target = http { uri = "https://x/" .. ("é"):rep(346) } }, "http_target.uri" },
    { with { http_target = http { body = "x", http_method = "GET" } }, "http_target.body" },
    { with { http_target = http { body = "x", http_method = "DELETE" } }, "http_target.body" },
    { with { http_target = http { headers = { A = ("x"):rep(80 * 1024 - 1) } } },
      "http_target.headers" },
    { with { http_target = http { headers = { A = "x\ry" } } }, "http_target.headers" },
    { with { http_target = http { headers = { A = "x\0y" } } }, "http_target.headers" },
    { with { http_target = http { headers = { ["A b"] = "x" } } }, "http_target.headers" },
    { with { http_target = http { headers = { [""] = "x" } } }, "http_target.headers" },
    { with { http_target = http { headers = { A = "x", a = "y" } } }, "http_target.headers" },
    { with { http_target = http { oidc_token = {} } },
      "http_target.oidc_token.service_account_email" },
    { with { http_target = http { oauth_token = { service_account_email = "a@b.c" } } },
      "http_target.oauth_token", "Invalid url for HttpRequest.oauth_token" },
    { with { http_target = http { uri = "https://evilgoogleapis.com/",
      oauth_token = { service_account_email = "a@b.c" } } },
      "http_target.oauth_token", "Invalid url for HttpRequest.oauth_token" },
    { with { http_target = json.null, app_engine_http_target = { http_method = "PATCH" } },
      "app_engine_http_target.http_method" },
    { with { http_target = json.null, app_engine_http_target = { http_method = "GET",
      body = "x" } },
      "app_engine_http_target.body" },
    { with { http_target = json.null, app_engine_http_target = { relative_uri = "x" } },
      "app_engine_http_target.relative_uri" },
    { with { http_target = json.null, app_engine_http_target = { relative_uri = "/a b" } },
      "app_engine_http_target.relative_uri" },
    { with { http_target = json.null, app_engine_http_target = {}, attempt_deadline = "86416s" },
      "attempt_deadline" },
    { with { http_target = json.null, pubsub_target = { data = "x" } },
      "pubsub_target.topic_name" },
    { with { http_target = json.null, pubsub_target = { topic_name = "t", data = "x" } },
      "pubsub_target.topic_name" },
    { with { http_target = json.null, pubsub_target = { topic_name = "projects/Q/topics/t",
      data = "x" } },
      "pubsub_target.topic_name" },
    { with { http_target = json.null, pubsub_target = { topic_name = "projects/P/topics/t" } },
      "pubsub_target" },
    { with { retry_config = { retry_count = 6 } }, "retry_config.retry_count", RETRY },
    { with { retry_config = { retry_count = -1 } }, "retry_config.retry_count", RETRY },
    { with { retry_config = { max_retry_duration = "1.500s" } }, "retry_config.max_retry_duration",
      "retryConfig.max_retry_duration.nanos cannot be set: invalid argument" },
    { with { retry_config = { min_backoff_duration = "-1s" } },
      "retry_config.min_backoff_duration" },
    { with { retry_config = { max_doublings = -1 } }, "retry_config.max_doublings" },
    { with { attempt_deadline = "14.999s" }, "attempt_deadline",
      "attempt_deadline must be between 15s and 30m0s" },
    { with { attempt_deadline = "1801s" }, "attempt_deadline",
      "attempt_deadline must be between 15s and 30m0s" },
    { with { http_target = http { body = ("x"):rep(1024 * 1024) } }, "" },
  }
  for i, row in ipairs(BAD) do
    it(("refuses row %d: %s"):format(i, row[2]), function()
      local ok, problems = job.validate(row[1], CTX)
      assert.is_nil(ok)
      assert.equal(1, #problems, tostring(job.error(problems)))
      assert.equal(row[2], problems[1].path)
      local e = job.error(problems)
      if row[3] then
        assert.equal(row[3], e.message:sub(1, #row[3]))
      end
      assert.is_nil(job.error(problems, { ours = true }).message:find(row[3] or "\0", 1, true))
    end)
  end

  it("does not ask a patch for what it leaves out", function()
    assert.is_true(job.validate({ http_target = { body = "x" } }, { partial = true }))
    assert.is_true(job.validate({ pubsub_target = { attributes = {} } }, { partial = true }))
    assert.is_nil(job.validate({ description = ("x"):rep(501) }, { partial = true }))
  end)

  it("names field, value and fix of each problem in one error", function()
    local _, problems = job.validate(with { schedule = "bad", attempt_deadline = "1s" }, CTX)
    local e = job.error(problems)
    assert.equal("INVALID_ARGUMENT", e.code)
    assert.equal("schedule", e.path)
    assert.equal(
      "The provided schedule or timezone are invalid. schedule 'bad': minute 61 is not in 0-59; "
        .. "attempt_deadline '1s': is not in 15s-1800s",
      e.message
    )
    assert.equal("type.googleapis.com/google.rpc.BadRequest", e.details[1]["@type"])
    assert.equal(2, #e.details[1].fieldViolations)
  end)
end)

describe("job.normalise_stored", function()
  local FILLED <const> = { ["User-Agent"] = "Google-Cloud-Scheduler" }
  local AGENT <const> = "AppEngine-Google; (+http://code.google.com/appengine)"
  local ROWS <const> = {
    { { http_target = { uri = "https://x" } },
      { time_zone = "UTC", attempt_deadline = "180s",
        http_target = { uri = "https://x/", http_method = "POST", headers = FILLED } },
      "bare host, method, deadline, agent" },
    { { time_zone = "EST", attempt_deadline = "30s",
      http_target = { uri = "https://x?a", http_method = "PUT",
        body = "b", headers = { ["user-agent"] = "me", A = "1" } } },
      { time_zone = "EST", attempt_deadline = "30s",
        http_target = { uri = "https://x?a", http_method = "PUT",
        body = "b", headers = { A = "1", ["User-Agent"] = "Google-Cloud-Scheduler",
          ["Content-Type"] = "application/octet-stream" } } },
      "the user's agent is replaced, a body gets its type" },
    { { http_target = { uri = "https://x/", body = "b",
      headers = { ["content-type"] = "text/plain" },
        oidc_token = { service_account_email = "e" } } },
      { time_zone = "UTC", attempt_deadline = "180s",
        http_target = { uri = "https://x/", http_method = "POST", body = "b",
          headers = { ["content-type"] = "text/plain",
          ["User-Agent"] = "Google-Cloud-Scheduler" },
        oidc_token = { service_account_email = "e", audience = "https://x/" } } },
      "audience" },
    { { http_target = { uri = "https://x/", oauth_token = { service_account_email = "e" } } },
      { time_zone = "UTC", attempt_deadline = "180s",
        http_target = { uri = "https://x/", http_method = "POST", headers = FILLED,
          oauth_token = { service_account_email = "e",
          scope = "https://www.googleapis.com/auth/cloud-platform" } } },
      "scope" },
    { { pubsub_target = { topic_name = "t", data = "x" } },
      { time_zone = "UTC", pubsub_target = { topic_name = "t", data = "x" } },
      "a Pub/Sub job gets neither deadline nor retry config" },
    { { pubsub_target = {}, retry_config = {} },
      { time_zone = "UTC", pubsub_target = {}, retry_config = { max_retry_duration = "0s",
        min_backoff_duration = "5s", max_backoff_duration = "3600s", max_doublings = 5 } },
      "a retry config is filled" },
    { { pubsub_target = {}, retry_config = { retry_count = 2, min_backoff_duration = "0s",
        max_backoff_duration = "0s", max_doublings = 0 } },
      { time_zone = "UTC", pubsub_target = {},
        retry_config = { retry_count = 2, max_retry_duration = "0s",
        min_backoff_duration = "5s", max_backoff_duration = "3600s", max_doublings = 5 } },
      "zero means the default" },
    { { name = NAME, app_engine_http_target = { headers = { ["User-Agent"] = "me" },
        app_engine_routing = { service = "s", instance = "0" } } },
      { name = NAME, time_zone = "UTC", app_engine_http_target = { http_method = "POST",
        relative_uri = "/",
        headers = { ["User-Agent"] = "me " .. AGENT },
        app_engine_routing = { service = "s", instance = "0", host = "0.s.P.appspot.com" } } },
      "App Engine" },
  }
  for _, row in ipairs(ROWS) do
    it("fills in " .. row[3] .. ", once and for all", function()
      local before = json.canonical(row[1])
      local stored = job.normalise_stored(row[1])
      assert.same(row[2], stored)
      assert.same(row[2], job.normalise_stored(stored))
      assert.equal(before, json.canonical(row[1]), "the job given in is left alone")
    end)
  end

  it("prints a retry config as it was recorded", function()
    local stored = job.normalise_stored { pubsub_target = {}, retry_config = {} }
    assert.equal(
      '{"maxRetryDuration":"0s","minBackoffDuration":"5s","maxBackoffDuration":"3600s","maxDoublings":5}',
      json.canonical(job.to_json(stored).retryConfig, job.order.retryConfig)
    )
  end)
end)

describe("job.strip_output", function()
  it("drops what only the service sets", function()
    local given = { name = NAME, state = "PAUSED", status = { code = 5 }, schedule_time = "t",
      last_attempt_time = "t", user_update_time = "t", satisfies_pzs = true, schedule = "s",
      app_engine_http_target = { relative_uri = "/",
        app_engine_routing = { service = "s", host = "h" } } }
    assert.same({ name = NAME, schedule = "s",
      app_engine_http_target = { relative_uri = "/", app_engine_routing = { service = "s" } } },
      job.strip_output(given))
    assert.equal("h", given.app_engine_http_target.app_engine_routing.host)
  end)
end)
