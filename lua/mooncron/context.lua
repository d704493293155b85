---Where a script is about to act: which scheduler, project and location, and where each of these was
---said. What the caller gives comes before the environment, that before our own file, and gcloud's
---files come last: they fill gaps on the way to Google Cloud, but never lead there by themselves, so that
---somebody with gcloud on the machine still begins with the local scheduler.

local err <const> = require "mooncron.err"
local ini <const> = require "mooncron.ini"
local world_of <const> = require "mooncron.auth.world"

local M = {}

---@class mooncron.Setting
---@field name string
---@field value string
---@field from string where it was said, for people

---@class mooncron.Context
---@field kind "local"|"server"|"gcp" the local scheduler, a server without credentials, Google Cloud
---@field because string why this one
---@field project string? nil: the credential is to tell
---@field location string
---@field endpoint string? base URL without a slash at its end
---@field settings table<string, mooncron.Setting>
---@field file string the settings file, there or not

M.DEFAULT_LOCATION = "us-central1"
M.DEFAULT_UNIVERSE = "googleapis.com"

local EMULATOR <const> = "CLOUD_SCHEDULER_EMULATOR_HOST"

---Settings in the order of the report. `env`: variables, first come first; `file`: key in our file;
---`gcloud`: key in gcloud's.
M.settings = {
  { name = "backend", env = { "MOONCRON_BACKEND" }, file = "core.backend" },
  {
    name = "project",
    env = { "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT" },
    file = "core.project",
    gcloud = "core.project",
  },
  {
    name = "location",
    env = { "MOONCRON_LOCATION", "GOOGLE_CLOUD_REGION", "CLOUDSDK_COMPUTE_REGION" },
    file = "core.location",
    gcloud = "compute.region",
  },
  {
    name = "endpoint",
    env = { EMULATOR, "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER" },
    file = "core.endpoint",
    gcloud = "api_endpoint_overrides.cloudscheduler",
  },
  {
    name = "universe_domain",
    env = { "GOOGLE_CLOUD_UNIVERSE_DOMAIN", "CLOUDSDK_CORE_UNIVERSE_DOMAIN" },
    file = "core.universe_domain",
    gcloud = "core.universe_domain",
  },
  {
    name = "quota_project",
    env = { "GOOGLE_CLOUD_QUOTA_PROJECT", "CLOUDSDK_BILLING_QUOTA_PROJECT" },
    file = "core.quota_project",
  },
  { name = "credentials", file = "core.credentials" },
  {
    name = "access_token_file",
    env = { "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE" },
    file = "core.access_token_file",
  },
  {
    name = "impersonate_service_account",
    env = { "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT" },
    file = "core.impersonate_service_account",
    gcloud = "auth.impersonate_service_account",
  },
  { name = "data", env = { "MOONCRON_DATA" }, file = "core.data" },
}

local BACKENDS <const> = { ["local"] = true, gcp = true }
local MISSING <const> = { [2] = true, [20] = true } -- ENOENT, ENOTDIR

-- ---- files ----

-- A settings file; empty when it is not there.
local function read_settings(path, world)
  local text, why, errno = world.read_file(path)
  if not text then
    if errno == nil or MISSING[errno] then
      return {}
    end
    return nil, err.new("PERMISSION_DENIED", ("settings file '%s' cannot be read"):format(path),
      { cause = why })
  end
  local values, e = ini.parse(text)
  if not values then
    return nil, err.new(e.code, ("%s:%d"):format(path, e.pos), { cause = e:line() })
  end
  return values
end

local function variable(world, name)
  local value = world.env(name)
  return value ~= "" and value or nil
end

local function in_config_home(world, name)
  local home = variable(world, "HOME")
  local folder = variable(world, "XDG_CONFIG_HOME") or home and home .. "/.config"
  return folder and folder .. "/" .. name
end

-- gcloud's active configuration: its values, and what to call it.
local function read_gcloud(world)
  local home = variable(world, "HOME")
  local folder = variable(world, "CLOUDSDK_CONFIG") or home and home .. "/.config/gcloud"
  if not folder then
    return {}
  end
  local name = variable(world, "CLOUDSDK_ACTIVE_CONFIG_NAME")
    or (world.read_file(folder .. "/active_config") or ""):match("^%s*(%S+)")
    or "default"
  local values, e = read_settings(folder .. "/configurations/config_" .. name, world)
  return values, e or ("gcloud configuration '%s'"):format(name)
end

---gcloud's active configuration, for what else is in it.
---@param world table `env`, `read_file`
---@return table<string, string>? values by "section.key"
---@return string|mooncron.Err|nil name
function M.gcloud(world)
  return read_gcloud(world)
end

-- ---- resolving ----

-- A host and port, or a URL, as a base URL.
local function base_url(text)
  local url = text:find("://", 1, true) and text or "http://" .. text
  url = url:gsub("/+$", ""):gsub("/v1$", "")
  if url:find("[%s?#]") or not url:find("^https?://[^/]+") then
    return nil
  end
  return url
end

local function host_of(url)
  return url:match("^https?://([^/]+)"):gsub(":%d+$", ""):lower()
end

local LOOPBACK <const> = { localhost = true, ["127.0.0.1"] = true, ["[::1]"] = true }

---Whether an access token may go to this URL: it does not travel in the clear.
---@param url string
---@return boolean
function M.is_confidential(url)
  return url:find("^https://") ~= nil or LOOPBACK[host_of(url)] == true
end

