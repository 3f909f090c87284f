//! Readers who come and go by themselves, while a server runs: their requests, the pages that answer
//! them, and the mails.
//!
//! A page never tells whether an address is known: it is the same for everybody, and so is the time
//! that it takes, because each request is one write. What there is to tell goes by mail, to the one
//! who reads the address. Nothing is done by looking at a page; a button does it.

mod counter;
mod courier;
mod follow;
mod letters;
mod pages;
mod post;
mod watch;

use core::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::guard::{keys_for_planning, open_ledger};
use super::preview::Stamps;
use super::publication::{Publication, read_roster};
use super::rounds::{Tell, Told};
use super::{Stop, fill_random};
use crate::clock::Clock;
use crate::config::Environment;
use crate::diagnostic::Diagnostic;
use crate::ledger::{Asked, Clerk, Confirmed, LedgerError, ReaderOutcome, ReaderRequest};
use crate::readers::request::{
    Author, Draft, FormFields, JoinRequest, LONGEST_PAUSE, Stamp, agreed_to, author_of,
    one_address, preference_of, stamp_of,
};
use crate::readers::{Act, Consent, Limits, NONCE_LENGTH, Turn, network_of};
use crate::subscriber;
use crate::token::{AddressKey, Confirmation, Keys};
use counter::Counter;
use follow::{Source, follow};
use pages::{CONSENT_FORM, Pages, Rest};
use post::Post;
use watch::Watch;

/// How long a relay may take for the mail that is in hand when the program is to end.
const LONGEST_FAREWELL: Duration = Duration::from_secs(10);

/// How long a link of confirmation works.
const CONFIRM_WITHIN: TimeDelta = TimeDelta::days(7);

/// What a page comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// It was done, or there is something to do.
    Fine,
    /// Something in the request was wrong.
    Wrong,
    /// One more click is wanted.
    Proof,
    /// The link is worth nothing.
    Dead,
    /// Everybody waits.
    Later,
}

/// The page that answers a request.
#[derive(Debug, Clone)]
pub struct Shown {
    /// What it comes with.
    pub kind: PageKind,
    /// HTML.
    pub html: String,
}

/// All that routes need of readers.
pub struct Readers {
    folder: PathBuf,
    keys: Arc<Keys>,
    clock: Clock,
    /// Where the server of readers is; its routes keep to what this was when it began.
    url: String,
    face: RwLock<Arc<Face>>,
    clerk: Clerk,
    wake: SyncSender<()>,
    counter: Counter,
}

/// What readers see and choose from, of the files as they were at some time.
struct Face {
    zone: jiff::tz::TimeZone,
    offered: Vec<String>,
    pages: Pages,
}

impl Face {
    fn make(publication: &Publication, url: &str) -> Result<Self, Diagnostic> {
        Ok(Self {
            zone: publication.config.zone.clone(),
            offered: publication.config.sign_up.tags.clone(),
            pages: Pages::make(publication, url)?,
        })
    }
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").finish_non_exhaustive()
    }
}

impl Readers {
    /// Opens the ledger, and starts the thread that writes and the one that mails; `None` where
    /// `[serve] url` is not set: no link could lead here.
    pub fn start(
        publication: &Publication,
        environment: Environment,
        tell: Tell,
    ) -> Result<Option<Arc<Self>>, Stop> {
        let Some(url) = publication.config.serve.url.clone() else {
            return Ok(None);
        };
        let (mut ledger, identity) = open_ledger(publication)?;
        let keys = Arc::new(keys_for_planning(publication, &mut ledger, &identity)?);
        // Before the face: what is written meanwhile is then seen as a change.
        let seen = Stamps::of_folder(&publication.folder);
        let face = RwLock::new(Arc::new(Face::make(publication, &url)?));
        let (wake, woken) = sync_channel(1);
        let limits = Limits::default();
        let watch = Watch::new(limits.clone(), tell.clone());
        let counter = Counter::default();
        let post = Post::new(
            publication,
            environment.clone(),
            keys.clone(),
            watch,
            counter.clone(),
        );
        post.start(woken);
        let readers = Arc::new(Self {
            folder: publication.folder.clone(),
            keys,
            clock: publication.clock,
            url,
            face,
            clerk: Clerk::start(ledger, limits),
            wake,
            counter,
        });
        let source = Source {
            folder: publication.folder.clone(),
            environment,
            clock: publication.clock,
            tell,
        };
        follow(&readers, source, seen);
        Ok(Some(readers))
    }

