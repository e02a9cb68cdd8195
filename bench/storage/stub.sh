#!/bin/sh
# stub.sh install|start|stop: nginx with Lua, unpacked from Debian packages, on ports of 127.0.0.1.
# S3STUB_DEB is where the packages are, S3STUB_RUN where it runs, S3STUB_BASE its first port,
# S3STUB_AFFINITY its core as a mask, S3STUB_LOG "/path m" where it writes down what it answered.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$S3STUB_DEB/root
libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
libraries=$libraries:$root/usr/lib/aarch64-linux-gnu:$root/lib/aarch64-linux-gnu

install() {
    mkdir -p "$S3STUB_DEB"
    cd "$S3STUB_DEB"
    apt-get download nginx libnginx-mod-http-lua libnginx-mod-http-ndk lua-resty-core \
        lua-resty-lrucache libpcre3 libluajit2-5.1-2
    for package in *.deb; do dpkg -x "$package" root; done
}

make_certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$S3STUB_RUN/k.pem" -out "$S3STUB_RUN/c.pem" 2>/dev/null
}

write_settings() {
    log=${S3STUB_LOG:-off}
    [ "$log" = off ] || log="${log% m} counted"
    for module in ndk_http_module ngx_http_lua_module; do
        echo "load_module $root/usr/lib/nginx/modules/$module.so;"
    done
    sed -e "s#@RUN@#$S3STUB_RUN#g; s#@HERE@#$here#g; s#@LUA@#$root/usr/share/lua/5.1#g" \
        -e "s#@FILES@#${S3STUB_FILES:-$S3STUB_RUN/files}#g; s#@LOG@#$log#g" \
        -e "s#@AFFINITY@#${S3STUB_AFFINITY:-1}#; s#@AT_ONCE@#$S3STUB_BASE#" \
        -e "s#@AFTER_5@#$((S3STUB_BASE + 5))#; s#@AFTER_20@#$((S3STUB_BASE + 20))#" \
        -e "s#@AFTER_50@#$((S3STUB_BASE + 50))#; s#@TLS@#$((S3STUB_BASE + 43))#" \
        -e "s#@LIMITED@#$((S3STUB_BASE + 100))#; s#@FAULTY@#$((S3STUB_BASE + 101))#" \
        "$here/nginx.conf.in"
}

start() {
    mkdir -p "$S3STUB_RUN/files"
    [ -e "$S3STUB_RUN/c.pem" ] || make_certificate
    write_settings >"$S3STUB_RUN/nginx.conf"
    LD_LIBRARY_PATH=$libraries "$root/usr/sbin/nginx" -p "$S3STUB_RUN" \
        -c "$S3STUB_RUN/nginx.conf" -e "$S3STUB_RUN/error.log"
}

case "${1:-}" in
install | start) "$1" ;;
stop) kill -QUIT "$(cat "$S3STUB_RUN/nginx.pid")" ;;
*)
    echo "usage: stub.sh install|start|stop" >&2
    exit 2
    ;;
esac
