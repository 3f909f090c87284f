//! The tables of `docs/proof.md` that name a test for each input.

use std::path::Path;

/// The tests that each row below a heading names, which are all there.
#[track_caller]
pub fn tests_by_row(heading: &str) -> Vec<Vec<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(root.join("docs/proof.md")).unwrap();
    let (_, section) = document.split_once(heading).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let sources = sources(&["tests", "src"].map(|folder| root.join(folder)));
    let rows = section
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1);
    rows.map(|row| {
        let cell = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let tests = cell.split_whitespace().map(|name| name.trim_matches('`'));
        let tests: Vec<String> = tests.map(str::to_owned).collect();
        for test in &tests {
            assert!(sources.contains(&format!("fn {test}(")), "no test {test}");
        }
        assert!(!tests.is_empty(), "{row}");
        tests
    })
    .collect()
}

fn sources(folders: &[std::path::PathBuf]) -> String {
    let mut text = String::new();
    let mut folders = folders.to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}
