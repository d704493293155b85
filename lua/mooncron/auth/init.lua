---Credentials, tokens, and checking the tokens of others.
---
---    local credential = assert(auth.default())
---    local token = assert(credential:access_token())
---    local claims, err = auth.verify(request.headers.authorization, { audience = "https://my.target" })
---
---Functions of the world (`http`, `env`, `read_file`, `now`, ...) may be given in any options, see
---`mooncron.auth.world`.

local cache <const> = require "mooncron.auth.cache"
local core <const> = require "mooncron.core"
local credential <const> = require "mooncron.auth.credential"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"
local metadata <const> = require "mooncron.auth.metadata"
local verifier <const> = require "mooncron.auth.verifier"
local world_of <const> = require "mooncron.auth.world"

local M = {}

M.CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"

local ENOENT <const> = 2

---A credential out of the JSON of its file.
---@param text string
---@param options? table
---@return mooncron.Credential?
---@return mooncron.Err?
function M.from_json(text, options)
  local handle, e = core.auth.credential(text)
  if not handle then
    return nil, e
  end
  return credential.new(handle, world_of.new(options), options)
end

---A credential out of its file.
---@param path string
---@param options? table
---@return mooncron.Credential?
---@return mooncron.Err?
function M.from_file(path, options)
  local text, why, errno = world_of.new(options).read_file(path)
  if not text then
    return nil, err.new(errno == ENOENT and "NOT_FOUND" or "PERMISSION_DENIED",
      ("credential file '%s' cannot be read"):format(path), { cause = why })
  end
  local found, e = M.from_json(text, options)
  if not found then
    return nil, err.new(e.code, ("credential file '%s'"):format(path), { cause = e })
  end
  return found
end

---An access token that somebody else has made: `gcloud auth print-access-token`.
---@param token string
---@param options? table
---@return mooncron.Credential?
---@return mooncron.Err?
function M.from_token(token, options)
  local handle, e = core.auth.credential_token(token)
  if not handle then
    return nil, e
  end
  return credential.new(handle, world_of.new(options), options)
end

---The same, read from a file.
---@param path string
---@param options? table
---@return mooncron.Credential?
---@return mooncron.Err?
function M.from_token_file(path, options)
  local text, why = world_of.new(options).read_file(path)
  if not text then
    return nil, err.new("NOT_FOUND", ("access token file '%s' cannot be read"):format(path), { cause = why })
  end
  return M.from_token(text, options)
end

local function with(options, found, host)
  local all = { found = found, host = host }
  for key, value in pairs(options) do
    all[key] = value
  end
  return all
end

local look = {}

function look.file(place, world, options)
  local text, why, errno = world.read_file(place.value)
  if not text and errno == ENOENT and not place.required then
    place.result = "no file"
    return nil
  end
  if not text then
    return nil, err.new("NOT_FOUND", ("%s: '%s' cannot be read"):format(place.name, place.value),
      { cause = why })
  end
  local found, e = M.from_json(text, with(options, place.name))
  if not found then
    return nil, err.new(e.code, ("%s: '%s'"):format(place.name, place.value), { cause = e })
  end
  return found
end

function look.metadata(place, world, options)
  if not metadata.detect(world, place.value) then
    place.result = "no answer"
    return nil
  end
  local handle, e = core.auth.credential_metadata(place.value)
  if not handle then
    return nil, e
  end
  return credential.new(handle, world, with(options, place.name, place.value))
end

---@class mooncron.auth.Place
---@field name string
---@field kind "file"|"metadata"
---@field looks boolean was it looked at
---@field value string? path or host
---@field reason string why, or why not
---@field result string? "found", "no file", "no answer", or the error; nil when not looked at

---Look for the credential of this machine and tell each place, in order. Waits.
---@param options? table `path`: a file named by the user; world functions
---@return mooncron.Credential? credential
---@return mooncron.Err? err
---@return mooncron.auth.Place[]? places
function M.look(options)
  options = options or {}
  local world = world_of.new(options)
  local places, e = core.auth.places(options.path, world_of.env_table(world))
  if not places then
    return nil, e
  end
  for _, place in ipairs(places) do
    local found, why
    if place.looks then
      found, why = look[place.kind](place, world, options)
    end
    if found then
      place.result = "found"
      return found, nil, places
    end
    if why then
      place.result = tostring(why)
      return nil, why, places
    end
  end
  return nil, err.new("UNAUTHENTICATED", "no credential found: run gcloud auth application-default login "
    .. "or set GOOGLE_APPLICATION_CREDENTIALS"), places
end

---The credential of this machine (Application Default Credentials). Waits.
---@param options? table
---@return mooncron.Credential?
---@return mooncron.Err?
function M.default(options)
  local found, e = M.look(options)
  return found, e
end

---A token's header and claims, unverified: for the eye only.
---@param token string
---@return { header: table, claims: table }?
---@return mooncron.Err?
function M.decode(token)
  local header, claims = core.auth.decode(token)
  if not header then
    return nil, claims
  end
  return { header = json.decode(header), claims = verifier.claims_of(claims) }
end

---Keys in hand, for `auth.verify{keys=}`: a JWKS or a certificate set, JSON.
---@param text string
---@return table?
---@return mooncron.Err?
function M.keys(text)
  local set, e = core.auth.keyset(text)
  if not set then
    return nil, e
  end
  return { set = set, at = 0 }
end

---@class mooncron.auth.VerifyOptions
---@field audience string|string[]|false what `aud` must be; false: anything
---@field issuer string|string[]|false|nil default Google's
---@field email string? the caller's e-mail address, verified
---@field keys_url string? JWKS or certificate set, default Google's
---@field keys table? keys in hand (`auth.keys`), nothing is fetched
---@field leeway integer? seconds of clock skew allowed, 0-300, default 30
---@field alg "RS256"|"ES256"|nil default either

---Something that checks many tokens: `:check(token) -> claims | nil, err`. Its keys are cached as
---their server says.
---@param options mooncron.auth.VerifyOptions
---@return mooncron.auth.Verifier
function M.verifier(options)
  return verifier.new(options)
end

local shared_keys

---Check one token, or the value of an Authorization header. May wait for the issuer's keys.
---@param token string
---@param options mooncron.auth.VerifyOptions
---@return table? claims
---@return mooncron.Err? err
function M.verify(token, options)
  shared_keys = shared_keys or cache.new(world_of.new())
  local own = { cache = not (options.http or options.now) and shared_keys or nil }
  return verifier.new(setmetatable(own, { __index = options })):check(token)
end

return M
