//! Whether a client has what it asks for already (RFC 9110 §13).

use std::time::{Duration, SystemTime};

use axum::http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use axum::http::{HeaderMap, HeaderValue};

/// Whether the client wants an answer from one file alone, and this is another one: who goes on with a
/// download would glue two files together (RFC 9110 §13.1.1, §13.1.4).
pub(super) fn is_another(headers: &HeaderMap, tag: &HeaderValue, modified: u64) -> bool {
    let mut tags = headers.get_all(IF_MATCH).iter().peekable();
    if tags.peek().is_some() {
        return !tags.any(|list| names(list.as_bytes(), tag.as_bytes(), Comparison::Strong));
    }
    let told = headers.get(IF_UNMODIFIED_SINCE);
    let told = told.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    told.and_then(seconds_of)
        .is_some_and(|told| told < modified)
}

/// Whether the client's copy is still the right one. `modified` and `now` are seconds since 1970;
/// the time is asked for only where it matters.
pub(super) fn is_unchanged(
    headers: &HeaderMap,
    tag: &HeaderValue,
    modified: u64,
    now: impl FnOnce() -> u64,
) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    // RFC 9110 §13.2.2: the tag alone decides where there is one, right or wrong.
    if tags.peek().is_some() {
        return tags.any(|list| names(list.as_bytes(), tag.as_bytes(), Comparison::Weak));
    }
    let mut dates = headers.get_all(IF_MODIFIED_SINCE).iter();
    let (Some(date), None) = (dates.next(), dates.next()) else {
        return false;
    };
    let told = date.to_str().ok();
    let told = told.and_then(|text| httpdate::parse_http_date(text).ok());
    // RFC 9110 §13.1.3: what is no date is ignored. A date that is still to come was never ours
    // either; its owner would not hear of another issue before that day.
    told.and_then(seconds_of)
        .is_some_and(|told| told >= modified && told <= now())
}

/// Seconds since 1970.
pub(super) fn seconds_of(time: SystemTime) -> Option<u64> {
    let passed = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(passed.as_secs())
}

/// A date as it stands in a field.
pub(super) fn http_date(seconds: u64) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// How two entity tags are compared (RFC 9110 §8.8.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// Every byte is the same.
    Strong,
    /// A proxy that compresses makes a tag weak, and the copy is as good.
    Weak,
}

/// Whether a list of entity tags names ours, which is strong. What is not quoted is no tag.
fn names(list: &[u8], tag: &[u8], comparison: Comparison) -> bool {
    if list == tag {
        return true;
    }
    let list = list.trim_ascii();
    if list == b"*" {
        return true;
    }
    let mut rest = list;
    while let Some(first) = rest.iter().position(|byte| !b" \t,".contains(byte)) {
        rest = rest.get(first..).unwrap_or_default();
        let weak = rest.strip_prefix(b"W/");
        let opaque = weak.unwrap_or(rest);
        let may_fit = weak.is_none() || comparison == Comparison::Weak;
        let end = opaque
            .strip_prefix(b"\"")
            .and_then(|inner| inner.iter().position(|byte| *byte == b'"'));
        if let Some(end) = end {
            let (quoted, behind) = opaque.split_at(end + 2);
            if may_fit && quoted == tag {
                return true;
            }
            rest = behind;
        } else {
            // Goes on behind the next comma.
            let comma = rest.iter().position(|byte| *byte == b',');
            rest = comma.and_then(|at| rest.get(at..)).unwrap_or_default();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: u64 = 1_764_579_600;

    fn unchanged(fields: &[(&'static str, &str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let tag = HeaderValue::from_static("\"abc\"");
        is_unchanged(&headers, &tag, MODIFIED, || MODIFIED + 86_400)
    }

    #[test]
    fn a_list_that_names_the_tag_weak_or_strong_is_met() {
        for list in [
            "\"abc\"",
            "W/\"abc\"",
            " \"abc\" ",
            "\"x\", \"abc\"",
            "\"x\",W/\"abc\",\"y\"",
            "*",
            "garbage, \"abc\"",
            "\"a,b\", \"abc\"",
        ] {
            assert!(unchanged(&[("if-none-match", list)]), "{list}");
        }
        for list in [
            "abc",
            "\"abc",
            "abc\"",
            "\"ab\"",
            "\"abc-gz\"",
            "",
            ",,,",
            "w/\"abc\"",
            "\"*\"",
            "W/",
            "\"x, \"abc",
        ] {
            assert!(!unchanged(&[("if-none-match", list)]), "{list}");
        }
        let lines = [("if-none-match", "\"x\""), ("if-none-match", "\"abc\"")];
        assert!(unchanged(&lines));
    }

    #[test]
    fn a_date_counts_if_it_is_one_that_we_may_have_told() {
        let date = |seconds| http_date(seconds);
        let since = |text: &str| unchanged(&[("if-modified-since", text)]);
        assert!(since(&date(MODIFIED)) && since(&date(MODIFIED + 60)));
        assert!(!since(&date(MODIFIED - 1)));
        assert!(!since("Fri, 01 Jan 2099 00:00:00 GMT"));
        // The two old forms of RFC 9110 §5.6.7.
        assert!(since("Monday, 01-Dec-25 09:00:00 GMT"));
        assert!(since("Mon Dec  1 09:00:00 2025"));
        for text in [
            "",
            "yesterday",
            "1764579600",
            "Mon, 99 Dec 2025 09:00:00 GMT",
        ] {
            assert!(!since(text), "{text}");
        }
    }

    #[test]
    fn a_download_goes_on_only_with_the_same_file() {
        let another = |fields: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in fields {
                headers.append(*name, HeaderValue::from_str(value).unwrap());
            }
            is_another(&headers, &HeaderValue::from_static("\"abc\""), MODIFIED)
        };
        assert!(!another(&[]));
        for fits in ["\"abc\"", "*", "\"x\", \"abc\""] {
            assert!(!another(&[("if-match", fits)]), "{fits}");
        }
        for wrong in ["\"x\"", "W/\"abc\"", "abc", ""] {
            assert!(another(&[("if-match", wrong)]), "{wrong}");
        }
        let since = |seconds| http_date(seconds);
        assert!(!another(&[("if-unmodified-since", &since(MODIFIED))]));
        assert!(another(&[("if-unmodified-since", &since(MODIFIED - 1))]));
        assert!(!another(&[("if-unmodified-since", "yesterday")]));
        // §13.2.2: the tag alone decides where there is one.
        let both = [("if-match", "\"abc\""), ("if-unmodified-since", &*since(1))];
        assert!(!another(&both));
    }

    #[test]
    fn a_tag_wins_over_a_date() {
        let date = http_date(MODIFIED);
        let fields = [("if-none-match", "\"x\""), ("if-modified-since", &*date)];
        assert!(!unchanged(&fields));
    }
}
