-- A bucket that takes whatever is written to it, says so at once, and keeps nothing: for measuring how fast
-- bytes can be sent. Checksums that came with a body are repeated, as storages do that verified them.
local sending = require "sending"
local sink = {}

-- No MD5, which would cost more than all else here.
local ETAG = '"7265f4d211b56873a381d321f586e4a9-1"'

local PIECE = 256 * 1024

-- To the last byte: who answers earlier has taken nothing.
local function swallow()
  if (tonumber(ngx.var.http_content_length) or 0) == 0 then return end
  local body = ngx.req.socket()
  body:settimeouts(60000, 60000, 60000)
  while body:receiveany(PIECE) do end
end

local function take()
  local request = ngx.var
  swallow()
  ngx.header["ETag"] = ETAG
  ngx.header["x-amz-checksum-crc32"] = request.http_x_amz_checksum_crc32
  sending.send(200)
end

local function begin()
  ngx.header["x-amz-checksum-algorithm"] = ngx.var.http_x_amz_checksum_algorithm
  sending.send(200, sending.document("InitiateMultipartUploadResult", "<UploadId>upload</UploadId>"))
end

local function complete()
  swallow()
  sending.send(200, sending.document("CompleteMultipartUploadResult",
    "<ETag>&quot;" .. ETAG:sub(2, -2) .. "&quot;</ETag>"))
end

-- Of an object below sink/<bytes>/<prefix>/, that it has so many.
local function look()
  local size = ngx.var.uri:match("^/sink/(%d+)/[^/]+/.")
  if not size then return sending.refuse(404, "NoSuchKey", "") end
  ngx.header["ETag"] = ETAG
  ngx.header["Content-Length"] = size
  ngx.header["Last-Modified"] = ngx.http_time(ngx.time())
  sending.name_request()
  ngx.status = 200
  ngx.send_headers()
end

function sink.give()
  local method, query = ngx.var.request_method, ngx.var.args or ""
  if method == "PUT" then return take() end
  if method == "HEAD" then return look() end
  if method == "DELETE" then return sending.send(204) end
  if method == "POST" and query:find("^uploads") then return begin() end
  if method == "POST" then return complete() end
  sending.refuse(404, "NoSuchKey", "The specified key does not exist.")
end

return sink
