//! A message as a receiver sees it, and the rules by which strict receivers refuse one.

use std::collections::BTreeMap;

use mail_parser::MessageParser;

/// A message taken apart.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The bytes it was read from.
    pub raw: Vec<u8>,
    /// The subject, decoded.
    pub subject: String,
    /// `Name <address>` or `address`, decoded.
    pub from: String,
    /// As `from`.
    pub to: String,
    /// The plain text part, decoded, with LF line ends.
    pub text: Option<String>,
    /// The HTML part, decoded, with LF line ends.
    pub html: Option<String>,
    headers: Vec<(String, String)>,
}

impl Letter {
    /// Reads a message.
    #[track_caller]
    pub fn read(raw: &[u8]) -> Self {
        let message = MessageParser::default().parse(raw).expect("no message");
        // Only parts that say what they are: the parser else shows one as the other.
        let part = |subtype: &str| {
            let parts = message.parts.iter();
            let mut texts = parts.filter_map(|part| {
                let content_type = mail_parser::MimeHeaders::content_type(part)?;
                let is_text = content_type.ctype().eq_ignore_ascii_case("text");
                let matches = content_type.subtype()?.eq_ignore_ascii_case(subtype);
                (is_text && matches).then(|| part.text_contents().map(str::to_owned))?
            });
            texts.next().map(|text| text.replace("\r\n", "\n"))
        };
        Self {
            raw: raw.to_vec(),
            subject: message.subject().unwrap_or_default().to_owned(),
            from: mailbox(message.from()),
            to: mailbox(message.to()),
            text: part("plain"),
            html: part("html"),
            headers: message
                .headers_raw()
                .map(|(name, value)| (name.to_owned(), unfold(value)))
                .collect(),
        }
    }

    /// The value of a header that stands exactly once, unfolded and not decoded.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        match self.headers(name)[..] {
            [value] => value,
            ref values => panic!(
                "{name} stands {} times in {:#?}",
                values.len(),
                self.headers
            ),
        }
    }

    /// The values of every header of this name, from the top.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let headers = self.headers.iter();
        headers
            .filter(|(header, _)| header.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The names of the headers, in their order.
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The plain text part.
    #[track_caller]
    pub fn text(&self) -> &str {
        self.text.as_deref().expect("no plain text part")
    }

    /// The HTML part.
    #[track_caller]
    pub fn html(&self) -> &str {
        self.html.as_deref().expect("no HTML part")
    }

    /// Fails if a strict receiver could find fault with the message.
    #[track_caller]
    pub fn assert_strict(&self) {
        let faults = faults(&self.raw);
        let text = String::from_utf8_lossy(&self.raw);
        assert!(faults.is_empty(), "{faults:#?} in\n{text}");
    }
}

fn mailbox(address: Option<&mail_parser::Address<'_>>) -> String {
    let Some(first) = address.and_then(mail_parser::Address::first) else {
        return String::new();
    };
    let address = first.address().unwrap_or_default();
    match first.name() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

fn unfold(value: &str) -> String {
    value.replace("\r\n", "").trim().to_owned()
}

/// What is wrong with a message by the letter of the standards, one line each.
pub fn faults(raw: &[u8]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |text: String| faults.push(text);
    // RFC 5321 §2.3.8
    let text = String::from_utf8_lossy(raw);
    let without_ends = text.replace("\r\n", "");
    if without_ends.contains(['\r', '\n']) {
        fault("a bare CR or LF".to_owned());
    }
    if !text.ends_with("\r\n") {
        fault("the last line does not end".to_owned());
    }
    // Postfix refuses raw UTF-8 in headers; in a body it would need 8BITMIME on every hop.
    if !raw.iter().all(|byte| byte.is_ascii() && *byte != 0) {
        fault("a byte that is not ASCII, or NUL".to_owned());
    }
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        fault("no body".to_owned());
        return faults;
    };
    faults.extend(head.split("\r\n").filter_map(header_line_fault));
    faults.extend(body.split("\r\n").filter_map(body_line_fault));
    faults.extend(header_count_faults(head));
    faults
}

/// RFC 5322 §2.1.1: at most 998 characters, and 78 where the line can be folded.
fn header_line_fault(line: &str) -> Option<String> {
    let can_be_folded = line
        .trim_start()
        .split_once(": ")
        .map_or(line.trim_start(), |(_, value)| value);
    if line.len() > 998 || (line.len() > 78 && can_be_folded.trim_end().contains(' ')) {
        Some(format!(
            "a header line of {} characters: {line}",
            line.len()
        ))
    } else if line.trim().is_empty() {
        Some("a header line of white space".to_owned())
    } else if line.starts_with([' ', '\t'])
        || line
            .split_once(':')
            .is_some_and(|(name, _)| is_header_name(name))
    {
        None
    } else {
        Some(format!("no header: {line}"))
    }
}

/// RFC 5322 §3.6.8
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// RFC 2045 §6.7 and §6.8: an encoded line has at most 76 characters and no white space at its end.
fn body_line_fault(line: &str) -> Option<String> {
    if line.len() > 76 {
        Some(format!("a body line of {} characters: {line}", line.len()))
    } else if line.ends_with([' ', '\t']) {
        Some(format!("white space at the end of a body line: {line:?}"))
    } else {
        None
    }
}

/// RFC 5322 §3.6, and what only those on the way may add.
fn header_count_faults(head: &str) -> Vec<String> {
    const ONCE: [&str; 7] = [
        "from",
        "to",
        "date",
        "message-id",
        "subject",
        "mime-version",
        "content-type",
    ];
    const NEVER: [&str; 3] = ["bcc", "received", "return-path"];
    const OFTEN: [&str; 1] = ["dkim-signature"];

    let mut counts: BTreeMap<String, usize> =
        ONCE.iter().map(|name| ((*name).to_owned(), 0)).collect();
    for line in head
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
    {
        let name = line
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        *counts.entry(name).or_default() += 1;
    }
    let mut faults = Vec::new();
    for (name, count) in counts {
        let name = name.as_str();
        if NEVER.contains(&name)
            || (count == 0 && ONCE.contains(&name))
            || (count > 1 && !OFTEN.contains(&name))
        {
            faults.push(format!("{name} stands {count} times"));
        }
    }
    faults
}
