//! The templates of a publication: those of its theme, and over them the files of `templates/`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Publication, Stop};
use crate::config::{THEMES_FOLDER, own_themes};
use crate::diagnostic::{Diagnostic, SourceText, closest};
use crate::fs;
use crate::render::layout::BUILT_IN;
use crate::render::themes::{THEMES, built_in_theme};

/// The folder whose files take the place of the theme's.
pub const TEMPLATES_FOLDER: &str = "templates";

/// A theme that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownTheme {
    /// What the author writes in `theme`.
    pub name: String,
    /// How it looks; `None` for a folder of the author's.
    pub about: Option<&'static str>,
    /// Its own files; the others are those of the first built-in theme.
    pub files: Vec<String>,
}

/// The files that differ from the built-in ones: the theme's, then those of `templates/`.
pub(super) fn own_sources(
    folder: &Path,
    theme: &str,
) -> Result<BTreeMap<String, SourceText>, Diagnostic> {
    let mut sources = theme_sources(folder, theme)?;
    sources.extend(read_folder(folder, TEMPLATES_FOLDER)?);
    Ok(sources)
}

/// The files of a theme alone. A folder of the author's comes before a built-in theme of its name.
fn theme_sources(folder: &Path, theme: &str) -> Result<BTreeMap<String, SourceText>, Diagnostic> {
    let path = format!("{THEMES_FOLDER}/{theme}");
    if folder.join(&path).is_dir() {
        return read_folder(folder, &path);
    }
    let files = built_in_theme(theme).map_or(&[][..], |theme| theme.files);
    let source = |(name, text): &(&str, &str)| {
        let shown = format!("built-in {path}/{name}");
        ((*name).to_owned(), SourceText::new(shown, *text))
    };
    Ok(files.iter().map(source).collect())
}

/// The templates in a folder of the publication, by file name; none if there is no such folder.
fn read_folder(folder: &Path, path: &str) -> Result<BTreeMap<String, SourceText>, Diagnostic> {
    let mut found = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(folder.join(path)) else {
        return Ok(found);
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let known = BUILT_IN.iter().any(|(built_in, _)| *built_in == name);
        let file = entry.path();
        let extension = file.extension().and_then(|extension| extension.to_str());
        let usable = matches!(extension, Some("html" | "txt" | "css" | "xml"));
        if (known || usable) && !name.starts_with('.') && file.is_file() {
            let text = fs::read_text(&file, &format!("{path}/{name}"))?;
            found.insert(name, text);
        }
    }
    Ok(found)
}

impl Publication {
    /// Every theme that can be chosen, the built-in ones first.
    pub fn themes(&self) -> Result<Vec<KnownTheme>, Stop> {
        let own = own_themes(&self.folder);
        let built_in = THEMES
            .iter()
            .filter(|theme| !own.iter().any(|name| name == theme.name))
            .map(|theme| KnownTheme {
                name: theme.name.to_owned(),
                about: Some(theme.about),
                files: theme
                    .files
                    .iter()
                    .map(|(name, _)| (*name).to_owned())
                    .collect(),
            });
        let mut themes: Vec<KnownTheme> = built_in.collect();
        for name in own {
            let files = theme_sources(&self.folder, &name)?.into_keys().collect();
            themes.push(KnownTheme {
                name,
                about: None,
                files,
            });
        }
        Ok(themes)
    }

    /// The names of the files in `templates/`.
    pub fn overriding_templates(&self) -> Result<Vec<String>, Stop> {
        Ok(read_folder(&self.folder, TEMPLATES_FOLDER)?
            .into_keys()
            .collect())
    }

    /// Writes files of the chosen theme into `templates/`, all of them if none is named, and gives
    /// their names. What is there already and differs is left alone unless `force`; then nothing is
    /// written at all.
    pub fn eject_templates(&self, names: &[String], force: bool) -> Result<Vec<String>, Stop> {
        let mut sources: BTreeMap<String, SourceText> = BUILT_IN
            .iter()
            .map(|(name, text)| ((*name).to_owned(), SourceText::new(*name, *text)))
            .collect();
        sources.extend(theme_sources(&self.folder, &self.config.theme)?);
        let chosen: Vec<&String> = if names.is_empty() {
            sources.keys().collect()
        } else {
            names.iter().collect()
        };
        let mut files = Vec::new();
        for name in chosen {
            let source = sources
                .get(name)
                .ok_or_else(|| no_such_file(name, &sources))?;
            let shown = format!("{TEMPLATES_FOLDER}/{name}");
            let path = self.folder.join(&shown);
            let differs =
                fs::read_bytes(&path, &shown)?.is_some_and(|bytes| bytes != source.text.as_bytes());
            if differs && !force {
                let problem = format!("`{shown}` is there already, and is not the theme's");
                return Err(Diagnostic::error(problem)
                    .hint("name the files that you want, or give `--force` to lose what you wrote")
                    .into());
            }
            files.push((name, path, &source.text));
        }
        for (name, path, text) in &files {
            fs::write_if_changed(path, text.as_bytes()).map_err(|error| {
                Diagnostic::error(format!("cannot write `{name}`")).cause(error)
            })?;
        }
        Ok(files.into_iter().map(|(name, ..)| name.clone()).collect())
    }
}

fn no_such_file(name: &str, sources: &BTreeMap<String, SourceText>) -> Diagnostic {
    let problem = Diagnostic::error(format!("the theme has no file `{name}`"));
    let names: Vec<&str> = sources.keys().map(String::as_str).collect();
    match closest(name, names.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint(format!("there is: {}", names.join(", "))),
    }
}
