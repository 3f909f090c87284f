//! Tokens by which readers come, choose and go: the link that confirms a request, the page of
//! preferences, and the stamp that a form of ours bears.

use aws_lc_rs::{constant_time, hmac};
use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;

use super::{AddressKey, Keys};
use crate::readers::{NONCE_LENGTH, Nonce};

/// What the MAC of these tokens is cut to, in bytes.
const MAC: usize = 16;

/// Longest token that is looked at.
const LONGEST: usize = 128;

/// What a link of confirmation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// Whose request it confirms.
    pub subscriber: AddressKey,
    /// Which of the requests.
    pub nonce: Nonce,
    /// From when on it is worth nothing.
    pub expires: DateTime<Utc>,
}

impl Keys {
    /// A token that confirms one request to join.
    pub fn confirm_token(&self, confirmation: &Confirmation) -> String {
        let mut bytes = Vec::with_capacity(AddressKey::LENGTH + NONCE_LENGTH + 8);
        bytes.extend_from_slice(confirmation.subscriber.as_bytes());
        bytes.extend_from_slice(&confirmation.nonce);
        bytes.extend_from_slice(&confirmation.expires.timestamp().to_be_bytes());
        seal(&self.confirm, &bytes)
    }

    /// What a token of [`Self::confirm_token`] says; `None` for a forged or broken one.
    pub fn verify_confirm_token(&self, token: &str) -> Option<Confirmation> {
        let bytes = open(&self.confirm, token)?;
        let (subscriber, rest) = bytes.split_first_chunk::<{ AddressKey::LENGTH }>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LENGTH>()?;
        let seconds = i64::from_be_bytes(rest.try_into().ok()?);
        Some(Confirmation {
            subscriber: AddressKey(*subscriber),
            nonce: *nonce,
            expires: DateTime::from_timestamp(seconds, 0)?,
        })
    }

    /// A token for a subscriber's page of preferences. Like the token to unsubscribe it never expires.
    pub fn preferences_token(&self, subscriber: &AddressKey) -> String {
        seal(&self.preferences, subscriber.as_bytes())
    }

    /// Whom a token of [`Self::preferences_token`] names; `None` for a forged or broken one.
    pub fn verify_preferences_token(&self, token: &str) -> Option<AddressKey> {
        AddressKey::from_bytes(&open(&self.preferences, token)?)
    }

    /// A token of the right shape that names nobody, for messages sent as a test.
    pub fn dead_preferences_token(&self) -> String {
        format!(
            "v1.{}.test",
            BASE64URL_NOPAD.encode(AddressKey::of_nobody().as_bytes())
        )
    }

    /// A stamp for a form of ours: when its page was made.
    pub fn form_stamp(&self, at: DateTime<Utc>) -> String {
        seal(&self.forms, &at.timestamp_millis().to_be_bytes())
    }

    /// When the page with a stamp was made; `None` for a forged or broken one.
    pub fn verify_form_stamp(&self, stamp: &str) -> Option<DateTime<Utc>> {
        let bytes = open(&self.forms, stamp)?;
        DateTime::from_timestamp_millis(i64::from_be_bytes(bytes.try_into().ok()?))
    }

    /// A stamp for a page that asks for one more click: when it was made, and for whose address. The
    /// content is longer than that of [`Self::form_stamp`], so neither stands for the other.
    pub fn click_stamp(&self, at: DateTime<Utc>, subscriber: &AddressKey) -> String {
        let mut bytes = at.timestamp_millis().to_be_bytes().to_vec();
        bytes.extend_from_slice(subscriber.as_bytes());
        seal(&self.forms, &bytes)
    }

    /// When the page with a stamp of [`Self::click_stamp`] was made; `None` for a forged or broken one,
    /// and for one of another address.
    pub fn verify_click_stamp(
        &self,
        stamp: &str,
        subscriber: &AddressKey,
    ) -> Option<DateTime<Utc>> {
        let bytes = open(&self.forms, stamp)?;
        let (at, whose) = bytes.split_first_chunk::<8>()?;
        let at = DateTime::from_timestamp_millis(i64::from_be_bytes(*at))?;
        (whose == subscriber.as_bytes()).then_some(at)
    }
}

