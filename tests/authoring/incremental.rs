//! `build` after `build`: whatever was edited, and whatever became of what was built, the archive is
//! the one that a first build would make.

use std::collections::BTreeMap;
use std::time::Duration;

use postrider::issue::IssueId;

use super::{bytes_of, newsroom};
use crate::support::newsroom::Newsroom;

const CACHE: &str = ".postrider-cache";

/// What a first build of the same publication makes.
fn built_anew(room: &Newsroom, now: &str) -> BTreeMap<String, Vec<u8>> {
    let fresh = newsroom();
    for file in room.files(".") {
        if !file.starts_with("public/") && file != CACHE {
            fresh.write(&file, room.read_bytes(&file));
        }
    }
    // What an issue was called before is the one thing that only earlier builds know.
    let names = "public/.postrider-names";
    if room.has(names) {
        fresh.write(names, room.read_bytes(names));
    }
    fresh.run(["-q", "build", "--now", now]).succeeds();
    bytes_of(&fresh, "public")
}

/// Fails if the archive is not the one that a first build makes, and names the files. A picture that
/// was public stays beside the new one as long as its issue does, for the mails that show it; it then
/// stands in the list of files, too.
#[track_caller]
fn is_as_new(room: &Newsroom, now: &str, after: &str) {
    let expected = built_anew(room, now);
    let found = bytes_of(room, "public");
    let is_kept = |path: &str| path.starts_with("assets/") && path.matches('/').count() == 2;
    let differs = |path: &&String| match expected.get(*path) {
        None => !is_kept(path),
        Some(_) if *path == ".postrider-manifest" => false,
        Some(bytes) => found.get(*path) != Some(bytes),
    };
    let paths: Vec<&String> = found
        .keys()
        .chain(expected.keys())
        .filter(differs)
        .collect();
    assert!(paths.is_empty(), "after {after} these differ: {paths:?}");
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

/// A publication of six essays, one of them a folder.
fn six() -> Newsroom {
    let mut room = newsroom();
    for number in 1..=5 {
        let stem = format!("2026-12-0{number}-essay-{number}");
        let tags = format!("tags = [\"even-{}\"]", number % 2 == 0);
        let text =
            format!("The *words* of {number}, with a [link](https://example.org/{number}).\n");
        room = room.essay_with(&stem, &format!("Essay {number}"), &tags, &text);
    }
    room.essay("2026-12-06-seen/index", "Seen", "![A door](door.svg)\n")
        .file(
            "issues/2026-12-06-seen/door.svg",
            "<svg width='3' height='2'/>",
        )
}

/// The essays that there are, by their paths.
fn essays(room: &Newsroom) -> Vec<String> {
    let files = room.files("issues").into_iter();
    let essays = files.filter(|file| file.contains(".md"));
    essays.map(|file| format!("issues/{file}")).collect()
}

/// The front matter without a key.
fn without(text: &str, key: &str) -> String {
    let begins = format!("{key} =");
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !line.starts_with(&begins)).collect()
}

/// The front matter with a line more.
fn with(text: &str, line: &str) -> String {
    text.replacen("+++\n", &format!("+++\n{line}\n"), 1)
}

/// Edits an essay.
fn edit_essay(room: &Newsroom, dice: &mut Dice, step: usize) -> String {
    let essays = essays(room);
    let essay = dice.pick(&essays).clone();
    let text = room.read(&essay);
    let is_draft = text.contains("draft = true");
    let edited = match dice.roll(6) {
        0 => format!("{text}\nAnd a word of step {step}.\n"),
        1 => with(
            &without(&text, "title"),
            &format!("title = \"Title {step}\""),
        ),
        2 => {
            let tags = format!("tags = [\"tag-{}\", \"common\"]", dice.roll(3));
            with(&without(&text, "tags"), &tags)
        }
        3 => {
            let text = without(&without(&text, "slug"), "aliases");
            let slug = format!("slug = \"slug-{step}\"\naliases = [\"old-{step}\"]");
            with(&text, &slug)
        }
        4 if is_draft => without(&text, "draft"),
        4 => with(&text, "draft = true"),
        _ if essays.len() > 2 => {
            let path = room.path(&essay);
            if let Some(folder) = essay.strip_suffix("/index.md") {
                std::fs::remove_dir_all(room.path(folder)).unwrap();
            } else {
                std::fs::remove_file(path).unwrap();
            }
            return format!("{essay} is gone");
        }
        _ => text,
    };
    room.write(&essay, edited);
    format!("{essay} was edited")
}

