---The console: pages at `/` over a scheduler that is served. The files themselves tell nothing and are
---open; all data is below /mooncron/console/ and wants the token, if there is one. Changes go through the
---API like everybody's.

local asset <const> = require "mooncron.asset"
local err <const> = require "mooncron.err"
local events <const> = require "mooncron.console.events"
local json <const> = require "mooncron.json"
local overview <const> = require "mooncron.console.overview"
local query_api <const> = require "mooncron.api.query"
local router <const> = require "mooncron.scheduler.router"

local M = {}

---@class mooncron.Console
local Console = { __name = "mooncron.Console" }
Console.__index = Console

-- Nothing from elsewhere, nothing inline, in nobody's frame.
local CSP <const> = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
  .. "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

local function headers_of(content_type)
  return {
    ["Content-Type"] = content_type,
    ["Content-Security-Policy"] = CSP,
    ["X-Content-Type-Options"] = "nosniff",
    ["Referrer-Policy"] = "no-referrer",
    ["Cross-Origin-Opener-Policy"] = "same-origin",
    ["Cross-Origin-Resource-Policy"] = "same-origin",
    ["Cache-Control"] = "no-cache",
  }
end

local HTML <const>, CSS <const> = headers_of "text/html; charset=utf-8", headers_of "text/css; charset=utf-8"
local JS <const> = headers_of "text/javascript; charset=utf-8"
local JSON <const> = headers_of "application/json; charset=utf-8"
JSON["Cache-Control"] = "no-store"

-- The files by path; nothing else is read.
local FILES <const> = {
  ["/"] = { "index.html", HTML },
  ["/console/theme.css"] = { "theme.css", CSS },
  ["/console/app.css"] = { "app.css", CSS },
}
for _, name in ipairs { "api", "app", "chart", "dom", "job", "keys", "list", "timeline", "words" } do
  FILES["/console/" .. name .. ".js"] = { name .. ".js", JS }
end

---Whether a path is one of the files, which anybody may read.
---@param path string
---@return boolean
function M.is_file(path)
  return FILES[path] ~= nil
end

---@param scheduler mooncron.Scheduler its store's `on_change` is taken
---@return mooncron.Console
function M.new(scheduler)
  local self = setmetatable({ scheduler = scheduler, overview = overview.new(scheduler) }, Console)
  self.events = events.new {
    row = function(name)
      return self.overview:row(name)
    end,
    clock = function()
      return self:clock()
    end,
    is_open = function()
      return scheduler.store.db ~= nil
    end,
  }
  scheduler.store.on_change = function(name, attempt)
    if attempt then
      self.overview:attempted(attempt)
    elseif not name then
      self.overview:forget()
    end
    self.events:changed(name)
  end
  return self
end

function Console:clock()
  return {
    now = self.scheduler:now_ms(),
    virtual = self.scheduler.clock.is_virtual or false,
    version = require("mooncron.core").version,
  }
end

-- ---- data: (console, query) -> value | nil, err ----

local PAGE <const> = 1000

local function jobs(self, query)
  local rows, e = self.overview:rows(query.after, PAGE)
  if not rows then
    return nil, e
  end
  return { clock = self:clock(), rows = json.list(rows), after = #rows == PAGE and rows[PAGE].name or nil }
end

local function job(self, query)
  if not query.name then
    return nil, err.new("INVALID_ARGUMENT", "name is missing")
  end
  return self.overview:job(query.name)
end

local ROUTES <const> = {
  ["/mooncron/console/jobs"] = jobs,
  ["/mooncron/console/job"] = job,
  ["/mooncron/console/day"] = function(self)
    return self.overview:day()
  end,
}

local function answer(self, route, query)
  local ok, value, e = pcall(function()
    local parameters, problem = query_api.parse(query)
    if not parameters then
      return nil, problem
    end
    return route(self, parameters)
  end)
  if not ok then
    value, e = nil, err.is(value) and value or err.new("INTERNAL", tostring(value))
  end
  if not value then
    return router.failure(e)
  end
  return { status = 200, headers = JSON, body = assert(json.encode(value)) }
end

---Answer a request that is one of the console's. Never waits.
---@param request { method: string, target: string }
---@param respond fun(response: table)
---@return boolean taken
function Console:handle(request, respond)
  local path, query = request.target:match("^([^?]*)%??(.*)$")
  if request.method ~= "GET" and request.method ~= "HEAD" then
    return false
  elseif FILES[path] then
    respond { status = 200, headers = FILES[path][2], body = asset.read("console/" .. FILES[path][1]) }
  elseif ROUTES[path] then
    respond(answer(self, ROUTES[path], query))
  elseif path == "/mooncron/console/events" then
    respond(self.events:response())
  else
    return false
  end
  return true
end

---End what is open, so that a server can stop.
function Console:close()
  self.scheduler.store.on_change = function() end
  self.events:close()
end

return M
