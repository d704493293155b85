---A preview as iCalendar (RFC 5545): an event a run, with a name that stays the same from one preview to
---the next, so that importing it again changes nothing twice.

local core <const> = require "mooncron.core"
local preview_of <const> = require "mooncron.preview"

local M = {}

local MAX_LINE <const> = 75 -- octets, without the line's end (3.1)

---"20270328T013000Z"
---@param ms integer
---@return string
function M.stamp(ms)
  return (core.time.format(ms):gsub("[-:]", ""))
end

---Text of a value (3.3.11).
---@param text string
---@return string
function M.escape(text)
  return (text:gsub("[\\;,]", "\\%0"):gsub("\r?\n", "\\n"):gsub("%c", " "))
end

---A content line, folded where it is too long, never inside a character (3.1).
---@param line string
---@return string with its line end
function M.fold(line)
  local parts, at, room = {}, 1, MAX_LINE
  while #line - at + 1 > room do
    local last = at + room - 1
    while (line:byte(last + 1) & 0xC0) == 0x80 do
      last = last - 1
    end
    parts[#parts + 1] = line:sub(at, last)
    at, room = last + 1, MAX_LINE - 1 -- the blank that goes on counts
  end
  parts[#parts + 1] = line:sub(at)
  return table.concat(parts, "\r\n ") .. "\r\n"
end

local function event(write, fields)
  write "BEGIN:VEVENT\r\n"
  for _, line in ipairs(fields) do
    write(M.fold(line))
  end
  write "END:VEVENT\r\n"
end

---@param preview mooncron.Preview
---@param options { now_ms: integer, limit: integer? }
---@param write fun(text: string)
---@return integer events of runs
function M.write(preview, options, write)
  local stamp, count = M.stamp(options.now_ms), 0
  write "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mooncron//preview//EN\r\nCALSCALE:GREGORIAN\r\n"
  write "METHOD:PUBLISH\r\nX-WR-CALNAME:mooncron\r\n"
  for kind, ms, thing in preview:events() do
    local at = M.stamp(ms)
    if kind == "change" then
      event(write, {
        ("UID:%s-%s@clock.mooncron"):format(at, M.escape(thing.time_zone)),
        "DTSTAMP:" .. stamp, "DTSTART:" .. at, "TRANSP:TRANSPARENT",
        "SUMMARY:" .. M.escape(preview_of.describe_change(thing)),
      })
    else
      event(write, {
        ("UID:%s-%s@mooncron"):format(at, M.escape(thing.name)),
        "DTSTAMP:" .. stamp, "DTSTART:" .. at, "TRANSP:TRANSPARENT",
        "SUMMARY:" .. M.escape(thing.id),
        "DESCRIPTION:" .. M.escape(("%s\n%s, in %s\n%s"):format(
          thing.name, thing.words, thing.time_zone, thing.schedule)),
      })
      count = count + 1
      if count == options.limit then
        break
      end
    end
  end
  write "END:VCALENDAR\r\n"
  return count
end

return M
