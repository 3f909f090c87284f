//! From a line to a command of SMTP.
//!
//! Pure. Knows the syntax of RFC 5321 §4.1 and of the extensions that are offered; what a command
//! does, and when it is allowed, is left to `session`.

use super::path::{self, PathError};

/// A reply that refuses a line: code, enhanced code and text, without CRLF.
pub(super) type Refusal = &'static str;

/// A command whose syntax is right.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Ehlo,
    Helo,
    Mail(Mail),
    Rcpt(Recipient),
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
    Help,
}

/// `MAIL FROM:<...>` and what came with it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mail {
    /// The reverse path without its brackets; empty for the null path.
    pub(super) from: String,
    /// The size that the client announced, in bytes (RFC 1870 §6).
    pub(super) size: Option<u64>,
    /// The client asked for internationalised mail (RFC 6531 §3.4).
    pub(super) utf8: bool,
}

/// `RCPT TO:<...>`: the forward path without its brackets.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Recipient(pub(super) String);

/// Words that begin a request of HTTP. A page in a browser can be made to post a form to a port of
/// this machine; what follows its headers must not be taken for commands.
const OTHER_PROTOCOLS: [&str; 8] = [
    "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "PATCH", "DELETE",
];

/// Whether a line belongs to a program that does not speak SMTP at all.
pub(super) fn is_other_protocol(line: &[u8]) -> bool {
    let verb = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    OTHER_PROTOCOLS
        .iter()
        .any(|word| verb.eq_ignore_ascii_case(word.as_bytes()))
}

impl Command {
    /// Reads a line without its CRLF.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Refusal> {
        let line = std::str::from_utf8(line).map_err(|_| "500 5.5.2 the line is not UTF-8")?;
        if line.chars().any(char::is_control) {
            return Err("500 5.5.2 the line has a control character, a bare CR or a bare LF");
        }
        let line = line.trim_end_matches(' ');
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let without_argument = |command| {
            let refusal = "501 5.5.4 the command takes no argument";
            argument.is_empty().then_some(command).ok_or(refusal)
        };
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => greeting(argument).map(|()| Self::Ehlo),
            "HELO" => greeting(argument).map(|()| Self::Helo),
            "MAIL" => parse_mail(argument).map(Self::Mail),
            "RCPT" => parse_recipient(argument).map(Self::Rcpt),
            "DATA" => without_argument(Self::Data),
            "RSET" => without_argument(Self::Rset),
            "QUIT" => without_argument(Self::Quit),
            "NOOP" => Ok(Self::Noop),
            "HELP" => Ok(Self::Help),
            "VRFY" if argument.is_empty() => Err("501 5.5.4 VRFY needs a name"),
            "VRFY" => Ok(Self::Vrfy),
            "EXPN" | "STARTTLS" | "AUTH" | "BDAT" | "TURN" | "ETRN" => {
                Err("502 5.5.1 the command is not offered here")
            }
            _ => Err("500 5.5.2 no such command"),
        }
    }
}

fn greeting(argument: &str) -> Result<(), Refusal> {
    if argument.is_empty() || argument.contains(' ') {
        Err("501 5.5.4 one host name, please")
    } else {
        Ok(())
    }
}

fn parse_mail(argument: &str) -> Result<Mail, Refusal> {
    let (from, parameters) =
        parse_path(argument, "FROM:", "501 5.5.4 write it MAIL FROM:<address>")?;
    let mut mail = Mail {
        from: match from {
            None => String::new(),
            Some(Ok(from)) => from,
            Some(Err(PathError)) => return Err("501 5.1.7 the address is not one"),
        },
        size: None,
        utf8: false,
    };
    for (name, value) in parameters {
        match (name.to_ascii_uppercase().as_str(), value) {
            ("SIZE", Some(value)) => mail.size = Some(parse_size(value)?),
            ("BODY", Some(value)) if is_one_of(value, &["7BIT", "8BITMIME"]) => {}
            ("SMTPUTF8", None) => mail.utf8 = true,
            // RFC 3461 §4.3 and §4.4.
            ("RET", Some(value)) if is_one_of(value, &["FULL", "HDRS"]) => {}
            ("ENVID", Some(value)) if is_xtext(value) => {}
            (name, _) => {
                return Err(refuse_parameter(
                    name,
                    &["SIZE", "BODY", "SMTPUTF8", "RET", "ENVID"],
                ));
            }
        }
    }
    if !mail.utf8 && !mail.from.is_ascii() {
        return Err("553 5.6.7 the address needs SMTPUTF8");
    }
    Ok(mail)
}

fn parse_recipient(argument: &str) -> Result<Recipient, Refusal> {
    let (to, parameters) = parse_path(argument, "TO:", "501 5.5.4 write it RCPT TO:<address>")?;
    let Some(Ok(to)) = to else {
        return Err("501 5.1.3 the address is not one");
    };
    for (name, value) in parameters {
        match (name.to_ascii_uppercase().as_str(), value) {
            // RFC 3461 §4.1 and §4.2.
            ("NOTIFY", Some(value)) if is_notify(value) => {}
            ("ORCPT", Some(value))
                if value
                    .split_once(';')
                    .is_some_and(|(kind, text)| !kind.is_empty() && is_xtext(text)) => {}
            (name, _) => return Err(refuse_parameter(name, &["NOTIFY", "ORCPT"])),
        }
    }
    Ok(Recipient(to))
}

type Parameters<'a> = Vec<(&'a str, Option<&'a str>)>;

