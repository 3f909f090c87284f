//! A reader at a live server: fills in forms, presses buttons, and reads the mails that come.

use std::os::unix::fs::PermissionsExt;

use postrider::address::EmailAddress;
use postrider::token::{AddressKey, Keys};

use crate::support::browser::{Answer, Browser};
use crate::support::mail::Letter;
use crate::support::newsroom::Newsroom;
use crate::support::program::Running;
use crate::support::relay::ScriptedRelay;

/// Where the server says that it is; a test asks it at the port that it has.
pub(super) const URL: &str = "http://localhost:8080/";

const SERVE: &str = "[serve]\nurl = \"http://localhost:8080/\"\ntrusted_proxies = [\"127.0.0.1\"]";
const SECRET: [u8; 32] = [7; 32];

/// A publication that is served, with a relay of its own.
pub(super) struct Place {
    pub(super) room: Newsroom,
    pub(super) relay: ScriptedRelay,
    running: Option<Running>,
    browser: Browser,
}

/// A publication with a server and nothing to send.
pub(super) fn newsroom(relay: &ScriptedRelay) -> Newsroom {
    let room = Newsroom::new()
        .relay(relay)
        .table(SERVE)
        .file("postrider.key", SECRET)
        .now("2026-12-02T12:00:00Z");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(room.path("postrider.key"), private).unwrap();
    room
}

/// The keys of [`newsroom`].
pub(super) fn keys() -> Keys {
    Keys::derive(&SECRET)
}

/// The keyed hash of an address there.
pub(super) fn key_of(address: &str) -> AddressKey {
    keys().address_key(&EmailAddress::parse(address).unwrap())
}

/// The path by which somebody leaves.
pub(super) fn leaving(address: &str) -> String {
    format!("/u/{}", keys().unsubscribe_token(&key_of(address)))
}

/// Where the page of somebody's preferences is.
pub(super) fn preferences(address: &str) -> String {
    format!(
        "/preferences/{}",
        keys().preferences_token(&key_of(address))
    )
}

impl Place {
    /// The usual one.
    pub(super) fn open() -> Self {
        Self::open_with(|room| room)
    }

    /// One that is changed first.
    pub(super) fn open_with(change: impl FnOnce(Newsroom) -> Newsroom) -> Self {
        let relay = ScriptedRelay::start();
        let room = change(newsroom(&relay));
        Self::of(room, relay)
    }

    /// One with a relay that a test has prepared.
    pub(super) fn of(room: Newsroom, relay: ScriptedRelay) -> Self {
        let (running, browser) = serve(&room);
        Self {
            room,
            relay,
            running: Some(running),
            browser,
        }
    }

    /// Ends the server politely and begins it anew, at another time.
    pub(super) fn restart_at(self, now: &str) -> Self {
        self.restart_at_when(now, |_| {})
    }

    /// The same, with what lets the server end.
    pub(super) fn restart_at_when(mut self, now: &str, lets_it: impl FnOnce(&Running)) -> Self {
        let running = self.running.take().unwrap();
        running.signal("TERM");
        lets_it(&running);
        running.wait().exits(0);
        self.begin_anew(now)
    }

    /// The same for a server that died.
    pub(super) fn kill_and_restart_at(mut self, now: &str) -> Self {
        self.running.take().unwrap().kill();
        self.begin_anew(now)
    }

    fn begin_anew(self, now: &str) -> Self {
        let Self { room, relay, .. } = self;
        let room = room.now(now);
        let (running, browser) = serve(&room);
        Self {
            room,
            relay,
            running: Some(running),
            browser,
        }
    }

    /// Waits until the server tells something by itself.
    #[track_caller]
    pub(super) fn hears(&self, text: &str) {
        self.running.as_ref().unwrap().wait_for_stderr(text);
    }

    /// Asks with a method and nothing more.
    #[track_caller]
    pub(super) fn ask(&self, method: &str, path: &str) -> Answer {
        self.browser.ask(method, path, "localhost:8080")
    }

    /// Sends a form.
    #[track_caller]
    pub(super) fn post(&self, path: &str, body: &str) -> Answer {
        self.post_from("192.0.2.7", path, body)
    }

