//! Requests to join as a browser or a program sends them: fields with names, of which nothing is
//! believed.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Preference;
use crate::address::{EmailAddress, clean_name};

/// The field for the address.
pub const EMAIL: &str = "email";
/// The field for a name.
pub const NAME: &str = "name";
/// The field for a tag; it may come again.
pub const TAG: &str = "tag";
/// The field for the stamp of our own page.
pub const STAMP: &str = "stamp";
/// The field for the words of a page to which somebody agrees, as their digest.
pub const AGREED: &str = "agreed";
/// The field that no person sees: what fills it in is a program.
pub const TRAP: &str = "website";
/// The field for the day until which mail rests.
pub const PAUSE: &str = "pause";

/// Most fields of one request.
pub const MOST_FIELDS: usize = 100;

/// A person needs this long at least to fill in a form, and uses one that is no older than that.
const SHORTEST: TimeDelta = TimeDelta::seconds(3);
const LONGEST: TimeDelta = TimeDelta::hours(2);

/// RFC 5321 §4.5.3.1.3, without the brackets around it.
const LONGEST_ADDRESS: usize = 254;

/// Stands where bytes of a form were no UTF-8.
const UNREADABLE: char = char::REPLACEMENT_CHARACTER;

/// Mail rests for a year at most.
pub const LONGEST_PAUSE: TimeDelta = TimeDelta::days(366);

/// Names and values, in their order.
pub type FormFields = Vec<(String, String)>;

/// A request to join that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinRequest {
    /// Whose mail it would be.
    pub address: EmailAddress,
    /// Who they say they are, cleaned; may be empty.
    pub name: String,
    /// What they chose, lower case, of what is offered.
    pub tags: Vec<String>,
}

/// When the page was made that a request comes from, as its stamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// A form that was to be filled in.
    Form(DateTime<Utc>),
    /// The page that asked for one more click, for this very address. A click takes no time.
    Click(DateTime<Utc>),
}

/// What was typed into a form to join, to be shown again where it cannot be taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// In the field for the address.
    pub email: String,
    /// In the field for a name.
    pub name: String,
    /// What was chosen of what is offered.
    pub tags: Vec<String>,
}

impl Draft {
    /// Reads the fields.
    pub fn read(fields: &FormFields, offered: &[String]) -> Self {
        let typed = |name: &str| {
            let text = values(fields, name).next().unwrap_or_default();
            let shown = text.chars().filter(|sign| !sign.is_control());
            shown.take(LONGEST_ADDRESS).collect()
        };
        Self {
            email: typed(EMAIL),
            name: typed(NAME),
            tags: chosen(fields, offered),
        }
    }
}

/// What the marks of a request say of who filled in its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// Our own page was filled in, in a person's time.
    Person,
    /// Nobody knows: a form in a static page or on another site, or one that lay open for hours.
    Unknown,
    /// A program: it filled in what no person sees, or was faster than a person can be.
    Program,
}

impl JoinRequest {
    /// Reads the fields; `None` where they do not hold exactly one address.
    pub fn read(fields: &FormFields, offered: &[String]) -> Option<Self> {
        Some(Self {
            address: one_address(fields)?,
            name: clean_name(values(fields, NAME).next().unwrap_or_default()),
            tags: chosen(fields, offered),
        })
    }
}

/// The address, if there is exactly one.
pub fn one_address(fields: &FormFields) -> Option<EmailAddress> {
    let mut addresses = values(fields, EMAIL);
    let (Some(address), None) = (addresses.next(), addresses.next()) else {
        return None;
    };
    // Guessing at what was meant would mail somebody else.
    if address.contains(UNREADABLE) {
        return None;
    }
    EmailAddress::parse(address).ok()
}

/// Who filled in the form, by the stamp that it bears, if that is genuine.
pub fn author_of(fields: &FormFields, stamp: Option<Stamp>, now: DateTime<Utc>) -> Author {
    if values(fields, TRAP).any(|value| !value.is_empty()) {
        return Author::Program;
    }
    let (age, shortest) = match stamp {
        Some(Stamp::Form(made)) => (now - made, SHORTEST),
        Some(Stamp::Click(made)) => (now - made, TimeDelta::zero()),
        None => return Author::Unknown,
    };
    if age < TimeDelta::zero() || age > LONGEST {
        // Nobody can forge a stamp that is still to come: the clock was set back.
        Author::Unknown
    } else if age < shortest {
        Author::Program
    } else {
        Author::Person
    }
}

/// The digest of the words that somebody saw when they pressed the button, as the form tells it.
pub fn agreed_to(fields: &FormFields) -> Option<&str> {
    values(fields, AGREED).next()
}

/// The stamp as it came.
pub fn stamp_of(fields: &FormFields) -> Option<&str> {
    values(fields, STAMP).next()
}

/// What the form of preferences says. `midnight` gives the instant at which a day begins.
pub fn preference_of(
    fields: &FormFields,
    offered: &[String],
    now: DateTime<Utc>,
    midnight: impl Fn(NaiveDate) -> Option<DateTime<Utc>>,
) -> Preference {
    let day = values(fields, PAUSE).next().unwrap_or_default().trim();
    let day: Option<NaiveDate> = day.parse().ok();
    // The end of the calendar is no instant everywhere.
    let latest = (now + LONGEST_PAUSE).date_naive();
    let until = day.and_then(|day| midnight(day.min(latest)));
    Preference {
        tags: (!offered.is_empty()).then(|| chosen(fields, offered)),
        paused_until: until
            .filter(|until| *until > now)
            .map(|until| until.min(now + LONGEST_PAUSE)),
    }
}

