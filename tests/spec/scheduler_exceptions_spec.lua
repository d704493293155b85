-- Days on which a job of the local scheduler does not fire.
local exceptions = require "mooncron.exceptions"
local mask = require "mooncron.api.mask"
local schedule_of = require("mooncron.schedule").new
local scheduling = require "support.scheduling"
local time = require("mooncron.core").time

local PARENT <const> = scheduling.PARENT
local NAME <const> = PARENT .. "/jobs/a"

-- The next runs, or the last ones, at most `n`, as local time without its offset.
local function runs(text, zone, spec, from, n, method)
  local schedule = assert(schedule_of(text, zone))
  local left = exceptions.over(schedule, assert(exceptions.check(spec)))
  local list, ms = {}, assert(time.parse_instant(from))
  while #list < n do
    ms = left[method or "next"](left, ms)
    if not ms then
      break
    end
    list[#list + 1] = schedule:format(ms):sub(1, 16)
  end
  return list
end

describe("a schedule with exceptions", function()
  local rows = {
    { "0 9 * * *", "UTC", { except = { "2026-10-06", "2026-10-08" } }, "2026-10-05T10:00:00Z",
      { "2026-10-07T09:00", "2026-10-09T09:00" }, "leaves out single days" },
    { "0 9 25 12 *", "UTC", { except = { "12-25" } }, "2026-10-05T10:00:00Z", {}, "may never fire" },
    { "* * * * *", "UTC", { except = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" } },
      "2026-10-05T10:00:00Z", {}, "comes to an end of looking" },
    { "0 9 1 * *", "UTC", { except = { "nov", "DEC" } }, "2026-10-05T10:00:00Z",
      { "2027-01-01T09:00", "2027-02-01T09:00" }, "leaves out months" },
    { "0 9 1 * *", "UTC", { except = { "SUN" } }, "2026-10-05T10:00:00Z",
      { "2026-12-01T09:00", "2027-01-01T09:00" }, "leaves out a weekday beside a day" },
    { "0 9 * * *", "UTC", { window = { from = "2026-11-20", to = "2026-11-21" } }, "2026-10-05T10:00:00Z",
      { "2026-11-20T09:00", "2026-11-21T09:00" }, "begins and ends with its window" },
    { "0 0 * * *", "UTC", { window = { from = "2026-11-20", to = "2026-11-20" } }, "2026-10-05T10:00:00Z",
      { "2026-11-20T00:00" }, "has the first instant of a window" },
    { "every 12 hours from 00:00 to 23:59", "UTC", { except = { "2026-10-06" } }, "2026-10-05T10:00:00Z",
      { "2026-10-05T12:00", "2026-10-07T00:00" }, "may be of the other language" },
    { "every 7 hours", "UTC", { except = { "2026-10-06" } }, "2026-10-05T10:00:00Z",
      { "2026-10-05T17:00", "2026-10-07T04:00" }, "keeps the rhythm of an interval" },
    { "30 23,0 * * *", "America/Los_Angeles", { except = { "2026-10-06" } }, "2026-10-06T05:00:00Z",
      { "2026-10-05T23:30", "2026-10-07T00:30" }, "has the days of its own zone" },
    { "0 * * * *", "Europe/Berlin", { except = { "2026-10-25" } }, "2026-10-24T20:30:00Z",
      { "2026-10-24T23:00", "2026-10-26T00:00" }, "leaves out all of a day of 25 hours" },
    { "0 * * * *", "Europe/Berlin", { except = { "2027-03-28" } }, "2027-03-27T21:30:00Z",
      { "2027-03-27T23:00", "2027-03-29T00:00" }, "leaves out all of a day of 23 hours" },
    { "0 * * * *", "America/Sao_Paulo", { except = { "2018-11-03" } }, "2018-11-03T01:30:00Z",
      { "2018-11-02T23:00", "2018-11-04T01:00" }, "goes on where there is no midnight" },
  }
  for _, row in ipairs(rows) do
    it(row[6], function()
      assert.same(row[5], runs(row[1], row[2], row[3], row[4], 2))
    end)
  end

  it("looks back over the same days", function()
    local except = { except = { "2026-10-06", "SUN" }, window = { from = "2026-10-03", to = "2026-10-07" } }
    assert.same({ "2026-10-07T09:00", "2026-10-05T09:00", "2026-10-03T09:00" },
      runs("0 9 * * *", "Europe/Berlin", except, "2026-11-05T10:00:00Z", 9, "prev"))
  end)

  local refused = {
    { { except = { "Christmas" } }, "write a day", "no day" },
    { { except = { "02-30" } }, "write a day", "a day that no year has" },
    { { except = "12-25" }, "list of days", "no list" },
    { { window = { from = "2026-12-02", to = "2026-12-01" } }, "before it begins", "the wrong way round" },
    { { window = { from = "2026-12-02", to = "2026-12-09", x = 1 } }, "no 'x'", "a member of a window" },
    { { holidays = {} }, "no 'holidays'", "an unknown member" },
    { 7, "exceptions must be", "no table" },
  }
  for _, row in ipairs(refused) do
    it("refuses " .. row[3], function()
      local spec, e = exceptions.check(row[1])
      assert.is_nil(spec)
      assert.equal("INVALID_ARGUMENT", e.code)
      assert.matches(row[2], e.message, 1, true)
    end)
  end

  it("has one spelling", function()
    local spec = assert(exceptions.check { except = { "sun", "12-25", "SUN" } })
    assert.equal('{"except":["12-25","SUN"]}', exceptions.encode(spec))
    assert.is_nil(exceptions.encode(assert(exceptions.check { except = {} })))
  end)
end)

describe("a job with exceptions", function()
  local s, recorder

  before_each(function()
    s = scheduling.open { clock = "virtual" } -- a Monday, 2026-10-05T08:00:00Z
    recorder = s:recorder()
  end)

  after_each(function()
    s:close()
  end)

  local function create(fields)
    fields = fields or {}
    fields.http_target = { uri = recorder.uri }
    fields.schedule = fields.schedule or "0 9 * * *"
    return assert(s.jobs:create(PARENT, scheduling.job("a", fields)))
  end

  local function days()
    local list = {}
    for i, attempt in ipairs(assert(s:attempts())) do
      list[i] = time.format(attempt.scheduled_ms):sub(6, 10)
    end
    return table.concat(list, " ")
  end

  local function schedule_time()
    return assert(s.jobs:get(NAME)).schedule_time
  end

  it("fires on the other days of a fortnight", function()
    create()
    assert(s:set_exceptions(NAME, { except = { "2026-10-05", "10-08", "SAT", "SUN" } }))
    assert.equal("2026-10-06T09:00:00Z", schedule_time())
    s:advance "14d"
    assert.equal("10-06 10-07 10-09 10-12 10-13 10-14 10-15 10-16", days())
    assert.equal("2026-10-19T09:00:00Z", schedule_time())
  end)

  it("fires in its window, and then never again", function()
    create()
    assert(s:set_exceptions(NAME, { window = { from = "2026-10-07", to = "2026-10-09" } }))
    s:advance "14d"
    assert.equal("10-07 10-08 10-09", days())
    assert.is_nil(schedule_time())
    assert.is_nil(s.store:next_due_ms())
  end)

  it("keeps them when its schedule is changed or it is paused and resumed", function()
    create()
    assert(s:set_exceptions(NAME, { except = { "2026-10-06" } }))
    assert(s.jobs:patch(NAME, { schedule = "0 7 * * *" }, assert(mask.parse "schedule")))
    assert.equal("2026-10-07T07:00:00Z", schedule_time())
    assert(s.jobs:pause(NAME))
    assert.is_nil(schedule_time())
    assert(s.jobs:resume(NAME))
    assert.equal("2026-10-07T07:00:00Z", schedule_time())
  end)

  it("holds them back while it is paused", function()
    create()
    assert(s.jobs:pause(NAME))
    assert(s:set_exceptions(NAME, { except = { "2026-10-05" } }))
    assert.is_nil(schedule_time())
    assert(s.jobs:resume(NAME))
    assert.equal("2026-10-06T09:00:00Z", schedule_time())
  end)

  it("loses them when they are taken away, or with its end", function()
    create()
    assert(s:set_exceptions(NAME, { except = { "2026-10-05" } }))
    assert(s:set_exceptions(NAME, nil))
    assert.equal("2026-10-05T09:00:00Z", schedule_time())
    assert.same({}, s:exceptions())
    assert(s:set_exceptions(NAME, { except = { "2026-10-05" } }))
    assert(s.jobs:delete(NAME))
    create()
    assert.equal("2026-10-05T09:00:00Z", schedule_time())
  end)

  it("makes up for the last run that is left in, not for one that is left out", function()
    s:close()
    local wall = { ms = scheduling.START_MS }
    s = scheduling.open({ catch_up = "last", catch_up_window = 4 * 86400 }, wall)
    recorder = s:recorder()
    create()
    assert(s:set_exceptions(NAME, { except = { "2026-10-07" } }))
    assert(s.dispatcher:fire_due())
    wall.ms = assert(time.parse_instant "2026-10-07T12:00:00Z")
    s.dispatcher.awake_ms = wall.ms -- as after a start: nothing ran before
    assert(s.dispatcher:fire_due())
    assert(s:wait_until_idle())
    assert.equal("10-06", days())
    assert.equal("2026-10-08T09:00:00Z", schedule_time())
  end)

  it("carries the next run that is left in when it is forced", function()
    create()
    assert(s:set_exceptions(NAME, { except = { "2026-10-05" } }))
    assert(s.jobs:run(NAME))
    s:run_due()
    assert.equal("10-06", days())
    assert.equal("2026-10-06T09:00:00Z", schedule_time())
  end)

  it("says what is wrong", function()
    create()
    assert.has_error(function()
      s:set_exceptions(NAME, { except = { "x" } })
    end)
    local ok, e = s:set_exceptions(PARENT .. "/jobs/b", nil)
    assert.is_nil(ok)
    assert.equal("NOT_FOUND", e.code)
  end)
end)
