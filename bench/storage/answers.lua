-- Answers as S3 would, at once: no signature is checked, and what was written is remembered only for
-- those who read it back soon.
local memory = require "memory"
local reading = require "reading"
local sending = require "sending"
local uploads = require "uploads"
local document, refuse, send = sending.document, sending.refuse, sending.send
local answers = {}

local ETAG = reading.ETAG
local PAGE = 1000
local served = 0

-- The last-modified date of this second, as XML has it.
local now_s, now, copied = 0, "", ""

local function at_this_time()
  if ngx.time() ~= now_s then
    now_s = ngx.time()
    now = os.date("!%Y-%m-%dT%H:%M:%S.000Z", now_s)
    copied = document("CopyObjectResult", "<ETag>&quot;" .. ETAG:sub(2, -2)
      .. "&quot;</ETag><LastModified>" .. now .. "</LastModified>")
  end
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
      .. "<ETag>&quot;%s&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>")
      :format(number, "2026-01-02T03:04:05.000Z", ETAG:sub(2, -2), reading.SIZE)
  end
  local more = last < total
  local token = more and "<NextContinuationToken>" .. last .. "</NextContinuationToken>" or ""
  send(200, document("ListBucketResult", "<Name>list-" .. total .. "</Name><Prefix></Prefix><KeyCount>"
    .. #lines .. "</KeyCount><MaxKeys>" .. PAGE .. "</MaxKeys><IsTruncated>" .. tostring(more)
    .. "</IsTruncated>" .. token .. table.concat(lines)))
end

-- Bucket data has an object for each number of nine digits, named as lists name it: part 20 is "... ü".
local function name_of(number)
  if number % 20 ~= 0 then return ("data/part-%09d.parquet"):format(number), nil end
  return ("data/part-%09d ü.parquet"):format(number), ("data/part-%09d+%%C3%%BC.parquet"):format(number)
end

-- The number of the first of these objects behind a key.
local function first_after(key)
  local digits, rest = key:match("^data/part%-(%d*)(.*)$")
  if not digits then return key < "data/part-" and 0 or 1e9 end
  local fill = rest > ":" and "9" or "0"
  local number = tonumber((digits .. fill:rep(9)):sub(1, 9))
  while number < 1e9 and name_of(number) <= key do number = number + 1 end
  return number
end

