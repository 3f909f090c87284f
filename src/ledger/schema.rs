//! The ledger's format: tables, the triggers that refuse what must never happen, and migrations.
//!
//! Times are UTC milliseconds since 1970 in BIGINT, hashes are BLOB (BYTEA), everything else is BIGINT
//! or TEXT, so that one schema serves two engines.

use super::LedgerError;
use super::store::{Session, Store};

/// The newest format, which this version writes.
pub(super) const FORMAT: i64 = 1;

/// The tables, in SQLite's words; `id` columns are the engine's own row numbers, and `attempt` lies
/// in the order of its key. A row leaves the index when it is claimed and is not touched by its
/// later states: a send writes as few pages as it can. The state is compared word by word: for each
/// `IN` of more than two words SQLite makes a table, at every transition.
const TABLES: &str = "
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE issue (
    id            INTEGER PRIMARY KEY,
    identity      TEXT NOT NULL UNIQUE,
    slug          TEXT NOT NULL,
    title         TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('sending', 'paused', 'finished', 'cancelled')),
    planned_at    BIGINT NOT NULL,
    planned_total BIGINT NOT NULL,
    frozen        TEXT NOT NULL,
    frozen_sha256 TEXT NOT NULL,
    finished_at   BIGINT
);
CREATE TABLE subscriber (
    id        INTEGER PRIMARY KEY,
    addr_key  BLOB NOT NULL,
    on_roster BIGINT NOT NULL CHECK (on_roster IN (0, 1))
);
CREATE TABLE delivery (
    id             INTEGER PRIMARY KEY,
    issue_id       BIGINT NOT NULL REFERENCES issue (id),
    subscriber_id  BIGINT NOT NULL REFERENCES subscriber (id),
    address        TEXT NOT NULL,
    name           TEXT NOT NULL,
    fields         TEXT,
    state          TEXT NOT NULL CHECK (state = 'sent' OR state = 'inflight' OR state = 'claimed'
                       OR state = 'planned' OR state = 'deferred' OR state = 'rejected' OR state = 'unconfirmed'
                       OR state = 'expired' OR state = 'abandoned' OR state = 'skipped'),
    reason         TEXT,
    claim_token    BIGINT,
    tries          BIGINT NOT NULL DEFAULT 0,
    attempts       BIGINT NOT NULL DEFAULT 0,
    next_at        BIGINT,
    intent_at      BIGINT,
    message_sha256 BLOB,
    settled_at     BIGINT,
    resends        BIGINT NOT NULL DEFAULT 0,
    UNIQUE (issue_id, subscriber_id)
);
CREATE INDEX delivery_to_try ON delivery (issue_id, state, next_at)
    WHERE state = 'planned' OR state = 'deferred';