local function is_google(url, universe)
  local host = host_of(url)
  return url:find("^https://") ~= nil and (host == universe or host:sub(-#universe - 1) == "." .. universe)
end

local function from_caller(settings, options, source)
  for _, row in ipairs(M.settings) do
    local value = options[row.name]
    if value ~= nil and value ~= "" then
      settings[row.name] = { name = row.name, value = value, from = source }
    end
  end
end

local function from_environment(settings, world)
  for _, row in ipairs(M.settings) do
    for _, name in ipairs(row.env or {}) do
      local value = not settings[row.name] and variable(world, name)
      if value then
        settings[row.name] = { name = row.name, value = value, from = "environment " .. name }
      end
    end
  end
end

local function from_file(settings, values, key, source)
  for _, row in ipairs(M.settings) do
    local value = row[key] and values[row[key]]
    if value and value ~= "" and not settings[row.name] then
      settings[row.name] = { name = row.name, value = value, from = source }
    end
  end
end

local function set_by(name, source)
  return ("%s is set by %s"):format(name, source)
end

-- Where to act, and why. An endpoint of Google's, and only that, is asked with credentials, unless the
-- caller says otherwise.
local function classify(settings, options)
  local backend, endpoint, project = settings.backend, settings.endpoint, settings.project
  local universe = settings.universe_domain and settings.universe_domain.value or M.DEFAULT_UNIVERSE
  if backend and backend.value == "gcp" then
    return "gcp", set_by("backend", backend.from)
  elseif backend and options.endpoint then
    return "server", set_by("endpoint", endpoint.from)
  elseif backend then
    return "local", set_by("backend", backend.from)
  elseif options.data and not options.endpoint then
    return "local", set_by("data", settings.data.from)
  elseif endpoint then
    local trusted = is_google(endpoint.value, universe) or settings.access_token_file
      or options.access_token or settings.credentials
    return trusted and "gcp" or "server", set_by("endpoint", endpoint.from)
  elseif project then
    return "gcp", set_by("project", project.from)
  end
  return "local", "nothing names a cloud project"
end

local function check(settings)
  local backend, endpoint = settings.backend, settings.endpoint
  if backend and not BACKENDS[backend.value] then
    return nil, err.new("INVALID_ARGUMENT", ("backend '%s' (%s): use local or gcp"):format(backend.value,
      backend.from), { path = "backend" })
  end
  if endpoint then
    local url = base_url(endpoint.value)
    if not url then
      return nil, err.new("INVALID_ARGUMENT", ("endpoint '%s' (%s): write it like https://host or host:port")
        :format(endpoint.value, endpoint.from), { path = "endpoint" })
    end
    endpoint.value = url
  end
  return true
end

local function fill_from_gcloud(context, settings, options, world)
  local values, name = read_gcloud(world)
  if not values then
    return nil, name
  end
  from_file(settings, values, "gcloud", name)
  local ok, e = check(settings)
  if not ok then
    return nil, e
  end
  -- gcloud may be pointed at another server: then that is where to act, and no token goes there.
  context.kind, context.because = classify(settings, options)
  return true
end

local function default(settings, name, value)
  settings[name] = settings[name] or { name = name, value = value, from = "default" }
end

---Find out. Reads files and the environment, asks nobody.
---@param options table? what the caller gives: `mooncron.ConnectOptions`
---@param world? table `env`, `read_file`, see mooncron.auth.world
---@param source string? what to call the caller's values, default "option"
---@return mooncron.Context?
---@return mooncron.Err?
function M.resolve(options, world, source)
  options = options or {}
  world = world_of.new(world)
  local settings = {}
  local file = in_config_home(world, "mooncron/config")
  local context = setmetatable({ settings = settings, file = file }, M.class)
  from_caller(settings, options, source or "option")
  from_environment(settings, world)
  local ok, e
  if context.file then
    local ours
    ours, e = read_settings(context.file, world)
    if not ours then
      return nil, e
    end
    from_file(settings, ours, "file", "file " .. context.file)
  end
  ok, e = check(settings)
  if not ok then
    return nil, e
  end
  context.kind, context.because = classify(settings, options)
  if context.kind == "gcp" and settings.endpoint and settings.endpoint.from == "environment " .. EMULATOR then
    settings.endpoint = nil -- an emulator is not what is meant
  end
  if context.kind == "gcp" then
    ok, e = fill_from_gcloud(context, settings, options, world)
    if not ok then
      return nil, e
    end
  end
  default(settings, "location", M.DEFAULT_LOCATION)
  if context.kind == "gcp" then
    default(settings, "universe_domain", M.DEFAULT_UNIVERSE)
    default(settings, "endpoint", "https://cloudscheduler." .. settings.universe_domain.value)
  else
    default(settings, "project", "local")
  end
  if context.kind == "local" then
    settings.endpoint = nil
  end
  for _, name in ipairs { "project", "location", "endpoint" } do
    context[name] = settings[name] and settings[name].value
  end
  return context
end

-- ---- telling ----

local Context = {}

---One line for people.
---@return string
function Context:describe()
  local place = ("project '%s', location '%s'"):format(self.project or "of the credential", self.location)
  if self.kind == "gcp" then
    return ("Google Cloud, %s, at %s"):format(place, self.endpoint)
  elseif self.kind == "server" then
    return ("server at %s without credentials, %s"):format(self.endpoint, place)
  end
  return "local scheduler, " .. place
end

---The settings that are there, in order.
---@return mooncron.Setting[]
function Context:list()
  local rows = {}
  for _, row in ipairs(M.settings) do
    rows[#rows + 1] = self.settings[row.name]
  end
  return rows
end

M.class = { __name = "mooncron.context", __index = Context, __tostring = Context.describe }

return M
