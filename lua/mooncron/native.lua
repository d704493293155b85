---The functions of the C core that are as pure as Lua's own libraries: no file, no clock, no network.

local core <const> = require "mooncron.core"

return { data = core.data, message = core.message, plain = core.plain }
