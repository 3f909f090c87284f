//! The picture that goes with a link to a page: an issue's cover, its card, or the publication's.

use chrono::NaiveDate;
use serde::Serialize;

use super::{ArchivePage, Surroundings};
use crate::card::{Card, SIZE};
use crate::words::{DateWords, Words, format_date};

/// What stands in the postmark, as in `page.html`.
const POSTMARK: [&str; 3] = ["%b", "%-d", "%Y"];

/// A picture as templates see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CardView {
    /// Absolute address.
    url: String,
    /// In pixels, where it is known.
    width: Option<u32>,
    height: Option<u32>,
    /// What stands on it, for who does not see it.
    alt: String,
}

impl CardView {
    /// The card of the publication.
    pub(super) fn of_publication(around: &Surroundings<'_>) -> Self {
        Self::of_card(
            &card_of_publication(around),
            around,
            around.publication.title.clone(),
        )
    }

    /// The picture of an issue.
    pub(super) fn of_issue(page: &ArchivePage, around: &Surroundings<'_>) -> Self {
        if let Some(cover) = &page.cover {
            return Self {
                url: cover.url.clone(),
                width: cover.size.map(|(width, _)| width),
                height: cover.size.map(|(_, height)| height),
                alt: page.view.title.clone(),
            };
        }
        match card_of_issue(page, around) {
            Some(card) => Self::of_card(&card, around, page.view.title.clone()),
            None => Self::of_publication(around),
        }
    }

    fn of_card(card: &Card, around: &Surroundings<'_>, alt: String) -> Self {
        Self {
            url: format!("{}{}", around.publication.base_url, card.path()),
            width: Some(SIZE.0),
            height: Some(SIZE.1),
            alt,
        }
    }
}

/// The card of the publication.
pub(super) fn card_of_publication(around: &Surroundings<'_>) -> Card {
    Card::of_publication(&around.publication.title, &around.publication.author)
}

/// The card of an issue that has no cover and a title that can be written.
pub(super) fn card_of_issue(page: &ArchivePage, around: &Surroundings<'_>) -> Option<Card> {
    if page.cover.is_some() {
        return None;
    }
    let words = Words::of(&page.view.language, around.own_words);
    let date = NaiveDate::parse_from_str(&page.view.date, "%Y-%m-%d").ok();
    let written = |pattern: Option<&str>| {
        date.and_then(|date| format_date(date, pattern, &DateWords::from(&words)).ok())
            .unwrap_or_default()
    };
    let [month, day, year] = POSTMARK.map(|pattern| written(Some(pattern)));
    Card::of_issue(
        &around.publication.title,
        &page.view.title,
        &written(None),
        [month.trim_end_matches('.'), &day, &year],
    )
}
