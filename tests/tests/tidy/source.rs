//! Reading Rust source without understanding it: comments and strings blanked, functions with their lengths.
//!
//! Not a parser: good enough to hold a house in order, and simple enough to be read in one go.

use std::path::{Path, PathBuf};

/// One source file, with its text as written and as code only.
pub struct Source {
    /// Path from the root of the repository, with forward slashes.
    pub path: String,
    /// The file as written.
    pub text: String,
    /// The same lines, with comments, strings and character literals blanked.
    pub code: String,
}

impl Source {
    fn read(root: &Path, path: &Path) -> Self {
        let text =
            std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let relative = path.strip_prefix(root).expect("found below the root");
        Self { path: relative.to_string_lossy().replace('\\', "/"), code: blank_text(&text), text }
    }

    /// Whether the whole file is a test, beside the code it tests.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The code before the file's own tests, which may import what they like.
    pub fn product_code(&self) -> &str {
        self.code.split("#[cfg(test)]").next().unwrap_or(&self.code)
    }

    /// Words of the code: identifiers, keywords and numbers, with their line (counted from 1).
    pub fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code
            .lines()
            .enumerate()
            .flat_map(|(index, line)| words_of(line).map(move |word| (index + 1, word)))
    }
}

/// Identifiers, keywords and numbers of a line of code.
pub fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the repository").to_path_buf()
}

/// All files below `folders` of the repository whose name ends with `ending`, build outputs left out, in order.
pub fn files(folders: &[&str], ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                open.push(path);
            } else if path.is_file() && name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// All Rust sources of the project.
pub fn rust_sources() -> Vec<Source> {
    let folders = [
        "core",
        "net",
        "rules",
        "scenery",
        "ffi",
        "godot-ext",
        "host-server",
        "tests",
        "benches",
        "xtask",
        "fuzz",
    ];
    let root = root();
    files(&folders, ".rs").iter().map(|path| Source::read(&root, path)).collect()
}

/// Replaces everything in comments, strings and character literals by blanks; line breaks stay.
fn blank_text(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = skip_non_code(bytes, at);
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("only whole literals and comments were blanked")
}

/// Where the comment, string or character literal that starts at `at` ends; `at` itself where none starts.
fn skip_non_code(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return at + rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return skip_block_comment(bytes, at);
    }
    let previous_is_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest[0] {
        b'"' => skip_string(bytes, at + 1),
        b'r' if !previous_is_word || bytes[at - 1] == b'b' => skip_raw_string(bytes, at),
        b'\'' => skip_character(bytes, at),
        _ => at,
    }
}

fn skip_block_comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut i) = (0_u32, at);
    while i < bytes.len() {
        if bytes[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if bytes[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    i
}

fn skip_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn skip_raw_string(bytes: &[u8], at: usize) -> usize {
    let hashes = bytes[at + 1..].iter().take_while(|&&b| b == b'#').count();
    if bytes.get(at + 1 + hashes) != Some(&b'"') {
        return at;
    }
    let closing: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
    let body = at + 2 + hashes;
    let end = bytes[body..].windows(closing.len()).position(|window| window == closing);
    end.map_or(bytes.len(), |end| body + end + closing.len())
}

/// A quote starts a character literal where a second quote follows one (perhaps escaped) character: else a lifetime.
fn skip_character(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at + 1..];
    if rest.first() == Some(&b'\\') {
        let end = rest.iter().skip(2).position(|&b| b == b'\'');
        return end.map_or(at, |end| at + 1 + 2 + end + 1);
    }
    let head = &rest[..rest.len().min(4)];
    let valid = std::str::from_utf8(head).map_or_else(|error| error.valid_up_to(), str::len);
    let text = std::str::from_utf8(&head[..valid]).unwrap_or_default();
    let width = text.chars().next().map_or(1, char::len_utf8);
    if rest.get(width) == Some(&b'\'') { at + 1 + width + 1 } else { at }
}

/// A function with a body: its name, the line it starts on, and how many lines it spans.
pub struct Function<'a> {
    /// Its name.
    pub name: &'a str,
    /// Line of its `fn`, counted from 1.
    pub line: usize,
    /// Lines from its `fn` to its closing brace.
    pub lines: usize,
}

/// All functions with a body in blanked code.
pub fn functions(code: &str) -> Vec<Function<'_>> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let starts_word = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let Some(name) = words_of(&code[at + 3..]).next().filter(|_| starts_word) else { continue };
        let named_here = code[at + 3..].trim_start().starts_with(name);
        if let Some(end) = body_end(bytes, at).filter(|_| named_here) {
            let line = 1 + bytes[..at].iter().filter(|&&b| b == b'\n').count();
            found.push(Function {
                name,
                line,
                lines: 1 + bytes[at..end].iter().filter(|&&b| b == b'\n').count(),
            });
        }
    }
    found
}

/// The closing brace of the function that starts at `at`; nothing where it is only declared.
fn body_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut brackets, mut braces) = (0_i32, 0_i32);
    for (offset, byte) in bytes[at..].iter().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets -= 1,
            b';' if brackets == 0 && braces == 0 => return None,
            b'{' => braces += 1,
            b'}' => {
                braces -= 1;
                if braces == 0 && brackets == 0 {
                    return Some(at + offset);
                }
            }
            _ => {}
        }
    }
    None
}

#[test]
fn blanking_knows_comments_strings_and_lifetimes() {
    let text = "let a = \"fn x\"; // fn y\nlet c = '{'; fn z<'a>(b: &'a str) { r#\"}\"#; }";
    let code = blank_text(text);
    assert_eq!(code.len(), text.len());
    assert!(!code.contains("fn x") && !code.contains("fn y") && code.contains("fn z<'a>"));
    let found = functions(&code);
    assert_eq!((found.len(), found[0].name, found[0].lines), (1, "z", 1));
}
