//! `theme`: which themes there are, and copies of their files to work on.

use serde_json::json;

use super::{App, CommandResult, Exit};
use crate::publish::{KnownTheme, Publication};
use crate::render::themes::purpose;

/// Arguments of `theme`.
#[derive(Debug, clap::Args)]
pub(super) struct Theme {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Show the themes, and which files of your own take the place of theirs
    List,
    /// Copy files of the chosen theme into templates/, to change them there
    Eject(Eject),
}

#[derive(Debug, clap::Args)]
struct Eject {
    /// Files such as email.html [default: all]
    files: Vec<String>,
    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

impl Theme {
    pub(super) fn run(&self, app: &App) -> CommandResult {
        // Whoever looks for the mistake in a template, or wants the built-in one back, has a broken one.
        let publication =
            Publication::open_without_templates(&app.folder, &app.environment, app.clock)?;
        match &self.command {
            None | Some(Command::List) => list(app, &publication),
            Some(Command::Eject(eject)) => eject.run(app, &publication),
        }
    }
}

fn list(app: &App, publication: &Publication) -> CommandResult {
    let themes = publication.themes()?;
    let overriding = publication.overriding_templates()?;
    let chosen = &publication.config.theme;
    if app.output.is_json() {
        let one = |theme: &KnownTheme| json!({ "name": theme.name, "built_in": theme.about.is_some(), "files": theme.files });
        app.output.json(&json!({
            "chosen": chosen, "themes": themes.iter().map(one).collect::<Vec<_>>(), "templates": overriding,
        }));
        return Ok(Exit::Done);
    }
    let row = |theme: &KnownTheme| {
        let used = if theme.name == *chosen { "in use" } else { "" };
        let own = || format!("yours, in themes/{}/", theme.name);
        vec![
            theme.name.clone(),
            used.to_owned(),
            theme.about.map_or_else(own, str::to_owned),
        ]
    };
    app.output
        .table(&["theme", "", "~about"], themes.iter().map(row));
    if !overriding.is_empty() {
        app.output.line(&format!(
            "\nin its place: {}",
            overriding
                .iter()
                .map(|name| format!("templates/{name}"))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    Ok(Exit::Done)
}

impl Eject {
    fn run(&self, app: &App, publication: &Publication) -> CommandResult {
        let written = publication.eject_templates(&self.files, self.force)?;
        if app.output.is_json() {
            let paths: Vec<String> = written
                .iter()
                .map(|name| format!("templates/{name}"))
                .collect();
            app.output
                .json(&json!({ "theme": publication.config.theme, "written": paths }));
            return Ok(Exit::Done);
        }
        let rows = written.iter().map(|name| {
            let purpose = purpose(name).unwrap_or("used by the others");
            vec![format!("templates/{name}"), purpose.to_owned()]
        });
        app.output.table(&["file", "~what it is for"], rows);
        Ok(Exit::Done)
    }
}
