---Who may talk to the server: whoever has the token, when there is one, and only under a name that is
---the server's own. Pure.

local err <const> = require "mooncron.err"

local M = {}

---@class mooncron.scheduler.Guard
local Guard = { __name = "mooncron.scheduler.Guard" }
Guard.__index = Guard

local MIN_TOKEN <const> = 16 -- characters

-- Open to anybody: whoever watches the process has no token, the libraries with which targets verify our
-- OIDC tokens ask for public keys without one, and the console asks for it: its files tell nothing.
local OPEN <const> = {
  ["/"] = true,
  ["/healthz"] = true,
  ["/.well-known/openid-configuration"] = true,
  ["/oauth2/v1/certs"] = true,
  ["/oauth2/v3/certs"] = true,
}

local function is_open(path)
  return OPEN[path] or path:find("^/console/[%w-]+%.%l+$") ~= nil
end

---What a page has to say with each change, which a page of another site cannot without asking first.
M.HEADER = "mooncron-console"

local READS <const> = { GET = true, HEAD = true, OPTIONS = true }

---@param host string an address
---@return boolean
function M.is_loopback(host)
  return host:find("^127%.%d+%.%d+%.%d+$") ~= nil or host == "::1" or host == "localhost"
end

---The token of a file: its content without white space around it.
---@param text string
---@return string?
---@return mooncron.Err?
function M.read_token(text)
  local token = text:match("^%s*(.-)%s*$")
  if #token < MIN_TOKEN then
    return nil, err.new("INVALID_ARGUMENT",
      ("the token has %d characters, at least %d are wanted"):format(#token, MIN_TOKEN))
  elseif token:find("[^%w%-._~+/=]") then
    return nil, err.new("INVALID_ARGUMENT", "the token may hold letters, digits and -._~+/= (RFC 6750)")
  end
  return token
end

---@param path string
---@return string?
---@return mooncron.Err?
function M.token_of_file(path)
  local file <close>, why = io.open(path, "rb")
  local text = file and file:read(65536)
  if not text then
    return nil, err.new("FAILED_PRECONDITION", ("no token in '%s': %s"):format(path, why or "it is empty"))
  end
  local token, e = M.read_token(text)
  if not token then
    return nil, err.new(e.code, ("token file '%s'"):format(path), { cause = e })
  end
  return token
end

---@param options { host: string, token: string?, allowed_hosts: string[]? }
--- `host` is the address that is listened on
---@return mooncron.scheduler.Guard
function M.new(options)
  local self = setmetatable({ token = options.token, allowed = {} }, Guard)
  for _, name in ipairs(options.allowed_hosts or {}) do
    self.allowed[name:lower()] = true
  end
  -- A page of a foreign site whose name is made to point at 127.0.0.1 gives itself away by that name
  -- (DNS rebinding). Beyond loopback, the server's names are not known.
  if M.is_loopback(options.host) then
    self.names = { ["localhost"] = true, ["127.0.0.1"] = true, ["::1"] = true, [options.host] = true }
    for name in pairs(self.allowed) do
      self.names[name] = true
    end
  end
  return self
end

-- "[::1]:8085" -> "::1"; the port may be another one where it is forwarded.
local function name_of(host)
  return (host:match("^%[([%x:.]+)%]:?%d*$") or host:match("^([^:]*):?%d*$") or host):lower():gsub("%.$", "")
end

-- Takes as long for any two texts of the same length, wherever they differ.
local function is_equal(a, b)
  if #a ~= #b then
    return false
  end
  local difference = 0
  for i = 1, #a do
    difference = difference | (a:byte(i) ~ b:byte(i))
  end
  return difference == 0
end

local function check_names(self, headers)
  local host = headers["host"]
  if host and host ~= self.last_host then -- mostly it is the same one
    if not self.names[name_of(host)] then
      local words = "host '%s' is not served: use 127.0.0.1 or localhost, or start with --allow-host"
      return nil, err.new("PERMISSION_DENIED", words:format(host:sub(1, 100)))
    end
    self.last_host = host
  end
  -- A browser says for whom it asks.
  local origin = headers["origin"]
  local from = origin and (origin:match("^%a+://([^/]+)") or origin)
  if from and not self.names[name_of(from)] then
    return nil, err.new("PERMISSION_DENIED",
      ("pages of '%s' may not ask: start with --allow-host"):format(origin:sub(1, 100)))
  end
  return true
end

-- What a browser sends that changes something comes from our own page, or from nobody's: another origin
-- cannot send our header. Behind a proxy, our page may have another name than the server. Programs that
-- are no browsers send neither `Origin` nor `Sec-Fetch-Site`.
local function check_page(self, request)
  local headers = request.headers
  local origin = headers["origin"]
  if READS[request.method] or not origin and not headers["sec-fetch-site"] then
    return true
  end
  local from = origin and origin:match("^https?://(.+)$")
  local is_ours = not origin or from ~= nil and (from == headers["host"] or self.allowed[name_of(from)])
  if not headers[M.HEADER] or not is_ours then
    return nil, err.new("PERMISSION_DENIED",
      "a page of another site may not change anything here: use the console, or no browser")
  end
  return true
end

---@param request { method: string, target: string, headers: table<string, string> }
---@return true?
---@return mooncron.Err?
function Guard:check(request)
  if self.names then
    local ok, e = check_names(self, request.headers)
    if not ok then
      return nil, e
    end
  end
  local ok, e = check_page(self, request)
  if not ok then
    return nil, e
  end
  if self.token and not is_open(request.target:match("^[^?]*")) then
    local given = (request.headers["authorization"] or ""):match("^[Bb]earer +(%S+)$")
    if not given or not is_equal(given, self.token) then
      return nil, err.new("UNAUTHENTICATED", given and "the token is not the server's"
        or "this server wants 'Authorization: Bearer' and its token")
    end
  end
  return true
end

return M
