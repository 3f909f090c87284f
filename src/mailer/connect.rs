//! From a relay's address to a session that is ready for messages: connection, greeting, EHLO,
//! STARTTLS, and the login that `login.rs` does.

use std::net::IpAddr;
use std::sync::Arc;

use lettre::transport::smtp::commands::{Ehlo, Starttls};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::message::Extensions;
use super::reply::ReplyLines;
use super::session::Session;
use super::tls::Tls;
use super::wire::{Stream, Wire};
use super::{ConnectError, Timers};
use crate::config::{Credentials, Secret, Security, SmtpConfig};
use crate::delivery::Step;
use crate::token_command::TokenSource;

/// A relay that sessions can be opened to.
#[derive(Clone)]
pub struct Relay {
    config: SmtpConfig,
    timers: Timers,
    tls: Option<Tls>,
    tokens: Option<Arc<TokenSource>>,
    logins: Arc<Mutex<Option<RefusedLogin>>>,
}

/// A login that was refused, and when.
struct RefusedLogin(Instant, ConnectError);

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({})", self.config.shown())
    }
}

impl Relay {
    /// Prepares connections to a relay; certificates are read here.
    pub fn new(config: SmtpConfig, timers: Timers) -> Result<Self, ConnectError> {
        let tls = match config.security {
            Security::Plain => None,
            Security::Implicit | Security::StartTls => {
                Some(Tls::load(config.ca_file.as_deref()).map_err(ConnectError::Tls)?)
            }
        };
        let tokens = match config.credentials.as_ref().map(|known| &known.secret) {
            Some(Secret::TokenCommand { program, arguments }) => {
                let source = TokenSource::new(program, arguments, timers.token);
                Some(Arc::new(source))
            }
            _ => None,
        };
        Ok(Self {
            config,
            timers,
            tls,
            tokens,
            logins: Arc::default(),
        })
    }

    /// Opens a session: ready for MAIL.
    pub async fn open(&self) -> Result<Session, ConnectError> {
        let (stream, own_address) = self.dial().await?;
        self.open_over(stream, own_address).await
    }

    /// Opens a session over a connection that was made already, such as a tunnel. `own_address` is
    /// the end of it that the relay sees.
    pub async fn open_over(
        &self,
        stream: impl Stream + 'static,
        own_address: IpAddr,
    ) -> Result<Session, ConnectError> {
        let since = Instant::now();
        let own_name = self.own_name(own_address);
        let wire = match (self.config.security, &self.tls) {
            (Security::Implicit, Some(tls)) => {
                Wire::new(self.shake_hands(tls, Box::new(stream)).await?)
            }
            _ => Wire::new(Box::new(stream)),
        };
        let mut opening = Opening {
            wire,
            timers: &self.timers,
        };
        opening.greeting().await?;
        let mut extensions = opening.ehlo(&own_name).await?;
        if let (Security::StartTls, Some(tls)) = (self.config.security, &self.tls) {
            if !extensions.starttls {
                return Err(ConnectError::NoStartTls);
            }
            let stream = opening.starttls().await?;
            let wire = Wire::new(self.shake_hands(tls, stream).await?);
            opening = Opening {
                wire,
                timers: &self.timers,
            };
            // RFC 3207 §4.2: what was offered before TLS is forgotten.
            extensions = opening.ehlo(&own_name).await?;
        }
        if let Some(credentials) = &self.config.credentials {
            self.log_in(&mut opening, &extensions, credentials, since)
                .await?;
        }
        Ok(Session::new(opening.wire, extensions, self.timers.clone()))
    }

    /// One login at a time: what is refused is not tried again over another connection that was begun
    /// before (`since`), for repeated wrong ones lock accounts.
    async fn log_in(
        &self,
        opening: &mut Opening<'_>,
        extensions: &Extensions,
        credentials: &Credentials,
        since: Instant,
    ) -> Result<(), ConnectError> {
        let mut refused = self.logins.lock().await;
        if let Some(RefusedLogin(at, error)) = &*refused {
            let for_good = matches!(error, ConnectError::WrongPassword(_));
            if for_good || *at >= since {
                return Err(error.clone());
            }
        }
        let tokens = self.tokens.as_deref();
        let result = opening.login(extensions, credentials, tokens).await;
        if let Err(error @ (ConnectError::WrongPassword(_) | ConnectError::Refused(..))) = &result {
            *refused = Some(RefusedLogin(Instant::now(), error.clone()));
        }
        result
    }

