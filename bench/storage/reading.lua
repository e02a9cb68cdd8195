-- What is said of an object: what the last write to it asked for, as far as it is remembered. An
-- object that nobody wrote to is there, has a tag, and SIZE bytes of content, as all have here.
local memory = require "memory"
local sending = require "sending"
local uploads = require "uploads"
local reading = {}

local SIZE = 1024
reading.SIZE = SIZE
reading.ETAG = '"7265f4d211b56873a381d321f586e4a9"'
local SINCE = 1767323045 -- when an object was last modified that nobody wrote to
local TAGS = "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
local COPIES_OF_COPIES = 3

-- What a copy says of the new object itself, and what comes with metadata that are replaced.
local OF_COPY = {
  ["x-amz-server-side-encryption"] = true, ["x-amz-server-side-encryption-aws-kms-key-id"] = true,
  ["x-amz-server-side-encryption-bucket-key-enabled"] = true, ["x-amz-storage-class"] = true,
  ["x-amz-object-lock-mode"] = true, ["x-amz-object-lock-retain-until-date"] = true,
  ["x-amz-object-lock-legal-hold"] = true, ["x-amz-website-redirect-location"] = true,
}
local OF_METADATA = {
  ["content-type"] = true, ["content-language"] = true, ["content-encoding"] = true,
  ["content-disposition"] = true, ["cache-control"] = true, ["expires"] = true,
}

local function no_such_key()
  sending.refuse(404, "NoSuchKey", "The specified key does not exist.")
end

local function source_of(asked)
  local source = asked["x-amz-copy-source"]
  if not source then return nil end
  source = source:gsub("%?.*", "")
  return source:sub(1, 1) == "/" and source or "/" .. source
end

local function escaped(text)
  return (text:gsub("&", "&amp;"):gsub("<", "&lt;"):gsub(">", "&gt;"))
end