/// Edits anything else of the publication.
fn edit_surroundings(room: &Newsroom, dice: &mut Dice, step: usize) -> String {
    let choice = dice.roll(5);
    match choice {
        0 => {
            let folder = format!("issues/2026-11-{:02}-new-{step}", 1 + step % 28);
            let id = IssueId::from_bytes([u8::try_from(step).unwrap(); 16]);
            let text = format!(
                "+++\nid = \"{id}\"\ntitle = \"New {step}\"\n+++\n\n![A door](door.svg) of {step}.\n"
            );
            if !essays(room)
                .iter()
                .any(|essay| room.read(essay).contains(id.as_str()))
            {
                room.write(&format!("{folder}/index.md"), text);
                room.write(
                    &format!("{folder}/door.svg"),
                    format!("<svg width='{step}' height='9'/>"),
                );
            }
        }
        1 => {
            let mut doors = room.files("issues");
            doors.retain(|file| file.contains(".svg"));
            if !doors.is_empty() {
                let door = format!("issues/{}", dice.pick(&doors));
                room.write(&door, format!("<svg width='{}' height='7'/>", step + 10));
            }
        }
        2 => room.write(
            "templates/redirect.html",
            format!("<p>{step} {{{{ issue.url }}}}</p>"),
        ),
        3 => {
            let filling = "/* long */".repeat(50);
            room.write(
                "templates/web.css",
                format!("p {{ margin: {step}px }} {filling}"),
            );
        }
        _ => {
            let config = without(&room.read("postrider.toml"), "description");
            room.write(
                "postrider.toml",
                format!("description = \"Step {step}\"\n{config}"),
            );
        }
    }
    format!("surroundings were edited ({choice})")
}

/// Harms what was built, or what is remembered of it.
fn harm(room: &Newsroom, dice: &mut Dice) -> String {
    let mut built = room.files("public");
    built.retain(|file| !file.contains("manifest"));
    let file = format!("public/{}", dice.pick(&built));
    match dice.roll(5) {
        0 => room.write(CACHE, "garbage"),
        1 => {
            let _ = std::fs::remove_file(room.path(CACHE));
        }
        2 => std::fs::remove_file(room.path(&file)).unwrap(),
        3 => room.write(&file, "somebody was here"),
        _ => {
            let bytes = room.read_bytes(&file);
            room.write(&file, &bytes[..bytes.len() / 2]);
        }
    }
    format!("{file} or the cache was harmed")
}

/// Changes something, and says what.
fn change(room: &Newsroom, dice: &mut Dice, step: usize) -> String {
    match dice.roll(8) {
        0..4 => edit_essay(room, dice, step),
        4..6 => edit_surroundings(room, dice, step),
        _ => harm(room, dice),
    }
}

#[test]
fn after_any_edits_the_archive_is_the_one_that_a_first_build_makes() {
    const NOW: &str = "2027-06-01T12:00:00Z";
    let room = six();
    let mut dice = Dice(20_261_126);
    room.run(["-q", "build", "--now", NOW]).succeeds();
    for step in 1..=25 {
        let mut what = format!("step {step}: {}", change(&room, &mut dice, step));
        // Several at once, too.
        if dice.roll(3) == 0 {
            what += " and ";
            what += &change(&room, &mut dice, step + 100);
        }
        room.run(["-q", "build", "--now", NOW]).succeeds();
        is_as_new(&room, NOW, &what);
    }
}

#[test]
fn as_time_passes_the_archive_grows_as_if_built_anew() {
    let room = six();
    for day in ["2026-11-30", "2026-12-03", "2026-12-02", "2026-12-06"] {
        let now = format!("{day}T12:00:00Z");
        room.run(["-q", "build", "--now", &now]).succeeds();
        is_as_new(&room, &now, day);
    }
}

#[test]
fn neither_date_nor_folder_nor_zone_nor_locale_change_a_byte() {
    let one = six();
    one.run(["build"]).succeeds();
    let expected = bytes_of(&one, "public");
    let places = [
        ("2027-06-01T12:00:00Z", "Pacific/Kiritimati", "de_DE.UTF-8"),
        ("2041-01-31T23:59:59Z", "America/St_Johns", "tr_TR.UTF-8"),
    ];
    for (now, zone, locale) in places {
        let other = newsroom()
            .env("TZ", zone)
            .env("LC_ALL", locale)
            .env("LANG", locale);
        for file in one.files(".") {
            if !file.starts_with("public/") && file != CACHE {
                other.write(&file, one.read_bytes(&file));
            }
        }
        other
            .run(["build", "--now", now, "--out", "else/where"])
            .succeeds();
        assert_eq!(bytes_of(&other, "else/where"), expected);
        // Twice, with what the first one remembers.
        other.run(["build", "--now", now]).succeeds();
        other
            .run(["build", "--now", now])
            .succeeds()
            .stdout_contains("0 files written");
        assert_eq!(bytes_of(&other, "public"), expected);
    }
}

