//! `serve`: the whole publication live.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;

use super::send::stop_on_signals;
use super::{App, CommandResult, Exit};
use crate::diagnostic::{Diagnostic, visible};
use crate::publish::{Halt, Publication, Readers, Rounds, Tell, Told};
use crate::server::{Limits, Server};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address and port to listen on; port 0 takes any free one [default: `[serve] listen`, or 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Send although the folder is on NFS, SMB, 9p or FUSE, where a commit may be worth nothing
    #[arg(long, env = "POSTRIDER_UNSAFE_FS", value_parser = clap::builder::FalseyValueParser::new())]
    unsafe_fs: bool,
}

impl Serve {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        let publication = app.publication()?;
        // It lets connections in; threads of their own answer them.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the server").cause(error))?;
        let rounds = self.rounds(app, &publication);
        let bound = Server::bind(&publication, rounds.view(), self.listen, Limits::default());
        let server = runtime.block_on(bound)?;
        let readers = Readers::start(&publication, app.environment.clone(), tell(app))?;
        if let Some(readers) = &readers {
            server.admit(readers.clone());
        }
        let halt = Halt::default();
        stop_on_signals(halt.clone())?;
        let url = server.url();
        if app.output.is_json() {
            app.output.line(&json!({ "url": url }).to_string());
        } else {
            app.output.line(&url);
        }
        app.output.finish();
        let (made_until, served_until) = (halt.clone(), halt.clone());
        let rounds = std::thread::spawn(move || rounds.run(&made_until));
        runtime.block_on(server.run(async move { served_until.stopping().await }));
        if let Some(readers) = readers {
            readers.close(&tell(app));
        }
        // A sender that is at work finishes what it has begun.
        let made = rounds.join();
        made.map_err(|_| Diagnostic::error("the rounds ended in a fault of Postrider"))?;
        Ok(Exit::Done)
    }

    /// What is done by the clock.
    fn rounds(&self, app: &App, publication: &Publication) -> Rounds {
        Rounds::new(
            publication.folder.clone(),
            app.environment.clone(),
            app.clock,
            tell(app),
        )
        .unsafe_fs(self.unsafe_fs)
    }
}

/// What is done with nobody asking goes to stderr; a quiet server tells only what is wrong.
fn tell(app: &App) -> Tell {
    let quiet = app.output.is_quiet();
    Arc::new(move |told: Told<'_>| {
        if !(quiet && matches!(told, Told::Done(_))) {
            let _ = writeln!(std::io::stderr(), "{}", visible(told.text()));
        }
    })
}
