//! A copy of the ledger, made while it may be in use.

use std::path::Path;

use super::check::{Finding, look_at_pages};
use super::identity::mark_as_backup;
use super::store::Store;
use super::{Ledger, LedgerError};

impl Ledger {
    /// Writes a copy of the ledger as it is at one instant to `path`, where no file may be. A
    /// sender goes on meanwhile. The copy says that it is one, and is not yet on the disk when this
    /// returns.
    pub fn copy_to(&mut self, path: &Path) -> Result<(), LedgerError> {
        self.store.copy_to(path)?;
        Store::open_copy(path)?.write(mark_as_backup)
    }

    /// Whether a copy can be read whole, and how many deliveries it holds.
    pub fn look_at_copy(path: &Path) -> Result<(Finding, u64), LedgerError> {
        let mut file = Finding::new("the copy is whole");
        let deliveries = Store::open_to_look(path)?.read(|session| {
            look_at_pages(session, &mut file)?;
            session.first("SELECT count(*) FROM delivery", [], |row| {
                Ok(row.get::<_, i64>(0)?)
            })
        })?;
        Ok((file, u64::try_from(deliveries.unwrap_or(0)).unwrap_or(0)))
    }
}
