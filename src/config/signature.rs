//! The signature: domain, keys and records.

use super::raw::RawDkim;
use super::reader::{Reader, Value};
use super::{DkimConfig, DkimKey};
use crate::address::Mailbox;
use crate::diagnostic::Diagnostic;

impl Reader<'_> {
    pub(super) fn dkim(&self, mut raw: RawDkim, from: &Value) -> Result<DkimConfig, Diagnostic> {
        let sender = Mailbox::parse(&from.text).map(|mailbox| mailbox.address.domain().to_owned());
        let domain = match self.value("DKIM_DOMAIN", raw.domain.take()) {
            Some(value) => self.dns_name(&value)?,
            None => sender.unwrap_or_default(),
        };
        let selector = match self.value("DKIM_SELECTOR", raw.selector.take()) {
            Some(value) => self.dns_name(&value)?,
            None => "postrider".to_owned(),
        };
        let file = self.value("DKIM_KEY_FILE", raw.key_file.take());
        let file = file.map_or_else(|| "dkim.key".to_owned(), |value| value.text);
        let record = self.value("DKIM_RECORD", raw.record.take());
        let rsa = DkimKey {
            selector,
            key_file: self.folder.join(file),
            record: record.map(|value| value.text),
        };
        Ok(DkimConfig {
            domain,
            ed25519: self.second_key(raw, &rsa)?,
            rsa,
        })
    }

    /// The second key is there where its selector is.
    fn second_key(&self, raw: RawDkim, rsa: &DkimKey) -> Result<Option<DkimKey>, Diagnostic> {
        let selector = self.value("DKIM_ED25519_SELECTOR", raw.ed25519_selector);
        let file = self.value("DKIM_ED25519_KEY_FILE", raw.ed25519_key_file);
        let record = self.value("DKIM_ED25519_RECORD", raw.ed25519_record);
        let Some(value) = selector else {
            return match file.or(record) {
                Some(value) => Err(self
                    .wrong(&value, "the second key has no selector")
                    .hint("name its record in the DNS with `ed25519_selector`")),
                None => Ok(None),
            };
        };
        let selector = self.dns_name(&value)?;
        if selector == rsa.selector {
            // RFC 6376 §3.6.2.2: what several records of one name mean is undefined.
            return Err(self
                .wrong(&value, "both keys have the same selector")
                .hint("a selector names one record in the DNS: give this key another one"));
        }
        let file = file.map_or_else(|| "dkim-ed25519.key".to_owned(), |value| value.text);
        Ok(Some(DkimKey {
            selector,
            key_file: self.folder.join(file),
            record: record.map(|value| value.text),
        }))
    }
}
