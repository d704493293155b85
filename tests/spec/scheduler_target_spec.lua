local err = require "mooncron.err"
local json = require "mooncron.json"
local target = require "mooncron.scheduler.target"

local SLOT <const> = "2026-10-05T01:45:00-07:00"
local NAME <const> = "projects/p/locations/l/jobs/nightly"

local function request(fields, context)
  fields.name = NAME
  context = context or {}
  context.schedule_time = SLOT
  return target.request(fields, context)
end

local function http(fields, context)
  fields.uri = fields.uri or "http://127.0.0.1:1/x"
  return assert(request({ http_target = fields }, context))
end

describe("scheduler.target of an HTTP target", function()
  it("sends the headers of Cloud Scheduler and no others", function()
    assert.same({
      method = "POST",
      url = "http://127.0.0.1:1/x",
      headers = {
        ["X-CloudScheduler"] = "true",
        ["X-CloudScheduler-JobName"] = "nightly",
        ["X-CloudScheduler-ScheduleTime"] = SLOT,
        ["User-Agent"] = "Google-Cloud-Scheduler",
        ["Accept-Encoding"] = "gzip, deflate, br",
      },
      timeout_ms = 180000,
    }, http {})
  end)

  local RESERVED <const> = {
    "Host", "host", "Content-Length", "CONTENT-LENGTH", "User-Agent", "user-agent", "X-Google-Foo",
      "x-google-apps",
    "X-AppEngine-Cron", "X-Appengine-QueueName", "X-CloudScheduler", "x-cloudscheduler",
      "X-CloudScheduler-JobName",
    "X-CloudScheduler-ScheduleTime", "x-cloudscheduler-anything", "Transfer-Encoding", "Connection",
  }
  for _, name in ipairs(RESERVED) do
    it("ignores or replaces " .. name, function()
      assert.same(http({}).headers, http({ headers = { [name] = "mine" } }).headers)
    end)
  end

  local OWN <const> = {
    "X-Goog-Something", "X-Cloud-Trace", "Accept", "Cookie", "X-Custom", "Google", "X-AppEngin-",
      "Content-Encoding",
  }
  for _, name in ipairs(OWN) do
    it("sends the user's " .. name, function()
      assert.equal("mine", http({ headers = { [name] = "mine" } }).headers[name])
    end)
  end

  it("lets the user choose the encodings, in any case of the header's name", function()
    local headers = http({ headers = { ["accept-encoding"] = "identity" } }).headers
    assert.equal("identity", headers["accept-encoding"])
    assert.is_nil(headers["Accept-Encoding"])
  end)

  local BODIES <const> = {
    { nil, nil, nil, "no body: none" },
    { "x", nil, "application/octet-stream", "a body without one" },
    { "x", { ["content-type"] = "text/plain" }, nil, "the user's, in any case" },
    { nil, { ["Content-Type"] = "text/plain" }, "text/plain", "the user's without a body" },
  }
  for _, row in ipairs(BODIES) do
    it("sets Content-Type: " .. row[4], function()
      local r = http { body = row[1], headers = row[2] }
      assert.equal(row[3], r.headers["Content-Type"])
      assert.equal(row[1], r.body)
    end)
  end

  it("sends bytes as they are", function()
    assert.equal("\0\255\r\n", http({ body = "\0\255\r\n" }).body)
  end)

  it("uses the method and the deadline of the job", function()
    for _, method in ipairs { "POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS" } do
      assert.equal(method, http({ http_method = method }).method)
    end
    local r = assert(request { attempt_deadline = "15.500s", http_target = { uri = "http://h/" } })
    assert.equal(15500, r.timeout_ms)
  end)

  local URIS <const> = {
    { "http://h/a b", "http://h/a%20b", "a blank" },
    { "http://h/ä?q=ü", "http://h/%C3%A4?q=%C3%BC", "UTF-8" },
    { "http://h/%41?x=%zz&y=1#f", "http://h/%41?x=%zz&y=1#f", "what is encoded, or looks so, stays" },
    { "http://h/a|b^c`d{e}\"<>\\", "http://h/a%7Cb%5Ec%60d%7Be%7D%22%3C%3E%5C", "what no URI has" },
    { "http://[::1]:80/[x]", "http://[::1]:80/[x]", "brackets" },
  }
  for _, row in ipairs(URIS) do
    it("percent-encodes the uri: " .. row[3], function()
      assert.equal(row[2], http({ uri = row[1] }).url)
    end)
  end

  it("lets a token override any Authorization header", function()
    local seen
    local context = {
      token = function(t)
        seen = t
        return "TOKEN"
      end,
    }
    for _, field in ipairs { "oidc_token", "oauth_token" } do
      local fields = { headers = { authorization = "mine" }, [field] = { service_account_email = "a@b" } }
      local headers = http(fields, context).headers
      assert.equal("Bearer TOKEN", headers["Authorization"])
      assert.is_nil(headers["authorization"])
      assert.equal(fields, seen)
    end
  end)

  it("keeps the user's Authorization without a token", function()
    assert.equal("mine", http({ headers = { authorization = "mine" } }).headers["authorization"])
  end)

  it("does not send without the token", function()
    local r, e = request({ http_target = { uri = "http://h/", oidc_token = {} } }, {
      token = function()
        return nil, err.new("UNIMPLEMENTED", "no tokens here")
      end,
    })
    assert.is_nil(r)
    assert.equal("UNIMPLEMENTED: no tokens here", tostring(e))
  end)

  it("leaves the job alone", function()
    local headers = { ["X-A"] = "1", host = "h" }
    local fields = { uri = "http://h/", headers = headers, body = "b" }
    http(fields)
    assert.same({ ["X-A"] = "1", host = "h" }, headers)
    assert.same({ uri = "http://h/", headers = headers, body = "b" }, fields)
  end)
end)

