//! Where a ledger lies: a fingerprint of machine, folder and file that changes when any of them is
//! copied or moved.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::token::sha256_hex;

/// The fingerprint of the ledger at `path`, or `None` if it cannot be looked at.
pub(super) fn place_of(path: &Path) -> Option<String> {
    let full = std::fs::canonicalize(path).ok()?;
    let inode = std::fs::metadata(&full).ok()?.ino();
    let machine = std::fs::read("/etc/machine-id").unwrap_or_default();
    let machine = String::from_utf8_lossy(&machine).trim().to_owned();
    let host = gethostname::gethostname().to_string_lossy().into_owned();
    // A container without a machine id is told apart by its host name.
    let machine = if machine.is_empty() { host } else { machine };
    let text = format!("{machine}\n{}\n{inode}", full.display());
    Some(sha256_hex(text.as_bytes())[..32].to_owned())
}

/// Who holds the lock, for the other one to read.
pub(super) fn holder() -> String {
    format!(
        "process {} on {}",
        std::process::id(),
        gethostname::gethostname().to_string_lossy()
    )
}
