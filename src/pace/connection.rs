//! How many messages a connection takes: what the author says, or less, where the relay shows it.

/// So many connections must bear the learned number before twice as many messages are tried.
const TRUST: usize = 20;

/// The share of one connection.
#[derive(Debug)]
pub(super) struct Share {
    configured: usize,
    learned: Option<usize>,
    borne: usize,
    /// Where a connection was closed last without a word.
    silent: Option<usize>,
}

impl Share {
    pub(super) fn new(configured: usize) -> Self {
        Self {
            configured: configured.max(1),
            learned: None,
            borne: 0,
            silent: None,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.learned
            .map_or(self.configured, |learned| learned.min(self.configured))
    }

    /// A reply says it plainly. Silence may be the network, so it is believed when it comes twice
    /// at the same place, as with the relays that have such a limit.
    pub(super) fn closed_after(&mut self, messages: usize, told: bool) {
        if messages == 0 || messages >= self.size() {
            return;
        }
        if told || self.silent == Some(messages) {
            self.learned = Some(messages);
            self.borne = 0;
        }
        self.silent = (!told).then_some(messages);
    }

    /// A relay that was only about to restart must not cost a connection a message for ever.
    pub(super) fn used_whole(&mut self) {
        let Some(learned) = self.learned else { return };
        self.borne += 1;
        if self.borne == TRUST {
            self.borne = 0;
            self.learned = Some(2 * learned).filter(|learned| *learned < self.configured);
        }
    }

    /// The relay was away: connections that ended then had other reasons.
    pub(super) fn forget(&mut self) {
        (self.learned, self.borne, self.silent) = (None, 0, None);
    }
}
