-- mooncron mooncron.lua MODE URL COUNT PREFIX: create jobs one after the other (sequential), 50 at once
-- (flight), or get one (cold). Prints wall and CPU seconds.

local mooncron <const> = require "mooncron"
local mode <const>, url <const>, count <const>, prefix <const> = ...

local client <const> = assert(mooncron.connect { endpoint = url, project = "bench",
  location = "us-central1" })

local function create(i)
  return assert(client:create_job {
    name = ("%s-%d"):format(prefix, i),
    schedule = "0 0 1 1 *",
    time_zone = "Europe/Berlin",
    http_target = {
      uri = "http://127.0.0.1:1/",
      http_method = "POST",
      headers = { ["Content-Type"] = "application/json" },
      body = '{"n":1}',
    },
  })
end

if mode == "cold" then
  assert(client:get_job(prefix))
  print "done"
  return
end

local mono_ms <const> = require("mooncron.core").loop.mono_ms
create(0)
local wall, cpu = mono_ms(), os.clock()
if mode == "sequential" then
  for i = 1, count do
    create(i)
  end
else
  local numbers = {}
  for i = 1, count do
    numbers[i] = i
  end
  assert(mooncron.task.map(numbers, { limit = 50 }, create))
end
print(("%.3f\t%.3f"):format((mono_ms() - wall) / 1000, os.clock() - cpu))
