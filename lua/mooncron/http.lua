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

local shared

---The client that all requests of the process share.
function M.client()
  if not shared then
    local bundle = os.getenv("CURL_CA_BUNDLE")
    shared = assert(core.net.client(task.loop(), { ca_bundle = bundle ~= "" and bundle or nil }))
  end
  return shared
end

---Headers as the core takes them: a flat list, in the names' order so that the same request is the
---same bytes.
---@param headers table<string, string>?
---@return string[]
function M.flat_headers(headers)
  local names, flat = {}, {}
  for name in pairs(headers or {}) do
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do
    flat[#flat + 1] = name
    flat[#flat + 1] = tostring(headers[name])
  end
  return flat
end

local known <const> = {
  method = true, url = true, headers = true, body = true, timeout = true, max_body = true,
  max_redirects = true, no_decompress = true,
}

-- A misspelt field is the caller's bug.
local function check_fields(request)
  for name in pairs(request) do
    if not known[name] then
      error(("unknown field '%s' in a request"):format(tostring(name)), 3)
    end
  end
end

---Send a request and wait for the whole answer. An answer of any status is a response; `nil, err`
---means there is none.
---@param request mooncron.http.Request
---@param client? any a client of `core.net`, default the shared one
---@return mooncron.http.Response?
---@return mooncron.Err?
function M.request(request, client)
  check_fields(request)
  local id, e = (client or M.client()):send({
    method = request.method or "GET",
    url = request.url,
    body = request.body,
    timeout_ms = math.ceil((request.timeout or 60) * 1000),
    max_body = request.max_body,
    max_redirects = request.max_redirects,
    decompress = not request.no_decompress,
  }, M.flat_headers(request.headers))
  if not id then
    return nil, e
  end
  local response = task.await(id)
  if response.err then
    response.err.retryable = response.err.code == "UNAVAILABLE" or response.err.code == "DEADLINE_EXCEEDED"
    return nil, response.err
  end
  return response
end

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

local function send(server, request, reply)
  reply = reply or {}
  local headers <const> = M.flat_headers(reply.headers)
  if server.handle then
    assert(server.handle:reply(request.id, reply.status or 200, headers, reply.body or ""))
  end
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
---(lower-case names), `head`, `body`, `peer`. `local server <close> = assert(http.serve { handler =
---... })`.
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

---@return mooncron.Err
function M.error_of(response)
  return err.new("UNKNOWN", ("HTTP status %d"):format(response.status), { status = response.status })
end

return M
