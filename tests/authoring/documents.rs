//! Documents are tested: commands, paths, settings, and the directions of the architecture.

use std::path::{Path, PathBuf};

use super::between;
use crate::support::newsroom::Newsroom;
use crate::support::program::Running;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document(name: &str) -> String {
    std::fs::read_to_string(repository().join(name)).unwrap()
}

/// Starts one line of a shell in which `postrider` is the program under test.
fn shell(room: &Newsroom, line: &str) -> Running {
    let program = Path::new(env!("CARGO_BIN_EXE_postrider"));
    let path = format!(
        "{}:{}",
        program.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", &format!("exec {line}")])
        .current_dir(room.folder())
        .env_clear()
        .env("PATH", path)
        .env("POSTRIDER_NOW", "2026-12-01T10:00:00Z");
    Running::start(&mut command)
}

/// The commands of README's first newsletter, run as they stand there. Where the author would open
/// an editor, the draft is finished; the catcher gets a free port, as tests take no fixed ones.
#[test]
fn the_first_newsletter_of_the_readme_arrives() {
    let readme = document("README.md");
    let section = readme.split("## A first newsletter").nth(1).unwrap();
    let commands: Vec<&str> = between(section, "```sh\n", "```")
        .lines()
        .map(|line| line.split(" #").next().unwrap().trim())
        .filter(|line| !line.is_empty())
        .collect();
    assert!(commands.len() < 10, "{commands:?}");
    let room = Newsroom::empty();
    let mut folder = String::new();
    let mut catcher = None;
    for command in &commands {
        if let Some(name) = command.strip_prefix("cd ") {
            folder = format!("{name}/");
        } else if command.starts_with("$EDITOR") {
            for file in room.files(&format!("{folder}issues")) {
                let path = format!("{folder}issues/{file}");
                let text = room.read(&path).replace("draft = true\n", "");
                room.write(&path, text);
            }
        } else if let Some(rest) = command
            .strip_prefix("postrider catch")
            .and_then(|rest| rest.strip_suffix('&'))
        {
            let line = format!("postrider -C ./{folder} catch --port 0{rest}");
            let running = shell(&room, &line);
            let said = running.wait_for_stdout("listening on");
            let address = between(&said, "listening on ", ",").to_owned();
            let settings = room.read(&format!("{folder}postrider.toml"));
            room.write(
                &format!("{folder}postrider.toml"),
                settings.replace("smtp://localhost:2525", &address),
            );
            catcher = Some(running);
        } else {
            let line = match command.strip_prefix("postrider ") {
                Some(rest) => format!("postrider -C ./{folder} {rest}"),
                None => format!(
                    "sh -c 'cd ./{folder} && {}'",
                    command.replace('\'', "'\\''")
                ),
            };
            shell(&room, &line).wait().exits(0);
        }
    }
    drop(catcher);
    let caught = room.files(&format!("{folder}caught/new")).len();
    assert_eq!(caught, 2, "the test message and the letter");
    assert!(room.has(&format!("{folder}public/feed.xml")));
}

/// The commands of docs/subscribers.md, run as they stand there, from top to bottom.
#[test]
fn the_commands_of_the_page_about_subscribers_work() {
    let page = document("docs/subscribers.md");
    let room = Newsroom::new()
        .file("subscribers.csv", between(&page, "```csv\n", "```"))
        .file(
            "mailchimp.csv",
            "Email Address,First Name,MEMBER_RATING\neve@example.org,Eve,2\n",
        );
    let mut commands = 0;
    for block in page.split("```sh\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            shell(&room, line).wait().exits(0);
            commands += 1;
        }
    }
    assert!(commands >= 15, "{commands} commands");
    let left = room.read("subscribers.csv");
    assert!(left.contains("eve@example.org") && !left.contains("bob@example.org"));
}

#[test]
fn the_readme_names_the_two_commands() {
    let readme = document("README.md");
    assert!(readme.contains("cargo run --release -- demo") && readme.contains("cargo test"));
    assert!(
        readme.lines().count() <= 100,
        "README is longer than a screen or two"
    );
}

