//! Tells the program on which day it was built, since a clock that says an earlier one is wrong,
//! and from which sources: what an earlier build of it kept for later is not for this one.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script asks its environment and the clock"
)]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// What decides which bytes the program writes.
const SOURCES: [&str; 4] = ["src", "templates", "Cargo.toml", "Cargo.lock"];

fn main() {
    // A reproducible build gives the time itself.
    let given = std::env::var("SOURCE_DATE_EPOCH").ok();
    let seconds = given.and_then(|text| text.parse::<u64>().ok());
    let seconds = seconds.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |since| since.as_secs())
    });
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=POSTRIDER_BUILT={}", seconds / 86_400);
    let mut hasher = DefaultHasher::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        hash(Path::new(source), &mut hasher);
    }
    println!(
        "cargo::rustc-env=POSTRIDER_SOURCES={:016x}",
        hasher.finish()
    );
}

/// Names and texts of a file, or of a folder in the order of its names.
fn hash(path: &Path, hasher: &mut DefaultHasher) {
    if let Ok(entries) = std::fs::read_dir(path) {
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            hash(&path, hasher);
        }
    } else if let Ok(bytes) = std::fs::read(path) {
        path.hash(hasher);
        bytes.hash(hasher);
    }
}
