//! Which encodings a client takes (RFC 9110 §12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// How gladly a client takes each encoding, in thousandths; 0 is not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Accepted {
    pub(super) gzip: u16,
    pub(super) brotli: u16,
}

impl Accepted {
    /// Reads what the request says. Without a word only the plain form is sure to be understood.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let (mut gzip, mut brotli, mut any) = (None, None, 0);
        for line in headers.get_all(ACCEPT_ENCODING) {
            for item in line.as_bytes().split(|byte| *byte == b',') {
                let mut parts = item.split(|byte| *byte == b';');
                let name = parts.next().unwrap_or_default().trim_ascii();
                let weight = parts.find_map(weight_in).unwrap_or(1000);
                if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") {
                    gzip = Some(weight);
                } else if name.eq_ignore_ascii_case(b"br") {
                    brotli = Some(weight);
                } else if name == b"*" {
                    any = weight;
                }
            }
        }
        Self {
            gzip: gzip.unwrap_or(any),
            brotli: brotli.unwrap_or(any),
        }
    }
}

/// The thousandths in `q=0.8`. What cannot be read counts as a refusal: the plain form is always right.
fn weight_in(parameter: &[u8]) -> Option<u16> {
    let parameter = parameter.trim_ascii();
    let value = parameter
        .strip_prefix(b"q=")
        .or_else(|| parameter.strip_prefix(b"Q="))?;
    let text = std::str::from_utf8(value).unwrap_or_default();
    let weight: f32 = text.parse().unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is between 0 and 1000"
    )]
    Some((weight.clamp(0.0, 1.0) * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn of(lines: &[&str]) -> (u16, u16) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        let accepted = Accepted::of(&headers);
        (accepted.gzip, accepted.brotli)
    }

    #[test]
    fn each_encoding_has_the_weight_that_the_client_gives_it() {
        assert_eq!(of(&[]), (0, 0));
        assert_eq!(of(&["gzip"]), (1000, 0));
        assert_eq!(of(&["gzip, deflate, br, zstd"]), (1000, 1000));
        assert_eq!(of(&["br;q=0.5 , GZIP; Q=0.25"]), (250, 500));
        assert_eq!(of(&["gzip;q=0, *"]), (0, 1000));
        assert_eq!(of(&["*;q=0"]), (0, 0));
        assert_eq!(of(&["deflate", "br"]), (0, 1000));
        assert_eq!(of(&["identity"]), (0, 0));
    }

    #[test]
    fn what_cannot_be_read_is_taken_for_a_refusal() {
        assert_eq!(of(&["gzip;q=NaN"]), (0, 0));
        assert_eq!(of(&["gzip;q=", "br;q=many"]), (0, 0));
        assert_eq!(of(&["gzip;q=9", "br;q=-1"]), (1000, 0));
        assert_eq!(of(&[";;;,,,", "gzipped"]), (0, 0));
    }
}
