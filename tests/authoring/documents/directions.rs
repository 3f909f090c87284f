//! The directions of the architecture: who may import whom, and what the core never asks for.

use std::path::{Path, PathBuf};

use super::{document, repository};

const CORE: &[&str] = &[
    "address",
    "archive",
    "bounce",
    "card",
    "check",
    "delivery",
    "dkim",
    "essay",
    "feed",
    "fingerprint",
    "freemail",
    "import",
    "issue",
    "message",
    "overview",
    "pace",
    "plan",
    "preview",
    "readers",
    "render",
    "scan",
    "schedule",
    "subscriber",
    "suppression",
    "token",
    "words",
];
const EDGES: [&str; 12] = [
    "catch", "cli", "clock", "config", "fs", "imap", "ledger", "mailer", "publish", "selftest",
    "server", "visitor",
];

/// The source files of a module, without its tests.
fn sources(module: &str) -> Vec<PathBuf> {
    let root = repository().join("src");
    let mut found = vec![root.join(format!("{module}.rs"))];
    let mut folders = vec![root.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.retain(|path| {
        path.extension().is_some_and(|extension| extension == "rs") && path.exists()
    });
    found
}

/// The modules of this crate that a file names as `crate::module`, tests left out.
fn imports(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let mut modules = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap();
                modules.extend(group.split(',').map(|item| first_word(item.trim())));
            }
            None => modules.push(first_word(rest)),
        }
    }
    modules
}

fn first_word(text: &str) -> String {
    let end = text.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    text[..end.unwrap_or(text.len())].to_owned()
}

#[track_caller]
fn assert_never(module: &str, forbidden: &[&str]) {
    let files = sources(module);
    assert!(!files.is_empty(), "{module}");
    for file in files {
        for import in imports(&file) {
            assert!(
                !forbidden.contains(&import.as_str()),
                "{} uses {import}",
                file.display()
            );
        }
    }
}

#[test]
fn the_core_knows_no_edge() {
    for module in CORE {
        assert_never(module, &EDGES);
    }
}

#[test]
fn the_ledger_and_the_mailer_never_know_each_other() {
    assert_never("ledger", &["mailer", "publish", "cli", "catch", "selftest"]);
    assert_never("mailer", &["ledger", "publish", "cli", "catch", "selftest"]);
    assert_never("publish", &["cli", "selftest", "server"]);
    assert_never("server", &["cli", "ledger", "mailer", "catch", "selftest"]);
    assert_never("catch", &["cli", "publish", "ledger", "mailer", "selftest"]);
    assert_never(
        "visitor",
        &["cli", "publish", "ledger", "mailer", "selftest", "server"],
    );
    // It tests the sender from outside: what it shared with it, it could not judge.
    assert_never("selftest", &["cli", "publish", "mailer", "message"]);
}

#[test]
fn the_core_asks_for_no_file_clock_environment_or_network() {
    for module in CORE {
        for file in sources(module) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for word in [
                "std::fs",
                "std::env",
                "std::net",
                "SystemTime::now",
                "Utc::now",
                "Instant::now",
                "rusqlite::",
                "tokio::",
            ] {
                let is_test = file.to_string_lossy().contains("tests");
                assert!(
                    is_test || !code.contains(word),
                    "{} uses {word}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_module_is_core_or_edge() {
    let lib = document("src/lib.rs");
    for line in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let name = line.trim_end_matches(';');
        // Diagnostics are values that both sides make.
        assert!(
            name == "diagnostic" || CORE.contains(&name) != EDGES.contains(&name),
            "{name}"
        );
    }
}
