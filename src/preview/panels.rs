//! What stands below the tabs: the frames, texts and tables of one view, as the template takes them.

use serde::Serialize;

use super::choice::{Choice, Scheme, Schemes, View};
use super::inbox::first_words;
use super::place::Place;
use super::proof::{Faces, FeedFace, Mail, Proof};
use super::received::{CLIPPED_AT, Field};

/// The contents of a view. What a view does not have is empty.
#[derive(Debug, Default, Serialize)]
pub(super) struct Panel {
    /// Said where there is nothing to show.
    notice: &'static str,
    inbox: Option<Inbox>,
    frames: Vec<Frame>,
    texts: Vec<Text>,
    fields: Vec<FieldRow>,
    sizes: Vec<Size>,
    pictures: Vec<PictureRow>,
    /// Where the message itself is to be had.
    message_url: String,
}

/// The mail as a line of an inbox.
#[derive(Debug, Serialize)]
struct Inbox {
    from: String,
    subject: String,
    words: String,
}

/// A document in a window.
#[derive(Debug, Serialize)]
struct Frame {
    /// Tells the frames of a view apart.
    key: String,
    title: String,
    label: String,
    src: String,
    width: u32,
    scheme: &'static str,
}

/// A text as it is.
#[derive(Debug, Serialize)]
struct Text {
    heading: String,
    note: String,
    content: String,
    /// Shown only when asked for.
    folded: bool,
    /// As wide as the window, not as the lines of a mail.
    wide: bool,
}

#[derive(Debug, Serialize)]
struct FieldRow {
    name: String,
    value: String,
}

