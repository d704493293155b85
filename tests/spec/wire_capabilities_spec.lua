-- What `mooncron capabilities` says is true to the code.

local capabilities = require "mooncron.scheduler.capabilities"
local fields = require "mooncron.api.fields"
local json = require "mooncron.json"
local router = require "mooncron.scheduler.router"
local scheduler_module = require "mooncron.scheduler"

local function group_of(name)
  for _, group in ipairs(capabilities.groups) do
    if group.name == name then
      return group
    end
  end
  error("no group " .. name)
end

local function by_name(rows)
  local index = {}
  for _, row in ipairs(rows) do
    assert.is_nil(index[row.name], "named twice: " .. row.name)
    index[row.name] = row
  end
  return index
end

describe("capabilities", function()
  it("have a level that is explained, and one line each", function()
    local levels = by_name(capabilities.levels)
    for _, group in ipairs(capabilities.groups) do
      by_name(group.rows)
      for _, row in ipairs(group.rows) do
        assert.is_table(levels[row.level], row.name)
        assert.is_nil((row.note or ""):find("\n"))
      end
    end
  end)

  it("list the router's methods, all of them and no other", function()
    local rows, seen = by_name(group_of("methods").rows), 0
    for _, route in ipairs(router.routes) do
      assert.is_table(rows[route.id], route.id)
      seen = seen + 1
    end
    assert.same(#group_of("methods").rows, seen)
  end)

  it("call unimplemented what answers UNIMPLEMENTED, and nothing else", function()
    local scheduler <close> = assert(scheduler_module.open {})
    for _, route in ipairs(router.routes) do
      local row = by_name(group_of("methods").rows)[route.id]
      local target = "/v1/" .. route.path:gsub("%*", "x") .. (route.verb and ":" .. route.verb or "")
      local response = router.handle(scheduler.jobs, { method = route.method, target = target, body = "" })
      local is_missing = response.status == 501
      assert.same(row.level == "unimplemented", is_missing, route.id)
      if is_missing then
        assert.matches("projects.locations." .. route.id, json.decode(response.body).error.message, 1, true)
      end
    end
  end)

  it("cover every field of a job once", function()
    local told = {}
    for _, row in ipairs(group_of("fields").rows) do
      for _, path in ipairs(row.fields) do
        assert.is_nil(told[path], "told twice: " .. path)
        told[path] = true
      end
    end
    local function walk(message, prefix)
      for _, field in ipairs(message.fields) do
        local path = prefix .. field.name
        if field.message then
          walk(field.message, path .. ".")
        else
          assert.is_true(told[path], "not told of: " .. path)
          told[path] = nil
        end
      end
    end
    walk(fields.job, "")
    assert.is_nil(next(told))
  end)
end)

describe("mooncron capabilities", function()
  local command = require "mooncron.cli.capabilities"
  it("prints a line for each", function()
    local text = command.render {}
    for _, group in ipairs(capabilities.groups) do
      for _, row in ipairs(group.rows) do
        assert.is_truthy(text:find(row.level .. (" "):rep(15 - #row.level) .. row.name, 1, true), row.name)
      end
    end
  end)

  it("prints the same as JSON", function()
    local value = assert(json.decode(command.render { json = true }))
    assert.same(capabilities.groups, value.groups)
    assert.same(capabilities.levels, value.levels)
  end)

  it("takes no words", function()
    local cli = require "mooncron.cli"
    local said
    local fake = setmetatable({ usage_error = function(text) said = text return 2 end }, { __index = cli })
    assert.same(2, command.run({ "x" }, fake))
    assert.same("capabilities: unexpected 'x'", said)
  end)
end)
