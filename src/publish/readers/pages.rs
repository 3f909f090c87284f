//! The pages for readers. Those that are the same for everybody are made once, when the server
//! begins or a file has changed; the others carry a stamp, a token or what was chosen.

use super::{PageKind, Shown};
use crate::archive::{Surroundings, reader_page};
use crate::config::{Config, SignUpConfig};
use crate::diagnostic::Diagnostic;
use crate::publish::Publication;
use crate::readers::request::{EMAIL, JoinRequest, NAME, PAUSE, STAMP, TAG, TRAP};
use crate::readers::{Choice, Field, Form, Link, Preference, ReaderPage};
use crate::render::layout::{Layouts, PublicationView};
use crate::words::{Words, fill};

/// Version of the page on which a reader agrees, kept with the consent.
pub(super) const CONSENT_FORM: &str = "1";

/// Stands for a token in a page that was made before.
const TOKEN: &str = "\u{F8FE}token\u{F8FF}";

/// All pages of one publication.
pub(super) struct Pages {
    press: Press,
    words: Words,
    sign_up: SignUpConfig,
    url: String,
    consent: String,
    look: String,
    later: String,
    confirm: String,
    welcome: String,
    leave: String,
    left: String,
    of_a_test: String,
    dead: String,
}

/// What dresses a page.
struct Press {
    view: PublicationView,
    layouts: Layouts,
    config: Config,
}

impl Press {
    fn make(&self, page: &ReaderPage) -> Result<String, Diagnostic> {
        let around = Surroundings {
            publication: &self.view,
            layouts: &self.layouts,
            own_words: &self.config.words,
            about: None,
            serve_url: self.config.serve.url.as_deref(),
        };
        reader_page(around, page)
    }
}

impl Pages {
    /// Makes those that are the same for everybody. The template is tried here: what is wrong with
    /// it is told then.
    pub(super) fn make(publication: &Publication, url: &str) -> Result<Self, Diagnostic> {
        let config = &publication.config;
        let words = Words::of(&config.language, &config.words);
        let title = |text: &str| fill(text, |name| (name == "title").then_some(&config.title));
        let press = Press {
            view: publication.view(),
            layouts: publication.layouts.clone(),
            config: config.clone(),
        };
        let make = |heading: &str, text: &str, form: Option<Form>, links: Vec<Link>| {
            press.make(&ReaderPage {
                heading: title(heading),
                paragraphs: vec![title(text)],
                form,
                links,
                ..ReaderPage::default()
            })
        };
        let button = |text: &str| {
            Some(Form {
                action: String::new(),
                fields: Vec::new(),
                button: text.to_owned(),
            })
        };
        let ask_for_links = Form {
            action: format!("{url}u"),
            fields: vec![email(&words), trap(&words)],
            button: words.send_links.to_string(),
        };
        let preferences = Link {
            title: words.preferences.to_string(),
            url: format!("{url}preferences/{TOKEN}"),
        };
        let join = Link {
            title: words.subscribe_button.to_string(),
            url: format!("{url}subscribe"),
        };
        let none = Vec::new;
        Ok(Self {
            consent: format!("{} [{}]", title(&words.confirm_text), words.confirm_button),
            look: make(&words.look_title, &words.look_text, None, none())?,
            later: make(&words.later_title, &words.later_text, None, none())?,
            confirm: make(
                &words.confirm_title,
                &words.confirm_text,
                button(&words.confirm_button),
                none(),
            )?,
            welcome: make(&words.welcome_title, &words.welcome_text, None, none())?,
            leave: make(
                &words.leave_title,
                &words.leave_text,
                button(&words.unsubscribe),
                vec![preferences],
            )?,
            left: make(&words.left_title, &words.left_text, None, vec![join])?,
            of_a_test: make(&words.leave_title, &words.test_link, None, none())?,
            dead: make(
                &words.dead_link_title,
                &words.dead_link_text,
                Some(ask_for_links),
                none(),
            )?,
            sign_up: config.sign_up.clone(),
            url: url.to_owned(),
            press,
            words,
        })
    }

    /// The words to which a reader agrees.
    pub(super) fn consent(&self) -> &str {
        &self.consent
    }

    pub(super) fn look(&self) -> Shown {
        fine(&self.look)
    }

    pub(super) fn later(&self) -> Shown {
        Shown {
            kind: PageKind::Later,
            html: self.later.clone(),
        }
    }

    pub(super) fn confirm(&self) -> Shown {
        fine(&self.confirm)
    }

    pub(super) fn welcome(&self) -> Shown {
        fine(&self.welcome)
    }

    /// `preferences` is the reader's token for that page. A token is made of letters that stand for
    /// themselves in HTML.
    pub(super) fn leave(&self, preferences: &str) -> Shown {
        fine(&self.leave.replace(TOKEN, preferences))
    }

