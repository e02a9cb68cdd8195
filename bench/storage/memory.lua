-- What was last written, for those who read it back within a few seconds.
--
-- A key is remembered by itself where writes come slowly; of fast ones only the first in each
-- millisecond is, since noting takes longer than answering, and for the others stands what their
-- bucket was last asked to do: writes as fast as that are one job's, which asks the same of each.
-- Deletions are all remembered for a few seconds, and for so long is every key that is written to.
-- Memory is bounded by two generations of notes; when the younger is full, the elder goes.
--
-- A write only notes what it was sent, as it came. Who asks pays for reading it.
local memory = {}

local KEYS, BATCHES = 50000, 256
local DELETED_FOR_S = 3
local ENTITIES = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }
local written, noted_at, deleted_until = 0, 0, 0

local function generation()
  return { keys = {}, count = 0, batches = {}, buckets = {} }
end

local young, old = generation(), generation()

local function next_number()
  if young.count >= KEYS or #young.batches >= BATCHES then
    old, young = young, generation()
  end
  written = written + 1
  return written
end

local function path_of(uri)
  return (uri:gsub("%?.*", ""))
end

local function bucket_of(path)
  return path:match("^/([^/?]*)") or ""
end

-- Whether a write is to be noted as it came.
function memory.is_due()
  local now = ngx.now()
  if now == noted_at then return false end
  noted_at = now
  return true
end

-- Whether it has to be known of every key that it was written to.
function memory.has_deletions()
  return ngx.now() < deleted_until
end

local function note_of(path)
  local number = next_number()
  local note = young.keys[path]
  if not note then
    note = old.keys[path] or {}
    young.keys[path] = note
    young.count = young.count + 1
  end
  note.number = number
  return note
end

local function note_of_bucket(path)
  local bucket = bucket_of(path)
  local note = young.buckets[bucket] or old.buckets[bucket] or {}
  young.buckets[bucket] = note
  return note
end

local function renew(note, headers, at)
  note.headers, note.at = headers, at
  note.gone, note.tags, note.retention, note.hold, note.size, note.etag = nil, nil, nil, nil, nil, nil
end

-- What was known of the key is true no more. `headers` as they came; nil for those of the bucket's
-- last copy.
function memory.copy(uri, headers, at)
  local path = path_of(uri)
  local usual = note_of_bucket(path)
  renew(usual, headers or usual.headers, at)
  renew(note_of(path), usual.headers, at)
end

function memory.put(uri, headers, at, size, etag)
  local note = note_of(path_of(uri))
  renew(note, headers, at)
  note.size, note.etag = size, etag
end

-- `part` is "tags", "retention" or "hold". An object that is written to is there.
function memory.put_part(uri, part, body)
  local path = path_of(uri)
  local note = note_of(path)
  note[part], note.gone = body, nil
  note_of_bucket(path)[part] = body
end

function memory.delete(uri)
  note_of(path_of(uri)).gone = true
end

function memory.delete_many(uri, body)
  local number = next_number()
  deleted_until = ngx.now() + DELETED_FOR_S
  young.batches[#young.batches + 1] = { number = number, uri = uri, body = body, last_s = deleted_until }
end

local function plain(text)
  text = text:gsub("&#(x?)(%x+);", function(hexadecimal, digits)
    local code = tonumber(digits, hexadecimal == "x" and 16 or 10)
    return code and code < 128 and string.char(code) or nil
  end)
  return (text:gsub("&(%a+);", ENTITIES))
end

local function keys_of(batch)
  if batch.body then
    batch.keys, batch.bucket = {}, bucket_of(batch.uri)
    for key in batch.body:gmatch("<Key>(.-)</Key>") do batch.keys[plain(key)] = true end
    batch.body = nil
  end
  return batch.keys
end

-- The number of the last of these batches that had the key, or 0.
local function deleted_in(batches, bucket, key)
  for index = #batches, 1, -1 do
    local batch = batches[index]
    if batch.last_s < ngx.now() then return 0 end
    if keys_of(batch)[key] and batch.bucket == bucket then return batch.number end
  end
  return 0
end

local function last_deleted(path)
  local bucket, key = path:match("^/([^/]*)/(.*)$")
  if not bucket or ngx.now() > deleted_until then return 0 end
  key = ngx.unescape_uri((key:gsub("%+", "%%2B")))
  return math.max(deleted_in(young.batches, bucket, key), deleted_in(old.batches, bucket, key))
end

-- What is known of a key: nil for nothing, `gone` for an object that is not there.
function memory.recall(uri)
  local path = path_of(uri)
  local note = young.keys[path] or old.keys[path]
  if last_deleted(path) > (note and note.number or 0) then return { gone = true } end
  local bucket = bucket_of(path)
  return note or young.buckets[bucket] or old.buckets[bucket]
end

-- The headers of a note by their names in small letters.
function memory.headers_of(note)
  local found = {}
  for name, value in (note and note.headers or ""):gmatch("([^\r\n:]+):[ \t]*([^\r\n]*)") do
    found[name:lower()] = value
  end
  return found
end

return memory
