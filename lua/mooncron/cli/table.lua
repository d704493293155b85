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
  left = function(text, _, pad) return text .. (" "):rep(pad) end,
  right = function(text, _, pad) return (" "):rep(pad) .. text end,
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

---@class mooncron.cli.TableColumn
---@field head string? nil: there are no heads
---@field cells string[]
---@field widths integer[] of the cells
---@field width integer of the column
---@field align fun(text: string, width: integer, pad: integer): string

-- A column's cells of all records; nil when it is `:optional` and has nothing to show.
local function fill(column, records, head)
  local texts, widths, widest = {}, {}, 0
  for i = 1, #records do
    local text = cells.text(column.get(records[i]))
    if text:find("[\n\r\t]") then
      text = text:gsub("[\n\r\t]", " ")
    end
    texts[i], widths[i] = text, cells.width(text)
    widest = widths[i] > widest and widths[i] or widest
  end
  local a = column.attributes
  if a.optional and widest == 0 then
    return nil
  end
  return {
    head = head,
    cells = texts,
    widths = widths,
    width = math.max(widest, head and cells.width(head) or 0, math.tointeger(tonumber(a.width)) or 0),
    align = ALIGN[a.align] or ALIGN.left,
  }
end

local function total(columns)
  local sum = 0
  for _, column in ipairs(columns) do
    sum = sum + column.width
  end
  return sum
end

-- A title that is wider than all columns widens each of them.
local function make_room(columns, title)
  if total(columns) < cells.width(title) then
    local pad = (cells.width(title) + #columns - 1) // #columns
    for _, column in ipairs(columns) do
      column.width = column.width + pad
    end
  end
end

-- Make all cells of a column as wide as it is.
local function pad_cells(column)
  local width, widths, texts, align = column.width, column.widths, column.cells, column.align
  for i = 1, #texts do
    if widths[i] < width then
      texts[i] = align(texts[i], width, width - widths[i])
    end
  end
end

-- The cells of row `n` with something between them.
local function row_of(columns, n, separator)
  local row = {}
  for c = 1, #columns do
    row[c] = columns[c].cells[n]
  end
  return table.concat(row, separator)
end

local function heads_of(columns, align)
  local heads = {}
  for c, column in ipairs(columns) do
    local pad = column.width - cells.width(column.head)
    heads[c] = (align or column.align)(column.head, column.width, pad)
  end
  return heads
end

-- ---- without a box ----

local function trimmed(line)
  return line:find("%s", -1) and line:gsub("%s+$", "") or line
end

local function open_lines(columns, rows, attributes)
  local pad, lines = (" "):rep(math.tointeger(tonumber(attributes.pad or 2)) or 2), {}
  if attributes.title then
    lines[1] = trimmed(center(attributes.title, total(columns) + #pad * (#columns - 1)))
  end
  if columns[1].head then
    lines[#lines + 1] = trimmed(table.concat(heads_of(columns), pad))
  end
  for n = 1, rows do
    lines[#lines + 1] = trimmed(row_of(columns, n, pad))
  end
  return lines
end

-- ---- within a box ----

local function boxed_lines(columns, rows, attributes)
  local box, lines = BOXES[attributes.ascii and "ascii" or "utf-8"], {}
  local between <const> = (" %s "):format(box.v)
  local function rule(first, crossing, last)
    local parts = {}
    for c, column in ipairs(columns) do
      parts[c] = box.h:rep(column.width + 2)
    end
    lines[#lines + 1] = first .. table.concat(parts, crossing) .. last
  end
  local function add(line)
    lines[#lines + 1] = ("%s %s %s"):format(box.v, line, box.v)
  end
  local title <const> = attributes.title
  if title then
    rule(box.dr, box.h, box.dl)
    lines[#lines + 1] = box.v .. center(title, total(columns) + 3 * #columns - 1) .. box.v
  end
  rule(title and box.vr or box.dr, box.hd, title and box.vl or box.dl)
  if columns[1].head then
    add(table.concat(heads_of(columns, center), between))
    rule(box.vr, box.vh, box.vl)
  end
  for n = 1, rows do
    if n > 1 and attributes["all-box"] then
      rule(box.vr, box.vh, box.vl)
    end
    add(row_of(columns, n, between))
  end
  rule(box.ur, box.hu, box.ul)
  return lines
end

---@param records table[] in order
---@param format mooncron.cli.Format
---@param heads string[] names of the columns
---@return string
function M.print(records, format, heads)
  local a, columns = format.attributes, {}
  for c, column in ipairs(#records > 0 and format.columns or {}) do
    columns[#columns + 1] = fill(column, records, not a["no-heading"] and heads[c] or nil)
  end
  if #columns == 0 then
    return ""
  elseif a.title then
    make_room(columns, a.title)
  end
  for _, column in ipairs(columns) do
    pad_cells(column)
  end
  local draw = (a.box or a["all-box"]) and boxed_lines or open_lines
  return table.concat(draw(columns, #records, a), "\n") .. "\n"
end

return M