    pub(super) fn left(&self) -> Shown {
        fine(&self.left)
    }

    pub(super) fn of_a_test(&self) -> Shown {
        fine(&self.of_a_test)
    }

    pub(super) fn dead(&self) -> Shown {
        Shown {
            kind: PageKind::Dead,
            html: self.dead.clone(),
        }
    }

    /// The form to join; again, where what was sent holds no address.
    pub(super) fn join(&self, stamp: &str, is_wrong: bool) -> Shown {
        let words = &self.words;
        let mut fields = vec![
            email(words),
            Field::Line {
                name: NAME,
                label: words.your_name.to_string(),
            },
        ];
        fields.extend(self.choices(|_| false));
        fields.extend([trap(words), stamped(stamp)]);
        let note = if is_wrong { &*words.bad_address } else { "" };
        let kind = if is_wrong {
            PageKind::Wrong
        } else {
            PageKind::Fine
        };
        self.shown(
            kind,
            &ReaderPage {
                heading: words.subscribe.to_string(),
                note: note.to_owned(),
                paragraphs: vec![words.subscribe_explain.to_string()],
                form: Some(Form {
                    action: format!("{}subscribe", self.url),
                    fields,
                    button: words.subscribe_button.to_string(),
                }),
                links: Vec::new(),
            },
        )
    }

    /// One more click, which brings the same request back with a stamp.
    pub(super) fn proof(&self, request: &JoinRequest, stamp: &str) -> Shown {
        let words = &self.words;
        let hidden = |name, value: &str| Field::Hidden {
            name,
            value: value.to_owned(),
        };
        let mut fields = vec![
            hidden(EMAIL, request.address.as_str()),
            hidden(NAME, &request.name),
        ];
        fields.extend(request.tags.iter().map(|tag| hidden(TAG, tag)));
        fields.extend([trap(words), stamped(stamp)]);
        self.shown(
            PageKind::Proof,
            &ReaderPage {
                heading: words.proof_title.to_string(),
                paragraphs: vec![words.proof_text.to_string()],
                form: Some(Form {
                    action: format!("{}subscribe", self.url),
                    fields,
                    button: words.go_on.to_string(),
                }),
                ..ReaderPage::default()
            },
        )
    }

    /// What a reader receives; `leave` is the token by which one leaves.
    pub(super) fn preferences(
        &self,
        preference: &Preference,
        paused_until: Option<&str>,
        leave: &str,
        is_saved: bool,
    ) -> Shown {
        let words = &self.words;
        let chosen = preference.tags.as_deref();
        // Who never chose gets what the author's row says: nothing is crossed out.
        let choices =
            self.choices(|tag| chosen.is_none_or(|chosen| chosen.contains(&tag.to_lowercase())));
        let pause = Field::Day {
            name: PAUSE,
            label: words.no_mail_before.to_string(),
            hint: words.no_mail_before_explain.to_string(),
            value: paused_until.unwrap_or_default().to_owned(),
        };
        let note = if is_saved { &*words.saved } else { "" };
        self.shown(
            PageKind::Fine,
            &ReaderPage {
                heading: words.preferences.to_string(),
                note: note.to_owned(),
                form: Some(Form {
                    action: String::new(),
                    fields: choices.into_iter().chain([pause]).collect(),
                    button: words.save.to_string(),
                }),
                links: vec![Link {
                    title: words.unsubscribe.to_string(),
                    url: format!("{}u/{leave}", self.url),
                }],
                ..ReaderPage::default()
            },
        )
    }

    fn choices(&self, is_chosen: impl Fn(&str) -> bool) -> Option<Field> {
        let tags = &self.sign_up.tags;
        let choice = |tag: &String| Choice {
            value: tag.clone(),
            is_chosen: is_chosen(tag),
        };
        (!tags.is_empty()).then(|| Field::Choices {
            name: TAG,
            label: self.words.choose.to_string(),
            options: tags.iter().map(choice).collect(),
        })
    }

    fn shown(&self, kind: PageKind, page: &ReaderPage) -> Shown {
        // The same template made pages when the server began; what fails here fails for a value.
        let html = self.press.make(page);
        Shown {
            kind,
            html: html.unwrap_or_else(|_| self.later.clone()),
        }
    }
}

fn fine(html: &str) -> Shown {
    Shown {
        kind: PageKind::Fine,
        html: html.to_owned(),
    }
}

fn email(words: &Words) -> Field {
    Field::Email {
        name: EMAIL,
        label: words.email_address.to_string(),
    }
}

fn trap(words: &Words) -> Field {
    Field::Trap {
        name: TRAP,
        label: words.leave_empty.to_string(),
    }
}

fn stamped(stamp: &str) -> Field {
    Field::Hidden {
        name: STAMP,
        value: stamp.to_owned(),
    }
}
