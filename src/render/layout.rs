//! Layouts: the Tera templates around an essay. The built-in ones are embedded in the binary; a
//! file of the same name in the publication's `templates/` takes the place of one.
//!
//! An essay is never a template. In the mail's layouts `{{ essay }}` stands exactly once, alone
//! on its line, so that the essay can be encoded once per issue and the layout around it
//! once per recipient (see [`MailLayout`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tera::{ErrorKind, Tera};

use super::bounds::{Page, Trial, Trials};
use super::template_error::diagnose;

use crate::diagnostic::{Diagnostic, SourceText};

/// The built-in templates by file name.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("404.html", include_str!("../../templates/404.html")),
    ("about.html", include_str!("../../templates/about.html")),
    ("email.html", include_str!("../../templates/email.html")),
    ("email.txt", include_str!("../../templates/email.txt")),
    ("essay.css", include_str!("../../templates/essay.css")),
    ("feed.css", include_str!("../../templates/feed.css")),
    ("head.html", include_str!("../../templates/head.html")),
    ("index.html", include_str!("../../templates/index.html")),
    (
        "issue-list.html",
        include_str!("../../templates/issue-list.html"),
    ),
    ("page.html", include_str!("../../templates/page.html")),
    ("reader.html", include_str!("../../templates/reader.html")),
    (
        "redirect.html",
        include_str!("../../templates/redirect.html"),
    ),
    ("social.html", include_str!("../../templates/social.html")),
    ("tag.html", include_str!("../../templates/tag.html")),
    ("tags.html", include_str!("../../templates/tags.html")),
    ("web.css", include_str!("../../templates/web.css")),
    ("web.html", include_str!("../../templates/web.html")),
];

/// What templates know of the publication, as `publication`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicationView {
    /// Title.
    pub title: String,
    /// Author's name.
    pub author: String,
    /// One sentence about the publication; may be empty.
    pub description: String,
    /// Absolute address of the front page, with a slash at its end.
    pub base_url: String,
    /// BCP 47 tag.
    pub language: String,
    /// Postal address of the sender; empty if the author gave none.
    pub postal_address: String,
    /// Address (bare) that receives replies.
    pub reply_to: String,
}

/// What templates know of an issue, as `issue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueView {
    /// Title.
    pub title: String,
    /// Summary; empty if the author gave none.
    pub summary: String,
    /// The first words of the essay, which stand in for a summary where the essay itself does not
    /// stand; empty in the mail.
    pub opening: String,
    /// Absolute address of its page, with a slash at its end.
    pub url: String,
    /// Date in the publication's time zone, `2026-12-01`; the filter `date` formats it.
    pub date: String,
    /// The date of a correction, `2026-12-03`; empty if there was none.
    pub updated: String,
    /// Author's name.
    pub author: String,
    /// BCP 47 tag.
    pub language: String,
    /// Tags.
    pub tags: Vec<String>,
}

/// A page's link to a neighbour, as `previous` and `next`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueLink {
    /// Title.
    pub title: String,
    /// Absolute address.
    pub url: String,
}

/// All templates of a publication, parsed.
#[derive(Clone)]
pub struct Layouts {
    tera: Arc<Tera>,
    trials: Option<Trials>,
    sources: BTreeMap<String, SourceText>,
}

impl std::fmt::Debug for Layouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.sources.keys()).finish()
    }
}

impl Layouts {
    /// Parses the built-in templates with the author's own (`file name -> text`) over them.
    pub fn new(own: &BTreeMap<String, SourceText>) -> Result<Self, Diagnostic> {
        let mut sources: BTreeMap<String, SourceText> = BUILT_IN
            .iter()
            .map(|(name, text)| {
                let shown = format!("built-in templates/{name}");
                ((*name).to_owned(), SourceText::new(shown, *text))
            })
            .collect();
        sources.extend(own.iter().map(|(name, text)| (name.clone(), text.clone())));
        Self::from_sources(sources)
    }

