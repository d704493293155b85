-- What clients of the API put on the wire, and what they can decode: point by point against the router,
-- without sockets.

local base64 = require "mooncron.api.base64"
local json = require "mooncron.json"
local router = require "mooncron.scheduler.router"
local scheduler_module = require "mooncron.scheduler"

local PARENT <const> = "projects/p/locations/us-central1"
local JOBS <const> = "/v1/" .. PARENT .. "/jobs"
local INT <const> = "$alt=json%3Benum-encoding=int"

describe("the wire", function()
  local scheduler

  before_each(function()
    scheduler = assert(scheduler_module.open {})
  end)

  after_each(function()
    scheduler:close()
  end)

  local function raw(method, target, body)
    local response = router.handle(scheduler.jobs, { method = method, target = target, body = body or "" })
    scheduler.store:commit()
    return response
  end

  local function call(method, target, body)
    local response = raw(method, target, type(body) == "table" and json.encode(body) or body)
    return response.status, assert(json.decode(response.body)), response
  end

  local function ok(method, target, body)
    local status, value, response = call(method, target, body)
    assert.same(200, status, response.body)
    return value, response
  end

  local function refused(want_status, want_word, method, target, body)
    local status, value = call(method, target, body)
    assert.same({ want_status, want_word }, { status, value.error.status })
    assert.same(want_status, value.error.code)
    return value.error.message
  end

  local function create(id, fields)
    local job = {
      name = PARENT .. "/jobs/" .. id,
      schedule = "0 4 * * *",
      httpTarget = { uri = "https://example.com/x", headers = { ["X-A"] = "1" } },
    }
    for key, value in pairs(fields or {}) do
      job[key] = value ~= json.null and value or nil
    end
    return ok("POST", JOBS, job)
  end

  -- ---- requests ----

  describe("request 1: the query", function()
    for _, row in ipairs {
      { INT, 1, "node: a literal $ and an encoded ;" },
      { "%24alt=json%3Benum-encoding%3Dint", 1, "python encodes the name too" },
      { "alt=json;enum-encoding=int", 1, "alt is the same parameter" },
      { "$alt=json", "ENABLED", "numbers only when they are asked for" },
      { "alt=json&prettyPrint=false", "ENABLED", "Go" },
      { "alt=json", "ENABLED", "gcloud, Terraform, python's discovery client" },
      { "", "ENABLED", "ruby: a bare ?" },
      { "key=k&quotaUser=u&access_token=t&oauth_token=t&uploadType=x&upload_protocol=y&$.xgafv=2",
        "ENABLED", "parameters of every Google API" },
      { "$unknown=1&other=2", "ENABLED", "what is not known is passed over" },
    } do
      it(row[3] .. ": ?" .. row[1], function()
        create("j")
        assert.same(row[2], ok("GET", JOBS .. "/j?" .. row[1]).state)
      end)
    end

    it("white space as asked for", function()
      create("j")
      local indented = "^{\n  \"name\": .*}\n$"
      for query, pretty in pairs {
        [""] = true, ["prettyPrint=true"] = true, ["prettyPrint=false"] = false, ["$prettyPrint=0"] = false,
      } do
        local body = raw("GET", JOBS .. "/j?" .. query).body
        assert.same(pretty, body:find(indented) ~= nil, query)
        assert.same(not pretty, body:find("\n") == nil, query)
      end
    end)

    it("selects fields", function()
      create("j")
      assert.same({ jobs = { { schedule = "0 4 * * *", httpTarget = { uri = "https://example.com/x" } } } },
        ok("GET", JOBS .. "?fields=jobs(schedule,httpTarget%2Furi),nextPageToken"))
      refused(400, "INVALID_ARGUMENT", "GET", JOBS .. "?fields=jobs(")
    end)

    it("says by name which answers it does not give", function()
      create("j")
      for query, word in pairs {
        ["alt=media"] = "alt=media", ["$alt=proto"] = "alt=proto", ["callback=f"] = "callback",
        ["filter=x"] = "filter",
      } do
        assert.matches(word, refused(501, "UNIMPLEMENTED", "GET", JOBS .. "?" .. query), 1, true)
      end
      refused(400, "INVALID_ARGUMENT", "GET", JOBS .. "?alt=xml")
    end)
  end)

  it("request 2: enums by number or name, whatever $alt says", function()
    for _, given in ipairs { 4, "PUT" } do
      for _, query in ipairs { "", INT } do
        local id = ("e%s%d"):format(given, #query)
        local job = { name = PARENT .. "/jobs/" .. id, schedule = "0 4 * * *",
          httpTarget = { uri = "https://example.com/x", httpMethod = given } }
        assert.same(query == "" and "PUT" or 4, ok("POST", JOBS .. "?" .. query, job).httpTarget.httpMethod)
      end
    end
  end)

  describe("request 3: a patch takes the job's name from the URL", function()
    for body, why in pairs {
      ['{"description":"d"}'] = "node and python strip it",
      ['{"description":"d","name":"projects/p/locations/us-central1/jobs/j"}'] = "gcloud sends it",
      ['{"description":"d","name":"projects/other/locations/l/jobs/k"}'] = "a wrong one is no matter",
    } do
      it(why, function()
        create("j")
        local job = ok("PATCH", JOBS .. "/j?updateMask=description", body)
        assert.same({ PARENT .. "/jobs/j", "d" }, { job.name, job.description })
      end)
    end

    it("nothing but a name leaves the official node client with the text \"\"", function()
      create("j", { description = "d" })
      assert.is_nil(ok("PATCH", JOBS .. "/j?updateMask=description&" .. INT, '""').description)
    end)
  end)

  describe("request 4: masks", function()
    for mask, why in pairs {
      ["http_target.uri%2Ctime_zone"] = "node: snake_case, an encoded comma",
      ["httpTarget.uri,timeZone"] = "python, gcloud: camelCase",
      ["name,timeZone,httpTarget.uri,state"] = "firebase: what cannot be set is passed over",
    } do
      it(why, function()
        create("j", { description = "kept" })
        local job = ok("PATCH", JOBS .. "/j?updateMask=" .. mask,
          { timeZone = "Europe/Berlin", httpTarget = { uri = "https://example.com/y" }, description = "no" })
        assert.same({ "Europe/Berlin", "https://example.com/y", "kept", "1" },
          { job.timeZone, job.httpTarget.uri, job.description, job.httpTarget.headers["X-A"] })
      end)
    end

    it("absent: the fields of the body, each as a whole", function()
      create("j", { description = "kept" })
      local job = ok("PATCH", JOBS .. "/j", { httpTarget = { uri = "https://example.com/y" } })
      assert.same({ "https://example.com/y", "kept" }, { job.httpTarget.uri, job.description })
      assert.is_nil(job.httpTarget.headers["X-A"])
    end)

    it("*: everything, absent fields are cleared", function()
      create("j", { description = "d" })
      local job = ok("PATCH", JOBS .. "/j?updateMask=*",
        { schedule = "0 5 * * *", httpTarget = { uri = "https://example.com/" } })
      assert.is_nil(job.description)
      assert.same("0 5 * * *", job.schedule)
    end)

    it("unknown: refused with the service's words", function()
      create("j")
      assert.matches("^Invalid mask for Job: httpTarget%.url",
        refused(400, "INVALID_ARGUMENT", "PATCH", JOBS .. "/j?updateMask=httpTarget.url", "{}"))
    end)
  end)

  it("request 5: what the mask does not name is ignored, an httpTarget without uri too", function()
    create("j")
    local job = ok("PATCH", JOBS .. "/j?updateMask=schedule", {
      name = PARENT .. "/jobs/j", schedule = "0 6 * * *", httpTarget = { httpMethod = "GET" },
      retryConfig = { maxBackoffDuration = "3600s", maxDoublings = 16, minBackoffDuration = "5s" },
    })
    assert.same({ "0 6 * * *", "POST" }, { job.schedule, job.httpTarget.httpMethod })
    assert.is_nil(job.retryConfig)
  end)

  it("request 6: gcloud --clear-auth-token leaves no token, not an empty one", function()
    local mask = "httpTarget.oidcToken.serviceAccountEmail,httpTarget.oidcToken.audience,"
      .. "httpTarget.oauthToken.serviceAccountEmail,httpTarget.oauthToken.scope"
    create("j", { httpTarget = { uri = "https://example.com/x",
      oidcToken = { serviceAccountEmail = "a@b.iam.gserviceaccount.com" } } })
    local patch = { httpTarget = { httpMethod = "POST" } }
    local target = ok("PATCH", JOBS .. "/j?updateMask=" .. mask, patch).httpTarget
    assert.same({}, { target.oidcToken, target.oauthToken })
  end)

  it("request 7: both base64 alphabets, the standard one out", function()
    for _, given in ipairs { "AAH-_w==", "AAH+/w==", "AAH-_w" } do
      local target = { uri = "https://example.com/", body = given }
      local job = create("b" .. #given .. given:byte(4), { httpTarget = target })
      assert.same("AAH+/w==", job.httpTarget.body)
    end
  end)

  describe("request 8: bodies of verbs", function()
    for body, why in pairs { ["{}"] = "node", ["{}\n"] = "Go", [""] = "no body", ["{ }"] = "pretty" } do
      it(why, function()
        create("j")
        for _, verb in ipairs { "run", "pause", "resume", "resume" } do
          ok("POST", JOBS .. "/j:" .. verb, body)
        end
      end)
    end

    it("an encoded colon is the same verb", function()
      create("j")
      assert.same("PAUSED", ok("POST", JOBS .. "/j%3Apause").state)
    end)
  end)

  it("request 9: empty headers and an empty page token are absent ones", function()
    local job = create("j", { httpTarget = { uri = "https://example.com/", headers = json.decode "{}" } })
    assert.same({ ["User-Agent"] = "Google-Cloud-Scheduler" }, job.httpTarget.headers)
    assert.same(1, #ok("GET", JOBS .. "?pageSize=2&pageToken=").jobs)
    assert.same(1, #ok("GET", JOBS .. "?pageToken=&page_size=0").jobs)
  end)

  it("request 10: durations with 0, 3, 6 and 9 digits", function()
    for given, want in pairs {
      ["120s"] = "120s", ["120.500s"] = "120.500s", ["120.5s"] = "120.500s", ["120.000001s"] = "120.000001s",
      ["120.000000001s"] = "120.000000001s", ["120.000s"] = "120s",
    } do
      local job = create("d" .. given:gsub("%.", "-"), { attemptDeadline = given })
      assert.same(want, job.attemptDeadline)
    end
  end)

  it("passes over what only the service sets, and takes both spellings of a member", function()
    local job = ok("POST", JOBS, {
      schedule = "0 4 * * *", http_target = { uri = "https://example.com/", http_method = "PUT" },
      state = "PAUSED", status = { code = 3 }, userUpdateTime = json.null,
      scheduleTime = "2001-01-01T00:00:00Z", last_attempt_time = "2001-01-01T00:00:00Z",
    })
    assert.same({ "PUT", "ENABLED", -1 }, { job.httpTarget.httpMethod, job.state, job.status.code })
    assert.is_nil(job.lastAttemptTime)
    assert.is_not.matches("^2001", job.scheduleTime)
  end)

  it("request 11: needs no credentials and never answers 401", function()
    create("j")
    for _, target in ipairs { JOBS .. "/j", JOBS, "/v1/projects/p/locations", JOBS .. "/missing", "/v1/x" } do
      assert.is_not.same(401, raw("GET", target).status)
    end
  end)

  describe("paths", function()
    it("v1beta1 is the same surface", function()
      create("j")
      local beta = JOBS:gsub("/v1/", "/v1beta1/")
      assert.same(ok("GET", JOBS .. "/j"), ok("GET", beta .. "/j"))
      assert.same("PAUSED", ok("POST", beta .. "/j:pause").state)
      assert.same({}, ok("DELETE", beta .. "/j"))
    end)

    it("segments may be percent-encoded", function()
      create("j")
      assert.same(PARENT .. "/jobs/j", ok("GET", "/v1/projects/p/locations/us%2Dcentral1/jobs/%6A").name)
    end)

    for _, row in ipairs {
      { "GET", JOBS .. "/j:pause", "a verb is POSTed" },
      { "POST", JOBS .. "/j:stop", "there is no such verb" },
      { "PUT", JOBS .. "/j", "jobs are patched" },
      { "GET", "/v2/projects/p/locations", "there is no v2" },
      { "GET", "/", "nothing is there" },
    } do
      it(("%s %s is NOT_FOUND: %s"):format(table.unpack(row)), function()
        refused(404, "NOT_FOUND", row[1], row[2])
      end)
    end

    for target, word in pairs {
      ["GET /v1/" .. PARENT .. "/cmekConfig"] = "getCmekConfig",
      ["PATCH /v1/" .. PARENT .. "/cmekConfig"] = "updateCmekConfig",
      ["GET /v1/" .. PARENT .. "/operations"] = "operations.list",
      ["GET /v1/" .. PARENT .. "/operations/o"] = "operations.get",
      ["DELETE /v1/" .. PARENT .. "/operations/o"] = "operations.delete",
      ["POST /v1/" .. PARENT .. "/operations/o:cancel"] = "operations.cancel",
      ["POST /batch"] = "batch",
    } do
      it(target .. " is UNIMPLEMENTED by name", function()
        local method, path = target:match("^(%S+) (.*)$")
        assert.matches(word, refused(501, "UNIMPLEMENTED", method, path), 1, true)
      end)
    end
  end)

  -- ---- answers ----

  it("answers JSON of proto3: members in order, unset ones left out, never null", function()
    local target = { topicName = "projects/p/topics/t", data = "eA==" }
    create("j", { pubsubTarget = target, httpTarget = json.null })
    local response = raw("GET", JOBS .. "/j")
    assert.same("application/json; charset=UTF-8", response.headers["Content-Type"])
    local keys = {}
    for key in response.body:gmatch("\n  \"(%w+)\"") do
      keys[#keys + 1] = key
    end
    assert.same("name pubsubTarget userUpdateTime state status scheduleTime schedule timeZone",
      table.concat(keys, " "))
    assert.is_nil(response.body:find("null", 1, true))
    assert.matches('"status": {\n    "code": %-1\n  }', response.body)
    assert.matches('"userUpdateTime": "%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.?%d*Z"', response.body)
  end)

  it("shows the host of an App Engine job, also when it is read again and after a patch", function()
    local created = create("j", { httpTarget = json.null,
      appEngineHttpTarget = { appEngineRouting = { service = "s", version = "v" } } })
    assert.same("v.s.p.appspot.com", created.appEngineHttpTarget.appEngineRouting.host)
    assert.same(created, ok("GET", JOBS .. "/j"))
    local patched = ok("PATCH", JOBS .. "/j?updateMask=appEngineHttpTarget.appEngineRouting.version", "{}")
    assert.same({ service = "s", host = "s.p.appspot.com" }, patched.appEngineHttpTarget.appEngineRouting)
  end)

  it("deletes with 200 and an object", function()
    create("j")
    local response = raw("DELETE", JOBS .. "/j")
    assert.same({ 200, "{}\n" }, { response.status, response.body })
    assert.same("application/json; charset=UTF-8", response.headers["Content-Type"])
  end)

  it("an empty list is the three bytes {}\\n", function()
    assert.same("{}\n", raw("GET", JOBS).body)
    assert.same("{}\n", raw("GET", JOBS .. "?" .. INT).body)
  end)

  describe("pages", function()
    it("follow each other, whatever is deleted and created between them", function()
      for _, id in ipairs { "a", "b", "c", "d" } do
        create(id)
      end
      local first = ok("GET", JOBS .. "?pageSize=2")
      assert.same(2, #first.jobs)
      ok("DELETE", JOBS .. "/b")
      create("aa")
      create("bb")
      local http = require "mooncron.http"
      local second = ok("GET", JOBS .. "?pageToken=" .. http.escape(first.nextPageToken) .. "&pageSize=9")
      local ids = {}
      for i, job in ipairs(second.jobs) do
        ids[i] = job.name:match("[^/]+$")
      end
      assert.same({ "bb", "c", "d" }, ids)
      assert.is_nil(second.nextPageToken)
    end)

    it("end without a token when the last one is full", function()
      create("a")
      create("b")
      assert.is_nil(ok("GET", JOBS .. "?pageSize=2").nextPageToken)
    end)

    it("are refused with a token of another list, a made-up one, or a negative size", function()
      create("a")
      create("b")
      local token = ok("GET", JOBS .. "?pageSize=1").nextPageToken
      refused(400, "INVALID_ARGUMENT", "GET", "/v1/projects/p/locations/asia-east1/jobs?pageToken=" .. token)
      refused(400, "INVALID_ARGUMENT", "GET", JOBS .. "?pageToken=" .. base64.encode_url("2:x"))
      refused(400, "INVALID_ARGUMENT", "GET", JOBS .. "?pageSize=-1")
      refused(400, "INVALID_ARGUMENT", "GET", JOBS .. "?pageSize=two")
    end)

    it("of locations too", function()
      local all = ok("GET", "/v1/projects/p/locations").locations
      local names, token = {}, ""
      repeat
        local answer = ok("GET", "/v1/projects/p/locations?pageSize=7&pageToken=" .. token)
        table.move(answer.locations, 1, #answer.locations, #names + 1, names)
        token = answer.nextPageToken
      until not token
      assert.same(all, names)
      assert.same({ ["cloud.googleapis.com/region"] = all[1].locationId }, all[1].labels)
      assert.matches("filter", refused(501, "UNIMPLEMENTED", "GET", "/v1/projects/p/locations?filter=x"))
    end)
  end)

  describe("errors have the envelope", function()
    it("of a missing job, to the byte", function()
      assert.same(table.concat({
        "{", '  "error": {', '    "code": 404,', '    "message": "Job not found.",',
        '    "status": "NOT_FOUND"', "  }", "}", "" }, "\n"), raw("GET", JOBS .. "/missing?" .. INT).body)
    end)

    it("of a name that is taken", function()
      create("j")
      local again = { name = PARENT .. "/jobs/j", schedule = "0 4 * * *", httpTarget = { uri = "http://x/" } }
      assert.same("Job " .. PARENT .. "/jobs/j already exists.",
        refused(409, "ALREADY_EXISTS", "POST", JOBS, again))
    end)

    for _, row in ipairs {
      { "{", "invalid JSON", "no JSON" },
      { "[1]", "must be an object", "a list" },
      { "7", "must be an object", "a number" },
      { "\255", "UTF%-8", "no UTF-8" },
      { '{"nam":"x"}', '^Invalid JSON payload received%. Unknown name "nam" at \'job\'', "an unknown field" },
      { '{"httpTarget":{},"pubsubTarget":{}}', "oneof field 'target' is already set", "two targets" },
      { '{"httpTarget":{"httpMethod":"POKE"}}', "http_method", "an unknown enum name" },
      { '{"httpTarget":{"httpMethod":99}}', "http_method", "an unknown enum number" },
      { '{"httpTarget":{"body":"~"}}', "base64", "no base64" },
      { '{"attemptDeadline":"1m"}', "attempt_deadline", "no duration" },
      { '{"schedule":5}', "schedule", "a number for a text" },
      { '""', "no target", "node's empty job" },
      { "", "the text is empty", "nothing" },
    } do
      it(row[3] .. " is INVALID_ARGUMENT", function()
        assert.matches(row[2], refused(400, "INVALID_ARGUMENT", "POST", JOBS, row[1]))
      end)
    end

    it("with every violation in its details", function()
      local _, value = call("POST", JOBS, { schedule = "61 * * * *", httpTarget = { uri = "x" } })
      local detail = value.error.details[1]
      assert.same("type.googleapis.com/google.rpc.BadRequest", detail["@type"])
      local at = {}
      for i, violation in ipairs(detail.fieldViolations) do
        at[i] = violation.field
      end
      assert.same({ "http_target.uri", "schedule" }, at)
    end)

    it("of a body that is too large", function()
      local request = { method = "POST", target = JOBS, body = "", fault = "too_large" }
      local response = router.handle(scheduler.jobs, request)
      assert.same(400, response.status)
      assert.matches("1 MB", response.body)
    end)
  end)
end)
