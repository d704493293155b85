-- Properties over many made-up jobs and over broken input; the numbers are the same in every run.
local chance = require "support.chance"
local job = require "mooncron.api.job"
local json = require "mooncron.json"
local mask = require "mooncron.api.mask"
local query = require "mooncron.api.query"

local below, pick = chance.new(20261001)

-- Makers by kind; each may give a value that differs from the one before.
local makers = {}

function makers.string()
  return pick { "a", "b", "projects/P/x", 'é"\\' }
end

function makers.int32()
  return below(5) + 1
end

function makers.duration()
  return pick { "0s", "5s", "1.500s", "3600s" }
end

function makers.bytes()
  return pick { "x", "\0\255", "body" }
end

function makers.map()
  return pick { { A = "1" }, { A = "2" }, { A = "1", B = "2" } }
end

function makers.enum(field)
  return pick { field.enum.names[2], field.enum.names[3] }
end

function makers.timestamp()
  return "2026-10-01T05:21:00Z"
end

function makers.bool()
  return true
end

function makers.any()
  return nil
end

-- A random message: each field there or not, one of a oneof. Messages inside are never empty, as
-- clearing the last field of one takes it away.
local function make(message)
  local out, taken = {}, {}
  for _, field in ipairs(message.fields) do
    if below(2) == 0 and not (field.oneof and taken[field.oneof]) then
      local maker = makers[field.kind]
      local value = maker and maker(field) or field.message and make(field.message)
      if value and (type(value) ~= "table" or next(value)) then
        out[field.name] = value
        taken[field.oneof or ""] = field.oneof and true
      end
    end
  end
  return out
end

local function print_job(value)
  return json.pretty(job.to_json(value), job.order)
end

describe("any job", function()
  it("comes back from its JSON text, compact or pretty, and from Lua form", function()
    for _ = 1, 500 do
      local value = make(job.message)
      assert.same(value, (assert(job.decode(print_job(value)))))
      assert.same(value, (assert(job.decode(assert(json.encode(job.to_json(value,
        { int_enums = true })))))))
      assert.same(value, (assert(job.from_lua(value))))
      assert.same(value, (job.decode(job.to_text(value), { lenient = true })))
      assert.equal(print_job(value), job.to_text(value, { pretty = true }))
    end
  end)

  it("is made of any other one by the computed mask", function()
    for _ = 1, 500 do
      local old, new = make(job.message), job.strip_output(make(job.message))
      local text = mask.format(mask.compute(old, new))
      local got = text == "" and old or mask.apply(old, new, assert(mask.parse(text)))
      local want = job.strip_output(got)
      want.name, new.name = nil, nil
      assert.same(new, want, text)
    end
  end)

  it("can be checked, and filled in once and for all", function()
    for _ = 1, 500 do
      local value = make(job.message)
      job.validate(value, { parent = "projects/P/locations/L" })
      local stored = job.normalise_stored(value)
      assert.equal(print_job(stored), print_job(job.normalise_stored(stored)))
      assert.same(stored, job.normalise_stored(value, true), "in its own tables too")
    end
  end)
end)

describe("broken input", function()
  it("is answered with an error that can be sent, never with a raise", function()
    local text = print_job(make(job.message)) .. '{"httpTarget":{"headers":{"A":"b"},"body":"AAAA"}}'
    for _ = 1, 3000 do
      local at, len = below(#text) + 1, below(4)
      local broken = text:sub(1, at - 1) .. string.char(below(256)) .. text:sub(at + len)
      local value, e = job.decode(below(2) == 0 and broken or broken:sub(1, below(#broken) + 1))
      assert(value or utf8.len(e.message), "an error is text")
    end
  end)

  it("of every type at every field is refused or read", function()
    local values = { 5, -1, 1e300, true, "x", {}, { 1 }, { { x = {} } }, json.null, "\0", "9s" }
    for _, field in ipairs(job.message.fields) do
      for _, inner in ipairs(field.message and field.message.fields or { field }) do
        for _, value in ipairs(values) do
          local given = { [field.json] = field.message and { [inner.json] = value } or value }
          for _, read in ipairs { job.from_json, job.from_lua } do
            local got, problems = read(given)
            assert(got or utf8.len(job.error(problems).message))
            if got then
              assert.equal("string", type(print_job(got)))
              job.validate(got)
            end
          end
        end
      end
    end
  end)

  it("in masses costs little and is cut short", function()
    local parts = {}
    for i = 1, 20000 do
      parts[i] = ('"field_number_%d":1'):format(i)
    end
    local start = os.clock()
    local _, e = job.decode("{" .. table.concat(parts, ",") .. "}")
    assert.equal(50, #e.problems)
    _, e = mask.parse(("nope,"):rep(3000))
    assert.equal(50, #e.problems)
    query.parse_fields(("a("):rep(8000))
    assert.is_true(os.clock() - start < 2, "this takes hundredths of a second")
  end)

  it("does not show what a body holds", function()
    local _, e = job.decode '{"httpTarget":{"body":"secret!"}}'
    assert.is_nil(e.message:find("secret", 1, true))
  end)
end)
