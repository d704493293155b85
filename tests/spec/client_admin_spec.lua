-- The client's methods beside those of the jobs' plain life: upsert, what is found offline, names as the
-- official examples make them, locations, keys, operations.

local client <const> = require "mooncron.api.client"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"

local PARENT <const> = "projects/p/locations/l"

-- A client whose backend keeps the requests and answers from a list: bodies, or errors.
local function connect(answers, options)
  local requests = {}
  local backend = {
    send = function(_, request)
      requests[#requests + 1] = request
      local answer = answers[#requests]
      if err.is(answer) then
        return nil, answer
      end
      return { status = 200, headers = {}, body = json.encode(assert(answer, "no answer left")) }
    end,
    describe = function()
      return "a script"
    end,
  }
  local c = client.new { backend = backend, project = "p", location = "l",
    validate = not options or options.validate }
  return c, requests
end

local function sent(requests)
  local lines = {}
  for i, request in ipairs(requests) do
    lines[i] = ("%s %s %s"):format(request.rpc, request.method, request.target)
  end
  return lines
end

local NOT_FOUND <const> = err.new("NOT_FOUND", "Job not found.")

local function job(fields)
  local all = { name = "a", schedule = "* * * * *", http_target = { uri = "https://h" } }
  for key, value in pairs(fields or {}) do
    all[key] = value
  end
  return all
end

-- As the service shows such a job.
local function live(fields)
  local all = {
    name = PARENT .. "/jobs/a",
    schedule = "* * * * *",
    timeZone = "UTC",
    state = "ENABLED",
    userUpdateTime = "2026-01-01T00:00:00Z",
    attemptDeadline = "180s",
    httpTarget = {
      uri = "https://h/",
      httpMethod = "POST",
      headers = { ["User-Agent"] = "Google-Cloud-Scheduler" },
    },
  }
  for key, value in pairs(fields or {}) do
    all[key] = value
  end
  return all
end

describe("upsert_job", function()
  it("creates what is not there", function()
    local c, requests = connect { NOT_FOUND, live() }
    assert.equal("created", select(2, assert(c:upsert_job(job()))))
    assert.same({ "get_job GET /v1/" .. PARENT .. "/jobs/a", "create_job POST /v1/" .. PARENT .. "/jobs" },
      sent(requests))
  end)

  it("leaves alone what is so already", function()
    local c, requests = connect { live() }
    assert.equal("unchanged", select(2, assert(c:upsert_job(job()))))
    assert.equal(1, #requests)
  end)

  local CHANGES <const> = {
    { { schedule = "1 * * * *" }, {}, "schedule", "a field" },
    { {}, { description = "old" }, "description", "what is not given is cleared" },
    { { http_target = { uri = "https://h/", headers = { a = "b" } } }, {}, "httpTarget.headers",
      "headers" },
    { { retry_config = { retry_count = 1 } }, {}, "retryConfig", "retries" },
    { { pubsub_target = { topic_name = "projects/p/topics/t", data = "x" }, http_target = false }, {},
      "pubsubTarget%2CattemptDeadline", "another target" },
  }
  for _, row in ipairs(CHANGES) do
    it("patches the least: " .. row[4], function()
      local c, requests = connect { live(row[2]), live() }
      local wanted = job(row[1])
      wanted.http_target = wanted.http_target or nil
      assert.equal("updated", select(2, assert(c:upsert_job(wanted))))
      assert.equal(("update_job PATCH /v1/%s/jobs/a?updateMask=%s"):format(PARENT, row[3]),
        sent(requests)[2])
    end)
  end

  local SAME <const> = {
    { {}, { retryConfig = { maxRetryDuration = "0s", minBackoffDuration = "5s",
      maxBackoffDuration = "3600s",
      maxDoublings = 5 } }, "the retry config that gcloud sends with every job" },
    { { retry_config = { retry_count = 2 } }, { retryConfig = { retryCount = 2, maxRetryDuration = "0s",
      minBackoffDuration = "5s", maxBackoffDuration = "3600s", maxDoublings = 5 } }, "defaults filled in" },
    { { http_target = { uri = "https://h/", oidc_token = { service_account_email = "s@p" } } },
      { httpTarget = { uri = "https://h/", httpMethod = "POST",
        headers = { ["User-Agent"] = "Google-Cloud-Scheduler", Authorization = "x" },
        oidcToken = { serviceAccountEmail = "s@p", audience = "https://h/" } } },
      "the audience, and the header beside a token" },
    { { http_target = { uri = "https://h/", body = "x", headers = { ["content-type"] = "text/plain" } } },
      { httpTarget = { uri = "https://h/", httpMethod = "POST", body = "eA==",
        headers = { ["Content-Type"] = "text/plain" } } }, "headers in another case" },
  }
  for _, row in ipairs(SAME) do
    it("sees no change in " .. row[3], function()
      local c = connect { live(row[2]) }
      assert.equal("unchanged", select(2, assert(c:upsert_job(job(row[1])))))
    end)
  end

  it("patches what somebody else has created just now", function()
    local c, requests = connect { NOT_FOUND, err.new("ALREADY_EXISTS", "x"), live(), live() }
    assert.equal("updated", select(2, assert(c:upsert_job(job { schedule = "1 * * * *" }))))
    assert.equal(4, #requests)
  end)

  it("hands other errors on", function()
    local refused = err.new("PERMISSION_DENIED", "x")
    local got, e = connect({ refused }):upsert_job(job())
    assert.is_nil(got)
    assert.equal(refused, e)
  end)
end)

describe("before anything is sent", function()
  it("all problems are told at once", function()
    local c, requests = connect {}
    local got, e = c:create_job {
      name = "a b",
      schedul = "* * * * *",
      schedule = "61 * * * *",
      retry_config = { retry_count = 9 },
      attempt_deadline = "1s",
      http_taget = {},
      http_target = { uri = "ftp://h", http_method = "GET", body = 7 },
    }
    assert.is_nil(got)
    local paths = {}
    for _, problem in ipairs(e.problems) do
      paths[#paths + 1] = problem.path
    end
    table.sort(paths)
    assert.same({ "attempt_deadline", "http_taget", "http_target.body", "http_target.uri", "name",
      "retry_config.retry_count", "schedul", "schedule" }, paths)
    assert.is_truthy(e.message:find("http_taget: no such field, did you mean 'http_target'?", 1, true))
    assert.is_truthy(e.message:find("schedule '61 * * * *': minute 61 is not in 0-59", 1, true))
    assert.equal(0, #requests)
  end)

  it("a patch may be partial, but not wrong", function()
    local c, requests = connect {}
    local _, e = c:update_job { job = { name = "a", time_zone = "Mars/Phobos" }, update_mask = "time_zone" }
    assert.equal("time_zone", e.path)
    _, e = c:update_job { job = { name = "a" }, update_mask = "time_zne" }
    assert.matches("did you mean 'time_?[zZ]one'", e.message)
    assert.equal(0, #requests)
  end)

  it("a patch is checked with what it changes", function()
    local c, requests = connect { live { httpTarget = { uri = "https://h/", httpMethod = "POST",
      body = "eA==" } } }
    local _, e = c:update_job { name = "a", http_target = { uri = "https://h/", http_method = "GET",
      body = "x" } }
    assert.equal("http_target.body", e.path)
    assert.is_true(#requests <= 1)
  end)

  it("the server may be left to say it", function()
    local c, requests = connect({ live() }, { validate = false })
    assert(c:create_job(job { schedule = "whenever" }))
    assert.equal(1, #requests)
  end)
end)

describe("the names of the official clients", function()
  it("are made as there", function()
    local c = connect {}
    assert.equal("projects/a/locations/b/jobs/c", c:job_path("a", "b", "c"))
    assert.equal("projects/a/locations/b", c:common_location_path("a", "b"))
    assert.equal("projects/a", c:common_project_path("a"))
    assert.equal("projects/a/topics/t", c:topic_path("a", "t"))
  end)

  -- python-docs-samples, scheduler/snippets/create_job.py, with other brackets.
  it("make the official example of an App Engine job", function()
    local c, requests = connect { live() }
    assert(c:create_job {
      parent = c:common_location_path("my-project", "us-central1"),
      job = {
        app_engine_http_target = {
          app_engine_routing = { service = "my-service" },
          relative_uri = "/log_payload",
          http_method = "POST",
          body = "Hello World",
        },
        schedule = "* * * * *",
        time_zone = "America/Los_Angeles",
      },
    })
    assert.equal("/v1/projects/my-project/locations/us-central1/jobs", requests[1].target)
    assert.same({
      appEngineHttpTarget = {
        appEngineRouting = { service = "my-service" },
        relativeUri = "/log_payload",
        httpMethod = "POST",
        body = "SGVsbG8gV29ybGQ=",
      },
      schedule = "* * * * *",
      timeZone = "America/Los_Angeles",
    }, json.decode(requests[1].body))
  end)
end)

describe("locations", function()
  it("come page by page", function()
    local c, requests = connect {
      { locations = { { name = "n1", locationId = "l1", labels = { r = "x" } } }, nextPageToken = "t" },
      { locations = { { locationId = "l2", displayName = "Two", metadata = { new = true } } } },
    }
    local ids = {}
    for location in c:list_locations { page_size = 1, filter = "displayName=Two" } do
      ids[#ids + 1] = location.location_id
    end
    assert.same({ "l1", "l2" }, ids)
    assert.same({
      "list_locations GET /v1/projects/p/locations?filter=displayName%3DTwo&pageSize=1",
      "list_locations GET /v1/projects/p/locations?filter=displayName%3DTwo&pageSize=1&pageToken=t",
    }, sent(requests))
  end)

  it("come in pages, and all at once", function()
    local pages = { { locations = { { locationId = "l1" } }, nextPageToken = "t" },
      { locations = { { locationId = "l2" } }, nextPageToken = "" } }
    local sizes = {}
    for page in connect(pages):list_locations():pages() do
      sizes[#sizes + 1] = #page
    end
    assert.same({ 1, 1 }, sizes)
    local list = connect(pages):list_locations()
    assert.equal("l1", list().location_id)
    assert.same({ { location_id = "l2" } }, list:all())
    assert.is_nil(list())
    local got, e = connect({ pages[1], NOT_FOUND }):list_locations():all()
    assert.is_nil(got)
    assert.equal(NOT_FOUND, e)
  end)

  it("are found by id, by name, and by default", function()
    local c, requests = connect { {}, {}, {} }
    c:get_location()
    c:get_location "m"
    c:get_location { name = "projects/q/locations/n" }
    assert.same({ "get_location GET /v1/" .. PARENT, "get_location GET /v1/projects/p/locations/m",
      "get_location GET /v1/projects/q/locations/n" }, sent(requests))
  end)
end)

describe("customer-managed keys", function()
  local KEY <const> = "projects/p/locations/l/keyRings/r/cryptoKeys/k"

  it("are read and set", function()
    local c, requests = connect { { name = PARENT .. "/cmekConfig", kmsKeyName = KEY },
      { name = PARENT .. "/operations/o" }, { name = "o" } }
    assert.equal(KEY, assert(c:get_cmek_config()).kms_key_name)
    assert.equal(PARENT .. "/operations/o", assert(c:update_cmek_config { kms_key_name = KEY }).name)
    assert(c:update_cmek_config { cmek_config = { name = "projects/q/locations/m/cmekConfig",
      kms_key_name = "" },
      update_mask = { paths = { "kms_key_name" } } })
    assert.same({
      "get_cmek_config GET /v1/" .. PARENT .. "/cmekConfig",
      "update_cmek_config PATCH /v1/" .. PARENT .. "/cmekConfig?updateMask=kmsKeyName",
      "update_cmek_config PATCH /v1/projects/q/locations/m/cmekConfig?updateMask=kmsKeyName",
    }, sent(requests))
    assert.same({ kmsKeyName = KEY }, json.decode(requests[2].body))
    assert.same({}, json.decode(requests[3].body))
  end)
end)

describe("operations", function()
  local real_sleep <const> = task.sleep
  after_each(function()
    task.sleep = real_sleep
  end)

  it("are listed, looked at, cancelled and deleted", function()
    local c, requests = connect { { operations = { { name = "o1", done = true } } }, { name = "o1" },
      {}, {} }
    assert.same({ { name = "o1", done = true } }, c:list_operations():all())
    assert.equal("o1", assert(c:get_operation "o1").name)
    assert.is_true(c:cancel_operation(PARENT .. "/operations/o1"))
    assert.is_true(c:delete_operation { name = "projects/q/locations/m/operations/o" })
    assert.same({
      "list_operations GET /v1/" .. PARENT .. "/operations",
      "get_operation GET /v1/" .. PARENT .. "/operations/o1",
      "cancel_operation POST /v1/" .. PARENT .. "/operations/o1:cancel",
      "delete_operation DELETE /v1/projects/q/locations/m/operations/o",
    }, sent(requests))
  end)

  it("are waited for, less and less often", function()
    local pauses = {}
    task.sleep = function(seconds)
      if seconds < 100 then
        pauses[#pauses + 1] = seconds
        return real_sleep(0)
      end
      return real_sleep(seconds)
    end
    local c = connect { { name = "o" }, { name = "o" }, { name = "o", done = true, response = { x = 1 } } }
    assert.same({ x = 1 }, assert(c:wait_operation "o").response)
    assert.same({ 1, 1.5 }, pauses)
  end)

  it("end in the error that they carry", function()
    local c = connect { { name = "o", done = true, error = { code = 1,
      message = "cancelled by the user" } } }
    local got, e = c:wait_operation "o"
    assert.is_nil(got)
    assert.equal("CANCELLED: cancelled by the user", tostring(e))
  end)

  it("are not waited for longer than asked", function()
    local c = connect(setmetatable({}, { __index = function()
      return { name = "o" }
    end }))
    local _, e = c:wait_operation("o", { timeout = 0.01 })
    assert.equal("DEADLINE_EXCEEDED", e.code)
  end)
end)
