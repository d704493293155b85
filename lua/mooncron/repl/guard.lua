---Looking is free: at the prompt a client of a cloud project only reads until `writable()` is called.

local err <const> = require "mooncron.err"

local M = {}

local function refuse(backend)
  return nil, err.new("FAILED_PRECONDITION",
    ("this would change %s: writable() allows it"):format(backend:describe()))
end

---The client with a backend that asks first. What is not a cloud project stays as it is.
---@param client mooncron.Client
---@param may_write fun(): boolean
---@return mooncron.Client
function M.client(client, may_write)
  if not client.is_cloud then
    return client
  end
  local backend = client.backend
  client.backend = setmetatable({
    send = function(_, request)
      if request.method ~= "GET" and not may_write() then
        return refuse(backend)
      end
      return backend:send(request)
    end,
    close = function()
      return backend:close()
    end,
    describe = function()
      return backend:describe()
    end,
  }, { __index = backend })
  return client
end

---Have all connections that are made from now on ask first.
---@param mooncron table the module
---@param may_write fun(): boolean
---@return fun() stop puts `connect` back
function M.install(mooncron, may_write)
  local connect = mooncron.connect
  mooncron.connect = function(...)
    local client, e = connect(...)
    if not client then
      return nil, e
    end
    return M.client(client, may_write)
  end
  return function()
    mooncron.connect = connect
  end
end

return M
