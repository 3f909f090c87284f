# A private Postfix: its own configuration, queue, data and log below $WORK/postfix, reached over
# loopback alone, with every strictness it has, delivering to one Maildir per address in $MAIL.
# Sourced after lib.sh. It is no other Postfix of this machine, and leaves that alone.

POSTFIX=$WORK/postfix
PLAIN_PORT=
SECURE_PORT=
SECURE_USER=letters
SECURE_PASSWORD=carried-by-post

postfix_install() {
    # Without an answer the package would configure and start a server of its own.
    if ! has_command postfix >/dev/null; then
        need debconf-utils has_command debconf-set-selections
        debconf-set-selections <<<"postfix postfix/main_mailer_type select No configuration"
    fi
    need postfix has_command /usr/sbin/postfix
    need openssl has_command openssl
    need libsasl2-modules test -e "/usr/lib/$(uname -m)-linux-gnu/sasl2/libplain.so"
    need sasl2-bin has_command /usr/sbin/saslpasswd2
}

# The first argument is a file with one address a line: those who have a mailbox.
postfix_start() {
    local addresses=$1
    PLAIN_PORT=$(free_port)
    SECURE_PORT=$(free_port)
    mkdir -p "$POSTFIX"/{etc/sasl,queue,data,log} "$MAIL"
    chown postfix "$POSTFIX/data"
    chown nobody:nogroup "$MAIL"
    sed 's/.*/& &\//' "$addresses" >"$POSTFIX/etc/mailboxes"
    postfix_write_certificate
    postfix_write_account
    postfix_write_main
    postfix_write_master
    postfix -c "$POSTFIX/etc" check
    postfix -c "$POSTFIX/etc" start 2>"$POSTFIX/log/start" || { cat "$POSTFIX/log/start" >&2; fail "Postfix does not start"; }
}

postfix_stop() {
    local result=$?
    # A failure that comes once in fifty runs must be told by its own log.
    ((result == 0)) || tail -n 40 "$POSTFIX/log/mail" >&2 || true
    # Also where it was never started.
    if postfix -c "$POSTFIX/etc" status 2>/dev/null; then
        postfix -c "$POSTFIX/etc" stop 2>/dev/null
    fi
}

# Returns when everything that was accepted is delivered.
postfix_wait_empty_queue() {
    local deadline=$((SECONDS + 120))
    while [[ -n $(find "$POSTFIX"/queue/{maildrop,incoming,active,deferred,hold} -type f -print -quit) ]]; do
        if ((SECONDS > deadline)); then
            postqueue -c "$POSTFIX/etc" -p >&2
            fail "Postfix does not deliver"
        fi
        sleep 0.1
    done
}

# What Postfix found wrong with anyone, itself included. Not the machine's clock: where a new file's
# time is a second ahead of it, as happens now and then on a virtual machine, Postfix says so in two
# lines and sets the times of its own files. That is no word about what it was given.
postfix_complaints() {
    grep -E ' (warning|error|fatal|panic): |improper command|lost connection|bare' "$POSTFIX/log/mail" |
        grep -vE 'warning: (file system clock is [0-9]+ seconds ahead of local clock|resetting file time stamps - this hurts performance)$' ||
        true
}

postfix_write_main() {
    cat >"$POSTFIX/etc/main.cf" <<CONF
compatibility_level = 3.6
queue_directory = $POSTFIX/queue
data_directory = $POSTFIX/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = $POSTFIX/log/mail
maillog_file_prefixes = $POSTFIX/log
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mx.example.org
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
local_transport = error:no local mail here
default_transport = error:no mail leaves this machine
relay_transport = error:no mail leaves this machine
virtual_mailbox_domains = example.org
virtual_mailbox_base = $MAIL
virtual_mailbox_maps = texthash:$POSTFIX/etc/mailboxes
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_peername_lookup = no
strict_rfc821_envelopes = yes
strict_7bit_headers = yes
strict_8bitmime = yes
strict_8bitmime_body = yes
strict_mime_encoding_domain = yes
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_sender_restrictions = reject_non_fqdn_sender
smtpd_recipient_restrictions = reject_non_fqdn_recipient, reject_unlisted_recipient, permit_mynetworks, reject
smtpd_data_restrictions = reject_unauth_pipelining
smtpd_hard_error_limit = 3
smtpd_tls_cert_file = $POSTFIX/etc/server.pem
smtpd_tls_key_file = $POSTFIX/etc/server.key
smtpd_tls_loglevel = 1
smtpd_tls_security_level = none
cyrus_sasl_config_path = $POSTFIX/etc/sasl
smtpd_sasl_local_domain = example.org
CONF
    # From 3.7.9 on; `reject` from 3.7.10 on.
    if postconf -d smtpd_forbid_bare_newline 2>/dev/null | grep -q =; then
        echo "smtpd_forbid_bare_newline = reject" >>"$POSTFIX/etc/main.cf"
        echo "smtpd_forbid_bare_newline_exclusions =" >>"$POSTFIX/etc/main.cf"
    fi
}

postfix_write_master() {
    cat >"$POSTFIX/etc/master.cf" <<CONF
127.0.0.1:$PLAIN_PORT inet n - n - - smtpd
127.0.0.1:$SECURE_PORT inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=reject_unlisted_recipient,permit_sasl_authenticated,reject
pickup    unix  n  -  n  60    1  pickup
cleanup   unix  n  -  n  -     0  cleanup
qmgr      unix  n  -  n  300   1  qmgr
tlsmgr    unix  -  -  n  1000? 1  tlsmgr
rewrite   unix  -  -  n  -     -  trivial-rewrite
bounce    unix  -  -  n  -     0  bounce
defer     unix  -  -  n  -     0  bounce
trace     unix  -  -  n  -     0  bounce
proxymap  unix  -  -  n  -     -  proxymap
showq     unix  n  -  n  -     -  showq
error     unix  -  -  n  -     -  error
retry     unix  -  -  n  -     -  error
discard   unix  -  -  n  -     -  discard
virtual   unix  -  n  n  -     -  virtual
anvil     unix  -  -  n  -     1  anvil
scache    unix  -  -  n  -     1  scache
postlog   unix-dgram n - n -   1  postlogd
CONF
}

# An authority of this run, and a certificate of it for localhost.
postfix_write_certificate() {
    local folder=$POSTFIX/etc
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=authority of one run" \
        -keyout "$folder/authority.key" -out "$folder/authority.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj "/CN=localhost" \
        -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
    openssl x509 -req -in "$folder/server.csr" -days 2 -CA "$folder/authority.pem" -CAkey "$folder/authority.key" \
        -CAcreateserial -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") -out "$folder/server.pem" 2>/dev/null
}

postfix_write_account() {
    # Debian's Postfix looks here, below its configuration, whatever `cyrus_sasl_config_path` says.
    cat >"$POSTFIX/etc/sasl/smtpd.conf" <<CONF
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $POSTFIX/etc/sasl/accounts
mech_list: PLAIN LOGIN
CONF
    saslpasswd2 -p -c -f "$POSTFIX/etc/sasl/accounts" -u example.org "$SECURE_USER" <<<"$SECURE_PASSWORD"
    chown root:postfix "$POSTFIX/etc/sasl/accounts"
    chmod 640 "$POSTFIX/etc/sasl/accounts"
}
