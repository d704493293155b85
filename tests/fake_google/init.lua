---A Google for tests, on 127.0.0.1: token endpoint, STS, metadata server, iamcredentials, permissions, and
---the Cloud Scheduler API over a local scheduler in memory. Tokens have a life of their own; answers can be
---replaced by faults.

local auth <const> = require "mooncron.auth"
local core <const> = require "mooncron.core"
local http <const> = require "mooncron.http"
local issuer <const> = require "mooncron.auth.issuer"
local json <const> = require "mooncron.json"
local scheduler <const> = require "mooncron.scheduler"
local task <const> = require "mooncron.task"

local M = {}

M.ACCOUNT = "robot@p.iam.gserviceaccount.com"
M.JSON = { ["Content-Type"] = "application/json; charset=UTF-8" }

local Google = {}
Google.__index = Google

local function answer(status, value, headers)
  local all = {}
  for name, text in pairs(M.JSON) do
    all[name] = text
  end
  for name, text in pairs(headers or {}) do
    all[name] = text
  end
  return { status = status, headers = all, body = type(value) == "string" and value or json.encode(value) }
end
M.answer = answer

---An error as the API says it.
---@return table response
function M.error(status, code, message, headers)
  return answer(status, { error = { code = status, message = message or "x", status = code } }, headers)
end

-- ---- tokens ----

---A new access token.
function Google:mint(life)
  self.minted = self.minted + 1
  local token = "token-" .. self.minted
  self.tokens[token] = self.now() + (life or self.life)
  return token
end

local function form_of(body)
  local form = {}
  for name, value in body:gmatch("([^&=]+)=([^&]*)") do
    form[name] = value:gsub("+", " "):gsub("%%(%x%x)", function(hex)
      return string.char(tonumber(hex, 16))
    end)
  end
  return form
end

local GRANTS <const> = {
  refresh_token = true,
  ["urn:ietf:params:oauth:grant-type:jwt-bearer"] = true,
  ["urn:ietf:params:oauth:grant-type:token-exchange"] = true,
}

-- Does the TLS connection prove the first of the certificates that the token names?
local function proves(request, list)
  local certificates = json.decode(list)
  return certificates and certificates[1] == request.headers["x-client-certificate"]
end

local function token_endpoint(google, request)
  local form = form_of(request.body)
  google.last_form = form
  if not GRANTS[form.grant_type] or form.refresh_token == "revoked" then
    return answer(400, { error = "invalid_grant", error_description = "Token has been revoked." })
  elseif form.subject_token_type == "urn:ietf:params:oauth:token-type:mtls"
    and not proves(request, form.subject_token)
  then
    return answer(400, { error = "invalid_grant", error_description = "Certificate of somebody else." })
  end
  return answer(200, {
    access_token = google:mint(),
    expires_in = google.life,
    token_type = "Bearer",
    issued_token_type = "urn:ietf:params:oauth:token-type:access_token",
  })
end

M.SERVICE_IDENTITY = "system:serviceaccount:p:robot"

-- The token server of a Google Distributed Cloud: knows the key of `gdch_keys`, calls itself `gdch_url`.
local function authenticate(google, request)
  local body = json.decode(request.body)
  local claims, e = auth.verify(body.subject_token, {
    keys = google.gdch_keys,
    audience = google.gdch_url,
    issuer = M.SERVICE_IDENTITY,
    now = google.now,
  })
  google.last_form = body
  if not claims or claims.sub ~= M.SERVICE_IDENTITY or not body.audience then
    return answer(401, { error = "invalid_grant", error_description = e and e.message })
  end
  return answer(200, { access_token = google:mint(), expires_in = google.life })
end

local signer

local function identity_token(google, audience)
  signer = signer or assert(issuer.new {
    url = "https://accounts.google.com",
    key = assert(issuer.generate_key()),
  })
  return signer:identity_token {
    email = M.ACCOUNT,
    audience = audience,
    now = google.now(),
  }
end

local METADATA <const> = { ["Metadata-Flavor"] = "Google", ["Content-Type"] = "text/plain" }

local function metadata(google, request, path)
  if request.headers["metadata-flavor"] ~= "Google" then
    return { status = 403, headers = METADATA, body = "missing Metadata-Flavor" }
  end
  local body
  if path:find("/token$") then
    body = json.encode { access_token = google:mint(), expires_in = google.life, token_type = "Bearer" }
  elseif path:find("/identity$") then
    body = identity_token(google, form_of(request.target:match("%?(.*)$")).audience)
  else
    body = ({
      ["project/project-id"] = "p",
      ["instance/service-accounts/default/email"] = M.ACCOUNT,
      ["universe/universe-domain"] = google.universe,
    })[path:match("^/computeMetadata/v1/(.*)$") or ""]
  end
  return { status = (body or path == "/") and 200 or 404, headers = METADATA, body = body or "" }
end

-- ---- who calls ----

-- Until when a token holds that a service account has signed itself; its public key is known here.
local function self_signed_until(google, token)
  if not google.account_keys then
    return nil
  end
  local claims = auth.verify(token, {
    keys = google.account_keys,
    audience = false,
    issuer = M.ACCOUNT,
    now = google.now,
  })
  return claims and claims.sub == M.ACCOUNT and claims.scope == auth.CLOUD_PLATFORM and claims.exp
end

-- nil for a caller that is known; else what he is told.
local function check_token(google, request)
  local token = (request.headers.authorization or ""):match("^Bearer (.+)$") or ""
  local expires = google.tokens[token] or self_signed_until(google, token)
  if not expires then
    return M.error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
  elseif expires <= google.now() then
    google.expired_seen = google.expired_seen + 1
    return M.error(401, "UNAUTHENTICATED", "The access token has expired.")
  end