/// Words between backticks that look like a path of the repository.
fn paths_in(text: &str) -> Vec<String> {
    let roots = [
        "src/",
        "tests/",
        "templates/",
        "issues/",
        "docs/",
        ".ci/",
        "contrib/",
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "Cargo.toml",
        "clippy.toml",
        "deny.toml",
        "LICENSE",
    ];
    let words = text.split('`').skip(1).step_by(2);
    words
        .filter(|word| {
            roots.iter().any(|root| word.starts_with(root)) && !word.contains(char::is_whitespace)
        })
        .filter(|word| !word.contains("SLUG") && !word.contains("20"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_path_that_a_document_names_exists() {
    for name in [
        "ARCHITECTURE.md",
        "README.md",
        "CONTRIBUTING.md",
        "docs/ledger.md",
        "docs/running.md",
        "docs/proof.md",
        "docs/selftest.md",
        "docs/check.md",
        "docs/configuration.md",
        "docs/delivery.md",
        "docs/site.md",
        "docs/themes.md",
        "docs/preview.md",
        "docs/bounces.md",
        "docs/subscribers.md",
        "docs/serving.md",
    ] {
        let paths = paths_in(&document(name));
        assert!(name != "ARCHITECTURE.md" || paths.len() > 20, "{paths:?}");
        for path in paths {
            assert!(repository().join(&path).exists(), "{name} names {path}");
        }
    }
}

#[test]
fn every_module_has_a_place_in_the_architecture() {
    let text = document("ARCHITECTURE.md");
    for entry in std::fs::read_dir(repository().join("src")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        let slash = if entry.path().is_dir() { "/" } else { "" };
        // A module's folder beside its file is named once.
        let beside = repository().join("src").join(format!("{name}.rs")).exists();
        assert!(
            beside || text.contains(&format!("`src/{name}{slash}`")),
            "src/{name}"
        );
    }
}

#[test]
fn every_link_between_the_documents_leads_somewhere() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/ledger.md",
        "docs/running.md",
        "docs/proof.md",
        "docs/selftest.md",
        "docs/check.md",
        "docs/configuration.md",
        "docs/delivery.md",
        "docs/site.md",
        "docs/themes.md",
        "docs/preview.md",
        "docs/bounces.md",
        "docs/subscribers.md",
        "docs/serving.md",
    ] {
        let text = document(name);
        let folder = repository().join(name).parent().unwrap().to_owned();
        for rest in text.split("](").skip(1) {
            let target = rest.split(')').next().unwrap().split('#').next().unwrap();
            if !target.is_empty() && !target.contains("://") {
                assert!(folder.join(target).exists(), "{name} links to {target}");
            }
        }
    }
}

#[test]
fn the_units_of_systemd_are_valid_and_run_what_the_document_says() {
    let running = document("docs/running.md");
    let service = document("contrib/postrider-send.service");
    for line in ["TimeoutStopSec=660", "SuccessExitStatus=75"] {
        assert!(service.contains(line) && running.contains(line), "{line}");
    }
    assert!(document("contrib/postrider-send.timer").contains("Persistent=true"));
    let serving = document("docs/serving.md");
    let server = document("contrib/postrider-serve.service");
    assert!(server.contains("TimeoutStopSec=660") && serving.contains("TimeoutStopSec=660"));
    assert!(server.contains("ExecStart=/usr/local/bin/postrider serve\n"));
    let cron = document("contrib/postrider-send.cron");
    for text in [&service, &cron] {
        assert!(text.contains("/usr/local/bin/postrider "), "{text}");
        assert!(text.contains("send --due"), "{text}");
    }
    let room = Newsroom::empty();
    // It looks whether the program is there.
    room.write(
        "postrider-send.service",
        service.replace("/usr/local/bin/postrider", env!("CARGO_BIN_EXE_postrider")),
    );
    room.write(
        "postrider-send.timer",
        document("contrib/postrider-send.timer"),
    );
    room.write(
        "postrider-serve.service",
        server.replace("/usr/local/bin/postrider", env!("CARGO_BIN_EXE_postrider")),
    );
    let units = [
        "postrider-send.service",
        "postrider-send.timer",
        "postrider-serve.service",
    ];
    let verified = std::process::Command::new("systemd-analyze")
        .arg("verify")
        .args(units)
        .current_dir(room.folder())
        .output();
    match verified {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let ours = said.lines().any(|line| line.contains("postrider-se"));
            assert!(output.status.success() && !ours, "{said}");
        }
        Err(_) => skipped(),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a test that did not run must not look like one that passed"
)]
fn skipped() {
    eprintln!("SKIPPED: systemd-analyze is not installed");
}

