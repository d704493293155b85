local err = require "mooncron.err"
local json = require "mooncron.json"
local scheduling = require "support.scheduling"

local BASE <const> = "/v1/projects/p/locations/l"
local JOBS <const> = BASE .. "/jobs"

describe("scheduler.router", function()
  local s, wall

  before_each(function()
    wall = { ms = scheduling.START_MS }
    s = scheduling.open({}, wall)
  end)

  after_each(function()
    s:close()
  end)

  -- The answer, its body decoded in `value`.
  local function call(method, target, body)
    local answer
    s:handle({ method = method, target = target, body = body or "" }, function(response)
      answer = response
    end)
    assert(s.store:durable())
    answer.value = json.decode(answer.body)
    return answer
  end

  local function body_of(id, fields)
    local job = {
      name = id and "projects/p/locations/l/jobs/" .. id,
      schedule = "* * * * *",
      httpTarget = { uri = "http://127.0.0.1:1/" },
    }
    for key, value in pairs(fields or {}) do
      job[key] = value or nil
    end
    return json.encode(job)
  end

  local function create(id, fields)
    local answer = call("POST", JOBS, body_of(id, fields))
    assert.equal(200, answer.status, answer.body)
    return answer
  end

  local function stored()
    return assert(s.store.db:row "SELECT count(*) AS n FROM jobs").n
  end

  -- What the API's errors look like: the envelope, one line, and a content type that clients read.
  local function assert_refused(answer, status, code, ...)
    assert.equal(status, answer.status, answer.body)
    assert.equal("application/json; charset=UTF-8", answer.headers["Content-Type"])
    local e = answer.value.error
    assert.same({ status, code }, { e.code, e.status })
    assert.is_nil(e.message:find("[\r\n]"))
    for _, part in ipairs { ... } do
      assert.is_truthy(e.message:find(part, 1, true), ("'%s' is not in: %s"):format(part, e.message))
    end
    assert.equal("\n", answer.body:sub(-1))
  end

  -- ---- what each route answers ----

  -- What changes what a get shows, and what it shows then.
  local CHANGES <const> = {
    { "POST", "/a:pause", "{}", "state", "PAUSED" },
    { "PATCH", "/a?updateMask=description", '{"description":"new"}', "description", "new" },
    { "POST", "/a:run", "{}", "state", "ENABLED" },
  }

  for _, row in ipairs(CHANGES) do
    it(("shows after a get what %s %s does"):format(row[1], row[2]), function()
      create("a")
      call("GET", JOBS .. "/a")
      local answer = call(row[1], JOBS .. row[2], row[3])
      assert.equal(200, answer.status, answer.body)
      local got = call("GET", JOBS .. "/a")
      assert.equal(answer.body, got.body)
      assert.equal(row[5], got.value[row[4]])
    end)
  end

  it("does not find after its deletion a job that was got before, and then the one made anew", function()
    create("a")
    call("GET", JOBS .. "/a")
    call("DELETE", JOBS .. "/a")
    assert.equal(404, call("GET", JOBS .. "/a").status)
    create("a", { description = "second" })
    assert.equal("second", call("GET", JOBS .. "/a").value.description)
  end)

  it("shows again what was there when the commit of a change fails", function()
    create("a")
    local before = call("GET", JOBS .. "/a").body
    local db = scheduling.faulty(s.store)
    db.faults.commit = err.new("RESOURCE_EXHAUSTED", "disk is full")
    s:handle({ method = "POST", target = JOBS .. "/a:pause", body = "" }, function() end)
    s:handle({ method = "GET", target = JOBS .. "/a", body = "" }, function() end)
    s.store:commit()
    db.faults = {}
    assert.equal(before, call("GET", JOBS .. "/a").body)
  end)

  it("answers a get with options anew", function()
    create("a")
    call("GET", JOBS .. "/a")
    assert.same({ state = "ENABLED" }, call("GET", JOBS .. "/a?fields=state").value)
    assert.is_truthy(call("GET", JOBS .. "/a?prettyPrint=false").body:find('^{"'))
  end)

  it("shows after a get the attempt that was made since", function()
    create("a")
    assert.is_nil(call("GET", JOBS .. "/a").value.lastAttemptTime)
    call("POST", JOBS .. "/a:run")
    s:run_due()
    assert.is_truthy(call("GET", JOBS .. "/a").value.lastAttemptTime)
  end)

  it("creates, gets, lists, patches, pauses, resumes, runs and deletes", function()
    create "a"
    assert.equal("ENABLED", call("GET", JOBS .. "/a").value.state)
    assert.equal(1, #call("GET", JOBS).value.jobs)
    assert.equal("d", call("PATCH", JOBS .. "/a?updateMask=description",
      '{"description":"d"}').value.description)
    assert.equal("PAUSED", call("POST", JOBS .. "/a:pause", "{}").value.state)
    assert.equal("ENABLED", call("POST", JOBS .. "/a:resume", "{}").value.state)
    assert.equal("ENABLED", call("POST", JOBS .. "/a:run", "{}").value.state)
    local gone = call("DELETE", JOBS .. "/a")
    assert.same({ 200, "{}\n" }, { gone.status, gone.body })
    assert_refused(call("GET", JOBS .. "/a"), 404, "NOT_FOUND", "Job not found.")
  end)

  it("prints a job as the service does", function()
    local answer = create("a", { description = "d", timeZone = "UTC" })
    assert.equal("application/json; charset=UTF-8", answer.headers["Content-Type"])
    assert.equal([[
{
  "name": "projects/p/locations/l/jobs/a",
  "description": "d",
  "httpTarget": {
    "uri": "http://127.0.0.1:1/",
    "httpMethod": "POST",
    "headers": {
      "User-Agent": "Google-Cloud-Scheduler"
    }
  },
  "userUpdateTime": "2026-10-05T08:00:00Z",
  "state": "ENABLED",
  "status": {
    "code": -1
  },
  "scheduleTime": "2026-10-05T08:01:00Z",
  "schedule": "* * * * *",
  "timeZone": "UTC",
  "attemptDeadline": "180s"
}
]], answer.body)
  end)

  it("serves the same surface under /v1beta1", function()
    create "a"
    local beta = BASE:gsub("^/v1", "/v1beta1") .. "/jobs"
    assert.equal(call("GET", JOBS .. "/a").body, call("GET", beta .. "/a").body)
    assert.equal("PAUSED", call("POST", beta .. "/a:pause").value.state)
    assert.equal(200, call("POST", beta, body_of "b").status)
    assert.equal(200, call("DELETE", beta .. "/b").status)
    assert.equal(31, #call("GET", "/v1beta1/projects/p/locations").value.locations)
  end)

  it("lists locations with the label that gcloud takes the region from", function()
    local listed = call("GET", "/v1/projects/p/locations").value.locations
    local one = call("GET", "/v1/projects/p/locations/" .. listed[1].locationId)
    assert.same(listed[1], one.value)
    assert.same({
      name = "projects/p/locations/asia-east1", locationId = "asia-east1", displayName = "asia-east1",
      labels = { ["cloud.googleapis.com/region"] = "asia-east1" },
    }, one.value)
  end)

  it("answers /healthz", function()
    assert.same({ 200, "ok\n" }, { call("GET", "/healthz").status, call("GET", "/healthz?x=1").body })
  end)

  -- ---- names and verbs ----

  local SPELLINGS <const> = { ":pause", "%3Apause", "%3apause" }
  for _, spelling in ipairs(SPELLINGS) do
    it("takes the verb as " .. spelling, function()
      create "a"
      assert.equal("PAUSED", call("POST", JOBS .. "/a" .. spelling).value.state)
    end)
  end

  for _, body in ipairs { "", "{}", "{}\n", " \r\n" } do
    it(("takes a verb's body %q"):format(body), function()
      create "a"
      assert.equal(200, call("POST", JOBS .. "/a:resume", body).status)
    end)
  end

  it("takes names percent-encoded segment by segment", function()
    create("a_B-9")
    assert.equal(200, call("GET", "/v1/projects/%70/locations/%6c/jobs/a%5FB%2D9").status)
    assert.equal(200, call("GET", "/v1/projects/p/locations/l/jobs/a_B-9?").status, "a bare '?'")
  end)

  it("takes a project with a colon", function()
    local target = "/v1/projects/example.com:p/locations/l/jobs"
    assert.equal(200, call("POST", target, body_of(nil)).status)
    assert.equal(1, #call("GET", target:gsub(":", "%%3A")).value.jobs)
  end)

  it("keeps jobs of different places apart", function()
    create "a"
    assert.equal("{}\n", call("GET", "/v1/projects/p/locations/other/jobs").body)
    assert_refused(call("GET", "/v1/projects/q/locations/l/jobs/a"), 404, "NOT_FOUND")
  end)

  it("does not let an encoded slash lead elsewhere", function()
    create "a"
    assert_refused(call("GET", "/v1/projects/p%2Flocations%2Fl%2Fjobs/locations/x/jobs/a"), 404, "NOT_FOUND")
    assert_refused(call("POST", "/v1/projects/p%2Fq/locations/l/jobs", body_of(nil)), 400, "INVALID_ARGUMENT")
    assert.equal(1, stored())
  end)

  -- ---- what is no route ----

  local NOWHERE <const> = {
    { "GET", "/", "'/'" },
    { "GET", "", "''" },
    { "GET", "/v2/projects/p/locations/l/jobs", "'/v2/projects/p/locations/l/jobs'" },
    { "GET", "/v1/projects/p", "'/v1/projects/p'" },
    { "GET", "/v1/projects/p/locations/l/tasks", "projects/P/locations/L/jobs" },
    { "POST", JOBS .. "/a:explode", "jobs/a:explode" },
    { "POST", JOBS .. "/a/b/c", "jobs/a/b/c" },
    { "PUT", JOBS .. "/a", "PUT is no method of", "use GET or PATCH or DELETE" },
    { "POST", JOBS .. "/a", "POST is no method of", "use GET or PATCH or DELETE" },
    { "PATCH", JOBS, "PATCH is no method of", "use GET or POST" },
    { "GET", JOBS .. "/a:run", "GET is no method of", "use POST" },
    { "DELETE", "/v1/projects/p/locations/l", "DELETE is no method of", "use GET" },
  }
  for _, row in ipairs(NOWHERE) do
    it(("answers 404 to %s %s"):format(row[1], row[2]), function()
      assert_refused(call(row[1], row[2], "{}"), 404, "NOT_FOUND", row[3], row[4])
    end)
  end

  local MISSING <const> = {
    { "GET", BASE .. "/cmekConfig", "projects.locations.getCmekConfig" },
    { "PATCH", BASE .. "/cmekConfig", "projects.locations.updateCmekConfig" },
    { "GET", BASE .. "/operations", "projects.locations.operations.list" },
    { "GET", BASE .. "/operations/o", "projects.locations.operations.get" },
    { "DELETE", BASE .. "/operations/o", "projects.locations.operations.delete" },
    { "POST", BASE .. "/operations/o:cancel", "projects.locations.operations.cancel" },
  }
  for _, row in ipairs(MISSING) do
    it("answers 501 to " .. row[3], function()
      assert_refused(call(row[1], row[2], "{}"), 501, "UNIMPLEMENTED", row[3] .. " is not implemented here")
    end)
  end

  -- ---- bad bodies: field, value and fix; nothing is stored ----

  local BAD <const> = {
    { "", "the text is empty" },
    { "{", "invalid JSON at byte 1" },
    { "[]", "" },
    { '"x"', "" },
    { "null", "" },
    { '{"schedule":"* * * * *"}', "the job has no target", "http_target" },
    { body_of_text = { scheduel = "* * * * *" }, "scheduel", "schedule" },
    { body_of_text = { schedule = "61 * * * *" }, "schedule '61 * * * *'", "minute 61 is not in 0-59",
      "The provided schedule or timezone are invalid." },
    { body_of_text = { schedule = "every 5 parsecs" }, "schedule 'every 5 parsecs'" },
    { body_of_text = { schedule = "0 0 31 2 *" }, "it never fires" },
    { body_of_text = { schedule = false }, "schedule", "is missing" },
    { body_of_text = { timeZone = "Mars/Base" }, "time_zone 'Mars/Base'", "Europe/Paris" },
    { body_of_text = { httpTarget = { uri = "ftp://h/" } }, "http_target.uri 'ftp://h/'", "write http://" },
    { body_of_text = { httpTarget = {} }, "http_target.uri", "is missing" },
    { body_of_text = { httpTarget = { uri = "http://h/", httpMethod = "GRAB" } }, "GRAB" },
    { body_of_text = { httpTarget = { uri = "http://h/", httpMethod = 99 } }, "99" },
    { body_of_text = { httpTarget = { uri = "http://h/", httpMethod = "GET", body = "eA==" } },
      "http_target.body",
      "use POST, PUT or PATCH" },
    { body_of_text = { httpTarget = { uri = "http://h/", body = "%%%" } }, "http_target.body", "base64" },
    { body_of_text = { retryConfig = { retryCount = 6 } }, "retry_config.retry_count '6'", "is not in 0-5" },
    { body_of_text = { retryConfig = { maxRetryDuration = "1.5s" } }, "retry_config.max_retry_duration" },
    { body_of_text = { retryConfig = { minBackoffDuration = "soon" } }, "retry_config.min_backoff_duration" },
    { body_of_text = { attemptDeadline = "5s" }, "attempt_deadline '5s'", "15s" },
    { body_of_text = { description = ("x"):rep(501) }, "description", "501", "500" },
    { body_of_text = { description = 7 }, "description" },
    { body_of_text = { name = "projects/p/locations/l/jobs/a b" }, "'a b'" },
    { body_of_text = { name = "projects/p/locations/elsewhere/jobs/a" }, "is not under" },
    { body_of_text = { pubsubTarget = { topicName = "projects/p/topics/t", data = "eA==" } },
      "keep one of them" },
    { body_of_text = { httpTarget = { uri = "http://h/", body = ("A"):rep(1500000) } }, "bytes large",
      "1048576" },
  }
  for i, row in ipairs(BAD) do
    it(("refuses a bad create: %s (%d)"):format(row[1], i), function()
      local body = row.body_of_text and body_of("a", row.body_of_text) or row[1]
      local first = row.body_of_text and 1 or 2
      assert_refused(call("POST", JOBS, body), 400, "INVALID_ARGUMENT", table.unpack(row, first))
      assert.equal(0, stored())
    end)

    if row.body_of_text and row.body_of_text.name == nil then
      it(("refuses the same as a patch, and changes nothing (%d)"):format(i), function()
        create "a"
        local before = call("GET", JOBS .. "/a").body
        local fields, mask = row.body_of_text, ""
        if fields.schedule == false then
          mask = "?updateMask=schedule"
        end
        local answer = call("PATCH", JOBS .. "/a" .. mask, json.encode((function()
          local out = {}
          for key, value in pairs(fields) do
            out[key] = value or nil
          end
          return out
        end)()))
        if not fields.pubsubTarget then -- a patch of one target replaces the other
          assert_refused(answer, 400, "INVALID_ARGUMENT", table.unpack(row))
          assert.equal(before, call("GET", JOBS .. "/a").body)
        end
      end)
    end
  end

  it("refuses a name that is taken", function()
    create "a"
    assert_refused(call("POST", JOBS, body_of "a"), 409, "ALREADY_EXISTS",
      "Job projects/p/locations/l/jobs/a already exists.")
  end)

  it("refuses to run what is paused", function()
    create "a"
    call("POST", JOBS .. "/a:pause")
    assert_refused(call("POST", JOBS .. "/a:run"), 400, "FAILED_PRECONDITION",
      "Job.state must be ENABLED for RunJob.")
  end)

  for _, verb in ipairs { "pause", "resume", "run" } do
    it("refuses a broken body of " .. verb, function()
      create "a"
      local before = call("GET", JOBS .. "/a").body
      assert_refused(call("POST", JOBS .. "/a:" .. verb, "{"), 400, "INVALID_ARGUMENT", "invalid JSON")
      assert.equal(before, call("GET", JOBS .. "/a").body)
    end)
  end

  it("refuses bodies that the server did not read", function()
    local function faulty(fault)
      local answer
      s:handle({ method = "POST", target = JOBS, body = "", fault = fault }, function(response)
        answer = response
      end)
      answer.value = json.decode(answer.body)
      return answer
    end
    assert_refused(faulty "too_large", 400, "INVALID_ARGUMENT", "at most 1 MB")
    assert_refused(faulty "no_room", 503, "UNAVAILABLE", "try again")
  end)

  -- ---- masks ----

  it("refuses a mask of an unknown field", function()
    create "a"
    assert_refused(call("PATCH", JOBS .. "/a?updateMask=timezone", "{}"), 400, "INVALID_ARGUMENT",
      "Invalid mask for Job: timezone")
  end)

  local MASKS <const> = { "httpTarget.uri", "http_target.uri", "name%2ChttpTarget.uri%2Cstate", "*" }
  for _, mask in ipairs(MASKS) do
    it("patches by the mask " .. mask, function()
      create "a"
      local body = body_of("zzz", { httpTarget = { uri = "http://new/", httpMethod = "POST" } })
      local job = call("PATCH", JOBS .. "/a?updateMask=" .. mask, body).value
      assert.same({ "http://new/", "projects/p/locations/l/jobs/a" }, { job.httpTarget.uri, job.name })
    end)
  end

  -- ---- pages ----

  local function walk(size)
    local seen, token, pages = {}, nil, 0
    repeat
      local target = ("%s?pageSize=%d&pageToken=%s"):format(JOBS, size, token or "")
      local value = call("GET", target).value
      for _, job in ipairs(value.jobs or {}) do
        seen[#seen + 1] = job.name:match("[^/]+$")
      end
      token, pages = value.nextPageToken, pages + 1
    until not token
    return seen, pages
  end

  it("lists in pages, each job once", function()
    for _, id in ipairs { "c", "a", "e", "b", "d" } do
      create(id)
    end
    local want <const> = { "a", "b", "c", "d", "e" }
    for size, pages in ipairs { 5, 3, 2, 2, 1, 1 } do
      local seen, count = walk(size)
      assert.same(want, seen)
      assert.equal(pages, count, "size " .. size)
    end
  end)

  it("goes on rightly after changes between two pages", function()
    for _, id in ipairs { "b", "d", "f" } do
      create(id)
    end
    local first = call("GET", JOBS .. "?pageSize=2").value
    call("DELETE", JOBS .. "/d")
    create "a"
    create "e"
    local second = call("GET", JOBS .. "?pageSize=2&pageToken=" .. first.nextPageToken).value
    assert.same({ "e", "f" }, { second.jobs[1].name:match("[^/]+$"), second.jobs[2].name:match("[^/]+$") })
    assert.is_nil(second.nextPageToken)
  end)

  it("gives fewer a page when they are large", function()
    local body = ("x"):rep(700000)
    for i = 1, 9 do
      assert(s.jobs:create("projects/p/locations/l", scheduling.job("j" .. i, {
        http_target = { uri = "http://h/", http_method = "POST", body = body },
      })))
    end
    assert.is_true(#call("GET", JOBS).body < 6 << 20)
    local seen, pages = walk(500)
    assert.same({ "j1", "j2", "j3", "j4", "j5", "j6", "j7", "j8", "j9" }, seen)
    assert.equal(2, pages)
  end)

  it("gives at most 500 a page", function()
    for i = 1, 501 do
      assert(s.jobs:create("projects/p/locations/l", scheduling.job("j" .. i)))
    end
    for _, query in ipairs { "", "?pageSize=0", "?pageSize=500", "?pageSize=100000", "?pageSize=" } do
      local value = call("GET", JOBS .. query).value
      assert.equal(500, #value.jobs)
      assert.is_string(value.nextPageToken)
    end
  end)

  local PAGES <const> = {
    { "pageSize=-1", "page_size '-1'" },
    { "pageSize=x", "page_size 'x'" },
    { "pageSize=1.5", "page_size '1.5'" },
    { "pageToken=junk", "page_token" },
    { "alt=xml", "alt 'xml'" },
    { "fields=jobs(", "fields 'jobs('" },
    { "x=%", "query" },
  }
  for _, row in ipairs(PAGES) do
    it("refuses " .. row[1], function()
      assert_refused(call("GET", JOBS .. "?" .. row[1]), 400, "INVALID_ARGUMENT", row[2])
    end)
  end

  it("refuses a token of another list", function()
    create "a"
    create "b"
    local token = call("GET", JOBS .. "?pageSize=1").value.nextPageToken
    assert_refused(call("GET", "/v1/projects/q/locations/l/jobs?pageToken=" .. token), 400,
      "INVALID_ARGUMENT",
      "page_token")
  end)

  -- ---- how answers are written ----

  it("writes enums by number when asked, and only then", function()
    create "a"
    for _, query in ipairs { "%24alt=json%3Benum-encoding=int", "$alt=json%3Benum-encoding%3Dint" } do
      local job = call("GET", JOBS .. "/a?" .. query).value
      assert.same({ 1, 1 }, { job.state, job.httpTarget.httpMethod })
      assert.equal(1, call("GET", JOBS .. "?" .. query).value.jobs[1].state)
      assert.equal(2, call("POST", JOBS .. "/a:pause?" .. query).value.state)
      call("POST", JOBS .. "/a:resume")
    end
    assert.equal("ENABLED", call("GET", JOBS .. "/a?alt=json").value.state)
  end)

  it("writes compactly when asked", function()
    create "a"
    for _, query in ipairs { "prettyPrint=false", "%24prettyPrint=0" } do
      local answer = call("GET", JOBS .. "/a?" .. query)
      assert.is_nil(answer.body:find("\n"))
      assert.equal("ENABLED", answer.value.state)
      assert.equal("{}", call("DELETE", JOBS .. "/b" .. (create("b") and "?" .. query)).body)
      assert.equal("{}", call("GET", "/v1/projects/p/locations/none/jobs?" .. query).body)
    end
  end)

  it("writes only the fields that are asked for", function()
    create "a"
    create "b"
    assert.same({ name = "projects/p/locations/l/jobs/a", state = "ENABLED" },
      call("GET", JOBS .. "/a?fields=name,state").value)
    assert.same({ jobs = { { state = "ENABLED" }, { state = "ENABLED" } } },
      call("GET", JOBS .. "?fields=jobs/state").value)
    assert.equal("{}\n", call("GET", JOBS .. "/a?fields=nothing").body)
  end)

  it("passes over parameters that it does not know", function()
    create "a"
    assert.equal(200, call("GET", JOBS .. "/a?key=k&quotaUser=u&$.xgafv=2&access_token=t&whatever=1").status)
  end)

  it("answers success after a failed attempt with an empty status", function()
    create "a"
    local row = s.store:job("projects/p/locations/l/jobs/a")
    row.status, row.attempted_ms = 0, scheduling.START_MS
    assert(s.store:update_job(row))
    local answer = call("GET", JOBS .. "/a")
    assert.matches('"status": {}', answer.body, 1, true)
    assert.equal("2026-10-05T08:00:00Z", answer.value.lastAttemptTime)
  end)
end)
