---What the commands that act on a scheduler share: the options that say which one, connecting, and the
---question before something is destroyed in a cloud project.

local context <const> = require "mooncron.context"
local err <const> = require "mooncron.err"

local M = {}

---Options of every command that connects.
M.options = {
  { "--project", value = "ID", help = "Google Cloud project (none: the local scheduler)" },
  { "--location", value = "ID", help = "location (default us-central1)" },
  { "--endpoint", value = "URL", help = "server of the API; one that is not Google's gets no credentials" },
  { "--backend", value = "NAME", help = "local or gcp, whatever else is said" },
  { "--credentials", value = "FILE", help = "credential to use instead of this machine's" },
  { "--access-token-file", value = "FILE", help = "file with an access token" },
  { "--impersonate-service-account", value = "EMAIL", help = "service account to act as" },
  { "--data", value = "FOLDER", help = "folder of the local scheduler" },
}

---Option of every command that destroys something.
M.yes = { "--yes", short = "-y", help = "do not ask" }

---A command's own options and those above.
---@param own mooncron.cli.Option[]
---@return mooncron.cli.Option[]
function M.with_options(own)
  local all = table.move(own, 1, #own, 1, {})
  return table.move(M.options, 1, #M.options, #all + 1, all)
end

-- The options of a connection among those of a command.
local function pick(values)
  local options = {}
  for _, option in ipairs(M.options) do
    local key = option[1]:sub(3):gsub("-", "_")
    options[key] = values[key]
  end
  return options
end

---Where a command would act.
---@param values table read options
---@return mooncron.Context?
---@return mooncron.Err?
function M.context(values)
  return context.resolve(pick(values), nil, "flag")
end

---Connect, or raise what is wrong. Waits.
---@param values table read options
---@return mooncron.Client
function M.open(values)
  local options = pick(values)
  if options.backend and options.backend ~= "local" and options.backend ~= "gcp" then
    error(err.new("INVALID_ARGUMENT", ("--backend '%s': use local or gcp"):format(options.backend)), 0)
  end
  local client, e = require("mooncron").connect(options)
  if not client then
    error(e, 0)
  end
  return client
end

---Whether a destructive command may go on: at once on anything but a cloud project or with `--yes`; on a
---terminal the user is asked, and told where. Waits.
---@param client mooncron.Client
---@param what string "delete job 'a'"
---@param options { yes: boolean?, ask: (fun(question: string): boolean?)? } ask stands in for the terminal
---@return true?
---@return mooncron.Err?
function M.confirm(client, what, options)
  if not client.is_cloud or options.yes then
    return true
  end
  local ask = options.ask or require("mooncron.cli.jobfiles").ask
  local answer = ask(("%s: %s?"):format(client:describe(), what))
  if answer == nil then
    return nil, err.new("FAILED_PRECONDITION",
      ("%s: %s wants a confirmation, write --yes"):format(client:describe(), what))
  elseif not answer then
    return nil, err.new("CANCELLED", what .. ": not done")
  end
  return true
end

return M
