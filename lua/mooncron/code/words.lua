---The words of job files:
---
---    set "billing"                               whose the jobs are, see mooncron.code.set
---    job "ID" { ... }, job { name = "ID", ... }  one job; fields as in the API
---    jobs(rows, function(row) return { ... } end), jobs { {...}, {...} }, jobs { ID = {...} }
---    defaults { ... }                            from here to the end of the file or function
---    defaults({ ... }, function() ... end)       for the jobs inside
---    template(parameters, function(p) return { ... } end)
---    args { env = { one_of = { "dev", "prod" } } }   what --arg env=dev gives
---    include "other.lua"                         runs it, returns what it returns
---    csv, json, jsonl "path"                     rows
---    product { region = {...}, env = {...} }     a row for each combination
---    at "2026-12-24T18:00", window { from =, to = }, holidays { ... }, spread(id, "every hour")
---
---Defaults are scoped by a function, not by a do-block: Lua tells a function where it ends, and a block
---only through a variable that one could forget.

local declaring <const> = require "mooncron.code.declare"
local fields <const> = require "mooncron.api.fields"
local job_api <const> = require "mooncron.api.job"
local merge <const> = require "mooncron.code.merge"
local names <const> = require "mooncron.api.name"
local rows_api <const> = require "mooncron.code.rows"
local sets <const> = require "mooncron.code.set"
local spread <const> = require "mooncron.code.spread"
local template <const> = require "mooncron.code.template"

local M = {}

local JOB <const> = fields.job
local declare <const> = declaring.declare

local words <const> = {}

function words.job(loading)
  return function(given)
    local where = loading:here()
    if type(given) == "string" then
      local token = {}
      loading.pending[token] = where
      return function(table_of_it)
        if type(table_of_it) ~= "table" then
          loading:fail("job \"%s\" wants a table, not %s", given, type(table_of_it))
        elseif table_of_it.name and table_of_it.name ~= given then
          loading:fail("job \"%s\" has another name inside: '%s'", given, tostring(table_of_it.name))
        end
        loading.pending[token] = nil
        local job = { name = given }
        for key, value in pairs(table_of_it) do
          job[key] = value
        end
        declare(loading, where, job)
      end
    elseif type(given) ~= "table" then
      loading:fail("job wants an id or a table, not %s", type(given))
    end
    declare(loading, where, given)
  end
end