CREATE TABLE relay (
    id         INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    account    TEXT NOT NULL,
    rest_cause TEXT,
    rest_until BIGINT,
    rest_times BIGINT,
    rest_told  TEXT,
    UNIQUE (name, account)
);
CREATE TABLE attempt (
    delivery_id BIGINT NOT NULL REFERENCES delivery (id),
    number      BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    outcome     TEXT NOT NULL,
    step        TEXT,
    code        BIGINT,
    enhanced    TEXT,
    reply       TEXT,
    relay_id    BIGINT REFERENCES relay (id),
    PRIMARY KEY (delivery_id, number)
) WITHOUT ROWID;
CREATE TABLE suppression (
    addr_key BLOB PRIMARY KEY,
    address  TEXT,
    reason   TEXT NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'complained', 'operator')),
    source   TEXT NOT NULL,
    at       BIGINT NOT NULL,
    issue_id BIGINT REFERENCES issue (id),
    evidence TEXT
);
CREATE TABLE lifted (
    id       INTEGER PRIMARY KEY,
    addr_key BLOB NOT NULL,
    at       BIGINT NOT NULL,
    was      TEXT NOT NULL,
    since    BIGINT NOT NULL,
    why      TEXT NOT NULL
);
CREATE INDEX lifted_addr_key ON lifted (addr_key);
CREATE TABLE moved (
    old_key BLOB PRIMARY KEY,
    new_key BLOB NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX moved_new_key ON moved (new_key);
CREATE TABLE report (
    id          INTEGER PRIMARY KEY,
    mail_sha256 BLOB NOT NULL UNIQUE,
    taken_at    BIGINT NOT NULL,
    place       TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('failure', 'complaint', 'unsubscribe', 'automatic', 'letter', 'unknown')),
    verdict     TEXT NOT NULL CHECK (verdict IN ('hard', 'soft', 'policy', 'delayed', 'delivered', 'complained',
                    'no-complaint', 'unsubscribed', 'ignored', 'never-sent', 'unmatched', 'forged', 'letter', 'unknown')),
    delivery_id BIGINT REFERENCES delivery (id),
    addr_key    BLOB,
    action      TEXT,
    status      TEXT,
    domain      TEXT,
    words       TEXT,
    judged      BIGINT NOT NULL DEFAULT 0 CHECK (judged IN (0, 1)),
    forgiven    BIGINT NOT NULL DEFAULT 0 CHECK (forgiven IN (0, 1))
);
CREATE INDEX report_delivery ON report (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX report_addr_key ON report (addr_key) WHERE addr_key IS NOT NULL;
CREATE INDEX report_to_judge ON report (id) WHERE judged = 0;
CREATE TABLE poll (
    day         BIGINT NOT NULL,
    feed        TEXT NOT NULL,
    reader      TEXT NOT NULL,
    requests    BIGINT NOT NULL,
    subscribers BIGINT,
    PRIMARY KEY (day, feed, reader)
);
CREATE TABLE signup (
    addr_key       BLOB PRIMARY KEY,
    address        TEXT,
    name           TEXT NOT NULL,
    tags           TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('asked', 'confirmed', 'left')),
    nonce          BLOB,
    asked_at       BIGINT NOT NULL,
    asked_from     TEXT NOT NULL,
    confirmed_at   BIGINT,
    confirmed_from TEXT,
    consent        TEXT,
    consent_form   TEXT,
    left_at        BIGINT
);
CREATE TABLE preference (
    addr_key     BLOB PRIMARY KEY,
    tags         TEXT,
    paused_until BIGINT,
    set_at       BIGINT NOT NULL
);
CREATE TABLE answer (
    id         INTEGER PRIMARY KEY,
    addr_key   BLOB NOT NULL,
    address    TEXT,
    kind       TEXT NOT NULL CHECK (kind IN ('confirm', 'known', 'silence', 'welcome', 'link')),
    network    TEXT NOT NULL,
    asked_from TEXT NOT NULL,
    asked_at   BIGINT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('due', 'handed over', 'given up')),
    tries      BIGINT NOT NULL DEFAULT 0,
    next_at    BIGINT NOT NULL
);
CREATE INDEX answer_due ON answer (next_at) WHERE state = 'due';
CREATE INDEX answer_asked ON answer (asked_at);
CREATE INDEX answer_addr_key ON answer (addr_key, asked_at);
CREATE INDEX answer_network ON answer (network, asked_at);
";

/// Apart from its table: a plan for very many new people drops it and makes it anew, which takes a
/// fraction of the time (`planning`).
pub(super) const SUBSCRIBER_INDEX: &str =
    "CREATE UNIQUE INDEX subscriber_addr_key ON subscriber (addr_key)";

/// Which state may follow which (docs/ledger.md). The database refuses the
/// rest, so that no mistake in this program can turn a sent row back into a planned one: a settled
/// row opens again only when the same statement counts one more copy that a person asked for. Whose
/// a delivery is never changes; of a settled one the address may go, with everything that came with
/// it, when a person is erased. Such a row never opens again.
const TRANSITIONS: &str = "
CREATE TRIGGER delivery_transition BEFORE UPDATE OF state, resends ON delivery
WHEN NOT (NEW.resends = OLD.resends AND (
    (OLD.state = NEW.state AND OLD.state <> 'inflight')
 OR (OLD.state = 'planned'     AND (NEW.state = 'claimed' OR NEW.state = 'skipped' OR NEW.state = 'expired'))
 OR (OLD.state = 'claimed'     AND (NEW.state = 'inflight' OR NEW.state = 'planned' OR NEW.state = 'deferred'
                                    OR NEW.state = 'rejected' OR NEW.state = 'skipped'))
 OR (OLD.state = 'inflight'    AND (NEW.state = 'sent' OR NEW.state = 'deferred' OR NEW.state = 'rejected'
                                    OR NEW.state = 'planned' OR NEW.state = 'unconfirmed'))
 OR (OLD.state = 'deferred'    AND (NEW.state = 'claimed' OR NEW.state = 'planned' OR NEW.state = 'skipped'
                                    OR NEW.state = 'expired'))
 OR (OLD.state = 'unconfirmed' AND (NEW.state = 'sent' OR NEW.state = 'abandoned'))
) OR (
    NEW.resends = OLD.resends + 1 AND NEW.state = 'planned' AND OLD.address <> ''
    AND OLD.state IN ('unconfirmed', 'sent', 'rejected', 'expired', 'abandoned', 'skipped')
))
BEGIN
    SELECT RAISE(ABORT, 'this transition of a delivery is not allowed');
END;
CREATE TRIGGER delivery_stays BEFORE DELETE ON delivery
BEGIN
    SELECT RAISE(ABORT, 'a delivery is never deleted');
