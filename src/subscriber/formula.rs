//! Cells that a spreadsheet would run: one that begins with `=`, `+`, `-`, `@`, TAB or CR is a formula
//! to it, whoever wrote the name. In an export such a cell gets a `'` before it, which makes it text;
//! an import takes exactly that one away.
//!
//! A cell in which such a mark stands already gets one more, so that what is exported and imported is
//! what it was.

use std::borrow::Cow;

/// The cell as a spreadsheet may open it.
pub fn neutralised(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell as it was before [`neutralised`].
pub fn restored(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => cell,
    }
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_become_text_and_nothing_else_is_touched() {
        for cell in [
            "=HYPERLINK(\"http://evil\")",
            "+cmd|' /C calc'!A0",
            "@SUM(1)",
            "-1+2",
            "\t=1",
            "\r=1",
            "'=1",
        ] {
            assert_eq!(neutralised(cell), format!("'{cell}"));
        }
        for cell in ["Ann", "'Ann", "", "1+1", "O'Hara", "''"] {
            assert_eq!(neutralised(cell), cell);
            assert_eq!(restored(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn an_import_takes_back_what_an_export_did(cell in "['=+@\t\ra-]{0,6}") {
            let exported = neutralised(&cell);
            prop_assert_eq!(restored(&exported), cell.as_str());
        }
    }
}