    /// Hands over no further mail, and waits a while for the one that a relay is being told: its answer
    /// is to be written down before the program ends.
    pub fn close(&self, tell: &Tell) {
        self.counter.close(LONGEST_FAREWELL, || {
            tell(Told::Done(
                "waiting for the relay's word about a mail to a reader",
            ));
        });
    }

    /// What readers see at this moment.
    fn face(&self) -> Arc<Face> {
        let face = self.face.read();
        face.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, face: Face) {
        let mut present = self.face.write().unwrap_or_else(PoisonError::into_inner);
        *present = Arc::new(face);
    }

    /// The page with the form to join, with a stamp of now.
    pub fn join_page(&self) -> Shown {
        let stamp = self.keys.form_stamp(self.clock.now());
        self.face().pages.join(&stamp)
    }

    /// Takes a request to join.
    pub async fn join(&self, fields: &FormFields, client: IpAddr) -> Result<Shown, Stop> {
        let now = self.clock.now();
        let face = self.face();
        let Some(request) = JoinRequest::read(fields, &face.offered) else {
            // The stamp stays as old as it is: a fresh one would take whoever corrects a letter of the
            // address, which is done in a second, for a program.
            let stamp =
                stamp_of(fields).filter(|stamp| self.keys.verify_form_stamp(stamp).is_some());
            let draft = Draft::read(fields, &face.offered);
            return Ok(face.pages.join_again(&draft, stamp));
        };
        let key = self.keys.address_key(&request.address);
        let author = self.author(fields, Some(&key), now);
        let turn = if author == Author::Program {
            self.hold_back().await?
        } else {
            let asked = self.asked(&request, author, client, now)?;
            self.turn(ReaderRequest::Join(Box::new(asked))).await?
        };
        Ok(match turn {
            Turn::Answered | Turn::HeldBack => face.pages.look(),
            Turn::Proof => {
                let stamp = self.keys.click_stamp(now, &key);
                face.pages.proof(&request, &stamp)
            }
            Turn::Later => face.pages.later(),
        })
    }

    /// Takes a request for the links of a reader.
    pub async fn ask_for_links(&self, fields: &FormFields, client: IpAddr) -> Result<Shown, Stop> {
        let now = self.clock.now();
        let Some(address) = one_address(fields) else {
            let draft = Draft::read(fields, &[]);
            let pages = &self.face().pages;
            // Without any it is a button of another page, whose link was cut.
            return Ok(match draft.email.trim() {
                "" => pages.dead(),
                _ => pages.dead_again(&draft),
            });
        };
        let request = JoinRequest {
            address,
            name: String::new(),
            tags: Vec::new(),
        };
        let author = self.author(fields, None, now);
        let turn = if author == Author::Program {
            self.hold_back().await?
        } else {
            // Its page is dead, and bears no stamp; a flood of these is bounded like every other one.
            let asked = self.asked(&request, Author::Person, client, now)?;
            self.turn(ReaderRequest::Links(Box::new(asked))).await?
        };
        Ok(match turn {
            Turn::Later | Turn::Proof => self.face().pages.later(),
            Turn::Answered | Turn::HeldBack => self.face().pages.look(),
        })
    }

    /// The page for a link that is worth nothing.
    pub fn dead_page(&self) -> Shown {
        self.face().pages.dead()
    }

    /// The page that asks to come back, where something cannot be written down now.
    pub fn later_page(&self) -> Shown {
        self.face().pages.later()
    }

    /// The page with the button that confirms.
    pub fn confirm_page(&self, token: &str) -> Shown {
        match self.confirmation(token) {
            Some(_) => self.face().pages.confirm(),
            None => self.face().pages.dead(),
        }
    }

