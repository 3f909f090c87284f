//! The documents of a feed (RFC 5005 §4): one for subscribers with the newest entries, and behind
//! it archive documents for whoever wants all of them.
//!
//! Archive documents are numbered from the oldest entry on and are full from the moment they
//! exist: a new issue never changes which entries one of them holds, so that readers and caches
//! need each of them once. The newest of them overlaps with the subscribers' document.

use std::ops::Range;

use serde::Serialize;

/// Which document of a feed this is, and which entries it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Number of the archive document, from 1 for the oldest; `None` for the subscribers' one.
    pub number: Option<usize>,
    /// How many archive documents there are.
    pub archives: usize,
    /// Whether no entry of the feed lies outside (RFC 5005 §2).
    pub complete: bool,
    /// The entries, counted from the newest.
    pub entries: Range<usize>,
}

impl Part {
    /// The subscribers' document of a feed without archives: its newest entries and no more.
    pub fn newest(entries: usize, most: usize) -> Self {
        Self {
            number: None,
            archives: 0,
            complete: entries <= most,
            entries: 0..entries.min(most),
        }
    }

    /// Number of the archive document with the entries before these (RFC 5005 §4).
    pub(super) fn previous(&self) -> Option<usize> {
        let previous = self.number.map_or(self.archives, |number| number - 1);
        (previous > 0).then_some(previous)
    }

    /// Number of the archive document with the entries after these.
    pub(super) fn next(&self) -> Option<usize> {
        let next = self.number? + 1;
        (next <= self.archives).then_some(next)
    }
}

/// All documents of a feed of so many entries, `per_part` of them in each: the subscribers' one,
/// then the archives from the oldest on.
pub fn parts(entries: usize, per_part: usize) -> Vec<Part> {
    let per_part = per_part.max(1);
    // As few as hold every entry that subscribers no longer see; each of them is full.
    let archives = entries.saturating_sub(1) / per_part;
    let newest = Part {
        archives,
        ..Part::newest(entries, per_part)
    };
    let archive = |number: usize| {
        let end = entries - (number - 1) * per_part;
        Part {
            number: Some(number),
            archives,
            complete: false,
            entries: end - per_part..end,
        }
    };
    std::iter::once(newest)
        .chain((1..=archives).map(archive))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The entries of a part, counted from the oldest.
    fn from_the_oldest(part: &Part, entries: usize) -> Range<usize> {
        entries - part.entries.end..entries - part.entries.start
    }

    #[test]
    fn what_fits_into_one_document_needs_no_archive() {
        for entries in 0..=3 {
            let parts = parts(entries, 3);
            assert_eq!(parts.len(), 1);
            assert!(parts[0].complete);
            assert_eq!(parts[0].entries, 0..entries);
            assert_eq!((parts[0].previous(), parts[0].next()), (None, None));
        }
    }

    #[test]
    fn every_entry_is_in_some_document_and_every_archive_is_full() {
        for entries in 4..50 {
            let parts = parts(entries, 3);
            let held: std::collections::BTreeSet<usize> =
                parts.iter().flat_map(|part| part.entries.clone()).collect();
            assert_eq!(held.len(), entries);
            assert!(parts.iter().all(|part| part.entries.len() == 3));
            assert!(parts.iter().all(|part| !part.complete));
        }
    }

    #[test]
    fn a_new_entry_changes_no_archive_that_was_there() {
        for entries in 4..50 {
            let (before, after) = (parts(entries, 3), parts(entries + 1, 3));
            for (before, after) in before.iter().zip(&after).skip(1) {
                assert_eq!(before.number, after.number);
                assert_eq!(
                    from_the_oldest(before, entries),
                    from_the_oldest(after, entries + 1)
                );
            }
        }
    }

    #[test]
    fn following_the_links_back_meets_each_document_once() {
        let parts = parts(20, 3);
        let mut met = Vec::new();
        let mut at = parts[0].previous();
        while let Some(number) = at {
            met.push(number);
            at = parts[number].previous();
            assert_eq!(
                parts[number].next(),
                (number < parts[0].archives).then_some(number + 1)
            );
        }
        assert_eq!(met, [6, 5, 4, 3, 2, 1]);
    }
}
