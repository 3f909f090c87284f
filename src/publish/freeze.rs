//! Freezing: an issue, the templates and the configuration become one value from which every
//! message is made, now and at every later attempt.

use std::ops::Range;

use chrono::{DateTime, Utc};
use data_encoding::BASE64;

use super::Publication;
use super::pictures::{IssueAssets, assets_of};
use crate::diagnostic::Diagnostic;
use crate::issue::Issue;
use crate::ledger::Frozen;
use crate::message::{Encoding, FrozenIssue, FrozenPicture, feedback_id};
use crate::render::layout::MailLayout;
use crate::render::{ParsedEssay, RenderContext};
use crate::token::sha256_hex;
use crate::words::direction;

/// Most that the pictures of one message may have together, in bytes. Encoded they have a third more,
/// and many relays take no message of more than 10 MB.
const LARGEST_ATTACHED: u64 = 5 * 1024 * 1024;

/// Freezes an issue as it is now. `now` becomes the `Date` of every message. Of what is wrong with
/// its pictures the first is told; `build` tells all.
pub(super) fn freeze(
    publication: &Publication,
    issue: &Issue,
    now: DateTime<Utc>,
) -> Result<FrozenIssue, Diagnostic> {
    let files = assets_of(publication, issue).map_err(first_problem)?;
    let url = publication.issue_url(issue);
    let id_prefix = format!("{}-", issue.slug);
    let words = publication.words(issue);
    let view = publication.issue_view(issue, "");
    let essay_css = publication.essay_css(&view.language);
    let essay = ParsedEssay::new(
        &issue.markdown,
        &RenderContext {
            issue_url: &url,
            id_prefix: &id_prefix,
            essay_css: &essay_css,
            words: &words,
            pictures: &files.pictures,
        },
    );
    let (essay_html, essay_text) = match &issue.mail_excerpt {
        None => (essay.email_html(), essay.text()),
        Some(place) => {
            let excerpt = essay.excerpt().ok_or_else(|| no_mark(issue, place))?;
            (excerpt.email_html, excerpt.text)
        }
    };
    let config = &publication.config;
    let sources = publication.layouts.sources();
    // What a layout says to a reader is close to its template in length and letters.
    let encoding = |essay: &str, layout: &str| {
        let template = sources.get(layout).map_or("", |source| &source.text);
        Encoding::shorter_for(&[essay, template])
    };
    Ok(FrozenIssue {
        version: FrozenIssue::VERSION,
        issue_id: issue.id.to_string(),
        date_ms: now.timestamp_millis(),
        subject: issue.subject.clone(),
        from_name: if config.from.name.is_empty() {
            config.title.clone()
        } else {
            config.from.name.clone()
        },
        from: config.from.address.to_string(),
        reply_to: config.reply_to.as_ref().map(ToString::to_string),
        list_id: config.list_id.clone(),
        dkim: config
            .dkim
            .as_ref()
            .map(|dkim| (dkim.domain.clone(), dkim.rsa.selector.clone())),
        dkim_ed25519: config
            .dkim
            .as_ref()
            .and_then(|dkim| Some(dkim.ed25519.as_ref()?.selector.clone())),
        serve_url: config.serve.url.clone(),
        bounces_domain: config.bounces_domain.clone(),
        feedback_id: Some(feedback_id(&issue.id, &config.list_id)),
        direction: direction(&view.language).to_owned(),
        words: words.clone(),
        publication: publication.view(),
        issue: view,
        html_encoding: encoding(&essay_html, MailLayout::HTML),
        text_encoding: encoding(&essay_text.text, MailLayout::TEXT),
        essay_html,
        essay_text: essay_text.text,
        is_flowed: true,
        deletes_spaces: essay_text.deletes_spaces,
        templates: sources
            .iter()
            .map(|(name, source)| (name.clone(), source.text.to_string()))
            .collect(),
        pictures: attached(&files)?,
    })
}

/// The pictures that each message brings along.
fn attached(assets: &IssueAssets) -> Result<Vec<FrozenPicture>, Diagnostic> {
    let mut pictures = Vec::new();
    let mut sum = 0;
    for asset in &assets.files {
        let (Some(content_id), Some(media_type)) = (&asset.picture.content_id, asset.media_type)
        else {
            continue;
        };
        sum += asset.bytes;
        if sum > LARGEST_ATTACHED {
            let megabytes = LARGEST_ATTACHED / 1024 / 1024;
            return Err(Diagnostic::error(format!(
                "the pictures that come with each mail have more than {megabytes} MB"
            ))
            .hint("make them smaller, or take `images = \"attached\"` out of the front matter: readers then load them from the web"));
        }
        let hash = content_id.split('@').next().unwrap_or_default();
        let kind = media_type.trim_start_matches("image/");
        let ending = kind.split('+').next().unwrap_or(kind);
        pictures.push(FrozenPicture {
            content_id: content_id.clone(),
            media_type: media_type.to_owned(),
            file_name: format!("{hash}.{ending}"),
            base64: BASE64.encode(&asset.read()?),
        });
    }
    Ok(pictures)
}

/// A mail that should end at a mark which is not there.
fn no_mark(issue: &Issue, place: &Range<usize>) -> Diagnostic {
    Diagnostic::error("the essay has no `<!-- more -->`, at which its mail should end")
        .at(&issue.source, place.clone())
        .hint("put it on a line of its own between two paragraphs, or take `mail` out")
}

fn first_problem(mut problems: Vec<Diagnostic>) -> Diagnostic {
    problems.swap_remove(0)
}

/// The row of the ledger for a frozen issue.
pub(super) fn row(issue: &Issue, frozen: &FrozenIssue) -> Result<Frozen, Diagnostic> {
    let text = frozen.to_text()?;
    Ok(Frozen {
        issue: issue.id.clone(),
        slug: issue.slug.to_string(),
        title: issue.title.clone(),
        sha256: sha256_hex(text.as_bytes()),
        text,
    })
}
