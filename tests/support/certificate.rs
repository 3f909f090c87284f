//! Certificates for a server on this machine, each signed by an authority of its own.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server's certificate and what a client needs to trust it.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate of the authority that signed it, as PEM.
    pub authority_pem: String,
    /// What the server speaks TLS with.
    pub server: Arc<ServerConfig>,
}

impl Certificate {
    /// Good for `localhost` and `127.0.0.1`, now.
    pub fn valid() -> Self {
        Self::issue(&["localhost", "127.0.0.1"], (2020, 2120))
    }

    /// Good, but for another host.
    pub fn for_another_host() -> Self {
        Self::issue(&["other.example.org"], (2020, 2120))
    }

    /// Was good for `localhost` in 2020.
    pub fn expired() -> Self {
        Self::issue(&["localhost", "127.0.0.1"], (2020, 2021))
    }

    fn issue(names: &[&str], (from_year, to_year): (i32, i32)) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority of one test");
        let authority_key = KeyPair::generate().unwrap();
        let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
        let issuer = Issuer::new(authority, authority_key);

        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut leaf = CertificateParams::new(names).unwrap();
        leaf.not_before = date_time_ymd(from_year, 1, 1);
        leaf.not_after = date_time_ymd(to_year, 1, 1);
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().unwrap();
        let certificate = leaf.signed_by(&key, &issuer).unwrap();

        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self {
            authority_pem,
            server: Arc::new(server),
        }
    }
}
