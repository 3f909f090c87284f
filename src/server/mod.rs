//! HTTP: what answers to browsers. Which bytes they get is decided in `publish` and in the core;
//! here are addresses, headers, and who may ask.

mod answer;
mod desk;
mod host;
mod local;
mod preview;
mod readers;
mod serve;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::diagnostic::Diagnostic;

pub use desk::DeskServer;
pub use preview::PreviewServer;
pub use serve::{Limits, Server};

/// Listens on this machine alone; port 0 takes any free one.
async fn listen_on_loopback(port: u16) -> Result<(TcpListener, SocketAddr), Diagnostic> {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let problem = |error: io::Error| {
        Diagnostic::error(format!("cannot listen on {wanted}"))
            .cause(error)
            .hint("choose another port with `--port N`; without it any free one is taken")
    };
    let listener = TcpListener::bind(wanted).await.map_err(problem)?;
    let address = listener.local_addr().map_err(problem)?;
    Ok((listener, address))
}
