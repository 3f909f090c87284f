//! TLS as a client: rustls with aws-lc-rs, the system's roots or the author's own, always verified.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, RootCertStore};

/// Makes protected connections that trust the roots in `ca_file`, or the system's. TLS 1.2 and 1.3
/// (RFC 8996, RFC 9325).
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca_file {
        let unreadable = |error| {
            format!(
                "cannot read certificates from `{}`: {error}",
                path.display()
            )
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            roots
                .add(certificate.map_err(unreadable)?)
                .map_err(|error| {
                    format!(
                        "a certificate in `{}` cannot be used: {error}",
                        path.display()
                    )
                })?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        return Err("there is no certificate to trust: install the system's certificates (`ca-certificates`) or name a file with your own".to_owned());
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whether rustls objected, and not the network.
pub(crate) fn is_about_trust(error: &std::io::Error) -> bool {
    match error.get_ref() {
        Some(cause) => cause.is::<TlsError>(),
        None => false,
    }
}