describe("scheduler.target of an App Engine target", function()
  local ROUTES <const> = {
    ["default"] = "http://127.0.0.1:1",
    ["api"] = "http://127.0.0.1:2/",
    ["api/v2"] = "http://127.0.0.1:3/base",
  }

  local ROWS <const> = {
    { nil, "/x", "http://127.0.0.1:1/x", "no routing" },
    { {}, nil, "http://127.0.0.1:1/", "no relative_uri" },
    { { service = "api" }, "/x?y=1", "http://127.0.0.1:2/x?y=1", "a service" },
    { { service = "api", version = "v2" }, "/x", "http://127.0.0.1:3/base/x", "a version of it" },
    { { service = "api", version = "v9" }, "/x", "http://127.0.0.1:2/x", "an unknown version" },
    { { service = "gone" }, "/x", "http://127.0.0.1:1/x", "an unknown service: the default one [ref]" },
    { { version = "v2" }, "/x", "http://127.0.0.1:1/x", "a version of the default service" },
  }
  for _, row in ipairs(ROWS) do
    it("routes " .. row[4], function()
      local job = { app_engine_http_target = { app_engine_routing = row[1], relative_uri = row[2] } }
      local r = assert(request(job, { app_engine = ROUTES }))
      assert.equal(row[3], r.url)
    end)
  end

  it("sends its own User-Agent, or the job's with it appended", function()
    local job = { app_engine_http_target = {} }
    local headers = assert(request(job, { app_engine = ROUTES })).headers
    assert.same({
      ["X-CloudScheduler"] = "true",
      ["X-CloudScheduler-JobName"] = "nightly",
      ["X-CloudScheduler-ScheduleTime"] = SLOT,
      ["User-Agent"] = "AppEngine-Google; (+http://code.google.com/appengine)",
    }, headers)
    job.app_engine_http_target.headers = {
      ["User-Agent"] = "Mine AppEngine-Google; (+http://code.google.com/appengine)",
    }
    headers = assert(request(job, { app_engine = ROUTES })).headers
    assert.equal("Mine AppEngine-Google; (+http://code.google.com/appengine)", headers["User-Agent"])
  end)

  it("gives ten minutes unless the job says otherwise", function()
    local job = { app_engine_http_target = {} }
    assert.equal(600000, assert(request(job, { app_engine = ROUTES })).timeout_ms)
    job.attempt_deadline = "0s"
    assert.equal(600000, assert(request(job, { app_engine = ROUTES })).timeout_ms)
    job.attempt_deadline = "86415s"
    assert.equal(86415000, assert(request(job, { app_engine = ROUTES })).timeout_ms)
  end)

  it("says how to tell where App Engine is", function()
    for _, routes in ipairs { false, {}, { other = "http://h" } } do
      local r, e = request({ app_engine_http_target = {} }, { app_engine = routes or nil })
      assert.is_nil(r)
      assert.equal("FAILED_PRECONDITION", e.code)
      assert.matches("--app-engine default=", e.message, 1, true)
    end
  end)
end)

describe("scheduler.target of a Pub/Sub target", function()
  local function publish(fields)
    fields.topic_name = "projects/p/topics/t"
    local r = assert(request({ pubsub_target = fields }, { pubsub_endpoint = "http://127.0.0.1:8085" }))
    return r, json.decode(r.body)
  end

  it("publishes one message with the data in base64 and the attributes", function()
    local r, body = publish { data = "\0\255 hello", attributes = { a = "1", ["ü"] = "2" } }
    assert.equal("POST", r.method)
    assert.equal("http://127.0.0.1:8085/v1/projects/p/topics/t:publish", r.url)
    assert.same({ ["Content-Type"] = "application/json" }, r.headers)
    assert.same({ messages = { { data = "AP8gaGVsbG8=", attributes = { a = "1", ["ü"] = "2" } } } }, body)
  end)

  it("adds nothing of its own", function()
    local _, body = publish { data = "x" }
    assert.same({ messages = { { data = "eA==" } } }, body)
    _, body = publish { attributes = { a = "1" } }
    assert.same({ messages = { { attributes = { a = "1" } } } }, body)
  end)

  it("says how to tell where Pub/Sub is", function()
    local r, e = request { pubsub_target = { topic_name = "projects/p/topics/t", data = "x" } }
    assert.is_nil(r)
    assert.equal("FAILED_PRECONDITION", e.code)
    assert.matches("PUBSUB_EMULATOR_HOST", e.message, 1, true)
  end)
end)

describe("scheduler.target.describe", function()
  local ROWS <const> = {
    { { http_target = { uri = "http://h/" } }, "HTTP", "http://h/" },
    { { pubsub_target = { topic_name = "projects/p/topics/t" } }, "PUB_SUB", "projects/p/topics/t" },
    { { app_engine_http_target = { relative_uri = "/x" } }, "APP_ENGINE_HTTP", "/x" },
    { { app_engine_http_target = {} }, "APP_ENGINE_HTTP", "/" },
  }
  for _, row in ipairs(ROWS) do
    it("names " .. row[2] .. " " .. row[3], function()
      assert.same({ row[2], row[3] }, { target.describe(row[1]) })
    end)
  end
end)

it("scheduler.target refuses a job without a target", function()
  local r, e = request {}
  assert.is_nil(r)
  assert.equal("INTERNAL", e.code)
end)
