---What authentication needs of the world, as functions that can be replaced: `env`, `read_file`,
---`http`, `run`, `sleep`, `now`, `event`, `spawn`, `random`. The defaults are the real ones.

local M = {}

---@class mooncron.auth.World
---@field env fun(name: string): string? or a table
---@field read_file fun(path: string): string?, string?, integer? as io.open fails: nil, message, errno
---@field http fun(request: table, tls: table?): table?, mooncron.Err? see mooncron.http.request; tls: the
---  PEM files `ca_bundle`, `certificate`, `key` where a request has its own
---@field run fun(program: table): table?, mooncron.Err? `{argv=, env=, timeout_ms=}` to `{code=, output=}`
---@field sleep fun(seconds: number)
---@field now fun(): integer seconds since the epoch
---@field event fun(): table with `set()` and `wait()`
---@field spawn fun(fn: function)
---@field random fun(): number in [0, 1)

M.MAX_TEXT = 262144 -- bytes read of a file or of a program's output; the core refuses more
M.BY_SIGNAL = 128 -- and the signal: the exit code of a program that one has ended, as shells say it

local defaults = {}

defaults.random = math.random

function defaults.env(name)
  return os.getenv(name)
end

function defaults.now()
  return os.time()
end

function defaults.read_file(path)
  local file <close>, message, errno = io.open(path, "rb")
  if not file then
    return nil, message, errno
  end
  local text, why, code = file:read(M.MAX_TEXT + 1)
  return text or why == nil and "" or nil, why, code -- an empty file reads as nil, without a reason
end

-- What proves us to one server is shown to no other, and a key that has changed is read anew: a client of
-- its own.
function defaults.http(request, tls)
  local http <const> = require "mooncron.http"
  if not tls then
    return http.request(request)
  end
  local client <close> = http.new_client {
    ca_bundle = tls.ca_bundle or M.variable({ env = os.getenv }, "CURL_CA_BUNDLE"),
    certificate = tls.certificate,
    key = tls.key,
  }
  return http.request(request, client)
end

function defaults.sleep(seconds)
  require("mooncron.task").sleep(seconds)
end

function defaults.event()
  return require("mooncron.task").event()
end

function defaults.spawn(fn)
  return require("mooncron.task").spawn(fn)
end

-- A program that hangs is ended with all it has started, and the loop goes on meanwhile. What it prints for
-- people comes when it has ended.
function defaults.run(program)
  local task <const> = require "mooncron.task"
  local env = {}
  for name, value in pairs(program.env or {}) do
    env[#env + 1] = name .. "=" .. value
  end
  local id, e = task.loop():spawn(program.argv, env, {
    timeout_ms = program.timeout_ms,
    max_output = M.MAX_TEXT + 1,
  })
  if not id then
    return nil, e
  end
  local ended = task.await(id)
  io.stderr:write(ended.stderr)
  if ended.err then
    return nil, ended.err
  end
  return { code = ended.signum ~= 0 and M.BY_SIGNAL + ended.signum or ended.code, output = ended.stdout }
end

---Fill what `given` leaves out with the real thing.
---@param given table?
---@return mooncron.auth.World
function M.new(given)
  local world = {}
  for name, fn in pairs(defaults) do
    world[name] = given and given[name] or fn
  end
  if type(world.env) == "table" then
    local values = world.env
    world.env = function(name)
      return values[name]
    end
  end
  return world
end

---Variables that the core reads.
M.names = {
  "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
  "CLOUDSDK_CONFIG", "GCE_METADATA_HOST", "GCE_METADATA_ROOT", "GCE_METADATA_TIMEOUT",
  "GOOGLE_API_CERTIFICATE_CONFIG", "GOOGLE_APPLICATION_CREDENTIALS",
  "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "HOME", "NO_GCE_CHECK",
}

---Their values, as a table for the core.
---@param world mooncron.auth.World
---@return table<string, string>
function M.env_table(world)
  local values = {}
  for _, name in ipairs(M.names) do
    values[name] = world.env(name)
  end
  return values
end

---A variable that is set and not empty.
---@return string?
function M.variable(world, ...)
  for _, name in ipairs { ... } do
    local value = world.env(name)
    if value and value ~= "" then
      return value
    end
  end
  return nil
end

return M
