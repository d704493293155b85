-- The client against a Google of our own: credentials, retries, quota, and what goes wrong on the way.

local auth <const> = require "mooncron.auth"
local err <const> = require "mooncron.err"
local fake_google <const> = require "fake_google"
local gcp <const> = require "mooncron.backend.gcp"
local mooncron <const> = require "mooncron"
local retry <const> = require "mooncron.retry"
local task <const> = require "mooncron.task"

local USER <const> = '{"type":"authorized_user","client_id":"i","client_secret":"hush",'
  .. '"refresh_token":"hush"%s}'
local JOB <const> = { name = "a", schedule = "* * * * *", http_target = { uri = "http://127.0.0.1:1/" } }
local BUSY <const> = "sync mutate calls cannot be queued"

describe("the client of Google Cloud", function()
  local google, real_clock, waits, counter = nil, retry.clock, nil, 0

  before_each(function()
    google = fake_google.start()
    waits = {}
    -- Waits between attempts pass at once, and are remembered.
    local passed_ms = 0
    retry.clock = {
      sleep = function(seconds)
        waits[#waits + 1] = seconds
        passed_ms = passed_ms + math.ceil(seconds * 1000)
        task.sleep(0)
      end,
      mono_ms = function()
        return real_clock.mono_ms() + passed_ms
      end,
      wall_ms = real_clock.wall_ms,
      random = function()
        return 0
      end,
    }
  end)

  after_each(function()
    retry.clock = real_clock
    google:close()
    task.run(task.sleep, 0)
    assert.equal(0, #task.list())
  end)

  -- A client of its own project, so that no limit is shared between two tests.
  local function connect(options)
    counter = counter + 1
    local all = {
      backend = "gcp",
      project = "p" .. counter,
      endpoint = google.url,
    }
    for key, value in pairs(options or {}) do
      all[key] = value
    end
    if not (all.access_token or all.credential) then
      all.credential = assert(auth.from_json(USER:format(""), google:world()))
    end
    return assert(mooncron.connect(all))
  end

  local function codes()
    local seen = {}
    for i, call in ipairs(google.calls) do
      seen[i] = call.method
    end
    return table.concat(seen, " ")
  end

  it("does the whole life of a job", function()
    local c = connect()
    assert.is_true(c.is_cloud)
    assert.equal("created", select(2, assert(c:upsert_job(JOB))))
    assert.equal("unchanged", select(2, assert(c:upsert_job(JOB))))
    assert.equal("PAUSED", assert(c:pause_job "a").state)
    assert.equal("ENABLED", assert(c:resume_job "a").state)
    assert.equal("5 * * * *", assert(c:update_job { name = "a", schedule = "5 * * * *" }).schedule)
    assert.equal(1, #assert(c:list_jobs():all()))
    assert.is_true(c:delete_job "a")
    assert.equal(1, google.token_calls, "one token serves all")
  end)

  it("says who asks, and for whom", function()
    local c = connect {
      credential = assert(auth.from_json(USER:format(',"quota_project_id":"q"'), google:world())),
    }
    assert(c:create_job(JOB))
    local headers = google.calls[1].headers
    assert.equal("Bearer token-1", headers.authorization)
    assert.equal("q", headers["x-goog-user-project"])
    assert.matches("^gl%-lua/5%.4 gccl/%S+ rest/curl$", headers["x-goog-api-client"])
    assert.matches("^mooncron/%S+ %(gzip%)$", headers["user-agent"])
    assert.equal("application/json", headers["content-type"])
  end)

  it("never shows a token", function()
    local c = connect { access_token = "hush-hush" }
    local _, e = c:get_job "a"
    assert.equal("UNAUTHENTICATED", e.code)
    for _, value in ipairs { tostring(c), c:describe(), tostring(e), tostring(c.backend.credential) } do
      assert.is_nil(value:find("hush", 1, true))
    end
  end)

  it("describes itself", function()
    local c = connect { project = "mine", location = "europe-west1" }
    assert.equal(("Google Cloud at %s, project 'mine', location 'europe-west1'"):format(google.url),
      c:describe())
  end)

  -- ---- tokens ----

  it("gets a new token once when one is refused", function()
    local c = connect()
    assert(c:create_job(JOB))
    google.tokens["token-1"] = nil -- revoked
    assert.equal("a", assert(c:get_job "a").name:match("[^/]+$"))
    assert.equal(2, google.token_calls)
    assert.same({}, waits)
  end)

  it("gives up when the new token is refused too", function()
    local c = connect()
    for i = 1, 2 do
      google.faults[i] = fake_google.error(401, "UNAUTHENTICATED", "no")
    end
    local _, e = c:get_job "a"
    assert.same({ "UNAUTHENTICATED", 401, 1 }, { e.code, e.status, e.attempts })
    assert.equal(2, #google.calls)
  end)

  it("goes on when the token runs out earlier than this clock believes", function()
    google:close()
    local skew = 0
    google = fake_google.start { now = function()
      return os.time() + skew
    end }
    local world = google:world()
    world.now = os.time
    local c = connect { credential = assert(auth.from_json(USER:format(""), world)) }
    assert(c:create_job(JOB))
    skew = 7200 -- the server's clock is two hours ahead: what it gave has run out there
    assert(c:get_job "a")
    assert.equal(1, google.expired_seen)
    assert.equal(2, google.token_calls)
  end)

  it("asks for one token however many calls wait for it", function()
    local c = connect()
    assert(task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, { limit = 8 }, function()
      return #assert(c:list_jobs():all())
    end))
    assert.equal(1, google.token_calls)
  end)

  it("tells why there is no token, and does not try for ten minutes", function()
    local c = connect { credential = assert(auth.from_json(USER:gsub("hush", "revoked"):format(""),
      google:world())) }
    local _, e = c:get_job "a"
    assert.matches("^no access token: ", e:line())
    assert.matches("revoked", e:line())
    assert.equal(0, #google.calls)
    assert.same({}, waits)
  end)

  it("signs its own tokens with a service account's key, and asks nobody", function()
    local c = connect { credential = assert(auth.from_json(google:service_account(), google:world())) }
    assert(c:create_job(JOB))
    assert.equal(0, google.token_calls)
    assert.matches("^Bearer eyJ", google.calls[1].headers.authorization)
    google.account_keys = nil -- the key is withdrawn
    local _, e = c:get_job "a"
    assert.equal("UNAUTHENTICATED", e.code)
  end)

  it("acts as another account", function()
    local c = connect { impersonate_service_account = "other@p.iam.gserviceaccount.com" }
    assert(c:create_job(JOB))
    assert.equal("Bearer token-1", google.calls[1].headers.authorization)
  end)

  -- ---- retries ----

  local function fault(status, code, message, headers)
    return fake_google.error(status, code, message, headers)
  end

  -- method, its argument, fault, made again?, reason
  local RETRIES <const> = {
    { "get_job", "a", { 503, "UNAVAILABLE" }, true, "a read that is unavailable" },
    { "get_job", "a", { 504, "DEADLINE_EXCEEDED" }, true, "a read that took too long" },
    { "get_job", "a", { 500, "INTERNAL" }, false, "an internal error" },
    { "get_job", "a", { 429, "RESOURCE_EXHAUSTED" }, true, "a read over the quota" },
    { "delete_job", "a", { 503, "UNAVAILABLE" }, true, "a delete, as the official clients do" },
    { "delete_job", "a", { 409, "ABORTED", BUSY }, true, "a delete that met another change" },
    { "create_job", { name = "b", schedule = "* * * * *", http_target = { uri = "http://h/" } },
      { 503, "UNAVAILABLE" }, false, "a create may have been made" },
    { "create_job", { name = "b", schedule = "* * * * *", http_target = { uri = "http://h/" } },
      { 429, "RESOURCE_EXHAUSTED" }, true, "a create over the quota was not" },
    { "run_job", "a", { 503, "UNAVAILABLE" }, false, "a run may have begun" },
    { "pause_job", "a", { 409, "ABORTED", BUSY }, true, "a pause that met another change" },
    { "pause_job", "a", { 409, "ABORTED", "conflict" }, false, "not any conflict" },
    { "get_job", "a", { 403, "PERMISSION_DENIED" }, false, "no permission" },
  }
  for _, row in ipairs(RETRIES) do
    it(("%s of %s: %s"):format(row[4] and "makes again" or "leaves alone", row[1], row[5]), function()
      local c = connect()
      assert(c:create_job(JOB))
      google.calls = {}
      google.faults[1] = fault(table.unpack(row[3]))
      local got, e = c[row[1]](c, row[2])
      if row[4] then
        assert.is_truthy(got)
        assert.equal(2, #google.calls)
        assert.is_true(#waits >= 1)
      else
        assert.is_nil(got)
        assert.same({ row[3][2], row[3][1], 1 }, { e.code, e.status, e.attempts })
        assert.equal(1, #google.calls)
      end
    end)
  end

  it("waits as the official clients do, longer each time", function()
    local c = connect()
    for i = 1, 4 do
      google.faults[i] = fault(503, "UNAVAILABLE")
    end
    local _, e = c:get_job "a"
    assert.equal("NOT_FOUND", e.code)
    assert.same({ 0.1, 0.13, 0.169, 0.219 }, waits)
  end)

  it("waits as long as the server asks, and gives up at the end of the time", function()
    local c = connect()
    google.faults[1] = fault(503, "UNAVAILABLE", "x", { ["Retry-After"] = "7" })
    c:get_job "a"
    assert.same({ 7.0 }, waits)
    google.calls = {}
    google.faults[1] = fault(503, "UNAVAILABLE", "x", { ["Retry-After"] = "601" })
    local _, e = c:get_job "a"
    assert.equal("UNAVAILABLE", e.code)
    assert.equal(1, #google.calls)
  end)

  it("ends at the caller's time-out, whatever it waits for", function()
    local c = connect()
    retry.clock = real_clock
    google.faults[1] = fault(503, "UNAVAILABLE", "x", { ["Retry-After"] = "500" })
    local _, e = c:get_job("a", { timeout = 0.05 })
    assert.equal("DEADLINE_EXCEEDED", e.code)
    google.faults[1] = function()
      task.sleep(20)
    end
    _, e = c:get_job("a", { timeout = 0.05 })
    assert.equal("DEADLINE_EXCEEDED", e.code)
  end)

  it("does not wait long for a server that is not there", function()
    local c = connect { endpoint = "http://127.0.0.1:1", access_token = "t" }
    local _, e = c:get_job "a"
    assert.equal("UNAVAILABLE", e.code)
    assert.matches("refused", e.message)
    local total = 0
    for _, seconds in ipairs(waits) do
      total = total + seconds
    end
    assert.is_true(e.attempts > 1 and total <= 3, total)
  end)

  for _, row in ipairs {
    { "<html><title>Error 502 (Server Error)</title></html>", 502, "UNAVAILABLE", "Error 502", "a page" },
    { "{\"error\":", 500, "INTERNAL", "not an error of the API", "half a JSON text" },
    { "\255\254", 500, "INTERNAL", "500", "bytes" },
    { "", 403, "PERMISSION_DENIED", "403 and nothing else", "nothing" },
    { "[1]", 200, "INTERNAL", "not what the API promises", "a list" },
    { "{\"name\":7}", 200, "INTERNAL", "not what the API promises", "a name that is a number" },
    { "{\"name\":", 200, "INTERNAL", "not JSON", "a cut answer" },
  } do
    it("makes sense of " .. row[5], function()
      local c = connect()
      local run = c.run_job
      google.faults[1] = fake_google.answer(row[2], row[1])
      local _, e = run(c, "a")
      assert.equal(row[3], e.code)
      assert.is_truthy(tostring(e):find(row[4], 1, true), tostring(e))
    end)
  end

  -- ---- limits ----

  it("keeps changes of one job apart, and lets those of others go", function()
    local c = connect()
    google.together = 4
    assert(task.map({ 1, 2, 3, 4 }, { limit = 4 }, function(i)
      return c:create_job { name = "j" .. i, schedule = "* * * * *", http_target = { uri = "http://h/" } }
    end))
    assert.equal(4, google.most_running)
    google.most_running, google.together = 0, 1
    assert(task.map({ "pause", "resume", "pause", "resume" }, { limit = 4 }, function(verb)
      return c[verb .. "_job"](c, "j1")
    end))
    assert.equal(1, google.most_running)
  end)

  it("has so many calls under way at most", function()
    local c = connect { in_flight = 3 }
    google.together = 3
    assert(task.map({ 1, 2, 3, 4, 5, 6, 7, 8 }, { limit = 8 }, function(i)
      return c:create_job { name = "j" .. i, schedule = "* * * * *", http_target = { uri = "http://h/" } }
    end))
    assert.equal(3, google.most_running)
  end)

  it("stays within the quota of writes, and slows down when it was too fast", function()
    local c = connect { writes_per_minute = 60 }
    for i = 1, 8 do
      assert(c:create_job { name = "j" .. i, schedule = "* * * * *", http_target = { uri = "http://h/" } })
    end
    assert.equal(2, #waits, "a tenth goes at once, two wait for their second")
    assert.is_true(waits[2] > 0.9 and waits[2] <= 1)
    google.faults[1] = fault(429, "RESOURCE_EXHAUSTED", "x", { ["Retry-After"] = "30" })
    assert(c:pause_job "j1")
    local total = 0
    for _, seconds in ipairs(waits) do
      total = total + seconds
    end
    assert.is_true(total > 31, "the pause holds for what comes next")
  end)

  it("shares the quota among the clients of a project", function()
    local first = connect { project = "shared" }
    assert.equal(first.backend.limits, connect({ project = "shared" }).backend.limits)
    assert.not_equal(first.backend.limits, connect().backend.limits)
  end)

  -- ---- opening ----

  it("sends no token in the clear", function()
    local c, e = mooncron.connect { backend = "gcp", project = "p", endpoint = "http://10.1.2.3",
      access_token = "t" }
    assert.is_nil(c)
    assert.matches("in the clear", e.message)
  end)

  it("follows the credential into its universe, and no other", function()
    local other = assert(auth.from_json(USER:format(',"universe_domain":"example.test"'), google:world()))
    local c = assert(mooncron.connect { project = "p", credential = other })
    assert.equal("https://cloudscheduler.example.test", c.backend.endpoint)
    local _, e = mooncron.connect { project = "p", credential = other, universe_domain = "googleapis.com" }
    assert.matches("universe", e.message)
  end)

  it("takes the project of the machine where nothing names one", function()
    local world = google:world()
    world.env = { GCE_METADATA_HOST = google.host }
    world.read_file = function()
      return nil, "no such file", 2
    end
    local context = assert(require("mooncron.context").resolve({ backend = "gcp",
      endpoint = google.url }, world))
    local backend = assert(gcp.open(context, { world = world }))
    assert.equal("p", context.project)
    assert.equal("credential", context.settings.project.from)
    assert.equal("metadata server", backend.credential.type)
    assert(backend:send { rpc = "list_jobs", method = "GET", body = "",
      target = "/v1/projects/p/locations/l/jobs" })
  end)

  it("says that it needs a project", function()
    local world = google:world()
    world.env = {}
    local context = assert(require("mooncron.context").resolve({ backend = "gcp" }, world))
    local _, e = gcp.open(context, { world = world,
      credential = assert(auth.from_json(USER:format(""), world)) })
    assert.equal("FAILED_PRECONDITION", e.code)
    assert.matches("GOOGLE_CLOUD_PROJECT", e.message)
  end)

  it("federates: a token of another issuer for one of Google", function()
    local world = google:world()
    world.read_file = function(path)
      return path == "/subject" and "foreign" or nil, "no such file", 2
    end
    local c = connect { credential = assert(auth.from_json([[{"type":"external_account","audience":"//iam/x",
      "subject_token_type":"urn:ietf:params:oauth:token-type:jwt",
      "token_url":"https://sts.googleapis.com/v1/token",
      "credential_source":{"file":"/subject"}}]], world)) }
    assert(c:create_job(JOB))
    assert.equal("POST", codes())
    assert.equal(1, google.token_calls)
  end)

  it("keeps an error an error", function()
    assert.is_true(err.is(select(2, connect():get_job "missing")))
  end)
end)
