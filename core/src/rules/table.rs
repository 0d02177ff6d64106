//! The declaration of a rule table: one macro, so that struct, defaults, ranges, bytes and listing cannot drift apart.

use crate::numeric::{Brads, Metres, MetresPerSecond};
use alloc::vec::Vec;
use core::fmt;

/// Why rules were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesError {
    /// A field is outside its range. Values are raw: Q16.16 for metres and metres per second, 1/65536 turn for angles.
    OutOfRange {
        /// The table's name.
        table: &'static str,
        /// The field's name.
        field: &'static str,
        /// What it held.
        value: i64,
        /// Smallest allowed value.
        min: i64,
        /// Largest allowed value.
        max: i64,
    },
    /// Two fields contradict each other.
    Relation(&'static str),
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { table, field, value, min, max } => {
                write!(f, "rules: {table}.{field} is {value}, allowed are {min} to {max}")
            }
            Self::Relation(what) => write!(f, "rules: {what}"),
        }
    }
}

impl core::error::Error for RulesError {}

/// A type that can stand in a rule table: a fixed number of little-endian bytes and an integer to judge.
pub trait RuleField: Copy {
    /// Encoded size.
    const BYTES: usize;
    /// How many raw integers it is made of.
    const ENTRIES: usize = 1;
    /// Largest raw integer that one entry can hold; the smallest is 0 or, for signed ones, the negative of it less 1.
    const ENTRY_MAX: i64;
    /// The raw value, for range checks.
    fn raw_value(self) -> i64;
    /// The raw integer of one entry; `None` from [`RuleField::ENTRIES`] on.
    fn entry(self, at: usize) -> Option<i64>;
    /// The same with one entry exchanged; `None` when there is no such entry or it cannot hold the integer.
    fn with_entry(self, at: usize, raw: i64) -> Option<Self>;
    /// Appends the value, little-endian.
    fn write(self, out: &mut Vec<u8>);
    /// Reads the value from exactly [`RuleField::BYTES`] bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! integer_field {
    ($($type:ty),*) => {$(
        impl RuleField for $type {
            const BYTES: usize = size_of::<$type>();
            const ENTRY_MAX: i64 = <$type>::MAX as i64;
            fn raw_value(self) -> i64 {
                i64::from(self)
            }
            fn entry(self, at: usize) -> Option<i64> {
                (at == 0).then_some(i64::from(self))
            }
            fn with_entry(self, at: usize, raw: i64) -> Option<Self> {
                if at == 0 { Self::try_from(raw).ok() } else { None }
            }
            fn write(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn read(bytes: &[u8]) -> Option<Self> {
                Some(<$type>::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    )*};
}
integer_field!(u8, u16, u32, i32);

macro_rules! newtype_field {
    ($($type:ident($inner:ty)),*) => {$(
        impl RuleField for $type {
            const BYTES: usize = size_of::<$inner>();
            const ENTRY_MAX: i64 = <$inner>::MAX as i64;
            fn raw_value(self) -> i64 {
                i64::from(self.0)
            }
            fn entry(self, at: usize) -> Option<i64> {
                self.0.entry(at)
            }
            fn with_entry(self, at: usize, raw: i64) -> Option<Self> {
                self.0.with_entry(at, raw).map(Self)
            }
            fn write(self, out: &mut Vec<u8>) {
                self.0.write(out);
            }
            fn read(bytes: &[u8]) -> Option<Self> {
                <$inner>::read(bytes).map(Self)
            }
        }
    )*};
}
newtype_field!(Metres(i32), MetresPerSecond(i32), Brads(u16));

/// A small table: its range is judged on the sum of its entries.
impl<const N: usize> RuleField for [u8; N] {
    const BYTES: usize = N;
    const ENTRIES: usize = N;
    const ENTRY_MAX: i64 = u8::MAX as i64;
    fn raw_value(self) -> i64 {
        self.iter().map(|entry| i64::from(*entry)).sum()
    }
    fn entry(self, at: usize) -> Option<i64> {
        self.get(at).map(|entry| i64::from(*entry))
    }
    fn with_entry(mut self, at: usize, raw: i64) -> Option<Self> {
        *self.get_mut(at)? = u8::try_from(raw).ok()?;
        Some(self)
    }
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

/// The raw value of a length or a speed given in thousandths, for ranges: as [`Metres::from_mm`] rounds.
pub(super) const fn mm(thousandths: i32) -> i64 {
    Metres::from_mm(thousandths).0 as i64
}

/// The raw value of a whole length or speed, for ranges.
pub(super) const fn whole(units: i32) -> i64 {
    (units as i64) << 16
}

/// Declares a rule table: `field: Type as Unit = default, min, max;` with a variant of [`super::RuleUnit`] (for `Choice`
/// with the names in parentheses), and `min` and `max` on the raw value. The documentation is listed too: it is what designers read.
macro_rules! rule_table {
    (@choices) => { &[] };
    (@choices $choices:expr) => { $choices };
    (
        $(#[doc = $table_doc:literal])*
        pub struct $table:ident as $name:literal {
            $( $(#[doc = $doc:literal])* $field:ident: $type:ty as $unit:ident $(($choices:expr))? = $default:expr, $min:expr, $max:expr; )*
        }
    ) => {
        $(#[doc = $table_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $table {
            $( $(#[doc = $doc])* pub $field: $type, )*
        }

        impl Default for $table {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $crate::rules::RuleTable for $table {
            fn fields(&self) -> &'static [$crate::rules::RuleFieldInfo] {
                Self::FIELDS
            }

            fn value(&self, field: &str, entry: usize) -> Option<i64> {
                match field {
                    $( stringify!($field) => RuleField::entry(self.$field, entry), )*
                    _ => None,
                }
            }

            fn set_value(&mut self, field: &str, entry: usize, raw: i64) -> Option<()> {
                match field {
                    $( stringify!($field) => self.$field = RuleField::with_entry(self.$field, entry, raw)?, )*
                    _ => return None,
                }
                Some(())
            }
        }

        impl $table {
            /// Bytes of the table, encoded.
            pub const BYTES: usize = 0 $( + <$type as RuleField>::BYTES )*;

            /// The table's name.
            pub const NAME: &'static str = $name;

            /// What the table is about.
            pub const DOC: &'static str = concat!($($table_doc),*);

            /// The fields, in the order of their bytes.
            pub const FIELDS: &'static [$crate::rules::RuleFieldInfo] = &[$(
                $crate::rules::RuleFieldInfo {
                    name: stringify!($field),
                    unit: $crate::rules::RuleUnit::$unit,
                    choices: rule_table!(@choices $($choices)?),
                    entries: <$type as RuleField>::ENTRIES,
                    entry_max: <$type as RuleField>::ENTRY_MAX,
                    min: $min,
                    max: $max,
                    doc: concat!($($doc),*),
                },
            )*];

            /// Checks every field against its range.
            ///
            /// # Errors
            /// The first field that is out of range.
            pub fn validate(&self) -> Result<(), RulesError> {
                $(
                    let value = RuleField::raw_value(self.$field);
                    let (min, max): (i64, i64) = ($min, $max);
                    if value < min || value > max {
                        return Err(RulesError::OutOfRange {
                            table: $name, field: stringify!($field), value, min, max,
                        });
                    }
                )*
                Ok(())
            }

            pub(super) fn encode_into(&self, out: &mut alloc::vec::Vec<u8>) {
                $( RuleField::write(self.$field, out); )*
            }

            pub(super) fn decode(bytes: &[u8]) -> Option<(Self, &[u8])> {
                $(
                    let (field, bytes) = bytes.split_at_checked(<$type as RuleField>::BYTES)?;
                    let $field = <$type as RuleField>::read(field)?;
                )*
                Some((Self { $( $field, )* }, bytes))
            }
        }
    };
}
pub(crate) use rule_table;
