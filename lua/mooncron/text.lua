---Text for people: tables with aligned columns.

local M = {}

---How many columns of a terminal a text takes: code points, which serves for all but wide scripts.
---@param text string
---@return integer
function M.width(text)
  return utf8.len(text) or #text
end

local width_of <const> = M.width

---A scalar as text: nil is "", whole numbers have no point.
---@param value any
---@return string
function M.scalar(value)
  if type(value) == "string" then
    return value
  elseif value == nil then
    return ""
  elseif type(value) == "number" then
    local whole = math.tointeger(value)
    return whole and ("%d"):format(whole) or ("%.14g"):format(value)
  end
  return tostring(value)
end

local function cell(value)
  if value == nil then
    return ""
  end
  return (tostring(value):gsub("%c", " "))
end

---A table: a head in capitals, columns two blanks apart, numbers to the right.
---@param rows table[] values by column name
---@param columns string[] in order; the head shows "_" as a blank
---@return string with a newline behind each line
function M.table(rows, columns)
  local widths, right = {}, {}
  for _, column in ipairs(columns) do
    widths[column], right[column] = width_of(column), #rows > 0
    for _, row in ipairs(rows) do
      widths[column] = math.max(widths[column], width_of(cell(row[column])))
      right[column] = right[column] and math.type(row[column]) ~= nil
    end
  end
  local function line(values)
    local parts = {}
    for i, column in ipairs(columns) do
      local text = cell(values[column])
      local pad = (" "):rep(widths[column] - width_of(text))
      parts[i] = right[column] and pad .. text or text .. pad
    end
    return (table.concat(parts, "  "):gsub("%s+$", "")) .. "\n"
  end
  local head = {}
  for _, column in ipairs(columns) do
    head[column] = column:upper():gsub("_", " ")
  end
  local lines = { line(head) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line(row)
  end
  return table.concat(lines)
end

return M
