---Checks identity tokens: what a target of Cloud Scheduler does with `Authorization: Bearer`.

local cache <const> = require "mooncron.auth.cache"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local world_of <const> = require "mooncron.auth.world"

local M = {}

M.GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs"
M.GOOGLE_ISSUERS = { "https://accounts.google.com", "accounts.google.com" }
M.LEEWAY_S = 30
M.KEYS_LIFE_S = 300 -- of keys whose server does not say
M.REFETCH_S = 10 -- an unknown kid makes us ask again, but not more often than that

---Seconds that an answer may be kept, by its Cache-Control and Age.
---@param headers table<string, string>
---@return integer
function M.max_age(headers)
  local control = (headers["cache-control"] or ""):lower()
  if control:find("no-store", 1, true) or control:find("no-cache", 1, true) then
    return 0
  end
  local age = tonumber(control:match("max%-age%s*=%s*(%d+)"))
  if not age then
    return M.KEYS_LIFE_S
  end
  return math.max(0, math.tointeger(math.min(age, 86400)) - (math.tointeger(tonumber(headers.age)) or 0))
end

local function fetch_keys(world, url)
  local response, e = world.http { method = "GET", url = url, timeout = 10, max_body = 262144 }
  if not response then
    return nil, e
  end
  if response.status ~= 200 then
    return nil, err.new("UNAVAILABLE", ("keys at '%s': HTTP %d"):format(url, response.status),
      { status = response.status, retryable = response.status >= 500 })
  end
  local keys, why = core.auth.keyset(response.body)
  if not keys then
    return nil, err.new("UNAVAILABLE", ("keys at '%s' are of no use"):format(url), { cause = why })
  end
  local now = world.now()
  -- Keys that may not be kept still serve the next moment: a fetch for each token would be an attack.
  local life = math.max(M.max_age(response.headers or {}), cache.LAST_S + M.REFETCH_S)
  return { set = keys, at = now }, now + life
end

---The claims of a payload, dates as integers.
---@param text string JSON
---@return table?
---@return mooncron.Err?
function M.claims_of(text)
  local claims, e = json.decode(text)
  if not claims then
    return nil, e
  end
  for _, name in ipairs { "exp", "iat", "nbf" } do
    claims[name] = math.tointeger(claims[name]) or claims[name]
  end
  return claims
end

local function list(value)
  return type(value) == "table" and value or value and { value } or nil
end

---@class mooncron.auth.Verifier
local Verifier = {}
Verifier.__index = Verifier
Verifier.__name = "mooncron.auth.Verifier"

---@param options table see `mooncron.auth.verifier`
function M.new(options)
  if options.audience == nil then
    error("say for which audience tokens must be; audience = false allows any", 3)
  end
  local world = world_of.new(options)
  local own = { options = options, world = world, cache = options.cache or cache.new(world) }
  return setmetatable(own, Verifier)
end

local function keys_of(self)
  local options = self.options
  if options.keys then
    return options.keys
  end
  local url = options.keys_url or M.GOOGLE_KEYS
  return self.cache:get(url, function()
    return fetch_keys(self.world, url)
  end)
end

local function check(self, token, keys)
  local o = self.options
  local issuers = o.issuer ~= false and (list(o.issuer) or M.GOOGLE_ISSUERS) or nil
  return core.auth.verify(token, keys.set, issuers, list(o.audience), {
    now = self.world.now(),
    leeway = o.leeway or M.LEEWAY_S,
    email = o.email,
    alg = o.alg,
  })
end

---Check a token, or the value of an Authorization header. May wait for the issuer's keys.
---@param token string
---@return table? claims
---@return mooncron.Err? err UNAUTHENTICATED says why; other codes: it could not be checked
function Verifier:check(token)
  token = (token or ""):gsub("^[Bb]earer%s+", "")
  local keys, e = keys_of(self)
  if not keys then
    return nil, e
  end
  local claims, why = check(self, token, keys)
  if not claims and why.code == "NOT_FOUND" and not self.options.keys
      and self.world.now() - keys.at >= M.REFETCH_S then
    self.cache:drop(self.options.keys_url or M.GOOGLE_KEYS, keys) -- keys rotate
    keys, e = keys_of(self)
    if not keys then
      return nil, e
    end
    claims, why = check(self, token, keys)
  end
  if not claims then
    local code = (why.code == "NOT_FOUND" or why.code == "INVALID_ARGUMENT") and "UNAUTHENTICATED" or why.code
    return nil, err.new(code, why.message)
  end
  return M.claims_of(claims)
end

return M