fn chosen(fields: &FormFields, offered: &[String]) -> Vec<String> {
    let wanted: Vec<String> = values(fields, TAG).map(str::to_lowercase).collect();
    let offered = offered.iter().map(|tag| tag.to_lowercase());
    offered.filter(|tag| wanted.contains(tag)).collect()
}

fn values<'a>(fields: &'a FormFields, name: &str) -> impl Iterator<Item = &'a str> {
    let named = fields.iter().filter(move |(known, _)| known == name);
    named.map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> FormFields {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn offered() -> Vec<String> {
        vec!["Letters".to_owned(), "events".to_owned()]
    }

    #[test]
    fn a_request_is_one_address_a_clean_name_and_tags_that_are_offered() {
        let long = "n".repeat(1 << 12);
        let request = JoinRequest::read(
            &fields(&[
                (EMAIL, " reader@example.org "),
                (NAME, &format!("\u{202e}Ana\r\nBcc: {long}")),
                (TAG, "letters"),
                (TAG, "secret"),
            ]),
            &offered(),
        )
        .unwrap();
        assert_eq!(request.address.as_str(), "reader@example.org");
        assert!(request.name.starts_with("Ana Bcc: n"), "{}", request.name);
        assert!(request.name.chars().count() <= 200);
        assert_eq!(request.tags, ["letters"]);
    }

    #[test]
    fn several_addresses_are_none_however_they_come() {
        for wrong in [
            fields(&[(EMAIL, "a@example.org,b@example.org")]),
            fields(&[(EMAIL, "a@example.org b@example.org")]),
            fields(&[(EMAIL, "a@example.org\r\nBcc: b@example.org")]),
            fields(&[(EMAIL, "a@example.org"), (EMAIL, "b@example.org")]),
            fields(&[(EMAIL, "")]),
            fields(&[("mail", "a@example.org")]),
            fields(&[(EMAIL, "b\u{fffd}ro@example.org")]),
        ] {
            assert_eq!(JoinRequest::read(&wrong, &offered()), None, "{wrong:?}");
        }
    }

    #[test]
    fn who_is_too_fast_or_fills_in_the_trap_is_a_program() {
        let now: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().unwrap();
        let author = |seconds: Option<i64>, trap: &str| {
            let made = seconds.map(|seconds| Stamp::Form(now - TimeDelta::seconds(seconds)));
            author_of(&fields(&[(TRAP, trap)]), made, now)
        };
        assert_eq!(author(None, ""), Author::Unknown);
        assert_eq!(author(Some(2), ""), Author::Program);
        assert_eq!(author(Some(-60), ""), Author::Unknown, "the clock");
        assert_eq!(author(Some(3), ""), Author::Person);
        assert_eq!(author(Some(7200), ""), Author::Person);
        assert_eq!(author(Some(7201), ""), Author::Unknown);
        assert_eq!(author(Some(60), "https://example.net"), Author::Program);
    }

    #[test]
    fn a_click_may_be_as_fast_as_a_person_presses() {
        let now: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().unwrap();
        let author = |seconds: i64, trap: &str| {
            let stamp = Stamp::Click(now - TimeDelta::seconds(seconds));
            author_of(&fields(&[(TRAP, trap)]), Some(stamp), now)
        };
        assert_eq!(author(0, ""), Author::Person);
        assert_eq!(author(7200, ""), Author::Person);
        assert_eq!(author(7201, ""), Author::Unknown);
        assert_eq!(author(1, "https://example.net"), Author::Program);
    }

    #[test]
    fn what_was_typed_is_shown_again_and_is_no_longer_than_an_address() {
        let long = "a".repeat(1 << 12);
        let typed = fields(&[
            (EMAIL, &format!("ana@\u{1}exmaple{long}")),
            (NAME, "Ana"),
            (TAG, "EVENTS"),
            (TAG, "secret"),
        ]);
        let draft = Draft::read(&typed, &offered());
        assert!(draft.email.starts_with("ana@exmaplea"), "{}", draft.email);
        assert_eq!(draft.email.chars().count(), 254);
        assert_eq!((draft.name.as_str(), draft.tags.len()), ("Ana", 1));
    }

    #[test]
    fn a_pause_ends_in_the_future_and_within_a_year() {
        let now: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().unwrap();
        let midnight = |day: NaiveDate| day.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
        let until = |day: &str| {
            let preference = preference_of(&fields(&[(PAUSE, day)]), &[], now, midnight);
            preference.paused_until.map(|until| until.to_string())
        };
        assert_eq!(until(""), None);
        assert_eq!(until("soon"), None);
        assert_eq!(until("2026-11-30"), None);
        assert_eq!(
            until("2026-12-24").as_deref(),
            Some("2026-12-24 00:00:00 UTC")
        );
        assert_eq!(
            until("9999-12-31").as_deref(),
            Some("2027-12-02 00:00:00 UTC")
        );
        let preference = preference_of(&fields(&[(TAG, "events")]), &offered(), now, midnight);
        assert_eq!(preference.tags, Some(vec!["events".to_owned()]));
    }
}
