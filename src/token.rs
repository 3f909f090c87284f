//! Keys and what is derived from them: keyed hashes of addresses, Message-IDs, and the tokens of
//! unsubscribe links, of bounce addresses, and of the pages for readers.
//!
//! One secret of 32 bytes is the root; a key per purpose is derived by HKDF (RFC 5869), so that a
//! token for one purpose is worth nothing for another.

mod readers;

use aws_lc_rs::{digest, hkdf, hmac};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::address::EmailAddress;
use crate::issue::{IssueId, lower_base32};

pub use readers::Confirmation;

/// Length of the root secret, in bytes.
pub const SECRET_LENGTH: usize = 32;

/// The keys of one publication.
pub struct Keys {
    addresses: hmac::Key,
    message_ids: hmac::Key,
    unsubscribe: hmac::Key,
    bounces: hmac::Key,
    confirm: hmac::Key,
    preferences: hmac::Key,
    forms: hmac::Key,
    id: u8,
    fingerprint: String,
}

/// What the MAC of a bounce token is cut to, in bytes: the local part of an address has room for
/// no more, and nobody can try many of them, for each try is a mail.
const BOUNCE_MAC: usize = 10;

/// What the MAC of an unsubscribe token is cut to, in bytes (RFC 8058 §3.1: hard to forge).
const UNSUBSCRIBE_MAC: usize = 16;

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.fingerprint)
    }
}

/// Keyed hash of an address: the first 16 bytes of HMAC-SHA-256 over its normal form. It outlives
/// the address: a suppression is kept by it when the address is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AddressKey([u8; Self::LENGTH]);

impl AddressKey {
    /// Length in bytes.
    pub const LENGTH: usize = 16;

    /// The form in the ledger.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes back what [`Self::as_bytes`] gave; `None` for a value of another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// A key that stands for no address.
    pub fn of_nobody() -> Self {
        Self([0; Self::LENGTH])
    }

    /// Length of the form in tokens.
    const TEXT_LENGTH: usize = 26;

    /// The form in tokens: lower-case base32.
    fn to_text(self) -> String {
        lower_base32().encode(&self.0)
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::from_bytes(&lower_base32().decode(text.as_bytes()).ok()?)
    }
}

/// Many keys, sorted, in no more memory than they need.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeySet(Vec<AddressKey>);

/// Keys made into a set, and those that stood there more than once.
pub struct Gathered {
    /// Each key once.
    pub set: KeySet,
    /// Each key that came again.
    pub repeated: Vec<AddressKey>,
}

impl KeySet {
    /// Sorts keys, and finds those that are there more than once.
    pub fn gather(mut keys: Vec<AddressKey>) -> Gathered {
        keys.sort_unstable();
        let repeated = keys
            .windows(2)
            .filter_map(|pair| (pair[0] == pair[1]).then_some(pair[0]))
            .collect();
        keys.dedup();
        keys.shrink_to_fit();
        Gathered {
            set: Self(keys),
            repeated,
        }
    }

    /// Takes more keys in.
    pub fn extend(&mut self, keys: impl IntoIterator<Item = AddressKey>) {
        let before = self.0.len();
        self.0.extend(keys);
        if self.0.len() > before {
            self.0.sort_unstable();
            self.0.dedup();
        }
    }

    /// Whether a key is in it.
    pub fn contains(&self, key: &AddressKey) -> bool {
        self.0.binary_search(key).is_ok()
    }

    /// How many keys are in it.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The keys in their order.
    pub fn iter(&self) -> impl Iterator<Item = &AddressKey> {
        self.0.iter()
    }

    /// Drops the keys that `keep` refuses.
    pub fn retain(&mut self, keep: impl FnMut(&AddressKey) -> bool) {
        self.0.retain(keep);
    }
}

impl FromIterator<AddressKey> for KeySet {
    fn from_iter<I: IntoIterator<Item = AddressKey>>(keys: I) -> Self {
        Self::gather(keys.into_iter().collect()).set
    }
}

struct KeyLength;

impl hkdf::KeyType for KeyLength {
    fn len(&self) -> usize {
        SECRET_LENGTH
    }
}

