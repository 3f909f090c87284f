//! Keys for DKIM: made, read, used, and compared with what the DNS says of them.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::KeyRejected;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::BASE64;
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;

use super::DkimError;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// rsa-sha256 (RFC 6376 §3.3.1): every receiver knows it.
    Rsa,
    /// ed25519-sha256 (RFC 8463): shorter, and unknown to many receivers.
    Ed25519,
}

impl Algorithm {
    /// The word in `k=` of a record, with which the word in `a=` of a signature begins.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// A private key.
pub struct PrivateKey(Kind);

enum Kind {
    Rsa(rsa::KeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A new key in PEM, for a file of mode 0600. RSA keys have 2048 bits: all that receivers must
/// take (RFC 8301 §3.2), and all whose record fits a packet of the DNS everywhere.
pub fn generate(algorithm: Algorithm) -> Result<String, DkimError> {
    let der = match algorithm {
        Algorithm::Rsa => {
            let key =
                rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(|_| DkimError::Signing)?;
            let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| DkimError::Signing)?;
            der.as_ref().to_vec()
        }
        Algorithm::Ed25519 => {
            let made = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new());
            made.map_err(|_| DkimError::Signing)?.as_ref().to_vec()
        }
    };
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in BASE64.encode(&der).as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    Ok(pem)
}

impl PrivateKey {
    /// Reads a key in PEM: PKCS #8, or for RSA also PKCS #1.
    pub fn read(algorithm: Algorithm, pem: &str) -> Result<Self, DkimError> {
        let der = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| DkimError::NotAKey)?;
        let rejected = |error: KeyRejected| match error.to_string().as_str() {
            "TooSmall" => DkimError::TooShort,
            _ => DkimError::WrongKind(algorithm),
        };
        let kind = match (algorithm, &der) {
            (Algorithm::Rsa, PrivateKeyDer::Pkcs8(der)) => {
                Kind::Rsa(rsa::KeyPair::from_pkcs8(der.secret_pkcs8_der()).map_err(rejected)?)
            }
            (Algorithm::Rsa, PrivateKeyDer::Pkcs1(der)) => {
                Kind::Rsa(rsa::KeyPair::from_der(der.secret_pkcs1_der()).map_err(rejected)?)
            }
            (Algorithm::Ed25519, PrivateKeyDer::Pkcs8(der)) => Kind::Ed25519(
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der())
                    .map_err(rejected)?,
            ),
            _ => return Err(DkimError::WrongKind(algorithm)),
        };
        Ok(Self(kind))
    }

    /// How it signs.
    pub fn algorithm(&self) -> Algorithm {
        match self.0 {
            Kind::Rsa(_) => Algorithm::Rsa,
            Kind::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Signs what `h=` and the signature's own field come to.
    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, DkimError> {
        match &self.0 {
            Kind::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    input,
                    &mut signature,
                )
                .map_err(|_| DkimError::Signing)?;
                Ok(signature)
            }
            // RFC 8463 §3: the hash is what is signed.
            Kind::Ed25519(key) => {
                let hash = digest(&SHA256, input);
                let signature = key.try_sign(hash.as_ref());
                Ok(signature.map_err(|_| DkimError::Signing)?.as_ref().to_vec())
            }
        }
    }

    /// The value of the TXT record (RFC 6376 §3.6.1), in strings of at most 255 bytes (§3.6.2.2).
    pub fn record_value(&self) -> Result<Vec<String>, DkimError> {
        let public = BASE64.encode(&self.public_der()?);
        let value = format!("v=DKIM1; k={}; p={public}", self.algorithm().name());
        let strings = value.as_bytes().chunks(255);
        Ok(strings
            .map(|string| String::from_utf8_lossy(string).into_owned())
            .collect())
    }

    /// What stands in `p=`: for RSA the structure that all records have, for Ed25519 the 32 bytes
    /// alone (RFC 8463 §4.2).
    fn public_der(&self) -> Result<Vec<u8>, DkimError> {
        match &self.0 {
            Kind::Rsa(key) => {
                let der: PublicKeyX509Der<'_> =
                    key.public_key().as_der().map_err(|_| DkimError::Signing)?;
                Ok(der.as_ref().to_vec())
            }
            Kind::Ed25519(key) => Ok(key.public_key().as_ref().to_vec()),
        }
    }

    /// Fails unless a record, as it stands in a zone or as a resolver shows it, is that of this key.
    pub fn check_record(&self, record: &str) -> Result<(), DkimError> {
        let mut kind = "rsa";
        let mut public = None;
        let text = unquoted(record);
        for tag in text.split(';') {
            let Some((name, value)) = tag.split_once('=') else {
                continue;
            };
            let value = value.trim();
            match name.trim() {
                "v" if value != "DKIM1" => return Err(DkimError::NotARecord),
                "k" => kind = value,
                "p" => public = Some(value.replace(char::is_whitespace, "")),
                _ => {}
            }
        }
        let public = public.ok_or(DkimError::NotARecord)?;
        if public.is_empty() {
            return Err(DkimError::Revoked);
        }
        let public = BASE64
            .decode(public.as_bytes())
            .map_err(|_| DkimError::NotARecord)?;
        // RFC 6376 §3.6.1 names the bare structure for RSA, and everybody publishes the other one.
        let bare = match &self.0 {
            Kind::Rsa(key) => key.public_key().as_ref() == public,
            Kind::Ed25519(_) => false,
        };
        if kind == self.algorithm().name() && (bare || self.public_der()? == public) {
            Ok(())
        } else {
            Err(DkimError::OtherRecord)
        }
    }
}

