#!/usr/bin/env bash
# Does the kernel encrypt downloads (kTLS), and do they arrive whole? Not every machine has the module for it: so this
# boots a Debian kernel, from its package and never installed, in a virtual machine without hardware help, with
# tests/ktls/inside.sh as its first process. ./dev test --ktls, or: tests/ktls/run.sh SERVER [FOLDER-FOR-WORK]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
server=$(realpath "$1") work=${2:-build/ktls}
patience=1800  # seconds until the machine is given up

mkdir -p "$work"
work=$(cd "$work" && pwd)
package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
[ -n "$package" ] || { echo "apt knows no linux-image-cloud-amd64 (apt-get update first?)" >&2; exit 1; }
if [ ! -d "$work/$package" ]; then
    (cd "$work" && apt-get download -q "$package" >download.log 2>&1) || { cat "$work/download.log" >&2; exit 1; }
    dpkg-deb -x "$work/$package"_*.deb "$work/$package.part"
    mv "$work/$package.part" "$work/$package"
fi
version=${package#linux-image-} modules=$work/$package/lib/modules

# --- what is in the machine
root=$work/root
rm -rf "$root"
mkdir -p "$root"/{bin,dev,proc,sys,tmp} "$root/lib/modules/$version/kernel"
ln -s bin "$root/sbin"
for program in "$server" "$(command -v curl)" "$(command -v busybox)"; do
    cp "$program" "$root/bin/"
    ldd "$program" | awk '{ for (i = 1; i <= NF; ++i) if ($i ~ /^\//) print $i }' | while read -r library; do
        mkdir -p "$root$(dirname "$library")"
        cp -L "$library" "$root$library"
    done
done
mv "$root/bin/$(basename "$server")" "$root/bin/server"
for folder in net/tls crypto lib/crypto arch/x86/crypto; do
    mkdir -p "$root/lib/modules/$version/kernel/$folder"
    cp "$modules/$version/kernel/$folder"/*.ko "$root/lib/modules/$version/kernel/$folder/"
done
cp "$modules/$version"/modules.{builtin,order} "$root/lib/modules/$version/"
busybox depmod -b "$root" "$version"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
cat "$work/certificate.pem" "$work/key.pem" >"$root/server.pem"
install -m 755 "$here/inside.sh" "$root/init"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$work/initramfs.gz"

# --- and its run
timeout "$patience" qemu-system-x86_64 -accel tcg -cpu max -m 1024 -nodefaults -display none -no-reboot \
    -serial "file:$work/console" -kernel "$work/$package/boot/vmlinuz-$version" -initrd "$work/initramfs.gz" \
    -append "console=ttyS0 quiet panic=-1" </dev/null || echo "the machine was given up after $patience seconds"
tr -d '\r' <"$work/console" >"$work/console.log"
grep -aE '^(ok|NOT|kTLS)' "$work/console.log" || true
grep -qa '^kTLS: PASS$' "$work/console.log" || { tail -n 40 "$work/console.log" >&2; echo "kTLS: FAIL"; exit 1; }
