local time <const> = require("mooncron.core").time
local schedule <const> = require "mooncron.schedule"

local function ms(text)
  return assert(time.parse_instant(text))
end

local FROM <const> = ms "2026-10-01T05:20:14Z"

describe("core.time", function()
  it("finds the next and the previous occurrence in a zone", function()
    local s = assert(time.schedule("30 1 1 11 *", "America/New_York"))
    assert.equal("2026-11-01T05:30:00Z", time.format(s:next(FROM)))
    assert.equal("2026-11-01T06:30:00Z", time.format(s:next(s:next(FROM))))
    assert.equal("2025-11-01T05:30:00Z", time.format(s:prev(FROM)))
  end)

  it("tells never by nil", function()
    local s = assert(time.schedule("0 0 29 2 *"))
    assert.is_nil(s:next(ms "9996-02-29T00:00:00Z"))
    assert.is_nil(s:prev(ms "1972-02-29T00:00:00Z"))
  end)

  it("says what is wrong with a schedule, and where", function()
    local s, e = time.schedule("0 61 * * *")
    assert.is_nil(s)
    assert.same({ "INVALID_ARGUMENT", "hour 61 is not in 0-23", 2, "schedule" },
      { e.code, e.message, e.pos, e.path })
  end)

  it("says what is wrong with a zone", function()
    local names = { "Mars/Olympus", "../etc/passwd", "/etc/localtime", "right/UTC", "a\0b", "zone.tab" }
    for _, name in ipairs(names) do
      local s, e = time.schedule("* * * * *", name)
      assert.is_nil(s)
      assert.same({ "INVALID_ARGUMENT", "time_zone" }, { e.code, e.path })
    end
  end)

  it("takes utc in any case, the empty name and links", function()
    for _, name in ipairs { "", "utc", "UTC", "Etc/UTC", "EST", "US/Eastern" } do
      assert.truthy(time.schedule("* * * * *", name))
    end
  end)

  it("keeps a zone alive as long as its schedule and iterator", function()
    local step = assert(time.schedule("0 9 * * *", time.zone "Europe/Paris")):iter(FROM)
    collectgarbage()
    collectgarbage()
    assert.equal("2026-10-01T07:00:00Z", time.format(step()))
    assert.equal("2026-10-02T07:00:00Z", time.format(step()))
  end)

  it("says that a schedule is closed to a finalizer that runs after the database's", function()
    local script = [[
      local late = setmetatable({}, { __gc = function(o)
        print(pcall(o.s.next, o.s, 0))
        print(o.step())
      end })
      local time = require("mooncron.core").time
      late.s = time.schedule("0 0 1 1 *", "Europe/Paris")
      late.step = late.s:iter(0)
      KEPT = late]]
    local path = ("package.path, package.cpath = %q, %q "):format(package.path, package.cpath)
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    file:write(path, script)
    file:close()
    local pipe = assert(io.popen("lua5.4 " .. name .. " 2>&1"))
    local out = pipe:read "a"
    assert.is_true(pipe:close())
    os.remove(name)
    assert.truthy(out:find("the schedule is closed", 1, true))
    assert.truthy(out:find("nil\n$"))
  end)

  it("agrees between iterator, between, count and matches", function()
    local s = assert(time.schedule("*/20 8-9 * * *", "Asia/Tokyo"))
    local to = FROM + 3 * 86400000
    local list = s:between(FROM, to, 100)
    assert.equal(18, #list)
    assert.equal(#list, s:count(FROM, to))
    local step = s:iter(FROM)
    for _, at in ipairs(list) do
      assert.equal(at, step())
      assert.is_true(s:matches(at))
    end
    assert.same({ list[1], list[2] }, s:between(FROM, to, 2))
  end)

  it("runs a plain interval from its anchor, seconds kept", function()
    local s = assert(time.schedule "every 5 minutes")
    local anchor = ms "2026-10-01T05:20:14.250Z"
    assert.is_true(s:is_anchored())
    assert.equal("2026-10-01T05:25:14.250Z", time.format(s:next(anchor, anchor), 3))
    assert.equal("2026-10-01T05:30:14.250Z", time.format(s:next(s:next(anchor, anchor), anchor), 3))
    assert.equal(FROM + 300000, s:next(FROM))
    assert.has_error(function() s:prev(FROM) end)
  end)

  it("runs once at changes of the clock when asked", function()
    local s = assert(time.schedule("30 1 * * *", "America/New_York", { once = true }))
    assert.equal(3, s:count(ms "2026-10-31T00:00:00Z", ms "2026-11-03T00:00:00Z"))
    assert.has_error(function() time.schedule("* * * * *", nil, { twice = true }) end)
  end)

  it("describes, prints and warns", function()
    local s = assert(time.schedule("00 09 * * mon-fri", "Europe/Berlin"))
    assert.equal("0 9 * * 1-5", s:canonical())
    assert.truthy(s:describe():find("09:00", 1, true))
    assert.same({ "calendar", "cron" }, { s:kind(), s:language() })
    assert.equal("mooncron.schedule (0 9 * * 1-5, Europe/Berlin)", tostring(s))
    local twice = assert(time.schedule("30 2 * * *", "Europe/Berlin"))
    local kinds = {}
    for _, w in ipairs(twice:warnings(ms "2026-01-01T00:00:00Z", ms "2027-01-01T00:00:00Z")) do
      kinds[w.kind] = w.at
    end
    assert.equal("2026-03-29T01:00:00Z", time.format(kinds.dst_skipped))
    assert.equal("2026-10-25T01:00:00Z", time.format(kinds.dst_twice))
  end)

  it("answers about zones", function()
    local zone = assert(time.zone "America/New_York")
    assert.same({ -14400, "EDT", true }, { zone:offset(FROM) })
    assert.equal("2026-10-01T01:20:14-04:00", zone:format(FROM))
    assert.same({ { at = ms "2026-11-01T06:00:00Z", before = -14400, after = -18000 } },
      zone:transitions(FROM, ms "2027-01-01T00:00:00Z"))
    assert.equal(0, select("#", zone:instants(ms "2027-03-14T02:30:00Z")))
    assert.equal(2, select("#", zone:instants(ms "2026-11-01T01:30:00Z")))
  end)

  it("merges many schedules in time order, lazily", function()
    local rows = {
      { schedule = assert(time.schedule "0 */12 * * *") },
      { schedule = assert(time.schedule "every 5 hours"), anchor = ms "2026-10-01T00:00:00Z" },
      { schedule = assert(time.schedule "0 0 2 10 *") },
    }
    local seen = {}
    for at, index in time.merge(rows, ms "2026-10-01T00:00:00Z", ms "2026-10-02T00:00:00Z") do
      seen[#seen + 1] = time.format(at):sub(9, 13) .. ":" .. index
    end
    assert.same({ "01T05:2", "01T10:2", "01T12:1", "01T15:2", "01T20:2", "02T00:1", "02T00:3" }, seen)
    assert.has_error(function() time.merge({ {} }, 0, 1) end)
    local yearly = { { schedule = assert(time.schedule "0 0 1 1 *") } }
    assert.equal(ms "9999-01-01T00:00:00Z", time.merge(yearly, ms "9998-01-01T00:00:00Z", math.maxinteger)())
  end)

  it("reads and writes instants", function()
    assert.equal(FROM, ms "2026-10-01t07:20:14+02:00")
    assert.equal("2026-10-01T05:20:14.000Z", time.format(FROM, 3))
    local at, e = time.parse_instant "2026-13-01T00:00:00Z"
    assert.is_nil(at)
    assert.same({ "INVALID_ARGUMENT", 5, "month 13 is not in 1-12" }, { e.code, e.pos, e.message })
    assert.has_error(function() time.format(FROM, 4) end)
  end)
end)

describe("mooncron.schedule", function()
  it("takes texts and ms", function()
    local s = assert(schedule.new("0 9 * * *", "Europe/Paris"))
    assert.equal(s:next "2026-10-01T05:20:14Z", s:next(FROM))
    assert.equal("2026-10-01T09:00:00+02:00", s:format(s:next(FROM)))
    assert.equal("0 9 * * * (Europe/Paris)", tostring(s))
    assert.equal(31, s:count("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"))
  end)

  it("raises where the caller stands when an instant is none", function()
    local s = assert(schedule.new "0 9 * * *")
    assert.has_error(function() s:next "tomorrow" end)
    assert.has_error(function() s:next(1.5) end)
    local _, message = pcall(function() s:next "tomorrow" end)
    assert.truthy(message:find("time_spec.lua", 1, true))
  end)

  it("names the schedule in its errors", function()
    local s, e = schedule.new "61 * * * *"
    assert.is_nil(s)
    assert.equal("schedule '61 * * * *': minute 61 is not in 0-59", e.message)
    assert.same({ "schedule", 0 }, { e.path, e.pos })
  end)

  it("merges", function()
    local rows = { { schedule = assert(schedule.new "every 8 hours"), anchor = "2026-10-01T01:00:00Z" } }
    local n = 0
    for _, index in schedule.merge(rows, "2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z") do
      n = n + index
    end
    assert.equal(2, n)
  end)
end)
