# What the rows share. Sourced, after MEASURE, WORK, POSTRIDER and RUNS were set by `.ci/measure`.
set -euo pipefail
: "${MEASURE:?run .ci/measure}" "${WORK:?run .ci/measure}" "${POSTRIDER:?run .ci/measure}" "${RUNS:?run .ci/measure}"

# Debian's own Python: the machine may have others in PATH.
PYTHON=/usr/bin/python3
ROOM=$WORK/publication
SINK=
SINK_PORT=
WITNESS=
PROXY=
TIMED=
MISSED=0

fail() {
    echo "error: $*" >&2
    exit 1
}

# need PROGRAM PACKAGE: what is measured with must be there; it is no business of a benchmark to install it.
need() {
    command -v "$1" >/dev/null || fail "there is no \`$1\`; on Debian: apt-get install $2"
}

# Only what this row started, by number. What is timed goes first and is waited for: it writes to the work folder.
tidy() {
    if [[ $TIMED ]]; then
        kill "$TIMED" 2>/dev/null || true
        wait "$TIMED" 2>/dev/null || true
    fi
    for process in $SINK $WITNESS $PROXY; do kill "$process" 2>/dev/null || true; done
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

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

# wait_for_port PORT PROCESS
wait_for_port() {
    until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
        kill -0 "$2" 2>/dev/null || fail "nothing listens on port $1"
        read -rt 0.05 <> <(:) || true
    done
}

# sink_start: a sink of its own for every measurement. On the port of the one before, thousands of connections in
# TIME_WAIT would make a sender slow that opens one for each message.
sink_start() {
    local as=()
    # As root it insists on another user.
    if [[ $(id -u) == 0 ]]; then as=(-u nobody); fi
    SINK_PORT=$(free_port)
    # More sessions than anybody here opens, and a queue that never overflows.
    smtp-sink "${as[@]}" -m 1000 "127.0.0.1:$SINK_PORT" 1000 &
    SINK=$!
    wait_for_port "$SINK_PORT" "$SINK"
}

sink_stop() {
    kill "$SINK"
    wait "$SINK" 2>/dev/null || true
    SINK=
}

# timed COMMAND...: runs it and sets TOOK (seconds), PEAK (KiB) and CORES, which says for the notes who was busy: the
# share of one core that the command and the sink took.
timed() {
    local own sink code=0
    # In the background, because bash would answer a signal only after its end.
    "$PYTHON" "$MEASURE/timed.py" "$WORK/timed" "${SINK:-0}" "$@" >"$WORK/said" 2>&1 &
    TIMED=$!
    wait "$TIMED" || code=$?
    TIMED=
    if ((code)); then
        tail -n 20 "$WORK/said" >&2
        fail "\`$*\` exited with $code"
    fi
    read -r TOOK PEAK own sink <"$WORK/timed"
    CORES="$own % of a core"
    if [[ $SINK ]]; then CORES+=", sink $sink %"; fi
    # It has one thread. What keeps it busy all the time may be faster than this shows.
    if ((sink >= 95)); then CORES+=": the sink is the limit"; fi
}

# calculate EXPRESSION FORMAT: Python's arithmetic, as bash has none for fractions.
calculate() { "$PYTHON" -c "print(format($1, '$2'))"; }
rate() { calculate "$1 / $2" .0f; }

# note NAME VALUE keeps a value of this run; median NAME FORMAT is that of all runs.
note() { echo "$2" >>"$WORK/$ROW.$1"; }
median() { "$PYTHON" -c "import statistics, sys; print(format(statistics.median(map(float, open(sys.argv[1]))), sys.argv[2]))" "$WORK/$ROW.$1" "$2"; }

# roster COUNT: the subscribers of the next publication.
roster() { "$PYTHON" "$MEASURE/material.py" roster "$WORK/subscribers.csv" "$1"; }

# postrider ARGUMENTS...: the program in the publication, with nothing of our environment but what it must know.
postrider() { env -i PATH="$PATH" "$POSTRIDER" -q -C "$ROOM" "$@"; }

# send_to PORT: `send` to everybody through a port of this machine, timed.
send_to() {
    timed env -i PATH="$PATH" POSTRIDER_SMTP_URL="smtp://127.0.0.1:$1" "$POSTRIDER" -q -C "$ROOM" send essay --yes
}

# publication CONNECTIONS: a new one without a ledger, with the roster, one essay, and the built-in layout with a greeting by name.
publication() {
    rm -rf "$ROOM"
    env -i PATH="$PATH" "$POSTRIDER" -q init "$ROOM" >/dev/null
    mkdir -p "$ROOM/templates"
    sed 's/^{{ essay }}$/<p style="margin:0 0 20px">Dear {{ subscriber.name }},<\/p>\n&/' templates/email.html >"$ROOM/templates/email.html"
    sed 's/^{{ essay }}$/Dear {{ subscriber.name }},\n\n&/' templates/email.txt >"$ROOM/templates/email.txt"
    grep -q 'Dear {{' "$ROOM/templates/email.html" || fail "the greeting found no place in templates/email.html"
    "$PYTHON" "$MEASURE/material.py" essay "$WORK/essay.md"
    postrider import "$WORK/essay.md" --first 2026-01-01 >/dev/null
    # After `import`, which need not read them.
    ln -f "$WORK/subscribers.csv" "$ROOM/subscribers.csv"
    # The file ends in its section [smtp].
    printf 'connections = %s\nmessages_per_connection = 1000000\n' "$1" >>"$ROOM/postrider.toml"
}

# all_sent COUNT: the ledger itself says that everybody got it.
all_sent() {
    local sent
    sent=$(postrider --json status essay | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["sent"])')
    [[ $sent == "$1" ]] || fail "$sent of $1 messages were sent"
}

# witness_start [FIRST_MESSAGE], witness_stop NAME: a server that counts instead of being fast, at WITNESS_PORT. What it
# saw is then in CONNECTIONS, AT_ONCE (of these), MESSAGES_SEEN, SIZE (of each) and MOST (messages on a connection).
witness_start() {
    WITNESS_PORT=$(free_port)
    "$PYTHON" "$MEASURE/witness.py" "$WITNESS_PORT" "$WORK/witnessed" "$@" &
    WITNESS=$!
    wait_for_port "$WITNESS_PORT" "$WITNESS"
}

witness_stop() {
    kill "$WITNESS"
    wait "$WITNESS" || true
    WITNESS=
    local bytes
    read -r CONNECTIONS AT_ONCE MESSAGES_SEEN bytes MOST < <("$PYTHON" -c '
import json, sys
seen = json.load(open(sys.argv[1]))
print(*(seen[name] for name in ("connections", "at_once", "messages", "bytes", "most_on_a_connection")))' "$WORK/witnessed")
    SIZE=$((bytes / MESSAGES_SEEN))
    echo "$1: $MESSAGES_SEEN messages of $SIZE bytes over $CONNECTIONS connections, at most $AT_ONCE at a time and $MOST messages on one"
}

# figure NAME VALUE RATIO TEXT [JUDGED at-least|at-most MUST]: a result, and its line of the table. JUDGED is the
# number that the bound is for, not rounded, or an expression for it. What misses its bound makes the row fail, after everything was said.
figure() {
    local bound=-
    echo "figure $1 ${2// /} $3"
    if (($# > 4)); then
        local sign='>='
        if [[ $6 == at-most ]]; then sign='<='; fi
        bound="${6/-/ } $7"
        if [[ $(calculate "int(($5) $sign $7)" d) == 0 ]]; then
            bound+=" (missed)"
            MISSED=1
        fi
    fi
    echo "| $4 | $2 | $3 | $bound |" >>"$WORK/table"
}

finish() { exit "$MISSED"; }