/// `v1.CONTENT.MAC`.
fn seal(key: &hmac::Key, content: &[u8]) -> String {
    let mac = &hmac::sign(key, content).as_ref()[..MAC].to_vec();
    format!(
        "v1.{}.{}",
        BASE64URL_NOPAD.encode(content),
        BASE64URL_NOPAD.encode(mac)
    )
}

/// The content of what [`seal`] made.
fn open(key: &hmac::Key, token: &str) -> Option<Vec<u8>> {
    if token.len() > LONGEST {
        return None;
    }
    let (content, mac) = token.strip_prefix("v1.")?.split_once('.')?;
    let content = BASE64URL_NOPAD.decode(content.as_bytes()).ok()?;
    let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
    let expected = hmac::sign(key, &content);
    constant_time::verify_slices_are_equal(&expected.as_ref()[..MAC], &mac)
        .is_ok()
        .then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::EmailAddress;
    use crate::token::SECRET_LENGTH;

    fn keys(byte: u8) -> Keys {
        Keys::derive(&[byte; SECRET_LENGTH])
    }

    fn subscriber() -> AddressKey {
        keys(1).address_key(&EmailAddress::parse("reader@example.org").unwrap())
    }

    fn confirmation() -> Confirmation {
        Confirmation {
            subscriber: subscriber(),
            nonce: [9; NONCE_LENGTH],
            expires: "2026-12-08T09:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_token_says_what_it_was_made_of_and_nothing_when_a_character_of_it_changes() {
        let token = keys(1).confirm_token(&confirmation());
        assert_eq!(keys(1).verify_confirm_token(&token), Some(confirmation()));
        assert_eq!(keys(2).verify_confirm_token(&token), None);
        for at in 0..token.len() {
            assert_eq!(keys(1).verify_confirm_token(&token[..at]), None);
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            let forged = [&token[..at], other, &token[at + 1..]].concat();
            assert_eq!(keys(1).verify_confirm_token(&forged), None, "{forged}");
        }
        assert_eq!(keys(1).verify_confirm_token(&"v".repeat(1 << 20)), None);
        assert_eq!(
            keys(1).verify_confirm_token("v1.\u{e9}\u{20ac}.\u{e9}"),
            None
        );
    }

    #[test]
    fn no_token_is_worth_anything_for_the_purpose_of_another() {
        let keys = keys(1);
        let now = "2026-12-01T09:00:00Z".parse().unwrap();
        let confirm = keys.confirm_token(&confirmation());
        let preferences = keys.preferences_token(&subscriber());
        let unsubscribe = keys.unsubscribe_token(&subscriber());
        let stamp = keys.form_stamp(now);
        let click = keys.click_stamp(now, &subscriber());
        let dead = keys.dead_unsubscribe_token();
        let by_mail = keys.unsubscribe_mail_token(&subscriber());
        for token in [&preferences, &unsubscribe, &stamp, &click, &dead, &by_mail] {
            assert_eq!(keys.verify_confirm_token(token), None, "{token}");
        }
        for token in [&confirm, &unsubscribe, &stamp, &click, &dead, &by_mail] {
            assert_eq!(keys.verify_preferences_token(token), None, "{token}");
        }
        for token in [&confirm, &preferences, &unsubscribe, &dead, &by_mail] {
            assert_eq!(keys.verify_form_stamp(token), None, "{token}");
            let clicked = keys.verify_click_stamp(token, &subscriber());
            assert_eq!(clicked, None, "{token}");
        }
        assert_eq!(keys.verify_form_stamp(&click), None);
        assert_eq!(keys.verify_click_stamp(&stamp, &subscriber()), None);
        for token in [&confirm, &preferences, &stamp, &click, &dead] {
            assert_eq!(keys.verify_unsubscribe_token(token), None, "{token}");
        }
        assert_eq!(keys.verify_form_stamp(&stamp), Some(now));
        assert_eq!(keys.verify_click_stamp(&click, &subscriber()), Some(now));
        let other = keys.address_key(&EmailAddress::parse("other@example.org").unwrap());
        assert_eq!(keys.verify_click_stamp(&click, &other), None);
        assert_eq!(
            keys.verify_preferences_token(&preferences),
            Some(subscriber())
        );
    }
}
