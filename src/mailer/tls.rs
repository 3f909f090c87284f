//! TLS to the relay.

use std::path::Path;

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::ConnectError;
use super::wire::Stream;
use crate::delivery::Step;
use crate::tls::{connector, is_about_trust};

/// Makes protected connections; the roots are loaded once.
#[derive(Clone)]
pub(super) struct Tls(TlsConnector);

impl Tls {
    /// Loads the roots from `ca_file`, or the system's.
    pub(super) fn load(ca_file: Option<&Path>) -> Result<Self, String> {
        connector(ca_file).map(Self)
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
