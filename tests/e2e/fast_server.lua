-- A server like `mooncron serve`, whose clock runs faster than the system's: its minutes come often
-- enough for a test. usage: fast_server.lua FOLDER START_MS SPEED [CATCH_UP]

local core = require "mooncron.core"
local host = require "mooncron.host"
local note = require "mooncron.scheduler.note"
local scheduler = require "mooncron.scheduler"
local task = require "mooncron.task"

local folder <const>, start_ms <const>, speed <const> = arg[1], tonumber(arg[2]), tonumber(arg[3])

local s = assert(scheduler.open {
  folder = folder,
  catch_up = arg[4] or "all",
  wall_ms = function()
    return start_ms + (core.loop.wall_ms() - start_ms) * speed // 1 | 0
  end,
})
local server = assert(s:listen {})
assert(note.write(folder, "http://127.0.0.1:" .. server:port(), s.instance, host.pid()))
s:start()
while true do
  task.sleep(0.005)
  s.dispatcher:poke() -- it sleeps by the system's clock
end
