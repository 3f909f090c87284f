//! How many files the system lets this process have open. A connection is one of them, and the usual
//! limit is less than the server's own.

use super::limits::Limits;

/// Beside the connections: the ledger, the relay, files on their way.
#[cfg(unix)]
const OTHERS: u64 = 512;

/// Asks for as many as the limits need, or for as many as there may be.
#[cfg(unix)]
pub(super) fn raise(limits: &Limits) {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut allowed = getrlimit(Resource::Nofile);
    let needed = limits.connections as u64 + OTHERS;
    let Some(current) = allowed.current.filter(|current| *current < needed) else {
        return;
    };
    let most = allowed
        .maximum
        .map_or(needed, |maximum| maximum.min(needed));
    allowed.current = Some(most);
    if setrlimit(Resource::Nofile, allowed).is_err() || most < needed {
        tracing::warn!(
            "the system allows {} open files, {needed} would be enough for all connections",
            most.max(current)
        );
    }
}

#[cfg(not(unix))]
pub(super) fn raise(_: &Limits) {}
