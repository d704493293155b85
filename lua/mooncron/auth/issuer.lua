---An issuer of our own: what Google's accounts.google.com is for Cloud Scheduler, for the local
---scheduler. Pure but for the key; it answers nothing itself, it says what to answer.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

M.LIFE_S = 3600
M.CERTIFICATE_LIFE_S = 10 * 365 * 86400

---@class mooncron.auth.Issuer
---@field url string the `iss` of its tokens
---@field kid string
local Issuer = {}
Issuer.__index = Issuer
Issuer.__name = "mooncron.auth.Issuer"
Issuer.__tostring = function(self)
  return "issuer " .. self.url .. ", key " .. self.kid
end

local keys = setmetatable({}, { __mode = "k" })

---A new private key, to be kept by the caller where only the user can read it.
---@return string? pem
---@return mooncron.Err? err
function M.generate_key()
  return core.auth.generate_key("RS256")
end

---@param options { url: string, key: string } base URL without a final slash; private key, PEM
---@return mooncron.auth.Issuer?
---@return mooncron.Err?
function M.new(options)
  local kid, e = core.auth.key_id(options.key)
  if not kid then
    return nil, e
  end
  local alg, why = core.auth.key_alg(options.key)
  if not alg then
    return nil, why
  end
  local self = setmetatable({ url = options.url, kid = kid, alg = alg }, Issuer)
  keys[self] = options.key
  return self
end

---A number for an account as Google has one: 21 digits, the same for the same e-mail address.
---@param email string
---@return string
function M.subject_of(email)
  local hash = 0xcbf29ce484222325 -- FNV-1a, 64 bits
  for i = 1, #email do
    hash = (hash ~ email:byte(i)) * 0x100000001b3
  end
  return ("1%020d"):format(hash & 0x7fffffffffffffff)
end

---An OIDC token as Cloud Scheduler sends it.
---@param want { email: string, audience: string, now: integer }
---@return string?
---@return mooncron.Err?
function Issuer:identity_token(want)
  local subject = M.subject_of(want.email)
  local claims = json.encode {
    iss = self.url,
    aud = want.audience,
    azp = subject,
    sub = subject,
    email = want.email,
    email_verified = true,
    iat = want.now,
    exp = want.now + M.LIFE_S,
  }
  if not claims then
    return nil, err.new("INVALID_ARGUMENT", "audience or email is not text")
  end
  return core.auth.sign(claims, { alg = self.alg, key = keys[self], kid = self.kid })
end

---The key set, as JSON: what Google has at /oauth2/v3/certs.
---@return string
function Issuer:jwks()
  return '{"keys":[' .. assert(core.auth.jwk(keys[self])) .. "]}"
end

---The certificate set, as JSON: what Google has at /oauth2/v1/certs.
---@param now integer
---@return string
function Issuer:certificates(now)
  local pem = assert(core.auth.certificate(keys[self], {
    common_name = "mooncron local issuer",
    not_before = now - 86400,
    not_after = now + M.CERTIFICATE_LIFE_S,
  }))
  return assert(json.encode { [self.kid] = pem })
end

---The discovery document, as JSON: /.well-known/openid-configuration.
---@return string
function Issuer:discovery()
  return assert(json.encode {
    issuer = self.url,
    jwks_uri = self.url .. "/oauth2/v3/certs",
    id_token_signing_alg_values_supported = { self.alg },
    response_types_supported = { "id_token" },
    subject_types_supported = { "public" },
    claims_supported = { "aud", "azp", "email", "email_verified", "exp", "iat", "iss", "sub" },
  })
end

return M
