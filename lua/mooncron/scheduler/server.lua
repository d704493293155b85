---The scheduler on an address: who is let in, and what it answers.

local console_module <const> = require "mooncron.console"
local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local guard <const> = require "mooncron.scheduler.guard"
local router <const> = require "mooncron.scheduler.router"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.ListenOptions
---@field host string? an address, default 127.0.0.1; beyond loopback a token is wanted
---@field port integer? default any free one
---@field token string? what requests have to bear
---@field insecure boolean? no token beyond loopback either
---@field allowed_hosts string[]? further names in `Host` than those of loopback

-- The answer to somebody whom the guard does not let in.
local function turned_away(e)
  local response = router.failure(e)
  if e.code == "UNAUTHENTICATED" then
    local headers = { ["WWW-Authenticate"] = 'Bearer realm="mooncron"' }
    for name, value in pairs(response.headers) do
      headers[name] = value
    end
    response.headers = headers
  end
  return response
end

-- Let `response.stream(out)` write the answer, now and later: `out:write`, `out:finish`, `out:abort`;
-- `out.on_gone()` is called when the client has gone away.
local function send_stream(server, id, response)
  local out = {}
  local function forget()
    task.on_event(id, nil)
  end
  -- The server may be closed meanwhile, and its connections with it: then nobody is there.
  function out.write(_, data)
    local is_there, ok = pcall(server.write, server, id, data)
    return is_there and ok
  end
  function out.finish()
    forget()
    pcall(server.finish, server, id)
  end
  function out.abort()
    forget()
    task.loop():cancel(id)
  end
  local ok, e = server:start(id, response.status, response.headers, response.max_pending)
  if not ok then
    return nil, e
  end
  task.on_event(id, function()
    forget()
    if out.on_gone then
      out.on_gone()
    end
  end)
  response.stream(out)
end

---Serve the API and the console on an address.
---@param scheduler mooncron.Scheduler
---@param options mooncron.ListenOptions
---@return table? server of the core, with `close`, `port`, `quiesce`
---@return mooncron.Err?
function M.listen(scheduler, options)
  local host = options.host or "127.0.0.1"
  if not guard.is_loopback(host) and not options.token and not options.insecure then
    return nil, err.new("FAILED_PRECONDITION",
      ("'%s' is open to others: give a token with --token-file, or --insecure"):format(host))
  end
  local server, e = core.net.server(task.loop(), {
    host = host,
    port = options.port or 0,
    max_body = 2 << 20, -- a job is at most 1 MB, its bytes in base64
  })
  if not server then
    return nil, e
  end
  local watch = guard.new { host = host, token = options.token, allowed_hosts = options.allowed_hosts }
  scheduler.tokens:set_default_issuer(("http://%s:%d"):format(host:gsub("^(.*:.*)$", "[%1]"), server:port()))
  local console = console_module.new(scheduler)
  scheduler.console = console
  task.on_event(server:key(), function(request)
    local function respond(response)
      if response.stream then
        return send_stream(server, request.id, response)
      end
      server:reply(request.id, response.status, response.headers, response.body)
    end
    local ok, refusal = watch:check(request)
    if not ok then
      return respond(turned_away(refusal))
    end
    if not console:handle(request, respond) then
      scheduler:handle(request, respond)
    end
  end)
  return server
end

return M
