//! Random numbers that can be had again from their seed.

/// A generator (xorshift64*); not for secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub(super) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin alike, and zero would stay zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`, which is at least 1.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(mixed).unwrap_or_default() % limit.max(1)
    }

    /// A generator of its own, so that what one scenario draws changes nothing for the next.
    pub(super) fn fork(&mut self) -> Self {
        Self::new(self.below(usize::MAX) as u64)
    }
}
