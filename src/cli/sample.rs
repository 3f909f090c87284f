//! The sample publication, which lies at the root of the repository and is embedded here, so that
//! `demo` needs nothing but the program.

/// Files of the sample by their paths.
pub(super) const FILES: &[(&str, &[u8])] = &[
    ("postrider.toml", include_bytes!("../../postrider.toml")),
    ("subscribers.csv", include_bytes!("../../subscribers.csv")),
    ("about.md", include_bytes!("../../about.md")),
    (
        "issues/2026-09-01-a-letter-is-not-a-post.md",
        include_bytes!("../../issues/2026-09-01-a-letter-is-not-a-post.md"),
    ),
    (
        "issues/2026-09-08-the-smallest-page.md",
        include_bytes!("../../issues/2026-09-08-the-smallest-page.md"),
    ),
    (
        "issues/2026-09-15-tuesday-at-nine.md",
        include_bytes!("../../issues/2026-09-15-tuesday-at-nine.md"),
    ),
    (
        "issues/2026-09-22-in-praise-of-plain-text.md",
        include_bytes!("../../issues/2026-09-22-in-praise-of-plain-text.md"),
    ),
    (
        "issues/2026-09-29-below-the-line.md",
        include_bytes!("../../issues/2026-09-29-below-the-line.md"),
    ),
    (
        "issues/2026-10-06-the-door-opens-outward.md",
        include_bytes!("../../issues/2026-10-06-the-door-opens-outward.md"),
    ),
    (
        "issues/2026-10-13-the-archive-is-a-library.md",
        include_bytes!("../../issues/2026-10-13-the-archive-is-a-library.md"),
    ),
    (
        "issues/2026-10-20-how-a-sheet-becomes-a-letter/fold.png",
        include_bytes!("../../issues/2026-10-20-how-a-sheet-becomes-a-letter/fold.png"),
    ),
    (
        "issues/2026-10-20-how-a-sheet-becomes-a-letter/index.md",
        include_bytes!("../../issues/2026-10-20-how-a-sheet-becomes-a-letter/index.md"),
    ),
    (
        "issues/2026-10-20-how-a-sheet-becomes-a-letter/seal.png",
        include_bytes!("../../issues/2026-10-20-how-a-sheet-becomes-a-letter/seal.png"),
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::FILES;

    #[test]
    fn every_issue_of_the_repository_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/issues");
        let mut on_disk = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                for file in std::fs::read_dir(&path).unwrap() {
                    let file = name(&file.unwrap().path());
                    on_disk.push(format!("issues/{}/{file}", name(&path)));
                }
            } else {
                on_disk.push(format!("issues/{}", name(&path)));
            }
        }
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
