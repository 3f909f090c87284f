//! Keys and what is derived from them: keyed hashes of addresses, Message-IDs, and the tokens of
//! unsubscribe links.
//!
//! One secret of 32 bytes is the root; a key per purpose is derived by HKDF (RFC 5869), so that a
//! token for one purpose is worth nothing for another.

use aws_lc_rs::{digest, hkdf, hmac};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use crate::address::EmailAddress;
use crate::issue::{IssueId, lower_base32};

/// Length of the root secret, in bytes.
pub const SECRET_LENGTH: usize = 32;

/// The keys of one publication.
pub struct Keys {
    addresses: hmac::Key,
    message_ids: hmac::Key,
    unsubscribe: hmac::Key,
    fingerprint: String,
}

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

    /// The form in tokens: 26 characters of base32.
    fn to_text(self) -> String {
        lower_base32().encode(&self.0)
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
        Gathered {
            set: Self(keys),
            repeated,
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
        let mac = self.unsubscribe_mac(&subscriber);
        format!("v1.{subscriber}.{mac}")
    }

    /// A token of the right shape that names nobody, for messages sent as a test.
    pub fn dead_unsubscribe_token(&self) -> String {
        format!("v1.{}.test", "0".repeat(26))
    }

    /// Whom a token of [`Self::unsubscribe_token`] names; `None` for a forged or broken one.
    pub fn verify_unsubscribe_token(&self, token: &str) -> Option<AddressKey> {
        let rest = token.strip_prefix("v1.")?;
        let (subscriber, mac) = rest.split_once('.')?;
        if subscriber.len() != 26 || mac.len() > 64 {
            return None;
        }
        let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
        let expected = hmac::sign(&self.unsubscribe, subscriber.as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(&expected.as_ref()[..16], &mac)
            .is_ok()
            .then(|| lower_base32().decode(subscriber.as_bytes()).ok())
            .flatten()
            .and_then(|bytes| AddressKey::from_bytes(&bytes))
    }

    fn unsubscribe_mac(&self, subscriber: &str) -> String {
        let tag = hmac::sign(&self.unsubscribe, subscriber.as_bytes());
        BASE64URL_NOPAD.encode(&tag.as_ref()[..16])
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
        let token = keys(1).unsubscribe_token(&subscriber);
        assert_eq!(keys(1).verify_unsubscribe_token(&token), Some(subscriber));
        assert_eq!(keys(2).verify_unsubscribe_token(&token), None);
        for end in 0..token.len() {
            assert_eq!(keys(1).verify_unsubscribe_token(&token[..end]), None);
        }
        assert_eq!(
            keys(1).verify_unsubscribe_token(&keys(1).dead_unsubscribe_token()),
            None
        );
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
