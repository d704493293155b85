---The local scheduler as a backend: in this process, or through a running `mooncron serve` on the
---same folder.

local note <const> = require "mooncron.scheduler.note"
local served <const> = require "mooncron.backend.served"
local task <const> = require "mooncron.task"

local M = {}

-- What both ways have beyond the API.
local EXTRAS <const> = {
  "advance", "attempts", "clear_faults", "exceptions", "fault", "faults", "go_to", "now_ms", "recorder",
  "reset", "run_due", "set_exceptions", "wait_until_idle",
}

-- ---- in this process ----

local InProcess = { __name = "mooncron.backend.local" }
InProcess.__index = InProcess

local function ask(self, request)
  local done = task.event()
  self.scheduler:handle(request, function(response)
    done:set(response)
  end)
  return done.wait()
end

function InProcess:send(request)
  if request.timeout then
    return task.with_timeout(request.timeout, ask, self, request)
  end
  return ask(self, request)
end

function InProcess:describe()
  return "local scheduler in " .. (self.scheduler.folder or "memory")
end

function InProcess:close()
  self.scheduler:close()
end

-- What the scheduler itself can, for a client in the same process.
InProcess.extras = {}
for _, name in ipairs { "start", "stop", "listen", table.unpack(EXTRAS) } do
  InProcess.extras[name] = function(self, ...)
    return self.scheduler[name](self.scheduler, ...)
  end
end

---A scheduler of this process as a backend.
---@param scheduler mooncron.Scheduler
function M.over(scheduler)
  return setmetatable({ scheduler = scheduler }, InProcess)
end

-- The server on a folder, with the token that it wants.
local function connect_to(url, token_file, token)
  if not token and token_file then
    local e
    token, e = require("mooncron.scheduler.guard").token_of_file(token_file)
    if not token then
      return nil, e
    end
  end
  return served.at(url, token, note.client())
end

---@param options { folder: string?, in_memory: boolean?, token: string? } and those of mooncron.scheduler
---@return table? backend
---@return mooncron.Err?
function M.open(options)
  local scheduler_module = require "mooncron.scheduler"
  local folder = options.folder
  if not folder and not options.in_memory then
    local e
    folder, e = scheduler_module.default_folder(os.getenv)
    if not folder then
      return nil, e
    end
  end
  if folder then
    local url, token_file = note.find(folder)
    if url then
      return connect_to(url, token_file, options.token)
    end
  end
  local scheduler, e = scheduler_module.open {
    folder = folder,
    back_off = options.back_off,
    catch_up = options.catch_up,
    auth = options.auth,
    issuer = options.issuer,
    pubsub_endpoint = options.pubsub_endpoint,
    app_engine = options.app_engine,
    clock = options.clock,
    max_attempts = options.max_attempts,
    max_attempt_age = options.max_attempt_age,
  }
  if not scheduler then
    return nil, e
  end
  return M.over(scheduler)
end

return M
