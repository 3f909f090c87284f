//! How many connections there are, and from where.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::limits::Limits;
use super::pulse::Pulse;

/// Lets connections in, one by one.
#[derive(Debug, Default)]
pub(super) struct Turnstile(Arc<Mutex<Inside>>);

#[derive(Debug, Default)]
struct Inside {
    next: u64,
    /// All connections, by a number of their own.
    open: HashMap<u64, Guest>,
    by_address: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Guest {
    pulse: Arc<Pulse>,
    leave: Arc<Notify>,
}

/// A connection that was let in. It is outside again when this is dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    inside: Arc<Mutex<Inside>>,
    number: u64,
    /// Whose connections are counted together.
    counted: Option<IpAddr>,
    /// Tells that somebody else needs the place.
    pub(super) leave: Arc<Notify>,
}

/// A connection that waited for less may be about to ask.
const PATIENT: Duration = Duration::from_millis(200);

fn lock(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Turnstile {
    /// Lets a connection in, if there is room for it. A full house asks the one to leave that has
    /// waited longest without a request: whoever only holds connections keeps nobody out.
    pub(super) fn enter(
        &self,
        address: IpAddr,
        is_trusted: bool,
        pulse: &Arc<Pulse>,
        limits: &Limits,
    ) -> Option<Ticket> {
        let mut inside = lock(&self.0);
        let counted = (!is_trusted).then(|| counted_as(address));
        if let Some(address) = counted {
            let count = inside.by_address.get(&address).copied().unwrap_or(0);
            if count >= limits.connections_per_address {
                return None;
            }
        }
        if inside.open.len() >= limits.connections && !inside.ask_one_to_leave() {
            return None;
        }
        if let Some(address) = counted {
            *inside.by_address.entry(address).or_default() += 1;
        }
        let leave = Arc::new(Notify::new());
        let number = inside.next;
        inside.next += 1;
        let guest = Guest {
            pulse: pulse.clone(),
            leave: leave.clone(),
        };
        inside.open.insert(number, guest);
        Some(Ticket {
            inside: self.0.clone(),
            number,
            counted,
            leave,
        })
    }

    /// How many connections there are.
    pub(super) fn count(&self) -> usize {
        lock(&self.0).open.len()
    }
}

impl Inside {
    fn ask_one_to_leave(&mut self) -> bool {
        let waiting = self.open.iter().filter_map(|(number, guest)| {
            let waited = guest.pulse.waits()?;
            (waited >= PATIENT).then_some((waited, *number))
        });
        let Some((_, number)) = waiting.max() else {
            return false;
        };
        // Its task gives the ticket back in a moment; the place is free from now on.
        if let Some(guest) = self.open.remove(&number) {
            guest.leave.notify_one();
        }
        true
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inside = lock(&self.inside);
        inside.open.remove(&self.number);
        if let Some(address) = self.counted
            && let Some(count) = inside.by_address.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                inside.by_address.remove(&address);
            }
        }
    }
}

/// Addresses that are one household.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            connections: 4,
            connections_per_address: 2,
            ..Limits::default()
        }
    }

    fn enter(turnstile: &Turnstile, address: &str, is_trusted: bool) -> Option<Ticket> {
        let pulse = Arc::new(Pulse::new());
        turnstile.enter(address.parse().unwrap(), is_trusted, &pulse, &limits())
    }

    #[test]
    fn an_address_has_its_share_and_a_network_of_ipv6_counts_as_one() {
        let turnstile = Turnstile::default();
        let first = enter(&turnstile, "2001:db8::1", false);
        let second = enter(&turnstile, "2001:db8::2", false);
        assert!(first.is_some() && second.is_some());
        assert!(enter(&turnstile, "2001:db8::3", false).is_none());
        let other = enter(&turnstile, "2001:db8:0:1::1", false);
        assert!(other.is_some());
        drop(first);
        assert!(enter(&turnstile, "2001:db8::3", false).is_some());
        assert_eq!(turnstile.count(), 2);
    }

    #[test]
    fn a_trusted_proxy_has_as_many_as_it_needs() {
        let turnstile = Turnstile::default();
        let all = [(); 4].map(|()| enter(&turnstile, "127.0.0.1", true));
        assert!(all.iter().all(Option::is_some));
    }
}
