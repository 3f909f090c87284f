//! TLS: rustls with aws-lc-rs, the system's roots or the author's own, always verified.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, RootCertStore};

use super::ConnectError;
use super::wire::Stream;
use crate::delivery::Step;

/// Makes protected connections; the roots are loaded once.
#[derive(Clone)]
pub(super) struct Tls(TlsConnector);

impl Tls {
    /// Loads the roots from `ca_file`, or the system's. TLS 1.2 and 1.3 (RFC 8996, RFC 9325).
    pub(super) fn load(ca_file: Option<&Path>) -> Result<Self, String> {
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
            return Err("there is no certificate to trust: install the system's certificates (`ca-certificates`) or set `[smtp] ca_file`".to_owned());
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Shakes hands and checks the certificate and its name (RFC 9525). A connection that breaks
    /// is another matter than a certificate that is not to be trusted: it may be whole next time.
    pub(super) async fn protect(
        &self,
        stream: Box<dyn Stream>,
        host: &str,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            ConnectError::Tls(format!("`{host}` cannot be the name in a certificate"))
        })?;
        match self.0.connect(name, stream).await {
            Ok(protected) => Ok(Box::new(protected)),
            Err(error) if is_about_trust(&error) => Err(ConnectError::Tls(error.to_string())),
            Err(error) => Err(ConnectError::Broken(Step::StartTls, error.to_string())),
        }
    }
}

/// Whether rustls objected, and not the network.
fn is_about_trust(error: &std::io::Error) -> bool {
    match error.get_ref() {
        Some(cause) => cause.is::<TlsError>(),
        None => false,
    }
}
