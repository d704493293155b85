-- The commands about schedules, as they are typed: output, diagnostics, exit codes.

local json = require "cjson"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function run(arguments, input)
  local err_path = os.tmpname()
  local command = ("printf '%s' | %s %s 2>%s"):format(input or "", program, arguments, err_path)
  local pipe = assert(io.popen(command))
  local out = pipe:read("a")
  local _, _, code = pipe:close()
  local file <close> = assert(io.open(err_path))
  local err = file:read("a")
  os.remove(err_path)
  return out, err, code
end

local function expect(arguments, out, err, code, input)
  local got_out, got_err, got_code = run(arguments, input)
  assert.same({ out, err, code }, { got_out, got_err, got_code })
end

describe("mooncron next", function()
  it("prints local and UTC times, and leaves out the day that spring skips", function()
    expect("next '30 2 * * *' --time-zone America/New_York --from 2027-03-13T00:00:00Z -n 2", [[
WEEKDAY  LOCAL TIME                 ZONE  UTC
Sat      2027-03-13T02:30:00-05:00  EST   2027-03-13T07:30:00Z
Mon      2027-03-15T02:30:00-04:00  EDT   2027-03-15T06:30:00Z
]], "", 0)
  end)

  it("prints both runs of the hour that autumn repeats, as JSON", function()
    local out, err, code = run("next '30 1 * * *' --time-zone America/New_York"
      .. " --from 2026-11-01T00:00:00Z --count=2 --json")
    assert.same({ "", 0 }, { err, code })
    local answer = json.decode(out)
    assert.same({ "30 1 * * *", "America/New_York" }, { answer.schedule, answer.time_zone })
    assert.same({ "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z" },
      { answer.runs[1].utc, answer.runs[2].utc })
    assert.same({ "EDT", "EST" }, { answer.runs[1].zone, answer.runs[2].zone })
  end)

  it("counts a plain interval from its anchor", function()
    local out = run("next 'every 90 mins' --from 2026-10-01T05:30:00Z"
      .. " --anchor 2026-10-01T05:20:00Z -n 1 --json")
    assert.equal("2026-10-01T06:50:00Z", json.decode(out).runs[1].utc)
  end)

  it("takes a day of the time zone, with its midnight", function()
    local rows <const> = {
      { "'0 0 * * *' --from 2027-03-01", "2027-03-01T00:00:00Z", "UTC" },
      { "'0 0 * * *' --from 2027-03-01T00:00:00Z", "2027-03-02T00:00:00Z", "an instant is before its runs" },
      { "'0 0 * * *' --from 2027-03-01 --time-zone Asia/Tokyo", "2027-02-28T15:00:00Z", "another zone" },
      { "'* * * * *' --from 2018-11-04 --time-zone America/Sao_Paulo", "2018-11-04T03:00:00Z",
        "without midnight" },
      { "'every 6 hours' --from 2027-03-01 --anchor 2027-02-28", "2027-03-01T00:00:00Z", "an anchor" },
    }
    for _, row in ipairs(rows) do
      local out = run("next " .. row[1] .. " -n 1 --json")
      assert.equal(row[2], json.decode(out).runs[1].utc, row[3])
    end
    local out = run("explain '0 0 * * *' --from 2027-03-01 --to 2027-03-03 --json")
    assert.equal(2, json.decode(out).runs_in_span)
  end)

  local rows <const> = {
    { "next '61 * * * *'", "schedule '61 * * * *': minute 61 is not in 0-59", 1, "a bad schedule" },
    { "next '* * * * *' --time-zone Mars/Base", "Mars/Base", 1, "an unknown zone" },
    { "next '* * * * *' --from yesterday",
      "--from 'yesterday': write it like 2026-03-01T00:00:00Z or 2026-03-01", 1, "a bad instant" },
    { "next '* * * * *' --from 2027-02-30", "day 30 is not in 1-28", 1, "a bad day" },
    { "next", "next: missing SCHEDULE", 2, "nothing to evaluate" },
    { "next '* * * * *' extra", "next: unexpected 'extra'", 2, "a word too many" },
    { "next '* * * * *' -n 0", "next: -n 0 is not in 1-100000", 2, "no runs asked for" },
    { "next '* * * * *' -n x", "next: --count wants an integer, not 'x'", 2, "not a number" },
    { "next '* * * * *' --zone UTC", "next: unknown option '--zone'", 2, "an unknown option" },
    { "next '* * * * *' --from", "next: --from wants a value: --from INSTANT", 2, "a value left out" },
  }
  for _, row in ipairs(rows) do
    it("says in one line what is wrong with " .. row[4], function()
      local out, err, code = run(row[1])
      assert.same({ "", row[3] }, { out, code })
      assert.truthy(err:find(row[2], 1, true), err)
      assert.equal(1, select(2, err:gsub("\n", "")))
    end)
  end
end)

describe("mooncron explain", function()
  it("says what a schedule means, when it runs and what is odd about it", function()
    local out, err, code = run("explain '*/7 9-17 1 * MON' --time-zone Europe/Berlin"
      .. " --from 2026-11-25T00:00:00Z --to 2026-12-25T00:00:00Z")
    assert.same({ "", 0 }, { err, code })
    for _, words in ipairs {
      "every 7th minute from 0 to 56 past every hour from 9 to 17 on day 1 of the month, or on any Monday",
      "in Europe/Berlin",
      "Mon      2026-11-30T09:00:00+01:00  CET   2026-11-30T08:00:00Z",
      "every 7 minutes does not divide 60",
      "day of month and day of week are both set",
    } do
      assert.truthy(out:find(words, 1, true), words .. "\n" .. out)
    end
  end)

  it("names the days on which daylight saving skips or doubles a run, as JSON", function()
    local out = run("explain '30 2 * * *' --time-zone Europe/Berlin --from 2027-01-01T00:00:00Z --json")
    local facts, kinds = json.decode(out), {}
    for _, warning in ipairs(facts.warnings) do
      kinds[warning.kind] = warning.at
    end
    assert.same({ dst_skipped = "2027-03-28T01:00:00Z", dst_twice = "2027-10-31T01:00:00Z" }, kinds)
    assert.same({ "cron", 366 }, { facts.language, facts.runs_in_span })
  end)
end)

describe("mooncron validate", function()
  it("accepts what Cloud Scheduler accepts", function()
    expect("validate '*/5 * * * *' 'every 12 hours' '1st,third mon of sep,oct 17:00'", [[
'*/5 * * * *' is valid
'every 12 hours' is valid
'1st,third mon of sep,oct 17:00' is valid
]], "", 0)
  end)

  it("says what is wrong with each of the others", function()
    local out, err, code = run("validate '0 0 31 2 *' '0 0 * * *' '@daily'")
    assert.same({ "'0 0 * * *' is valid\n", 1 }, { out, code })
    assert.truthy(err:find("schedule '0 0 31 2 *': ", 1, true), err)
    assert.truthy(err:find("schedule '@daily': ", 1, true), err)
    assert.equal(2, select(2, err:gsub("\n", "")))
  end)

  it("reads schedules from standard input", function()
    expect("validate -", "'* * * * *' is valid\n'every 5 minutes' is valid\n", "", 0,
      "* * * * *\\nevery 5 minutes\\n")
  end)

  it("prints JSON for machines", function()
    local out, _, code = run("validate '5/15 * * * *' --json")
    local row = json.decode(out)[1]
    assert.same({ 1, false, "number" }, { code, row.valid, type(row.pos) })
  end)
end)
