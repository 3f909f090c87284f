//! Tells the program on which day it was built: a clock that says an earlier one is wrong.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script asks its environment and the clock"
)]

use std::time::{SystemTime, UNIX_EPOCH};

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
}
