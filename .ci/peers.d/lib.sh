# What the stages share. Sourced, after PEERS, WORK and POSTRIDER were set by `.ci/peers`.
set -euo pipefail
: "${PEERS:?run .ci/peers}" "${WORK:?run .ci/peers}" "${POSTRIDER:?run .ci/peers}"

# Debian's own Python, whose packages come from Debian: the machine may have others in PATH.
PYTHON=/usr/bin/python3
# What is judged: the publication of the first stage, unless a stage names another one.
PUBLICATION=${PUBLICATION:-$WORK/publication}
MAIL=${MAIL:-$WORK/mail}
# One message of each issue.
ONE_READER=${ONE_READER:-$MAIL/reader1@example.org}
READERS=200
# An address that the mail server does not know.
GONE=gone@example.org

fail() {
    echo "error: $*" >&2
    exit 1
}

# need PACKAGE PROBE...: installs a package where the command PROBE fails.
need() {
    local package=$1
    shift
    if "$@" >/dev/null 2>&1; then return; fi
    echo "installing $package"
    if [[ ! -e $WORK/apt-updated ]]; then
        apt-get -qq update
        touch "$WORK/apt-updated"
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y "$package" >"$WORK/apt.log" 2>&1 ||
        { cat "$WORK/apt.log" >&2; fail "cannot install $package"; }
}

has_command() { command -v "$1"; }
has_module() { "$PYTHON" -c "import $1"; }

# A free port below the ones that the system gives to outgoing connections: one of those may be
# taken between this look and the server's own bind.
free_port() {
    "$PYTHON" - <<'PYTHON'
import random, socket
while True:
    port = random.randint(20000, 32000)
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PYTHON
}

# postrider ARGUMENTS...: the program in the publication, with nothing of our environment but PATH
# and what stands before it in ENVIRONMENT.
ENVIRONMENT=()
postrider() {
    env -i PATH="$PATH" "${ENVIRONMENT[@]}" "$POSTRIDER" -C "$PUBLICATION" "$@"
}

readers() {
    seq -f 'reader%.0f@example.org' "$READERS"
}