    async fn dial(&self) -> Result<(TcpStream, IpAddr), ConnectError> {
        let broken = |error: String| ConnectError::Broken(Step::Connect, error);
        let target = (self.config.host.as_str(), self.config.port);
        let addresses = timeout(self.timers.connect, lookup_host(target))
            .await
            .map_err(|_| broken("the name server does not answer".to_owned()))?
            .map_err(|error| broken(format!("`{}`: {error}", self.config.host)))?;
        let mut last = format!("`{}` has no address", self.config.host);
        for address in addresses {
            match timeout(self.timers.connect, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Nagle's algorithm would hold the final dot back for a delayed ACK: 44 ms a message.
                    stream
                        .set_nodelay(true)
                        .map_err(|error| broken(error.to_string()))?;
                    let own = stream
                        .local_addr()
                        .map_err(|error| broken(error.to_string()))?;
                    return Ok((stream, own.ip()));
                }
                Ok(Err(error)) => last = format!("{address}: {error}"),
                Err(_) => {
                    last = format!(
                        "{address}: no answer within {} s",
                        self.timers.connect.as_secs()
                    );
                }
            }
        }
        Err(broken(last))
    }

    /// RFC 5321 §4.1.4: our name, or our address in brackets where we have none.
    fn own_name(&self, address: IpAddr) -> ClientId {
        match (&self.config.helo, address) {
            (Some(name), _) => ClientId::Domain(name.clone()),
            (None, IpAddr::V4(address)) => ClientId::Ipv4(address),
            (None, IpAddr::V6(address)) => ClientId::Ipv6(address),
        }
    }

    async fn shake_hands(
        &self,
        tls: &Tls,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, ConnectError> {
        match timeout(self.timers.command, tls.protect(stream, &self.config.host)).await {
            Ok(result) => result,
            Err(_) => Err(ConnectError::Broken(
                Step::StartTls,
                "the TLS handshake does not end".to_owned(),
            )),
        }
    }
}

/// A connection that is not ready for messages yet.
pub(super) struct Opening<'a> {
    wire: Wire,
    timers: &'a Timers,
}

impl Opening<'_> {
    async fn greeting(&mut self) -> Result<(), ConnectError> {
        let reply = self.wire.read_reply(self.timers.greeting).await;
        let reply = reply.map_err(|error| ConnectError::Broken(Step::Greeting, error))?;
        expect(Step::Greeting, reply, 220).map(|_| ())
    }

    async fn ehlo(&mut self, own_name: &ClientId) -> Result<Extensions, ConnectError> {
        let reply = self
            .ask(Step::Ehlo, &Ehlo::new(own_name.clone()).to_string())
            .await?;
        if reply.code >= 500 {
            // RFC 5321 §4.1.1.1: a server without extensions; one that dislikes us refuses this too.
            return match self.ask(Step::Ehlo, &format!("HELO {own_name}\r\n")).await {
                Ok(second) if second.code == 250 => Ok(Extensions::default()),
                _ => Err(ConnectError::Refused(Step::Ehlo, reply.into_reply())),
            };
        }
        expect(Step::Ehlo, reply, 250).map(|reply| Extensions::read(&reply.lines))
    }

    async fn starttls(mut self) -> Result<Box<dyn Stream>, ConnectError> {
        let reply = self.ask(Step::StartTls, &Starttls.to_string()).await?;
        expect(Step::StartTls, reply, 220)?;
        self.wire.into_stream().ok_or(ConnectError::Injected)
    }

    pub(super) async fn ask(
        &mut self,
        step: Step,
        command: &str,
    ) -> Result<ReplyLines, ConnectError> {
        let broken = |error| ConnectError::Broken(step, error);
        if !self.wire.is_quiet().await {
            return Err(broken(
                "the relay closed the connection or spoke out of turn".to_owned(),
            ));
        }
        self.wire
            .write(command.as_bytes(), self.timers.block)
            .await
            .map_err(broken)?;
        self.wire
            .read_reply(self.timers.command)
            .await
            .map_err(broken)
    }
}

fn expect(step: Step, reply: ReplyLines, code: u16) -> Result<ReplyLines, ConnectError> {
    if reply.code == code {
        Ok(reply)
    } else {
        Err(ConnectError::Refused(step, reply.into_reply()))
    }
}
