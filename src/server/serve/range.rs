//! Which part of a file is asked for (RFC 9110 §14).

use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue};

/// What to answer to a `Range`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole file.
    Whole,
    /// The bytes from the first to the last, both counted.
    Bytes(u64, u64),
    /// No byte of the file is meant.
    Nothing,
}

/// Reads the field. Several ranges at once are the whole file: RFC 9110 §14.2 lets a server ignore
/// the field, and nobody who plays a recording asks so.
pub(super) fn part_of(
    headers: &HeaderMap,
    length: u64,
    tag: &HeaderValue,
    modified: &HeaderValue,
) -> Part {
    let mut fields = headers.get_all(RANGE).iter();
    let (Some(range), None) = (fields.next(), fields.next()) else {
        return Part::Whole;
    };
    // §13.1.5: a part fits only the file of which the client has the rest.
    if let Some(condition) = headers.get(IF_RANGE)
        && condition != tag
        && condition != modified
    {
        return Part::Whole;
    }
    let set = range.to_str().ok().and_then(|text| text.split_once('='));
    match set {
        Some((unit, set)) if unit.eq_ignore_ascii_case("bytes") => {
            in_set(set.trim(), length).unwrap_or(Part::Whole)
        }
        _ => Part::Whole,
    }
}

/// The part that one range means; `None` if it is none, or several.
fn in_set(set: &str, length: u64) -> Option<Part> {
    let (first, last) = set.split_once('-')?;
    let number = |digits: &str| {
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // A number that is too long for us is larger than any file.
        is_number.then(|| digits.parse::<u64>().unwrap_or(u64::MAX))
    };
    let end = length.checked_sub(1);
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => {
            let count = number(last)?;
            Some(match end {
                Some(end) if count > 0 => Part::Bytes(length.saturating_sub(count), end),
                _ => Part::Nothing,
            })
        }
        (false, open) => {
            let first = number(first)?;
            let last = if open { u64::MAX } else { number(last)? };
            if last < first {
                return None;
            }
            Some(match end {
                Some(end) if first <= end => Part::Bytes(first, last.min(end)),
                _ => Part::Nothing,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str) -> Part {
        let mut headers = HeaderMap::new();
        headers.append(RANGE, HeaderValue::from_str(range).unwrap());
        let none = HeaderValue::from_static("");
        part_of(&headers, 100, &none, &none)
    }

    #[test]
    fn one_range_of_bytes_is_a_part() {
        assert_eq!(part("bytes=0-0"), Part::Bytes(0, 0));
        assert_eq!(part("bytes=10-19"), Part::Bytes(10, 19));
        assert_eq!(part("bytes=10-"), Part::Bytes(10, 99));
        assert_eq!(part("bytes=90-200"), Part::Bytes(90, 99));
        assert_eq!(part("bytes=-10"), Part::Bytes(90, 99));
        assert_eq!(part("bytes=-1000"), Part::Bytes(0, 99));
        assert_eq!(part("bytes=100-"), Part::Nothing);
        assert_eq!(part("bytes=99999999999999999999999-"), Part::Nothing);
        assert_eq!(part("bytes=-0"), Part::Nothing);
    }

    #[test]
    fn what_is_no_range_or_many_is_the_whole() {
        let bomb = format!("bytes={}", "0-,".repeat(1300));
        for range in [
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=2-1",
            "bytes=a-b",
            "lines=1-2",
            "bytes=0-1,5-6",
            &bomb,
        ] {
            assert_eq!(part(range), Part::Whole, "{range}");
        }
    }

    #[test]
    fn a_part_fits_only_the_file_that_the_client_has() {
        let tag = HeaderValue::from_static("\"abc\"");
        let date = HeaderValue::from_static("Mon, 01 Dec 2025 09:00:00 GMT");
        let with = |condition: &'static str| {
            let mut headers = HeaderMap::new();
            headers.append(RANGE, HeaderValue::from_static("bytes=0-1"));
            headers.append(IF_RANGE, HeaderValue::from_static(condition));
            part_of(&headers, 100, &tag, &date)
        };
        assert_eq!(with("\"abc\""), Part::Bytes(0, 1));
        assert_eq!(with("Mon, 01 Dec 2025 09:00:00 GMT"), Part::Bytes(0, 1));
        assert_eq!(with("\"xyz\""), Part::Whole);
        // §13.1.5: a weak tag never fits.
        assert_eq!(with("W/\"abc\""), Part::Whole);
    }
}
