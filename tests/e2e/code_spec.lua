-- Jobs as code on the command line: every command, its output, its exit code, in process and on a server.

local json = require "mooncron.json"

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file <close> = io.open(path, "rb")
  return file and file:read "a"
end

local folder

before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. quote(folder)))
end)

after_each(function()
  os.execute("rm -rf " .. quote(folder))
end)

local function write(name, text)
  local file <close> = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(text)
end

-- Run a command line in the folder; MOONCRON stands for the program. Output, diagnostics, exit code.
local function shell(line)
  local full = program:sub(1, 1) == "/" and program or "$ROOT/" .. program
  line = line:gsub("%f[%w_]MOONCRON%f[^%w_]", (('"' .. full .. '"'):gsub("%%", "%%%%")))
  local _, _, code = os.execute((
    "ROOT=$PWD; cd %s && export XDG_DATA_HOME=$PWD/data XDG_STATE_HOME=$PWD/state;"
    .. " { %s\n} >out 2>err </dev/null"
  ):format(quote(folder), line))
  return read(folder .. "/out"), read(folder .. "/err"), code
end

local function ok(line)
  local out, err, code = shell(line)
  assert.same({ "", 0 }, { err, code }, line)
  return out
end

local JOBS <const> = [[
set "shop"
local a = args { env = { one_of = { "dev", "prod" }, default = "dev" } }
defaults { time_zone = "Europe/Berlin", retry_config = { retry_count = 3 } }
job "one" { schedule = "7 5 * * *", http_target = { uri = "http://localhost:8080/" .. a.env } }
job "two" {
  schedule = "8 5 * * *", http_target = { uri = "http://localhost:8080/",
    headers = { Authorization = "Bearer hush" } },
}
]]

