//! Every language says everything.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::languages::TABLES;
use super::tag::is_language_tag;
use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn in_full(language: &str, day: &str) -> String {
    let words = Words::of(language, &OwnWords::default());
    format_date(date(day), None, &DateWords::from(&words)).unwrap()
}

#[test]
fn every_language_says_everything_and_keeps_the_places_for_values() {
    let english = Words::default();
    assert!(TABLES.len() >= 10);
    for (tag, words) in TABLES {
        let words = words();
        for key in Words::KEYS {
            let text = words.get(key).unwrap();
            assert!(!text.trim().is_empty(), "{tag}: {key}");
            let places = |text| placeholders(text).into_iter().collect::<BTreeSet<_>>();
            let wanted = english.get(key).unwrap();
            assert_eq!(places(text), places(wanted), "{tag}: {key}");
            // What an author may write is what we write.
            let taken = OwnWords::default().insert(tag, key, text);
            assert_eq!(taken, Ok(()), "{tag}: {key}");
        }
    }
}

#[test]
fn no_language_but_english_speaks_english() {
    let english = Words::default();
    // Words that are spelt alike, marks and patterns.
    let shared = [
        ("fr", "alert_important"),
        ("fr", "footnotes"),
        ("fr", "image"),
        ("fr", "code"),
    ];
    for (tag, words) in TABLES.iter().filter(|(tag, _)| *tag != "en") {
        let words = words();
        for key in Words::KEYS {
            let is_mark = matches!(
                *key,
                "comma" | "colon" | "quotes" | "inner_quotes" | "back_arrow"
            ) || key.starts_with("date_format");
            if !is_mark && !shared.contains(&(tag, key)) {
                assert_ne!(words.get(key), english.get(key), "{tag}: {key}");
            }
        }
    }
}

#[test]
fn a_date_is_written_as_the_language_writes_it() {
    for (language, written) in [
        ("en", "1 December 2026"),
        ("de", "1. Dezember 2026"),
        ("fr", "1er décembre 2026"),
        ("es", "1 de diciembre de 2026"),
        ("pt-BR", "1 de dezembro de 2026"),
        ("ar", "1 ديسمبر 2026"),
        ("he", "1 בדצמבר 2026"),
        ("hi", "1 दिसंबर 2026"),
        ("zh", "2026年12月1日"),
        ("zh-TW", "2026年12月1日"),
        ("ja", "2026年12月1日"),
        ("eo", "1 December 2026"),
    ] {
        assert_eq!(in_full(language, "2026-12-01"), written);
    }
    assert_eq!(in_full("fr", "2026-12-02"), "2 décembre 2026");
}

#[test]
fn names_in_a_pattern_are_those_of_the_language() {
    let words = Words::of("de", &OwnWords::default());
    let write = |format| format_date(date("2026-03-02"), Some(format), &DateWords::from(&words));
    assert_eq!(
        write("%A, %d.%m. %B %b %a").unwrap(),
        "Montag, 02.03. März März Mo"
    );
    assert_eq!(write("%Q"), Err(BadFormat::Unknown));
    assert_eq!(write("%H"), Err(BadFormat::MoreThanADate));
}

/// The names as chrono knows them, on every day of a year: nothing changes for English.
#[test]
fn english_dates_are_those_of_strftime() {
    let words = Words::default();
    let format = "%A %a %B %b %h %e %j %-d %y %G-%V %% %D";
    for day in date("2026-01-01").iter_days().take(365) {
        let ours = format_date(day, Some(format), &DateWords::from(&words)).unwrap();
        assert_eq!(ours, day.format(format).to_string());
    }
}

#[test]
fn the_most_exact_words_are_taken() {
    let unsubscribe = |tag| {
        Words::of(tag, &OwnWords::default())
            .unsubscribe
            .into_owned()
    };
    assert_eq!(unsubscribe("de-AT"), "Abbestellen");
    assert_eq!(unsubscribe("zh-Hant-TW"), "取消訂閱");
    assert_eq!(unsubscribe("zh-HK"), "取消訂閱");
    assert_eq!(unsubscribe("zh-CN"), "退订");
    assert_eq!(unsubscribe("iw"), unsubscribe("he"));
    assert_eq!(unsubscribe("eo"), "Unsubscribe");
    assert!(Words::are_built_in("pt-BR") && !Words::are_built_in("eo"));
}

#[test]
fn an_authors_words_stand_over_the_built_in_ones_of_their_language() {
    let mut own = OwnWords::default();
    own.insert("de", "unsubscribe", "Tschüss").unwrap();
    own.insert("de-AT", "unsubscribe", "Servus").unwrap();
    own.insert("eo", "read_on", "Legu plu").unwrap();
    assert_eq!(Words::of("de-CH", &own).unsubscribe, "Tschüss");
    assert_eq!(Words::of("de-AT", &own).unsubscribe, "Servus");
    assert_eq!(Words::of("en", &own).unsubscribe, "Unsubscribe");
    assert_eq!(Words::of("eo", &own).read_on, "Legu plu");
    assert_eq!(own.keys("de-AT"), BTreeSet::from(["unsubscribe"]));
}

#[test]
fn a_word_that_cannot_be_is_refused() {
    let refused = |key, text| OwnWords::default().insert("en", key, text).unwrap_err();
    assert_eq!(refused("unsubscrib", "x"), BadWord::Key);
    assert_eq!(refused("unsubscribe", " "), BadWord::Line);
    assert_eq!(refused("unsubscribe", "a\u{7}"), BadWord::Line);
    let long = "a".repeat(501);
    assert_eq!(refused("unsubscribe", &long), BadWord::Long);
    assert!(
        matches!(refused("sent_to", "to {mail}"), BadWord::Place { name, .. } if name == "mail")
    );
    assert_eq!(
        refused("months", "a, b"),
        BadWord::Names {
            given: 2,
            wanted: 12
        }
    );
    assert_eq!(refused("date_format", "%Q"), BadWord::Format);
    assert_eq!(refused("date_format_short", "%H:%M"), BadWord::Format);
}

#[test]
fn values_fill_their_places_and_are_not_searched_themselves() {
    let value = |name: &str| match name {
        "title" => Some("{email}"),
        "email" => Some("a@example.org"),
        _ => None,
    };
    assert_eq!(fill("{title}, {email}.", value), "{email}, a@example.org.");
    assert_eq!(
        fill("{other} {} { x } {{title}}", value),
        "{other} {} { x } {{email}}"
    );
    assert_eq!(placeholders("{a} {b c} {d}"), ["a", "d"]);
}

#[test]
fn the_shape_of_a_language_tag() {
    for tag in [
        "en",
        "de-AT",
        "zh-Hant-TW",
        "sl-rozaj-biske",
        "de-DE-1996",
        "en-x-mine",
        "es-419",
    ] {
        assert!(is_language_tag(tag), "{tag}");
    }
    for text in [
        "",
        "e",
        "english language",
        "de_AT",
        "de-",
        "-de",
        "en-x",
        "de--AT",
        "123",
        "en-ähm",
        "abcdefghi",
    ] {
        assert!(!is_language_tag(text), "{text}");
    }
}

#[test]
fn the_direction_follows_the_script_and_then_the_language() {
    let right_to_left = ["ar", "he-IL", "FA", "az-Arab", "ur_PK"];
    let left_to_right = ["en", "", "ar-Latn", "ku", "zh-Hant-TW"];
    assert!(right_to_left.iter().all(|tag| direction(tag) == "rtl"));
    assert!(left_to_right.iter().all(|tag| direction(tag) == "ltr"));
}
