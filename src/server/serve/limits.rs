//! How much one connection may ask for, and how long it may take.

use std::time::Duration;

/// The limits of the server. What they protect is everybody else: who is slow or greedy loses the
/// connection and nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the connection to its first byte. hyper begins to count with that byte, and would wait
    /// for it without end.
    pub first_byte: Duration,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From the first byte of a request to the beginning of its answer.
    pub request: Duration,
    /// From one request to the next.
    pub idle: Duration,
    /// For a reader that takes no single byte of an answer.
    pub stall: Duration,
    /// Bytes a second that a reader takes at least, once [`stall`](Self::stall) is over. Who takes a
    /// byte now and then never stalls.
    pub slowest: u64,
    /// For the requests that are open when the server is told to end.
    pub farewell: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// Connections at a time from one address, or from one network of IPv6: a household has as many
    /// addresses there as it likes (RFC 6177 §2). Trusted proxies have as many as they need.
    pub connections_per_address: usize,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Fields of a request's head.
    pub head_fields: usize,
    /// Bytes of a request's body.
    pub body_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            request: Duration::from_secs(30),
            idle: Duration::from_mins(1),
            stall: Duration::from_secs(30),
            slowest: 1024,
            farewell: Duration::from_secs(10),
            connections: 2048,
            connections_per_address: 64,
            head_bytes: 16 * 1024,
            head_fields: 100,
            body_bytes: 16 * 1024,
        }
    }
}

impl Limits {
    /// Less than this no browser gets by with: the least that hyper reads at once.
    const LEAST_HEAD_BYTES: usize = 8192;
    /// Less than this no network gets by with.
    const SHORTEST: Duration = Duration::from_millis(10);

    /// The same limits, none of them below what anybody could keep to.
    pub(super) fn with_floors(self) -> Self {
        Self {
            first_byte: self.first_byte.max(Self::SHORTEST),
            head: self.head.max(Self::SHORTEST),
            request: self.request.max(Self::SHORTEST),
            idle: self.idle.max(Self::SHORTEST),
            stall: self.stall.max(Self::SHORTEST),
            connections: self.connections.max(1),
            connections_per_address: self.connections_per_address.max(1),
            head_bytes: self.head_bytes.max(Self::LEAST_HEAD_BYTES),
            head_fields: self.head_fields.max(1),
            ..self
        }
    }

    /// The shortest of all times: whoever looks so often sees each of them end in time.
    pub(super) fn shortest(&self) -> Duration {
        let times = [self.head, self.request, self.idle, self.stall];
        times.into_iter().fold(self.first_byte, Duration::min)
    }
}
