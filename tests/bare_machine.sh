#!/usr/bin/env bash
# Does it work where there is nothing yet? Makes a Debian 12 of the smallest kind (debootstrap minbase with git and
# ca-certificates), clones the last commit into it, runs `./dev serve`, moves files by curl from outside, then runs
# `./dev test` and `./dev lint`. Prints how long each step took. As root: ./dev try-bare [--serve-only] [--keep]
#
# Packages come from the mirror that this machine's own apt uses. Mounts and processes live in namespaces of their own
# and so cannot outlast the script.
set -euo pipefail
[ "$(id -u)" = 0 ] || { echo "a chroot needs root: sudo $0" >&2; exit 1; }
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
timed() {  # NAME COMMAND...
    local name=$1 begin=$SECONDS; shift
    "$@" || { say "$name FAILED after $((SECONDS - begin)) s"; exit 1; }
    say "$name took $((SECONDS - begin)) s"
}
inside() { "${chroot[@]}" "cd /wherry && exec $1" </dev/null; }

# What apt here calls Debian, as lines of sources.list: the first one is the mirror.
sources() {
    # shellcheck disable=SC2016 # $(...) is apt's own
    apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT) #$(ORIGIN)' 'Created-By: Packages' |
        sed -n 's/ #Debian$//p' | sort -u
}

make_machine() {
    local mirror
    mirror=$(sources | awk '$3 !~ /security|updates|backports/ { print $2; exit }')
    [ -n "$mirror" ] || { echo "apt knows no Debian mirror here (apt-get update first?)"; return 1; }
    debootstrap --variant=minbase --include=git,ca-certificates bookworm "$machine" "$mirror" \
        >"$work/debootstrap.log" 2>&1 || { tail -n 5 "$work/debootstrap.log"; return 1; }
    {
        echo "deb $mirror bookworm main"
        sources | awk '$3 ~ /^bookworm-(updates|security)$/'
    } >"$machine/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::https?::Proxy' >"$machine/etc/apt/apt.conf.d/90proxy" || true
    git -c safe.directory="$repository" -C "$repository" bundle create -q "$machine/wherry.bundle" HEAD --branches
    chroot "$machine" git clone -q /wherry.bundle /wherry
    mount -t proc proc "$machine/proc"
    mount --rbind /dev "$machine/dev"
}

wait_for_url() {  # reads what `./dev serve` says until it has told how to fetch a file
    local line
    while IFS= read -r -t 1200 -u 3 line; do
        printf '    %s\n' "$line"
        if [[ $line =~ curl\ -O\ (ftp://[^ ]+)/README.txt ]]; then url=${BASH_REMATCH[1]}; return 0; fi
    done
    return 1
}

move_files() {
    local sample=$machine/wherry/build/sample
    curl -sS --max-time 20 "$url/README.txt" | cmp - "$sample/README.txt" &&
        curl -sS --max-time 20 -T "$work/debootstrap.log" "$url/upload/" &&
        cmp "$work/debootstrap.log" "$sample/upload/debootstrap.log"
}

if [ -z "${WHERRY_BARE:-}" ]; then
    work=$(mktemp -d /var/tmp/wherry-bare.XXXXXX)
    if [[ " $* " = *" --keep "* ]]; then say "in $work"; else trap 'rm -rf --one-file-system "$work"' EXIT; fi
    WHERRY_BARE=$work unshare --mount --pid --fork --kill-child "$0" "$@"
    exit
fi

work=$WHERRY_BARE machine=$WHERRY_BARE/machine url=
chroot=(chroot "$machine" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root CI=true sh -c)
timed "the machine (debootstrap, clone)" make_machine
exec 3< <(exec "${chroot[@]}" "cd /wherry && exec ./dev serve -p 0" 2>&1 </dev/null)
server=$!
timed "from ./dev serve to a listening server" wait_for_url
timed "moving two files" move_files
kill "$server"
while IFS= read -r -t 60 -u 3 line; do printf '    %s\n' "$line"; done
exec 3<&-
[[ " $* " != *" --serve-only "* ]] || exit 0
bad=0
(timed "./dev test" inside "./dev test") || bad=1
(timed "./dev lint" inside "./dev lint") || bad=1
[ $bad = 0 ] || exit 1
say "a bare machine serves and passes"