/// A record without what the notation of zones puts around it: name and type, brackets, quotes.
fn unquoted(record: &str) -> String {
    let start = record.find("v=").unwrap_or(0);
    record[start..].replace(['"', '(', ')'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `openssl genrsa -traditional 1024`, for nothing but this.
    const SHORT: &str = include_str!("../../tests/golden/short-rsa.pem");

    #[test]
    fn a_made_key_is_read_and_fits_its_own_record_in_every_notation() {
        for algorithm in [Algorithm::Rsa, Algorithm::Ed25519] {
            let key = PrivateKey::read(algorithm, &generate(algorithm).unwrap()).unwrap();
            let strings = key.record_value().unwrap();
            assert!(strings.iter().all(|string| string.len() <= 255));
            let value = strings.concat();
            let zone = format!("s._domainkey IN TXT ( \"{}\" )", strings.join("\" \""));
            let spaced = value.replace("; ", " ;\t").replace("p=", "p= ");
            for record in [value.clone(), zone, spaced] {
                assert_eq!(key.check_record(&record), Ok(()), "{record}");
            }
            let other = PrivateKey::read(algorithm, &generate(algorithm).unwrap()).unwrap();
            assert_eq!(other.check_record(&value), Err(DkimError::OtherRecord));
        }
    }

    #[test]
    fn a_record_that_is_none_is_told_from_one_of_another_key() {
        let key = PrivateKey::read(Algorithm::Rsa, &generate(Algorithm::Rsa).unwrap()).unwrap();
        let value = key.record_value().unwrap().concat();
        let without_kind = value.replace("k=rsa; ", "");
        assert_eq!(key.check_record(&without_kind), Ok(()));
        for (record, error) in [
            (value.replace("k=rsa", "k=ed25519"), DkimError::OtherRecord),
            ("v=DKIM1; k=rsa; p=".to_owned(), DkimError::Revoked),
            ("v=DKIM1; k=rsa".to_owned(), DkimError::NotARecord),
            ("v=spf1 a -all".to_owned(), DkimError::NotARecord),
            (value.replace("p=M", "p=!"), DkimError::NotARecord),
            (String::new(), DkimError::NotARecord),
        ] {
            assert_eq!(key.check_record(&record), Err(error), "{record}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_from_a_short_one_and_from_one_of_another_kind() {
        let ed25519 = generate(Algorithm::Ed25519).unwrap();
        let cut = &ed25519[..ed25519.len() / 2];
        for (algorithm, pem, error) in [
            (Algorithm::Rsa, "hello", DkimError::NotAKey),
            (Algorithm::Rsa, "", DkimError::NotAKey),
            (Algorithm::Ed25519, cut, DkimError::NotAKey),
            (Algorithm::Rsa, SHORT, DkimError::TooShort),
            (
                Algorithm::Rsa,
                &ed25519,
                DkimError::WrongKind(Algorithm::Rsa),
            ),
            (
                Algorithm::Ed25519,
                SHORT,
                DkimError::WrongKind(Algorithm::Ed25519),
            ),
        ] {
            let read = PrivateKey::read(algorithm, pem);
            assert_eq!(read.err(), Some(error), "{pem}");
        }
    }
}
