---The manual page, from the same tables as the help. `make man` writes build/man/mooncron.1.

local help <const> = require "mooncron.cli.help"

local M = {}

-- Text that troff takes for nothing but text.
local function plain(text)
  return (text:gsub("\\", "\\e"):gsub("%-", "\\-"):gsub("^([.'])", "\\&%1"):gsub("\n([.'])", "\n\\&%1"))
end

local function quoted(text)
  return '"' .. plain(text):gsub('"', "\\(dq") .. '"'
end

local INTRO <const> = [[
.SH NAME
mooncron \- Lua scripts, commands and a local scheduler for Google Cloud Scheduler
.SH SYNOPSIS
.B mooncron
.I FILE
.RI [ ARG ...]
.br
.B mooncron \-e
.I CODE
.RI [ ARG ...]
.br
.B mooncron
.I COMMAND
.RI [ ARG ...]
.br
.B mooncron
.SH DESCRIPTION
mooncron runs Lua scripts that work with Cloud Scheduler, Google's or the local one that it holds itself
and that speaks the same API. Without arguments it is a REPL on a terminal, and else runs the script on
standard input. Where commands act is found out from their options, the environment and the settings
file;
.B mooncron context
shows it.
.SH OPTIONS
]]

local OUTRO <const> = [[
.SH EXIT STATUS
0 when all went well, 1 on a failure, 2 on a wrong command line, 130 when interrupted.
.SH ENVIRONMENT
.TP
.BR GOOGLE_CLOUD_PROJECT ", " GCLOUD_PROJECT ", " CLOUDSDK_CORE_PROJECT
The project, the first one that is set. Without one, commands act on the local scheduler.
.TP
.BR CLOUD_SCHEDULER_EMULATOR_HOST ", " CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER
A server of the API to use instead of Google's.
.TP
.BR MOONCRON_LOCATION ", " GOOGLE_CLOUD_REGION ", " CLOUDSDK_COMPUTE_REGION
The location.
.SH FILES
.TP
.I $XDG_CONFIG_HOME/mooncron/config
Settings.
.TP
.I $XDG_DATA_HOME/mooncron
The local scheduler's jobs.
.TP
.I $XDG_STATE_HOME/mooncron/history
The lines of the REPL.
.SH SEE ALSO
.BR crontab (5)
]]

local function option_entry(option)
  local flags = (option.short and option.short .. ", " or "") .. option[1]
  return (".TP\n.B %s%s\n%s\n"):format(plain(flags), option.value and " " .. plain(option.value) or "",
    plain(option.help))
end

-- A command's help as it is printed, which says all that there is to say.
local function command_entry(name, text)
  return (".SS %s\n.nf\n%s.fi\n"):format(quoted("mooncron " .. name), plain(text))
end

local function leaves(node, path, out)
  if not node.children then
    out[#out + 1] = command_entry(path, require("mooncron.cli.tree").help(node, path) .. "\n")
  end
  for _, child in ipairs(node.children or {}) do
    leaves(require("mooncron.cli.tree").resolve(child), path .. " " .. child.name, out)
  end
end

---The page, for man(7).
---@param cli table mooncron.cli
---@param version string
---@return string
function M.page(cli, version)
  local out = {
    (".TH MOONCRON 1 \"\" %s \"User Commands\"\n"):format(quoted("mooncron " .. version)),
    INTRO,
  }
  for _, option in ipairs(help.program_options) do
    out[#out + 1] = option_entry(option)
  end
  out[#out + 1] = ".SH COMMANDS\n"
  for _, name in ipairs(cli.commands) do
    local command = require("mooncron.cli." .. name)
    if name == "scheduler" then
      out[#out + 1] = (".SS %s\n%s.\n"):format(quoted("mooncron " .. name), plain(command.summary))
    elseif command.root then
      leaves(command.root, name, out)
    else
      out[#out + 1] = command_entry(name, help.text(cli, name))
    end
  end
  out[#out + 1] = OUTRO
  return table.concat(out)
end

return M
