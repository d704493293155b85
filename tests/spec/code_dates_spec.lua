-- at, window, except and spread: what becomes of them in five fields.
local dates = require "mooncron.code.dates"
local schedule_of = require("mooncron.schedule").new
local spread = require "mooncron.code.spread"
local time = require("mooncron.core").time

local function ms(text)
  return assert(time.parse_instant(text))
end

describe("at", function()
  it("is a dated cron, bound to its instant in the job's zone", function()
    local out = assert(dates.at("2026-12-24T18:05", "America/New_York"))
    assert.equal("5 18 24 12 *", out.schedule)
    assert.equal(ms "2026-12-24T23:05:00Z", out.active.from_ms)
    assert.equal(out.active.to_ms, out.active.from_ms)
  end)

  local refused = {
    { "2026-02-29T10:00", "UTC", "write the job's own local time", "no such day" },
    { "2026-12-24", "UTC", "write the job's own local time", "no time" },
    { "2026-12-24T25:00", "UTC", "write the job's own local time", "no such hour" },
    { "2026-12-24T18:00Z", "UTC", "write the job's own local time", "a zone of its own" },
    { "2027-03-28T02:30", "Europe/Berlin", "does not exist", "in the hour that is skipped" },
    { "2026-10-25T02:30", "Europe/Berlin", "comes twice", "in the hour that is repeated" },
    { "2026-12-24T18:00", "Europe/Berlim", "Berlim", "no such zone" },
  }
  for _, row in ipairs(refused) do
    it("is refused: " .. row[4], function()
      local out, e = dates.at(row[1], row[2])
      assert.is_nil(out)
      assert.matches(row[3], e:line())
    end)
  end
end)

local function compile(schedule, spec)
  spec.schedule = schedule
  return dates.compile(spec)
end

describe("a window", function()
  local rows = {
    { "0 9 * * *", "2026-12-01", "2026-12-24", "0 9 1-24 12 *", "within a month" },
    { "*/10 9-17 * * *", "2026-06-01", "2026-08-31", "*/10 9-17 * 6-8 *", "whole months" },
    { "0 9 * * 1-5", "2026-11-01", "2027-02-28", "0 9 * 1-2,11-12 1-5", "over the end of the year" },
    { "0 9 1 * *", "2026-11-20", "2027-02-10", "0 9 1 1-2,12 *", "no run in what is cut off" },
    { "0 9 15 * *", "2026-12-01", "2026-12-31", "0 9 15 12 *", "a day in a month" },
    { "0 9 * * 1", "2026-12-01", "2026-12-31", "0 9 * 12 1", "weekdays in a whole month" },
  }
  for _, row in ipairs(rows) do
    it("is exact: " .. row[5], function()
      local out = assert(compile(row[1], { window = { from = row[2], to = row[3] },
        time_zone = "Europe/Berlin" }))
      local want = schedule_of(row[4]):canonical()
      assert.equal(want, schedule_of(out.schedule):canonical())
      -- the same runs, in the window and in the months around it
      local whole, cut = schedule_of(row[1], "Europe/Berlin"), schedule_of(out.schedule, "Europe/Berlin")
      local from, to = out.active.from_ms - 1, out.active.to_ms
      assert.same(whole:between(from, to, 100000), cut:between(from, to, 100000))
      assert.equal(0, cut:count(to, to + 60 * 86400000))
      assert.equal(0, cut:count(from - 60 * 86400000, from))
    end)
  end

  local refused = {
    { "0 9 * * *", "2026-11-20", "2027-01-10", "UNIMPLEMENTED", "begin on the first",
      "parts of several months" },
    { "0 9 * * 1", "2026-12-01", "2026-12-24", "UNIMPLEMENTED", "means either",
      "weekdays in a part of a month" },
    { "0 9 * * *", "2026-12-01", "2028-12-24", "UNIMPLEMENTED", "cron has no year", "more than a year" },
    { "every 5 minutes", "2026-12-01", "2026-12-24", "UNIMPLEMENTED", "five fields", "the other language" },
    { "0 9 1 6 *", "2026-12-01", "2026-12-24", "INVALID_ARGUMENT", "does not fire within", "nothing in it" },
    { "0 9 * * *", "2026-12-24", "2026-12-01", "INVALID_ARGUMENT", "before it begins",
      "the wrong way round" },
    { "0 9 * * *", "2026-12-24", "2026-12-32", "INVALID_ARGUMENT", "days that exist", "no such day" },
  }
  for _, row in ipairs(refused) do
    it("is refused: " .. row[6], function()
      local out, e = compile(row[1], { window = { from = row[2], to = row[3] } })
      assert.is_nil(out)
      assert.equal(row[4], e.code)
      assert.matches(row[5], e.message)
    end)
  end
end)

