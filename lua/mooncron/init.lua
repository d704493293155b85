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

local OPTIONS <const> = {
  app_engine = true, auth = true, back_off = true, backend = true, catch_up = true, data = true,
  clock = true, endpoint = true, issuer = true, location = true, max_attempt_age = true,
  max_attempts = true, project = true, pubsub_endpoint = true, token = true,
}
local BACKENDS <const> = { gcp = true, ["local"] = true }

-- What is misspelt is the caller's bug.
local function check_options(options)
  for name in pairs(options) do
    if not OPTIONS[name] then
      error(("connect has no option '%s'"):format(tostring(name)), 3)
    end
  end
  if options.backend and not BACKENDS[options.backend] then
    error(("backend '%s': use local or gcp"):format(tostring(options.backend)), 3)
  end
end

-- Which backend is meant: what the options say comes before what the environment says.
local function choose(options, project)
  local emulator = first_env("CLOUD_SCHEDULER_EMULATOR_HOST")
  if options.endpoint then
    return "at", options.endpoint
  elseif options.backend then
    return options.backend
  elseif options.data then
    return "local"
  elseif emulator then
    return "at", emulator:find("^https?://") and emulator or "http://" .. emulator
  end
  return project and "gcp" or "local"
end

local function open_backend(options, project)
  local kind, url = choose(options, project)
  if kind == "at" then
    return require("mooncron.backend.served").at(url, options.token)
  elseif kind == "gcp" then
    return require("mooncron.backend.gcp").open(options)
  end
  return require("mooncron.backend.local").open {
    folder = options.data ~= ":memory:" and options.data or nil,
    in_memory = options.data == ":memory:",
    back_off = options.back_off,
    catch_up = options.catch_up,
    auth = options.auth,
    issuer = options.issuer,
    pubsub_endpoint = options.pubsub_endpoint
      or require("mooncron.scheduler").pubsub_endpoint(os.getenv),
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
  check_options(options)
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
