//! Providers of free mailboxes: who may send for their domains.
//!
//! Their DMARC records tell receivers to refuse mail in their name from any other machine, so a
//! newsletter from such an address, sent through anybody else, does not arrive.

/// Where a domain of [`Family`] ends.
enum Ends {
    /// In any country: `.de`, `.co.uk`, `.com.au`.
    Anywhere,
    /// In one of these.
    In(&'static [&'static str]),
}

/// Domains of one name.
struct Family(&'static str, Ends);

/// A provider, with its own relays by the ends of their names.
pub struct Provider {
    /// As its users call it.
    pub name: &'static str,
    domains: &'static [Family],
    relays: &'static [&'static str],
    /// Whether its users send through a program on their own machine.
    has_bridge: bool,
}

impl Provider {
    /// Whether a relay is one of the provider's own.
    pub fn owns_relay(&self, host: &str, is_loopback: bool) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let own = |end: &&str| {
            let rest = host.strip_suffix(*end);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        (self.has_bridge && is_loopback) || self.relays.iter().any(own)
    }
}

/// The provider whose mailboxes a domain holds, if it is one of them.
pub fn provider_of(domain: &str) -> Option<&'static Provider> {
    let domain = domain.to_ascii_lowercase();
    let belongs = |Family(name, ends): &Family| {
        let Some(end) = domain
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('.'))
        else {
            return false;
        };
        match ends {
            Ends::In(known) => known.contains(&end),
            Ends::Anywhere => match end.split_once('.') {
                None => true,
                Some((second, top)) => matches!(second, "co" | "com") && !top.contains('.'),
            },
        }
    };
    PROVIDERS
        .iter()
        .find(|provider| provider.domains.iter().any(belongs))
}

const COM: Ends = Ends::In(&["com"]);

const PROVIDERS: &[Provider] = &[
    Provider {
        name: "Gmail",
        domains: &[Family("gmail", COM), Family("googlemail", COM)],
        relays: &["gmail.com", "googlemail.com", "google.com"],
        has_bridge: false,
    },
    Provider {
        name: "Yahoo",
        domains: &[
            Family("yahoo", Ends::Anywhere),
            Family("ymail", COM),
            Family("rocketmail", COM),
        ],
        relays: &["yahoo.com", "yahoodns.net", "yahoo.co.jp"],
        has_bridge: false,
    },
    Provider {
        name: "AOL",
        domains: &[Family("aol", Ends::Anywhere), Family("aim", COM)],
        relays: &["aol.com", "yahoo.com"],
        has_bridge: false,
    },
    Provider {
        name: "Outlook",
        domains: &[
            Family("hotmail", Ends::Anywhere),
            Family("outlook", Ends::In(OUTLOOK)),
            Family("live", Ends::In(LIVE)),
            Family("msn", COM),
        ],
        relays: &["outlook.com", "office365.com", "hotmail.com"],
        has_bridge: false,
    },
    Provider {
        name: "iCloud",
        domains: &[Family("icloud", COM), Family("me", COM), Family("mac", COM)],
        relays: &["me.com", "icloud.com"],
        has_bridge: false,
    },
    Provider {
        name: "GMX",
        domains: &[Family("gmx", Ends::Anywhere)],
        relays: &["gmx.net", "gmx.com", "gmx.de", "gmx.at", "gmx.ch"],
        has_bridge: false,
    },
    Provider {
        name: "WEB.DE",
        domains: &[Family("web", Ends::In(&["de"]))],
        relays: &["web.de"],
        has_bridge: false,
    },
    Provider {
        name: "Proton",
        domains: &[
            Family("proton", Ends::In(&["me"])),
            Family("protonmail", Ends::In(&["com", "ch"])),
            Family("pm", Ends::In(&["me"])),
        ],
        relays: &["proton.me", "protonmail.ch"],
        has_bridge: true,
    },
    Provider {
        name: "Yandex",
        domains: &[
            Family("yandex", Ends::Anywhere),
            Family("ya", Ends::In(&["ru"])),
        ],
        relays: &["yandex.ru", "yandex.com", "yandex.net"],
        has_bridge: false,
    },
    Provider {
        name: "Mail.ru",
        domains: &[
            Family("mail", Ends::In(&["ru"])),
            Family("inbox", Ends::In(&["ru"])),
            Family("list", Ends::In(&["ru"])),
            Family("bk", Ends::In(&["ru"])),
        ],
        relays: &["mail.ru"],
        has_bridge: false,
    },
];

/// These two names are also words, and other people's domains elsewhere.
const OUTLOOK: &[&str] = &[
    "at", "be", "cl", "co.th", "com", "com.ar", "com.au", "com.br", "cz", "de", "dk", "es", "fr",
    "hu", "ie", "it", "jp", "pt", "sk",
];
const LIVE: &[&str] = &[
    "at", "be", "ca", "cl", "cn", "co.uk", "co.za", "com", "com.ar", "com.au", "com.mx", "com.pt",
    "de", "dk", "fr", "ie", "it", "jp", "nl", "no", "ru", "se",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(domain: &str) -> Option<&'static str> {
        provider_of(domain).map(|provider| provider.name)
    }

    #[test]
    fn domains_of_mailboxes_are_known_in_every_country_and_no_others() {
        for (domain, provider) in [
            ("gmail.com", "Gmail"),
            ("GoogleMail.com", "Gmail"),
            ("yahoo.co.uk", "Yahoo"),
            ("yahoo.fr", "Yahoo"),
            ("hotmail.com.au", "Outlook"),
            ("outlook.de", "Outlook"),
            ("live.nl", "Outlook"),
            ("me.com", "iCloud"),
            ("gmx.net", "GMX"),
            ("web.de", "WEB.DE"),
            ("aol.com", "AOL"),
            ("pm.me", "Proton"),
        ] {
            assert_eq!(name(domain), Some(provider), "{domain}");
        }
        for domain in [
            "example.org",
            "gmail.com.example.org",
            "notgmail.com",
            "gmail.example",
            "live.example.org",
            "live.example",
            "yahoo.example.org",
            "web.com",
            "letters.gmail.com",
        ] {
            assert_eq!(name(domain), None, "{domain}");
        }
    }

    #[test]
    fn a_relay_belongs_to_a_provider_by_the_end_of_its_name() {
        let owns = |domain, host, loopback| {
            let provider = provider_of(domain).unwrap();
            provider.owns_relay(host, loopback)
        };
        assert!(owns("gmail.com", "smtp.gmail.com", false));
        assert!(owns("gmail.com", "SMTP-relay.Gmail.com.", false));
        assert!(owns("live.com", "smtp.office365.com", false));
        assert!(!owns("gmail.com", "smtp.notgmail.com", false));
        assert!(!owns("gmail.com", "smtp.gmail.com.example.org", false));
        assert!(!owns("gmail.com", "localhost", true));
        assert!(owns("proton.me", "127.0.0.1", true));
    }
}
