//! The declaration of a rule table: one macro, so that struct, defaults, ranges and bytes cannot drift apart.

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
    /// The raw value, for range checks.
    fn raw_value(self) -> i64;
    /// Appends the value, little-endian.
    fn write(self, out: &mut Vec<u8>);
    /// Reads the value from exactly [`RuleField::BYTES`] bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
}

macro_rules! integer_field {
    ($($type:ty),*) => {$(
        impl RuleField for $type {
            const BYTES: usize = size_of::<$type>();
            fn raw_value(self) -> i64 {
                i64::from(self)
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
            fn raw_value(self) -> i64 {
                i64::from(self.0)
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
    fn raw_value(self) -> i64 {
        self.iter().map(|entry| i64::from(*entry)).sum()
    }
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self);
    }
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok()
    }
}

/// Declares a rule table: `field: Type = default, min, max;` with `min` and `max` on the raw value.
macro_rules! rule_table {
    (
        $(#[$table_doc:meta])*
        pub struct $table:ident as $name:literal {
            $( $(#[$doc:meta])* $field:ident: $type:ty = $default:expr, $min:expr, $max:expr; )*
        }
    ) => {
        $(#[$table_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $table {
            $( $(#[$doc])* pub $field: $type, )*
        }

        impl Default for $table {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $table {
            /// Bytes of the table, encoded.
            pub const BYTES: usize = 0 $( + <$type as RuleField>::BYTES )*;

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
