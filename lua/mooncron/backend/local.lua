---The local scheduler as a backend: in this process, or through a running `mooncron serve` on the
---same folder.

local http <const> = require "mooncron.http"
local note <const> = require "mooncron.scheduler.note"
local task <const> = require "mooncron.task"

local M = {}

-- ---- in this process ----

local InProcess = { __name = "mooncron.backend.local" }
InProcess.__index = InProcess

local function ask_in_process(self, request)
  local done = task.event()
  self.scheduler:handle(request, function(response)
    done:set(response)
  end)
  return done.wait()
end

function InProcess:send(request)
  if request.timeout then
    return task.with_timeout(request.timeout, ask_in_process, self, request)
  end
  return ask_in_process(self, request)
end

function InProcess:describe()
  return "local scheduler in " .. (self.scheduler.folder or "memory")
end

function InProcess:close()
  self.scheduler:close()
end

-- What the scheduler itself can, for a client in the same process.
InProcess.extras = {}
for _, name in ipairs { "advance", "attempts", "now_ms", "run_due", "start", "stop" } do
  InProcess.extras[name] = function(self, ...)
    return self.scheduler[name](self.scheduler, ...)
  end
end

-- ---- through a running server ----

local Served = { __name = "mooncron.backend.served" }
Served.__index = Served

function Served:send(request)
  return http.request({
    method = request.method,
    url = self.url .. request.target,
    headers = { ["Content-Type"] = "application/json" },
    body = request.body,
    timeout = request.timeout,
  }, self.client)
end

function Served:describe()
  return "local scheduler at " .. self.url
end

function Served.close() end

---A server that speaks the API and wants no credentials.
---@param url string
---@param client any? of `core.net`, default the shared one
function M.at(url, client)
  return setmetatable({ url = (url:gsub("/$", "")), client = client }, Served)
end

---@param options { folder: string?, in_memory: boolean? } and those of mooncron.scheduler
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
    local url = note.find(folder)
    if url then
      return M.at(url, note.client())
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
  }
  if not scheduler then
    return nil, e
  end
  return setmetatable({ scheduler = scheduler }, InProcess)
end

return M
