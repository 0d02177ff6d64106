//! The trained codes as source text of `shieldwall-net`, and as rows of the protocol's document.

use std::fmt::Write as _;

use shieldwall_net::wire::code_tables::CodeTable;

use super::counts::SymbolCounts;
use super::lengths::best_lengths;

/// What stands above the made part.
const MARK: &str = "// ---- from here on made by the tool ----\n";

/// Codes of the same symbols, as they follow each other.
struct Family {
    name: &'static str,
    first: usize,
    lengths: Vec<Vec<u8>>,
}

fn families(counts: &SymbolCounts) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for (place, code) in CodeTable::all().enumerate() {
        let (name, number) = code.name();
        if number == 0 {
            families.push(Family { name, first: place, lengths: Vec::new() });
        }
        if let Some(family) = families.last_mut() {
            family.lengths.push(best_lengths(counts.of(code)));
        }
    }
    families
}

/// The source file with the tables that these counts give.
///
/// # Panics
/// When the file has no made part.
#[must_use]
pub fn with_tables(file: &str, counts: &SymbolCounts) -> String {
    let end = file.find(MARK).expect("a line that says where the made part begins") + MARK.len();
    let families = families(counts);
    let mut text = format!("{}\n", &file[..end]);
    // Writing to a String cannot fail.
    for Family { name, lengths, .. } in &families {
        let _ = write!(
            text,
            "#[rustfmt::skip]\nconst {name}_LENGTHS: [[u8; {}]; {}] = [\n",
            lengths[0].len(),
            lengths.len()
        );
        for row in lengths {
            let _ = writeln!(text, "    {row:?},");
        }
        text.push_str("];\n");
    }
    text.push('\n');
    for Family { name, first, lengths } in &families {
        let (symbols, count) = (lengths[0].len(), lengths.len());
        let _ = if count == 1 {
            writeln!(
                text,
                "pub(super) static {name}: PrefixCode<{symbols}> = PrefixCode::trained({name}_LENGTHS[0], CodeTable({first}));"
            )
        } else {
            writeln!(
                text,
                "pub(super) static {name}: [PrefixCode<{symbols}>; {count}] = codes(&{name}_LENGTHS, {first});"
            )
        };
    }
    let _ = writeln!(
        text,
        "\nconst CODES: usize = {};\n\n#[rustfmt::skip]\nstatic FAMILIES: [Family; {}] = [",
        CodeTable::all().count(),
        families.len()
    );
    for Family { name, lengths, .. } in &families {
        let _ = writeln!(
            text,
            "    Family {{ name: \"{name}\", symbols: {}, lengths: {name}_LENGTHS.as_flattened() }},",
            lengths[0].len()
        );
    }
    text.push_str("];\n");
    text
}

/// The rows of the table in the protocol's document that these counts give.
#[must_use]
pub fn document_rows(counts: &SymbolCounts) -> String {
    let mut text = String::new();
    for Family { name, lengths, .. } in families(counts) {
        for (number, row) in lengths.iter().enumerate() {
            let row: Vec<String> = row.iter().map(u8::to_string).collect();
            let which = if lengths.len() == 1 { String::new() } else { format!(" {number}") };
            let _ = writeln!(text, "| {name}{which} | `{}` |", row.join(" "));
        }
    }
    text
}
