//! Documents name only files that exist, and links inside the repository lead somewhere.

use crate::report;
use crate::source::{files, root};
use std::path::Path;

/// Folders whose names, at the start of a code span, make it a path of this repository.
const FOLDERS: &[&str] = &[
    "core/",
    "net/",
    "rules/",
    "ffi/",
    "godot-ext/",
    "godot-project/",
    "host-server/",
    "tests/",
    "benches/",
    "xtask/",
    "fuzz/",
    "docs/",
    "tools/",
    "include/",
    ".ci/",
    ".github/",
    ".cargo/",
];

#[test]
fn documents_name_what_exists() {
    let mut documents = files(&["docs", "godot-project", "fuzz", "tools", "benches"], ".md");
    for name in ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"] {
        let path = root().join(name);
        assert!(path.is_file(), "{name} is part of the project's face");
        documents.push(path);
    }
    let mut findings = Vec::new();
    for document in &documents {
        let text = std::fs::read_to_string(document).expect("a readable document");
        let shown = document.strip_prefix(root()).expect("below the root").display().to_string();
        for span in code_spans(&text).into_iter().filter(|span| is_path(span)) {
            let path = span.split([':', '#']).next().unwrap_or(span);
            if !root().join(path).exists() {
                findings.push(format!("{shown} names `{span}`, which does not exist"));
            }
        }
        let folder = document.parent().unwrap_or(Path::new("."));
        for target in link_targets(&text) {
            if !folder.join(target.split('#').next().unwrap_or(target)).exists() {
                findings.push(format!("{shown} links to {target}, which does not exist"));
            }
        }
    }
    report("a document that no longer holds is a bug:", &findings);
}

/// A whole path: no wildcard, no variable part, no blank.
fn is_path(span: &str) -> bool {
    FOLDERS.iter().any(|folder| span.starts_with(folder)) && !span.contains([' ', '*', '{', '<', '$', '…'])
}

/// Inline code spans of a text, fenced blocks left out.
fn code_spans(text: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            spans.extend(line.split('`').skip(1).step_by(2));
        }
    }
    spans
}

/// Targets of Markdown links that stay inside the repository.
fn link_targets(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with('#') && !target.is_empty())
        .collect()
}
