---Tokens that targets receive. Locally they are real ones of an issuer of our own: OIDC tokens are
---signed with a key that is made at first use and kept in the data folder, and verified with the key
---set that the server publishes; OAuth tokens are opaque and can be asked about. `gcp` sends Google's
---own instead, with the user's credentials.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

---@class mooncron.scheduler.Tokens
local Tokens = { __name = "mooncron.scheduler.Tokens" }
Tokens.__index = Tokens

-- A token is sent again for so long: signing costs more than all else of an attempt.
local REUSE_S <const> = 60
local LIFE_S <const> = 3600
local MAX_KNOWN <const> = 10000 -- OAuth tokens that can be asked about
local DEFAULT_SCOPE <const> = "https://www.googleapis.com/auth/cloud-platform"

---@param options { folder: string?, issuer: string?, now: fun(): integer, random: fun(n: integer): string }
---  `issuer` is the URL in the tokens, settable later; `now` in seconds: tokens live in the world's
---  time, not the scheduler's, since the targets that verify them do
function M.new(options)
  return setmetatable({
    folder = options.folder,
    url = options.issuer,
    now = options.now,
    random = options.random,
    sent = {},
    sent_count = 0,
    opaque = {},
    opaque_count = 0,
  }, Tokens)
end

-- ---- the key ----

local function read_file(path)
  local file <close> = io.open(path, "rb")
  return file and file:read("a")
end

local function load_key(folder)
  local path = folder and folder .. "/issuer-key.pem"
  local pem = path and read_file(path)
  if pem then
    return pem
  end
  local e, ok
  pem, e = core.auth.generate_key("RS256")
  if pem and path then
    ok, e = core.fs.write(path, pem, 384) -- mode 0600
    pem = ok and pem
  end
  if not pem then
    return nil, e
  end
  return pem
end

-- Made at first use: most schedulers never send a token.
local function issuer_of(self)
  if not self.issuer then
    local pem, e = load_key(self.folder)
    if not pem then
      return nil, e
    end
    self.issuer, e = require("mooncron.auth.issuer").new { url = self.url or M.DEFAULT_ISSUER, key = pem }
    if not self.issuer then
      return nil, err.new(e.code, "the issuer's key is not usable: remove issuer-key.pem", { cause = e })
    end
  end
  return self.issuer
end

---Of a scheduler that serves nothing: nobody can fetch its keys, but the tokens are well-formed.
M.DEFAULT_ISSUER = "http://127.0.0.1:8085"

---Name the URL that tokens carry as `iss`, unless one was given.
function Tokens:set_default_issuer(url)
  if not self.url then
    self.url, self.issuer, self.sent, self.sent_count = url, nil, {}, 0
  end
end

-- ---- tokens ----

local function identity_token(self, wanted, uri)
  local issuer, e = issuer_of(self)
  if not issuer then
    return nil, e
  end
  return issuer:identity_token {
    email = wanted.service_account_email or "",
    audience = wanted.audience or uri, -- the default audience is the uri [ref]
    now = self.now(),
  }
end

local function opaque_token(self, wanted)
  local token = "ya29.mooncron-" .. self.random(32)
  if self.opaque_count >= MAX_KNOWN then
    self.opaque, self.opaque_count = {}, 0
  end
  self.opaque_count = self.opaque_count + 1
  self.opaque[token] = {
    email = wanted.service_account_email,
    scope = wanted.scope or DEFAULT_SCOPE,
    expires = self.now() + LIFE_S,
  }
  return token
end

---The bearer token of an attempt.
---@param target table canonical http_target with oidc_token or oauth_token
---@return string?
---@return mooncron.Err?
function Tokens:token(target)
  local wanted = target.oidc_token or target.oauth_token
  local kind = target.oidc_token and "oidc" or "oauth"
  local what = wanted.audience or wanted.scope or target.uri
  local key = kind .. "\0" .. (wanted.service_account_email or "") .. "\0" .. what
  local known = self.sent[key]
  if known and known.until_s > self.now() then
    return known.token
  end
  local make = kind == "oidc" and identity_token or opaque_token
  local token, e = make(self, wanted, target.uri)
  if not token then
    return nil, e
  end
  if self.sent_count >= MAX_KNOWN then
    self.sent, self.sent_count = {}, 0
  end
  self.sent_count = self.sent_count + (known and 0 or 1)
  self.sent[key] = { token = token, until_s = self.now() + REUSE_S }
  return token
end

-- ---- what the server publishes ----

local JSON <const> = {
  ["Content-Type"] = "application/json; charset=UTF-8",
  ["Cache-Control"] = "public, max-age=3600",
}

local function published(make)
  return function(self)
    local issuer, e = issuer_of(self)
    if not issuer then
      return { status = 500, headers = JSON, body = json.encode { error = e:line() } }
    end
    return { status = 200, headers = JSON, body = make(issuer, self) }
  end
end

-- Google's tokeninfo, for our own OAuth tokens; a token comes in the query or in the form.
local function tokeninfo(self, request)
  local query = request.target:match("%?(.*)$") or ""
  local token = (query .. "&" .. request.body):match("access_token=([%w%-._]+)")
  local known = token and self.opaque[token]
  if not known or known.expires <= self.now() then
    local answer = { error = "invalid_token", error_description = "Invalid Value" }
    return { status = 400, headers = JSON, body = json.encode(answer) }
  end
  return {
    status = 200,
    headers = JSON,
    body = json.encode {
      email = known.email,
      email_verified = "true",
      scope = known.scope,
      exp = tostring(known.expires),
      expires_in = tostring(known.expires - self.now()),
    },
  }
end

local PATHS <const> = {
  ["/.well-known/openid-configuration"] = published(function(issuer)
    return issuer:discovery()
  end),
  ["/oauth2/v3/certs"] = published(function(issuer)
    return issuer:jwks()
  end),
  ["/oauth2/v1/certs"] = published(function(issuer, self)
    return issuer:certificates(self.now())
  end),
  ["/tokeninfo"] = tokeninfo,
  ["/oauth2/v3/tokeninfo"] = tokeninfo,
}

---Answer a request for what an issuer publishes.
---@param request { method: string, target: string, body: string }
---@return table? response nil when the path is not the issuer's
function Tokens:answer(request)
  local answer = PATHS[request.target:match("^[^?]*")]
  if answer and (request.method == "GET" or request.method == "POST") then
    return answer(self, request)
  end
end

-- ---- Google's own ----

---A source of Google's tokens: each service account through the user's credentials.
---@return { token: fun(self, target: table): string?, mooncron.Err? }
function M.gcp()
  local credential, accounts = nil, {}
  local source = {}
  function source.token(_, target)
    local e
    if not credential then
      credential, e = require("mooncron.auth").default()
      if not credential then
        return nil, e
      end
    end
    local wanted = target.oidc_token or target.oauth_token
    local email = wanted.service_account_email
    local account = accounts[email]
    if not account then
      account, e = credential:impersonate(email)
      if not account then
        return nil, e
      end
      accounts[email] = account
    end
    if target.oidc_token then
      return account:identity_token(wanted.audience or target.uri)
    end
    return account:access_token(wanted.scope or DEFAULT_SCOPE)
  end
  function source.set_default_issuer() end
  function source.answer() end
  return source
end

return M