    /// Confirms, where the words that were shown are those of now. Where they have changed since, or
    /// nothing tells which were shown, the page is shown again: nobody agrees to what they did not see.
    pub async fn confirm(
        &self,
        token: &str,
        fields: &FormFields,
        client: IpAddr,
    ) -> Result<Shown, Stop> {
        let face = self.face();
        let Some(confirmation) = self.confirmation(token) else {
            return Ok(face.pages.dead());
        };
        if agreed_to(fields) != Some(face.pages.consent_digest()) {
            return Ok(face.pages.confirm());
        }
        let consent = Consent {
            act: act(client, self.clock.now()),
            text: face.pages.consent().to_owned(),
            form: CONSENT_FORM.to_owned(),
        };
        let request = ReaderRequest::Confirm {
            key: confirmation.subscriber,
            nonce: confirmation.nonce,
            consent: Box::new(consent),
            network: network_of(client),
        };
        let outcome = self.clerk.ask(request).await?;
        if outcome == ReaderOutcome::Confirmed(Confirmed::Overtaken) {
            return Ok(self.face().pages.dead());
        }
        self.wake_post();
        Ok(self.face().pages.welcome())
    }

    /// The page with the button by which one leaves.
    pub fn leave_page(&self, token: &str) -> Shown {
        match self.keys.verify_unsubscribe_token(token) {
            Some(key) => self.face().pages.leave(&self.keys.preferences_token(&key)),
            None if self.is_of_a_test(token) => self.face().pages.of_a_test(),
            None => self.face().pages.dead(),
        }
    }

    /// Leaves.
    pub async fn leave(&self, token: &str) -> Result<Shown, Stop> {
        let Some(key) = self.keys.verify_unsubscribe_token(token) else {
            return Ok(self.leave_page(token));
        };
        let at = self.clock.now();
        self.clerk.ask(ReaderRequest::Leave { key, at }).await?;
        Ok(self.face().pages.left())
    }

    /// The page of preferences.
    pub async fn preferences_page(&self, token: &str) -> Result<Shown, Stop> {
        let Some(key) = self.keys.verify_preferences_token(token) else {
            return Ok(self.face().pages.dead());
        };
        let outcome = self.clerk.ask(ReaderRequest::Preferred(key)).await?;
        self.preferences(outcome, false).await
    }

    /// Sets what is preferred.
    pub async fn prefer(&self, token: &str, fields: &FormFields) -> Result<Shown, Stop> {
        let Some(key) = self.keys.verify_preferences_token(token) else {
            return Ok(self.face().pages.dead());
        };
        let now = self.clock.now();
        let preference = preference_of(fields, &self.face().offered, now, |day| {
            midnight(day, &self.face().zone)
        });
        let request = ReaderRequest::Prefer {
            key,
            preference: Box::new(preference),
            at: now,
        };
        let outcome = self.clerk.ask(request).await?;
        self.preferences(outcome, true).await
    }

    /// Who is not mailed any more has nothing to choose, and is told so.
    async fn preferences(&self, outcome: ReaderOutcome, is_saved: bool) -> Result<Shown, Stop> {
        let face = self.face();
        let ReaderOutcome::Choice(chosen) = outcome else {
            return Ok(face.pages.dead());
        };
        if chosen.suppression.is_some() {
            return Ok(face.pages.left());
        }
        let (key, preference) = (chosen.key, &chosen.preference);
        let tags = match &preference.tags {
            Some(tags) => tags.clone(),
            None if face.offered.is_empty() => Vec::new(),
            // Who never chose gets what the author's row says.
            None => self
                .tags_on_roster(key)
                .await
                .unwrap_or(chosen.signed_up_for),
        };
        let now = self.clock.now();
        let paused_until = preference.paused_until.filter(|until| *until > now);
        let day = |instant| day_of(instant, &face.zone);
        let rest = Rest {
            until: paused_until.map(day).unwrap_or_default(),
            first: day(now + TimeDelta::days(1)),
            last: day(now + LONGEST_PAUSE),
        };
        let leave = self.keys.unsubscribe_token(&key);
        Ok(face.pages.preferences(&tags, rest, &leave, is_saved))
    }

