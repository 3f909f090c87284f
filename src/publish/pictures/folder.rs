//! The folder beside a text, and the one way into it: which file an address of the text means.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

use crate::diagnostic::{Diagnostic, closest};
use crate::issue::Issue;
use crate::publish::Publication;
use crate::render::Reference;

/// The folder of an issue, or none where the issue is one file; or that of the publication itself.
pub(super) struct Folder {
    kind: Kind,
    /// As the author knows it; empty for the publication's.
    name: String,
    /// Where it really is, symbolic links followed; `None` if there is none.
    root: Option<PathBuf>,
}

/// Whose folder it is, which decides what of it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the essay shows, and what it links.
    Issue,
    /// Pictures that `about.md` shows, and nothing else: roster, key and ledger lie there, too.
    Publication,
}

/// A file of the folder.
pub(super) struct FoundFile {
    /// Its name below the folder, with forward slashes.
    pub(super) below: String,
    /// Where it really is.
    pub(super) source: PathBuf,
    /// What the address has behind the file's name: `#page=2`.
    pub(super) suffix: String,
}

/// What an address says about where to look.
enum Address {
    Below {
        path: String,
        suffix: String,
    },
    /// Above the folder, or at the root of the site.
    Outside,
}

impl Folder {
    pub(super) fn of(publication: &Publication, issue: &Issue) -> Self {
        let name = &issue.source.name;
        let Some(folder) = name.strip_suffix("/index.md") else {
            return Self {
                kind: Kind::Issue,
                name: name.trim_end_matches(".md").to_owned(),
                root: None,
            };
        };
        Self {
            kind: Kind::Issue,
            name: folder.to_owned(),
            root: std::fs::canonicalize(publication.folder.join(folder)).ok(),
        }
    }

    /// The folder of the publication, in which `about.md` lies.
    pub(super) fn of_publication(publication: &Publication) -> Self {
        Self {
            kind: Kind::Publication,
            name: String::new(),
            root: std::fs::canonicalize(&publication.folder).ok(),
        }
    }

    /// The name of a file of it as the author knows it.
    pub(super) fn name_of(&self, below: &str) -> String {
        match self.kind {
            Kind::Issue => format!("{}/{below}", self.name),
            Kind::Publication => below.to_owned(),
        }
    }

    /// Whether nothing but pictures is published.
    pub(super) fn is_for_pictures_alone(&self) -> bool {
        self.kind == Kind::Publication
    }

    /// Whether an essay may refer to files: where there is no folder, only to tell of pictures that
    /// are missing.
    pub(super) fn may_be_meant(&self, markdown: &str) -> bool {
        self.root.is_some() || markdown.contains("![") || markdown.contains('<')
    }

    /// The file that is meant. A link may lead to another page: `None`, as it does for a whole
    /// address. What the page shows must be there.
    pub(super) fn find(&self, reference: &Reference) -> Result<Option<FoundFile>, Diagnostic> {
        if self.is_for_pictures_alone() && !reference.is_shown {
            return Ok(None);
        }
        let address = reference.address.trim();
        let (path, suffix) = match read_address(address) {
            Some(Address::Below { path, suffix }) => (path, suffix),
            Some(Address::Outside) if reference.is_shown => return Err(self.outside(address)),
            Some(Address::Outside) | None => return Ok(None),
        };
        let Some(root) = &self.root else {
            return if reference.is_shown {
                Err(self.needs_folder(address))
            } else {
                Ok(None)
            };
        };
        let Ok(source) = std::fs::canonicalize(root.join(&path)) else {
            return if reference.is_shown {
                Err(self.missing(root, &path, address))
            } else {
                Ok(None)
            };
        };
        if !source.starts_with(root) {
            return Err(self
                .outside(address)
                .cause("a symbolic link leads out of it"));
        }
        if !source.is_file() {
            let problem = Diagnostic::error(format!("`{address}` is not a file"));
            return if reference.is_shown {
                Err(problem.hint("name the picture itself"))
            } else {
                Ok(None)
            };
        }
        if is_private(&path) {
            let problem = Diagnostic::error(format!("`{address}` stays private"));
            return if reference.is_shown {
                Err(problem
                    .hint("Markdown and hidden files are not published; give it another name"))
            } else {
                Ok(None)
            };
        }
        Ok(Some(FoundFile {
            below: path,
            source,
            suffix,
        }))
    }

    fn needs_folder(&self, address: &str) -> Diagnostic {
        let name = &self.name;
        Diagnostic::error(format!("there is no picture `{address}`: the issue is one file"))
            .hint(format!("rename it to `{name}/index.md` and put the picture into that folder, or write the picture's whole address"))
    }

    fn outside(&self, address: &str) -> Diagnostic {
        let whose = self.kind.owner();
        Diagnostic::error(format!("`{address}` lies outside of the {whose}'s folder"))
            .hint("copy the picture into the folder, or write its whole address, `https://...`")
    }

    fn missing(&self, root: &Path, path: &str, address: &str) -> Diagnostic {
        let (whose, text) = (self.kind.owner(), self.kind.text_file());
        let problem = Diagnostic::error(format!(
            "there is no picture `{address}` in the {whose}'s folder"
        ));
        let folder = root.join(path);
        let siblings: Vec<String> = folder
            .parent()
            .and_then(|folder| std::fs::read_dir(folder).ok())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        let name = path.rsplit('/').next().unwrap_or(path);
        match closest(name, siblings.iter().map(String::as_str)) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint(format!(
                "put it beside `{text}`, or write its whole address"
            )),
        }
    }
}

impl Kind {
    fn owner(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Publication => "publication",
        }
    }

    fn text_file(self) -> &'static str {
        match self {
            Self::Issue => "index.md",
            Self::Publication => "about.md",
        }
    }
}

/// Whether an address has a scheme or another host: then no file of ours is meant.
pub(super) fn is_elsewhere(address: &str) -> bool {
    address.starts_with("//") || url::Url::parse(address).is_ok()
}

/// `None` if the address cannot mean a file.
fn read_address(address: &str) -> Option<Address> {
    if is_elsewhere(address) {
        return None;
    }
    if address.starts_with('/') {
        return Some(Address::Outside);
    }
    let end = address.find(['?', '#']).unwrap_or(address.len());
    let (path, suffix) = address.split_at(end);
    let path = percent_decode_str(path).decode_utf8().ok()?;
    if path.is_empty() || path.contains(char::is_control) {
        return None;
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.pop().is_none() {
                    return Some(Address::Outside);
                }
            }
            part => parts.push(part),
        }
    }
    Some(Address::Below {
        path: parts.join("/"),
        suffix: suffix.to_owned(),
    })
}

/// What is hidden stays private, and Markdown is source.
fn is_private(path: &str) -> bool {
    let is_markdown = Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "md");
    is_markdown || path.split('/').any(|part| part.starts_with('.'))
}