    /// Parses exactly these templates: how a frozen issue is read back.
    pub fn from_sources(sources: BTreeMap<String, SourceText>) -> Result<Self, Diagnostic> {
        let mut tera = Tera::new();
        tera.set_escape_fn(super::escaping::escape);
        tera.register_filter("date", super::date::date_filter);
        tera.register_filter("fill", super::filling::fill_filter);
        tera.register_filter("underline", super::plain::underline_filter);
        tera.register_filter("wrap", super::plain::wrap_filter);
        let templates = sources.iter().filter(|(name, _)| is_template(name));
        tera.add_raw_templates(
            templates.map(|(name, source)| (name.clone(), source.text.to_string())),
        )
        .map_err(|error| diagnose(&error, &sources))?;
        Ok(Self {
            tera: Arc::new(tera),
            trials: None,
            sources,
        })
    }

    /// The same templates, each of them tried before its first use.
    #[must_use]
    pub fn tried_by(mut self, trial: Arc<dyn Trial>) -> Self {
        let names = self.sources.keys().map(String::as_str);
        self.trials = Some(Trials::new(trial, names));
        self
    }

    /// The texts of all templates by file name.
    pub fn sources(&self) -> &BTreeMap<String, SourceText> {
        &self.sources
    }

    /// The text of a file that is no template, such as `essay.css`; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.sources.get(name).map_or("", |source| &source.text)
    }

    /// Renders one template.
    pub fn render(&self, name: &str, context: &tera::Context) -> Result<String, Diagnostic> {
        if let Some(trials) = &self.trials {
            let first_use = || -> Box<dyn FnOnce() + Send> {
                let (tera, name, context) = (self.tera.clone(), name.to_owned(), context.clone());
                // What is wrong is told by the second use, with its place.
                Box::new(move || drop(write(&tera, &name, &context, 0)))
            };
            trials.pass(name, first_use).map_err(|problem| {
                problem.cause(format!("it happens in `{}`", self.shown_name(name)))
            })?;
        }
        // Most pages are a little longer than what they are made of, or many times as long.
        let room = self.text(name).len() * 5 / 4;
        write(&self.tera, name, context, room).map_err(|error| match error.kind() {
            ErrorKind::Io(_) => Diagnostic::error(format!(
                "`{}` writes more than 64 MB",
                self.shown_name(name)
            ))
            .hint("look for loops inside of loops, and for `range` with large numbers"),
            _ => diagnose(&error, &self.sources),
        })
    }

    /// A template by the name that its author knows.
    fn shown_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.sources.get(name).map_or(name, |source| &source.name)
    }

    /// The two mail layouts, checked to hold `{{ essay }}` once and alone on its line.
    pub fn mail(&self) -> Result<MailLayout<'_>, Diagnostic> {
        for name in [MailLayout::HTML, MailLayout::TEXT] {
            if let Some(source) = self.sources.get(name) {
                check_essay_slot(source)?;
            }
        }
        Ok(self.checked_mail())
    }

    /// The same for templates that [`Self::mail`] has checked before: once per message would be
    /// too often.
    pub fn checked_mail(&self) -> MailLayout<'_> {
        MailLayout { layouts: self }
    }

    /// Names of the subscriber's fields that the mail layouts use, or `None` when they use the
    /// subscriber as a whole, so that every field must be kept. What is named is frozen with the
    /// plan; nothing else about a person is copied into the ledger.
    pub fn subscriber_fields(&self) -> Option<BTreeSet<String>> {
        let mut fields = BTreeSet::new();
        for (name, source) in &self.sources {
            if is_template(name) && !matches!(name.as_str(), "page.html" | "index.html") {
                collect_subscriber_fields(&source.text, &mut fields)?;
            }
        }
        Some(fields)
    }
}

fn write(
    tera: &Tera,
    name: &str,
    context: &tera::Context,
    room: usize,
) -> tera::TeraResult<String> {
    let mut page = Page::with_room_for(room);
    tera.render_to(name, context, &mut page)?;
    Ok(page.into_text())
}

/// `.css` files lie beside the templates and are used as they are.
fn is_template(name: &str) -> bool {
    !std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("css"))
}

