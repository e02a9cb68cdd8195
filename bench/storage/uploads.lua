-- Copies in parts: the objects of a bucket large-N have N bytes each, which one request does not copy.
local memory = require "memory"
local sending = require "sending"
local document, refuse, send = sending.document, sending.refuse, sending.send
local uploads = {}

local PAGE = 1000
local begun = {}
local count = 0

-- The size of a large object, nil for any other; `path` as /bucket/key or bucket/key.
function uploads.size_of(path)
  return tonumber(path:match("^/?large%-(%d+)/."))
end

function uploads.refuse_copy()
  refuse(400, "InvalidRequest", "The specified copy source is larger than the maximum allowable size"
    .. " for a copy source: 5368709120")
end

-- Of one and the same part the ETag is the same whoever copies it.
local function etag_of(number)
  return ngx.md5(tostring(number))
end

local function no_upload()
  refuse(404, "NoSuchUpload", "The specified upload does not exist.")
end

function uploads.create()
  count = count + 1
  local id = "upload-" .. count
  begun[id] = { headers = ngx.req.raw_header(true), sizes = {}, parts = 0, bytes = 0 }
  send(200, document("InitiateMultipartUploadResult", "<UploadId>" .. id .. "</UploadId>"))
end

function uploads.copy_part(id, number)
  local upload = begun[id]
  if not upload then return no_upload() end
  local first, last = (ngx.var.http_x_amz_copy_source_range or ""):match("^bytes=(%d+)%-(%d+)$")
  local size = first and last - first + 1 or uploads.size_of(ngx.var.http_x_amz_copy_source) or 0
  if not upload.sizes[number] then
    upload.parts, upload.bytes = upload.parts + 1, upload.bytes + size
  end
  upload.sizes[number] = size
  send(200, document("CopyPartResult", "<ETag>&quot;" .. etag_of(number) .. "&quot;</ETag>"
    .. "<LastModified>2026-01-02T03:04:05.000Z</LastModified>"))
end

function uploads.list(id, after)
  local upload = begun[id]
  if not upload then return no_upload() end
  local numbers, lines = {}, {}
  for number in pairs(upload.sizes) do
    if number > after then numbers[#numbers + 1] = number end
  end
  table.sort(numbers)
  for index = 1, math.min(PAGE, #numbers) do
    local number = numbers[index]
    lines[index] = ("<Part><PartNumber>%d</PartNumber><ETag>&quot;%s&quot;</ETag><Size>%d</Size></Part>")
      :format(number, etag_of(number), upload.sizes[number])
  end
  send(200, document("ListPartsResult", "<NextPartNumberMarker>" .. (numbers[#lines] or after)
    .. "</NextPartNumberMarker><IsTruncated>" .. tostring(#numbers > #lines) .. "</IsTruncated>"
    .. table.concat(lines)))
end

function uploads.complete(id, body)
  local upload = begun[id]
  if not upload then return no_upload() end
  local _, named = body:gsub("<PartNumber>", "")
  if named ~= upload.parts then
    return refuse(400, "InvalidPart", "One or more of the specified parts could not be found.")
  end
  begun[id] = nil
  local etag = '"' .. ngx.md5(id) .. "-" .. named .. '"'
  memory.put(ngx.var.request_uri, upload.headers, ngx.time(), upload.bytes, etag)
  send(200, document("CompleteMultipartUploadResult", "<ETag>" .. etag:gsub('"', "&quot;") .. "</ETag>"))
end

function uploads.abort(id)
  if not begun[id] then return no_upload() end
  begun[id] = nil
  send(204)
end

return uploads
