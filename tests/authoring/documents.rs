//! Documents are tested: their commands, paths and links here; what they list in `reference`, and the
//! directions of the architecture in `directions`.

mod directions;
mod reference;

use std::path::Path;

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
