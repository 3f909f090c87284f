//! `theme`: the name of a built-in theme, or of a folder in `themes/`.

use std::path::Path;

use super::reader::{Reader, Value};
use crate::diagnostic::{Diagnostic, closest};
use crate::render::themes::{DEFAULT_THEME, THEMES, built_in_theme};

/// The folder for the author's own themes.
pub const THEMES_FOLDER: &str = "themes";

impl Reader<'_> {
    pub(super) fn theme(&self, value: Option<Value>) -> Result<String, Diagnostic> {
        let Some(value) = value else {
            return Ok(DEFAULT_THEME.to_owned());
        };
        let name = value.text.trim();
        let own = own_themes(self.folder);
        if built_in_theme(name).is_some() || own.iter().any(|theme| theme == name) {
            return Ok(name.to_owned());
        }
        let known: Vec<&str> = own
            .iter()
            .map(String::as_str)
            .chain(THEMES.iter().map(|theme| theme.name))
            .collect();
        let problem = self.wrong(&value, format!("there is no theme `{name}`"));
        Err(match closest(name, known.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!(
                "there is: {}; a theme of your own is a folder in `{THEMES_FOLDER}/`",
                known.join(", ")
            )),
        })
    }
}

/// The names of the folders in `themes/`, sorted.
pub fn own_themes(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join(THEMES_FOLDER));
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