END;
CREATE TRIGGER delivery_is_for_one BEFORE UPDATE OF id, issue_id, subscriber_id, address, name, fields ON delivery
WHEN NOT (NEW.id = OLD.id AND NEW.issue_id = OLD.issue_id AND NEW.subscriber_id = OLD.subscriber_id
    AND NEW.address = '' AND NEW.name = '' AND NEW.fields IS NULL
    AND OLD.state IN ('sent', 'rejected', 'expired', 'abandoned', 'skipped'))
BEGIN
    SELECT RAISE(ABORT, 'whose a delivery is never changes');
END;
";

/// How a delivery begins. `INSERT OR REPLACE` deletes the row in its way without a word to the
/// trigger for DELETE: here it is refused before that. Apart from the others: the one statement that
/// makes a plan can do nothing else, and is a quarter faster without (`planning`).
pub(super) const DELIVERY_BEGINS: &str = "
CREATE TRIGGER delivery_begins BEFORE INSERT ON delivery
WHEN NEW.state <> 'planned' OR NEW.resends <> 0
  OR EXISTS (SELECT 1 FROM delivery WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM delivery WHERE issue_id = NEW.issue_id AND subscriber_id = NEW.subscriber_id)
  OR NOT EXISTS (SELECT 1 FROM issue WHERE id = NEW.issue_id AND state = 'sending')
BEGIN
    SELECT RAISE(ABORT, 'a delivery begins as planned, once, in an issue that is being sent');
END;
";

/// How the others begin, and what of them never changes.
const BEGINNINGS: &str = "
CREATE TRIGGER issue_begins BEFORE INSERT ON issue
WHEN NEW.state <> 'sending' OR NEW.planned_total <> 0 OR NEW.finished_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM issue WHERE id = NEW.id OR identity = NEW.identity)
BEGIN
    SELECT RAISE(ABORT, 'an issue is planned once, and begins with nobody');
END;
CREATE TRIGGER issue_stays BEFORE DELETE ON issue
BEGIN
    SELECT RAISE(ABORT, 'an issue is never deleted');
END;
CREATE TRIGGER issue_is_frozen BEFORE UPDATE OF id, identity, slug, title, planned_at, frozen, frozen_sha256 ON issue
BEGIN
    SELECT RAISE(ABORT, 'what was planned never changes');
END;
CREATE TRIGGER attempt_is_new BEFORE INSERT ON attempt
WHEN EXISTS (SELECT 1 FROM attempt WHERE delivery_id = NEW.delivery_id AND number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'an attempt is written once');
END;
CREATE TRIGGER attempt_is_final BEFORE UPDATE ON attempt
WHEN NOT (NEW.reply IS NULL AND NEW.delivery_id = OLD.delivery_id AND NEW.number = OLD.number
    AND NEW.ended_at = OLD.ended_at AND NEW.outcome = OLD.outcome AND NEW.step IS OLD.step
    AND NEW.code IS OLD.code AND NEW.enhanced IS OLD.enhanced AND NEW.relay_id IS OLD.relay_id
    AND EXISTS (SELECT 1 FROM delivery WHERE id = OLD.delivery_id AND address = ''))
BEGIN
    SELECT RAISE(ABORT, 'an attempt never changes');
END;
CREATE TRIGGER attempt_stays BEFORE DELETE ON attempt
BEGIN
    SELECT RAISE(ABORT, 'an attempt is never deleted');
END;
CREATE TRIGGER lifted_is_final BEFORE UPDATE OF id, addr_key, at, was, since ON lifted
BEGIN
    SELECT RAISE(ABORT, 'what was lifted never changes');
END;
CREATE TRIGGER lifted_stays BEFORE DELETE ON lifted
BEGIN
    SELECT RAISE(ABORT, 'what was lifted is never deleted');
END;
CREATE TRIGGER report_is_of_one_mail BEFORE UPDATE OF id, mail_sha256, taken_at ON report
BEGIN
    SELECT RAISE(ABORT, 'which mail a report is never changes');
END;
CREATE TRIGGER report_stays BEFORE DELETE ON report
BEGIN
    SELECT RAISE(ABORT, 'a report is never deleted');
END;
";

/// What may become of an issue. It is finished when, and only when, its deliveries prove it; how
/// many were planned is how many there are.
const ISSUES: &str = "
CREATE TRIGGER issue_transition BEFORE UPDATE OF state ON issue
WHEN NOT (OLD.state = NEW.state
 OR (OLD.state = 'sending'  AND NEW.state IN ('paused', 'finished', 'cancelled'))
 OR (OLD.state = 'paused'   AND NEW.state IN ('sending', 'cancelled'))
 OR (OLD.state = 'finished' AND NEW.state = 'sending' AND NEW.finished_at IS NULL)
)
BEGIN
    SELECT RAISE(ABORT, 'this transition of an issue is not allowed');
