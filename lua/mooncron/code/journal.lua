---The journal of an apply: a line for each change that is begun and each that is done, so that a run that
---was cut off is known for what it was, and the next one goes on. It is removed when all is done.

local core <const> = require "mooncron.core"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local M = {}

---Where journals and snapshots are kept: $XDG_STATE_HOME/mooncron, else ~/.local/state/mooncron.
---@param env fun(name: string): string?
---@return string?
---@return mooncron.Err?
function M.folder(env)
  local base, home = env("XDG_STATE_HOME"), env("HOME")
  if base and base ~= "" then
    return base .. "/mooncron"
  elseif home and home ~= "" then
    return home .. "/.local/state/mooncron"
  end
  return nil, err.new("FAILED_PRECONDITION",
    "no folder for the journal: set XDG_STATE_HOME or HOME, or name a file")
end

---@class mooncron.code.Journal
---@field path string
---@field is_cut boolean an earlier run was cut off
---@field begun table<string, true> what earlier runs began and did not get done
---@field done integer how many changes were done before
---@field total integer? of how many
local Journal = { __name = "mooncron.code.Journal" }
Journal.__index = Journal

-- Lines of an earlier run; the last one may be cut off.
local function read_lines(self, text)
  for line in text:gmatch("([^\n]*)\n") do
    local entry = json.decode(line)
    self.is_cut = true
    if type(entry) ~= "table" then -- luacheck: ignore 542
      -- torn by a crash of the machine
    elseif entry.begin then
      self.begun[entry.begin] = true
    elseif entry.done then
      self.done = self.done + 1
      self.begun[entry.done] = nil
    elseif entry.total then
      self.total = self.total or math.tointeger(entry.total)
    elseif entry.ended then
      self.total, self.done, self.is_cut = nil, 0, false
    end
  end
end

---Open the journal of a run; what an earlier one left is in it.
---@param path string
---@return mooncron.code.Journal?
---@return mooncron.Err?
function M.open(path)
  local folder = path:match("^(.*)/[^/]*$")
  if folder and folder ~= "" then
    local ok, e = core.fs.mkdirs(folder)
    if not ok then
      return nil, e
    end
  end
  local self = setmetatable({ path = path, begun = {}, done = 0, is_cut = false }, Journal)
  local old = io.open(path, "rb")
  if old then
    read_lines(self, old:read("a"))
    old:close()
  end
  local file, why = io.open(path, "ab")
  if not file then
    return nil, err.new("PERMISSION_DENIED", "cannot write the journal " .. why)
  end
  file:setvbuf("no")
  self.file = file
  return self
end

function Journal:write(entry)
  if self.file then
    self.file:write(assert(json.encode(entry)), "\n")
  end
end

---Close. "done": nothing is left to go on with; "ended": the run came to its end, but something failed;
---nil: it was cut off.
---@param how "done"|"ended"|nil
function Journal:close(how)
  if not self.file then
    return
  elseif how == "ended" then
    self:write { ended = true }
  end
  self.file:close()
  self.file = nil
  if how == "done" then
    os.remove(self.path)
  end
end

return M
