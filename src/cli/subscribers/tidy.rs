//! `subscribers tidy`: what does not fit.

use serde_json::{Value, json};

use super::asking::confirm;
use super::tell_of_open;
use crate::cli::output::count;
use crate::cli::{App, CommandResult, Exit};
use crate::publish::{Office, Rows, Tidied, Untidy, find_untidy, tidy};

/// Arguments of `subscribers tidy`.
#[derive(Debug, clap::Args)]
pub(super) struct Tidy {
    /// Take out the rows of suppressed people, and those that repeat another byte for byte
    #[arg(long)]
    fix: bool,
    /// Do not ask
    #[arg(long, requires = "fix")]
    yes: bool,
}

impl Tidy {
    /// Whether it may write.
    pub(super) fn mends(&self) -> bool {
        self.fix
    }

    pub(super) fn run(&self, app: &App, mut office: Office<'_>) -> CommandResult {
        let untidy = find_untidy(&mut office)?;
        if !app.output.is_json() {
            tell(app, &untidy);
        }
        let mut tidied = Tidied::default();
        if self.fix && untidy.to_fix() > 0 {
            let rows = count(untidy.to_fix(), "row");
            confirm(
                self.yes,
                &format!("{rows} will go"),
                &untidy.to_fix().to_string(),
                "agree with `--yes`",
            )?;
            tidied = tidy(&mut office)?;
            tell_of_open(app, tidied.open_elsewhere);
        }
        if app.output.is_json() {
            app.output.json(&value(&untidy, &tidied));
        } else if self.fix {
            app.output
                .line(&format!("{} taken out", count(tidied.removed, "row")));
        } else if untidy.to_fix() > 0 {
            app.output.line(&format!(
                "`--fix` takes out {}: those of suppressed people, and those that repeat another byte for byte",
                count(untidy.to_fix(), "row")
            ));
        }
        Ok(Exit::Done)
    }
}

fn tell(app: &App, untidy: &Untidy) {
    let section = |title: &str, number: u64, lines: Vec<String>| {
        if number == 0 {
            return;
        }
        app.output.line(&format!("{title}: {number}"));
        let shown = lines.len() as u64;
        for line in lines {
            app.output.line(&format!("  {line}"));
        }
        if shown < number {
            app.output.line(&format!("  and {} more", number - shown));
        }
    };
    let suppressed = untidy.suppressed.first.iter();
    section(
        "suppressed, and still in the file (nothing is mailed to them)",
        untidy.suppressed.number,
        suppressed
            .map(|(line, address, reason)| format!("line {line}: {address} ({})", reason.as_str()))
            .collect(),
    );
    let twice = |rows: &Rows<(u64, String, u64)>| {
        let rows = rows.first.iter();
        rows.map(|(line, address, first)| format!("line {line}: {address}, as line {first}"))
            .collect()
    };
    section(
        "repeated byte for byte",
        untidy.copies.number,
        twice(&untidy.copies),
    );
    section(
        "further rows of one person",
        untidy.further.number,
        twice(&untidy.further),
    );
    let invalid = untidy.invalid.first.iter().map(|problem| {
        let line = problem.position().map_or(0, |(_, line, _)| line);
        format!("line {line}: {}", problem.message())
    });
    section("cannot be used", untidy.invalid.number, invalid.collect());
    let mistyped = untidy.mistyped.first.iter();
    section(
        "perhaps mistyped",
        untidy.mistyped.number,
        mistyped
            .map(|(line, address, meant)| {
                format!("line {line}: {address}: did they mean `{meant}`?")
            })
            .collect(),
    );
    section(
        "deleted by hand since the last issue (that suppresses nobody: an import may bring them back; \
         `subscribers suppress ADDRESS` keeps them off)",
        untidy.deleted.number,
        untidy
            .deleted
            .first
            .iter()
            .filter(|one| !one.is_empty())
            .cloned()
            .collect(),
    );
    if !untidy.empty_columns.is_empty() {
        app.output.line(&format!(
            "empty columns: {}",
            untidy.empty_columns.join(", ")
        ));
    }
    let clean = untidy.to_fix() == 0
        && untidy.further.number + untidy.invalid.number + untidy.mistyped.number == 0
        && untidy.deleted.number == 0;
    if clean {
        app.output
            .line(&format!("{}: all of it fits", count(untidy.rows, "row")));
    }
}

fn value(untidy: &Untidy, tidied: &Tidied) -> Value {
    let twice = |rows: &Rows<(u64, String, u64)>| {
        let first = rows.first.iter();
        let first = first.map(
            |(line, address, first)| json!({ "line": line, "address": address, "first": first }),
        );
        json!({ "number": rows.number, "rows": first.collect::<Vec<_>>() })
    };
    let suppressed = untidy.suppressed.first.iter();
    let suppressed = suppressed
        .map(|(line, address, reason)| json!({ "line": line, "address": address, "reason": reason.as_str() }));
    let invalid = untidy.invalid.first.iter().map(|problem| {
        json!({ "line": problem.position().map(|(_, line, _)| line), "problem": problem.message() })
    });
    let mistyped = untidy.mistyped.first.iter();
    let mistyped = mistyped
        .map(|(line, address, meant)| json!({ "line": line, "address": address, "meant": meant }));
    json!({
        "rows": untidy.rows,
        "suppressed": { "number": untidy.suppressed.number, "rows": suppressed.collect::<Vec<_>>() },
        "copies": twice(&untidy.copies), "further": twice(&untidy.further),
        "invalid": { "number": untidy.invalid.number, "rows": invalid.collect::<Vec<_>>() },
        "mistyped": { "number": untidy.mistyped.number, "rows": mistyped.collect::<Vec<_>>() },
        "deleted": { "number": untidy.deleted.number, "addresses": untidy.deleted.first },
        "empty_columns": untidy.empty_columns, "removed": tidied.removed,
    })
}
