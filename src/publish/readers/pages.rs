//! The pages for readers. Those that are the same for everybody are made once, when the server
//! begins or a file has changed; the others carry a stamp, a token or what was chosen.

use super::{PageKind, Shown};
use crate::archive::{Surroundings, reader_page};
use crate::config::{Config, SignUpConfig};
use crate::diagnostic::Diagnostic;
use crate::fingerprint::Fingerprint;
use crate::publish::Publication;
use crate::readers::request::{AGREED, Draft, EMAIL, JoinRequest, NAME, PAUSE, STAMP, TAG, TRAP};
use crate::readers::{Choice, Field, Form, Link, ReaderPage};
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
    consent_digest: String,
    look: String,
    later: String,
    confirm: String,
    welcome: String,
    leave: String,
    left: String,
    of_a_test: String,
    dead: String,
}

/// How long mail rests, and how long it may; days such as `2026-12-24`.
pub(super) struct Rest {
    /// Until when; empty where it does not.
    pub(super) until: String,
    /// The first day that makes sense.
    pub(super) first: String,
    /// The last one.
    pub(super) last: String,
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
        let ask_for_links = form_for_links(&words, url, None);
        let preferences = Link {
            title: words.preferences.to_string(),
            url: format!("{url}preferences/{TOKEN}"),
        };
        let join = Link {
            title: words.subscribe_button.to_string(),
            url: format!("{url}subscribe"),
        };
        let none = Vec::new;
        let consent = format!(
            "{} {} [{}]",
            title(&words.confirm_title),
            title(&words.confirm_text),
            words.confirm_button
        );
        let consent_digest = Fingerprint::of_bytes(consent.as_bytes()).to_hex();
        let agree = Form {
            action: String::new(),
            fields: vec![hidden(AGREED, &consent_digest)],
            button: words.confirm_button.to_string(),
        };
        let confirm = make(
            &words.confirm_title,
            &words.confirm_text,
            Some(agree),
            none(),
        )?;
        if !confirm.contains(&consent_digest) {
            return Err(Diagnostic::error("`reader.html` leaves out hidden fields")
                .cause("without them nobody knows which words somebody agreed to")
                .hint("write out each field of the kind `hidden`, as the built-in template does: `postrider theme eject` copies it"));
        }
        Ok(Self {
            consent,
            consent_digest,
            look: make(&words.look_title, &words.look_text, None, none())?,
            later: make(&words.later_title, &words.later_text, None, none())?,
            confirm,
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

    /// Stands in the form for the words around its button, and comes back with it.
    pub(super) fn consent_digest(&self) -> &str {
        &self.consent_digest
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

    /// The same with what was sent to get the links, which holds no address.
    pub(super) fn dead_again(&self, draft: &Draft) -> Shown {
        let words = &self.words;
        let title = &self.press.config.title;
        let filled = |text: &str| fill(text, |name| (name == "title").then_some(title));
        self.shown(
            PageKind::Wrong,
            &ReaderPage {
                heading: filled(&words.dead_link_title),
                note: words.bad_address.to_string(),
                paragraphs: vec![filled(&words.dead_link_text)],
                form: Some(form_for_links(words, &self.url, Some(draft))),
                links: Vec::new(),
            },
        )
    }

    /// The form to join.
    pub(super) fn join(&self, stamp: &str) -> Shown {
        self.form_to_join(PageKind::Fine, None, Some(stamp))
    }

    /// The same with what was sent, which holds no address.
    pub(super) fn join_again(&self, draft: &Draft, stamp: Option<&str>) -> Shown {
        self.form_to_join(PageKind::Wrong, Some(draft), stamp)
    }

    fn form_to_join(&self, kind: PageKind, draft: Option<&Draft>, stamp: Option<&str>) -> Shown {
        let words = &self.words;
        let mut fields = vec![
            email(words, draft),
            Field::Line {
                name: NAME,
                label: words.your_name.to_string(),
                value: draft.map(|draft| draft.name.clone()).unwrap_or_default(),
            },
        ];
        fields.extend(self.choices(draft.map_or(&[], |draft| draft.tags.as_slice())));
        fields.push(trap(words));
        fields.extend(stamp.map(|stamp| hidden(STAMP, stamp)));
        let note = draft.map_or("", |_| &*words.bad_address);
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
        let mut fields = vec![
            hidden(EMAIL, request.address.as_str()),
            hidden(NAME, &request.name),
        ];
        fields.extend(request.tags.iter().map(|tag| hidden(TAG, tag)));
        fields.extend([trap(words), hidden(STAMP, stamp)]);
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
        tags: &[String],
        rest: Rest,
        leave: &str,
        is_saved: bool,
    ) -> Shown {
        let words = &self.words;
        let choices = self.choices(tags);
        let pause = Field::Day {
            name: PAUSE,
            label: words.no_mail_before.to_string(),
            hint: words.no_mail_before_explain.to_string(),
            value: rest.until,
            first: rest.first,
            last: rest.last,
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

    /// What is offered; `chosen` is in lower case.
    fn choices(&self, chosen: &[String]) -> Option<Field> {
        let tags = &self.sign_up.tags;
        let choice = |tag: &String| Choice {
            value: tag.clone(),
            is_chosen: chosen.contains(&tag.to_lowercase()),
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

fn form_for_links(words: &Words, url: &str, draft: Option<&Draft>) -> Form {
    Form {
        action: format!("{url}u"),
        fields: vec![email(words, draft), trap(words)],
        button: words.send_links.to_string(),
    }
}

/// The field for the address, empty or with what cannot be one.
fn email(words: &Words, draft: Option<&Draft>) -> Field {
    Field::Email {
        name: EMAIL,
        label: words.email_address.to_string(),
        value: draft.map(|draft| draft.email.clone()).unwrap_or_default(),
        is_wrong: draft.is_some(),
    }
}

fn trap(words: &Words) -> Field {
    Field::Trap {
        name: TRAP,
        label: words.leave_empty.to_string(),
    }
}

fn hidden(name: &'static str, value: &str) -> Field {
    Field::Hidden {
        name,
        value: value.to_owned(),
    }
}
