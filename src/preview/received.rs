//! A finished message, taken apart as its receiver does it: the fields of its header, the plain
//! text and the HTML, and how large everything is.

use super::flowed::unflowed;

/// Gmail shows no more of a mail's HTML than this, in bytes (standards I1).
pub const CLIPPED_AT: usize = 102_400;

/// A field of the header, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value with the line breaks of folding, without the last one.
    pub value: String,
}

/// One of the two parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// Decoded, with LF line ends.
    pub text: String,
    /// Bytes as sent.
    pub sent: usize,
    /// Bytes after decoding.
    pub decoded: usize,
    /// Whether the sender calls it flowed.
    pub is_flowed: bool,
    /// Whether the space of a soft line break is none of the text (`DelSp`).
    pub deletes_spaces: bool,
}

impl Part {
    /// The text as a mail program shows it that understands `format=flowed`.
    pub fn unflowed(&self) -> String {
        if self.is_flowed {
            unflowed(&self.text, self.deletes_spaces)
        } else {
            self.text.clone()
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Received {
    /// The header, in its order.
    pub fields: Vec<Field>,
    /// The plain text.
    pub text: Part,
    /// The HTML.
    pub html: Part,
    /// Pictures that travel along: their Content-ID, media type and bytes.
    pub attached: Vec<Attached>,
    /// Bytes of the whole message.
    pub size: usize,
}

/// A picture inside a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Without brackets.
    pub content_id: String,
    /// Such as `image/png`.
    pub media_type: String,
    /// The picture.
    pub bytes: Vec<u8>,
}

impl Received {
    /// Takes a message of ours apart.
    pub fn read(bytes: &[u8]) -> Self {
        let mut received = Self {
            size: bytes.len(),
            ..Self::default()
        };
        let (fields, body) = split_header(bytes);
        received.visit(&fields, body, 0);
        received.fields = fields;
        received
    }

    /// The value of a field, unfolded.
    pub fn field(&self, name: &str) -> Option<String> {
        value_of(&self.fields, name)
    }

    fn visit(&mut self, fields: &[Field], body: &[u8], depth: usize) {
        const DEEPEST: usize = 4;
        let content_type = value_of(fields, "Content-Type").unwrap_or_default();
        let media_type = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        if media_type.starts_with("multipart/") && depth < DEEPEST {
            let boundary = parameter(&content_type, "boundary").unwrap_or_default();
            for part in parts(body, &boundary) {
                let (fields, body) = split_header(part);
                self.visit(&fields, body, depth + 1);
            }
            return;
        }
        let encoding = value_of(fields, "Content-Transfer-Encoding").unwrap_or_default();
        let decoded = decode(body, &encoding);
        match media_type.as_str() {
            "text/plain" => self.text = part(body, &decoded, &content_type),
            "text/html" => self.html = part(body, &decoded, &content_type),
            _ => {
                let id = value_of(fields, "Content-ID").unwrap_or_default();
                self.attached.push(Attached {
                    content_id: id.trim_matches(['<', '>']).to_owned(),
                    media_type,
                    bytes: decoded,
                });
            }
        }
    }
}

fn part(sent: &[u8], decoded: &[u8], content_type: &str) -> Part {
    let says = |name: &str, value: &str| {
        parameter(content_type, name).is_some_and(|said| said.eq_ignore_ascii_case(value))
    };
    Part {
        text: String::from_utf8_lossy(decoded).replace("\r\n", "\n"),
        sent: sent.len(),
        decoded: decoded.len(),
        is_flowed: says("format", "flowed"),
        deletes_spaces: says("delsp", "yes"),
    }
}

fn decode(body: &[u8], encoding: &str) -> Vec<u8> {
    let decoded = if encoding.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable::decode(body, quoted_printable::ParseMode::Robust).ok()
    } else if encoding.eq_ignore_ascii_case("base64") {
        let packed: Vec<u8> = body
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        data_encoding::BASE64.decode(&packed).ok()
    } else {
        None
    };
    decoded.unwrap_or_else(|| body.to_vec())
}

/// The fields, and what stands behind the empty line.
fn split_header(bytes: &[u8]) -> (Vec<Field>, &[u8]) {
    const EMPTY_LINE: &[u8] = b"\r\n\r\n";
    let end = memchr::memmem::find(bytes, EMPTY_LINE);
    let header = &bytes[..end.unwrap_or(bytes.len())];
    let body = end.map_or(&bytes[..0], |end| &bytes[end + EMPTY_LINE.len()..]);
    let mut fields: Vec<Field> = Vec::new();
    for line in String::from_utf8_lossy(header).split("\r\n") {
        match fields.last_mut() {
            // RFC 5322 §2.2.3: a line that begins with space belongs to the field above.
            Some(field) if line.starts_with([' ', '\t']) => {
                field.value.push('\n');
                field.value.push_str(line);
            }
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                fields.push(Field {
                    name: name.to_owned(),
                    value: value.trim_start().to_owned(),
                });
            }
        }
    }
    (fields, body)
}

fn value_of(fields: &[Field], name: &str) -> Option<String> {
    let field = fields
        .iter()
        .find(|field| field.name.eq_ignore_ascii_case(name))?;
    Some(field.value.replace('\n', ""))
}

/// A parameter of a Content-Type, without its quotes.
fn parameter(content_type: &str, name: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (own, value) = parameter.split_once('=')?;
        own.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts between the lines of a boundary (RFC 2046 §5.1.1).
fn parts<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}");
    let mut starts = Vec::new();
    let mut ends = Vec::new();
    for at in memchr::memmem::find_iter(body, delimiter.as_bytes()) {
        if at != 0 && !body[..at].ends_with(b"\r\n") {
            continue;
        }
        ends.push(at.saturating_sub(2));
        let behind = at + delimiter.len();
        let line = memchr::memmem::find(&body[behind..], b"\r\n");
        starts.push(line.map_or(body.len(), |line| behind + line + 2));
    }
    let ends = ends.into_iter().skip(1);
    starts
        .into_iter()
        .zip(ends)
        .filter_map(|(start, end)| body.get(start..end))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "Subject: A long\r\n subject\r\nContent-Type: multipart/alternative;\r\n boundary=\"cut\"\r\n\r\n--cut\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9 =\r\nau lait=20\r\nnow\r\n--cut\r\nContent-Type: multipart/related; boundary=in\r\n\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>--cut</p>\r\n--in\r\nContent-Type: image/png\r\nContent-ID: <a@b>\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--in--\r\n--cut--\r\n";

    #[test]
    fn a_message_is_its_fields_and_its_parts() {
        let received = Received::read(MESSAGE.as_bytes());
        assert_eq!(received.field("subject").unwrap(), "A long subject");
        assert_eq!(received.fields[0].value, "A long\n subject");
        assert_eq!(received.text.text, "Café au lait \nnow");
        assert_eq!(received.text.unflowed(), "Café au lait now\n");
        assert_eq!(received.html.text, "<p>--cut</p>");
        assert_eq!(received.html.sent, 12);
        assert_eq!(received.attached[0].content_id, "a@b");
        assert_eq!(received.attached[0].bytes, [0, 1, 2]);
        assert_eq!(received.size, MESSAGE.len());
    }

    #[test]
    fn what_is_no_message_is_taken_as_it_comes() {
        for bytes in [
            &b""[..],
            b"a",
            b"Content-Type: multipart/x\r\n\r\n--\r\n--",
            b"\r\n\r\n",
        ] {
            Received::read(bytes);
        }
    }
}
