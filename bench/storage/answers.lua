-- Answers as S3 would, at once and without looking: no signature is checked and nothing is kept.
local answers = {}

local PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'
local SPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
local ETAG = '"d41d8cd98f00b204e9800998ecf8427e"'
local DATE = "2026-01-02T03:04:05.000Z"
local PAGE = 1000
local served = 0

local function document(name, inside)
  return PROLOG .. "<" .. name .. SPACE .. ">" .. inside .. "</" .. name .. ">"
end

local COPIED = document("CopyObjectResult",
  "<ETag>&quot;" .. ETAG:sub(2, -2) .. "&quot;</ETag><LastModified>" .. DATE .. "</LastModified>")
local TAGS = document("Tagging", "<TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet>")

local function send(status, body)
  ngx.status = status
  ngx.header["x-amz-request-id"] = "0123456789ABCDEF"
  ngx.header["x-amz-id-2"] = "bm90IGEgcmVhbCBob3N0IGlkLCBidXQgYXMgbG9uZyBhcyBvbmUgaXMgb24gYXZlcmFnZQ=="
  ngx.header["Content-Length"] = body and #body or 0
  if body then
    ngx.header["Content-Type"] = "application/xml"
    ngx.print(body)
  else
    ngx.send_headers()
  end
end

local function refuse(status, code, message)
  local inside = "<Code>" .. code .. "</Code><Message>" .. message .. "</Message>"
  send(status, PROLOG .. "<Error>" .. inside .. "<RequestId>0123456789ABCDEF</RequestId></Error>")
end

function answers.slow_down()
  ngx.header["Retry-After"] = 1
  refuse(503, "SlowDown", "Please reduce your request rate.")
end

-- Bucket list-N holds N objects, data/part-000000000.parquet and so on; the token is a number.
local function list(total, from)
  local last, lines = math.min(total, from + PAGE), {}
  for number = from, last - 1 do
    lines[#lines + 1] = ("<Contents><Key>data/part-%09d.parquet</Key><LastModified>%s</LastModified>"
      .. "<ETag>&quot;%s&quot;</ETag><Size>1024</Size><StorageClass>STANDARD</StorageClass></Contents>")
      :format(number, DATE, ETAG:sub(2, -2))
  end
  local more = last < total
  local token = more and "<NextContinuationToken>" .. last .. "</NextContinuationToken>" or ""
  send(200, document("ListBucketResult", "<Name>list-" .. total .. "</Name><Prefix></Prefix><KeyCount>"
    .. #lines .. "</KeyCount><MaxKeys>" .. PAGE .. "</MaxKeys><IsTruncated>" .. tostring(more)
    .. "</IsTruncated>" .. token .. table.concat(lines)))
end

local function delete_many()
  ngx.req.read_body()
  local body, lines = ngx.req.get_body_data() or "", {}
  if not body:find("<Quiet>true</Quiet>", 1, true) then
    for key in body:gmatch("<Key>(.-)</Key>") do
      lines[#lines + 1] = "<Deleted><Key>" .. key .. "</Key></Deleted>"
    end
  end
  send(200, document("DeleteResult", table.concat(lines)))
end

local function describe(method)
  ngx.header["ETag"] = ETAG
  ngx.header["Last-Modified"] = "Fri, 02 Jan 2026 03:04:05 GMT"
  if method == "GET" then return send(200, ("x"):rep(1024)) end
  ngx.status = 200
  ngx.header["Content-Length"] = 1024
  ngx.send_headers()
end

-- One request in a hundred is throttled, one copy in two hundred fails inside a 200, and one
-- request in two hundred finds no object. Returns true when that was the answer.
local function fail(is_copy)
  served = served + 1
  if served % 100 == 0 then
    answers.slow_down()
  elseif served % 200 == 51 and is_copy then
    send(200, PROLOG .. "<Error><Code>InternalError</Code><Message>Please try again.</Message></Error>")
  elseif served % 200 == 151 then
    refuse(404, "NoSuchKey", "The specified key does not exist.")
  else
    return false
  end
  return true
end

function answers.give(delay_s, faulty)
  if delay_s > 0 then ngx.sleep(delay_s) end
  local request = ngx.var
  local method, query = request.request_method, request.args or ""
  local is_copy = method == "PUT" and request.http_x_amz_copy_source ~= nil
  if faulty and fail(is_copy) then return end
  if is_copy then return send(200, COPIED) end
  if method == "PUT" then
    if query == "" then ngx.header["ETag"] = ETAG end
    return send(200)
  end
  if method == "DELETE" then return send(204) end
  if method == "POST" and query:find("delete", 1, true) then return delete_many() end
  if method == "POST" and query:find("restore", 1, true) then return send(202) end
  if method == "POST" then return refuse(405, "MethodNotAllowed", "There is no such call here.") end
  if query:find("tagging", 1, true) then return send(200, TAGS) end
  local total = request.uri:match("^/list%-(%d+)/?$")
  if total and method == "GET" then
    return list(tonumber(total), tonumber(request["arg_continuation-token"] or 0) or 0)
  end
  describe(method)
end

return answers
