---HTTP for scripts: requests that wait, and small servers whose handlers are tasks.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local task <const> = require "mooncron.task"

local M = {}

---@class mooncron.http.Request
---@field method string? default GET
---@field url string
---@field headers table<string, string>? by name
---@field body string?
---@field timeout number? seconds for the whole exchange, default 60
---@field max_body integer? most bytes of the answer, default 16 MiB
---@field max_redirects integer? default 0: a redirect is an answer
---@field no_decompress boolean? do not offer compression

---@class mooncron.http.Response
---@field status integer
---@field headers table<string, string> by lower-case name
---@field body string
---@field total_us integer microseconds from start to end
---@field redirects integer followed
---@field http_version integer 10, 11 or 20

-- Where libcurl looks for a proxy. Without any it is told so, and need not look for each request.
local PROXIES <const> = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" }

local function has_proxy()
  for _, name in ipairs(PROXIES) do
    if os.getenv(name) then
      return true
    end
  end
  return false
end

---A client that goes through the proxies of the environment.
---@param options { ca_bundle: string?, certificate: string?, key: string?, no_proxy: string?,
---  max_connections: integer? } certificate and key: PEM files that it proves itself with
function M.new_client(options)
  return assert(core.net.client(task.loop(), {
    ca_bundle = options.ca_bundle,
    certificate = options.certificate,
    key = options.key,
    no_proxy = options.no_proxy,
    max_connections = options.max_connections,
    direct = not has_proxy(),
  }))
end

local shared

---The client that all requests of the process share.
function M.client()
  if not shared then
    local bundle = os.getenv("CURL_CA_BUNDLE")
    shared = M.new_client { ca_bundle = bundle ~= "" and bundle or nil }
  end
  return shared
end

local TIMEOUT_MS <const>, MAX_BODY <const>, MAX_LAG <const> = 60000, 16 << 20, 256 * 1024

local function outcome(response)
  local e = response.err
  if e then
    e.retryable = e.code == "UNAVAILABLE" or e.code == "DEADLINE_EXCEEDED"
    return nil, e
  end
  return response
end

---Send a request and wait for the whole answer. An answer of any status is a response; `nil, err`
---means there is none.
---@param request mooncron.http.Request
---@param client? any a client of `core.net`, default the shared one
---@return mooncron.http.Response?
---@return mooncron.Err?
function M.request(request, client)
  local id, e = (client or M.client()):fetch(request, TIMEOUT_MS, MAX_BODY)
  if not id then
    return nil, e
  end
  return outcome(task.await(id))
end

---@class mooncron.http.Stream
---@field status integer
---@field headers table<string, string>
---@field err mooncron.Err? why it broke off, once it has
local Stream = { __name = "mooncron.http.Stream" }
Stream.__index = Stream

---Send a request and take its body in pieces as they come: `for piece in stream:pieces() do`, then look
---at `stream.err`. The server is held back while nobody reads; `max_body` (default 256 KiB) is how much
---may wait here, `timeout` (default none) is for the whole exchange. `local stream <close> = ...`.
---@param request mooncron.http.Request
---@param client? any a client of `core.net`, default the shared one
---@return mooncron.http.Stream?
---@return mooncron.Err?
function M.stream(request, client)
  client = client or M.client()
  local id, e = client:fetch(request, 0, MAX_LAG, true)
  if not id then
    return nil, e
  end
  local stream <const> = setmetatable({ id = id, client = client, queue = {}, more = task.event() }, Stream)
  task.on_event(id, function(event)
    table.insert(stream.queue, 1, event)
    stream.more:set()
  end)
  local ok, first = pcall(stream.next_event, stream)
  if not ok then
    stream:close()
    error(first, 0)
  end
  if first.type == "response" then
    stream.last = first
    stream:close()
    if first.err then
      return outcome(first)
    end
  end
  stream.status, stream.headers = first.status, first.headers
  return stream
end

function Stream:next_event()
  while #self.queue == 0 do
    self.more:clear()
    self.more.wait()
  end
  return table.remove(self.queue)
end