end

local function permissions(google, request)
  local has = {}
  for _, permission in ipairs(json.decode(request.body).permissions) do
    if not google.lacks[permission] then
      has[#has + 1] = permission
    end
  end
  return answer(200, { permissions = has[1] and has or nil })
end

local function iamcredentials(google, request, verb)
  local refusal = check_token(google, request)
  if refusal then
    return refusal
  elseif verb == "generateAccessToken" then
    local expires = os.date("!%Y-%m-%dT%H:%M:%SZ", google.now() + google.life)
    return answer(200, { accessToken = google:mint(), expireTime = expires })
  end
  return answer(200, { token = identity_token(google, json.decode(request.body).audience) })
end

-- ---- the API ----

local function api(google, request)
  google.calls[#google.calls + 1] = request
  local fault = table.remove(google.faults, 1)
  if type(fault) == "function" then
    fault = fault(request)
  end
  if fault then
    return fault
  end
  local refusal = check_token(google, request)
  if refusal then
    return refusal
  end
  google.running = google.running + 1
  google.most_running = math.max(google.most_running, google.running)
  if google.together then
    google.gate = google.gate or task.event()
    if google.running >= google.together then
      google.gate:set()
      google.together, google.gate = nil, nil
    else
      google.gate.wait()
    end
    task.sleep(0.005) -- for who is one too many
  end
  local done = task.event()
  google.scheduler:handle(request, function(response)
    done:set(response)
  end)
  local response = done.wait()
  google.running = google.running - 1
  return response
end

local function handle(google, request)
  local path = request.target:match("^[^?]*")
  if path == "/token" or path == "/sts/v1/token" then
    google.token_calls = google.token_calls + 1
    return table.remove(google.token_faults, 1) or token_endpoint(google, request)
  elseif path == "/authenticate" then
    return authenticate(google, request)
  elseif path == "/" or path:find("^/computeMetadata/") then
    return metadata(google, request, path)
  elseif path:find(":testIamPermissions$") then
    return check_token(google, request) or permissions(google, request)
  end
  local verb = path:match("^/v1/projects/%-/serviceAccounts/[^:]+:(generate%a+Token)$")
  if verb then
    return iamcredentials(google, request, verb)
  end
  return api(google, request)
end

---@param options? { life: integer?, now: (fun(): integer)?, universe: string? } life of tokens in seconds
function M.start(options)
  options = options or {}
  local google = setmetatable({
    now = options.now or os.time,
    life = options.life or 3600,
    universe = options.universe or "googleapis.com",
    minted = 0, tokens = {}, token_calls = 0, expired_seen = 0,
    calls = {}, -- requests of the API
    faults = {}, -- what the next of them get instead of an answer: a response, or fn(request) -> response?
    token_faults = {},
    lacks = {}, -- permissions
    fronts = {}, -- process ids
    running = 0, most_running = 0,
    together = nil, -- answer nobody until so many are under way
    scheduler = assert(scheduler.open {}),
  }, Google)
  google.server = assert(http.serve {
    handler = function(request)
      return handle(google, request)
    end,
  })
  google.url = google.server.url
  google.host = google.url:match("//(.*)$")
  return google
end

local account_key

---The file of a service account whose key this Google knows.
---@return string
function Google:service_account()
  account_key = account_key or assert(issuer.generate_key())
  self.account_keys = assert(auth.keys('{"keys":[' .. assert(core.auth.jwk(account_key)) .. "]}"))
  return json.encode {
    type = "service_account",
    client_email = M.ACCOUNT,
    private_key = account_key,
    private_key_id = assert(core.auth.key_id(account_key)),
    project_id = "p",
    token_uri = self.url .. "/token",
  }
end

---A world for `mooncron.auth` in which Google's endpoints are here.
function Google:world()
  local url = self.url
  return {
    now = self.now,
    http = function(request)
      local copy = {}
      for key, value in pairs(request) do
        copy[key] = value
      end
      copy.url = request.url:gsub("^https://oauth2%.googleapis%.com/token$", url .. "/token")
        :gsub("^https://sts%.googleapis%.com", url .. "/sts")
        :gsub("^https://iamcredentials%.googleapis%.com", url)
      return http.request(copy)
    end,
  }
end

---TLS before it, by node: for a folder with `cert.pem` and `key.pem`; with the file `ca` it wants a client's
---certificate of that authority. Waits.
---@param folder string
---@param ca string?
---@return string url
function Google:front(folder, ca)
  local name = ("%s/front-%d"):format(folder, #self.fronts + 1)
  os.execute(("d=%s n=%s; touch $n; "
    .. "node tests/fake_google/front.mjs %s $d/cert.pem $d/key.pem %s > $n 2> $n.log & echo $! > $n.pid")
    :format(folder, name, self.url:match("%d+$"), ca or ""))
  local pid <close> = assert(io.open(name .. ".pid"))
  self.fronts[#self.fronts + 1] = pid:read("n")
  for _ = 1, 500 do
    local file <close> = assert(io.open(name))
    local port = file:read("a"):match("^(%d+)\n")
    if port then
      return "https://localhost:" .. port
    end
    task.sleep(0.02)
  end
  error("no front, see " .. name .. ".log")
end

function Google:close()
  for _, pid in ipairs(self.fronts) do
    os.execute("kill " .. pid)
  end
  self.server:close()
  self.scheduler:close()
end
Google.__close = Google.close

return M
