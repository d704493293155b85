---The face of mooncron. Parts are loaded when they are first used.
---@class mooncron
---@field schedule fun(text: string, zone: string?): table?, mooncron.Err?
---@field auth table credentials and tokens
---@field code table jobs as code: load, plan, apply, drift, lint
---@field http table requests and small servers
---@field task table tasks
---@field err table errors
---@field json table JSON

local M = {}

local PARTS <const> = {
  auth = "mooncron.auth",
  code = "mooncron.code",
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
---@field endpoint string? base URL; one that is not Google's is asked without credentials
---@field token string? what a server of one's own wants as a bearer token
---@field backend "local"|"gcp"|nil
---@field validate boolean? false: let the server say what is wrong with a job
---@field credentials string? Google Cloud: file of a credential, instead of this machine's
---@field credential mooncron.Credential? one in hand
---@field access_token string?
---@field access_token_file string?
---@field impersonate_service_account string?
---@field universe_domain string?
---@field quota_project string?
---@field reads_per_minute integer? the project's quota, default 1250
---@field writes_per_minute integer? default 500
---@field in_flight integer? most requests at once
---@field http_client any? a client of `core.net`, default the shared one
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

local OPTIONS <const> = {
  access_token = true, access_token_file = true, app_engine = true, auth = true, back_off = true,
  backend = true, catch_up = true, clock = true, credential = true, credentials = true, data = true,
  endpoint = true, http_client = true, impersonate_service_account = true, in_flight = true, issuer = true,
  location = true, max_attempt_age = true, max_attempts = true, project = true, pubsub_endpoint = true,
  quota_project = true, reads_per_minute = true, token = true, universe_domain = true, validate = true,
  writes_per_minute = true,
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

local function open_local(context, options)
  local data = context.settings.data and context.settings.data.value
  return require("mooncron.backend.local").open {
    folder = data ~= ":memory:" and data or nil,
    in_memory = data == ":memory:",
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

local function open_backend(context, options)
  if context.kind == "gcp" then
    return require("mooncron.backend.gcp").open(context, options)
  elseif context.kind == "server" then
    return require("mooncron.backend.served").at(context.endpoint, options.token)
  end
  return open_local(context, options)
end

---Connect to a scheduler. Where, `mooncron.context` finds out: options before the environment before the
---settings file, and the local one when nothing names another. May wait.
---@param options mooncron.ConnectOptions?
---@return mooncron.Client?
---@return mooncron.Err?
function M.connect(options)
  options = options or {}
  check_options(options)
  local context, e = require("mooncron.context").resolve(options)
  if not context then
    return nil, e
  end
  local backend
  backend, e = open_backend(context, options)
  if not backend then
    return nil, e
  end
  return require("mooncron.api.client").new {
    backend = backend,
    project = context.project,
    location = context.location,
    validate = options.validate,
  }
end

return M
