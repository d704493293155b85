local client = require "mooncron.api.client"
local err = require "mooncron.err"
local json = require "mooncron.json"
local scheduling = require "support.scheduling"

local PARENT <const> = "projects/p/locations/l"

-- A backend that keeps the requests and answers from a list, or by a function.
local function scripted(answers)
  local backend = { requests = {}, closed = 0 }
  function backend.send(_, request)
    local n = #backend.requests + 1
    backend.requests[n] = request
    local answer = type(answers) == "function" and answers(request, n) or answers[n]
    if err.is(answer) then
      return nil, answer
    end
    return {
      status = answer.status or 200,
      body = type(answer.body) == "string" and answer.body or json.encode(answer.body or {}),
      headers = answer.headers or {},
    }
  end
  function backend.describe()
    return "a script"
  end
  function backend.close()
    backend.closed = backend.closed + 1
  end
  return backend
end

local function connect(answers)
  local backend = scripted(answers)
  return client.new { backend = backend, project = "p", location = "l" }, backend.requests
end

local LIVE <const> = {
  name = PARENT .. "/jobs/a",
  schedule = "* * * * *",
  timeZone = "UTC",
  state = "ENABLED",
  httpTarget = { uri = "http://h/", httpMethod = "POST",
    headers = { ["User-Agent"] = "Google-Cloud-Scheduler" } },
  attemptDeadline = "180s",
}