impl From<&Field> for FieldRow {
    fn from(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            value: field.value.clone(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Size {
    label: &'static str,
    bytes: String,
    note: String,
    has_limit: bool,
    /// What share of the limit it is, in percent.
    percent: usize,
    over: bool,
}

#[derive(Debug, Serialize)]
struct PictureRow {
    address: String,
    bytes: String,
}

const BROKEN: &str = "This face cannot be shown before what is wrong above is mended.";
const WEB_ONLY: &str = "This issue has `mail = false`: it is not mailed.";

/// The contents of the chosen view.
pub(super) fn panel(choice: &Choice, proof: &Proof, state: &str) -> Panel {
    let Some(faces) = &proof.faces else {
        return notice(if proof.problems.is_empty() {
            "There is no issue yet. `postrider new TITLE` begins one; it appears here."
        } else {
            "There is nothing to show before what is wrong above is mended."
        });
    };
    match choice.view {
        View::Web => web(choice, faces, state),
        View::Feed => match &faces.feed {
            Err(_) => notice(BROKEN),
            Ok(face) => feed(choice, face, state),
        },
        View::Mail | View::Text | View::Message => match &faces.mail {
            Err(_) => notice(BROKEN),
            Ok(None) => notice(WEB_ONLY),
            Ok(Some(letter)) if choice.view == View::Text => text(letter),
            Ok(Some(letter)) if choice.view == View::Message => message(choice, letter),
            Ok(Some(letter)) => mail(choice, letter, state),
        },
    }
}

fn notice(notice: &'static str) -> Panel {
    Panel {
        notice,
        ..Panel::default()
    }
}

fn inbox(mail: &Mail) -> Inbox {
    Inbox {
        from: mail.from.clone(),
        subject: mail.subject.clone(),
        words: first_words(&mail.received.html.text),
    }
}

fn mail(choice: &Choice, mail: &Mail, state: &str) -> Panel {
    let mut frames = Vec::new();
    for scheme in choice.schemes.each() {
        for screen in choice.screens.for_mail() {
            let src = face_url("/mail", choice, *scheme, state);
            frames.push(frame("Mail", screen.name, screen.width, *scheme, src));
        }
    }
    Panel {
        inbox: Some(inbox(mail)),
        frames,
        ..Panel::default()
    }
}

fn web(choice: &Choice, faces: &Faces, state: &str) -> Panel {
    let Ok(page) = &faces.page else {
        return notice(BROKEN);
    };
    let mut frames = Vec::new();
    for scheme in choice.schemes.each() {
        for screen in choice.screens.for_web() {
            let place = Place {
                scheme: *scheme,
                images: choice.images,
                stem: choice.issue.as_deref().unwrap_or_default(),
            };
            let src = format!("{}?state={state}", place.url(&page.path));
            frames.push(frame("Page", screen.name, screen.width, *scheme, src));
        }
    }
    Panel {
        frames,
        ..Panel::default()
    }
}

fn feed(choice: &Choice, face: &FeedFace, state: &str) -> Panel {
    let frames = choice
        .schemes
        .each()
        .iter()
        .map(|scheme| {
            let src = face_url("/entry", choice, *scheme, state);
            frame("Entry", "Feed reader", 640, *scheme, src)
        })
        .collect();
    let mut texts = vec![Text {
        heading: "Summary".to_owned(),
        note: "shown in lists of entries".to_owned(),
        content: face.entry.summary.clone(),
        folded: false,
        wide: true,
    }];
    for (name, feed) in &face.feeds {
        texts.push(Text {
            heading: (*name).to_owned(),
            note: format!("with this entry alone, {}", bytes(feed.len() as u64)),
            content: feed.clone(),
            folded: true,
            wide: true,
        });
    }
    Panel {
        frames,
        texts,
        ..Panel::default()
    }
}

fn text(mail: &Mail) -> Panel {
    let part = &mail.received.text;
    let as_sent = Text {
        heading: "As received".to_owned(),
        note: "line by line".to_owned(),
        content: part.text.clone(),
        folded: false,
        wide: false,
    };
    let mut texts = vec![as_sent];
    if part.is_flowed {
        texts.push(Text {
            heading: "Flowed".to_owned(),
            note: "as a mail program shows it that joins soft line breaks (RFC 3676)".to_owned(),
            content: part.unflowed(),
            folded: false,
            wide: false,
        });
    }
    Panel {
        texts,
        ..Panel::default()
    }
}

fn message(choice: &Choice, mail: &Mail) -> Panel {
    let received = &mail.received;
    let html = received.html.sent;
    let over = html > CLIPPED_AT;
    let row = |label, size: usize, note: String| Size {
        label,
        bytes: bytes(size as u64),
        note,
        has_limit: false,
        percent: 0,
        over: false,
    };
    let local: u64 = mail.pictures.iter().filter_map(|one| one.bytes).sum();
    let shown = match mail.pictures.len() {
        0 => "none".to_owned(),
        1 => "1 picture".to_owned(),
        count => format!("{count} pictures"),
    };
    let html_note = if over {
        format!(
            "Gmail cuts it at {}, and the way out with it",
            bytes(CLIPPED_AT as u64)
        )
    } else {
        format!("Gmail shows up to {}", bytes(CLIPPED_AT as u64))
    };
    Panel {
        inbox: Some(inbox(mail)),
        sizes: vec![
            Size {
                has_limit: true,
                percent: html * 100 / CLIPPED_AT,
                over,
                ..row("HTML as sent", html, html_note)
            },
            row(
                "Text as sent",
                received.text.sent,
                format!("{} characters", received.text.text.chars().count()),
            ),
            row("Whole message", received.size, "with its header".to_owned()),
            Size {
                bytes: bytes(local),
                ..row("Pictures in the folder", 0, shown)
            },
        ],
        fields: received.fields.iter().map(FieldRow::from).collect(),
        pictures: mail
            .pictures
            .iter()
            .map(|picture| PictureRow {
                address: picture.address.clone(),
                bytes: picture.bytes.map_or("elsewhere".to_owned(), bytes),
            })
            .collect(),
        message_url: format!("/message.eml?{}", choice.query()),
        ..Panel::default()
    }
}

fn frame(face: &str, screen: &str, width: u32, scheme: Scheme, src: String) -> Frame {
    let scheme = scheme.name();
    Frame {
        key: format!("{face}-{width}-{scheme}").to_lowercase(),
        title: format!("{face}: {screen}, {width} pixels, {scheme}"),
        label: screen.to_owned(),
        src,
        width,
        scheme,
    }
}

/// The address of a face in one scheme. `state` makes it another one after a change.
fn face_url(path: &str, choice: &Choice, scheme: Scheme, state: &str) -> String {
    let one = Choice {
        schemes: match scheme {
            Scheme::Light => Schemes::Light,
            Scheme::Dark => Schemes::Dark,
        },
        ..choice.clone()
    };
    format!("{path}?{}&state={state}", one.query())
}

/// `12,345 bytes`.
fn bytes(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out.push_str(if count == 1 { " byte" } else { " bytes" });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_groups_of_three_digits() {
        assert_eq!(bytes(1), "1 byte");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(102_400), "102,400 bytes");
        assert_eq!(bytes(1_000_000), "1,000,000 bytes");
    }
}
