---A credential as scripts have it: who it is, and tokens of it.

local cache <const> = require "mooncron.auth.cache"
local err <const> = require "mooncron.err"
local metadata <const> = require "mooncron.auth.metadata"
local source <const> = require "mooncron.auth.source"
local world_of <const> = require "mooncron.auth.world"

local M = {}

---@class mooncron.Credential
---@field type string as in its file, "metadata server" or "access token"
---@field account string? e-mail address, where the credential says
---@field project string? where the credential says
---@field quota_project string?
---@field universe string
---@field found string? which place it was found at
local Credential = {}
local metatable = { __name = "mooncron.Credential", __index = Credential }

local private = setmetatable({}, { __mode = "k" }) -- handle, cache, world: nothing to print by mistake

M.FOR_ONE_AUDIENCE = "gdch_service_account" -- the type whose access tokens are
M.UNKNOWN_LIFE_S = 300 -- of a token whose server does not say how long it lives

function metatable.__tostring(self)
  return tostring(private[self].handle)
end

---@param handle any of `core.auth`
---@param world mooncron.auth.World
---@param fields? { found: string?, host: string? }
---@return mooncron.Credential
function M.new(handle, world, fields)
  local self = setmetatable(handle:info(), metatable)
  self.found = fields and fields.found
  self.quota_project = world_of.variable(world, "GOOGLE_CLOUD_QUOTA_PROJECT") or self.quota_project
  private[self] = { handle = handle, cache = cache.new(world), world = world, host = fields and fields.host }
  return self
end

local function scope_text(scopes)
  if type(scopes) == "table" then
    scopes = table.concat(scopes, " ")
  end
  return scopes ~= "" and scopes or nil
end

local function key_of(want)
  return ("%s\n%s\n%s\n%s\n%s\n%s"):format(want.audience or "", want.scopes or "", want.subject or "",
    want.exchange or false, want.lifetime or 0, want.access or false)
end

local function token_of(self, want)
  local mine = private[self]
  return mine.cache:get(key_of(want), function()
    local request <close>, e = mine.handle:request(want, world_of.env_table(mine.world))
    if not request then
      return nil, e
    end
    local token, expires = source.fetch(request, mine.world)
    if token and expires == 0 then
      expires = self.type ~= "access token" and mine.world.now() + M.UNKNOWN_LIFE_S or nil
    end
    return token, expires
  end)
end

---An access token, from the cache or new. Waits.
---@param scopes? string|string[] default: what the credential has, or cloud-platform
---@param options? { subject: string?, exchange: boolean?, lifetime: integer?, audience: string? } user to
---  act for; ask the server even where a self-signed token would do; seconds, for impersonation; the API's
---  host, which a gdch_service_account must know and the others need not
---@return string?
---@return mooncron.Err?
function Credential:access_token(scopes, options)
  options = options or {}
  local audience = self.type == M.FOR_ONE_AUDIENCE and options.audience or nil
  return token_of(self, {
    scopes = scope_text(scopes),
    subject = options.subject,
    exchange = options.exchange,
    lifetime = options.lifetime,
    audience = audience,
    access = audience and true,
  })
end

---When the access token for `scopes` that was got last runs out.
---@param scopes? string|string[]
---@return integer? seconds since the epoch, nil: not known
function Credential:access_token_expires(scopes)
  return private[self].cache:expires(key_of { scopes = scope_text(scopes) })
end

---An identity token (OIDC) for `audience`. Waits.
---@param audience string
---@return string?
---@return mooncron.Err?
function Credential:identity_token(audience)
  if type(audience) ~= "string" or audience == "" then
    error("an identity token needs an audience", 2)
  end
  return token_of(self, { audience = audience })
end

---Headers of a request to a Google API. Waits.
---@param scopes? string|string[]
---@return table<string, string>?
---@return mooncron.Err?
function Credential:headers(scopes)
  local token, e = self:access_token(scopes)
  if not token then
    return nil, e
  end
  return { Authorization = "Bearer " .. token, ["x-goog-user-project"] = self.quota_project }
end

---A server has answered 401 to this token: the next one asked for is new.
---@param token string
function Credential:refused(token)
  private[self].cache:drop_value(token)
end

---The service account `email`, through this credential, which needs
---roles/iam.serviceAccountTokenCreator on it.
---@param email string
---@return mooncron.Credential?
---@return mooncron.Err?
function Credential:impersonate(email)
  local mine = private[self]
  local handle, e = mine.handle:impersonate(email)
  if not handle then
    return nil, e
  end
  return M.new(handle, mine.world, { found = self.found })
end

-- What only the metadata server knows of itself.
local function ask(self, path)
  local mine = private[self]
  if not mine.host then
    return nil
  end
  return mine.cache:get("metadata " .. path, function()
    local value, e = metadata.get(mine.world, mine.host, path)
    if value == nil then
      return nil, e
    end
    return value, nil
  end)
end

---The project that the environment, the credential or this machine names. May wait.
---@return string?
---@return mooncron.Err?
function Credential:project_id()
  local named = world_of.variable(private[self].world, "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")
  if named or self.project then
    return named or self.project
  end
  return ask(self, "project/project-id")
end

---The account's e-mail address, if it can be known. May wait.
---@return string?
---@return mooncron.Err?
function Credential:email()
  if self.account then
    return self.account
  end
  return ask(self, "instance/service-accounts/default/email")
end

---Refuse to send a token of one universe to an API of another. May wait.
---@param universe string such as `googleapis.com`
---@return boolean?
---@return mooncron.Err?
function Credential:check_universe(universe)
  local mine, e = ask(self, "universe/universe-domain")
  if e then
    return nil, e
  end
  mine = mine and mine ~= "" and mine or self.universe
  if mine == universe then
    return true
  end
  return nil, err.new("FAILED_PRECONDITION",
    ("the credential is of universe '%s', the API of '%s'"):format(mine, universe))
end

return M
