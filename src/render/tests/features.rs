//! Every feature of an essay, in every channel: one small essay each, kept with what becomes of it
//! in `tests/golden/render/`. `INSTA_UPDATE=always cargo test` writes them anew.

use std::fmt::Write as _;
use std::path::Path;

use super::render;

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a new essay in the folder needs no line here"
)]
fn every_feature_looks_as_it_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/render");
    let mut essays: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    essays.sort();
    assert!(essays.len() > 20);
    for path in essays {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let rendered = render(&std::fs::read_to_string(&path).unwrap());
        let mut all = String::new();
        for (channel, output) in [
            ("text", &rendered.text),
            ("web", &rendered.web_html),
            ("mail", &rendered.email_html),
            ("feed", &rendered.feed_html),
        ] {
            let _ = write!(all, "=== {channel} ===\n{output}");
        }
        if let Some(excerpt) = &rendered.excerpt {
            let _ = write!(all, "=== excerpt, text ===\n{}", excerpt.text.text);
            let _ = write!(all, "=== excerpt, mail ===\n{}", excerpt.email_html);
        }
        let _ = writeln!(all, "=== opening ===\n{}", rendered.opening);
        insta::with_settings!({
            snapshot_path => &folder,
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, all);
        });
    }
}
