local core = require "mooncron.core"
local http = require "mooncron.http"
local json = require "mooncron.json"
local mooncron = require "mooncron"
local scheduling = require "support.scheduling"
local task = require "mooncron.task"

local IDLE <const> = "/mooncron/scheduler:waitUntilIdle"
local TOKEN <const> = "0123456789abcdef-token"

describe("scheduler.admin", function()
  local s

  local function ask(method, target, body)
    local done = task.event()
    s:handle({
      method = method,
      target = target,
      headers = {},
      body = type(body) == "table" and json.encode(body) or body or "",
    }, function(response)
      done:set(response)
    end)
    local response = done.wait()
    return response.status, response.body:sub(1, 1) == "{" and json.decode(response.body) or response.body
  end

  local function create(name, fields)
    assert(s.jobs:create(scheduling.PARENT, scheduling.job(name, fields)))
  end

  before_each(function()
    s = scheduling.open { clock = "virtual" }
  end)

  after_each(function()
    s:close()
  end)

  it("tells and moves the time", function()
    local _, clock = ask("GET", "/mooncron/clock")
    assert.same({ time = "2026-10-05T08:00:00.000Z", virtual = true }, clock)
    create("a", { http_target = { uri = s:recorder().uri } })
    local status, moved = ask("POST", "/mooncron/clock:advance", { duration = "3600s" })
    assert.equal(200, status)
    assert.same({ time = "2026-10-05T09:00:00.000Z", virtual = true, instants = 60 }, moved)
    _, moved = ask("POST", "/mooncron/clock%3Agoto", { time = "2026-10-05T09:02:00Z" })
    assert.equal(2, moved.instants)
  end)

  local BAD <const> = {
    { "POST", "/mooncron/clock:advance", {}, 400, "duration is missing", "nothing given" },
    { "POST", "/mooncron/clock:advance", { duration = "x" }, 400, "'x' is not a duration", "no duration" },
    { "POST", "/mooncron/clock:advance", { duration = "-1s" }, 400, "only moves forward", "the past" },
    { "POST", "/mooncron/clock:advance", { duration = -1 }, 400, "only moves forward", "past seconds" },
    { "POST", "/mooncron/clock:advance", "{", 400, "invalid JSON", "no JSON" },
    { "POST", "/mooncron/clock:advance", "3", 400, "no JSON object", "no object" },
    { "POST", "/mooncron/clock:goto", { time = "2020-01-01T00:00:00Z" }, 400, "only moves", "the past" },
    { "POST", "/mooncron/faults", { status = 1 }, 400, "status '1'", "a wrong fault" },
    { "POST", IDLE, { timeout = "-1s" }, 400, "less than nothing", "the past" },
    { "GET", "/mooncron/attempts?limit=x", nil, 400, "limit 'x'", "no number" },
    { "GET", "/mooncron/attempts?limit=100000", nil, 400, "limit '100000'", "too many" },
    { "GET", "/mooncron/attempts?after=-1", nil, 400, "after '-1'", "no id" },
    { "GET", "/mooncron/attempts?failed=1", nil, 400, "failed '1'", "no boolean" },
    { "GET", "/mooncron/attempts?form=xml", nil, 400, "form 'xml'", "an unknown form" },
    { "GET", "/mooncron/nothing", nil, 404, "none of our endpoints", "an unknown path" },
    { "GET", "/mooncron/clock:advance", nil, 404, "none of our endpoints", "another method" },
    { "PUT", "/metrics", "", 404, "is not of the API", "another method of metrics" },
  }
  for _, row in ipairs(BAD) do
    it(("refuses %s %s: %s"):format(row[1], row[2], row[6]), function()
      local status, answer = ask(row[1], row[2], row[3])
      assert.equal(row[4], status)
      assert.matches(row[5], answer.error.message, 1, true)
      assert.equal(row[4], answer.error.code)
    end)
  end

  it("moves no real time and drops no real jobs", function()
    s:close()
    s = scheduling.open()
    create "a"
    for _, path in ipairs { "clock:advance", "clock:goto", "scheduler:reset", "scheduler:runDue" } do
      local body = { duration = "1h", time = "2027-01-01T00:00:00Z" }
      local status, answer = ask("POST", "/mooncron/" .. path, body)
      assert.same({ 400, "FAILED_PRECONDITION" }, { status, answer.error.status })
    end
    assert.equal(1, s.store:job_count())
  end)

  it("lists attempts as rows and as log entries, page by page", function()
    create("a", { http_target = { uri = s:recorder().uri } })
    s:fault { times = 1, status = 500 }
    s:advance "3m"
    local _, page = ask("GET", "/mooncron/attempts?after=0&limit=2")
    assert.same({ 2, 2 }, { #page.attempts, page.after })
    _, page = ask("GET", "/mooncron/attempts?limit=2")
    assert.same({ 2, 3 }, { page.attempts[1].id, page.after })
    _, page = ask("GET", "/mooncron/attempts?after=3")
    assert.same({ attempts = {}, after = 3 }, page)
    _, page = ask("GET", "/mooncron/attempts?failed=true&job=a&form=entries")
    assert.equal(2, #page.entries)
    assert.equal("INTERNAL", page.entries[2].jsonPayload.status)
    assert.equal("2026-10-05T08:01:00.000Z", page.entries[1].jsonPayload.scheduledTime)
  end)

  it("keeps faults", function()
    local status, answer = ask("POST", "/mooncron/faults", { job = "a", times = 2, delay = "5s" })
    assert.equal(200, status)
    assert.same({ faults = { { job = "a", times = 2, delay = "5s" } } }, answer)
    assert.same(answer, select(2, ask("GET", "/mooncron/faults")))
    assert.same({ faults = {} }, select(2, ask("DELETE", "/mooncron/faults")))
  end)

  it("ends who waits when the scheduler stops", function()
    local recorder = s:recorder()
    recorder:respond(function()
      task.sleep(60)
    end)
    create("a", { http_target = { uri = recorder.uri } })
    local answer
    s:handle({ method = "POST", target = "/mooncron/clock:advance", body = '{"duration":"1m"}' }, function(r)
      answer = r
    end)
    task.sleep(0.01)
    assert.is_nil(answer)
    s:stop(0)
    task.sleep(0.001)
    assert.equal(499, answer.status)
  end)

  it("lets only so many wait at once", function()
    local recorder = s:recorder()
    recorder:respond(function()
      task.sleep(60)
    end)
    create("a", { http_target = { uri = recorder.uri } })
    local refused = 0
    local request = { method = "POST", target = "/mooncron/clock:advance", body = '{"duration":"1m"}' }
    for _ = 1, 105 do
      s:handle(request, function(r)
        refused = refused + (r.status == 429 and 1 or 0)
      end)
    end
    assert.equal(5, refused)
    s:stop(0)
    task.sleep(0.001)
    assert.equal(0, s.waiting.count)
  end)

  describe("through a server", function()
    local server, client

    before_each(function()
      server = assert(s:listen { token = TOKEN })
      client = assert(mooncron.connect { endpoint = "http://127.0.0.1:" .. server:port(), token = TOKEN })
      s:start()
    end)

    after_each(function()
      client:close()
      server:close()
    end)

    it("a client has what it has in process", function()
      local recorder = assert(client:recorder())
      assert(client:create_job {
        name = "a", schedule = "0 * * * *", http_target = { uri = recorder.uri .. "/x", body = "b" },
      })
      assert.equal(scheduling.START_MS, client:now_ms())
      assert.is_true(client:fault { job = "a", times = 1, status = 418 })
      assert.same({ { job = "a", times = 1, status = 418 } }, client:faults())
      assert.equal(2, client:advance "2h")
      assert.equal(1, client:go_to "2026-10-05T11:00:00Z")
      assert.equal(0, client:advance(0.5))
      recorder:assert_received { method = "POST", path = "/x", body = "b", times = 2 }
      assert(client:run_job "a")
      assert.is_true(client:wait_until_idle "5s")
      assert.equal(3, recorder:count())
      local here, there = s:attempts(), client:attempts()
      assert.same(here, there)
      assert.same({ here[1] }, client:attempts { failed = true })
      assert.same({ here[4] }, client:attempts { limit = 1, newest = true })
      assert.same({ here[2] }, client:attempts { after_id = 1, limit = 1 })
      assert.is_true(client:clear_faults())
      assert.is_true(client:reset())
      assert.same({}, client:attempts())
    end)

    it("a mistake of the caller is raised as in process", function()
      local ok, e = pcall(client.advance, client, "x")
      assert.is_false(ok)
      assert.equal("INVALID_ARGUMENT", e.code)
      ok, e = pcall(client.fault, client, { status = 1 })
      assert.is_false(ok)
      assert.matches("status '1'", e.message, 1, true)
    end)

    it("nobody without the token gets in, but to ask for its health and its keys", function()
      local url = "http://127.0.0.1:" .. server:port()
      local jobs = "/v1/projects/p/locations/l/jobs"
      for _, path in ipairs { jobs, "/metrics", "/mooncron/clock", "/tokeninfo" } do
        local response = assert(http.get(url .. path))
        assert.equal(401, response.status)
        assert.equal('Bearer realm="mooncron"', response.headers["www-authenticate"])
        assert.equal("UNAUTHENTICATED", json.decode(response.body).error.status)
      end
      for _, path in ipairs { "/healthz", "/oauth2/v3/certs", "/.well-known/openid-configuration" } do
        assert.equal(200, assert(http.get(url .. path)).status)
      end
      local headers = { Authorization = "Bearer " .. TOKEN }
      local metrics = assert(http.get(url .. "/metrics", { headers = headers }))
      assert.equal("text/plain; version=0.0.4; charset=utf-8", metrics.headers["content-type"])
      local _, e = mooncron.connect({ endpoint = url }):get_job "a"
      assert.equal("UNAUTHENTICATED", e.code)
    end)

    it("a foreign name is turned away", function()
      local response = assert(http.get("http://127.0.0.1:" .. server:port() .. "/healthz", {
        headers = { Host = "evil.example" },
      }))
      assert.equal(403, response.status)
    end)
  end)

  it("does not listen beyond loopback without a token, unless told", function()
    local server, e = s:listen { host = "0.0.0.0" }
    assert.is_nil(server)
    assert.matches("--token-file, or --insecure", e.message, 1, true)
    server = assert(s:listen { host = "0.0.0.0", insecure = true })
    server:close()
  end)

  it("tells of an attempt as JSON and back without a loss", function()
    local attempt_json = require "mooncron.scheduler.attempt_json"
    local row = {
      id = 1, job = "j", scheduled_ms = 1, forced = 1, attempt = 2, started_ms = 3, ended_ms = 4,
      latency_us = 5,
      target_type = "HTTP", target = "t", code = "OK", http_status = 200, debug_info = "d",
      answer = "\0\255", note = "n",
    }
    local text = json.pretty(attempt_json.to_json(row), attempt_json.order)
    assert.same(row, attempt_json.from_json(json.decode(text)))
    assert.equal(1, core.time.parse_instant(json.decode(text).scheduleTime))
    row.debug_info = "\255"
    assert.equal("?", json.decode(json.pretty(attempt_json.to_json(row))).debugInfo)
  end)
end)
