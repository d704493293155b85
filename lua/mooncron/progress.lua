---A progress line for what takes longer than a second: a bar that is drawn over on a terminal, a plain
---line now and then elsewhere, nothing when quiet. Rendering is pure; the clock and the stream come in.

local core <const> = require "mooncron.core"

local M = {}

M.appears_ms = 1000 -- nothing before
M.redraw_ms = 100 -- on a terminal
M.report_ms = 10000 -- elsewhere

-- 75 as "1m15s"
local function duration(ms)
  local seconds = ms // 1000
  if seconds < 60 then
    return ("%ds"):format(seconds)
  elseif seconds < 3600 then
    return ("%dm%02ds"):format(seconds // 60, seconds % 60)
  end
  return ("%dh%02dm"):format(seconds // 3600, seconds // 60 % 60)
end

---The text of a state, at most `columns` wide.
---@param state { label: string, done: integer, total: integer?, failed: integer?, elapsed_ms: integer }
---@param columns integer
---@param with_bar boolean
---@return string
function M.render(state, columns, with_bar)
  local text = ("%s %d"):format(state.label, state.done)
  local share = state.total and state.total > 0 and math.min(state.done / state.total, 1)
  if state.total then
    text = ("%s/%d"):format(text, state.total)
  end
  if share then
    text = ("%s %d%%"):format(text, math.floor(share * 100))
  end
  if (state.failed or 0) > 0 then
    text = ("%s, %d failed"):format(text, state.failed)
  end
  text = text .. ", " .. duration(state.elapsed_ms)
  if share and share > 0 and share < 1 then
    text = text .. ", " .. duration(state.elapsed_ms * (1 - share) / share // 1 | 0) .. " left"
  end
  local room = columns - #text - 3
  if with_bar and share and room >= 10 then
    local width = math.min(room, 30)
    local full = math.floor(share * width)
    text = ("[%s%s] %s"):format(("#"):rep(full), (" "):rep(width - full), text)
  end
  return text:sub(1, columns)
end

local Progress = { __name = "mooncron.progress" }
Progress.__index = Progress

---`local progress <close> = progress.new { label = "create", total = 500 }`, then `progress:step()`.
---@param options { label: string, total: integer?, quiet: boolean?, stream: any?, is_terminal: boolean?,
---  columns: integer?, now_ms: (fun(): integer)? }
function M.new(options)
  local host_ok, host = pcall(require, "mooncron.host") -- a stock interpreter has none
  local terminal = options.is_terminal
  if terminal == nil then
    terminal = host_ok and host.isatty(2)
  end
  local now_ms = options.now_ms or core.loop.mono_ms
  return setmetatable({
    state = { label = options.label, total = options.total, done = 0, failed = 0, elapsed_ms = 0 },
    quiet = options.quiet,
    stream = options.stream or io.stderr,
    terminal = terminal,
    columns = options.columns or (host_ok and host.columns() or 80),
    now_ms = now_ms,
    start_ms = now_ms(),
    next_ms = now_ms() + M.appears_ms,
  }, Progress)
end

local function draw(self, now_ms)
  self.state.elapsed_ms = now_ms - self.start_ms
  local text = M.render(self.state, self.columns - 1, self.terminal)
  self.stream:write(self.terminal and "\r" .. text .. "\27[K" or text .. "\n")
  self.stream:flush()
  self.next_ms = now_ms + (self.terminal and M.redraw_ms or M.report_ms)
  self.drawn = true
end

---@param failed? boolean this one failed
function Progress:step(failed)
  self.state.done = self.state.done + 1
  self.state.failed = self.state.failed + (failed and 1 or 0)
  local now_ms = self.now_ms()
  if not self.quiet and now_ms >= self.next_ms then
    draw(self, now_ms)
  end
end

---Wipe the bar; where it is no terminal a last line tells the sum, if there was one before.
function Progress:close()
  if self.drawn and self.terminal then
    self.stream:write("\r\27[K")
    self.stream:flush()
  elseif self.drawn then
    draw(self, self.now_ms())
  end
  self.drawn = nil
end
Progress.__close = Progress.close

return M
