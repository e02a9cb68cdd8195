-- How an answer goes out: with the headers that S3 sends with all of them. nginx adds the Date.
local sending = {}

local PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'
local SPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'

sending.PROLOG = PROLOG

function sending.document(name, inside)
  return PROLOG .. "<" .. name .. SPACE .. ">" .. inside .. "</" .. name .. ">"
end

function sending.name_request()
  ngx.header["x-amz-request-id"] = "0123456789ABCDEF"
  ngx.header["x-amz-id-2"] = "bm90IGEgcmVhbCBob3N0IGlkLCBidXQgYXMgbG9uZyBhcyBvbmUgaXMgb24gYXZlcmFnZQ=="
end

function sending.send(status, body)
  ngx.status = status
  sending.name_request()
  ngx.header["Content-Length"] = body and #body or 0
  if body then
    ngx.header["Content-Type"] = "application/xml"
    ngx.print(body)
  else
    ngx.send_headers()
  end
end

function sending.json(status, body)
  ngx.status = status
  ngx.header["x-amzn-RequestId"] = "01234567-89ab-cdef-0123-456789abcdef"
  ngx.header["Content-Length"] = #body
  ngx.header["Content-Type"] = "application/json"
  ngx.print(body)
end

function sending.refuse(status, code, message)
  if ngx.var.request_method == "HEAD" then
    ngx.status = status
    sending.name_request()
    return ngx.send_headers()
  end
  local inside = "<Code>" .. code .. "</Code><Message>" .. message .. "</Message>"
  sending.send(status, PROLOG .. "<Error>" .. inside .. "<RequestId>0123456789ABCDEF</RequestId></Error>")
end

return sending
