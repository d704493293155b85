-- mooncron tests/bench/simulation.lua [JOBS] [DURATION] [daily|hourly]: how long the local scheduler takes
-- to let time pass, with a recorder for a target: no sockets, in memory.

local core <const> = require "mooncron.core"
local mooncron <const> = require "mooncron"

local count <const> = math.tointeger(arg[1] or 1000)
local duration <const> = arg[2] or "30d"
local is_daily <const> = (arg[3] or "daily") == "daily"

local scheduler <close> = assert(mooncron.connect { data = ":memory:", clock = "virtual" })
local recorder <const> = scheduler:recorder()
for i = 1, count do
  local hour = is_daily and i // 60 % 24 or "*"
  assert(scheduler:create_job {
    name = "job-" .. i,
    schedule = ("%d %s * * *"):format(i % 60, hour),
    http_target = { uri = recorder.uri .. "/" .. i, body = "x" },
  })
end
local started_ms <const> = core.loop.mono_ms()
local instants <const> = scheduler:advance(duration)
local took_ms <const> = core.loop.mono_ms() - started_ms
print(("%d jobs, %s: %d requests at %d instants in %.2f s, %.0f us a request"):format(
  count, duration, recorder:count(), instants, took_ms / 1000, took_ms * 1000 / recorder:count()))