describe("plan and apply", function()
  it("go from nothing to nothing to do", function()
    write("jobs.lua", JOBS)
    local out, _, code = shell "MOONCRON plan jobs.lua --detailed-exitcode"
    assert.equal(2, code)
    assert.matches("^  %+ create one  %(jobs.lua:4%)\n      set: 'shop'\n", out)
    assert.matches("headers.authorization: <redacted>", out)
    assert.matches("\nplan: 2 to create, 0 to update, 0 to delete, 0 unchanged\n$", out)
    assert.is_nil(out:find "hush")
    assert.matches("\n2 created, 0 updated, 0 deleted, 0 failed\n$", ok "MOONCRON apply jobs.lua")
    assert.equal("plan: 0 to create, 0 to update, 0 to delete, 2 unchanged\n",
      ok "MOONCRON plan jobs.lua --detailed-exitcode")
    assert.matches("  = unchanged one  %(jobs.lua:4%)\n", ok "MOONCRON plan jobs.lua --all")
    out, _, code = shell "MOONCRON plan jobs.lua --arg env=prod --detailed-exitcode"
    assert.same({ 2, [[
  ~ update one  (jobs.lua:4)
      http_target.uri: 'http://localhost:8080/dev' -> 'http://localhost:8080/prod'

plan: 0 to create, 1 to update, 0 to delete, 1 unchanged
]] }, { code, out })
    assert.matches("\n0 created, 1 updated", ok "MOONCRON apply jobs.lua --arg env=prod")
    assert.matches("^plan: 0 to create, 0 to update", ok "MOONCRON apply jobs.lua --arg env=prod")
    assert.is_nil(io.popen("ls " .. quote(folder .. "/state/mooncron")):read("l"))
  end)

  it("show a plan as JSON, the same every time", function()
    write("jobs.lua", JOBS)
    local out = ok "MOONCRON plan jobs.lua --json"
    local plan = assert(json.decode(out))
    assert.same({ 1, "shop", 2, "create", "projects/local/locations/us-central1/jobs/one", "jobs.lua:4" }, {
      plan.version, plan.set, plan.summary.create, plan.changes[1].op, plan.changes[1].name,
        plan.changes[1].where,
    })
    assert.equal(out, ok "MOONCRON plan jobs.lua --json")
    local report = assert(json.decode((ok("MOONCRON apply jobs.lua --json 2>/dev/null"))))
    assert.same({ 2, 2, 0 }, { report.done, report.counts.create, #report.failed })
  end)

  it("carry a plan's file out as it is, or not at all", function()
    write("jobs.lua", JOBS)
    ok "MOONCRON plan jobs.lua --out plan.json"
    assert.equal("-rw-------", io.popen("ls -l " .. quote(folder .. "/plan.json")):read("a"):sub(1, 10))
    write("jobs.lua", "")
    assert.matches("2 created", ok "MOONCRON apply plan.json")
    assert.matches("^plan: 0 to create, 0 to update, 0 to delete, 2 unchanged\n$",
      ok "MOONCRON apply plan.json")
    write("jobs.lua", JOBS)
    ok "MOONCRON plan jobs.lua --arg env=prod --out plan.json"
    ok "MOONCRON pause two"
    local out, err, code = shell "MOONCRON apply plan.json"
    assert.same({ "", 1 }, { out, code })
    assert.equal("mooncron: the live jobs are no longer those of the plan, make it again: two\n", err)
  end)

  it("tell every mistake of a job file with its line", function()
    write("jobs.lua", 'job "a" { schedule = "61 * * * *" }\n\njob "b" { scheduel = "" }')
    for _, command in ipairs { "plan", "apply", "drift", "lint" } do
      local out, err, code = shell("MOONCRON " .. command .. " jobs.lua")
      assert.same({ "", 1 }, { out, code })
      assert.matches("^mooncron: jobs.lua:1: job 'a': ", err)
      assert.matches("\nmooncron: jobs.lua:3: job 'b': scheduel: no such field, did you mean 'schedule'", err)
    end
  end)

  it("leave another set's jobs alone", function()
    write("jobs.lua", JOBS)
    write("other.lua", (JOBS:gsub('"shop"', '"other"')))
    ok "MOONCRON apply jobs.lua"
    local out, err, code = shell "MOONCRON apply other.lua"
    assert.equal(1, code)
    assert.matches("one belongs to the set 'shop'", out)
    assert.equal("mooncron: nothing was changed: the plan has problems\n", err)
    assert.equal(1, select(3, shell "MOONCRON plan other.lua"))
    assert.matches("set: 'shop' %-> 'other'", ok "MOONCRON apply other.lua --adopt")
  end)

  it("say what failed, and go on", function()
    write("jobs.lua", JOBS)
    write("mine.lua", [[
      local mooncron = require "mooncron"
      local http = mooncron.http
      local server = assert(http.serve { handler = function(request)
        if request.method == "GET" then
          return { status = 200, body = "{}" }
        elseif request.body:find('/one"', 1, true) then
          return { status = 403, body = '{"error":{"message":"not you","status":"PERMISSION_DENIED"}}' }
        end
        return { status = 200, body = request.body }
      end })
      arg = { [0] = "x" }
      os.exit(require("mooncron.cli.apply").run({ "jobs.lua", "--endpoint", server.url },
        require "mooncron.cli"))
    ]])
    local out, err, code = shell "MOONCRON mine.lua"
    assert.same({ 1, "mooncron: cannot create one: not you\n" }, { code, err })
    assert.matches("\n1 created, 0 updated, 0 deleted, 1 failed\n$", out)
  end)
end)

describe("sync", function()
  it("deletes what the set has lost, and asks for --yes", function()
    write("jobs.lua", JOBS)
    ok "MOONCRON apply jobs.lua"
    write("jobs.lua", (JOBS:gsub('job "two".-\n}\n', "")))
    assert.matches("1 of the set 'shop' are not declared any more, sync deletes them: two",
      ok "MOONCRON plan jobs.lua")
    assert.matches("  %- delete two: it is not declared any more\n", ok "MOONCRON plan jobs.lua --prune")
    local out, err, code = shell "MOONCRON sync jobs.lua"
    assert.same({ 1, "mooncron: nothing was changed: off a terminal, deletions want --yes\n" }, { code, err })
    assert.matches("1 to delete", out)
    assert.matches("\n0 created, 0 updated, 1 deleted, 0 failed\n$", ok "MOONCRON sync jobs.lua --yes")
    assert.matches("^plan: 0 to create, 0 to update, 0 to delete, 1 unchanged\n$",
      ok "MOONCRON sync jobs.lua")
  end)

  it("refuses to delete many at once", function()
    write("jobs.lua", [[set "s" for i = 1, 20 do
      job("j" .. i) { schedule = "7 5 * * *", http_target = { uri = "http://h/" } }
    end]])
    ok "MOONCRON sync jobs.lua"
    write("jobs.lua", 'set "s"')
    local _, err, code = shell "MOONCRON sync jobs.lua --yes"
    assert.equal(1, code)
    assert.equal("mooncron: nothing was changed: 20 of the set's 20 jobs would be deleted, 10 are allowed; "
      .. "if that is meant, write --max-delete 20\n", err)
    assert.matches("20 deleted", ok "MOONCRON sync jobs.lua --yes --max-delete 20")
  end)

  it("wants a set", function()
    write("jobs.lua", "")
    local _, err, code = shell "MOONCRON sync jobs.lua --yes"
    assert.equal(1, code)
    assert.equal('mooncron: sync deletes only jobs of its own set: name it with set "NAME" in the job file\n',
      err)
  end)

  it("takes a one-off away when it is over", function()
    write("jobs.lua", 'set "s" job "gift" { schedule = "0 18 24 12 *", http_target = { uri = "http://h/" } }')
    ok "MOONCRON apply jobs.lua"
    write("jobs.lua",
      'set "s" job "gift" { schedule = at "2020-12-24T18:00", http_target = { uri = "http://h/" } }')
    assert.matches("leave out gift: it is over; it is still there", ok "MOONCRON apply jobs.lua")
    assert.matches("delete gift: it is over", ok "MOONCRON sync jobs.lua --yes")
  end)
end)

describe("drift", function()
  it("shows what was changed outside", function()
    write("jobs.lua", JOBS)
    ok "MOONCRON apply jobs.lua"
    assert.equal("no drift\n", ok "MOONCRON drift jobs.lua --detailed-exitcode")
    ok "MOONCRON pause two"
    local out, _, code = shell "MOONCRON drift jobs.lua --detailed-exitcode"
    assert.equal(2, code)
    assert.matches("^  two was changed, last change %S+  %(jobs.lua:5%)\n      state: 'ENABLED' %-> 'PAUSED'"
      .. "\ndrift: 1 jobs\n$", out)
    local rows = assert(json.decode((ok "MOONCRON drift jobs.lua --json")))
    assert.same({ "changed", "state", "ENABLED", "PAUSED" },
      { rows[1].kind, rows[1].fields[1].path, rows[1].fields[1].from, rows[1].fields[1].to })
  end)
end)

describe("lint", function()
  it("points at lines, and fails when it is told to", function()
    write("jobs.lua", 'job "a" { schedule = "7 5 * * *", http_target = { uri = "https://h/" } }')
    local want = "jobs.lua:1: warning: 'a' an https target without a token: anybody may call it; set "
      .. "http_target.oidc_token (missing-auth)\n"
      .. "jobs.lua:1: warning: 'a' no retry: a target that fails once has failed; "
      .. "set retry_config = { retry_count = 3 } (missing-retry)\n"
    assert.equal(want, ok "MOONCRON lint jobs.lua")
    assert.equal(1, select(3, shell "MOONCRON lint jobs.lua --strict"))
    local rows = assert(json.decode((ok "MOONCRON lint jobs.lua --json")))
    assert.same({ "missing-auth", "warning" }, { rows[1].rule, rows[1].level })
    write("jobs.lua",
      'job "a" { schedule = at "2020-01-01T10:07", http_target = { uri = "http://localhost/" } }')
    assert.equal(1, select(3, shell "MOONCRON lint jobs.lua"))
  end)
end)

describe("pause and restore", function()
  it("come back to where they began", function()
    write("jobs.lua", JOBS
      .. 'job "three" { schedule = "9 5 * * *", paused = true, http_target = { uri = "http://h/" } }')
    ok "MOONCRON apply jobs.lua"
    local _, err, code = shell "MOONCRON pause '*'"
    assert.equal(1, code)
    assert.equal("mooncron: nothing was changed: off a terminal, to pause more than one job wants --yes\n",
      err)
    local out = ok "MOONCRON pause '*' --note 'Maintenance, May' --yes"
    assert.matches("^  pause one\n  pause two\n2 paused, 1 were not running; mooncron restore ", out)
    assert.matches("paused%-%x+%-maintenance%-may%.json\n$", out)
    assert.matches("^2 resumed, 0 left alone\n$", ok "MOONCRON restore --note 'Maintenance, May'")
    assert.equal("no drift\n", ok "MOONCRON drift jobs.lua")
    _, err, code = shell "MOONCRON restore"
    assert.equal(1, code)
    assert.matches("^mooncron: cannot read snapshot ", err)
    ok "MOONCRON pause 't*' --snapshot s.json --yes"
    assert.matches("^1 resumed", ok "MOONCRON restore s.json")
    assert.matches("1 resumed, 0 were not paused\n$", ok "MOONCRON resume three")
    _, err, code = shell "MOONCRON pause 'four*'"
    assert.same({ 1, "mooncron: no job of projects/local/locations/us-central1 fits 'four*'\n" },
      { code, err })
  end)
end)

describe("each command", function()
  for _, name in ipairs { "plan", "apply", "sync", "drift", "lint", "pause", "resume", "restore" } do
    it("helps and refuses what it does not know: " .. name, function()
      local out = ok("MOONCRON " .. name .. " --help")
      assert.matches("^usage: mooncron " .. name, out)
      assert.is_truthy(out:find("\nexample:\n", 1, true))
      local _, err, code = shell("MOONCRON " .. name .. " x --nonsense")
      assert.same({ 2, ("mooncron: %s: unknown option '--nonsense' (see mooncron --help)\n"):format(name) },
        { code, err })
      if name ~= "restore" then
        assert.equal(2, select(3, shell("MOONCRON " .. name)))
      end
    end)
  end

  it("minds its arguments", function()
    for _, row in ipairs {
      { "plan x.lua --arg env", "plan: --arg 'env': write NAME=VALUE" },
      { "apply x.lua --parallel 0", "apply: --parallel must be at least 1" },
    } do
      local _, err, code = shell("MOONCRON " .. row[1])
      assert.same({ 2, "mooncron: " .. row[2] .. " (see mooncron --help)\n" }, { code, err })
    end
  end)
end)

describe("import", function()
  it("makes a job file of live jobs that plan has nothing to say of", function()
    write("jobs.lua", JOBS
      .. 'job "three" { schedule = "9 5 * * *", paused = true, http_target = { uri = "http://h/" } }')
    ok "MOONCRON apply jobs.lua"
    ok "MOONCRON import live > imported.lua"
    assert.equal("plan: 0 to create, 0 to update, 0 to delete, 3 unchanged\n",
      ok "MOONCRON plan imported.lua --prune")
  end)
end)

describe("on a server", function()
  it("is the same", function()
    write("jobs.lua", JOBS)
    local out = ok [[
      MOONCRON serve --port 0 --data data/mooncron --quiet & server=$!
      for i in $(seq 1000); do [ -s data/mooncron/server.json ] && break; sleep 0.01; done
      MOONCRON apply jobs.lua
      MOONCRON plan jobs.lua
      MOONCRON pause one
      MOONCRON restore
      MOONCRON drift jobs.lua
      kill $server
      wait $server]]
    assert.matches("\n2 created, 0 updated, 0 deleted, 0 failed\n"
      .. "plan: 0 to create, 0 to update, 0 to delete, 2 unchanged\n"
      .. "  pause one\n1 paused, .-\n1 resumed, 0 left alone\nno drift\n$", out)
  end)
end)

describe("an apply that is killed", function()
  it("goes on with the next one, from 5,000 jobs in a file of rows", function()
    local rows = { "name,schedule,http_target.uri" }
    for i = 1, 5000 do
      rows[#rows + 1] = ("j-%04d,7 5 * * *,http://localhost/%d"):format(i, i)
    end
    write("rows.csv", table.concat(rows, "\n"))
    write("jobs.lua", 'set "many" jobs(csv "rows.csv")')
    shell [[
      MOONCRON apply jobs.lua --parallel 20 > first 2>&1 & apply=$!
      for i in $(seq 3000); do grep -qs '"done"' state/mooncron/*.jsonl && break; sleep 0.01; done
      kill -9 $apply
      wait $apply]]
    local journal = io.popen("cat " .. quote(folder) .. "/state/mooncron/*.jsonl"):read("a")
    assert.matches('"done"', journal)
    local out, err = shell "MOONCRON apply jobs.lua --parallel 200"
    assert.matches("^mooncron: an earlier run was cut off after %d+ of 5000 changes: going on\n", err)
    local made = tonumber(out:match("\n(%d+) created, 0 updated, 0 deleted, 0 failed\n$"))
    assert.is_true(made > 0 and made < 5000, out:sub(-200))
    assert.equal("plan: 0 to create, 0 to update, 0 to delete, 5000 unchanged\n", ok "MOONCRON plan jobs.lua")
  end)
end)