-- A list of rows, or ids with their jobs.
local function as_list(loading, given)
  if type(given) ~= "table" then
    loading:fail("jobs wants rows: a list, or csv, json, jsonl, product; not %s", type(given))
  elseif given.name ~= nil and given[1] == nil and type(given.name) == "string" then
    loading:fail("jobs wants a list of jobs, for a single one write job { ... }")
  elseif given[1] ~= nil or next(given) == nil then
    return given
  end
  local ids, list = {}, {}
  for id in pairs(given) do
    ids[#ids + 1] = tostring(id)
  end
  table.sort(ids)
  for i, id in ipairs(ids) do
    local job = { name = id }
    if type(given[id]) ~= "table" then
      loading:fail("job '%s' must be a table", id)
    end
    for key, value in pairs(given[id]) do
      job[key] = value
    end
    list[i] = job
  end
  return list
end

function words.jobs(loading)
  return function(given, make)
    local where = loading:here()
    if make ~= nil and type(make) ~= "function" then
      loading:fail("jobs(rows, make): make must be a function or a template, not %s", type(make))
    end
    for i, row in ipairs(as_list(loading, given)) do
      local origin = rows_api.origin[row] or "row " .. i
      local job
      if make then
        job = make(row, i)
      elseif type(row) == "table" then
        job = rows_api.expand(row, JOB)
      end
      if type(job) == "table" then
        declare(loading, where, job, origin)
      elseif job ~= nil or not make then
        loading:fail("%s must be a table, not %s", origin, type(job or row))
      end
    end
  end
end

function words.defaults(loading)
  return function(given, inside)
    if type(given) ~= "table" then
      loading:fail("defaults wants a table, not %s", type(given))
    elseif inside ~= nil and type(inside) ~= "function" then
      loading:fail("defaults({ ... }, function() ... end): the second is a function, not %s", type(inside))
    elseif given.name or given.at then
      loading:fail("defaults has no place for '%s', which is one job's own", given.name and "name" or "at")
    end
    local meta, job = declaring.split(merge.settle(JOB, given))
    local wrong = declaring.check_meta(meta)
    local ok, problems = job_api.from_lua(job)
    if wrong or not ok then
      loading:fail("defaults: %s", wrong or declaring.describe(problems[1]))
    end
    local outer = loading.defaults
    loading.defaults = merge.merge(JOB, outer, given)
    if inside then
      inside()
      loading.defaults = outer
    end
  end
end

function words.set(loading)
  return function(given)
    local name = type(given) == "table" and (given.name or given[1]) or given
    local why = sets.check_name(name)
    if why then
      loading:fail("%s", why)
    elseif loading.set and loading.set ~= name then
      loading:fail("the set is '%s' already, jobs of two sets are two runs", loading.set)
    end
    loading.set = name
    for _, place in ipairs(type(given) == "table" and given.locations or {}) do
      local full, bad = names.resolve(place .. "/x", { project = loading.project })
      if not full then
        loading:fail("location '%s': %s", tostring(place), bad)
      end
      table.insert(loading.set_locations, names.parent(full))
    end
  end
end

function words.template(loading)
  return function(given, make)
    if type(given) ~= "table" or type(make) ~= "function" then
      loading:fail("template wants two things: template({ id = \"string\" }, function(p) ... end)")
    end
    local params, why = template.declare(given)
    if not params then
      loading:fail("template: %s", why)
    end
    return function(values, ...)
      if type(values) ~= "table" then
        loading:fail("a template wants a table of its parameters, not %s", type(values))
      end
      local checked, bad = template.check(params, values)
      if not checked then
        local origin = rows_api.origin[values]
        loading:fail("template: %s%s", bad, origin and (" (%s)"):format(origin) or "")
      end
      return make(checked, ...)
    end
  end
end

function words.args(loading)
  return function(given)
    if type(given) ~= "table" then
      loading:fail("args wants a table: args { env = { default = \"dev\" } }")
    end
    local params, why = template.declare(given)
    if not params then
      loading:fail("args: %s", why)
    end
    local values = {}
    for name in pairs(params) do
      loading.known_args[name] = true
      values[name] = loading.args[name]
    end
    local checked, bad = template.check(params, values)
    if not checked then
      loading:fail("args: %s, give it with --arg NAME=VALUE", bad)
    end
    return checked
  end
end

function words.include(loading)
  return function(path)
    local text, full = loading:read_beside(path)
    return loading:run_file(text, full)
  end
end

for _, kind in ipairs { "csv", "json", "jsonl" } do
  words[kind] = function(loading)
    return function(path, options)
      local text, full = loading:read_beside(path)
      local separator = type(options) == "table" and options.separator or nil
      if separator and not tostring(separator):find("^[,;|\t]$") then
        loading:fail("separator '%s': use one of , ; | and a tab", tostring(separator))
      end
      local rows, e = rows_api[kind](text, full, separator)
      if rows == nil then
        loading:fail("%s", e.message)
      end
      return rows
    end
  end
end

function words.product(loading)
  return function(given)
    local keys, rows = {}, { {} }
    if type(given) ~= "table" then
      loading:fail("product wants a table, not %s", type(given))
    end
    for key, values in pairs(given) do
      if type(key) ~= "string" or type(values) ~= "table" then
        loading:fail("product wants named lists: product { region = { ... }, env = { ... } }")
      end
      keys[#keys + 1] = key
    end
    table.sort(keys)
    for _, key in ipairs(keys) do
      local wider = {}
      for _, row in ipairs(rows) do
        for _, value in ipairs(given[key]) do
          local next_row = { [key] = value }
          for name, item in pairs(row) do
            next_row[name] = item
          end
          wider[#wider + 1] = next_row
        end
      end
      rows = wider
    end
    return rows
  end
end

function words.spread(loading)
  return function(id, what)
    if type(id) ~= "string" or type(what) ~= "string" then
      loading:fail("spread wants an id and what: spread(\"nightly\", \"every day\")")
    end
    local cron, e = spread.spread(id, what)
    if not cron then
      loading:fail("%s", e.message)
    end
    return cron
  end
end

function words.at()
  return function(text)
    return { at = text }
  end
end

local function same(loading, what)
  return function(given)
    if type(given) ~= "table" then
      loading:fail("%s wants a table, not %s", what, type(given))
    end
    return given
  end
end

function words.window(loading)
  return same(loading, "window")
end

function words.holidays(loading)
  return same(loading, "holidays")
end

---The words for one loading.
---@param loading mooncron.code.Loading
---@return table<string, any>
function M.of(loading)
  local out = { project = loading.project, location = loading.location }
  for name, make in pairs(words) do
    out[name] = make(loading)
  end
  return out
end

return M
