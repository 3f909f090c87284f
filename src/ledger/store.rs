//! The database behind the ledger: SQLite, opened so that a commit is on the disk when it returns.
//!
//! Statements are written with `$1`, `$2` ... as PostgreSQL has them; SQLite gives such names
//! numbers by their first appearance, so they are rewritten to `?1`, `?2` ... here.

use std::path::Path;
use std::time::Duration;

use data_encoding::HEXLOWER;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{
    CachedStatement, Connection, OpenFlags, Params, Row, Transaction, TransactionBehavior,
};

use super::LedgerError;
use crate::token::AddressKey;

/// How long a statement waits for another process's short transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Size of the page cache, in KiB: the usual one, and while a plan is recorded.
const CACHE: i64 = 2 * 1024;
const LARGE_CACHE: i64 = 8 * 1024;

/// One connection to the database.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, LedgerError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(64);
        let mode: String = connection.query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Err(LedgerError::NotDurable(format!(
                "journal mode is `{mode}` instead of `wal`"
            )));
        }
        // An intent must survive a power cut, so every commit waits for the disk.
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // A plan of a query depends on its text alone: else every claim is planned anew.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        // In pages of 4 KiB: fewer, larger checkpoints while an issue is sent; the log stays at 16 MiB.
        connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
        // A plan for a million people makes a long log; afterwards it shrinks again.
        connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
        let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0))?;
        if synchronous != 2 {
            return Err(LedgerError::NotDurable(
                "synchronous writes cannot be turned on".to_owned(),
            ));
        }
        Ok(Self { connection })
    }

    /// Opens a database that is there, to look at it: no statement can write to it.
    pub(super) fn open_to_look(path: &Path) -> Result<Self, LedgerError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(Self { connection })
    }

    /// Opens a copy that nobody uses yet, as the plain file that it is.
    pub(super) fn open_copy(path: &Path) -> Result<Self, LedgerError> {
        Ok(Self {
            connection: Connection::open(path)?,
        })
    }

    /// An empty database that is kept nowhere.
    pub(super) fn in_memory() -> Result<Self, LedgerError> {
        Ok(Self {
            connection: Connection::open_in_memory()?,
        })
    }

    /// Runs `work` in one transaction that takes the write lock at once: a transaction that starts
    /// by reading and then wants to write fails at once when another process writes.
    pub(super) fn write<T, E: From<LedgerError>>(
        &mut self,
        work: impl FnOnce(&Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(LedgerError::from)?;
        let value = work(&Session {
            transaction: &transaction,
        })?;
        transaction.commit().map_err(LedgerError::from)?;
        Ok(value)
    }

    /// The same for a transaction that touches very many pages.
    pub(super) fn write_much<T, E: From<LedgerError>>(
        &mut self,
        work: impl FnOnce(&Session<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.set_cache(LARGE_CACHE)?;
        let result = self.write(work);
        self.set_cache(CACHE)?;
        result
    }

    /// From now on what this connection deletes is overwritten in the file.
    pub(super) fn overwrite_deleted(&self) -> Result<(), LedgerError> {
        let sql = "PRAGMA secure_delete = ON";
        Ok(self.connection.query_row(sql, [], |_| Ok(()))?)
    }

    /// Makes the file anew, without what earlier changes left in its free space: a page that was
    /// split keeps copies of its rows behind those that count. Then writes the log into the file and
    /// empties it, unless somebody else is reading from it.
    pub(super) fn rewrite(&self) -> Result<(), LedgerError> {
        self.connection.execute_batch("VACUUM")?;
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        Ok(self.connection.query_row(sql, [], |_| Ok(()))?)
    }

    fn set_cache(&self, kibibytes: i64) -> Result<(), LedgerError> {
        // Negative: in KiB instead of pages.
        Ok(self
            .connection
            .pragma_update(None, "cache_size", -kibibytes)?)
    }

    /// Writes a copy of the database as it is at one instant to a new file; others may write on.
    pub(super) fn copy_to(&self, path: &Path) -> Result<(), LedgerError> {
        let path = path
            .to_str()
            .ok_or_else(|| LedgerError::Unknown("the name of the copy is not UTF-8".to_owned()))?;
        self.connection.execute("VACUUM INTO ?1", [path])?;
        Ok(())
    }

    /// Runs `work` on one consistent view of the data.
    pub(super) fn read<T>(
        &mut self,
        work: impl FnOnce(&Session<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let transaction = self.connection.transaction()?;
        work(&Session {
            transaction: &transaction,
        })
    }
}

/// Statements inside a transaction.
pub(super) struct Session<'a> {
    transaction: &'a Transaction<'a>,
}

impl Session<'_> {
    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, LedgerError> {
        Ok(self.transaction.prepare_cached(&sql.replace('$', "?"))?)
    }

    /// Runs a statement; the number of rows that it changed.
    pub(super) fn execute(&self, sql: &str, parameters: impl Params) -> Result<usize, LedgerError> {
        Ok(self.prepare(sql)?.execute(parameters)?)
    }

    /// Runs an INSERT; the number of the new row.
    pub(super) fn insert(&self, sql: &str, parameters: impl Params) -> Result<i64, LedgerError> {
        Ok(self.prepare(sql)?.insert(parameters)?)
    }

    /// Runs several statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> Result<(), LedgerError> {
        Ok(self.transaction.execute_batch(sql)?)
    }

    /// Visits the rows of a query one by one.
    pub(super) fn each(
        &self,
        sql: &str,
        parameters: impl Params,
        mut visit: impl FnMut(&Row<'_>) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        Ok(())
    }

    /// All rows of a query.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            values.push(read(row)?);
        }
        Ok(values)
    }

    /// The first row of a query, if there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, LedgerError>,
    ) -> Result<Option<T>, LedgerError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(parameters)?;
        rows.next()?.map(read).transpose()
    }
}

/// A keyed hash of an address, from a column.
pub(super) fn read_key(row: &Row<'_>, column: usize) -> Result<AddressKey, LedgerError> {
    let bytes = row
        .get_ref(column)?
        .as_blob()
        .map_err(rusqlite::Error::from)?;
    AddressKey::from_bytes(bytes).ok_or_else(|| {
        LedgerError::Unknown(format!("hash of an address with {} bytes", bytes.len()))
    })
}

/// A hash in hexadecimal, from a column.
pub(super) fn hash_text(row: &Row<'_>, column: usize) -> Result<String, LedgerError> {
    Ok(match row.get_ref(column)? {
        ValueRef::Blob(bytes) => HEXLOWER.encode(bytes),
        other => other.as_str().map_err(rusqlite::Error::from)?.to_owned(),
    })
}
