---What commands that print records share: the options --format and, for lists, gcloud's --filter,
--- --sort-by, --limit, --page-size and --uri.

local connection <const> = require "mooncron.cli.connection"
local format <const> = require "mooncron.cli.format"

local M = {}

local FORMAT <const> = {
  "--format", value = "FORMAT",
  help = "yaml, json, table(...), csv(...), value(...) or none; keys as name.basename(), httpTarget.uri",
}

local LIST <const> = {
  { "--filter", value = "EXPRESSION", help = "which: state=ENABLED AND name~nightly" },
  { "--sort-by", value = "KEY,...", help = "order: keys of the records, ~ before one reverses it" },
  { "--limit", value = "N", type = "integer", help = "at most so many" },
  { "--page-size", value = "N", type = "integer", help = "how many to ask for at once" },
  { "--uri", help = "print URLs" },
}

---Options that gcloud has for every command.
local EVERYWHERE <const> = {
  { "--quiet", short = "-q", help = "do not ask" },
  { "--verbosity", value = "LEVEL", hidden = true, help = "taken for gcloud's sake, without effect" },
}

local function append(list, more)
  return table.move(more, 1, #more, #list + 1, list)
end

---A command's own options, and those of what it prints and of the connection.
---@param own mooncron.cli.Option[]
---@param is_list boolean?
---@return mooncron.cli.Option[]
function M.options(own, is_list)
  local list = append({}, own)
  append(list, is_list and LIST or {})
  append(list, { FORMAT })
  append(list, EVERYWHERE)
  return connection.with_options(list)
end

local function all()
  return true
end

-- What was found, or its error raised.
local function must(value, e)
  if value == nil then
    error(e, 0)
  end
  return value
end

---@class mooncron.cli.Query how to choose and print records: parsed before anything is asked of a server
---@field format mooncron.cli.Format
---@field matches fun(record: table): boolean
---@field order mooncron.cli.Column[]?
---@field limit integer?

---Read the options; what is wrong is raised.
---@param values table
---@param default string format
---@return mooncron.cli.Query
function M.query(values, default)
  local text = values.format and values.format ~= "default" and values.format or default
  local reversed = {}
  local keys = (values.sort_by or ""):gsub("[^,]+", function(key)
    reversed[#reversed + 1] = key:find("^%s*~") ~= nil
    return (key:gsub("~", "", 1))
  end)
  local order = values.sort_by and must(require("mooncron.cli.projection").parse(keys))
  for i, column in ipairs(order or {}) do
    column.is_reverse = reversed[i]
  end
  return {
    format = must(format.parse(values.uri == true and "value(name)" or text)),
    matches = values.filter and must(require("mooncron.cli.filter").compile(values.filter)) or all,
    order = order,
    limit = values.limit,
  }
end

---The records that a query wants of those that `next_record` gives, which is called no longer than needed.
---@param query mooncron.cli.Query
---@param next_record fun(): table?
---@return table[]
function M.select(query, next_record)
  local list, limit = {}, query.limit or math.huge
  for record in next_record do
    if #list >= limit and not query.order then
      break
    end
    list[#list + 1] = query.matches(record) and record or nil
    if #list >= limit and not query.order then
      break
    end
  end
  if query.order then
    list = format.sort(list, query.order, function(column)
      return column.is_reverse
    end)
  end
  return #list > limit and table.move(list, 1, limit, 1, {}) or list
end

---Print a list.
---@param records table[]
---@param query mooncron.cli.Query
---@param labels table<string, string>?
function M.print_list(records, query, labels)
  io.write(format.print(records, query.format, { labels = labels }))
  if #records == 0 and query.format.name ~= "json" and query.format.name ~= "none" then
    io.stderr:write("Listed 0 items.\n")
  end
end

---Print one record.
---@param record table
---@param query mooncron.cli.Query
function M.print_one(record, query)
  io.write(format.print({ record }, query.format, { single = true }))
end

return M
