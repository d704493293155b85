-- What scripts/hello.lua says is so, the first time and again on the folder that it left. (That every
-- script runs at all is the runner's group `scripts`.)

local program <const> = (os.getenv("MOONCRON_BUILD") or "build") .. "/mooncron"

local function run(command)
  local pipe <close> = assert(io.popen(command .. " 2>&1; echo \"code $?\""))
  return pipe:read "a"
end

local folder

local function script(path)
  return run(("XDG_DATA_HOME='%s' '%s' '%s' </dev/null"):format(folder, program, path))
end

before_each(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir '" .. folder .. "'"))
end)

after_each(function()
  os.execute("rm -rf '" .. folder .. "'")
end)

describe("scripts/hello.lua", function()
  -- The rows of the table under a head that begins so, by their first column.
  local function table_after(output, head)
    local rows, at = {}, assert(output:find("\n" .. head, 1, true), head)
    for line in output:sub(at + 1):gmatch("([^\n]*)\n") do
      if line == "" then
        break
      end
      local cells = {}
      for cell in (line .. "  "):gmatch("(.-)%s%s+") do
        cells[#cells + 1] = cell
      end
      rows[cells[1]] = cells
    end
    return rows
  end

  for _, time in ipairs { "first", "second" } do
    it(("tells of an hour of five jobs the %s time"):format(time), function()
      if time == "second" then
        script "scripts/hello.lua"
      end
      local output = script "scripts/hello.lua"
      assert.matches("\ncode 0\n$", output)
      assert.matches("^connected to the local scheduler in " .. folder:gsub("%p", "%%%0") .. "/mooncron\n",
        output)

      local listed = table_after(output, "JOB       SCHEDULE")
      assert.same({ "hello", "* * * * *", "UTC", "ENABLED" }, table.move(listed.hello, 1, 4, 1, {}))
      assert.matches("^%d+%-%d%d%-%d%dT%d%d:%d%d:00Z$", listed.hello[5])
      assert.equal("every 20 mins synchronized", listed.flaky[2])
      assert.equal("America/New_York", listed["new-york"][3])
      assert.truthy(listed.quarters)
      assert.matches("%-02%-2[89]T18:15:00Z$", listed.yearly[5]) -- 29 February 00:00 in Kathmandu

      local forced = output:match("as it arrived:\n\n(.-)\n\n  Hello, Cloud Scheduler!\n\n")
      assert.truthy(forced)
      for _, line in ipairs {
        "POST /hello", "User-Agent: Google-Cloud-Scheduler", "X-CloudScheduler: true",
        "X-CloudScheduler-JobName: hello", "Content-Type: application/octet-stream", "Content-Length: 23",
      } do
        assert.truthy(forced:find(line, 1, true), line)
      end
      assert.matches("X%-CloudScheduler%-ScheduleTime: %d+%-%d%d%-%d%dT%d%d:%d%d:00%-0[78]:00", forced)

      local arrived = table_after(output, "REQUEST")
      assert.same({ "hello", "Google-Cloud-Scheduler", "Hello, Cloud Scheduler!" },
        { arrived["POST /hello"][2], arrived["POST /hello"][4], arrived["POST /hello"][5] })

      -- the counts of the second run hold the attempts of both
      local counts = table_after(output, "JOB       ATTEMPTS")
      local times = time == "first" and 1 or 2
      assert.same({ tostring(61 * times), "0" }, { counts.hello[2], counts.hello[3] })
      assert.same({ tostring(4 * times), "0" }, { counts.quarters[2], counts.quarters[3] })
      assert.same({ tostring(6 * times), tostring(3 * times) }, { counts.flaky[2], counts.flaky[3] })
      assert.same({ "0", "0", "never" }, { counts.yearly[2], counts.yearly[3], counts.yearly[4] })
      assert.matches("\ndeleted yearly, 4 jobs are left\ncode 0\n$", output)
    end)
  end

  it("is fast", function()
    local started = os.time()
    script "scripts/hello.lua"
    assert.is_true(os.time() - started <= 5)
  end)
end)
