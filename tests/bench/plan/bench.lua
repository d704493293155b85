-- One step of run.sh in a process of its own, its time and the most memory that the process had.

local apply <const> = require "mooncron.code.apply"
local core <const> = require "mooncron.core"
local live <const> = require "mooncron.code.live"
local loader <const> = require "mooncron.code.loader"
local mooncron <const> = require "mooncron"
local plan_api <const> = require "mooncron.code.plan"

local COUNT <const> = 5000
local step <const>, folder <const> = arg[1], arg[2]

local function peak_mb()
  for line in io.lines("/proc/self/status") do
    local kb = line:match("^VmHWM:%s*(%d+)")
    if kb then
      return tonumber(kb) / 1024
    end
  end
end

local last, last_cpu = core.loop.wall_ms(), os.clock()
local first <const>, first_cpu <const> = last, last_cpu
local function lap(what)
  local now, cpu = core.loop.wall_ms(), os.clock()
  print(("  %-20s %5d ms, of the processor %5.0f ms"):format(what, now - last, 1000 * (cpu - last_cpu)))
  last, last_cpu = now, cpu
end

if step == "rows" then
  local file <close> = assert(io.open(folder .. "/rows.csv", "w"))
  file:write("id,region,hour\n")
  for i = 1, COUNT do
    file:write(("report-%05d,r%d,%d\n"):format(i, i % 12, i % 24))
  end
  return
end

local client <close> = assert(mooncron.connect { data = folder .. "/data", backend = "local", project = "p" })
print(step .. ":")
lap "open"
local declared = assert(loader.load({ folder .. "/jobs.lua" }, {
  project = "p", location = client.location, args = step == "change" and { minute = "8" } or nil,
}))
lap "load the job file"
local jobs = assert(live.read(client, declared.parents))
lap "list the live jobs"
local plan = plan_api.make(declared, jobs, { now_ms = core.loop.wall_ms() })
lap "plan"
if step ~= "plan" then
  local report = apply.run(client, plan, { parallel = 256 })
  assert(#report.failed == 0)
  lap "apply"
end
local s = plan.summary
print(("  %d declared, %d live: %d to create, %d to update, %d unchanged"):format(
  #declared.jobs, #jobs, s.create, s.update, s.keep))
print(("  in all %d ms, of the processor %.0f ms, at most %.0f MB"):format(
  core.loop.wall_ms() - first, 1000 * (os.clock() - first_cpu), peak_mb()))