describe("client", function()
  local JOB <const> = { schedule = "* * * * *", http_target = { uri = "http://h/" } }

  local function with(fields)
    local job = {}
    for key, value in pairs(JOB) do
      job[key] = value
    end
    for key, value in pairs(fields) do
      job[key] = value
    end
    return job
  end

  -- method, argument, request: method, target, reason
  local FORMS <const> = {
    { "create_job", with { name = "a" }, "POST", "/v1/" .. PARENT .. "/jobs", "a short name" },
    { "create_job", with {}, "POST", "/v1/" .. PARENT .. "/jobs", "no name" },
    { "create_job", with { name = "l2/a" }, "POST", "/v1/projects/p/locations/l2/jobs",
      "a name with its location" },
    { "create_job", with { name = "projects/q/locations/m/jobs/a" }, "POST",
      "/v1/projects/q/locations/m/jobs",
      "a full name" },
    { "create_job", { parent = "projects/q/locations/m", job = with {} }, "POST",
      "/v1/projects/q/locations/m/jobs",
      "the official request" },
    { "create_job", { parent = PARENT, job = with { name = PARENT .. "/jobs/a" } }, "POST",
      "/v1/" .. PARENT .. "/jobs", "the official request with a name" },
    { "get_job", "a", "GET", "/v1/" .. PARENT .. "/jobs/a", "a short name" },
    { "get_job", { name = PARENT .. "/jobs/a" }, "GET", "/v1/" .. PARENT .. "/jobs/a",
      "the official request" },
    { "get_job", with { name = "a" }, "GET", "/v1/" .. PARENT .. "/jobs/a", "a job" },
    { "delete_job", "q/m/a", "DELETE", "/v1/projects/q/locations/m/jobs/a", "P/L/J" },
    { "delete_job", { name = "a" }, "DELETE", "/v1/" .. PARENT .. "/jobs/a", "the official request" },
    { "pause_job", "a", "POST", "/v1/" .. PARENT .. "/jobs/a:pause", "a short name" },
    { "resume_job", { name = "a" }, "POST", "/v1/" .. PARENT .. "/jobs/a:resume", "the official request" },
    { "run_job", "a", "POST", "/v1/" .. PARENT .. "/jobs/a:run", "a short name" },
    { "update_job", { job = { name = "a", schedule = "1 * * * *" },
      update_mask = { paths = { "schedule" } } },
      "PATCH", "/v1/" .. PARENT .. "/jobs/a?updateMask=schedule", "the official mask" },
    { "update_job", { job = { name = "a", time_zone = "UTC" }, update_mask = { "time_zone",
      "http_target.uri" } },
      "PATCH", "/v1/" .. PARENT .. "/jobs/a?updateMask=timeZone%2ChttpTarget.uri", "a list" },
    { "update_job", { job = { name = "a" }, update_mask = "timeZone,description" }, "PATCH",
      "/v1/" .. PARENT .. "/jobs/a?updateMask=timeZone%2Cdescription", "text" },
    { "get_location", nil, "GET", "/v1/projects/p/locations/l", "its own" },
    { "get_location", "m", "GET", "/v1/projects/p/locations/m", "another one" },
  }
  for _, row in ipairs(FORMS) do
    it(("%s takes %s"):format(row[1], row[5]), function()
      local c, requests = connect { { body = row[1] == "delete_job" and {} or LIVE } }
      assert(c[row[1]](c, row[2]))
      assert.same({ 1, row[3], row[4] }, { #requests, requests[1].method, requests[1].target })
    end)
  end

  it("sends a job as the API has it, with the full name", function()
    local c, requests = connect { { body = LIVE } }
    assert(c:create_job(with { name = "a", attempt_deadline = 30, http_target = { uri = "http://h/",
      body = "hi" } }))
    assert.same({
      name = PARENT .. "/jobs/a",
      schedule = "* * * * *",
      attemptDeadline = "30s",
      httpTarget = { uri = "http://h/", body = "aGk=" },
    }, json.decode(requests[1].body))
  end)

  it("gives back a canonical job", function()
    local c = connect { { body = LIVE } }
    local job = assert(c:get_job "a")
    assert.same({ PARENT .. "/jobs/a", "ENABLED", "POST" }, { job.name, job.state,
      job.http_target.http_method })
  end)

  it("passes over what a newer server adds", function()
    local c = connect { { body = '{"name":"' .. PARENT .. '/jobs/a","state":"FROZEN","novelty":{"x":[1]}}' } }
    assert.equal(PARENT .. "/jobs/a", assert(c:get_job "a").name)
  end)

  it("leaves the caller's tables alone", function()
    local c = connect { { body = LIVE }, { body = LIVE }, { body = LIVE } }
    local job = with { name = "a" }
    assert(c:create_job(job))
    assert(c:update_job { job = job, update_mask = "schedule" })
    assert.same(with { name = "a" }, job)
  end)

  -- ---- what is refused before anything is sent ----

  local BAD <const> = {
    { "create_job", with { name = "a b" }, "name", "may hold letters" },
    { "create_job", { scheduel = "x" }, "scheduel", "schedule" },
    { "create_job", with { http_target = { uri = "http://h/", http_method = "GRAB" } },
      "http_target.http_method",
      "GRAB" },
    { "get_job", "a/b/c/d", "name", "must be J, L/J, P/L/J" },
    { "get_job", "", "name", "may hold letters" },
    { "run_job", "projects/p/jobs/a", "name", "must look like" },
  }
  for _, row in ipairs(BAD) do
    it(("%s refuses a bad %s without asking"):format(row[1], row[3]), function()
      local c, requests = connect {}
      local job, e = c[row[1]](c, row[2])
      assert.is_nil(job)
      assert.same({ "INVALID_ARGUMENT", row[3] }, { e.code, e.path })
      assert.is_truthy(e.message:find(row[4], 1, true), e.message)
      assert.equal(0, #requests)
    end)
  end

  local MISTAKES <const> = {
    { "get_job", nil, "a job's name is wanted, not nil" },
    { "delete_job", {}, "a job's name is wanted, not nil" },
    { "create_job", "a", "a job is wanted, not string" },
    { "update_job", { schedule = "* * * * *" }, "a job's name is wanted, not nil" },
    { "pause_job", 7, "a job's name is wanted, not number" },
  }
  for _, row in ipairs(MISTAKES) do
    it(("%s raises at the caller's line: %s"):format(row[1], row[3]), function()
      local c = connect {}
      local ok, failure = pcall(function()
        return c[row[1]](c, row[2]), nil
      end)
      assert.is_false(ok)
      assert.matches("^tests/spec/client_spec%.lua:%d+: " .. row[3]:gsub("%p", "%%%0") .. "$",
        tostring(failure))
    end)
  end

  -- ---- lists ----

  it("lists over pages, asked for as they are needed", function()
    local function page(names, token)
      local jobs = {}
      for i, name in ipairs(names) do
        jobs[i] = { name = PARENT .. "/jobs/" .. name }
      end
      return { body = { jobs = jobs[1] and jobs, nextPageToken = token } }
    end
    local c, requests = connect { page({ "a", "b" }, "t/1="), page({}, "t2"), page({ "c" }, ""), }
    local seen, asked = {}, {}
    for job in c:list_jobs { page_size = 2 } do
      seen[#seen + 1] = job.name:match("[^/]+$")
      asked[#asked + 1] = #requests
    end
    assert.same({ "a", "b", "c" }, seen)
    assert.same({ 1, 1, 3 }, asked)
    assert.same({
      "/v1/" .. PARENT .. "/jobs?pageSize=2",
      "/v1/" .. PARENT .. "/jobs?pageSize=2&pageToken=t%2F1%3D",
      "/v1/" .. PARENT .. "/jobs?pageSize=2&pageToken=t2",
    }, { requests[1].target, requests[2].target, requests[3].target })
  end)

  it("lists nothing when there is nothing", function()
    local c, requests = connect { { body = "{}" } }
    for _ in c:list_jobs { parent = "projects/q/locations/m" } do
      error("there is no job")
    end
    assert.equal("/v1/projects/q/locations/m/jobs", requests[1].target)
  end)

  it("raises an error in between, as an object", function()
    local c = connect {
      { body = { jobs = { { name = PARENT .. "/jobs/a" } }, nextPageToken = "t" } },
      err.new("UNAVAILABLE", "connection refused"),
    }
    local seen = 0
    local ok, e = pcall(function()
      for _ in c:list_jobs() do
        seen = seen + 1
      end
    end)
    assert.is_false(ok)
    assert.same({ 1, "UNAVAILABLE" }, { seen, e.code })
  end)

  -- ---- computed masks ----

  local UPDATES <const> = {
    { { schedule = "1 * * * *" }, "schedule", "one field" },
    { { schedule = "1 * * * *", time_zone = "Asia/Tokyo" }, "schedule%2CtimeZone", "two" },
    { { http_target = { uri = "http://new/" } }, "httpTarget.uri",
      "a field of the target, not what the service adds" },
    { { http_target = { uri = "http://h/", http_method = "PUT", body = "x" } },
      "httpTarget.httpMethod%2ChttpTarget.headers%2ChttpTarget.body",
        "a body, with the Content-Type that it gets" },
    { { pubsub_target = { topic_name = "projects/p/topics/t", data = "x" } }, "pubsubTarget",
      "another target" },
    { { retry_config = { retry_count = 2 } }, "retryConfig", "what was not there" },
    { { schedule = "* * * * *" }, nil, "what is so already" },
    { { http_target = { uri = "http://h" } }, nil, "what is so once the service has written it" },
    { { state = "PAUSED" }, nil, "what only the service sets" },
  }
  for _, row in ipairs(UPDATES) do
    it("update_job patches the least: " .. row[3], function()
      local c, requests = connect(function()
        return { body = LIVE }
      end)
      local job = { name = "a" }
      for key, value in pairs(row[1]) do
        job[key] = value
      end
      assert(c:update_job(job))
      assert.equal("GET", requests[1].method)
      if row[2] then
        assert.same({ "PATCH", "/v1/" .. PARENT .. "/jobs/a?updateMask=" .. row[2] },
          { requests[2].method, requests[2].target })
        assert.equal(2, #requests)
      else
        for _, request in ipairs(requests) do
          assert.equal("GET", request.method)
        end
      end
    end)
  end

  it("update_job tells when there is no such job", function()
    local c, requests = connect { { status = 404,
      body = '{"error":{"code":404,"message":"Job not found."}}' } }
    local job, e = c:update_job { name = "a", schedule = "1 * * * *" }
    assert.is_nil(job)
    assert.equal("NOT_FOUND: Job not found.", tostring(e))
    assert.equal(1, #requests)
  end)

  -- ---- errors ----

  it("decodes the server's errors", function()
    local c = connect {
      { status = 400, body = { error = { code = 400, status = "FAILED_PRECONDITION",
        message = "Job.state" } } },
      { status = 503, body = "<html><title>Overloaded</title></html>", headers = { ["retry-after"] = "7" } },
      { status = 200, body = "<html>" },
      err.new("UNAVAILABLE", "connection refused"),
    }
    local _, e = c:run_job "a"
    assert.same({ "FAILED_PRECONDITION", "Job.state", 400 }, { e.code, e.message, e.status })
    _, e = c:get_job "a"
    assert.same({ "UNAVAILABLE", 7, true }, { e.code, e.retry_after, e.retryable })
    _, e = c:get_job "a"
    assert.same({ "INTERNAL", "the server's answer is not JSON" }, { e.code, e.message })
    _, e = c:delete_job "a"
    assert.equal("UNAVAILABLE: connection refused", tostring(e))
  end)

  -- ---- the rest ----

  it("lists locations", function()
    local c, requests = connect { { body = { locations = { { locationId = "l" } } } }, { body = "{}" } }
    assert.same({ { location_id = "l" } }, c:list_locations():all())
    assert.same({}, c:list_locations():all())
    assert.equal("/v1/projects/p/locations", requests[1].target)
  end)

  it("says where it is connected to", function()
    assert.equal("mooncron.client (a script, projects/p/locations/l)", tostring((connect {})))
  end)

  it("closes its backend, also by <close>", function()
    local backend = scripted {}
    do
      local c <close> = client.new { backend = backend, project = "p", location = "l" }
      assert.equal(0, backend.closed, tostring(c))
    end
    assert.equal(1, backend.closed)
  end)

  it("has what its backend adds, and nothing else", function()
    local backend = scripted {}
    backend.extras = {
      advance = function(self, amount)
        return self, amount
      end,
    }
    local c = client.new { backend = backend, project = "p", location = "l" }
    assert.same({ backend, "1h" }, { c:advance "1h" })
    assert.is_nil(c.no_such_method)
    assert.equal("p", c.project)
  end)

  it("does it all against the local scheduler", function()
    local s = scheduling.open()
    local backend = {
      send = function(_, request)
        local answer
        s:handle(request, function(response)
          answer = response
        end)
        assert(s.store:durable())
        return answer
      end,
      close = function() end,
    }
    local c = client.new { backend = backend, project = "p", location = "l" }
    for i = 1, 3 do
      assert(c:create_job(with { name = "j" .. i }))
    end
    local seen = {}
    for job in c:list_jobs { page_size = 1 } do
      seen[#seen + 1] = job.name:match("[^/]+$")
    end
    assert.same({ "j1", "j2", "j3" }, seen)
    assert.equal("PAUSED", assert(c:pause_job "j1").state)
    local updated = assert(c:update_job { name = "j1", schedule = "1 2 3 4 *",
      http_target = { uri = "http://i" } })
    assert.same({ "PAUSED", "1 2 3 4 *", "http://i/" }, { updated.state, updated.schedule,
      updated.http_target.uri })
    assert.equal("ENABLED", assert(c:resume_job "j1").state)
    assert(c:run_job "j1")
    assert.is_true(c:delete_job "j1")
    local _, e = c:delete_job "j1"
    assert.equal("NOT_FOUND", e.code)
    assert.equal(31, #assert(c:list_locations():all()))
    assert.equal("l", assert(c:get_location()).location_id)
    s:close()
  end)
end)
