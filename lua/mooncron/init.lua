---The face of mooncron. Parts are loaded when they are first used.
---@class mooncron
---@field schedule fun(text: string, zone: string?): table?, mooncron.Err?
---@field auth table credentials and tokens
---@field http table requests and small servers
---@field task table tasks
---@field err table errors
---@field json table JSON

local M = {}

local PARTS <const> = {
  auth = "mooncron.auth",
  err = "mooncron.err",
  http = "mooncron.http",
  json = "mooncron.json",
  task = "mooncron.task",
}

setmetatable(M, {
  __index = function(_, key)
    local part = PARTS[key] and require(PARTS[key])
    if key == "version" then
      part = require("mooncron.core").version
    end
    M[key] = part
    return part
  end,
})

---Parse a schedule, unix-cron or App Engine's language, in a time zone (default UTC).
---@param text string
---@param zone string? IANA name
---@return table? schedule see mooncron.schedule
---@return mooncron.Err?
function M.schedule(text, zone)
  return require("mooncron.schedule").new(text, zone)
end

---@class mooncron.ConnectOptions
---@field project string? a Google Cloud project; nothing names one: the local scheduler
---@field location string? default us-central1
---@field endpoint string? base URL of a server that speaks the API, without credentials
---@field token string? what that server wants as a bearer token
---@field backend "local"|"gcp"|nil
---@field data string? folder of the local scheduler, default $XDG_DATA_HOME/mooncron; or ":memory:"
---@field back_off "recorded"|"documented"|nil see mooncron.scheduler
---@field catch_up "none"|"last"|"all"|nil
---@field auth "local"|"gcp"|nil
---@field issuer string?
---@field pubsub_endpoint string?
---@field app_engine table<string, string>?
---@field clock "real"|"virtual"|nil
---@field max_attempts integer?
---@field max_attempt_age string|number?

local DEFAULT_LOCATION <const> = "us-central1"

local function first_env(...)
  for _, name in ipairs { ... } do
    local value = os.getenv(name)
    if value and value ~= "" then
      return value
    end
  end
end

local function open_backend(options, project)
  local emulator = first_env("CLOUD_SCHEDULER_EMULATOR_HOST")
  if options.endpoint or (emulator and options.backend ~= "local") then
    return require("mooncron.backend.served").at(options.endpoint or "http://" .. emulator, options.token)
  elseif options.backend == "gcp" or (project and options.backend ~= "local") then
    return require("mooncron.backend.gcp").open(options)
  end
  local pubsub = first_env("PUBSUB_EMULATOR_HOST")
  return require("mooncron.backend.local").open {
    folder = options.data ~= ":memory:" and options.data or nil,
    in_memory = options.data == ":memory:",
    back_off = options.back_off,
    catch_up = options.catch_up,
    auth = options.auth,
    issuer = options.issuer,
    pubsub_endpoint = options.pubsub_endpoint or pubsub and "http://" .. pubsub,
    app_engine = options.app_engine,
    token = options.token,
    clock = options.clock,
    max_attempts = options.max_attempts,
    max_attempt_age = options.max_attempt_age,
  }
end

---Connect to a scheduler: options before the environment (GOOGLE_CLOUD_PROJECT, GCLOUD_PROJECT,
---CLOUDSDK_CORE_PROJECT, CLOUD_SCHEDULER_EMULATOR_HOST, PUBSUB_EMULATOR_HOST), and the local one
---when nothing names another. May wait.
---@param options mooncron.ConnectOptions?
---@return mooncron.Client?
---@return mooncron.Err?
function M.connect(options)
  options = options or {}
  local project = options.project
    or first_env("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
  local backend, e = open_backend(options, project)
  if not backend then
    return nil, e
  end
  return require("mooncron.api.client").new {
    backend = backend,
    project = project or "local",
    location = options.location or DEFAULT_LOCATION,
  }
end

return M
