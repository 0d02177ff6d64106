//! The JSON schema of ruleset files, for editors: names, documentation, units, ranges and defaults.

use serde_json::{Map, Value, json};
use shieldwall_core::Rules;
use shieldwall_core::rules::{RuleFieldInfo, RuleTable, RuleUnit};

use crate::text::allowed;
use crate::unit::{has_fractions, human_of, key, words};

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
    let mut tables = Map::new();
    for info in Rules::TABLES {
        let table = if info.entries.is_empty() {
            one(info.name, 0, info.doc)
        } else {
            let entries = info.entries.iter().enumerate();
            let entries = entries.filter_map(|(index, entry)| {
                Some((entry.name.to_owned(), one(info.name, index, entry.doc)?))
            });
            Some(object(info.doc, entries.collect()))
        };
        tables.extend(table.map(|table| (info.name.to_owned(), table)));
    }
    let mut root = object("What a file leaves out is as in the shipped ruleset.", tables);
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    root["title"] = json!("Shieldwall ruleset");
    let text = serde_json::to_string_pretty(&root).unwrap_or_default();
    text + "\n"
}
