---mooncron cmek-config describe, mooncron cmek-config update: the key that a location's jobs are encrypted
---with, by the flags of gcloud 578.

local output <const> = require "mooncron.cli.output"
local resources <const> = require "mooncron.api.resources"
local session <const> = require "mooncron.cli.jobs.session"
local tree <const> = require "mooncron.cli.tree"

local M = {}

M.summary = "see and set the key that encrypts a location's jobs"

local KEY_PATTERN <const> = "^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$"

local FLAGS <const> = {
  { "--kms-key-name", value = "KEY", help = "the key: its full name, or its id beside --kms-keyring" },
  { "--kms-keyring", value = "RING", help = "key ring of the key" },
  { "--kms-project", value = "ID", help = "project of the key (default the jobs' own)" },
  { "--clear-kms-key", help = "no key of one's own" },
}

-- What is wrong with the flags, one line; nil when nothing is.
local function mistake(values)
  local key, ring = values.kms_key_name, values.kms_keyring
  if (key == nil) == not values.clear_kms_key then
    return "Exactly one of (--kms-key-name | --clear-kms-key) must be specified."
  elseif not key and (ring or values.kms_project) then
    return "--kms-keyring and --kms-project go with --kms-key-name"
  elseif key and ring and key:find("/", 1, true) then
    return "--kms-key-name is a full name, --kms-keyring goes with an id"
  elseif key and not ring and not key:find(KEY_PATTERN) then
    return "--kms-key-name is neither projects/P/locations/L/keyRings/R/cryptoKeys/K nor an id beside "
      .. "--kms-keyring"
  end
end

local function key_of(values, client)
  if values.clear_kms_key then
    return ""
  elseif not values.kms_keyring then
    return values.kms_key_name
  end
  return ("projects/%s/locations/%s/keyRings/%s/cryptoKeys/%s"):format(
    values.kms_project or client.project, client.location, values.kms_keyring, values.kms_key_name)
end

local function describe(values)
  session.show(values, resources.cmek_config, function(client)
    return client:get_cmek_config()
  end)
end

local function update(values)
  session.show(values, resources.operation, function(client)
    return client:update_cmek_config { kms_key_name = key_of(values, client) }
  end)
end

---@type mooncron.cli.Node
M.root = {
  name = "cmek-config",
  summary = M.summary,
  children = {
    {
      name = "describe",
      summary = "show the key of a location",
      words = { min = 0, max = 0, names = "" },
      options = function()
        return output.options {}
      end,
      examples = { "cmek-config describe --location=europe-west1" },
      run = describe,
    },
    {
      name = "update",
      summary = "set or clear the key of a location",
      words = { min = 0, max = 0, names = "" },
      options = function()
        return output.options(FLAGS)
      end,
      examples = {
        "cmek-config update --location=europe-west1 --kms-keyring=ring --kms-key-name=key",
        "cmek-config update --location=europe-west1 --clear-kms-key",
      },
      check = mistake,
      run = update,
    },
  },
}

---@param args string[]
---@return integer exit code
function M.run(args)
  return tree.run(M.root, args)
end

return M