    /// The tags of somebody's row, if there is one that can be read.
    async fn tags_on_roster(&self, key: AddressKey) -> Option<Vec<String>> {
        let (folder, keys) = (self.folder.clone(), self.keys.clone());
        let read = move || tags_of_row(&folder, &keys, &key);
        tokio::task::spawn_blocking(read).await.ok().flatten()
    }

    /// `subscriber` is whose address stands in the form, where its page can have asked for one more
    /// click.
    fn author(
        &self,
        fields: &FormFields,
        subscriber: Option<&AddressKey>,
        now: DateTime<Utc>,
    ) -> Author {
        let stamp = stamp_of(fields).and_then(|stamp| {
            let form = self.keys.verify_form_stamp(stamp).map(Stamp::Form);
            let click = || self.keys.verify_click_stamp(stamp, subscriber?);
            form.or_else(|| click().map(Stamp::Click))
        });
        author_of(fields, stamp, now)
    }

    fn asked(
        &self,
        request: &JoinRequest,
        author: Author,
        client: IpAddr,
        now: DateTime<Utc>,
    ) -> Result<Asked, Stop> {
        let mut nonce = [0; NONCE_LENGTH];
        fill_random(&mut nonce)?;
        Ok(Asked {
            key: self.keys.address_key(&request.address),
            address: request.address.clone(),
            name: request.name.clone(),
            tags: request.tags.clone(),
            act: act(client, now),
            network: network_of(client),
            nonce,
            bears_a_stamp: author == Author::Person,
        })
    }

    async fn hold_back(&self) -> Result<Turn, LedgerError> {
        self.turn(ReaderRequest::HoldBack).await
    }

    async fn turn(&self, request: ReaderRequest) -> Result<Turn, LedgerError> {
        let outcome = self.clerk.ask(request).await?;
        self.wake_post();
        Ok(match outcome {
            ReaderOutcome::Turn(turn) => turn,
            _ => Turn::HeldBack,
        })
    }

    /// A link of confirmation that is genuine and not too old.
    fn confirmation(&self, token: &str) -> Option<Confirmation> {
        let confirmation = self.keys.verify_confirm_token(token)?;
        (self.clock.now() < confirmation.expires).then_some(confirmation)
    }

    fn is_of_a_test(&self, token: &str) -> bool {
        token == self.keys.dead_unsubscribe_token()
    }

    /// It is awake already if there is no room for one more call.
    fn wake_post(&self) {
        let _ = self.wake.try_send(());
    }
}

/// Ends the reading of a roster.
enum Ended {
    Found(Vec<String>),
    Unreadable,
}

impl From<Diagnostic> for Ended {
    fn from(_: Diagnostic) -> Self {
        Self::Unreadable
    }
}

fn tags_of_row(folder: &Path, keys: &Keys, key: &AddressKey) -> Option<Vec<String>> {
    let path = folder.join(subscriber::FILE_NAME);
    // What is wrong with the file `plan` and `check` tell the author.
    let mut roster = read_roster(&path, keys).ok()?;
    let ended = roster.each(keys, |row| {
        if row.key == *key {
            return Err(Ended::Found(row.tags()));
        }
        Ok(())
    });
    match ended {
        Err(Ended::Found(tags)) => Some(tags),
        Err(Ended::Unreadable) | Ok(()) => None,
    }
}

fn act(client: IpAddr, at: DateTime<Utc>) -> Act {
    Act {
        at,
        from: client.to_canonical().to_string(),
    }
}

fn midnight(day: NaiveDate, zone: &jiff::tz::TimeZone) -> Option<DateTime<Utc>> {
    let day: jiff::civil::Date = day.to_string().parse().ok()?;
    let begins = day.to_zoned(zone.clone()).ok()?.timestamp();
    DateTime::from_timestamp_millis(begins.as_millisecond())
}

fn day_of(instant: DateTime<Utc>, zone: &jiff::tz::TimeZone) -> String {
    let instant = jiff::Timestamp::from_millisecond(instant.timestamp_millis());
    instant.map_or_else(
        |_| String::new(),
        |instant| instant.to_zoned(zone.clone()).date().to_string(),
    )
}