local function tags_from_header(text)
  local tags = {}
  for name, value in text:gmatch("([^&=]+)=?([^&]*)") do
    tags[#tags + 1] = "<Tag><Key>" .. escaped(ngx.unescape_uri(name)) .. "</Key><Value>"
      .. escaped(ngx.unescape_uri(value)) .. "</Value></Tag>"
  end
  return "<Tagging><TagSet>" .. table.concat(tags) .. "</TagSet></Tagging>"
end

-- A body as PutObjectTagging has it.
local function tags_of(uri, note, depth)
  if note and note.tags then return note.tags end
  if not (note and note.headers) then return TAGS end
  local asked = memory.headers_of(note)
  local source = source_of(asked)
  if asked["x-amz-tagging-directive"] == "REPLACE" or not source then
    return tags_from_header(asked["x-amz-tagging"] or "")
  end
  if depth == 0 or source == uri then return TAGS end
  return tags_of(source, memory.recall(source), depth - 1)
end

-- Its headers, by their names in small letters; `of_copy` are those that no copy takes over.
local function metadata_of(uri, note, depth)
  local asked, found, of_copy = memory.headers_of(note), {}, {}
  local source = source_of(asked)
  for name, value in pairs(asked) do
    if OF_COPY[name] then of_copy[name] = value end
    if OF_METADATA[name] or name:sub(1, 11) == "x-amz-meta-" then found[name] = value end
  end
  if source and asked["x-amz-metadata-directive"] ~= "REPLACE" then
    found = {}
    if depth > 0 and source ~= uri then
      found = metadata_of(source, memory.recall(source), depth - 1)
    end
  end
  return found, of_copy
end

local function path_of(uri)
  return (uri:gsub("%?.*", ""))
end

-- The first and the last byte that a Range asks for, or nothing where it asks for the whole object;
-- false for what is behind its end.
local function range_of(size)
  local first, last = (ngx.var.http_range or ""):match("^bytes=(%d*)-(%d*)$")
  if not first or first == "" and last == "" then return nil end
  if first == "" then return math.max(0, size - tonumber(last)), size - 1 end
  if tonumber(first) >= size then return false end
  return tonumber(first), math.min(tonumber(last) or size - 1, size - 1)
end

local function say_lock(note, asked)
  local mode, until_date = asked["x-amz-object-lock-mode"], asked["x-amz-object-lock-retain-until-date"]
  local hold = asked["x-amz-object-lock-legal-hold"]
  if note and note.retention then
    mode = note.retention:match("<Mode>(.-)</Mode>")
    until_date = note.retention:match("<RetainUntilDate>(.-)</RetainUntilDate>")
  end
  if note and note.hold then hold = note.hold:match("<Status>(.-)</Status>") end
  return mode, until_date, hold
end

function reading.lock(part)
  local uri = ngx.var.request_uri
  local note = memory.recall(uri)
  if note and note.gone then return no_such_key() end
  local mode, until_date, hold = say_lock(note, memory.headers_of(note))
  if part == "retention" and mode then
    return sending.send(200, sending.document("Retention", "<Mode>" .. mode .. "</Mode><RetainUntilDate>"
      .. (until_date or "") .. "</RetainUntilDate>"))
  elseif part == "hold" and hold then
    return sending.send(200, sending.document("LegalHold", "<Status>" .. hold .. "</Status>"))
  end
  sending.refuse(404, "NoSuchObjectLockConfiguration",
    "The specified object does not have a ObjectLock configuration")
end

function reading.tags()
  local uri = ngx.var.request_uri
  local note = memory.recall(uri)
  if note and note.gone then return no_such_key() end
  local inside = tags_of(path_of(uri), note, COPIES_OF_COPIES):match("<TagSet>(.*)</TagSet>") or ""
  sending.send(200, sending.document("Tagging", "<TagSet>" .. inside .. "</TagSet>"))
end

local function describe(uri, note)
  local found, of_copy = metadata_of(uri, note, COPIES_OF_COPIES)
  ngx.header["Content-Type"] = "binary/octet-stream"
  for name, value in pairs(found) do ngx.header[name] = value end
  for name, value in pairs(of_copy) do
    if not (name == "x-amz-storage-class" and value == "STANDARD") then ngx.header[name] = value end
  end
  local mode, until_date, hold = say_lock(note, of_copy)
  ngx.header["x-amz-object-lock-mode"] = mode
  ngx.header["x-amz-object-lock-retain-until-date"] = until_date
  ngx.header["x-amz-object-lock-legal-hold"] = hold
  local _, count = tags_of(uri, note, COPIES_OF_COPIES):gsub("<Tag>", "")
  if count > 0 then ngx.header["x-amz-tagging-count"] = count end
  ngx.header["ETag"] = note and note.etag or reading.ETAG
  ngx.header["Last-Modified"] = ngx.http_time(note and note.at or SINCE)
  ngx.header["Accept-Ranges"] = "bytes"
end

-- An object of the bucket data as a listing has it.
function reading.entry(encoded_key, note)
  local etag = note and note.etag or reading.ETAG
  return "<Contents><Key>" .. encoded_key .. "</Key><LastModified>"
    .. os.date("!%Y-%m-%dT%H:%M:%S.000Z", note and note.at or SINCE) .. "</LastModified><ETag>&quot;"
    .. etag:sub(2, -2) .. "&quot;</ETag><Size>" .. (note and note.size or SIZE)
    .. "</Size><StorageClass>STANDARD</StorageClass></Contents>"
end

-- HEAD and GET of an object, or of a bucket.
function reading.object(method)
  local uri = path_of(ngx.var.request_uri)
  local note = memory.recall(uri)
  if note and note.gone then return no_such_key() end
  local size = note and note.size or uploads.size_of(uri) or SIZE
  local first, last = range_of(size)
  if first == false then
    return sending.refuse(416, "InvalidRange", "The requested range is not satisfiable")
  end
  describe(uri, note)
  sending.name_request()
  ngx.status = first and 206 or 200
  if first then ngx.header["Content-Range"] = ("bytes %d-%d/%d"):format(first, last, size) end
  local length = first and last - first + 1 or size
  ngx.header["Content-Length"] = length
  if method == "HEAD" then return ngx.send_headers() end
  ngx.print(("x"):rep(length))
end

return reading