fn collect_subscriber_fields(text: &str, fields: &mut BTreeSet<String>) -> Option<()> {
    const WORD: &str = "subscriber";
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    for (at, _) in text.match_indices(WORD) {
        let inside_word = text[..at].chars().next_back().is_some_and(is_word);
        let rest = &text[at + WORD.len()..];
        if inside_word || rest.starts_with(is_word) || !inside_tag(text, at) {
            continue;
        }
        let field = rest.strip_prefix("?.").or_else(|| rest.strip_prefix('.'))?;
        let end = field.find(|c| !is_word(c)).unwrap_or(field.len());
        if end == 0 {
            return None;
        }
        fields.insert(field[..end].to_owned());
    }
    Some(())
}

/// Whether a byte offset lies inside `{{ … }}` or `{% … %}`.
fn inside_tag(text: &str, at: usize) -> bool {
    let before = &text[..at];
    let opened = before.rfind("{{").max(before.rfind("{%"));
    let closed = before.rfind("}}").max(before.rfind("%}"));
    opened.is_some() && opened > closed
}

/// The mail's layouts, rendered around a slot that is left open for the encoded essay.
#[derive(Debug, Clone, Copy)]
pub struct MailLayout<'a> {
    layouts: &'a Layouts,
}

/// A layout rendered for one recipient: what stands before the essay and what stands behind it.
/// `before` ends with a line feed or is empty; the essay takes whole lines between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AroundEssay {
    /// Text in front of the essay.
    pub before: String,
    /// Text behind the essay.
    pub after: String,
}

impl MailLayout<'_> {
    /// File name of the HTML layout.
    pub const HTML: &'static str = "email.html";
    /// File name of the plain-text layout.
    pub const TEXT: &'static str = "email.txt";
    /// Stands for the essay while a layout is rendered. Private-use characters, which are removed
    /// from everything that comes from outside, so no value can contain it.
    const SLOT: &'static str = "\u{F8FE}essay\u{F8FF}";

    /// Renders [`Self::HTML`] or [`Self::TEXT`]. `context` needs no `essay`.
    pub fn render(
        &self,
        name: &str,
        context: &mut tera::Context,
    ) -> Result<AroundEssay, Diagnostic> {
        context.insert("essay", Self::SLOT);
        let rendered = self.layouts.render(name, context)?;
        let mut slots = memchr::memmem::find_iter(rendered.as_bytes(), Self::SLOT);
        let (Some(slot), None) = (slots.next(), slots.next()) else {
            return Err(Diagnostic::error(format!(
                "`templates/{name}` must show `{{{{ essay }}}}` exactly once"
            ))
            .hint("take it out of conditions and loops, and put it alone on its line"));
        };
        let (before, after) = (&rendered[..slot], &rendered[slot + Self::SLOT.len()..]);
        let mut before = before.trim_end_matches([' ', '\t']).to_owned();
        // A tag that trims what follows it must not pull the essay up to its line.
        if !before.is_empty() && !before.ends_with('\n') {
            before.push('\n');
        }
        Ok(AroundEssay {
            before,
            after: after.strip_prefix('\n').unwrap_or(after).to_owned(),
        })
    }
}

fn check_essay_slot(source: &SourceText) -> Result<(), Diagnostic> {
    let mut found = 0;
    let mut offset = 0;
    for line in source.text.split_inclusive('\n') {
        let mentions = line.contains("{{") && line.contains("essay");
        if mentions && line.split_whitespace().collect::<String>() == "{{essay}}" {
            found += 1;
        } else if mentions && line.replace(' ', "").contains("{{essay") {
            return Err(Diagnostic::error("`{{ essay }}` must stand alone on its line")
                .at(source, offset..offset + line.trim_end().len())
                .hint("give it a line of its own; the essay is encoded once and the layout around it per reader"));
        }
        offset += line.len();
    }
    if found == 1 {
        return Ok(());
    }
    let message = format!(
        "`{}` holds `{{{{ essay }}}}` {found} times instead of once",
        source.name
    );
    Err(Diagnostic::error(message)
        .hint("put `{{ essay }}` on one line of its own, where the essay belongs"))
}
