//! A refused login is tried once, in the whole run and over all connections: the next wrong one may
//! lock the account.

use super::{SEND, newsroom, states};
use crate::support::certificate::Certificate;
use crate::support::relay::{ScriptedRelay, Stage};

#[test]
fn a_login_that_is_refused_for_good_is_tried_once_in_the_whole_run() {
    let certificate = Certificate::valid();
    for reply in [
        "535 5.7.8 wrong user name or password",
        "534 5.7.9 a stronger mechanism is needed",
        "530 5.7.0 this account is closed",
        "550 5.7.1 not from here",
        "554 5.7.0 too many failures",
    ] {
        let relay = ScriptedRelay::setup()
            .starttls(&certificate)
            .account("ada", "secret")
            .start();
        relay.at(Stage::Auth).reply(reply);
        let keys = format!(
            "url = \"{}\"\nca_file = \"{}\"\nusername = \"ada\"\nconnections = 4",
            relay.url(),
            relay.authority_file().display()
        );
        let room = newsroom(&relay, 4)
            .smtp(&keys)
            .env("POSTRIDER_SMTP_PASSWORD", "secret")
            .readers(20);
        room.run(SEND).fails(1).stderr_contains(reply);
        assert_eq!(relay.auth_attempts(), 1, "{reply}");
        assert!(states(&room).is_empty(), "nothing is planned");
        relay.assert_client_was_polite();
    }
}
