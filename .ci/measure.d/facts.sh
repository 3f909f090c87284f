# The machine and the programs that a measurement ran on. Sourced by `.ci/measure`.

# version COMMAND...: the first line of what it says, or that it is not there.
version() {
    command -v "$1" >/dev/null && "$@" 2>/dev/null | head -n 1 || echo "not installed"
}

# The time of a small write that must reach the disk: the price of a commit, before anything of ours.
commit_milliseconds() {
    /usr/bin/python3 - "$WORK/commit" <<'PYTHON'
import os, statistics, sys, time
file = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY, 0o600)
times = []
for _ in range(200):
    os.write(file, bytes(4096))
    began = time.perf_counter()
    os.fdatasync(file)
    times.append(time.perf_counter() - began)
print(f"{statistics.median(times) * 1000:.2f}")
PYTHON
}

facts() {
    local processor
    processor=$(sed -n '/^model name/{s/.*: //p;q}' /proc/cpuinfo)
    cat <<FACTS
| machine | |
|---|---|
| processor | ${processor:-$(uname -m)}, $(nproc) cores |
| memory | $(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo) |
| kernel | $(uname -sr) |
| file system | $(df --output=fstype "$WORK" | tail -n 1), a write of 4 KiB is durable after $(commit_milliseconds) ms |
| load before | $(cut -d ' ' -f 1 /proc/loadavg) |
| day | $(date -u +%F) |
| Postrider | $(version "$POSTRIDER" --version), tree at $(git rev-parse --short HEAD 2>/dev/null || echo "no commit") |
| Postfix | $(version postconf -dh mail_version) |
| Node.js | $(version node --version), nodemailer $(sed -n 's/^VERSION=//p' "$MEASURE/nodemailer") |
| OpenSSL | $(version openssl version) |
| runs | $RUNS, medians |
FACTS
}
