local err = require "mooncron.err"
local outcome = require "mooncron.scheduler.outcome"

describe("scheduler.outcome", function()
  local ROWS <const> = {
    { 200, true, "OK", "URL_CRAWLED", "recorded" },
    { 204, true, "OK", "URL_CRAWLED", "any 2xx is success [ref]" },
    { 299, true, "OK", "URL_CRAWLED", "the last one" },
    { 300, false, "UNKNOWN", "URL_ERROR-ERROR_OTHER", "not a success any more" },
    { 304, false, "UNKNOWN", "URL_ERROR-ERROR_OTHER", "a redirect that was not followed" },
    { 199, false, "UNKNOWN", "URL_ERROR-ERROR_OTHER", "below 200" },
    { 400, false, "INVALID_ARGUMENT", "URL_ERROR-ERROR_OTHER", "log dump" },
    { 401, false, "UNAUTHENTICATED", "URL_ERROR-ERROR_AUTHENTICATION", "log dump" },
    { 403, false, "PERMISSION_DENIED", "URL_ERROR-ERROR_OTHER", "log dump" },
    { 404, false, "NOT_FOUND", "URL_ERROR-ERROR_NOT_FOUND", "log dump" },
    { 405, false, "UNKNOWN", "URL_ERROR-ERROR_OTHER", "no canonical code is near" },
    { 409, false, "ABORTED", "URL_ERROR-ERROR_OTHER", "nearest code" },
    { 418, false, "UNKNOWN", "URL_ERROR-ERROR_OTHER", "no canonical code is near" },
    { 429, false, "INTERNAL", "URL_UNREACHABLE-UNREACHABLE_5xx", "log dump" },
    { 500, false, "INTERNAL", "URL_UNREACHABLE-UNREACHABLE_5xx", "recorded" },
    { 503, false, "INTERNAL", "URL_UNREACHABLE-UNREACHABLE_5xx", "as 500" },
    { 504, false, "DEADLINE_EXCEEDED", "URL_UNREACHABLE-UNREACHABLE_5xx", "recorded: the target's own 504" },
    { 599, false, "INTERNAL", "URL_UNREACHABLE-UNREACHABLE_5xx", "the last 5xx" },
  }
  for _, row in ipairs(ROWS) do
    it(("of %d: %s"):format(row[1], row[5]), function()
      assert.same({
        ok = row[2],
        code = row[3],
        debug_info = ("%s. Original HTTP response code number = %d"):format(row[4], row[1]),
        http_status = row[1],
      }, outcome.of_status(row[1]))
    end)
  end

  it("knows only codes that a status can carry", function()
    for status = 100, 599 do
      assert.is_number(err.number[outcome.of_status(status).code], status)
    end
  end)

  it("tells the attempt deadline as it is recorded", function()
    assert.same({
      ok = false,
      code = "DEADLINE_EXCEEDED",
      debug_info = "URL_TIMEOUT-TIMEOUT_WEB. Original HTTP response code number = 504",
    }, outcome.of_error(err.new("DEADLINE_EXCEEDED", "no answer in time")))
  end)

  it("tells why there was no answer", function()
    for _, code in ipairs { "UNAVAILABLE", "FAILED_PRECONDITION", "DATA_LOSS" } do
      assert.same({
        ok = false,
        code = "UNAVAILABLE",
        debug_info = "URL_UNREACHABLE-UNREACHABLE_NO_RESPONSE. connection refused",
      }, outcome.of_error(err.new(code, "connection refused")))
    end
  end)

  it("tells why the attempt could not be made", function()
    assert.same({ ok = false, code = "UNIMPLEMENTED", debug_info = "no tokens here" },
      outcome.of_refusal(err.new("UNIMPLEMENTED", "no tokens here")))
  end)
end)
