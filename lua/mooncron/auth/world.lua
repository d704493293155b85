---What authentication needs of the world, as functions that can be replaced: `env`, `read_file`,
---`http`, `run`, `sleep`, `now`, `event`, `spawn`, `random`. The defaults are the real ones.

local M = {}

---@class mooncron.auth.World
---@field env fun(name: string): string? or a table
---@field read_file fun(path: string): string?, string?, integer? as io.open fails: nil, message, errno
---@field http fun(request: table): table?, mooncron.Err? see mooncron.http.request
---@field run fun(program: table): table?, string? `{argv=, env=, timeout_ms=}` to `{code=, output=}`
---@field sleep fun(seconds: number)
---@field now fun(): integer seconds since the epoch
---@field event fun(): table with `set()` and `wait()`
---@field spawn fun(fn: function)
---@field random fun(): number in [0, 1)

M.MAX_TEXT = 262144 -- bytes read of a file or of a program's output; the core refuses more

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

function defaults.http(request)
  return require("mooncron.http").request(request)
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

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

---The command line for a shell that runs exactly `argv`, with variables added, for at most so long.
---@return string
function M.command_line(program)
  local words, names = { "exec", "timeout", tostring(math.ceil(program.timeout_ms / 1000)), "env" }, {}
  for name in pairs(program.env or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    words[#words + 1] = quote(name .. "=" .. program.env[name])
  end
  for _, word in ipairs(program.argv) do
    words[#words + 1] = quote(word)
  end
  return table.concat(words, " ")
end

-- Blocks until the program ends: credentials of this kind are asked for rarely, and answer fast.
function defaults.run(program)
  local pipe, message = io.popen(M.command_line(program), "r")
  if not pipe then
    return nil, message
  end
  local output = pipe:read(M.MAX_TEXT + 1) or ""
  local _, _, code = pipe:close()
  return { code = code or 0, output = output }
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
  "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "HOME", "NO_GCE_CHECK",
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