    /// The same from a client at an address.
    #[track_caller]
    pub(super) fn post_from(&self, client: &str, path: &str, body: &str) -> Answer {
        let fields = format!(
            "X-Forwarded-For: {client}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        );
        self.send("POST", path, &fields, body)
    }

    /// Sends a body with fields of one's own.
    #[track_caller]
    pub(super) fn send(&self, method: &str, path: &str, fields: &str, body: &str) -> Answer {
        let length = body.len();
        self.browser.ask_raw(&format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        ))
    }

    /// Sends bytes as they are.
    #[track_caller]
    pub(super) fn send_raw(&self, request: &str) -> Answer {
        self.browser.ask_raw(request)
    }

    /// Asks to join, as the form of a static page does.
    #[track_caller]
    pub(super) fn join(&self, client: &str, address: &str) -> Answer {
        let address = address.replace('+', "%2B");
        self.post_from(client, "/subscribe", &format!("email={address}"))
    }

    /// The mails that went to an address, once `all` mails are there. One of these must be among them: they
    /// go out in the order of the requests, so nothing that was asked for earlier is still on its way.
    #[track_caller]
    pub(super) fn mails_to(&self, address: &str, all: usize) -> Vec<Letter> {
        let accepted = self.relay.wait_for(all);
        let to_them = accepted.iter().filter(|one| one.rcpt_to == [address]);
        let mails: Vec<Letter> = to_them.map(|one| Letter::read(&one.data)).collect();
        let told: Vec<&[String]> = accepted.iter().map(|one| one.rcpt_to.as_slice()).collect();
        assert!(!mails.is_empty(), "none to {address}: {told:?}");
        mails
    }

    /// Joins and confirms.
    #[track_caller]
    pub(super) fn subscribe(&self, address: &str) {
        let before = self.relay.accepted().len();
        assert_eq!(self.join("192.0.2.7", address).status, 200);
        let mails = self.mails_to(address, before + 1);
        let path = link_in(mails.last().unwrap(), "confirm/");
        let answer = self.press(&path);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.text().contains("Welcome to"), "{}", answer.text());
    }

    /// Opens a page and presses its button, with all that the form holds unseen.
    #[track_caller]
    pub(super) fn press(&self, path: &str) -> Answer {
        let page = self.ask("GET", path).text();
        self.post(path, &all_hidden(&page))
    }

    /// Who would get the next issue, by the program's own plan.
    #[track_caller]
    pub(super) fn planned(&self) -> Vec<String> {
        let plan = self.room.run(["plan", "--json"]).exits(0).json();
        let recipients = plan["recipients"].as_array().unwrap().iter();
        recipients
            .map(|one| one.as_str().unwrap().to_owned())
            .collect()
    }

    /// The suppressions: address, reason, source.
    #[track_caller]
    pub(super) fn suppressions(&self) -> Vec<(String, String)> {
        let listed = self
            .room
            .run(["subscribers", "list", "--suppressed", "--json"]);
        let listed = listed.exits(0).json();
        let all = listed["suppressions"].as_array().unwrap().iter();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|one| (text(&one["address"]), text(&one["reason"])))
            .collect()
    }

    /// A number from the ledger.
    #[track_caller]
    pub(super) fn count(&self, sql: &str) -> i64 {
        let database = rusqlite::Connection::open(self.room.path("ledger.db")).unwrap();
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

fn serve(room: &Newsroom) -> (Running, Browser) {
    let running = room.spawn(["serve", "--listen", "127.0.0.1:0"]);
    let browser = Browser::at(&running.wait_for_stdout("http://"));
    (running, browser)
}

/// The path of the link that has `part` in it.
#[track_caller]
pub(super) fn link_in(letter: &Letter, part: &str) -> String {
    let start = format!("{URL}{part}");
    let line = letter.text().lines().find(|line| line.starts_with(&start));
    let line = line.unwrap_or_else(|| panic!("no {part} in {}", letter.text()));
    line.trim_end().replacen(URL, "/", 1)
}

/// The value of the hidden field `name` on a page.
#[track_caller]
pub(super) fn hidden(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&start).unwrap_or_else(|| panic!("{page}"));
    rest.split('"').next().unwrap().to_owned()
}

/// All hidden fields of a page's form, as a browser sends them.
pub(super) fn all_hidden(page: &str) -> String {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    for field in page.split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = field.split_once('"').unwrap();
        let (_, value) = rest.split_once('"').unwrap();
        body.append_pair(name, value.split('"').next().unwrap());
    }
    body.finish()
}
