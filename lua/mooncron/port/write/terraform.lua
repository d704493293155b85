---Resources `google_cloud_scheduler_job` in Terraform's language.

local base64 <const> = require "mooncron.api.base64"
local fields <const> = require "mooncron.api.fields"
local hcl <const> = require "mooncron.port.hcl"
local model <const> = require "mooncron.port.model"
local notes_api <const> = require "mooncron.port.notes"

local function align(out, rows, indent)
  local width = 0
  for _, row in ipairs(rows) do
    width = math.max(width, #row[1])
  end
  for _, row in ipairs(rows) do
    out[#out + 1] = ("%s%s%s = %s"):format(indent, row[1], (" "):rep(width - #row[1]), row[2])
  end
end

local function map(value, indent)
  local rows, out = {}, { "{" }
  for _, key in ipairs(model.sorted_keys(value)) do
    rows[#rows + 1] = { hcl.quote(key), hcl.quote(value[key]) }
  end
  align(out, rows, indent .. "  ")
  out[#out + 1] = indent .. "}"
  return table.concat(out, "\n")
end

-- The attribute is base64; text is shown as text.
local function bytes(value)
  if not hcl.is_stable(value) or value:find("\0", 1, true) then
    return hcl.quote(base64.encode(value))
  end
  local heredoc = hcl.heredoc(value)
  return heredoc and "base64encode(" .. heredoc .. "\n)" or "base64encode(" .. hcl.quote(value) .. ")"
end

local WRITERS <const> = { map = map, bytes = bytes, int32 = tostring }

local write_message

-- Attributes first, then the blocks, as terraform fmt leaves them.
local function write_fields(out, message, value, indent, rows)
  for _, field in ipairs(message.fields) do
    local item = value[field.name]
    if item ~= nil and field.kind ~= "message" then
      rows[#rows + 1] = { field.name, (WRITERS[field.kind] or hcl.quote)(item, indent) }
    end
  end
  align(out, rows, indent)
  for _, field in ipairs(message.fields) do
    local item = value[field.name]
    if item ~= nil and field.kind == "message" then
      out[#out + 1] = ""
      write_message(out, field, item, indent)
    end
  end
end

function write_message(out, field, value, indent)
  if next(value) == nil then
    out[#out + 1] = indent .. field.name .. " {}"
    return
  end
  out[#out + 1] = indent .. field.name .. " {"
  write_fields(out, field.message, value, indent .. "  ", {})
  out[#out + 1] = indent .. "}"
end

---@param jobs mooncron.Job[]
---@return string text
---@return mooncron.port.Note[] notes
return function(jobs)
  local notes, out, unique = notes_api.new(), {}, model.unique()
  for i, job in ipairs(jobs) do
    local parts = model.name_parts(job)
    local id = parts.job or "job"
    local rows = { { "name", hcl.quote(id) } }
    rows[#rows + 1] = parts.project and { "project", hcl.quote(parts.project) } or nil
    rows[#rows + 1] = parts.location and { "region", hcl.quote(parts.location) } or nil
    if not parts.project then
      notes:add({ job = id }, "project and region are those of the provider")
    end
    if job.state == "PAUSED" then
      rows[#rows + 1] = { "paused", "true" }
    end
    local body = model.copy(job)
    body.name, body.state = nil, nil
    out[#out + 1] = (i > 1 and "\n" or "")
      .. ('resource "google_cloud_scheduler_job" %s {'):format(hcl.quote(unique(hcl.identifier(id))))
    write_fields(out, fields.job, body, "  ", rows)
    out[#out + 1] = "}"
  end
  return #out > 0 and table.concat(out, "\n") .. "\n" or "", notes.list
end