#[test]
fn a_cache_of_somebody_else_or_one_that_lies_changes_no_byte() {
    let room = six();
    room.run(["build"]).succeeds();
    let expected = bytes_of(&room, "public");
    let cache = room.read(CACHE);
    let (_, body) = cache.split_once('\n').unwrap();
    let mut lie: serde_json::Value = serde_json::from_str(body).unwrap();
    // Every file is said to have the bytes of another one.
    let files = lie["files"].as_object_mut().unwrap();
    let mut hashes: Vec<serde_json::Value> = files.values().cloned().collect();
    hashes.rotate_left(1);
    for (value, other) in files.values_mut().zip(hashes) {
        *value = other;
    }
    let body = lie.to_string();
    let sum = postrider::fingerprint::Fingerprint::of_bytes(body.as_bytes()).to_hex();
    let other = newsroom().essay("2026-12-01-other", "Other", "Of somebody else.\n");
    other.run(["build"]).succeeds();
    let caches = [
        format!("{sum}\n{body}").into_bytes(),
        other.read_bytes(CACHE),
        cache.as_bytes()[..cache.len() / 2].to_vec(),
        vec![0xFF; 100],
        Vec::new(),
    ];
    for cache in caches {
        room.write(CACHE, &cache);
        room.run(["build"])
            .succeeds()
            .stdout_contains("0 files written");
        assert_eq!(bytes_of(&room, "public"), expected);
        // The cache says that nothing changed, and the archive says otherwise.
        room.write(CACHE, &cache);
        room.write("public/index.html", "somebody was here");
        room.write("public/index.html.gz", "and here");
        room.run(["build"])
            .succeeds()
            .stdout_contains("1 file written");
        assert_eq!(bytes_of(&room, "public"), expected);
    }
    assert_ne!(other.read(CACHE), room.read(CACHE));
}

#[test]
fn a_rebuild_remembers_what_it_need_not_make() {
    let room = six();
    room.run(["build"]).succeeds();
    let cache = room.read(CACHE);
    room.run(["build"]).succeeds();
    assert_eq!(without_stamps(&room), without_stamps_of(&cache));
    // What is remembered is used: an opening that only the cache knows stands on the front page.
    let (_, body) = cache.split_once('\n').unwrap();
    let body = body.replace("The words of 5", "The remembered words of 5");
    let sum = postrider::fingerprint::Fingerprint::of_bytes(body.as_bytes()).to_hex();
    room.write(CACHE, format!("{sum}\n{body}"));
    room.run(["build"]).succeeds();
    assert!(
        room.read("public/index.html")
            .contains("The remembered words of 5")
    );
}

/// What a cache knows, without when files were last changed.
fn without_stamps(room: &Newsroom) -> serde_json::Value {
    without_stamps_of(&room.read(CACHE))
}

fn without_stamps_of(cache: &str) -> serde_json::Value {
    fn forget(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.remove("stamp");
                fields.values_mut().for_each(forget);
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(forget),
            _ => {}
        }
    }
    let (_, body) = cache.split_once('\n').unwrap();
    let mut value = serde_json::from_str(body).unwrap();
    forget(&mut value);
    value
}

#[test]
fn a_file_with_the_length_and_the_time_of_ours_is_not_taken_for_ours() {
    let room = six();
    room.run(["build"]).succeeds();
    let expected = bytes_of(&room, "public");
    // Stamps are kept of files that were there before a build began.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while room.read(CACHE).contains("\"stamp\":null") {
        assert!(std::time::Instant::now() < deadline, "{}", room.read(CACHE));
        room.run(["build"]).succeeds();
    }
    let page = room.path("public/issues/essay-1/index.html");
    let time = std::fs::metadata(&page).unwrap().modified().unwrap();
    let text = room.read("public/issues/essay-1/index.html");
    std::fs::write(&page, text.replace("The words", "Our words")).unwrap();
    let file = std::fs::File::options().write(true).open(&page).unwrap();
    file.set_modified(time).unwrap();
    assert_ne!(bytes_of(&room, "public"), expected);
    room.run(["build"])
        .succeeds()
        .stdout_contains("1 file written");
    assert_eq!(bytes_of(&room, "public"), expected);
}

#[test]
fn two_builds_at_once_make_one_archive() {
    let room = six();
    for _ in 0..4 {
        let _ = std::fs::remove_dir_all(room.path("public"));
        let _ = std::fs::remove_file(room.path(CACHE));
        let running: Vec<_> = (0..3).map(|_| room.spawn(["-q", "build"])).collect();
        for build in running {
            build.wait().succeeds();
        }
        is_as_new(&room, super::LATER, "three builds at once");
    }
}

#[test]
fn after_a_build_that_was_killed_the_next_one_is_right() {
    let room = six();
    for step in 0..12_u64 {
        let text = room.read("issues/2026-12-01-essay-1.md");
        room.write(
            "issues/2026-12-01-essay-1.md",
            format!("{text}\nStep {step}.\n"),
        );
        room.write("templates/web.css", format!("p {{ margin: {step}px }}"));
        let mut build = room.spawn(["-q", "build"]);
        let moment = std::time::Instant::now() + Duration::from_millis(step * 25);
        while std::time::Instant::now() < moment && !build.has_ended() {
            std::thread::yield_now();
        }
        build.kill();
        room.run(["-q", "build"]).succeeds();
        is_as_new(&room, super::LATER, "a kill");
    }
}
