//! Domains of large providers that were mistyped.

/// Providers by the number of people that a letter meets there; short names are left out, because
/// other people's domains are as near.
const LARGE: [&str; 12] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "protonmail.com",
    "hotmail.co.uk",
    "yahoo.co.uk",
    "hotmail.fr",
    "comcast.net",
    "fastmail.com",
];

/// Other providers, whose names are as near to one of those.
const NEIGHBOURS: [&str; 3] = ["mail.com", "email.com", "ymail.com"];

/// The domain that was probably meant: one letter is missing, too many, wrong, or two are swapped.
pub fn meant_domain(domain: &str) -> Option<&'static str> {
    if NEIGHBOURS.contains(&domain) || crate::freemail::provider_of(domain).is_some() {
        return None;
    }
    LARGE
        .into_iter()
        .find(|large| strsim::damerau_levenshtein(domain, large) == 1)
}

#[cfg(test)]
mod tests {
    use super::meant_domain;

    #[test]
    fn a_domain_one_letter_from_a_large_one_is_a_typing_error_and_no_other() {
        for (domain, meant) in [
            ("gmial.com", "gmail.com"),
            ("gmail.con", "gmail.com"),
            ("gmal.com", "gmail.com"),
            ("hotmial.com", "hotmail.com"),
            ("outlok.com", "outlook.com"),
        ] {
            assert_eq!(meant_domain(domain), Some(meant), "{domain}");
        }
        for domain in [
            "gmail.com",
            "example.org",
            "hotmail.fr",
            "yahoo.de",
            "mail.com",
        ] {
            assert_eq!(meant_domain(domain), None, "{domain}");
        }
    }
}
