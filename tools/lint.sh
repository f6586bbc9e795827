#!/usr/bin/env bash
# What can be said about the sources without running them. `./dev lint` installs the tools and configures build/dev
# (clang-tidy reads its compile_commands.json), then calls this.
set -uo pipefail
if [ $# -gt 0 ]; then
    echo 'usage: ./dev lint' >&2
    exit 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
mkdir -p build/lint/tidy
bad=0

files() {  # PATTERN...: of the repository, committed or about to be
    git ls-files -co --exclude-standard -- "$@" | while read -r file; do if [ -f "$file" ]; then echo "$file"; fi; done
}

scripts() {
    files | while read -r file; do
        if head -c 40 "$file" | grep -qaE '^#!.*\b(ba|da)?sh\b'; then echo "$file"; fi
    done
}

each() {  # COMMAND...: with the lines of standard input as further arguments
    local names
    mapfile -t names
    [ ${#names[@]} -eq 0 ] || "$@" "${names[@]}"
}

check() {  # NAME COMMAND...
    local name=$1; shift
    printf '== %s\n' "$name" >&2
    "$@" || { echo "lint: $name failed"; bad=$((bad + 1)); }
}

format() { files '*.cpp' '*.h' | each clang-format-19 --dry-run -Werror; }
shell() { scripts | each shellcheck; }
python() { files '*.py' | PYTHONPYCACHEPREFIX=build/lint/pycache each python3 -m py_compile; }
places() { ! files | each grep -nIE '(^|[^[:alnum:]_.-])/(wor[k]|roo[t]|User[s])/[[:alnum:]]'; }
# A section is one line, `// --- what`: a longer one is broken in two by clang-format.
sections() { ! files '*.cpp' '*.h' | each grep -nE '^ *// ?-{10,} *$'; }

# A file whose key is known has been found clean; the key is made of everything that can change the answer.
tidy_one() {  # KEY FILE
    local said
    if said=$(clang-tidy-19 -p build/dev --quiet "$2" 2>&1); then touch "build/lint/tidy/$1"; return; fi
    printf '%s\n' "$said" | grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed |^Use -header-filter'
    return 1
}
export -f tidy_one

tidy() {
    local headers file key
    headers=$({
        files '*.h' '*CMakeLists.txt' 'cmake/*' .clang-tidy | each sha256sum
        clang-tidy-19 --version
    } | sha256sum)
    files 'src/*.cpp' 'examples/*.cpp' | while read -r file; do
        key=$(echo "$headers $(sha256sum "$file")" | sha256sum | cut -c 1-32)
        [ -e "build/lint/tidy/$key" ] || printf '%s\n' "$key" "$file"
    done >build/lint/tidy.todo
    xargs -r -n 2 -P "$(nproc)" bash -c 'tidy_one "$@"' tidy_one <build/lint/tidy.todo
}

check "clang-format" format
check "shellcheck" shell
check "python" python
check "layers" python3 tools/check_layers.py
check "no paths of one machine" places
check "sections" sections
check "clang-tidy" tidy
[ "$bad" = 0 ] || { echo "lint: $bad checks failed"; exit 1; }
echo "lint: clean"
