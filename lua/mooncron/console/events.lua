---Server-sent events: what changes, to all pages that listen. Changes are gathered for a moment, so that
---a thousand jobs that fire at once are a few messages.

local core <const> = require "mooncron.core"
local json <const> = require "mooncron.json"
local task <const> = require "mooncron.task"

local M = {}

local GATHER_S <const> = 0.2
local BEAT_S <const> = 10 -- so that a page knows that all is well, and we that it is there
local MAX_ROWS <const> = 500 -- in a message
local MAX_PENDING <const> = 4 << 20 -- bytes that a slow reader may leave behind
local MAX_LISTENERS <const> = 100

---@class mooncron.console.Events
local Events = { __name = "mooncron.console.Events" }
Events.__index = Events

---@param options { row: (fun(name: string): table?), clock: (fun(): table), is_open: (fun(): boolean) }
--- `is_open`: whether there still is anything to tell of
---@return mooncron.console.Events
function M.new(options)
  return setmetatable({
    row = options.row,
    clock = options.clock,
    is_open = options.is_open,
    listeners = {}, -- set of outs
    count = 0,
    dirty = {}, -- set of names
  }, Events)
end

local function message(kind, value)
  return ("event: %s\ndata: %s\n\n"):format(kind, assert(json.encode(value)))
end

local function drop(self, out)
  if self.listeners[out] then
    self.listeners[out] = nil
    self.count = self.count - 1
  end
end

local function send(self, text)
  for out in pairs(self.listeners) do
    if not out:write(text) then
      drop(self, out)
      out:abort() -- too slow: it comes again and starts anew
    end
  end
end

-- Some of the jobs that have changed; the others wait for the next time.
local function flush(self)
  local rows, gone, count = {}, {}, 0
  for name in pairs(self.dirty) do
    self.dirty[name] = nil
    local row = self.row(name)
    if row then
      rows[#rows + 1] = row
    else
      gone[#gone + 1] = name
    end
    count = count + 1
    if count == MAX_ROWS then
      break
    end
  end
  if count > 0 then
    send(self, message("jobs", { clock = self.clock(), rows = json.list(rows), gone = json.list(gone) }))
  end
end

local function pump(self)
  local beat_ms = core.loop.mono_ms()
  while self.count > 0 do
    task.sleep(GATHER_S)
    if not self.is_open() then
      self.pumping = nil
      return self:close()
    end
    if self.everything then
      self.everything, self.dirty = nil, {}
      send(self, message("reset", { clock = self.clock() }))
    end
    flush(self)
    if core.loop.mono_ms() - beat_ms >= BEAT_S * 1000 then
      beat_ms = core.loop.mono_ms()
      send(self, message("clock", self.clock()))
    end
  end
  self.pumping = nil
end

---A job has changed, or came, or went; nil: any may have.
---@param name string?
function Events:changed(name)
  if self.count == 0 then
    return
  elseif name then
    self.dirty[name] = true
  else
    self.everything = true
  end
end

---The answer to a page that wants to listen.
---@return table response, see mooncron.scheduler.server
function Events:response()
  return {
    status = 200,
    headers = { ["Content-Type"] = "text/event-stream", ["Cache-Control"] = "no-store" },
    max_pending = MAX_PENDING,
    stream = function(out)
      if self.count >= MAX_LISTENERS then
        return out:abort()
      end
      self.listeners[out] = true
      self.count = self.count + 1
      out:write(message("clock", self.clock()))
      out.on_gone = function()
        drop(self, out)
      end
      if not self.pumping then
        self.pumping = task.spawn(pump, self)
      end
    end,
  }
end

---End all streams.
function Events:close()
  for out in pairs(self.listeners) do
    drop(self, out)
    out:finish()
  end
  if self.pumping then
    self.pumping:cancel()
    self.pumping = nil
  end
end

return M
