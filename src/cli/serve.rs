//! `serve`: the whole publication live.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::json;

use super::send::stop_on_signals;
use super::{App, CommandResult, Exit};
use crate::diagnostic::{Diagnostic, visible};
use crate::publish::{Halt, Publication, Rounds, Told};
use crate::server::Server;

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
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Diagnostic::error("cannot start the server").cause(error))?;
        let bound = Server::bind(&publication, app.environment.clone(), self.listen);
        let server = runtime.block_on(bound)?;
        let halt = Halt::default();
        stop_on_signals(halt.clone())?;
        let url = server.url();
        if app.output.is_json() {
            app.output.line(&json!({ "url": url }).to_string());
        } else {
            app.output.line(&url);
        }
        app.output.finish();
        let rounds = self.begin_rounds(app, &publication, &halt);
        let until = halt.clone();
        let ended = runtime.block_on(server.run(async move { until.stopping().await }));
        // Whatever ended the server, a sender that is at work finishes what it has begun.
        halt.stop_claiming();
        let made = rounds.join();
        ended?;
        made.map_err(|_| Diagnostic::error("the rounds ended in a fault of Postrider"))?;
        Ok(Exit::Done)
    }

    /// What is done by the clock, on a thread of its own.
    fn begin_rounds(&self, app: &App, publication: &Publication, halt: &Halt) -> JoinHandle<()> {
        let quiet = app.output.is_quiet();
        let tell = move |told: Told<'_>| {
            if !(quiet && matches!(told, Told::Done(_))) {
                let _ = writeln!(std::io::stderr(), "{}", visible(told.text()));
            }
        };
        let rounds = Rounds::new(
            publication.folder.clone(),
            app.environment.clone(),
            app.clock,
            Arc::new(tell),
        )
        .unsafe_fs(self.unsafe_fs);
        let halt = halt.clone();
        std::thread::spawn(move || rounds.run(&halt))
    }
}
