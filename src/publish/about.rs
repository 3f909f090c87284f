//! The page about the publication: `about.md` in its folder, if there is one.

use super::Publication;
use super::pictures::{IssueAssets, assets_of_about};
use crate::diagnostic::{Diagnostic, SourceText};
use crate::essay::{Essay, FrontMatter, parse_essay};
use crate::fs;
use crate::issue::{blanked, first_heading};

/// Name of the file.
const FILE_NAME: &str = "about.md";

/// What stands in it.
#[derive(Debug, Clone)]
pub struct About {
    /// Title: from the front matter, else the first heading, which then leaves the text.
    pub title: Option<String>,
    /// Summary.
    pub summary: Option<String>,
    /// BCP 47 tag if it differs from the publication's.
    pub language: Option<String>,
    /// The text.
    pub markdown: String,
    /// The pictures that it shows.
    pub assets: IssueAssets,
}

impl Publication {
    /// Reads the page about the publication.
    pub fn about(&self) -> Result<Option<About>, Vec<Diagnostic>> {
        let path = self.folder.join(FILE_NAME);
        let source = fs::read_text_if_present(&path, FILE_NAME).map_err(|problem| vec![problem])?;
        let Some(source) = source else {
            return Ok(None);
        };
        let essay = parse_essay(&source)?.essay;
        refuse_keys_of_issues(&essay.front, &source).map_err(|problem| vec![problem])?;
        self.about_of(essay).map(Some)
    }

    fn about_of(&self, essay: Essay) -> Result<About, Vec<Diagnostic>> {
        let Essay {
            front,
            mut markdown,
            markdown_start,
            source,
            ..
        } = essay;
        let mut title = front.title.map(|title| title.value);
        if title.is_none()
            && let Some((heading, range)) = first_heading(&markdown)
        {
            title = Some(heading.split_whitespace().collect::<Vec<_>>().join(" "));
            markdown = blanked(&markdown, range);
        }
        Ok(About {
            title: title.filter(|title| !title.is_empty()),
            summary: front.summary.map(|summary| summary.value),
            language: front.language.map(|language| language.value),
            assets: assets_of_about(self, &source, &markdown, markdown_start)?,
            markdown,
        })
    }
}

/// A date or a slug would be no use here, and whoever writes one expects something of it.
fn refuse_keys_of_issues(front: &FrontMatter, source: &SourceText) -> Result<(), Diagnostic> {
    // Every field is named, so that a new key is decided about here.
    let FrontMatter {
        format: _,
        title: _,
        summary: _,
        language: _,
        id,
        subject,
        slug,
        send_at,
        updated,
        tags,
        audience,
        draft,
        mail,
        aliases,
        feed_id,
        parent,
        cover,
        images,
        author,
        silence,
    } = front;
    let ranges = [
        id.as_ref().map(|value| &value.range),
        subject.as_ref().map(|value| &value.range),
        slug.as_ref().map(|value| &value.range),
        send_at.as_ref().map(|value| &value.range),
        updated.as_ref().map(|value| &value.range),
        tags.first().map(|value| &value.range),
        audience.first().map(|value| &value.range),
        draft.as_ref().map(|value| &value.range),
        mail.as_ref().map(|value| &value.range),
        aliases.first().map(|value| &value.range),
        feed_id.as_ref().map(|value| &value.range),
        parent.as_ref().map(|value| &value.range),
        cover.as_ref().map(|value| &value.range),
        images.as_ref().map(|value| &value.range),
        author.as_ref().map(|value| &value.range),
        silence.first().map(|value| &value.range),
    ];
    match ranges.into_iter().flatten().next() {
        None => Ok(()),
        Some(range) => Err(Diagnostic::error(format!(
            "`{FILE_NAME}` is no issue and has no such key"
        ))
        .at(source, range.clone())
        .hint("it may have a `title`, a `summary` and a `language`")),
    }
}