local function list_data(arguments)
  local number, lines = first_after(arguments["start-after"] or ""), {}
  local most, prefix = math.min(tonumber(arguments["max-keys"]) or PAGE, PAGE), arguments.prefix or ""
  while number < 1e9 and #lines < most do
    local name, encoded = name_of(number)
    if name:sub(1, #prefix) ~= prefix and name > prefix then break end
    local note = memory.recall("/data/" .. (encoded and encoded:gsub("%+", "%%20") or name))
    if name:sub(1, #prefix) == prefix and not (note and note.gone) then
      lines[#lines + 1] = reading.entry(encoded or name, note)
    end
    number = number + 1
  end
  send(200, document("ListBucketResult", "<Name>data</Name><EncodingType>url</EncodingType><KeyCount>" .. #lines
    .. "</KeyCount><MaxKeys>" .. most .. "</MaxKeys><IsTruncated>" .. tostring(#lines == most)
    .. "</IsTruncated>" .. table.concat(lines)))
end

local function delete_many()
  ngx.req.read_body()
  local body, lines = ngx.req.get_body_data() or "", {}
  memory.delete_many(ngx.var.request_uri, body)
  if not body:find("<Quiet>true</Quiet>", 1, true) then
    for key in body:gmatch("<Key>(.-)</Key>") do
      lines[#lines + 1] = "<Deleted><Key>" .. key .. "</Key></Deleted>"
    end
  end
  send(200, document("DeleteResult", table.concat(lines)))
end

-- One request in a hundred is throttled, one copy in two hundred fails inside a 200, and one
-- request in two hundred finds no object. Returns true when that was the answer.
local function fail(is_copy)
  served = served + 1
  if served % 100 == 0 then
    answers.slow_down()
  elseif served % 200 == 51 and is_copy then
    send(200, sending.PROLOG .. "<Error><Code>InternalError</Code><Message>Please try again.</Message></Error>")
  elseif served % 200 == 151 then
    refuse(404, "NoSuchKey", "The specified key does not exist.")
  else
    return false
  end
  return true
end

local function body()
  ngx.req.read_body()
  return ngx.req.get_body_data() or ""
end

local PARTS = { tagging = "tags", retention = "retention", ["legal-hold"] = "hold" }

local function part_of(query)
  return query ~= "" and PARTS[query:match("^[^=&]*")] or nil
end

local function copy(request, query)
  local number = tonumber(query:match("partNumber=(%d+)"))
  if number then return uploads.copy_part(query:match("uploadId=([^&]+)"), number) end
  if uploads.size_of(request.http_x_amz_copy_source) then return uploads.refuse_copy() end
  at_this_time()
  if memory.is_due() then
    memory.copy(request.request_uri, ngx.req.raw_header(true), now_s)
  elseif memory.has_deletions() then
    memory.copy(request.request_uri, nil, now_s)
  end
  send(200, copied)
end

local function put(request, query)
  local part = part_of(query)
  if part then
    if memory.is_due() or memory.has_deletions() then memory.put_part(request.request_uri, part, body()) end
  elseif query == "" then
    local sent = body()
    local etag = '"' .. ngx.md5(sent) .. '"'
    memory.put(request.request_uri, ngx.req.raw_header(true), ngx.time(), #sent, etag)
    ngx.header["ETag"] = etag
  end
  send(200)
end

local function delete(uri, query)
  local upload = query:match("uploadId=([^&]+)")
  if upload then return uploads.abort(upload) end
  if part_of(query) == "tags" then
    memory.put_part(uri, "tags", "")
  else
    memory.delete(uri)
  end
  send(204)
end

-- What a function or a webhook says of its one task: it went well.
local function invoke()
  local event = body()
  local version = event:match('"invocationSchemaVersion":"([^"]*)"')
  local invocation, task = event:match('"invocationId":"([^"]*)"'), event:match('"taskId":"([^"]*)"')
  if not (version and invocation and task) then return refuse(400, "InvalidRequest", "This is no event.") end
  local answer = '{"invocationSchemaVersion":"' .. version .. '","treatMissingKeysAs":"PermanentFailure","invocationId":"'
    .. invocation .. '","results":[{"taskId":"' .. task .. '","resultCode":"Succeeded","resultString":"done"}]}'
  sending.json(200, answer)
end

local function post(query)
  local uri = ngx.var.uri
  if uri == "/hook" or uri:find("^/2015%-03%-31/functions/") then return invoke() end
  if query:find("delete", 1, true) then return delete_many() end
  if query:find("restore", 1, true) then return send(202) end
  local upload = query:match("uploadId=([^&]+)")
  if upload then return uploads.complete(upload, body()) end
  if query:find("uploads", 1, true) then return uploads.create() end
  refuse(405, "MethodNotAllowed", "There is no such call here.")
end

local function read(method, query)
  local part = part_of(query)
  if part == "tags" then return reading.tags() end
  if part then return reading.lock(part) end
  local upload = query:match("uploadId=([^&]+)")
  if upload then return uploads.list(upload, tonumber(ngx.var["arg_part-number-marker"] or 0) or 0) end
  local total = ngx.var.uri:match("^/list%-(%d+)/?$")
  if total and method == "GET" then
    return list(tonumber(total), tonumber(ngx.var["arg_continuation-token"] or 0) or 0)
  end
  if method == "GET" and ngx.var["arg_list-type"] and ngx.var.uri:find("^/data/?$") then
    return list_data(ngx.req.get_uri_args())
  end
  reading.object(method)
end

function answers.give(delay_s, faulty)
  if delay_s > 0 then ngx.sleep(delay_s) end
  local request = ngx.var
  local method, query = request.request_method, request.args or ""
  local is_copy = method == "PUT" and request.http_x_amz_copy_source ~= nil
  if faulty and fail(is_copy) then return end
  if is_copy then return copy(request, query) end
  if method == "PUT" then return put(request, query) end
  if method == "DELETE" then return delete(request.request_uri, query) end
  if method == "POST" then return post(query) end
  read(method, query)
end

return answers
