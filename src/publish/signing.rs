//! The keys by which a publication's messages are signed, read from their files.

use chrono::{DateTime, Utc};

use super::publication::{Publication, shown_path};
use crate::config::DkimKey;
use crate::diagnostic::Diagnostic;
use crate::dkim::{Algorithm, PrivateKey, Signer};
use crate::fs;
use crate::message::FrozenIssue;

impl Publication {
    /// The signer of a frozen issue: the domain and the selector that were frozen, and the key
    /// that is configured now.
    pub fn signer(&self, frozen: &FrozenIssue) -> Result<Option<Signer>, Diagnostic> {
        let Some((domain, selector)) = &frozen.dkim else {
            return Ok(None);
        };
        let config = self.config.dkim.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "the issue was planned with a DKIM signature, and there is no `[dkim]` any more",
            )
            .hint("put the section back until the issue is finished")
        })?;
        let signer = Signer::new(
            domain,
            selector,
            self.dkim_key(&config.rsa, Algorithm::Rsa)?,
        );
        let Some(selector) = &frozen.dkim_ed25519 else {
            return Ok(Some(signer));
        };
        let second = config.ed25519.as_ref().ok_or_else(|| {
            Diagnostic::error(
                "the issue was planned with a second DKIM signature, and `[dkim]` has no key for it any more",
            )
            .hint("put `ed25519_selector` back until the issue is finished")
        })?;
        let key = self.dkim_key(second, Algorithm::Ed25519)?;
        Ok(Some(signer.and(selector, key)))
    }

    /// A message that belongs to no issue, signed with the first key, which every receiver can use. A key
    /// that cannot be used keeps back neither a notice, which may tell of just that, nor a reader who
    /// joins: then it goes unsigned, and the next send tells of the key.
    pub(super) fn signed(
        &self,
        message: Vec<u8>,
        now: DateTime<Utc>,
    ) -> Result<Vec<u8>, Diagnostic> {
        let Some(dkim) = &self.config.dkim else {
            return Ok(message);
        };
        let Ok(key) = self.dkim_key(&dkim.rsa, Algorithm::Rsa) else {
            return Ok(message);
        };
        let field = Signer::new(&dkim.domain, &dkim.rsa.selector, key)
            .sign(&message, now)
            .map_err(|error| Diagnostic::error("the mail cannot be signed").cause(error))?;
        Ok([field.into_bytes(), message].concat())
    }

    /// A private key for DKIM: of the right kind, nobody else's to read, and the one whose record
    /// was published, where the configuration tells that.
    pub fn dkim_key(
        &self,
        config: &DkimKey,
        algorithm: Algorithm,
    ) -> Result<PrivateKey, Diagnostic> {
        let name = shown_path(&self.folder, &config.key_file);
        let pem = fs::read_text_if_present(&config.key_file, &name)?.ok_or_else(|| {
            Diagnostic::error(format!("there is no key for DKIM in `{name}`")).hint(match algorithm
            {
                Algorithm::Rsa => "`postrider dkim keygen` makes one",
                Algorithm::Ed25519 => "`postrider dkim keygen --ed25519` makes one",
            })
        })?;
        if fs::is_open_to_others(&config.key_file).unwrap_or(false) {
            return Err(Diagnostic::error(format!("others can read `{name}`"))
                .hint(format!("make it private with `chmod 600 {name}`")));
        }
        let key = PrivateKey::read(algorithm, &pem.text).map_err(|error| {
            Diagnostic::error(format!("`{name}` cannot be used for DKIM"))
                .cause(error)
                .hint("`postrider dkim keygen` makes a new one, where `key_file` names a file that is not there yet")
        })?;
        if let Some(record) = &config.record {
            key.check_record(record).map_err(|error| {
                Diagnostic::error(format!(
                    "`{name}` does not fit the record of the selector `{}` in `postrider.toml`",
                    config.selector
                ))
                .cause(error)
                .hint("`postrider dkim record` shows the record of the key: publish that one, and write it down under `[dkim]`")
            })?;
        }
        Ok(key)
    }
}
