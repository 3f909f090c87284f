use super::*;

const SEPTEMBER: [&str; 3] = ["Sep", "8", "2026"];

fn issue(title: &str) -> Card {
    Card::of_issue("The Slow Post", title, "8 September 2026", SEPTEMBER).unwrap()
}

/// Width, height, and the index of every pixel.
fn read(png: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::IDENTITY);
    let mut reader = decoder.read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut bytes).unwrap();
    (info.width, info.height, bytes)
}

#[test]
fn a_card_is_a_small_picture_of_the_size_that_is_asked_for() {
    let long = "On the many ways in which a letter can be late, and on the one in which it cannot";
    for card in [
        issue("Ink"),
        issue(long),
        issue(&format!("{long}. {long}. {long}. {long}")),
        Card::of_publication("The Slow Post", "The editors"),
        Card::Envelope,
    ] {
        let png = card.png();
        let (width, height, pixels) = read(&png);
        assert_eq!((width, height), SIZE);
        assert!(png.len() < 60_000, "{card:?} has {} bytes", png.len());
        assert!(pixels.iter().any(|pixels| *pixels != 0));
    }
}

#[test]
fn the_same_text_is_the_same_card_and_another_text_another_one() {
    assert_eq!(issue("Ink").png(), issue("Ink").png());
    assert_eq!(issue("Ink").path(), issue("Ink").path());
    assert_ne!(issue("Ink").path(), issue("Wax").path());
    assert_ne!(issue("Ink").png(), issue("Wax").png());
}

#[test]
fn a_card_that_was_looked_at_is_still_drawn_like_that() {
    let (_, _, pixels) = read(&issue("Forty letters, read at arm’s length").png());
    let seen = crate::fingerprint::Fingerprint::of_bytes(&pixels).to_hex();
    // Whoever changes this looks at the new card and raises `DRAWING`.
    assert_eq!((DRAWING, &seen[..16]), ("2", "7eecb8098abad792"));
}

#[test]
fn another_day_is_another_postmark() {
    let on = |day| {
        let postmark = ["Sep", day, "2026"];
        Card::of_issue("The Slow Post", "Ink", "", postmark).unwrap()
    };
    assert_ne!(on("8").path(), on("9").path());
    assert_ne!(read(&on("8").png()).2, read(&on("9").png()).2);
}

#[test]
fn a_title_that_cannot_be_written_gets_no_card_of_its_own() {
    for title in ["手紙", "رسالة", "Letters 📮", "मेल", "שלום", "  "] {
        assert_eq!(
            Card::of_issue("The Slow Post", title, "", SEPTEMBER),
            None,
            "{title}"
        );
    }
    for title in [
        "Письмо",
        "Ἐπιστολή",
        "Žluťoučký kůň",
        "Forty “letters” – 1½",
        "e\u{301}te\u{301}",
    ] {
        assert!(
            Card::of_issue("The Slow Post", title, "", SEPTEMBER).is_some(),
            "{title}"
        );
    }
}

#[test]
fn a_publication_that_cannot_be_written_is_an_envelope() {
    assert_eq!(Card::of_publication("手紙", "The editors"), Card::Envelope);
    let nameless = Card::of_publication("The Slow Post", "編集者");
    assert_eq!(
        nameless,
        Card::Publication {
            title: "The Slow Post".to_owned(),
            author: None
        }
    );
    let card = Card::of_issue("手紙", "Ink", "2026年9月8日", ["9月", "8", "2026"]).unwrap();
    assert_eq!(
        card,
        Card::Issue {
            publication: None,
            title: "Ink".to_owned(),
            date: None,
            postmark: None
        }
    );
}

#[test]
fn no_text_reaches_the_edge() {
    let lettering = Lettering::new().unwrap();
    let width = WIDTH as f32 - 2.0 * MARGIN;
    for title in [
        "Ink",
        "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung",
        "A title of many words that goes on and on and does not think of ending before the card does, \
         which is a pity, because nobody reads so far, and nobody ever will, whatever we may hope for",
        &"W".repeat(500),
    ] {
        let fitted = lettering.fit(title, &TITLE_SIZES, width, 320.0);
        assert!(!fitted.lines.is_empty());
        assert!(line_height(fitted.size) * fitted.lines.len() as f32 <= 320.0 + 1.0);
        for line in &fitted.lines {
            assert!(lettering.width(line, fitted.size) <= width, "{line}");
        }
    }
}

#[test]
fn a_title_is_set_as_large_as_it_can_be_and_in_even_lines() {
    let lettering = Lettering::new().unwrap();
    let fit = |title: &str| lettering.fit(title, &TITLE_SIZES, 1032.0, 320.0);
    assert_eq!(fit("Ink").size, TITLE_SIZES[0]);
    let two = fit("A letter is not a post but a call");
    assert!(two.lines.len() > 1);
    let widths: Vec<f32> = two
        .lines
        .iter()
        .map(|line| lettering.width(line, two.size))
        .collect();
    let (least, most) = (
        widths.iter().copied().fold(f32::MAX, f32::min),
        widths.iter().copied().fold(0.0, f32::max),
    );
    assert!(least > most / 2.0, "{:?}", two.lines);
}
