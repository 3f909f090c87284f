//! The sample publication, which lies at the root of the repository and is embedded here, so that
//! `demo` needs nothing but the program.

/// Files of the sample by their paths.
pub(super) const FILES: &[(&str, &str)] = &[
    ("postrider.toml", include_str!("../../postrider.toml")),
    ("subscribers.csv", include_str!("../../subscribers.csv")),
    (
        "issues/2026-09-01-a-letter-is-not-a-post.md",
        include_str!("../../issues/2026-09-01-a-letter-is-not-a-post.md"),
    ),
    (
        "issues/2026-09-08-the-smallest-page.md",
        include_str!("../../issues/2026-09-08-the-smallest-page.md"),
    ),
    (
        "issues/2026-09-15-tuesday-at-nine.md",
        include_str!("../../issues/2026-09-15-tuesday-at-nine.md"),
    ),
    (
        "issues/2026-09-22-in-praise-of-plain-text.md",
        include_str!("../../issues/2026-09-22-in-praise-of-plain-text.md"),
    ),
    (
        "issues/2026-09-29-below-the-line.md",
        include_str!("../../issues/2026-09-29-below-the-line.md"),
    ),
    (
        "issues/2026-10-06-the-door-opens-outward.md",
        include_str!("../../issues/2026-10-06-the-door-opens-outward.md"),
    ),
    (
        "issues/2026-10-13-the-archive-is-a-library.md",
        include_str!("../../issues/2026-10-13-the-archive-is-a-library.md"),
    ),
];

#[cfg(test)]
mod tests {
    use super::FILES;

    #[test]
    fn every_issue_of_the_repository_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/issues");
        let mut on_disk: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| format!("issues/{}", entry.unwrap().file_name().to_string_lossy()))
            .collect();
        on_disk.sort();
        let mut embedded: Vec<&str> = FILES
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| path.starts_with("issues/"))
            .collect();
        embedded.sort_unstable();
        assert_eq!(on_disk, embedded);
    }
}
