//! Which column of an imported file goes into which of the roster, and what a row gets from it.

use std::collections::HashMap;

use super::importing::ImportOptions;
use crate::diagnostic::Diagnostic;
use crate::subscriber::{
    Change, Entry, ImportFile, NewRow, Particulars, Sheet, SheetRow, Stance, Status,
};

/// Where the roster has what a file brings.
pub(super) struct Columns {
    email: usize,
    name: Option<usize>,
    tags: Option<usize>,
    joined: Option<usize>,
    status: Option<usize>,
    /// Column of the roster by name of the file's column.
    pub(super) others: HashMap<String, usize>,
}

impl Columns {
    /// Gives the roster the columns that it lacks for what the file brings.
    pub(super) fn find(
        sheet: &mut Sheet,
        source: &ImportFile,
        options: &ImportOptions,
        name: &str,
    ) -> Result<Self, Diagnostic> {
        let (mut has_name, mut has_tags, mut has_status) = (false, false, false);
        for entry in source.entries() {
            if has_name && has_tags && has_status {
                break;
            }
            let particulars = source.particulars(entry);
            has_name |= !particulars.name.is_empty();
            has_tags |= !particulars.tags.is_empty();
            has_status |= !particulars.status.is_empty() && entry.stance == Stance::Other;
        }
        let mut ours = |word: &str, needed: bool| match sheet.column(word) {
            Some(at) => Some(at),
            None => needed.then(|| sheet.column_or_new(word)),
        };
        let (name_at, tags, status) = (
            ours("name", has_name),
            ours("tags", has_tags),
            ours("status", has_status),
        );
        refuse_unknown(&options.keep, source, name)?;
        let others = others_of(sheet, source, &options.keep);
        Ok(Self {
            email: sheet.email(),
            name: name_at,
            tags,
            joined: sheet.column("joined"),
            status,
            others,
        })
    }

    /// What becomes of a row of the roster that the file has, too.
    pub(super) fn change(
        &self,
        row: &SheetRow<'_>,
        entry: &Entry,
        source: &ImportFile,
        overwrite: bool,
    ) -> Change {
        if matches!(entry.stance, Stance::Gone(_)) {
            return Change::Keep;
        }
        let particulars = source.particulars(entry);
        match self.changes(row, &particulars, entry.stance, overwrite) {
            changes if changes.is_empty() => Change::Keep,
            changes => Change::Set(changes),
        }
    }

    /// The values that a row of the roster gets.
    fn changes(
        &self,
        row: &SheetRow<'_>,
        new: &Particulars,
        stance: Stance,
        overwrite: bool,
    ) -> Vec<(usize, String)> {
        let mut changes = Vec::new();
        let mut wanted = vec![(self.name, &new.name, overwrite)];
        let others = new.others.iter();
        wanted
            .extend(others.map(|(name, value)| (self.others.get(name).copied(), value, overwrite)));
        // The day of joining is known better here, where it is known.
        wanted.push((self.joined, &new.joined, false));
        for (at, value, replaces) in wanted {
            if let Some(at) = at
                && !value.is_empty()
                && row.field(at) != value
                && (replaces || row.field(at).trim().is_empty())
            {
                changes.push((at, value.clone()));
            }
        }
        if let Some(at) = self.tags {
            changes.extend(more_tags(row.field(at), &new.tags).map(|tags| (at, tags)));
        }
        // Only what keeps mail away; nothing brings anybody back.
        if let Some(at) = self.status
            && stance == Stance::Other
            && row.status() == Status::Active
        {
            changes.push((at, new.status.clone()));
        }
        changes
    }

    /// A row for somebody new.
    pub(super) fn row(
        &self,
        address: String,
        new: Particulars,
        stance: Stance,
        today: &str,
    ) -> NewRow {
        let mut row = vec![(self.email, address)];
        row.extend(self.name.map(|at| (at, new.name)));
        row.extend(self.tags.map(|at| (at, new.tags.join(" "))));
        let joined = if new.joined.is_empty() {
            today.to_owned()
        } else {
            new.joined
        };
        row.extend(self.joined.map(|at| (at, joined)));
        if stance == Stance::Other {
            row.extend(self.status.map(|at| (at, new.status)));
        }
        let others = new.others.into_iter();
        row.extend(others.filter_map(|(name, value)| Some((*self.others.get(&name)?, value))));
        row
    }
}

fn refuse_unknown(keep: &[String], source: &ImportFile, name: &str) -> Result<(), Diagnostic> {
    let is_unknown = |kept: &&String| !source.other_columns().any(|it| it == kept.to_lowercase());
    match keep.iter().find(is_unknown) {
        None => Ok(()),
        Some(kept) => Err(
            Diagnostic::error(format!("`{name}` has no column `{kept}`")).hint(format!(
                "those that can be kept: {}",
                source.other_columns().collect::<Vec<_>>().join(", ")
            )),
        ),
    }
}

/// Columns that mean nothing to Postrider: those that the roster has, and those to be kept.
fn others_of(sheet: &mut Sheet, source: &ImportFile, keep: &[String]) -> HashMap<String, usize> {
    let mut others = HashMap::new();
    for other in source.other_columns() {
        let is_kept = keep.iter().any(|kept| kept.to_lowercase() == other);
        let at = match sheet.column(other) {
            Some(at) => Some(at),
            None => is_kept.then(|| sheet.column_or_new(other)),
        };
        others.extend(at.map(|at| (other.to_owned(), at)));
    }
    others
}

/// The tags of a row with those that it lacks behind them, separated as the others are.
fn more_tags(present: &str, new: &[String]) -> Option<String> {
    let separators = [',', ';'];
    let known: Vec<String> = present
        .split(|sign: char| separators.contains(&sign) || sign.is_whitespace())
        .map(str::to_lowercase)
        .collect();
    let mut tags = present.trim().to_owned();
    for tag in new
        .iter()
        .filter(|tag| !known.contains(&tag.to_lowercase()))
    {
        if !tags.is_empty() {
            tags.push(
                present
                    .chars()
                    .find(|sign| separators.contains(sign))
                    .unwrap_or(' '),
            );
        }
        tags.push_str(tag);
    }
    (tags != present.trim()).then_some(tags)
}
