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
    shared = assert(core.net.client(task.loop(), { ca_bundle = os.getenv("CURL_CA_BUNDLE") }))
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

---Send a request and wait for the whole answer. An answer of any status is a response; `nil, err`
---means there is none.
---@param request mooncron.http.Request
---@param client? any a client of `core.net`, default the shared one
---@return mooncron.http.Response?
---@return mooncron.Err?
function M.request(request, client)
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
  local server = setmetatable({ handle = handle, port = handle:port() }, Server)
  server.url = ("http://%s:%d"):format(options.host or "127.0.0.1", server.port)
  task.on_event(handle:key(), function(request)
    task.spawn(function()
      local ok, answer = pcall(options.handler, request)
      if not ok then
        task.on_stray_error(task.current(), answer)
        answer = { status = 500, body = "the handler failed\n" }
      end
      answer = answer or {}
      if server.handle then
        handle:reply(request.id, answer.status or 200, M.flat_headers(answer.headers), answer.body or "")
      end
    end)
  end)
  return server
end

---Stop; requests without an answer get none.
function Server:close()
  local handle = self.handle
  if handle then
    self.handle = nil
    task.on_event(handle:key(), nil)
    handle:close()
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
