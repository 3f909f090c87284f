//! What can be chosen in the page: the tabs, and the switches of the view that is shown. Each is a
//! link to the page as it would then be, so that it works by keyboard and without a script.

use serde::Serialize;

use super::choice::{Choice, Images, Schemes, Screens, View};
use super::proof::Proof;

/// A link to another choice.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    /// Where the focus is found again after the page was renewed.
    id: String,
    label: &'static str,
    href: String,
    /// Whether it is what is shown.
    current: bool,
    /// Whether something is wrong there.
    marked: bool,
}

/// A switch: one of several links is what is shown.
#[derive(Debug, Serialize)]
pub(super) struct Toggle {
    legend: &'static str,
    links: Vec<Link>,
}

/// One tab for each face.
pub(super) fn tabs(choice: &Choice, proof: &Proof) -> Vec<Link> {
    let broken = |view: View| {
        proof.faces.as_ref().is_some_and(|faces| match view {
            View::Mail | View::Text | View::Message => faces.mail.is_err(),
            View::Web => faces.page.is_err(),
            View::Feed => faces.feed.is_err(),
        })
    };
    let tab = |(label, view)| Link {
        marked: broken(view),
        ..link(choice, label, |other| other.view = view)
    };
    [
        ("Mail", View::Mail),
        ("Text", View::Text),
        ("Web", View::Web),
        ("Feed", View::Feed),
        ("Message", View::Message),
    ]
    .map(tab)
    .into()
}

/// The switches of a view.
pub(super) fn toggles(choice: &Choice) -> Vec<Toggle> {
    let desktop = match choice.view {
        View::Web => "Desktop 960",
        _ => "Desktop 640",
    };
    let has_screens = matches!(choice.view, View::Mail | View::Web);
    let has_scheme = has_screens || choice.view == View::Feed;
    let mut toggles = Vec::new();
    if has_screens {
        toggles.push(Toggle {
            legend: "Width",
            links: vec![
                link(choice, "Desktop and phone", |other| {
                    other.screens = Screens::Both;
                }),
                link(choice, desktop, |other| other.screens = Screens::Desktop),
                link(choice, "Phone 375", |other| other.screens = Screens::Phone),
                link(choice, "Small 320", |other| other.screens = Screens::Small),
            ],
        });
    }
    if has_scheme {
        toggles.push(Toggle {
            legend: "Colours",
            links: vec![
                link(choice, "Light", |other| other.schemes = Schemes::Light),
                link(choice, "Dark", |other| other.schemes = Schemes::Dark),
                link(choice, "Light and dark", |other| {
                    other.schemes = Schemes::Both;
                }),
            ],
        });
    }
    if has_screens {
        toggles.push(Toggle {
            legend: "Pictures",
            links: vec![
                link(choice, "Shown", |other| other.images = Images::On),
                link(choice, "Not loaded", |other| other.images = Images::Off),
            ],
        });
    }
    toggles
}

/// A link to what is chosen now, with one thing changed.
fn link(choice: &Choice, label: &'static str, change: impl FnOnce(&mut Choice)) -> Link {
    let mut other = choice.clone();
    change(&mut other);
    Link {
        id: format!("to-{}", label.to_lowercase().replace(' ', "-")),
        label,
        current: other == *choice,
        href: format!("/?{}", other.query()),
        marked: false,
    }
}
