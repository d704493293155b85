---@meta mooncron.core.loop.line

---Lines from standard input while the loop goes on: edited, with history and completion, on a
---terminal; as they come, and without prompts, from anything else.
---@class mooncron.core.loop.line
local line = {}

---@param loop any
---@return mooncron.Line? line
---@return mooncron.Err? err
function line.new(loop) end

---@class mooncron.Line
local Line = {}

---Start to read one line. Its event `{ type = "line", text =, interrupted = }` comes once; no text:
---the input has ended, or Ctrl-C gave the line up (`interrupted`). On a terminal events `{ type =
---"complete", text =, cursor = }` may come before it, each to be answered with `complete`.
---@param prompt string
---@return integer? id
---@return mooncron.Err? err
function Line:read(prompt) end

---@param insert string text to insert at the cursor
---@param listing string lines to show below, "" for none; both empty: a beep
function Line:complete(insert, listing) end

---@param text string
function Line:remember(text) end

---A missing file is an empty history. Without a terminal it does nothing.
---@param path string
---@return boolean? done
---@return mooncron.Err? err
function Line:load_history(path) end

---@param path string mode 0600, missing folders are made
---@return boolean? done
---@return mooncron.Err? err
function Line:save_history(path) end

---@return boolean
function Line:is_terminal() end

---Cancels a read and gives the terminal back. Closed twice is fine; also `<close>`.
function Line:close() end

return line