/// A path behind its keyword, and the parameters behind the path.
fn parse_path<'a>(
    argument: &'a str,
    keyword: &str,
    usage: Refusal,
) -> Result<(Option<Result<String, PathError>>, Parameters<'a>), Refusal> {
    let (start, rest) = argument.split_at_checked(keyword.len()).ok_or(usage)?;
    if !start.eq_ignore_ascii_case(keyword) {
        return Err(usage);
    }
    let (path, rest) = path::split(rest).ok_or(usage)?;
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(usage);
    }
    let parameters = rest
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        })
        .collect();
    let path = (!path.is_empty()).then(|| path::check(path));
    Ok((path, parameters))
}

fn parse_size(value: &str) -> Result<u64, Refusal> {
    let digits = (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err("501 5.5.4 SIZE takes a number of bytes");
    }
    // Twenty digits may be more than fits; it is too large either way.
    Ok(value.parse().unwrap_or(u64::MAX))
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

fn is_notify(value: &str) -> bool {
    is_one_of(value, &["NEVER"])
        || value
            .split(',')
            .all(|word| is_one_of(word, &["SUCCESS", "FAILURE", "DELAY"]))
}

/// `xtext`: printable ASCII, with `+` as the start of two hexadecimal digits (RFC 3461 §4).
fn is_xtext(value: &str) -> bool {
    let mut parts = value.split('+');
    let plain = |part: &str| {
        part.bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'=')
    };
    let upper_hex = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    !value.is_empty()
        && parts.next().is_some_and(plain)
        && parts.all(|part| part.len() >= 2 && part.bytes().take(2).all(upper_hex) && plain(part))
}

fn refuse_parameter(name: &str, known: &[&str]) -> Refusal {
    if known.contains(&name) {
        "501 5.5.4 the parameter's value is wrong"
    } else {
        // RFC 5321 §4.1.1.11
        "555 5.5.4 no such parameter"
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, Mail, Recipient};

    #[track_caller]
    fn assert_refused(line: &str, code: &str) {
        let refusal = Command::parse(line.as_bytes()).unwrap_err();
        assert!(refusal.starts_with(code), "{line:?} -> {refusal}");
    }

    fn mail(from: &str) -> Mail {
        Mail {
            from: from.to_owned(),
            size: None,
            utf8: false,
        }
    }

    #[test]
    fn verbs_and_keywords_have_no_case() {
        assert_eq!(Command::parse(b"eHlO example.org"), Ok(Command::Ehlo));
        assert_eq!(
            Command::parse(b"mail from:<a@example.org>"),
            Ok(Command::Mail(mail("a@example.org")))
        );
        assert_eq!(Command::parse(b"quit  "), Ok(Command::Quit));
    }

    #[test]
    fn the_parameters_of_the_offered_extensions_are_understood() {
        let line = "MAIL FROM:<é@example.org> SIZE=12 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=a+2Bb";
        let expected = Mail {
            size: Some(12),
            utf8: true,
            ..mail("é@example.org")
        };
        assert_eq!(Command::parse(line.as_bytes()), Ok(Command::Mail(expected)));
        let line = "RCPT TO:<b@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b@example.org";
        let expected = Recipient("b@example.org".to_owned());
        assert_eq!(Command::parse(line.as_bytes()), Ok(Command::Rcpt(expected)));
    }

    #[test]
    fn the_null_path_may_send_but_not_receive() {
        assert_eq!(Command::parse(b"MAIL FROM:<>"), Ok(Command::Mail(mail(""))));
        assert_refused("RCPT TO:<>", "501 5.1.3");
    }

    #[test]
    fn wrong_parameters_are_named_for_what_they_are() {
        assert_refused("MAIL FROM:<a@example.org> SIZE=ten", "501 5.5.4");
        assert_refused("MAIL FROM:<a@example.org> BODY=BINARYMIME", "501 5.5.4");
        assert_refused("MAIL FROM:<a@example.org> ENVID=a=b", "501 5.5.4");
        assert_refused("MAIL FROM:<a@example.org> COLOUR=red", "555 5.5.4");
        assert_refused("RCPT TO:<a@example.org> NOTIFY=NEVER,DELAY", "501 5.5.4");
        assert_refused("RCPT TO:<a@example.org> SIZE=1", "555 5.5.4");
    }

    #[test]
    fn an_address_beyond_ascii_needs_the_extension() {
        assert_refused("MAIL FROM:<é@example.org>", "553 5.6.7");
    }

    #[test]
    fn nonsense_is_refused_with_the_right_code() {
        for (line, code) in [
            ("", "500 5.5.2"),
            ("HELLO there", "500 5.5.2"),
            ("NOOP\nQUIT", "500 5.5.2"),
            ("EHLO", "501 5.5.4"),
            ("EHLO a b", "501 5.5.4"),
            ("DATA now", "501 5.5.4"),
            ("MAIL", "501 5.5.4"),
            ("MAIL FROM: <a@example.org>", "501 5.5.4"),
            ("MAIL FROM:a@example.org", "501 5.5.4"),
            ("MAIL FROM:<a@example.org>SIZE=1", "501 5.5.4"),
            ("MAIL TO:<a@example.org>", "501 5.5.4"),
            ("MAIL FROM:<a b@example.org>", "501 5.1.7"),
            ("RCPT TO:<nobody>", "501 5.1.3"),
            ("STARTTLS", "502 5.5.1"),
            ("AUTH PLAIN AGEAYg==", "502 5.5.1"),
        ] {
            assert_refused(line, code);
        }
        let not_utf8 = Command::parse(b"MAIL FROM:<\xff@example.org>").unwrap_err();
        assert!(not_utf8.starts_with("500"));
    }
}