impl Keys {
    /// Derives the keys from the root secret.
    pub fn derive(secret: &[u8; SECRET_LENGTH]) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"postrider v1").extract(secret);
        let derive = |purpose: &'static [u8]| {
            let mut key = [0_u8; SECRET_LENGTH];
            // Expanding to one hash length cannot fail (RFC 5869 §2.3: up to 255 of them).
            let filled = root
                .expand(&[purpose], KeyLength)
                .and_then(|material| material.fill(&mut key));
            debug_assert!(filled.is_ok());
            key
        };
        let hmac_key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &derive(purpose));
        Self {
            addresses: hmac_key(b"address"),
            message_ids: hmac_key(b"message-id"),
            unsubscribe: hmac_key(b"unsubscribe"),
            bounces: hmac_key(b"bounce"),
            confirm: hmac_key(b"confirm"),
            preferences: hmac_key(b"preferences"),
            forms: hmac_key(b"form"),
            id: derive(b"key-id")[0],
            fingerprint: HEXLOWER.encode(&derive(b"fingerprint")[..8]),
        }
    }

    /// Names the secret without telling it: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The keyed hash of an address.
    pub fn address_key(&self, address: &EmailAddress) -> AddressKey {
        let tag = hmac::sign(&self.addresses, address.normal_form().as_bytes());
        let mut key = [0; AddressKey::LENGTH];
        key.copy_from_slice(&tag.as_ref()[..AddressKey::LENGTH]);
        AddressKey(key)
    }

    /// The local part of the Message-ID of (issue, subscriber): the same on every attempt, so that
    /// receivers can tell copies, and unguessable, so that no report about it can be forged.
    pub fn message_id_local(&self, issue: &IssueId, subscriber: &AddressKey) -> String {
        let mut context = hmac::Context::with_key(&self.message_ids);
        context.update(issue.as_str().as_bytes());
        context.update(b"\0");
        context.update(subscriber.as_bytes());
        let tag = lower_base32().encode(context.sign().as_ref());
        format!("{issue}.{}", &tag[..26])
    }

    /// A token that names a subscriber without telling the address, and that nobody else can make.
    /// It never expires: readers keep mail for years (RFC 8058 §3.1, CASL).
    pub fn unsubscribe_token(&self, subscriber: &AddressKey) -> String {
        let subscriber = subscriber.to_text();
        let mac = BASE64URL_NOPAD.encode(&self.unsubscribe_mac(&subscriber));
        format!("v1.{subscriber}.{mac}")
    }

    /// A token of the right shape that names nobody, for messages sent as a test.
    pub fn dead_unsubscribe_token(&self) -> String {
        format!("v1.{}.test", "0".repeat(26))
    }

    /// The same for the local part of an address, where case must not matter and 64 characters are
    /// all there is (RFC 5321 §4.5.3.1.1): 52 characters of lower-case base32.
    pub fn unsubscribe_mail_token(&self, subscriber: &AddressKey) -> String {
        let subscriber = subscriber.to_text();
        let mac = self.unsubscribe_mac(&subscriber);
        format!("{}{}", subscriber, lower_base32().encode(&mac))
    }

    /// A token of the shape of [`Self::unsubscribe_mail_token`] that names nobody.
    pub fn dead_unsubscribe_mail_token(&self) -> String {
        "0".repeat(2 * AddressKey::TEXT_LENGTH)
    }

    /// Whom a token of [`Self::unsubscribe_token`] or [`Self::unsubscribe_mail_token`] names; `None`
    /// for a forged or broken one.
    pub fn verify_unsubscribe_token(&self, token: &str) -> Option<AddressKey> {
        let (subscriber, mac) = if let Some(rest) = token.strip_prefix("v1.") {
            let (subscriber, mac) = rest.split_once('.')?;
            if subscriber.len() != AddressKey::TEXT_LENGTH || mac.len() > 64 {
                return None;
            }
            let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
            (subscriber.to_owned(), mac)
        } else {
            if token.len() != 2 * AddressKey::TEXT_LENGTH {
                return None;
            }
            // On its way through mail a local part may lose its case.
            let token = token.to_ascii_lowercase();
            let (subscriber, mac) = token.split_at_checked(AddressKey::TEXT_LENGTH)?;
            let mac = lower_base32().decode(mac.as_bytes()).ok()?;
            (subscriber.to_owned(), mac)
        };
        let expected = self.unsubscribe_mac(&subscriber);
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected, &mac)
            .is_ok()
            .then(|| AddressKey::from_text(&subscriber))
            .flatten()
    }

    /// A token that names a delivery, for the envelope sender and for ENVID: 31 characters of
    /// lower-case base32, of the key's number, the delivery's row number and a MAC. A report of
    /// failure counts only with one of these, so nobody can make up a failure of somebody else's.
    pub fn bounce_token(&self, delivery: i64) -> String {
        let mut bytes = Vec::with_capacity(1 + 8 + BOUNCE_MAC);
        bytes.push(self.id);
        bytes.extend_from_slice(&delivery.to_be_bytes());
        bytes.extend_from_slice(&self.bounce_mac(delivery));
        lower_base32().encode(&bytes)
    }

    /// Which delivery a token of [`Self::bounce_token`] names; `None` for a forged or broken one.
    pub fn verify_bounce_token(&self, token: &str) -> Option<i64> {
        // A token is short; what is long is not decoded at all.
        if token.len() > 64 {
            return None;
        }
        let token = token.to_ascii_lowercase();
        let bytes = lower_base32().decode(token.as_bytes()).ok()?;
        let (id, rest) = bytes.split_first()?;
        let (delivery, mac) = rest.split_first_chunk::<8>()?;
        let delivery = i64::from_be_bytes(*delivery);
        let expected = self.bounce_mac(delivery);
        let genuine = aws_lc_rs::constant_time::verify_slices_are_equal(&expected, mac).is_ok();
        (genuine && *id == self.id).then_some(delivery)
    }

    fn bounce_mac(&self, delivery: i64) -> Vec<u8> {
        let tag = hmac::sign(&self.bounces, &delivery.to_be_bytes());
        tag.as_ref()[..BOUNCE_MAC].to_vec()
    }

    fn unsubscribe_mac(&self, subscriber: &str) -> Vec<u8> {
        let tag = hmac::sign(&self.unsubscribe, subscriber.as_bytes());
        tag.as_ref()[..UNSUBSCRIBE_MAC].to_vec()
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// SHA-256 as 64 hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(&sha256(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        Keys::derive(&[byte; SECRET_LENGTH])
    }

    #[test]
    fn a_token_names_its_subscriber_only_under_the_key_that_made_it() {
        let address = EmailAddress::parse("reader@example.org").unwrap();
        let subscriber = keys(1).address_key(&address);
        for token in [
            keys(1).unsubscribe_token(&subscriber),
            keys(1).unsubscribe_mail_token(&subscriber),
        ] {
            assert_eq!(keys(1).verify_unsubscribe_token(&token), Some(subscriber));
            assert_eq!(keys(2).verify_unsubscribe_token(&token), None);
            for end in 0..token.len() {
                assert_eq!(keys(1).verify_unsubscribe_token(&token[..end]), None);
            }
        }
        for dead in [
            keys(1).dead_unsubscribe_token(),
            keys(1).dead_unsubscribe_mail_token(),
        ] {
            assert_eq!(keys(1).verify_unsubscribe_token(&dead), None);
        }
    }

    #[test]
    fn a_token_for_an_address_fits_there_and_survives_the_loss_of_its_case() {
        let address = EmailAddress::parse("reader@example.org").unwrap();
        let subscriber = keys(1).address_key(&address);
        let token = keys(1).unsubscribe_mail_token(&subscriber);
        assert_eq!("unsubscribe+".len() + token.len(), 64);
        let shouted = token.to_ascii_uppercase();
        assert_eq!(keys(1).verify_unsubscribe_token(&shouted), Some(subscriber));
    }

    #[test]
    fn a_bounce_token_names_its_delivery_only_under_the_key_that_made_it() {
        for delivery in [1, 2, 1_000_000, i64::MAX] {
            let token = keys(1).bounce_token(delivery);
            assert_eq!(token.len(), 31);
            assert_eq!(keys(1).verify_bounce_token(&token), Some(delivery));
            let shouted = token.to_ascii_uppercase();
            assert_eq!(keys(1).verify_bounce_token(&shouted), Some(delivery));
            assert_eq!(keys(2).verify_bounce_token(&token), None);
            for end in 0..token.len() {
                assert_eq!(keys(1).verify_bounce_token(&token[..end]), None);
            }
            for at in 0..token.len() {
                let other = if &token[at..=at] == "a" { "b" } else { "a" };
                let forged = [&token[..at], other, &token[at + 1..]].concat();
                assert_eq!(keys(1).verify_bounce_token(&forged), None, "{forged}");
            }
        }
        assert_eq!(keys(1).verify_bounce_token(&"a".repeat(1_000_000)), None);
        assert_eq!(keys(1).verify_bounce_token("\u{e9}\u{20ac}"), None);
    }

    #[test]
    fn a_token_for_one_purpose_is_worth_nothing_for_another() {
        let address = EmailAddress::parse("reader@example.org").unwrap();
        let keys = keys(1);
        let subscriber = keys.address_key(&address);
        assert_eq!(
            keys.verify_bounce_token(&keys.unsubscribe_mail_token(&subscriber)),
            None
        );
        assert_eq!(keys.verify_unsubscribe_token(&keys.bounce_token(1)), None);
    }

    #[test]
    fn a_message_id_depends_on_issue_subscriber_and_key_and_on_nothing_else() {
        let id = |byte, issue: u8, address| {
            let subscriber = keys(byte).address_key(&EmailAddress::parse(address).unwrap());
            keys(byte).message_id_local(&IssueId::from_bytes([issue; 16]), &subscriber)
        };
        let first = id(1, 1, "reader@example.org");
        assert_eq!(first, id(1, 1, "Reader@EXAMPLE.org"));
        assert_eq!(first.len(), 26 + 1 + 26);
        assert_ne!(first, id(1, 2, "reader@example.org"));
        assert_ne!(first, id(1, 1, "writer@example.org"));
        assert_ne!(first, id(2, 1, "reader@example.org"));
    }
}
