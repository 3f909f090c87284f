//! What commands that show a page have in common: the author's browser, and the end.

use std::process::{Command, Stdio};

use serde_json::json;

use super::App;

/// Tells where a page is, and opens it if that is wanted.
pub(super) fn show_page(app: &App, url: &str, open: bool) {
    if app.output.is_json() {
        app.output.line(&json!({ "url": url }).to_string());
    } else {
        app.output.line(url);
    }
    app.output.finish();
    app.output.note("press Ctrl-C to end it");
    if open && !open_in_browser(url) {
        app.output
            .note("no browser could be opened; the address is above");
    }
}

/// Ctrl-C, or a polite `kill`.
pub(super) async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    // Without a signal handler the default action ends the process just as well.
    let _ = tokio::signal::ctrl_c().await;
}

/// Hands an address to the system's browser.
fn open_in_browser(url: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("cmd", &["/c", "start", ""])
    } else {
        ("xdg-open", &[])
    };
    Command::new(program)
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .is_ok()
}