// -- the directions of the architecture --

const CORE: &[&str] = &[
    "address",
    "archive",
    "bounce",
    "card",
    "check",
    "delivery",
    "dkim",
    "essay",
    "feed",
    "fingerprint",
    "freemail",
    "import",
    "issue",
    "message",
    "overview",
    "pace",
    "plan",
    "preview",
    "readers",
    "render",
    "schedule",
    "subscriber",
    "suppression",
    "token",
    "words",
];
const EDGES: [&str; 12] = [
    "catch", "cli", "clock", "config", "fs", "imap", "ledger", "mailer", "publish", "selftest",
    "server", "visitor",
];

/// The source files of a module, without its tests.
fn sources(module: &str) -> Vec<PathBuf> {
    let root = repository().join("src");
    let mut found = vec![root.join(format!("{module}.rs"))];
    let mut folders = vec![root.join(module)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.retain(|path| {
        path.extension().is_some_and(|extension| extension == "rs") && path.exists()
    });
    found
}

/// The modules of this crate that a file names as `crate::module`, tests left out.
fn imports(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap();
    let mut modules = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split('}').next().unwrap();
                modules.extend(group.split(',').map(|item| first_word(item.trim())));
            }
            None => modules.push(first_word(rest)),
        }
    }
    modules
}

fn first_word(text: &str) -> String {
    let end = text.find(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    text[..end.unwrap_or(text.len())].to_owned()
}

#[track_caller]
fn assert_never(module: &str, forbidden: &[&str]) {
    let files = sources(module);
    assert!(!files.is_empty(), "{module}");
    for file in files {
        for import in imports(&file) {
            assert!(
                !forbidden.contains(&import.as_str()),
                "{} uses {import}",
                file.display()
            );
        }
    }
}

#[test]
fn the_core_knows_no_edge() {
    for module in CORE {
        assert_never(module, &EDGES);
    }
}

#[test]
fn the_ledger_and_the_mailer_never_know_each_other() {
    assert_never("ledger", &["mailer", "publish", "cli", "catch", "selftest"]);
    assert_never("mailer", &["ledger", "publish", "cli", "catch", "selftest"]);
    assert_never("publish", &["cli", "selftest", "server"]);
    assert_never("server", &["cli", "ledger", "mailer", "catch", "selftest"]);
    assert_never("catch", &["cli", "publish", "ledger", "mailer", "selftest"]);
    assert_never(
        "visitor",
        &["cli", "publish", "ledger", "mailer", "selftest", "server"],
    );
    // It tests the sender from outside: what it shared with it, it could not judge.
    assert_never("selftest", &["cli", "publish", "mailer", "message"]);
}

#[test]
fn the_core_asks_for_no_file_clock_environment_or_network() {
    for module in CORE {
        for file in sources(module) {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for word in [
                "std::fs",
                "std::env",
                "std::net",
                "SystemTime::now",
                "Utc::now",
                "Instant::now",
                "rusqlite::",
                "tokio::",
            ] {
                let is_test = file.to_string_lossy().contains("tests");
                assert!(
                    is_test || !code.contains(word),
                    "{} uses {word}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_module_is_core_or_edge() {
    let lib = document("src/lib.rs");
    for line in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        let name = line.trim_end_matches(';');
        // Diagnostics are values that both sides make.
        assert!(
            name == "diagnostic" || CORE.contains(&name) != EDGES.contains(&name),
            "{name}"
        );
    }
}

// -- settings --

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
        let text = essay.text();
        for leftover in ["](", "[^", "<!--", "```", "[!"] {
            assert!(!text.contains(leftover), "{leftover} in {text}");
        }
        examples += 1;
    }
    assert!(examples >= 9, "{examples} examples");
}
