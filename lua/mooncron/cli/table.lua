---gcloud's `table`: columns of cells, with a title and lines around it where one asks for them.

local cells <const> = require "mooncron.cli.cells"

local M = {}

-- Where an odd blank goes, as Python centers.
local function center(text, size)
  local pad = math.max(0, size - cells.width(text))
  local left = pad // 2 + (pad & size & 1)
  return (" "):rep(left) .. text .. (" "):rep(pad - left)
end

local ALIGN <const> = {
  left = function(text, size) return text .. (" "):rep(size - cells.width(text)) end,
  right = function(text, size) return (" "):rep(size - cells.width(text)) .. text end,
  center = center,
}

-- What each box is drawn with: lines, corners and crossings, from the top left.
local BOXES <const> = {
  ["utf-8"] = {
    h = "─", v = "│",
    dr = "┌", hd = "┬", dl = "┐",
    vr = "├", vh = "┼", vl = "┤",
    ur = "└", hu = "┴", ul = "┘",
  },
  ascii = {
    h = "-", v = "|",
    dr = "+", hd = "+", dl = "+",
    vr = "+", vh = "+", vl = "+",
    ur = "+", hu = "+", ul = "+",
  },
}

---@class mooncron.cli.Grid
---@field columns mooncron.cli.Column[]
---@field head string[]? names of the columns
---@field rows string[][]
---@field widths integer[]

-- Leave out the columns that are `:optional` and have nothing to show.
local function drop_empty(grid)
  local kept = {}
  for i, column in ipairs(grid.columns) do
    if not column.attributes.optional or grid.widths[i] > 0 then
      kept[#kept + 1] = i
    end
  end
  local function pick(list)
    local picked = {}
    for n, i in ipairs(kept) do
      picked[n] = list[i]
    end
    return picked
  end
  grid.columns, grid.widths = pick(grid.columns), pick(grid.widths)
  grid.head = grid.head and pick(grid.head)
  for n, row in ipairs(grid.rows) do
    grid.rows[n] = pick(row)
  end
end

local function measure(grid)
  for i in ipairs(grid.columns) do
    grid.widths[i] = 0
    for _, row in ipairs(grid.rows) do
      grid.widths[i] = math.max(grid.widths[i], cells.width(row[i]))
    end
  end
  drop_empty(grid)
  for i, column in ipairs(grid.columns) do
    grid.widths[i] = math.max(grid.widths[i], grid.head and cells.width(grid.head[i]) or 0,
      math.tointeger(tonumber(column.attributes.width)) or 0)
  end
end

local function total(widths)
  local sum = 0
  for _, width in ipairs(widths) do
    sum = sum + width
  end
  return sum
end

-- A title that is wider than all columns widens each of them.
local function make_room(widths, title)
  if total(widths) < cells.width(title) then
    local pad = (cells.width(title) + #widths - 1) // #widths
    for i in ipairs(widths) do
      widths[i] = widths[i] + pad
    end
  end
end

local function aligned(grid, row)
  local parts = {}
  for i, text in ipairs(row) do
    parts[i] = (ALIGN[grid.columns[i].attributes.align] or ALIGN.left)(text, grid.widths[i])
  end
  return parts
end

-- ---- without a box ----

local function open_lines(grid, attributes)
  local pad, lines = (" "):rep(math.tointeger(tonumber(attributes.pad or 2)) or 2), {}
  if attributes.title then
    local width = total(grid.widths) + #pad * (#grid.widths - 1)
    lines[1] = center(attributes.title, width):gsub("%s+$", "")
  end
  local function add(row)
    lines[#lines + 1] = table.concat(aligned(grid, row), pad):gsub("%s+$", "")
  end
  if grid.head then
    add(grid.head)
  end
  for _, row in ipairs(grid.rows) do
    add(row)
  end
  return lines
end

-- ---- within a box ----

local function boxed_lines(grid, attributes)
  local box, lines = BOXES[attributes.ascii and "ascii" or "utf-8"], {}
  local function rule(first, between, last)
    local parts = {}
    for i, width in ipairs(grid.widths) do
      parts[i] = box.h:rep(width + 2)
    end
    lines[#lines + 1] = first .. table.concat(parts, between) .. last
  end
  local function add(parts)
    lines[#lines + 1] = ("%s %s %s"):format(box.v, table.concat(parts, " " .. box.v .. " "), box.v)
  end
  if attributes.title then
    rule(box.dr, box.h, box.dl)
    lines[#lines + 1] = box.v .. center(attributes.title, total(grid.widths) + 3 * #grid.widths - 1) .. box.v
  end
  rule(attributes.title and box.vr or box.dr, box.hd, attributes.title and box.vl or box.dl)
  if grid.head then
    local names = {}
    for i, name in ipairs(grid.head) do
      names[i] = center(name, grid.widths[i])
    end
    add(names)
    rule(box.vr, box.vh, box.vl)
  end
  for n, row in ipairs(grid.rows) do
    if n > 1 and attributes["all-box"] then
      rule(box.vr, box.vh, box.vl)
    end
    add(aligned(grid, row))
  end
  rule(box.ur, box.hu, box.ul)
  return lines
end

---@param records table[] in order
---@param format mooncron.cli.Format
---@param head string[] names of the columns
---@return string
function M.print(records, format, head)
  local a = format.attributes
  local grid = { columns = format.columns, rows = {}, widths = {} }
  grid.head = not a["no-heading"] and head or nil
  for n, record in ipairs(records) do
    grid.rows[n] = {}
    for i, column in ipairs(format.columns) do
      grid.rows[n][i] = cells.text(column.get(record)):gsub("[\n\r\t]", " ")
    end
  end
  if #grid.rows == 0 then
    return ""
  end
  measure(grid)
  if #grid.columns == 0 then
    return ""
  elseif a.title then
    make_room(grid.widths, a.title)
  end
  local lines = (a.box or a["all-box"]) and boxed_lines(grid, a) or open_lines(grid, a)
  return table.concat(lines, "\n") .. "\n"
end

return M
