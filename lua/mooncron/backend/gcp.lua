---Google Cloud as a backend: HTTPS with the machine's credentials, calls repeated as the official clients
---repeat them, and within the quota.

local context_of <const> = require "mooncron.context"
local err <const> = require "mooncron.err"
local errors <const> = require "mooncron.api.errors"
local http <const> = require "mooncron.http"
local limit <const> = require "mooncron.limit"
local retry <const> = require "mooncron.retry"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.backend.Gcp
---@field endpoint string
---@field credential mooncron.Credential
---@field is_cloud boolean
local Gcp = { __name = "mooncron.backend.gcp", is_cloud = true }
Gcp.__index = Gcp

-- ---- what each method is to the quota, and when it is made again ----

local READS <const> = {
  list_jobs = true, get_job = true, list_locations = true, get_location = true,
  get_cmek_config = true, list_operations = true, get_operation = true,
}

M.CALL_TIMEOUT_S = 60 -- [ref: cloud_scheduler_client_config.json]
M.IN_FLIGHT = 100 -- streams of one HTTP/2 connection

-- No request has left: making it again is safe whatever it is, but a name that does not resolve and a
-- port that nobody listens on are mostly mistakes, which nobody wants to wait for.
local UNREACHABLE <const> = { codes = { "UNAVAILABLE" }, initial = 0.25, multiplier = 2, total = 3 }
local COULDNT_RESOLVE_PROXY <const>, COULDNT_RESOLVE_HOST <const>, COULDNT_CONNECT <const> = 5, 6, 7
local SSL_CONNECT_ERROR <const>, PEER_FAILED_VERIFICATION <const> = 35, 60

local BY_CURL_CODE <const> = {
  [COULDNT_RESOLVE_PROXY] = UNREACHABLE,
  [COULDNT_RESOLVE_HOST] = UNREACHABLE,
  [COULDNT_CONNECT] = UNREACHABLE,
  [SSL_CONNECT_ERROR] = UNREACHABLE,
  [PEER_FAILED_VERIFICATION] = retry.never,
}

local function policy_of(rpc, e)
  if e.is_final then
    return retry.never
  elseif e.sys and BY_CURL_CODE[e.sys] then
    return BY_CURL_CODE[e.sys]
  elseif READS[rpc] then
    return retry.read
  end
  return rpc == "delete_job" and retry.delete or retry.mutate
end

-- The quota is a project's: all clients of it in this process share its limits.
local shared = {}

local function limits_of(key, options)
  local limits = shared[key]
  if not limits then
    limits = {
      reads = limit.new {
        per_minute = options.reads_per_minute or limit.reads_per_minute,
        in_flight = options.in_flight or M.IN_FLIGHT,
      },
      writes = limit.new {
        per_minute = options.writes_per_minute or limit.writes_per_minute,
        in_flight = options.in_flight or M.IN_FLIGHT,
      },
      jobs = limit.exclusive(),
    }
    shared[key] = limits
  end
  return limits
end

-- ---- one attempt ----

local AGENT <const> = ("mooncron/%s (gzip)"):format(require("mooncron.core").version)
local API_CLIENT <const> = ("gl-lua/%s gccl/%s rest/curl"):format(
  _VERSION:match("[%d.]+"), require("mooncron.core").version)

local function no_token(e)
  return err.new(e.code, "no access token", { cause = e, is_final = true })
end

local function exchange(self, request, timeout)
  local token, e = self.credential:access_token(nil, self.token_options)
  if not token then
    return nil, no_token(e)
  end
  local response
  response, e = http.request({
    method = request.method,
    url = self.endpoint .. request.target,
    headers = {
      Authorization = "Bearer " .. token,
      ["Content-Type"] = "application/json",
      ["User-Agent"] = AGENT,
      ["x-goog-api-client"] = API_CLIENT,
      ["x-goog-user-project"] = self.quota_project,
    },
    body = request.body,
    timeout = timeout,
  }, self.http_client)
  return response, e, token
end

-- The answer, or the error that it carries. A token that is refused is asked for anew, once.
local function attempt(self, request, timeout)
  local response, e, token = exchange(self, request, timeout)
  if response and response.status == 401 then
    self.credential:refused(token)
    response, e = exchange(self, request, timeout)
  end
  if not response and e.code == "RESOURCE_EXHAUSTED" then -- ours, not the quota's
    return nil, err.new("INTERNAL", "the server's answer is too large", { cause = e })
  elseif not response then
    return nil, e
  elseif response.status >= 200 and response.status < 300 then
    return response
  end
  e = errors.from_answer(response.status, response.body, response.headers)
  e.retry_after = e.retry_after and math.ceil(e.retry_after)
  return nil, e
end

-- ---- a call ----

