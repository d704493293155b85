local faults = require "mooncron.scheduler.faults"

local NAME <const> = "projects/p/locations/l/jobs/"

describe("scheduler.faults", function()
  local BAD <const> = {
    { {}, "a fault does something", "it has no effect" },
    { { job = "a", times = 3 }, "a fault does something", "times alone is no effect" },
    { { status = 99 }, "status '99'", "below HTTP's statuses" },
    { { status = 600 }, "status '600'", "above them" },
    { { status = 503, refuse = true }, "one of status, refuse and timeout", "two ends at once" },
    { { status = 503, times = 0 }, "times '0'", "never" },
    { { status = 503, times = 1.5 }, "times '1.5'", "no integer" },
    { { delay = "5 parsecs" }, "delay '5 parsecs'", "no duration" },
    { { delay = "-1s" }, "0s to 7d", "into the past" },
    { { delay = "8d" }, "0s to 7d", "longer than anything waits" },
    { { refuse = "yes" }, "refuse 'yes'", "no boolean" },
    { { status = 503, jobs = "a" }, "field 'jobs'", "a misspelt field" },
    { { status = 503, job = "" }, "job ''", "no name" },
  }
  for _, row in ipairs(BAD) do
    it("refuses: " .. row[3], function()
      local ok, e = faults.new():add(row[1])
      assert.is_nil(ok)
      assert.equal("INVALID_ARGUMENT", e.code)
      assert.matches(row[2], e.message, 1, true)
    end)
  end

  local GLOBS <const> = {
    { nil, "anything", true, "no pattern is every job" },
    { "nightly", "nightly", true, "an id" },
    { "nightly", "nightly-2", false, "the whole id" },
    { "nightly-*", "nightly-2", true, "a star" },
    { "n?ghtly", "nightly", true, "a question mark" },
    { "a.c", "abc", false, "a dot is a dot" },
    { "a-b", "a-b", true, "a hyphen is a hyphen" },
    { NAME .. "*", "a", true, "a full name, when it has a slash" },
    { "projects/q/*", "a", false, "another project" },
  }
  for _, row in ipairs(GLOBS) do
    it("picks jobs by " .. row[4], function()
      local f = faults.new()
      assert(f:add { job = row[1], status = 500 })
      assert.equal(row[3], f:take(NAME .. row[2]) ~= nil)
    end)
  end

  it("is used up by its times, and the next rule follows", function()
    local f = faults.new()
    assert(f:add { times = 2, status = 503 })
    assert(f:add { times = 1, refuse = true })
    assert.equal(503, f:take(NAME .. "a").status)
    assert.same({ { job = "*", times = 1, status = 503 }, { job = "*", times = 1, refuse = true } }, f:list())
    assert.equal(503, f:take(NAME .. "b").status)
    assert.is_true(f:take(NAME .. "a").refuse)
    assert.is_nil(f:take(NAME .. "a"))
    assert.same({}, f:list())
  end)

  it("lasts without times until it is cleared, and tells a delay as a duration", function()
    local f = faults.new()
    assert(f:add { delay = 1.5 })
    for _ = 1, 100 do
      assert.equal(1500, f:take(NAME .. "a").delay_ms)
    end
    assert.same({ { job = "*", delay = "1.500s" } }, f:list())
    f:clear()
    assert.is_nil(f:take(NAME .. "a"))
  end)

  it("takes no more rules than it can look through", function()
    local f = faults.new()
    for _ = 1, 1000 do
      assert(f:add { status = 500 })
    end
    local _, e = f:add { status = 500 }
    assert.equal("RESOURCE_EXHAUSTED", e.code)
  end)
end)
