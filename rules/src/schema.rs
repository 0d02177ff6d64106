//! The JSON schema of ruleset files, for editors: names, documentation, units, ranges and defaults.

use serde_json::{Map, Value, json};
use shieldwall_core::Rules;
use shieldwall_core::rules::{RuleFieldInfo, RuleTable, RuleUnit};

use crate::SPARE;
use crate::text::allowed;
use crate::unit::{choice, has_fractions, human_of, key, words};

/// A number as JSON has it: the digits that stand in files.
fn number(field: &RuleFieldInfo, raw: i64) -> Value {
    human_of(field.unit, raw).parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

fn field_schema(field: &RuleFieldInfo, table: &dyn RuleTable) -> Value {
    let raw = |entry| table.value(field.name, entry).unwrap_or_default();
    let description = format!("{} ({})", field.doc.trim(), allowed(field));
    if field.unit == RuleUnit::Flag {
        return json!({ "type": "boolean", "description": description, "default": raw(0) != 0 });
    }
    if field.unit == RuleUnit::Choice {
        let default = choice(field, raw(0));
        return json!({
            "type": "string", "description": description, "enum": field.choices, "default": default,
        });
    }
    let kind = if has_fractions(field.unit) { "number" } else { "integer" };
    if field.entries > 1 {
        let default: Vec<Value> = (0..field.entries).map(|entry| number(field, raw(entry))).collect();
        return json!({
            "type": "array",
            "description": description,
            "items": { "type": kind, "minimum": 0, "maximum": number(field, field.entry_max) },
            "minItems": field.entries,
            "maxItems": field.entries,
            "default": default,
            "x-unit": words(field.unit),
        });
    }
    json!({
        "type": kind,
        "description": description,
        "minimum": number(field, field.min),
        "maximum": number(field, field.max),
        "default": number(field, raw(0)),
        "x-unit": words(field.unit),
    })
}

fn object(description: &str, properties: Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "description": description.trim(),
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The schema as text: what [`crate::SCHEMA_FILE`] must be. The kernel judges values as compiled, and relations
/// between fields, which a schema cannot say; what it refuses, `shieldwall rules check` explains.
#[must_use]
pub fn schema() -> String {
    let default = Rules::default();
    let one = |name, entry: usize, doc| {
        let table = default.table(name, entry)?;
        let fields = table.fields().iter().map(|field| (key(field), field_schema(field, table)));
        Some(object(doc, fields.collect()))
    };
    let (mut tables, mut shared) = (Map::new(), Map::new());
    for info in Rules::TABLES {
        if info.entries.is_empty() {
            tables.extend(one(info.name, 0, info.doc).map(|table| (info.name.to_owned(), table)));
            continue;
        }
        // Entries that are free are all the same: they are said once.
        let free = format!("{}_free", info.name);
        let mut entries = Map::new();
        for (index, entry) in info.entries.iter().enumerate() {
            let Some(table) = one(info.name, index, entry.doc) else { continue };
            if entry.name.starts_with(SPARE) {
                let same = shared.entry(free.clone()).or_insert_with(|| table.clone()) == &table;
                debug_assert!(same, "{} is shipped with something in it", entry.name);
                entries.insert(entry.name.to_owned(), json!({ "$ref": format!("#/$defs/{free}") }));
            } else {
                entries.insert(entry.name.to_owned(), table);
            }
        }
        tables.insert(info.name.to_owned(), object(info.doc, entries));
    }
    let mut root = object("What a file leaves out is as in the shipped ruleset.", tables);
    root["$defs"] = Value::Object(shared);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Shieldwall ruleset");
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}
