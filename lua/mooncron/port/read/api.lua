---The API's own form: what `gcloud scheduler jobs list|describe --format=json|yaml`, a `jobs.list`
---answer and `mooncron export` print. One job, a list of them, or `{"jobs": [...]}`, in one document or
---several.

local document <const> = require "mooncron.port.document"
local err <const> = require "mooncron.err"
local json <const> = require "mooncron.json"

local function add(reading, value, locate)
  if type(value) ~= "table" then
    return err.new("INVALID_ARGUMENT", "neither a job nor a list of jobs")
  elseif value[1] ~= nil then
    for _, item in ipairs(value) do
      local e = add(reading, item, locate)
      if e then
        return e
      end
    end
  elseif type(value.jobs) == "table" then
    return add(reading, value.jobs, locate)
  elseif next(value) ~= nil then
    local name = type(value.name) == "string" and value.name or nil
    reading:add_json(value, locate(value, name))
  end
end

return document.reader(function(reading, value, locate)
  return value ~= json.null and add(reading, value, locate) or nil
end)
