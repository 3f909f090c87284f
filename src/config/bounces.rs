//! What mail that comes back leads to.

use std::time::Duration;

use chrono::TimeDelta;
use toml::Spanned;

use super::raw::RawBounces;
use super::reader::Reader;
use crate::bounce::rules::Rules;
use crate::bounce::{OwnCodes, StatusPattern};
use crate::diagnostic::Diagnostic;

impl Reader<'_> {
    /// The rules of `[bounces]`.
    pub(super) fn bounce_rules(&self, raw: &RawBounces) -> Result<Rules, Diagnostic> {
        let known = Rules::default();
        let count = |spanned: &Option<Spanned<usize>>, range, name, default| match spanned {
            Some(spanned) => self.in_range(spanned, range, name),
            None => Ok(default),
        };
        Ok(Rules {
            suppress_after: count(
                &raw.suppress_after,
                1..=2,
                "suppress_after",
                known.suppress_after,
            )?,
            soft_after: count(&raw.soft_after, 0..=100, "soft_after", known.soft_after)?,
            soft_within: self.soft_within(raw.soft_within.clone(), known.soft_within)?,
            codes: OwnCodes {
                hard: self.codes(&raw.hard)?,
                soft: self.codes(&raw.soft)?,
                policy: self.codes(&raw.policy)?,
            },
        })
    }

    fn soft_within(
        &self,
        spanned: Option<Spanned<String>>,
        default: TimeDelta,
    ) -> Result<TimeDelta, Diagnostic> {
        let day = Duration::from_hours(24);
        let default = default.to_std().unwrap_or(30 * day);
        let within = self.wait(spanned, "soft_within", day..=366 * day, default)?;
        Ok(TimeDelta::from_std(within).unwrap_or_default())
    }

    fn codes(&self, codes: &[Spanned<String>]) -> Result<Vec<StatusPattern>, Diagnostic> {
        let read = |spanned: &Spanned<String>| {
            StatusPattern::parse(spanned.get_ref()).ok_or_else(|| {
                Diagnostic::error("this is no status code of a failure")
                    .at(self.source, spanned.span())
                    .hint("write it as `5.4.1`, or `5.7.x` for all codes that begin so (RFC 3463)")
            })
        };
        codes.iter().map(read).collect()
    }
}
