//! The ledger's format: tables, the trigger that refuses illegal transitions, and migrations.
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
CREATE TABLE attempt (
    delivery_id BIGINT NOT NULL REFERENCES delivery (id),
    number      BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    outcome     TEXT NOT NULL,
    step        TEXT,
    code        BIGINT,
    enhanced    TEXT,
    reply       TEXT,
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
";

/// Apart from its table: a plan for very many new people drops it and makes it anew, which takes a
/// fraction of the time (`planning`).
pub(super) const SUBSCRIBER_INDEX: &str =
    "CREATE UNIQUE INDEX subscriber_addr_key ON subscriber (addr_key)";

/// Which state may follow which (docs/ledger.md). The database refuses the
/// rest, so that no mistake in this program can turn a sent row back into a planned one: a settled
/// row opens again only when the same statement counts one more copy that a person asked for.
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
    NEW.resends = OLD.resends + 1 AND NEW.state = 'planned'
    AND OLD.state IN ('unconfirmed', 'sent', 'rejected', 'expired', 'abandoned', 'skipped')
))
BEGIN
    SELECT RAISE(ABORT, 'this transition of a delivery is not allowed');
END;
CREATE TRIGGER delivery_stays BEFORE DELETE ON delivery
BEGIN
    SELECT RAISE(ABORT, 'a delivery is never deleted');
END;
";

/// Makes everything in an empty database.
pub(super) fn make(session: &Session<'_>) -> Result<(), LedgerError> {
    [TABLES, SUBSCRIBER_INDEX, TRANSITIONS]
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
