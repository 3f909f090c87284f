//! `catch`: an SMTP server on this machine that keeps everything.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use super::{App, CommandResult, Exit};
use crate::catch::{Accepted, Catcher};
use crate::diagnostic::{Diagnostic, visible};

/// Arguments of `catch`.
#[derive(Debug, clap::Args)]
pub(super) struct Catch {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, value_name = "N", default_value_t = 2525)]
    port: u16,
    /// The Maildir that the messages go to
    #[arg(long, value_name = "DIR", default_value = "caught")]
    maildir: PathBuf,
}

impl Catch {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let maildir = app.folder.join(&self.maildir);
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the server").cause(error))?;
        let _guard = runtime.enter();
        let catcher = Catcher::bind(address, &maildir).map_err(|error| {
            Diagnostic::error(error.to_string())
                .hint("choose another port with `--port N`, or 0 for any free one")
        })?;
        let at = catcher.local_address();
        app.output.line(&format!(
            "listening on smtp://{at}, keeping everything in {}",
            maildir.display()
        ));
        app.output.finish();
        app.output.note("press Ctrl-C to end it");
        let json = app.output.is_json();
        let stopped = async {
            // Without a signal handler the default action ends the process just as well.
            let _ = tokio::signal::ctrl_c().await;
        };
        runtime
            .block_on(catcher.run(move |accepted| show(json, accepted), stopped))
            .map_err(|error| Diagnostic::error(error.to_string()))?;
        Ok(Exit::Done)
    }
}

/// One line for a message; stderr, because the answer of `catch` is the Maildir.
fn show(json: bool, accepted: &Accepted) {
    let line = if json {
        serde_json::json!({ "from": accepted.from, "to": accepted.to, "size": accepted.size,
            "subject": accepted.subject, "path": accepted.path })
        .to_string()
    } else {
        let subject = accepted.subject.as_deref().unwrap_or("(no subject)");
        visible(&format!(
            "{} -> {}: {subject} ({} bytes)",
            accepted.from,
            accepted.to.join(", "),
            accepted.size
        ))
    };
    let _ = writeln!(std::io::stderr(), "{line}");
}