---The next piece; nil at the end, nil and an error when it broke off.
---@return string?
---@return mooncron.Err?
function Stream:read()
  if not self.last and self.id then
    local event = self:next_event()
    if event.type == "chunk" then
      self.client:consumed(self.id, #event.body)
      return event.body
    end
    self.last = event
    self:close()
  end
  if self.last then
    local _, e = outcome(self.last)
    self.err = e
  end
  return nil, self.err
end

---An iterator over the pieces.
function Stream:pieces()
  return function()
    return (self:read())
  end
end

---Break off, if it is not over.
function Stream:close()
  local id = self.id
  if id then
    self.id = nil
    task.on_event(id, nil)
    task.loop():cancel(id)
  end
end
Stream.__close = Stream.close

for _, method in ipairs { "get", "post", "put", "patch", "delete", "head" } do
  ---Shorthand: `http.get(url, { headers = ... })`.
  M[method] = function(url, request)
    local whole = { method = method:upper(), url = url }
    for key, value in pairs(request or {}) do
      whole[key] = value
    end
    return M.request(whole)
  end
end

---@class mooncron.http.Server
---@field url string "http://127.0.0.1:PORT"
---@field port integer
local Server = { __name = "mooncron.http.Server" }
Server.__index = Server

-- Let `reply.stream(out)` write the answer. A client that goes away cancels it.
local function send_stream(server, request, reply)
  local handle, id, me = server.handle, request.id, task.current()
  local out <const> = {}
  ---@return boolean? ok
  ---@return mooncron.Err? err RESOURCE_EXHAUSTED: the client reads too slowly
  function out.write(_, data)
    return handle:write(id, data)
  end
  assert(handle:start(id, reply.status or 200, reply.headers, reply.max_pending))
  task.on_event(id, function()
    me:cancel(err.new("CANCELLED", "the client is gone"))
  end)
  local _ <close> = setmetatable({}, { __close = function()
    task.on_event(id, nil)
  end })
  local ok, failure = pcall(reply.stream, out)
  if not server.handle then
    return
  end
  if not ok then
    task.loop():cancel(id) -- a broken connection, not an end that looks whole
    error(failure, 0)
  end
  handle:finish(id)
end

local function send(server, request, reply)
  reply = reply or {}
  if not server.handle then
    return
  end
  if reply.stream then
    return send_stream(server, request, reply)
  end
  assert(server.handle:reply(request.id, reply.status or 200, reply.headers, reply.body or ""))
end

-- Whatever the handler does, the request gets an answer.
local function answer(server, handler, request)
  local ok, failure = pcall(function()
    send(server, request, handler(request))
  end)
  if ok or task.current().cancel_reason then
    return
  end
  task.on_stray_error(task.current(), failure)
  pcall(send, server, request, { status = 500, body = "the handler failed\n" })
end

---Serve. `handler(request)` runs as a task of its own for each request and returns `{ status=,
---headers=, body= }` (all optional). A request has `method`, `target` (as sent), `headers`
---(lower-case names), `head`, `body`, `peer`. Instead of `body`, `stream = function(out)` writes it in
---pieces with `out:write(data)`; it is cancelled when its client goes away.
---`local server <close> = assert(http.serve { handler = ... })`.
---@param options { handler: fun(request: table): table?, host: string?, port: integer?, max_body: integer? }
---@return mooncron.http.Server?
---@return mooncron.Err?
function M.serve(options)
  local handle, e = core.net.server(task.loop(), {
    host = options.host or "127.0.0.1",
    port = options.port or 0,
    max_body = options.max_body,
  })
  if not handle then
    return nil, e
  end
  local host = options.host or "127.0.0.1"
  local server = setmetatable({
    handle = handle,
    key = handle:key(),
    port = handle:port(),
    tasks = {}, -- handlers that run
  }, Server)
  server.url = (host:find(":", 1, true) and "http://[%s]:%d" or "http://%s:%d"):format(host, server.port)
  task.on_event(server.key, function(request)
    local answering = task.spawn(answer, server, options.handler, request)
    server.tasks[answering] = true
    answering.watchers[1] = function()
      server.tasks[answering] = nil
    end
  end)
  return server
end

---Stop; requests without an answer get none, and their handlers are cancelled.
function Server:close()
  local handle = self.handle
  if handle then
    self.handle = nil
    task.on_event(self.key, nil)
    handle:close()
    for answering in pairs(self.tasks) do
      answering:cancel()
    end
  end
end
Server.__close = Server.close
Server.__gc = Server.close

---Make a URL's query from a table: sorted, percent-encoded.
---@param parameters table<string, any>
---@return string
function M.query(parameters)
  local parts = {}
  for name, value in pairs(parameters) do
    parts[#parts + 1] = M.escape(name) .. "=" .. M.escape(tostring(value))
  end
  table.sort(parts)
  return table.concat(parts, "&")
end

---Percent-encode all but the unreserved characters (RFC 3986).
---@param text string
---@return string
function M.escape(text)
  return (text:gsub("[^%w%-._~]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

return M
