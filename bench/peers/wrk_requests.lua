-- wrk -s wrk_requests.lua URL -- copy|tag|delete: the bare request, unsigned, always for the same key.
function init(args)
  wrk.method = "PUT"
  if args[1] == "copy" then
    wrk.path = "/copies/data/part-000000001.parquet"
    wrk.headers["x-amz-copy-source"] = "/data/data/part-000000001.parquet"
  elseif args[1] == "delete" then
    local keys = {}
    for number = 0, 999 do
      keys[#keys + 1] = ("<Object><Key>data/part-%09d.parquet</Key></Object>"):format(number)
    end
    wrk.method = "POST"
    wrk.path = "/data?delete"
    wrk.body = "<Delete>" .. table.concat(keys) .. "</Delete>"
  else
    wrk.path = "/data/data/part-000000001.parquet?tagging"
    wrk.headers["Content-Type"] = "application/xml"
    wrk.body = "<Tagging><TagSet><Tag><Key>team</Key><Value>blue</Value></Tag></TagSet></Tagging>"
  end
  request_bytes = wrk.format(wrk.method, wrk.path, wrk.headers, wrk.body)
end

function request()
  return request_bytes
end