END;
CREATE TRIGGER issue_total BEFORE UPDATE OF planned_total ON issue
WHEN NEW.planned_total <> (SELECT count(*) FROM delivery WHERE issue_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'as many are planned as there are deliveries');
END;
CREATE TRIGGER issue_finishes BEFORE UPDATE OF state, finished_at ON issue
WHEN (NEW.finished_at IS NOT OLD.finished_at OR NEW.state <> OLD.state)
 AND (NEW.finished_at IS NOT NULL OR NEW.state = 'finished') AND NOT (
    NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL AND NEW.state IN ('finished', 'cancelled')
    AND NEW.planned_total = (SELECT count(*) FROM delivery WHERE issue_id = OLD.id
        AND state IN ('sent', 'rejected', 'expired', 'abandoned', 'skipped'))
    AND NEW.planned_total = (SELECT count(*) FROM delivery WHERE issue_id = OLD.id)
)
BEGIN
    SELECT RAISE(ABORT, 'an issue is finished when every delivery is settled');
END;
";

/// What may become of a sign-up. It begins with a request, a consent is kept with the words that were
/// shown, and who left is on the roster again only by a new request that is confirmed.
const SIGN_UPS: &str = "
CREATE TRIGGER signup_begins BEFORE INSERT ON signup
WHEN NEW.state <> 'asked' OR NEW.address IS NULL OR NEW.nonce IS NULL OR NEW.confirmed_at IS NOT NULL
  OR EXISTS (SELECT 1 FROM signup WHERE addr_key = NEW.addr_key)
BEGIN
    SELECT RAISE(ABORT, 'a sign-up begins with a request, once');
END;
CREATE TRIGGER signup_transition BEFORE UPDATE OF state, nonce, address ON signup
WHEN NOT (
    (NEW.state = 'asked' AND NEW.address IS NOT NULL AND NEW.nonce IS NOT NULL)
 OR (NEW.state = 'confirmed' AND OLD.state = 'confirmed' AND NEW.nonce IS OLD.nonce AND NEW.address IS NOT NULL)
 OR (NEW.state = 'confirmed' AND OLD.state = 'asked' AND NEW.nonce IS OLD.nonce AND NEW.address IS NOT NULL
     AND NEW.confirmed_at >= OLD.asked_at AND NEW.consent IS NOT NULL AND NEW.consent_form IS NOT NULL)
 OR (NEW.state = 'left' AND NEW.nonce IS NULL AND NEW.left_at IS NOT NULL)
)
BEGIN
    SELECT RAISE(ABORT, 'this transition of a sign-up is not allowed');
END;
CREATE TRIGGER signup_stays BEFORE DELETE ON signup
WHEN OLD.state = 'confirmed'
BEGIN
    SELECT RAISE(ABORT, 'a reader leaves before the sign-up goes');
END;
CREATE TRIGGER answer_transition BEFORE UPDATE OF state ON answer
WHEN OLD.state <> NEW.state AND OLD.state <> 'due'
BEGIN
    SELECT RAISE(ABORT, 'what was answered is not answered again');
END;
";

/// Makes everything in an empty database.
pub(super) fn make(session: &Session<'_>) -> Result<(), LedgerError> {
    [
        TABLES,
        SUBSCRIBER_INDEX,
        TRANSITIONS,
        DELIVERY_BEGINS,
        BEGINNINGS,
        ISSUES,
        SIGN_UPS,
    ]
    .into_iter()
    .try_for_each(|statements| session.batch(statements))
}

/// Brings the database to [`FORMAT`].
pub(super) fn migrate(store: &mut Store) -> Result<(), LedgerError> {
    let found = store.read(format_of)?;
    if found == FORMAT {
        return Ok(());
    }
    store.write(|session| {
        // Another process may have been first.
        match format_of(session)? {
            0 => {
                make(session)?;
                session.batch(&format!("PRAGMA user_version = {FORMAT}"))
            }
            FORMAT => Ok(()),
            found => Err(LedgerError::Newer {
                found,
                known: FORMAT,
            }),
        }
    })
}

/// Refuses a database of another format than [`FORMAT`], which a mere look does not bring up to date.
pub(super) fn refuse_another(store: &mut Store) -> Result<(), LedgerError> {
    match store.read(format_of)? {
        FORMAT => Ok(()),
        found if found > FORMAT => Err(LedgerError::Newer {
            found,
            known: FORMAT,
        }),
        found => Err(LedgerError::Unknown(format!("format {found}"))),
    }
}

fn format_of(session: &Session<'_>) -> Result<i64, LedgerError> {
    let format = session.first("PRAGMA user_version", [], |row| Ok(row.get(0)?))?;
    Ok(format.unwrap_or(0))
}