describe("except", function()
  local rows = {
    { "0 9 * 12 *", { "12-25", "12-26" }, "0 9 1-24,27-31 12 *", "days of its one month" },
    { "0 9 * * *", { "AUG", "dec" }, "0 9 * 1-7,9-11 *", "months" },
    { "0 9 * * *", { "SAT", "SUN" }, "0 9 * * 1-5", "weekdays" },
    { "0 9 1 * *", { "01-01" }, "0 9 1 2-12 *", "the one day of a month" },
    { "0 9 * * 1-5", { "2026-12-26" }, "0 9 * * 1-5", "a Saturday on which it does not fire" },
    { "0 9 15 * *", { "12-25", "2026-12-25" }, "0 9 15 * *", "a day that it never has" },
  }
  for _, row in ipairs(rows) do
    it("is compiled: " .. row[4], function()
      local out = assert(compile(row[1], { except = row[2] }))
      assert.equal(row[3], schedule_of(out.schedule):canonical())
    end)
  end

  it("knows a year within a window", function()
    local window = { from = "2026-12-01", to = "2026-12-31" }
    local out = assert(compile("0 9 * * *", { window = window, except = { "2026-12-25", "2027-01-01" } }))
    assert.equal("0 9 1-24,26-31 12 *", out.schedule)
  end)

  local refused = {
    { "0 9 * * *", "2026-12-25", "UNIMPLEMENTED", "cron has no year", "one day of one year" },
    { "0 9 * * *", "12-25", "UNIMPLEMENTED", "left out of all of its months", "a day of one of its months" },
    { "0 9 * 12 1-5", "12-25", "UNIMPLEMENTED", "means either", "a day beside weekdays" },
    { "0 9 1 * *", "SUN", "UNIMPLEMENTED", "means either", "a weekday beside days" },
    { "0 9 * * 1", "MON", "INVALID_ARGUMENT", "leaves no weekday", "nothing is left" },
    { "0 9 * * *", "Christmas", "INVALID_ARGUMENT", "write a day", "no day" },
  }
  for _, row in ipairs(refused) do
    it("is refused with the reason: " .. row[5], function()
      local out, e = compile(row[1], { except = { row[2] } })
      assert.is_nil(out)
      assert.equal(row[3], e.code)
      assert.matches(row[4], e.message)
    end)
  end
end)

describe("spread", function()
  it("gives the same minute for ever", function()
    assert.same({ "43 * * * *", "36 21 * * *" }, { (spread.spread("nightly", "every hour")),
      (spread.spread("report", "every day")) })
  end)

  local forms = {
    { "every hour", 366 * 24 }, { "every 15 minutes", 366 * 96 }, { "every 6 hours", 366 * 4 },
    { "every day", 366 }, { "every day from 1:00 to 5:00", 366 }, { "every weekday", 262 },
    { "every week", 52 }, { "every month", 12 },
  }
  for _, form in ipairs(forms) do
    it("keeps its rhythm: " .. form[1], function()
      for i = 1, 40 do
        local schedule = schedule_of(assert(spread.spread("job-" .. i, form[1])))
        local count = schedule:count("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z")
        assert.is_true(math.abs(count - form[2]) <= 2, schedule.text .. " " .. count)
      end
    end)
  end

  it("leaves the popular minutes, and no minute is much more popular than another", function()
    local counts, most = {}, 0
    for i = 1, 4800 do
      local minute = tonumber(spread.spread("job-" .. i, "every hour"):match("^%d+"))
      counts[minute] = (counts[minute] or 0) + 1
      most = math.max(most, counts[minute])
    end
    for minute = 0, 55, 5 do
      assert.is_nil(counts[minute])
    end
    assert.is_true(most < 150, most) -- 100 each on average
  end)

  it("stays in the hours that are named", function()
    for i = 1, 200 do
      local hour = tonumber(spread.spread("j" .. i, "every day from 1:00 to 5:00"):match("^%d+ (%d+)"))
      assert.is_true(hour >= 1 and hour < 5)
    end
  end)
end)
