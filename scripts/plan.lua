#!/usr/bin/env mooncron
-- Try out job files: plan them, apply them to a scheduler in memory, and plan them again. Nothing is kept
-- and no cloud is asked. Without a file, the examples of jobs/ beside this script.
--
--   mooncron scripts/plan.lua [FILE...] [NAME=VALUE...]

local code = require "mooncron.code"
local mooncron = require "mooncron"

local files, args = {}, {}
for _, word in ipairs(arg) do
  local name, value = word:match("^([%a_][%w_]*)=(.*)$")
  if name then
    args[name] = value
  else
    files[#files + 1] = word
  end
end
if #files == 0 then
  for _, name in ipairs { "regions", "environments", "checks" } do
    files[#files + 1] = arg[0]:gsub("plan%.lua$", "jobs/" .. name .. ".lua")
  end
end

local client <close> = assert(mooncron.connect {
  data = ":memory:", backend = "local", project = "my-project",
})
for _, file in ipairs(files) do
  print(file .. "\n")
  local declared, e = code.load(client, { file }, { args = args })
  if not declared then
    error(table.concat(e.lines or { e.message }, "\n"), 0)
  end
  local plan = assert(code.plan(client, declared))
  print(code.text(plan))
  local report = assert(code.apply(client, plan))
  local again = assert(code.plan(client, declared))
  print(("%d changes made, %d failed, %d left\n"):format(report.done, #report.failed,
    again.summary.create + again.summary.update))
  assert(not code.has_changes(again), "there is still something to change")
  for _, finding in ipairs(code.lint(declared)) do
    print(("%s: %s (%s)"):format(finding.where, finding.message, finding.rule))
  end
end
