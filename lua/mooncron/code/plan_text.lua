---Plans for people and for machines.

local json <const> = require "mooncron.json"
local plan_api <const> = require "mooncron.code.plan"

local M = {}

M.marks = { create = "+", update = "~", delete = "-", keep = "=" }
local VERBS <const> = { create = "create", update = "update", delete = "delete", keep = "unchanged" }

---The order of the JSON form, for `json.pretty`.
M.order = {
  "version", "set", "parents", "summary", "changes", "skipped", "orphans", "problems", "notes",
  summary = { "create", "update", "delete", "keep" },
  changes = {
    "op", "name", "where", "why", "fields", "next_run", "warnings",
    fields = { "path", "from", "to" },
    next_run = { "before", "after" },
  },
  skipped = { "name", "where", "why" },
  problems = { "name", "where", "text" },
}

local MAX_VALUE <const> = 72

local function value_text(value)
  if value == nil then
    return "(none)"
  elseif type(value) ~= "string" then
    return tostring(value)
  elseif value:find("^<.*>$") then
    return value
  end
  local text = value:gsub("%c", " ")
  if not utf8.len(text) then
    return ("<%d bytes>"):format(#text)
  end
  if utf8.len(text) > MAX_VALUE then
    text = text:sub(1, utf8.offset(text, MAX_VALUE - 2) - 1) .. "..."
  end
  return "'" .. text .. "'"
end

---Differences as lines for people: `path: old -> new`.
---@param leaves mooncron.code.Difference[]
---@return string[]
function M.leaf_lines(leaves)
  local lines = {}
  for i, leaf in ipairs(leaves) do
    lines[i] = ("      %s: %s -> %s"):format(leaf.path, value_text(leaf.from), value_text(leaf.to))
  end
  return lines
end

local function field_lines(out, change)
  if change.op == "update" then
    local lines = M.leaf_lines(change.fields)
    table.move(lines, 1, #lines, #out + 1, out)
  elseif change.op == "create" then
    for _, leaf in ipairs(change.fields) do
      out[#out + 1] = ("      %s: %s"):format(leaf.path, value_text(leaf.to))
    end
  end
  local before, after = change.next_before, change.next_after
  if before or after then
    local text = change.op == "create" and after
      or ("%s -> %s"):format(before or "(none)", after or "(none)")
    out[#out + 1] = "      next run: " .. text
  end
end

local function change_lines(out, plan, change)
  local where = change.where and ("  (%s)"):format(change.where) or ""
  local why = change.why and ": " .. change.why or ""
  out[#out + 1] = ("  %s %s %s%s%s"):format(M.marks[change.op], VERBS[change.op],
    plan_api.short(plan, change.name), why, where)
  field_lines(out, change)
  for _, warning in ipairs(change.warnings) do
    out[#out + 1] = "      ! " .. warning
  end
end

---One line that sums up.
---@param plan mooncron.code.Plan
---@return string
function M.summary(plan)
  local s = plan.summary
  return ("%d to create, %d to update, %d to delete, %d unchanged"):format(s.create, s.update, s.delete,
    s.keep)
end

---The plan as text. Unchanged jobs are counted; `all` lists them too.
---@param plan mooncron.code.Plan
---@param options { all: boolean? }?
---@return string
function M.human(plan, options)
  local out = {}
  for _, change in ipairs(plan.changes) do
    if change.op ~= "keep" or options and options.all or #change.warnings > 0 then
      change_lines(out, plan, change)
    end
  end
  for _, row in ipairs(plan.skipped) do
    out[#out + 1] = ("  . leave out %s: %s  (%s)"):format(plan_api.short(plan, row.name), row.why, row.where)
  end
  for _, row in ipairs(plan.problems) do
    out[#out + 1] = ("  ! %s %s  (%s)"):format(plan_api.short(plan, row.name), row.text, row.where)
  end
  if #plan.orphans > 0 then
    out[#out + 1] = ("  ! %d of the set '%s' are not declared any more, sync deletes them: %s%s"):format(
      #plan.orphans, plan.set, plan_api.short(plan, plan.orphans[1]), #plan.orphans > 1 and ", ..." or "")
  end
  for _, note in ipairs(plan.notes) do
    out[#out + 1] = "  ! " .. note
  end
  if #out > 0 then
    out[#out + 1] = ""
  end
  out[#out + 1] = "plan: " .. M.summary(plan)
  return table.concat(out, "\n") .. "\n"
end

local function change_json(change)
  local fields = json.list()
  for i, leaf in ipairs(change.fields) do
    fields[i] = { path = leaf.path, from = leaf.from, to = leaf.to }
  end
  local next_run = (change.next_before or change.next_after)
    and { before = change.next_before, after = change.next_after } or nil
  return {
    op = change.op, name = change.name, where = change.where, why = change.why,
    fields = fields, next_run = next_run, warnings = json.list(change.warnings),
  }
end

---The stable form for machines: secrets blotted out, members only ever added.
---@param plan mooncron.code.Plan
---@return table for `json.pretty(value, order)`
function M.to_json(plan)
  local changes = json.list()
  for i, change in ipairs(plan.changes) do
    changes[i] = change_json(change)
  end
  return {
    version = 1,
    set = plan.set,
    parents = json.list(plan.parents),
    summary = plan.summary,
    changes = changes,
    skipped = json.list(plan.skipped),
    orphans = json.list(plan.orphans),
    problems = json.list(plan.problems),
    notes = json.list(plan.notes),
  }
end

return M
