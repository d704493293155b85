---import(export(x)) == x, for jobs that cover every field.

local hcl_reader <const> = require "support.hcl"
local json <const> = require "mooncron.json"
local port <const> = require "mooncron.port"
local support <const> = require "support.port"

local HOME <const> = { project = "p-1", location = "us-central1" }
local SEEDS <const>, COUNT <const> = 15, 20

local READ <const> = {
  terraform = function(text)
    local state = { format_version = "1.0", values = { root_module = { resources = hcl_reader.read(text) } } }
    return port.read(json.encode(state), { format = "terraform" })
  end,
  lua = function(text)
    return support.load(text, HOME), {}
  end,
}

describe("what is exported", function()
  local make_list = require("support.jobs").list

  for _, format in ipairs { "json", "gcloud", "terraform", "lua" } do
    it("comes back from " .. format, function()
      for seed = 1, SEEDS do
        local jobs = make_list(seed, COUNT)
        local text, notes = port.write(jobs, format)
        assert.same({}, notes)
        local read = READ[format] or function(given)
          return port.read(given, { format = format })
        end
        local back, more = read(text)
        assert.same({}, support.lines(more))
        assert.same(support.by_id(jobs), support.by_id(back), "seed " .. seed)
        assert.equal(COUNT, #back)
      end
    end)

    it("is the same text every time as " .. format, function()
      local jobs = make_list(7, COUNT)
      assert.equal((port.write(jobs, format)), (port.write(jobs, format)))
      assert.equal("", (format == "lua" or format == "terraform") and (port.write({}, format)) or "")
    end)
  end

  it("is tidied without a change that the service would see", function()
    for seed = 1, SEEDS do
      for _, job in ipairs(make_list(seed, COUNT)) do
        assert.same(port.tidy(job), port.tidy(port.tidy(job)))
      end
    end
  end)
end)