local function call(self, request)
  local quota = READS[request.rpc] and self.limits.reads or self.limits.writes
  local start_ms, attempts = retry.clock.mono_ms(), 0
  local timeout = math.min(request.timeout or M.CALL_TIMEOUT_S, M.CALL_TIMEOUT_S)
  while true do
    attempts = attempts + 1
    local response, e = quota:call(attempt, self, request, timeout)
    if response then
      return response
    end
    local elapsed_ms = retry.clock.mono_ms() - start_ms
    local wait_ms = retry.wait_ms(policy_of(request.rpc, e), e, attempts, elapsed_ms)
    if not wait_ms then
      e.attempts = attempts
      return nil, e
    end
    retry.clock.sleep(wait_ms / 1000)
  end
end

local function call_in_turn(self, request)
  if request.job and not READS[request.rpc] then
    return self.limits.jobs:call(request.job, call, self, request)
  end
  return call(self, request)
end

---Make a call of the API. Waits for the job's other changes, the quota, the answer, and between attempts.
---@param request table see mooncron.client.call
---@return mooncron.http.Response? response of status 2xx
---@return mooncron.Err?
function Gcp:send(request)
  if request.timeout then
    return task.with_timeout(request.timeout, call_in_turn, self, request)
  end
  return call_in_turn(self, request)
end

function Gcp:describe()
  return "Google Cloud at " .. self.endpoint
end

function Gcp.close() end

-- ---- opening ----

local function value_of(context, name)
  return context.settings[name] and context.settings[name].value
end

local function given_token(credential, e, name)
  if credential then
    credential.found = name
  end
  return credential, e, { {
    name = name,
    kind = "token",
    looks = true,
    reason = "given",
    value = "",
    result = credential and "found" or tostring(e),
  } }
end

-- What the caller or the settings name, or the credential of this machine.
local function look(context, options)
  local auth = require "mooncron.auth"
  local world, credential, e = options.world or {}
  local file = value_of(context, "access_token_file")
  if options.access_token then
    credential, e = auth.from_token(options.access_token, world)
    return given_token(credential, e, "access token")
  elseif file then
    credential, e = auth.from_token_file(file, world)
    return given_token(credential, e, "access token file")
  end
  local named = { path = value_of(context, "credentials") }
  return auth.look(setmetatable(named, { __index = world }))
end

---The credential that a connection would use, and the places that were looked at for it. May wait.
---@param context mooncron.Context
---@param options mooncron.GcpOptions
---@return mooncron.Credential?
---@return mooncron.Err?
---@return mooncron.auth.Place[]? places
function M.credential(context, options)
  if options.credential then
    return options.credential
  end
  local credential, e, places = look(context, options)
  local email = value_of(context, "impersonate_service_account")
  if credential and email then
    credential, e = credential:impersonate(email)
  end
  return credential, e, places
end

-- Without a word of ours about the universe, the credential's is meant.
local function settle_universe(context, credential)
  local setting = context.settings.universe_domain
  if setting.from == "default" and credential.universe ~= setting.value then
    setting.value, setting.from = credential.universe, "credential"
    if context.settings.endpoint.from == "default" then
      context.settings.endpoint.value = "https://cloudscheduler." .. credential.universe
      context.endpoint = context.settings.endpoint.value
    end
  end
  return credential:check_universe(setting.value)
end

local function settle_project(context, credential)
  if context.project then
    return true
  end
  local project, e = credential:project_id()
  if not project then
    return nil, err.new("FAILED_PRECONDITION",
      "no project: name one with --project, the option project or GOOGLE_CLOUD_PROJECT", { cause = e })
  end
  context.project = project
  context.settings.project = { name = "project", value = project, from = "credential" }
  return true
end

---@class mooncron.GcpOptions
---@field credential mooncron.Credential?
---@field access_token string?
---@field reads_per_minute integer? of the quota, default 1250
---@field writes_per_minute integer? default 500
---@field in_flight integer? most calls at once, default 100 for reads and for writes each
---@field http_client any? a client of `core.net`
---@field world table? see mooncron.auth.world

---Find the credential, settle what it decides (the project, the universe). May wait.
---@param context mooncron.Context its project is filled in
---@param options mooncron.GcpOptions
---@return mooncron.backend.Gcp?
---@return mooncron.Err?
function M.open(context, options)
  local credential, e = M.credential(context, options)
  if not credential then
    return nil, e
  end
  local ok
  ok, e = settle_universe(context, credential)
  if ok then
    ok, e = settle_project(context, credential)
  end
  if not ok then
    return nil, e
  elseif not context_of.is_confidential(context.endpoint) then
    return nil, err.new("FAILED_PRECONDITION",
      ("endpoint '%s': an access token would travel in the clear, use https"):format(context.endpoint))
  end
  return setmetatable({
    endpoint = context.endpoint,
    token_options = { audience = context.endpoint:match("//(.*)$") },
    credential = credential,
    quota_project = value_of(context, "quota_project") or credential.quota_project,
    limits = limits_of(context.endpoint .. "\n" .. context.project, options),
    http_client = options.http_client,
  }, Gcp)
end

return M
