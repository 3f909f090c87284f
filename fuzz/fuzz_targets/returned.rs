#![no_main]

#[path = "../../tests/proof/fuzz/checks.rs"]
#[allow(dead_code, reason = "each target asks one thing")]
mod checks;

libfuzzer_sys::fuzz_target!(|input: &[u8]| checks::returned(input));
