//! The pages that list everything: settings, variables, templates, the ledger's tables, what can be
//! written. Each agrees with the program.

use super::document;
use crate::authoring::between;
use crate::support::newsroom::Newsroom;

#[test]
fn the_settings_of_the_sample_and_of_the_documents_are_accepted() {
    for (name, toml) in [
        ("postrider.toml", document("postrider.toml")),
        (
            "docs/configuration.md",
            between(&document("docs/configuration.md"), "```toml\n", "```").to_owned(),
        ),
    ] {
        let room = Newsroom::empty()
            .file("postrider.toml", toml)
            .file("relay-password", "secret\n")
            .subscribers("email\n");
        let secret = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(room.path("relay-password"), secret).unwrap();
        let output = room.run(["check"]);
        assert!(output.status.success(), "{name}{output}");
    }
}

#[test]
fn every_key_and_variable_is_documented() {
    let parts = [
        "raw",
        "bounces",
        "mailboxes",
        "reader",
        "relay",
        "serve",
        "signature",
        "signup",
        "theme",
        "waits",
        "words",
    ];
    let source: String = parts
        .map(|part| document(&format!("src/config/{part}.rs")))
        .concat();
    let text = document("docs/configuration.md");
    let keys = between(&source, "const KEYS: &[&str] = &[", "];");
    for key in keys.split('"').skip(1).step_by(2) {
        assert!(
            text.contains(&format!("`{key}`")) || text.contains(&format!("`[{key}]`")),
            "{key}"
        );
    }
    for rest in source
        .split(".value(\"")
        .skip(1)
        .chain(source.split(".required(\"").skip(1))
    {
        let name = rest.split('"').next().unwrap();
        assert!(text.contains(&format!("POSTRIDER_{name}")), "{name}");
    }
    // Those of a relay, of which there may be several.
    for rest in source.split("(&name(\"").skip(1) {
        let name = rest.split('"').next().unwrap();
        assert!(text.contains(&format!("POSTRIDER_SMTP_{name}")), "{name}");
    }
    let keys = postrider::essay::KEYS.iter();
    for key in keys.chain(postrider::words::Words::KEYS) {
        assert!(text.contains(&format!("`{key}`")), "{key}");
    }
}

#[test]
fn every_file_of_a_theme_is_explained() {
    let text = document("docs/themes.md");
    for theme in postrider::render::themes::THEMES {
        assert!(
            text.contains(&format!("`{}`", theme.name)),
            "{}",
            theme.name
        );
        for (name, _) in theme.files {
            assert!(postrider::render::themes::purpose(name).is_some(), "{name}");
            assert!(text.contains(&format!("`{name}`")), "{name}");
        }
    }
}

#[test]
fn every_table_column_and_state_of_the_ledger_is_documented() {
    let schema = document("src/ledger/schema.rs");
    let text = document("docs/ledger.md");
    for table in schema.split("CREATE TABLE ").skip(1) {
        let (name, rest) = table.split_once(' ').unwrap();
        assert!(text.contains(&format!("`{name}`")), "{name}");
        for line in between(rest, "(\n", "\n)").lines() {
            let column = line.split_whitespace().next().unwrap();
            if column
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
            {
                assert!(text.contains(&format!("`{column}`")), "{name}.{column}");
            }
        }
    }
    for state in postrider::delivery::State::ALL {
        assert!(text.contains(&format!("`{state}`")), "{state}");
    }
}

/// What docs/writing.md shows works: each example renders, and none of its marks is refused.
#[test]
fn what_the_page_about_writing_shows_can_be_written() {
    use postrider::render::{ParsedEssay, RenderContext, pictures::Pictures};
    let page = document("docs/writing.md");
    let mut examples = 0;
    for part in page.split("markdown\n").skip(1) {
        let end = part.find("\n````").or_else(|| part.find("\n```")).unwrap();
        let (words, pictures) = (postrider::words::Words::default(), Pictures::default());
        let context = RenderContext {
            issue_url: "https://letters.example.org/issues/a/",
            id_prefix: "a-",
            essay_css: "",
            words: &words,
            pictures: &pictures,
        };
        let essay = ParsedEssay::new(&part[..end], &context);
        assert_eq!(essay.problems(), [], "{}", &part[..end]);
        let text = essay.text().text;
        for leftover in ["](", "[^", "<!--", "```", "[!"] {
            assert!(!text.contains(leftover), "{leftover} in {text}");
        }
        examples += 1;
    }
    assert!(examples >= 9, "{examples} examples");
}
