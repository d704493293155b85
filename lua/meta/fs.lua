---@meta mooncron.core.fs

---The few file operations that Lua's own library lacks.
---@class mooncron.core.fs
local fs = {}

---Make a folder and its missing parents, mode 0700. One that is there is fine.
---@param path string
---@return true?
---@return mooncron.Err? err
function fs.mkdirs(path) end

---Write a whole file: a reader sees the old content or the new one, never a part.
---@param path string
---@param data string
---@param mode integer? default 0600 (octal)
---@return true?
---@return mooncron.Err? err
function fs.write(path, data, mode) end

---What a path leads to: equal for two paths to the same file or folder, and only for them.
---@param path string
---@return string?
---@return mooncron.Err? err
function fs.identity(path) end

---A process that holds a lock on the file, which may be this one.
---@param path string
---@return integer? pid
function fs.holder(path) end

---Let this process have as many files open as it may.
---@return integer how many that is
function fs.raise_open_files() end

return fs
