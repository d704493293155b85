local err = require "mooncron.err"
local errors = require "mooncron.api.errors"

describe("errors.answer", function()
  it("gives the recorded 404 byte for byte", function()
    local status, body = errors.answer(errors.job_not_found())
    assert.equal(404, status)
    assert.equal([[
{
  "error": {
    "code": 404,
    "message": "Job not found.",
    "status": "NOT_FOUND"
  }
}
]], body)
  end)

  it("prints details with their type first", function()
    local _, body = errors.answer(errors.busy "projects/P/locations/L/jobs/J")
    assert.equal([[
{
  "error": {
    "code": 409,
    "message": "sync mutate calls cannot be queued",
    "status": "ABORTED",
    "details": [
      {
        "@type": "type.googleapis.com/google.rpc.ResourceInfo",
        "resourceName": "projects/P/locations/L/jobs/J"
      }
    ]
  }
}
]], body)
  end)

  for code, status in pairs(err.http_status) do
    if code ~= "OK" then
      it(("comes back as it went: %s by %d"):format(code, status), function()
        local details = { { ["@type"] = "type.googleapis.com/x", a = "b" } }
        local sent, body = errors.answer(err.new(code, "why", { details = details }))
        assert.equal(status, sent)
        local e = errors.from_answer(sent, body)
        assert.same({ code, "why", status, details }, { e.code, e.message, e.status, e.details })
      end)
    end
  end

  it("does not let a word that is no code out", function()
    local status, envelope = errors.to_json(err.new("OOPS", "x"))
    assert.same({ 500, "UNKNOWN" }, { status, envelope.error.status })
  end)

  it("knows the sentences of the service", function()
    assert.equal("Job J already exists.", errors.already_exists("J").message)
    assert.equal("Job.state must be ENABLED for RunJob.",
      errors.wrong_state("ENABLED", "RunJob").message)
    assert.equal("Location 'x' is not a valid location. Use ListLocations to list valid locations.",
      errors.unknown_location("x").message)
    assert.equal("UNIMPLEMENTED: cmekConfig is not implemented here",
      tostring(errors.unimplemented "cmekConfig"))
  end)
end)

describe("errors.from_answer", function()
  local GONE <const> = "the server answered %d"
  local ROWS <const> = {
    { 404, "", "NOT_FOUND", GONE .. " and nothing else", "empty" },
    { 502, " \n", "UNAVAILABLE", GONE .. " and nothing else", "blank" },
    { 502, "<html><head><title>502 Bad\n Gateway</title></head></html>", "UNAVAILABLE",
      GONE .. ": 502 Bad Gateway", "HTML with a title" },
    { 500, "<html>", "INTERNAL", GONE .. " with something that is not an error of the API",
      "HTML" },
    { 503, "no healthy upstream", "UNAVAILABLE", GONE .. ": no healthy upstream", "plain text" },
    { 400, "{garbage", "INVALID_ARGUMENT",
      GONE .. " with something that is not an error of the API", "JSON?" },
    { 400, '{"error":"invalid_grant","error_description":"Bad"}', "INVALID_ARGUMENT",
      "invalid_grant: Bad",
      "OAuth's shape" },
    { 400, '[{"error":{"code":400,"message":"m","status":"FAILED_PRECONDITION"}}]',
      "FAILED_PRECONDITION",
      "m", "a stream's shape" },
    { 409, '{"error":{"message":"m","status":"NEW_WORD"}}', "ABORTED", "m",
      "a word that is not known" },
    { 418, '{"error":{"message":5}}', "FAILED_PRECONDITION",
      GONE .. " with something that is not an error of the API",
      "a message that is no text" },
    { 599, "\255\254", "INTERNAL", GONE .. ": ??", "bytes that are no text" },
    { 302, "", "UNKNOWN", GONE .. " and nothing else", "a redirect" },
  }
  for _, row in ipairs(ROWS) do
    it("makes sense of " .. row[5], function()
      local e = errors.from_answer(row[1], row[2])
      assert.same({ row[3], row[4]:format(row[1]), row[1] }, { e.code, e.message, e.status })
    end)
  end

  it("decodes details", function()
    local e = errors.from_answer(400, [[{"error":{
      "message":"m","status":"INVALID_ARGUMENT","details":[
      {"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[
        {"field":"f","description":"d"}]},
      {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"R"},
      {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.5s"}]}}]])
    assert.same({ "f", "R", 1.5 }, { e.path, e.reason, e.retry_after })
    assert.same({ { field = "f", description = "d" } }, e.violations)
  end)

  local WAITS <const> = {
    { "7", nil, 7, "seconds" },
    { "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 1999 23:58:29 GMT", 90, "a date" },
    { "Wed, 01 Mar 2000 00:00:10 GMT", "Mon, 28 Feb 2000 23:59:50 GMT", 86420, "over a leap day" },
    { "Mon, 01 Mar 2100 00:00:00 GMT", "Sun, 28 Feb 2100 00:00:00 GMT", 86400, "no leap day" },
    { "Sat, 01 Jan 2028 00:00:00 GMT", "Fri, 01 Jan 2027 00:00:00 GMT", 31536000, "a year" },
    { "Fri, 31 Dec 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:00 GMT", 0, "a date gone by" },
    { "Fri, 31 Dec 1999 23:59:59 GMT", nil, nil, "a date without the answer's own" },
    { "Fri, 31 Abc 1999 23:59:59 GMT", "Sat, 01 Jan 2000 00:00:00 GMT", nil, "no month" },
    { "soon", "Sat, 01 Jan 2000 00:00:00 GMT", nil, "no time" },
    { nil, nil, nil, "nothing" },
  }
  for _, row in ipairs(WAITS) do
    it("reads Retry-After: " .. row[4], function()
      local headers = { ["retry-after"] = row[1], date = row[2] }
      assert.equal(row[3], errors.from_answer(429, "", headers).retry_after)
    end)
  end

  it("says whether trying later may help", function()
    assert.is_true(errors.from_answer(503, "").retryable)
    assert.is_true(errors.from_answer(429, "").retryable)
    assert.is_nil(errors.from_answer(404, "").retryable)
    assert.is_nil(errors.from_answer(409, "").retryable)
    assert.is_true(errors.from_answer(errors.answer(errors.busy "J")).retryable)
  end)
end)

describe("errors.may_retry", function()
  local BUSY <const> = errors.busy "J"
  local ROWS <const> = {
    { "get_job", err.new("UNAVAILABLE", ""), true, "official config" },
    { "delete_job", err.new("DEADLINE_EXCEEDED", ""), true, "official config" },
    { "create_job", err.new("UNAVAILABLE", ""), false, "creates are not repeated blindly" },
    { "run_job", err.new("UNAVAILABLE", ""), false, "official config" },
    { "get_job", err.new("NOT_FOUND", ""), false, "would not help" },
    { "run_job", BUSY, true, "was surely not done" },
    { "create_job", BUSY, false, "not a change of a job" },
    { "update_job", err.new("ABORTED", "other"), false, "another conflict" },
    { "create_job", err.new("RESOURCE_EXHAUSTED", "", { status = 429 }), true, "over the quota" },
  }
  for i, row in ipairs(ROWS) do
    it(("row %d: %s, %s"):format(i, row[1], row[4]), function()
      assert.equal(row[3], errors.may_retry(row[1], row[2]))
    end)
  end
end)
