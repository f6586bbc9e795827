#!/bin/busybox sh
# shellcheck shell=dash
# The first process of the machine that run.sh boots: a server, curl, and a kernel with the module "tls".
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs -o size=400m none /tmp
cd /tmp || exit

bad=0 by_kernel=0
check() { # WHAT COMMAND...
    what=$1
    shift
    if "$@"; then echo "ok  $what"; else echo "NOT $what"; bad=1; fi
}
get() { # FILE options of curl
    file=$1
    shift
    rm -f back
    timeout 600 curl -sS --ssl-reqd --cacert /server.pem -o back "$@" "ftp://127.0.0.1:2121/$file" && cmp "$file" back
}
by_the_kernel() { # WHAT FILE options of curl: a download that the server has to leave to the kernel
    by_kernel=$((by_kernel + 1))
    check "$@"
}
metric() { sed -n "s/^wherry_$1 //p" ../metrics; }
kernel_says() { awk -v name="$1" '$1 == name { print $2 }' /proc/net/tls_stat; }

ip link set lo up
check "the module is there" modprobe tls
mkdir files
for size in 0 1 100000 300001 20000000; do head -c $size /dev/urandom >files/$size; done
server /tmp/files /server.pem >metrics 2>log &
server=$!
cd files || exit
n=0
until [ $n -ge 60 ] || grep -q "listening ftp" ../log; do
    n=$((n + 1))
    sleep 1
done

for version in 1.3 1.2; do
    set -- "--tlsv$version" --tls-max "$version"
    for size in 0 1 100000; do check "TLS $version, $size bytes" get $size "$@"; done
    by_the_kernel "TLS $version, 300001 bytes by the kernel" get 300001 "$@"
    by_the_kernel "TLS $version, 20000000 bytes by the kernel" get 20000000 "$@"
    # The socket is full most of the time, and records go in pieces.
    by_the_kernel "TLS $version, a slow client" get 20000000 "$@" --limit-rate 6M
    for suite in TLS_AES_128_GCM_SHA256 TLS_CHACHA20_POLY1305_SHA256; do
        [ $version = 1.3 ] || continue
        by_the_kernel "TLS $version with $suite" get 300001 "$@" --tls13-ciphers $suite
    done
    head -c 1234567 20000000 >../part
    by_kernel=$((by_kernel + 1))
    check "TLS $version, the rest of a file" timeout 600 curl -sS --ssl-reqd --cacert /server.pem "$@" -C - \
        -o ../part ftp://127.0.0.1:2121/20000000
    check "TLS $version, all of it is right" cmp 20000000 ../part
    # One control connection, whose TLS session all data connections resume.
    urls=
    for i in 1 2 3 4 5; do urls="$urls -o ../many$i ftp://127.0.0.1:2121/300001"; done
    by_kernel=$((by_kernel + 5))
    # shellcheck disable=SC2086 # several words
    check "TLS $version, five in a row" timeout 600 curl -sS --ssl-reqd --cacert /server.pem "$@" $urls
    for i in 1 2 3 4 5; do cmp 300001 ../many$i || bad=1; done
    by_kernel=$((by_kernel + 1))
    head -c 300000 20000000 >../part
    check "TLS $version, a client that leaves in the middle" timeout 600 curl -sS --ssl-reqd --cacert /server.pem "$@" \
        -r 0-299999 -o ../back ftp://127.0.0.1:2121/20000000
    check "TLS $version, what it took is right" cmp ../part ../back
    check "TLS $version, an upload" timeout 600 curl -sS --ssl-reqd --cacert /server.pem "$@" -T 20000000 \
        ftp://127.0.0.1:2121/up
    check "TLS $version, it is stored whole" cmp 20000000 up
done

kill "$server"
wait "$server"
check "the metric says $by_kernel: $(metric tls_kernel_total)" [ "$(metric tls_kernel_total)" = $by_kernel ]
check "the kernel says $by_kernel: $(kernel_says TlsTxSw)" [ "$(kernel_says TlsTxSw)" = $by_kernel ]
check "it did not decrypt: $(kernel_says TlsRxSw)" [ "$(kernel_says TlsRxSw)" = 0 ]
check "data connections resumed: $(metric tls_resumed_total)" [ "$(metric tls_resumed_total)" -ge 10 ]
[ $bad = 0 ] || cat ../log
[ $bad = 0 ] && echo "kTLS: PASS"
poweroff -f
