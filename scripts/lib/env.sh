# Sourced by scripts/{demo,test,check} and .ci/run: makes and keeps the virtual environment in .venv.
#
# `ensure_environment run` is what the tool needs, with LanguageTool's adapter; `ensure_environment all` adds what
# tests, training and the other runners need. A stamp, written last, names what was installed from which files: an
# interrupted install is taken up again, an unchanged one costs nothing.
#
#   PYTHON                the interpreter to make .venv with; else the first Python 3.11 or later on the PATH
#   PIP_EXTRA_INDEX_URL   for pip, as always: PyTorch's index of CPU wheels saves gigabytes where there is no GPU

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv="$root/.venv"

say() { printf '%s\n' "== $*" >&2; }

fail() {
    printf '%s\n' "error: $*" >&2
    exit 2
}

# The first interpreter that really starts, is new enough and can make virtual environments.
find_python() {
    local name path
    for name in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
        while read -r path; do
            if "$path" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
                printf '%s\n' "$path"
                return 0
            fi
        done < <(type -aP "$name")
    done
    return 1
}

ensure_venv() {
    local python
    if "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python) || fail "no Python 3.11 or later with the venv module on the PATH." \
        "Install python3.11 and python3.11-venv, or name an interpreter in PYTHON, and run this again."
    say "making .venv with $python"
    "$python" -m venv --clear "$venv"
}

# What is installed depends on these files, on the interpreter, and on where the checkout lies.
environment_hash() {
    {
        cat "$root/constraints.txt" "$root/pyproject.toml" "$root/repair/__init__.py"
        "$venv/bin/python" -VV
        printf '%s\n' "$root"
    } | sha256sum | cut -c1-16
}

# Without --no-compile every module of every package is compiled; Python does that for those that it imports.
install() {
    local quiet=()
    [ -t 1 ] || quiet=(--quiet)
    "$venv/bin/python" -m pip install --require-virtualenv --disable-pip-version-check --no-compile "${quiet[@]}" \
        --constraint "$root/constraints.txt" "$@"
}

ensure_environment() {
    local level=$1 extras=languagetool hash
    [ "$level" = all ] && extras=languagetool,engines,train,dev
    ensure_venv
    hash=$(environment_hash)
    if [ -e "$venv/.ready-all-$hash" ] || [ -e "$venv/.ready-$level-$hash" ]; then
        return
    fi
    rm -f "$venv"/.ready-*
    # The pinned torch goes first and alone: left to the resolver, its largest build may be chosen, and chosen again.
    say "installing torch (the longest step)"
    install torch
    say "installing repair with [$extras]"
    install --editable "$root[$extras]"
    touch "$venv/.ready-$level-$hash"
    say "environment ready in .venv"
}

# LanguageTool's folder, where one was laid beside the checkout and none was named.
find_languagetool() {
    if [ -z "${LTP_PATH:-}" ] && [ -d "$root/../shared/languagetool" ]; then
        LTP_PATH=$(cd "$root/../shared/languagetool" && pwd)
        export LTP_PATH
    fi
    if [ -n "${LTP_PATH:-}" ]; then say "LanguageTool in $LTP_PATH"; fi
}
