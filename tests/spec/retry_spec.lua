local err = require "mooncron.err"
local retry = require "mooncron.retry"

describe("retry", function()
  local real, waits, now
  before_each(function()
    real, waits, now = retry.clock, {}, 0
    retry.clock = {
      sleep = function(seconds)
        waits[#waits + 1] = seconds
        now = now + seconds * 1000 // 1 | 0
      end,
      mono_ms = function()
        return now
      end,
      wall_ms = function()
        return 784111777000
      end,
      random = function()
        return 0
      end,
    }
  end)
  after_each(function()
    retry.clock = real
  end)

  -- Fails with the given errors, then succeeds.
  local function failing(...)
    local failures, calls = { ... }, 0
    return function(value)
      calls = calls + 1
      if failures[calls] then
        return nil, failures[calls]
      end
      return value, calls
    end
  end

  local function fail(code, message, fields)
    return err.new(code, message or "x", fields)
  end

  it("returns what succeeds", function()
    assert.same({ "v", 1 }, { retry.call(retry.read, failing(), "v") })
    assert.same({}, waits)
  end)

  it("waits longer each time", function()
    assert.same({ "v", 4 }, { retry.call(retry.read, failing(fail "UNAVAILABLE", fail "UNAVAILABLE",
      fail "DEADLINE_EXCEEDED"), "v") })
    assert.same({ 0.1, 0.13, 0.169 }, waits)
  end)

  it("hands the failure on that is not worth it", function()
    local e = fail "NOT_FOUND"
    local value, got = retry.call(retry.read, failing(e))
    assert.is_nil(value)
    assert.equal(e, got)
    assert.same({}, waits)
  end)

  for _, row in ipairs {
    { "read", "UNAVAILABLE", nil, true, "reads are repeated" },
    { "delete", "DEADLINE_EXCEEDED", nil, true, "deletes too" },
    { "mutate", "UNAVAILABLE", nil, false, "a create may have been made" },
    { "mutate", "DEADLINE_EXCEEDED", nil, false, "a run may have begun" },
    { "mutate", "RESOURCE_EXHAUSTED", nil, true, "what the quota refused was not made" },
    { "mutate", "ABORTED", "sync mutate calls cannot be queued", true, "nor what met another change" },
    { "mutate", "ABORTED", "x", false, "but not any conflict" },
    { "read", "ABORTED", "sync mutate calls cannot be queued", false, "a read meets none" },
    { "never", "UNAVAILABLE", nil, false, "never is never" },
  } do
    it(row[5], function()
      local value = retry.call(retry[row[1]], failing(fail(row[2], row[3])), "v")
      assert.equal(row[4] and "v" or nil, value)
    end)
  end

  it("waits as long as the server asks", function()
    retry.call(retry.read, failing(fail("UNAVAILABLE", nil, { retry_after = "7" })), "v")
    retry.call(retry.read, failing(fail("UNAVAILABLE", nil,
      { retry_after = "Sun, 06 Nov 1994 08:49:47 GMT" })), "v")
    retry.call(retry.read, failing(fail("UNAVAILABLE", nil, { retry_after = "rubbish" })), "v")
    assert.same({ 7.0, 10.0, 0.1 }, waits)
  end)

  it("gives up at the deadline", function()
    local calls = 0
    local policy = { codes = { "UNAVAILABLE" }, initial = 1, multiplier = 2, total = 10 }
    local value, e = retry.call(policy, function()
      calls = calls + 1
      return nil, fail "UNAVAILABLE"
    end)
    assert.is_nil(value)
    assert.equal("UNAVAILABLE", e.code)
    assert.same({ 1.0, 2.0, 4.0 }, waits)
    assert.equal(4, calls)
  end)

  it("raises for a policy that is none", function()
    assert.error_matches(function()
      retry.call({ codes = { "OOPS" } }, failing(fail "UNAVAILABLE"))
    end, "'OOPS' is not the word of a canonical code")
    assert.has_error(function()
      retry.call({ codes = {}, jitter = 2 }, failing(fail "UNAVAILABLE"))
    end)
  end)
end)
